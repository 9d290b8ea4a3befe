"""Arms: the ways of balancing that are compared.

A new arm is a function that builds its over-sampler and one line in `ARMS`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from imblearn.base import BaseSampler
from imblearn.over_sampling import SMOTE, RandomOverSampler
from numpy.typing import NDArray

from evenomics.balancing.samplers import (
    ExpandedOverSampler,
    GaussianOverSampler,
    GeneratorOverSampler,
)
from evenomics.gan.generator import Generator
from evenomics.gan.requests import GanRequest

Variant = Literal["transfer", "classic"]

NO_SETTING = "none"

_SMOTE_NEIGHBOURS = 5


@dataclass(frozen=True)
class Setting:
    """At what numbers an arm runs; None where it has no such number.

    Attributes
    ----------
    alpha : tuple of float or None
        Weight of the spread term for under-represented classes and for the over-represented one.
    multiplier : float or None
        What is added to every class beyond equal counts, as a multiple of the largest class.
    """

    alpha: tuple[float, float] | None = None
    multiplier: float | None = None

    @property
    def alpha_name(self) -> str:
        """The alphas as the tables have them, e.g. ``a1-0``."""
        return NO_SETTING if self.alpha is None else f"a{self.alpha[0]:g}-{self.alpha[1]:g}"

    @property
    def multiplier_name(self) -> str:
        """The multiplier as the tables have it."""
        return NO_SETTING if self.multiplier is None else f"{self.multiplier:g}"


@dataclass(frozen=True)
class Unbalanced:
    """A training set that is to be balanced.

    Attributes
    ----------
    counts : mapping of int to int
        Samples per class.
    over : int
        The over-represented class of the draw.
    random_state : int
        Seed of this balancing.
    multiplier : float
        See `Setting`.
    generators : mapping of int to Generator
        Trained generators of the classes that have one.
    """

    counts: Mapping[int, int]
    over: int
    random_state: int
    multiplier: float = 0.0
    generators: Mapping[int, Generator] = field(default_factory=dict)

    @property
    def even(self) -> dict[int, int]:
        """Samples per class once no class is smaller than the over-represented one."""
        return {label: max(n, self.counts[self.over]) for label, n in self.counts.items()}


#: Builds the over-sampler of a training set, and says what it had to do otherwise than usual.
Build = Callable[[Unbalanced], tuple[BaseSampler | None, str]]


@dataclass(frozen=True)
class Arm:
    """A way of balancing.

    Attributes
    ----------
    title : str
        Name for people.
    description : str
        What it does, in a sentence.
    build : callable
        Builds the over-sampler.
    class_weight : str or None
        Handed to the classifiers.
    variant : {"transfer", "classic"} or None
        Which GANs it needs, if any.
    expands : bool
        Whether it enlarges all classes, the over-represented one as well.
    """

    title: str
    description: str
    build: Build
    class_weight: Literal["balanced"] | None = None
    variant: Variant | None = None
    expands: bool = False

    @property
    def needs_gan(self) -> bool:
        """Whether GANs have to be trained for it."""
        return self.variant is not None

    def settings(
        self, alphas: Iterable[Sequence[float]], multipliers: Iterable[float]
    ) -> list[Setting]:
        """Return the distinct settings that the arm is scored at.

        Parameters
        ----------
        alphas : iterable of pairs of float
            For the under-represented classes and the over-represented one. The classic arms have
            0 (paper); an arm that does not expand has no use for the second.
        multipliers : iterable of float
            For the arms that expand.
        """
        pairs: list[tuple[float, float] | None] = [None]
        if self.variant == "classic":
            pairs = [(0.0, 0.0)]
        elif self.variant == "transfer":
            pairs = [(float(u), float(o) if self.expands else 0.0) for u, o in alphas]
        grown = [float(m) for m in multipliers] if self.expands else [None]
        return list(dict.fromkeys(Setting(pair, m) for pair in pairs for m in grown))

    def alphas_of(self, setting: Setting, classes: Sequence[str], over: str) -> dict[str, float]:
        """Return the alpha of every class that needs a GAN."""
        if setting.alpha is None:
            return {}
        under_alpha, over_alpha = setting.alpha
        return {
            label: over_alpha if label == over else under_alpha
            for label in classes
            if self.expands or label != over
        }


def _leave(training_set: Unbalanced) -> tuple[None, str]:
    return None, ""


def _random_over(training_set: Unbalanced) -> tuple[BaseSampler, str]:
    return RandomOverSampler(
        sampling_strategy=training_set.even, random_state=training_set.random_state
    ), ""


def _smote(training_set: Unbalanced) -> tuple[BaseSampler, str]:
    """SMOTE with fewer neighbours in a class that is too small; one sample can only be copied."""
    growing = [n for c, n in training_set.counts.items() if n < training_set.even[c]]
    smallest = min(growing, default=_SMOTE_NEIGHBOURS + 1)
    if smallest == 1:
        sampler, _ = _random_over(training_set)
        return sampler, "SMOTE on a class of 1 sample: copies"
    k_neighbors = min(_SMOTE_NEIGHBOURS, smallest - 1)
    note = f"SMOTE with {k_neighbors} neighbours" if k_neighbors < _SMOTE_NEIGHBOURS else ""
    return SMOTE(
        sampling_strategy=training_set.even,
        k_neighbors=k_neighbors,
        random_state=training_set.random_state,
    ), note


def _gaussian(training_set: Unbalanced) -> tuple[BaseSampler, str]:
    return GaussianOverSampler(
        sampling_strategy=training_set.even, random_state=training_set.random_state
    ), ""


def _gan(training_set: Unbalanced) -> tuple[BaseSampler, str]:
    return GeneratorOverSampler(
        training_set.generators,
        sampling_strategy=training_set.even,
        random_state=training_set.random_state,
    ), ""


def _expand_gan(training_set: Unbalanced) -> tuple[BaseSampler, str]:
    return ExpandedOverSampler(
        GeneratorOverSampler(training_set.generators),
        multiplier=training_set.multiplier,
        random_state=training_set.random_state,
    ), ""


ARMS: dict[str, Arm] = {
    "none": Arm("No balancing", "The draw as it is.", _leave),
    "class_weight": Arm(
        "Class weights",
        "The draw as it is; the classifier weighs each class by its inverse frequency.",
        _leave,
        class_weight="balanced",
    ),
    "random_over": Arm(
        "Random over-sampling", "Copies of random samples of the smaller classes.", _random_over
    ),
    "smote": Arm("SMOTE", "Points between neighbouring samples of the smaller classes.", _smote),
    "gan": Arm(
        "GAN",
        "A pre-trained GAN, re-trained on each smaller class, brings it to equal counts.",
        _gan,
        variant="transfer",
    ),
    "expand_gan": Arm(
        "ExpandGAN",
        "Pre-trained GANs, one re-trained on each class, enlarge all of them.",
        _expand_gan,
        variant="transfer",
        expands=True,
    ),
    "classic_gan": Arm(
        "Classic GAN", "As GAN, without pre-training and growing.", _gan, variant="classic"
    ),
    "classic_expand_gan": Arm(
        "Classic ExpandGAN",
        "As ExpandGAN, without pre-training and growing.",
        _expand_gan,
        variant="classic",
        expands=True,
    ),
    "shrunk_gaussian": Arm(
        "Shrunk Gaussian",
        "Draws from a normal distribution of each smaller class with Ledoit-Wolf covariance.",
        _gaussian,
    ),
}


def over_represented(counts: Mapping[str, int], classes: Sequence[str]) -> str:
    """Return the largest class; of equally large ones the one named first."""
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
        Whom each sample is from.

    Returns
    -------
    list of GanRequest
    """
    classes, alphas, groups = list(samples), list(alphas), groups or {}
    over = over_represented({label: len(x) for label, x in samples.items()}, classes)
    requests = [
        GanRequest(
            experiment, label, samples[label], alpha, label == over, arm.variant, groups.get(label)
        )
        for arm in (ARMS[name] for name in arms)
        if arm.variant is not None
        for setting in arm.settings(alphas, [1.0])
        for label, alpha in arm.alphas_of(setting, classes, over).items()
    ]
    return list({request.gan: request for request in requests}.values())
