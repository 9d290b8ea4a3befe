"""Balance training sets the way of one arm at one setting."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evenomics.balancing.arms import Arm, Setting, Unbalanced
from evenomics.evaluation.classifiers import Table
from evenomics.gan.generator import Generator
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

    def balance(self, table: Table, *purpose: str | int) -> tuple[Table, str]:
        """Return the balanced table, the samples of `table` first, and what is to be noted."""
        at = (self.setting.alpha_name, self.setting.multiplier_name)
        training_set = Unbalanced(
            Counter(table.y.tolist()),
            self.over,
            derive_seed(self.seed, "balance", *self.names, *at, *purpose),
            self.setting.multiplier or 0.0,
            self.generators,
        )
        sampler, note = self.arm.build(training_set)
        if sampler is None:
            return table, note
        return Table(*sampler.fit_resample(table.X, table.y)), note
