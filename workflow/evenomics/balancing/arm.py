"""What an arm is: a way of balancing classes that is compared with others.

A new arm is a module in `evenomics.balancing.arms` that registers a function with `arm`, and an
entry in ``config/schema/names.yaml``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from imblearn.base import BaseSampler
from numpy.typing import NDArray

from evenomics.config.names import NO_SETTING, names
from evenomics.config.registry import Registry
from evenomics.gan.generator import Generator
from evenomics.gan.requests import GanRequest

Variant = Literal["transfer", "classic"]


@dataclass(frozen=True)
class Setting:
    """The numbers that an arm is run with; None where it has no such number.

    Attributes
    ----------
    alpha : tuple of float or None
        Weight of the spread term in the generator's loss, for the under-represented classes and
        for the over-represented one.
    multiplier : float or None
        Samples added to every class beyond equal counts, as a multiple of the largest class.

    Examples
    --------
    >>> Setting((1, 0), 0.5).alpha_name
    'a1-0'
    >>> Setting().multiplier_name
    'none'
    """

    alpha: tuple[float, float] | None = None
    multiplier: float | None = None

    @property
    def alpha_name(self) -> str:
        """The alphas as text for tables, e.g. ``a1-0``."""
        return NO_SETTING if self.alpha is None else f"a{self.alpha[0]:g}-{self.alpha[1]:g}"

    @property
    def multiplier_name(self) -> str:
        """The multiplier as text for tables."""
        return NO_SETTING if self.multiplier is None else f"{self.multiplier:g}"


@dataclass(frozen=True)
class TrainingSet:
    """What an arm has to know of a training set to balance it. Classes are codes.

    Attributes
    ----------
    counts : mapping of int to int
        Samples of each class.
    over_represented : int
        The over-represented class of the draw.
    random_state : int
        Seed of the over-sampler.
    multiplier : float
        See `Setting`; 0 for arms without.
    generators : mapping of int to Generator
        Trained generators of the classes that have one.

    Examples
    --------
    >>> TrainingSet({0: 40, 1: 16}, over_represented=0, random_state=1).equal_counts
    {0: 40, 1: 40}
    """

    counts: Mapping[int, int]
    over_represented: int
    random_state: int
    multiplier: float = 0.0
    generators: Mapping[int, Generator] = field(default_factory=dict)

    @property
    def equal_counts(self) -> dict[int, int]:
        """Samples of each class once none is smaller than the over-represented one."""
        largest = self.counts[self.over_represented]
        return {label: max(n, largest) for label, n in self.counts.items()}


#: Builds the over-sampler of a training set, or None; with a note on what is not as usual.
Build = Callable[[TrainingSet], tuple[BaseSampler | None, str]]


@dataclass(frozen=True)
class Arm:
    """A way of balancing.

    Attributes
    ----------
    name : str
        Name in the config; its entry in ``schema/names.yaml`` says which GANs the arm needs, and
        whether it enlarges all classes.
    build : callable
        ``build(training_set) -> (over-sampler or None, note)``; with None the samples stay as they
        are.
    class_weight : {"balanced"} or None
        Parameter of the classifiers.

    Examples
    --------
    >>> ARMS["expand_gan"].title, ARMS["expand_gan"].expands
    ('ExpandGAN', True)
    >>> [s.alpha_name for s in ARMS["gan"].settings(alphas=[(0, 0), (1, 0)], multipliers=[1])]
    ['a0-0', 'a1-0']
    """

    name: str
    build: Build
    class_weight: Literal["balanced"] | None = None

    @property
    def _entry(self) -> Mapping[str, Any]:
        return names("arms")[self.name]

    @property
    def title(self) -> str:
        """Name in figures and tables."""
        return str(self._entry["title"])

    @property
    def description(self) -> str:
        """What the arm does, in a sentence."""
        return str(self._entry["description"])

    @property
    def variant(self) -> Variant | None:
        """Which GANs the arm needs: pre-trained (``transfer``), ``classic``, or None."""
        variant: Variant | None = self._entry.get("gan")
        return variant

    @property
    def expands(self) -> bool:
        """Whether the arm enlarges every class, the over-represented one as well."""
        return bool(self._entry.get("expands", False))

    @property
    def needs_gan(self) -> bool:
        """Whether GANs have to be trained for the arm."""
        return self.variant is not None

    def settings(
        self, alphas: Iterable[Sequence[float]], multipliers: Iterable[float]
    ) -> list[Setting]:
        """Return the distinct settings that the arm is scored at.

        Parameters
        ----------
        alphas : iterable of pairs of float
            For the under-represented classes and the over-represented one. The classic arms have
            0 (paper); an arm that does not expand does not use the second.
        multipliers : iterable of float
            For the arms that expand.

        Returns
        -------
        list of Setting
            In the order of the alphas, then of the multipliers.
        """
        pairs: list[tuple[float, float] | None] = [None]
        if self.variant == "classic":
            pairs = [(0.0, 0.0)]
        elif self.variant == "transfer":
            pairs = [(float(u), float(o) if self.expands else 0.0) for u, o in alphas]
        grown = [float(m) for m in multipliers] if self.expands else [None]
        return list(dict.fromkeys(Setting(pair, m) for pair in pairs for m in grown))

    def alphas_of(self, setting: Setting, classes: Sequence[str], over: str) -> dict[str, float]:
        """Return the alpha of every class that needs a GAN.

        Parameters
        ----------
        setting : Setting
        classes : sequence of str
            Classes of the study.
        over : str
            The over-represented one.

        Returns
        -------
        dict of str to float
            Empty for an arm without GANs.
        """
        if setting.alpha is None:
            return {}
        under_alpha, over_alpha = setting.alpha
        return {
            label: over_alpha if label == over else under_alpha
            for label in classes
            if self.expands or label != over
        }


#: The arms by their names in the config.
ARMS: Registry[Arm] = Registry("arms", "evenomics.balancing.arms")


def arm(name: str, class_weight: Literal["balanced"] | None = None) -> Callable[[Build], Build]:
    """Return a decorator that makes an arm of the function that builds its over-sampler.

    Parameters
    ----------
    name : str
        Name in the config.
    class_weight : {"balanced"} or None
        Parameter of the classifiers.
    """

    def register(build: Build) -> Build:
        ARMS.register(name, Arm(name, build, class_weight))
        return build

    return register


def over_represented(counts: Mapping[str, int], classes: Sequence[str]) -> str:
    """Return the largest class; of equally large ones, the first in `classes`."""
    return max(classes, key=lambda label: counts[label])


def gan_requests(
    arms: Iterable[str],
    alphas: Iterable[Sequence[float]],
    experiment: str,
    samples: Mapping[str, NDArray[np.float64]],
    groups: Mapping[str, NDArray[np.object_]] | None = None,
) -> list[GanRequest]:
    """Return every GAN that the arms need in an experiment, each once.

    Parameters
    ----------
    arms : iterable of str
    alphas : iterable of pairs of float
        See `Arm.settings`.
    experiment : str
    samples : mapping of str to ndarray of shape (n_samples, n_features)
        Scaled samples of each class of the training draw, classes in the order of the study.
    groups : mapping of str to ndarray of shape (n_samples,), optional
        Group of each sample, e.g. its patient.

    Returns
    -------
    list of GanRequest
    """
    classes, alphas, groups = list(samples), list(alphas), groups or {}
    over = over_represented({label: len(x) for label, x in samples.items()}, classes)
    requests = [
        GanRequest(
            experiment,
            label,
            samples[label],
            alpha,
            label == over,
            arm.variant,
            groups.get(label),
            tuple(x for other, x in samples.items() if other != label),
        )
        for arm in (ARMS[name] for name in arms)
        if arm.variant is not None
        for setting in arm.settings(alphas, [1.0])
        for label, alpha in arm.alphas_of(setting, classes, over).items()
    ]
    return list({request.gan: request for request in requests}.values())
