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

from evenomics.config.arms import Grid, Setting, Variant, arm_settings
from evenomics.config.names import names
from evenomics.config.registry import Registry
from evenomics.gan.generator import Generator


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
    """

    name: str
    build: Build
    class_weight: Literal["balanced"] | None = None

    @property
    def entry(self) -> Mapping[str, Any]:
        """What ``schema/names.yaml`` has of the arm."""
        return names("arms")[self.name]

    @property
    def title(self) -> str:
        """Name in figures and tables."""
        return str(self.entry["title"])

    @property
    def description(self) -> str:
        """What the arm does, in a sentence."""
        return str(self.entry["description"])

    @property
    def variant(self) -> Variant | None:
        """Which GANs the arm needs: pre-trained (``transfer``), ``classic``, or None."""
        variant: Variant | None = self.entry.get("gan")
        return variant

    @property
    def expands(self) -> bool:
        """Whether the arm enlarges every class, the over-represented one as well."""
        return bool(self.entry.get("expands", False))

    @property
    def needs_gan(self) -> bool:
        """Whether GANs have to be trained for the arm."""
        return self.variant is not None

    def settings(self, grid: Grid) -> list[Setting]:
        """Return the distinct settings that the arm is scored at (see `arm_settings`)."""
        return arm_settings(self.entry, grid)


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
