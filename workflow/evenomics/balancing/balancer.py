"""Balance training sets the way of one arm at one setting."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evenomics.balancing.arm import Arm, Setting, TrainingSet
from evenomics.gan.generator import Generator
from evenomics.preparation.samples import Samples
from evenomics.randomness import derive_seed


@dataclass(frozen=True)
class Balancer:
    """Balances training sets the way of one arm at one setting.

    Attributes
    ----------
    arm : Arm
    setting : Setting
    over : int
        Code of the over-represented class of the draw.
    generators : mapping of int to Generator
        Trained generators by code of their class.
    seed : int
    names : tuple of str
        What the random streams are named after, beside the setting.
    """

    arm: Arm
    setting: Setting
    over: int
    generators: Mapping[int, Generator]
    seed: int
    names: tuple[str, ...]

    def balance(self, samples: Samples, *purpose: str | int) -> tuple[Samples, str]:
        """Return the balanced samples, those of `samples` first, and what is to be noted."""
        at = (self.setting.alpha_name, self.setting.multiplier_name)
        training_set = TrainingSet(
            Counter(samples.y.tolist()),
            self.over,
            derive_seed(self.seed, "balance", *self.names, *at, *purpose),
            self.setting.multiplier or 0.0,
            self.generators,
        )
        sampler, note = self.arm.build(training_set)
        if sampler is None:
            return samples, note
        return Samples(*sampler.fit_resample(samples.X, samples.y)), note
