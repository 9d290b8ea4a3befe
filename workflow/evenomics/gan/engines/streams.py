"""Counter-based random numbers: every number is a function of (key, purpose, index, place).

Word ``i`` of an event is ``mix(mix(key + (event + 1) g) + (i + 1) g)`` with SplitMix64's finaliser
``mix`` and increment ``g`` (Steele, Lea, Flood 2014), that is, the SplitMix64 sequence with random
access. There is no state: a training run draws the same numbers alone, in a stack, on a GPU, on any
number of cores, and after a restart. This module is the definition, in torch; `cpu_kernels` holds
the same in compiled form, and the tests compare both with the published sequence.
"""

import math

import torch
from torch import Tensor

from evenomics.gan.arithmetic import INCREMENT, MULTIPLIER_1, MULTIPLIER_2, Purpose


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _shift_right(x: Tensor, bits: int) -> Tensor:
    # torch has no unsigned 64-bit arithmetic; its shift carries the sign
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def mix(x: Tensor) -> Tensor:
    """SplitMix64's finaliser on int64 tensors that hold unsigned 64-bit words."""
    x = (x ^ _shift_right(x, 30)) * _signed(MULTIPLIER_1)
    x = (x ^ _shift_right(x, 27)) * _signed(MULTIPLIER_2)
    return x ^ _shift_right(x, 31)


def words(keys: Tensor, purpose: Purpose, index: Tensor, n_words: int) -> Tensor:
    """Draw 64-bit words.

    Parameters
    ----------
    keys : Tensor of int64, shape (n_runs,)
        Keys of the runs.
    purpose : Purpose
        What the numbers are for.
    index : Tensor of int64, shape (n_runs,) or ()
        Which event of that purpose, e.g. the number of the critic update.
    n_words : int
        Words per run.

    Returns
    -------
    Tensor of int64, shape (n_runs, n_words)
    """
    event = index * len(Purpose) + int(purpose)
    base = mix(keys + (event + 1) * _signed(INCREMENT))
    places = torch.arange(1, n_words + 1, device=keys.device) * _signed(INCREMENT)
    return mix(base[:, None] + places)


def n_normal_words(n: int) -> int:
    """Words that `normals` turns into n numbers."""
    return (n + 1) // 2


def normals(drawn: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """Turn words into standard normal numbers (Box-Muller; the halves of a word are its pair).

    Parameters
    ----------
    drawn : Tensor of int64, shape (n_runs, n_normal_words(n))
    n : int
    dtype : torch.dtype

    Returns
    -------
    Tensor, shape (n_runs, n)
        The cosines of all words first, then the sines.
    """
    radius = torch.sqrt(-2.0 * torch.log(_uniform(_shift_right(drawn, 32), dtype)))
    angle = (2.0 * math.pi) * _uniform(drawn & 0xFFFFFFFF, dtype)
    return torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)[:, :n]


def uniforms(drawn: Tensor, dtype: torch.dtype) -> Tensor:
    """Turn words into numbers in (0, 1), one each, from their upper halves."""
    return _uniform(_shift_right(drawn, 32), dtype)


def _uniform(bits32: Tensor, dtype: torch.dtype) -> Tensor:
    return (bits32.to(dtype) + 0.5) * 2.0**-32


def n_mask_words(n: int) -> int:
    """Words that `keep_mask` turns into n decisions."""
    return (n + 3) // 4


def keep_mask(drawn: Tensor, n: int, threshold: int) -> Tensor:
    """Turn words into decisions, four each: kept where 16 bits reach the threshold.

    Returns
    -------
    Tensor of bool, shape (n_runs, n)
        The lowest 16 bits of all words first.
    """
    shifts = torch.arange(0, 64, 16, device=drawn.device)[:, None]
    parts = (drawn[:, None] >> shifts) & 0xFFFF
    return (parts >= threshold).flatten(1)[:, :n]
