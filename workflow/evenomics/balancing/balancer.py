"""Balance training sets by one arm at one setting."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenomics.balancing.arm import Arm
from evenomics.balancing.training_set import TrainingSet
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
        Names of the random streams, beside the setting: what the draw and the arm are called.
    networks : mapping
        Section ``gan.networks`` of the config: how untrained generators are drawn.

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
    networks: Mapping[str, Any] = field(default_factory=dict)

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
            In any order (see `added_rows`). It is `samples`, the same object, for an arm that
            changes nothing.
        note : str
            What was not as usual; empty if nothing was.
        """
        at = (*self.names, *self.setting.labels.values(), *purpose)
        training_set = TrainingSet(
            samples,
            self.over_represented,
            derive_seed(self.seed, "balance", *at),
            self.setting,
            self.generators,
            self.networks,
            derive_seed(self.seed, "draw", *self.names),
            " ".join(map(str, (*self.names, *purpose))),
        )
        return self.arm.balance(training_set)


def added_rows(before: Samples, after: Samples) -> NDArray[np.intp]:
    """Return which samples of a balanced training set were added to it.

    Parameters
    ----------
    before, after : Samples
        A training set, and what an arm made of it, in any order. A copy of a sample counts as added
        if the sample itself is there as well.

    Returns
    -------
    ndarray of int, shape (n_added,)
        Rows of `after`.
    """
    left = Counter(_rows(before))
    added = []
    for i, row in enumerate(_rows(after)):
        if left[row] > 0:
            left[row] -= 1
        else:
            added.append(i)
    return np.array(added, dtype=np.intp)


def _rows(samples: Samples) -> Iterator[tuple[bytes, int]]:
    """Go through the samples as values that can be counted."""
    return ((x.tobytes(), label) for x, label in zip(samples.X, samples.y.tolist(), strict=True))
