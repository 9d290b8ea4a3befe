"""Balance training sets by one arm at one setting."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evenomics.balancing.arm import Arm, TrainingSet
from evenomics.config.arms import Setting
from evenomics.gan.generator import Generator
from evenomics.preparation.samples import Samples
from evenomics.randomness import derive_seed


@dataclass(frozen=True)
class Balancer:
    """Balances training sets by one arm at one setting.

    Attributes
    ----------
    arm : Arm
    setting : Setting
    over_represented : int
        Code of the over-represented class of the draw.
    generators : mapping of int to Generator
        Trained generators by the code of their class.
    seed : int
        Seed of the run.
    names : tuple of str
        Names of the random streams, beside the setting.

    Examples
    --------
    >>> import numpy as np
    >>> from evenomics.balancing.arm import ARMS
    >>> draw = Samples(np.arange(24.0).reshape(12, 2), np.repeat([0, 1], [8, 4]))
    >>> balancer = Balancer(ARMS["smote"], Setting(), 0, {}, seed=1, names=("example",))
    >>> balanced, note = balancer.balance(draw)
    >>> np.bincount(balanced.y), note
    (array([8, 8]), 'SMOTE with 3 neighbours')
    """

    arm: Arm
    setting: Setting
    over_represented: int
    generators: Mapping[int, Generator]
    seed: int
    names: tuple[str, ...]

    def balance(self, samples: Samples, *purpose: str | int) -> tuple[Samples, str]:
        """Balance a training set.

        Parameters
        ----------
        samples : Samples
            The whole draw, or the training part of a fold.
        *purpose : str or int
            Names the random stream: ``"fold", 2``.

        Returns
        -------
        balanced : Samples
            The samples themselves, then those that were added. It is `samples`, the same object,
            for an arm that adds none.
        note : str
            What was not as usual; empty if nothing was.
        """
        training_set = TrainingSet(
            Counter(samples.y.tolist()),
            self.over_represented,
            derive_seed(self.seed, "balance", *self.names, *self.setting.labels.values(), *purpose),
            self.setting.multiplier or 0.0,
            self.generators,
        )
        sampler, note = self.arm.build(training_set)
        if sampler is None:
            return samples, note
        return Samples(*sampler.fit_resample(samples.X, samples.y)), note
