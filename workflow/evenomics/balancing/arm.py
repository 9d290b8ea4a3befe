"""What an arm is: a way of balancing classes that is compared with others.

A new arm is a module in `evenomics.balancing.arms` that registers a function with `arm`, and an
entry in ``config/schema/names.yaml``. A sampler of another library needs neither (see
`evenomics.balancing.third_party`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenomics.balancing.third_party import resample
from evenomics.balancing.training_set import TrainingSet
from evenomics.config.arms import (
    Grid,
    Samplers,
    Setting,
    arm_entry,
    arm_settings,
    gans_of,
    over_represented,
)
from evenomics.config.registry import Registry
from evenomics.gan.requests import GanRequest
from evenomics.preparation.samples import Samples

#: Balances a training set; returns the samples, with a note on what is not as usual.
Balance = Callable[[TrainingSet], tuple[Samples, str]]


@dataclass(frozen=True)
class Arm:
    """A way of balancing.

    Attributes
    ----------
    name : str
        Name in the config.
    entry : mapping
        What is known of it before anything runs (see `evenomics.config.arms.arm_entry`): which GANs
        it needs, whether it enlarges all classes.
    balance : callable
        ``balance(training_set) -> (samples, note)``. The samples are those of the training set, the
        same object, if nothing is to be changed.
    class_weight : {"balanced"} or None
        Parameter of the classifiers.

    Examples
    --------
    >>> ARMS["expand_gan"].title, ARMS["expand_gan"].expands
    ('ExpandGAN', True)
    """

    name: str
    entry: Mapping[str, Any]
    balance: Balance
    class_weight: Literal["balanced"] | None = None

    @property
    def title(self) -> str:
        """Name in figures and tables."""
        return str(self.entry["title"])

    @property
    def expands(self) -> bool:
        """Whether the arm enlarges every class, the over-represented one as well."""
        return bool(self.entry.get("expands", False))

    def settings(self, grid: Grid) -> list[Setting]:
        """Return the distinct settings that the arm is scored at (see `arm_settings`)."""
        return arm_settings(self.entry, grid)


#: The arms by their names in the config.
ARMS: Registry[Arm] = Registry("arms", "evenomics.balancing.arms")


def arm(name: str, class_weight: Literal["balanced"] | None = None) -> Callable[[Balance], Balance]:
    """Return a decorator that makes an arm of the function that balances.

    Parameters
    ----------
    name : str
        Name in the config.
    class_weight : {"balanced"} or None
        Parameter of the classifiers.
    """

    def register(balance: Balance) -> Balance:
        ARMS.register(name, Arm(name, arm_entry(name, {}), balance, class_weight))
        return balance

    return register


def arm_named(name: str, samplers: Samplers) -> Arm:
    """Return an arm, or make one of a sampler of another library.

    Parameters
    ----------
    name : str
        Name in the config.
    samplers : mapping
        Of the config.

    Returns
    -------
    Arm

    Examples
    --------
    >>> tomek = {"class": "imblearn.under_sampling.TomekLinks", "parameters": {}}
    >>> arm_named("tomek", {"tomek": tomek}).title, arm_named("smote", {}).title
    ('tomek', 'SMOTE')
    """
    if name not in samplers:
        return ARMS[name]
    balance = partial(resample, name, samplers[name]["class"], samplers[name]["parameters"])
    return Arm(name, arm_entry(name, samplers), balance)


def gan_requests(
    arms: Iterable[str],
    alphas: Sequence[Sequence[float]],
    experiment: str,
    samples: Mapping[str, NDArray[np.float64]],
    groups: Mapping[str, NDArray[np.object_]] | None = None,
) -> list[GanRequest]:
    """Return every GAN that the arms need in an experiment, each once.

    Parameters
    ----------
    arms : iterable of str
    alphas : sequence of pairs of float
        See `evenomics.config.arms.Grid`.
    experiment : str
    samples : mapping of str to ndarray of shape (n_samples, n_features)
        Scaled samples of each class of the training draw, classes in the order of the study.
    groups : mapping of str to ndarray of shape (n_samples,), optional
        Group of each sample, e.g. its patient.

    Returns
    -------
    list of GanRequest
    """
    classes, groups = list(samples), groups or {}
    counts = {label: len(X) for label, X in samples.items()}
    over = over_represented(counts, classes)
    return [
        GanRequest(
            experiment, label, samples[label], alpha, label == over, variant, groups.get(label)
        )
        for label, alpha, variant in gans_of(
            (ARMS[name].entry for name in arms), alphas, counts, classes
        )
    ]
