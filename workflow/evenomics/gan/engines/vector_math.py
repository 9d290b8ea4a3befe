"""exp, log, cos and sin for numba that vectorise in float32, and how kernels are compiled."""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, int32, types
from numba.extending import intrinsic, overload

# contraction and reassociation let sums and products vectorise; NaN must survive, as it marks
# divergence
FAST = {"contract", "reassoc", "nsz"}

OPTIONS: Any = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}

# what Python calls goes to numba's cache on disk, with all that it calls in turn; numba compares
# the date of the entry's own file only: after a change of another one, `make clean` empties it
ENTRY: Any = {**OPTIONS, "cache": True}

# a large function with a single caller: compiled as a part of it, not by itself and once more there
PART: Any = {**OPTIONS, "inline": "always"}


@intrinsic
def _float_of_bits(typingctx, bits):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())

    return float32(int32), generate


@intrinsic
def _bits_of_float(typingctx, value):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(32))

    return int32(float32), generate


def exp(x):  # type: ignore[no-untyped-def]
    """exp(x) for -87 < x <= 0; a function that vectorises in float32."""
    raise NotImplementedError


@overload(exp)
def _exp_overload(x):  # type: ignore[no-untyped-def]
    if x == types.float32:

        def single(x):  # type: ignore[no-untyped-def]
            # NaN fails the comparison and is kept
            x = np.float32(-87.0) if x < np.float32(-87.0) else x
            n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
            r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
            p = np.float32(1.9875691500e-4)
            p = p * r + np.float32(1.3981999507e-3)
            p = p * r + np.float32(8.3334519073e-3)
            p = p * r + np.float32(4.1665795894e-2)
            p = p * r + np.float32(1.6666665459e-1)
            p = p * r + np.float32(5.0000001201e-1)
            p = p * r * r + r + np.float32(1.0)
            exponent = np.int32(n) + np.int32(127)
            return p * _float_of_bits(exponent << np.int32(23))  # type: ignore[call-arg]

        return single
    return lambda x: math.exp(x)


def log(x):  # type: ignore[no-untyped-def]
    """log(x) for a normal number 0 < x <= 1."""
    raise NotImplementedError


@overload(log)
def _log_overload(x):  # type: ignore[no-untyped-def]
    if x == types.float32:

        def single(x):  # type: ignore[no-untyped-def]
            # Cephes' logf: mantissa in [sqrt(1/2), sqrt(2)), a polynomial there
            bits = _bits_of_float(x) - np.int32(0x3F3504F3)  # type: ignore[call-arg]
            exponent = np.float32(bits >> np.int32(23))  # type: ignore[unreachable]
            m = _float_of_bits((bits & np.int32(0x007FFFFF)) + np.int32(0x3F3504F3))
            m = m - np.float32(1.0)
            z = m * m
            p = np.float32(7.0376836292e-2)
            p = p * m - np.float32(1.1514610310e-1)
            p = p * m + np.float32(1.1676998740e-1)
            p = p * m - np.float32(1.2420140846e-1)
            p = p * m + np.float32(1.4249322787e-1)
            p = p * m - np.float32(1.6668057665e-1)
            p = p * m + np.float32(2.0000714765e-1)
            p = p * m - np.float32(2.4999993993e-1)
            p = p * m + np.float32(3.3333331174e-1)
            p = p * m * z - np.float32(0.5) * z + m
            return p + exponent * np.float32(0.69314718)

        return single
    return lambda x: math.log(x)


def cos_sin(turn):  # type: ignore[no-untyped-def]
    """(cos, sin) of 2 pi turn, 0 < turn < 1."""
    raise NotImplementedError


@overload(cos_sin)
def _cos_sin_overload(turn):  # type: ignore[no-untyped-def]
    if turn == types.float32:

        def single(turn):  # type: ignore[no-untyped-def]
            # half the angle, less half a turn, lies within +- pi / 2: a short series will do
            a = np.float32(math.pi) * (turn - np.float32(0.5))
            z = a * a
            s = np.float32(-2.3889859e-08)
            s = s * z + np.float32(2.7525562e-06)
            s = s * z - np.float32(1.9840874e-04)
            s = s * z + np.float32(8.3333310e-03)
            s = s * z - np.float32(1.6666667e-01)
            s = a + a * z * s
            c = np.float32(2.0875723e-09)
            c = c * z - np.float32(2.7557314e-07)
            c = c * z + np.float32(2.4801587e-05)
            c = c * z - np.float32(1.3888889e-03)
            c = c * z + np.float32(4.1666667e-02)
            c = np.float32(1.0) - np.float32(0.5) * z + z * z * c
            return np.float32(2.0) * s * s - np.float32(1.0), np.float32(-2.0) * s * c

        return single
    return lambda turn: (math.cos(2.0 * math.pi * turn), math.sin(2.0 * math.pi * turn))
