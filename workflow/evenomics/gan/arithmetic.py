"""What engines have to agree on: the numbers behind random numbers, alpha-dropout and the spread.

Without torch, which the compiled engine does not need and which takes seconds to load.
"""

from dataclasses import dataclass
from enum import IntEnum

from evenomics.gan.networks import SELU_ALPHA, SELU_SCALE

# of SplitMix64 (see `evenomics.gan.engines.streams`)
INCREMENT = 0x9E3779B97F4A7C15
MULTIPLIER_1 = 0xBF58476D1CE4E5B9
MULTIPLIER_2 = 0x94D049BB133111EB


class Purpose(IntEnum):
    """What an event's numbers are for; an event is ``index * len(Purpose) + purpose``."""

    SHUFFLE = 0
    CRITIC = 1
    GENERATOR = 2
    EVALUATION = 3


# the smallest spread that is divided by
SPREAD_FLOOR = 1e-6
# squarings of the Gram matrix: 2**12 power iterations part the two largest singular values
N_SQUARINGS = 12


def dropout_threshold(rate: float) -> int:
    """Return the 16-bit number below which a unit is dropped."""
    return round(rate * 65536)


@dataclass(frozen=True)
class AlphaDropout:
    """Alpha-dropout (Klambauer et al. 2017): dropped units take SELU's negative limit.

    A kept activation becomes ``scale * x + shift``, a dropped one ``floor``; mean 0 and variance
    1 are preserved.

    Examples
    --------
    >>> dropout = AlphaDropout(threshold=32768)
    >>> dropout.rate, round(dropout.scale, 3), round(dropout.floor, 3)
    (0.5, 0.886, -0.779)
    """

    threshold: int

    @property
    def rate(self) -> float:
        """Probability that a unit is dropped."""
        return self.threshold / 65536

    @property
    def scale(self) -> float:
        """Factor on kept activations."""
        kept = 1.0 - self.rate
        limit = SELU_ALPHA * SELU_SCALE
        return (kept * (1.0 + self.rate * limit**2)) ** -0.5

    @property
    def shift(self) -> float:
        """Offset of kept activations."""
        return self.scale * self.rate * SELU_ALPHA * SELU_SCALE

    @property
    def floor(self) -> float:
        """Value of dropped activations."""
        return self.shift - self.scale * SELU_ALPHA * SELU_SCALE
