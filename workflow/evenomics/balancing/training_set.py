"""What arms are given to balance."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from imblearn.base import BaseSampler

from evenomics.config.arms import Setting
from evenomics.gan.generator import Generator
from evenomics.preparation.samples import Samples


@dataclass(frozen=True)
class TrainingSet:
    """What an arm has to know of a training set to balance it. Classes are codes.

    Attributes
    ----------
    samples : Samples
    over_represented : int
        The over-represented class of the draw.
    random_state : int
        Seed of the sampler.
    setting : Setting
        Of the arm.
    generators : mapping of int to Generator
        Trained generators of the classes that have one.
    networks : mapping
        Section ``gan.networks`` of the config: how untrained generators are drawn.
    draw_seed : int
        Seed of what stays the same in all repeats and folds of a draw.
    place : str
        Where it is from, for messages.

    Examples
    --------
    >>> import numpy as np
    >>> samples = Samples(np.zeros((56, 3)), np.repeat([0, 1], [40, 16]))
    >>> TrainingSet(samples, over_represented=0, random_state=1).equal_counts
    {0: 40, 1: 40}
    """

    samples: Samples
    over_represented: int
    random_state: int
    setting: Setting = field(default_factory=Setting)
    generators: Mapping[int, Generator] = field(default_factory=dict)
    networks: Mapping[str, Any] = field(default_factory=dict)
    draw_seed: int = 0
    place: str = ""

    @property
    def multiplier(self) -> float:
        """That of the setting; 0 for arms without."""
        return self.setting.multiplier or 0.0

    @property
    def bandwidth(self) -> float:
        """That of the setting; 0 for arms without."""
        return self.setting.bandwidth or 0.0

    @cached_property
    def counts(self) -> dict[int, int]:
        """Samples of each class."""
        return dict(Counter(self.samples.y.tolist()))

    @property
    def equal_counts(self) -> dict[int, int]:
        """Samples of each class once none is smaller than the over-represented one."""
        largest = self.counts[self.over_represented]
        return {label: max(n, largest) for label, n in self.counts.items()}

    @property
    def n_smallest(self) -> int:
        """Samples of the smallest class that is to be enlarged; 0 if none is."""
        targets = self.equal_counts
        return min((n for label, n in self.counts.items() if n < targets[label]), default=0)

    def resampled(self, sampler: BaseSampler) -> Samples:
        """Return what a sampler makes of the samples."""
        X, y = sampler.fit_resample(self.samples.X, self.samples.y)
        return Samples(X, y)
