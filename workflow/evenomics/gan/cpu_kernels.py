"""One member's updates as compiled code: the same arithmetic as `losses` and `streams`.

A member's weights and Adam state (1.4 MB at 150 features) stay in a core's cache, which beats
training members in lockstep on a CPU. Matrix products go to BLAS, everything else is loops that
the compiler turns into vector instructions. Rows are ordered so that every layer needs a single
product for its weight gradient:

    forward rows    left[l]  = [q; real; fake; interpolated]   (q: upward sweep of the penalty)
    backward rows   right[l] = [e; real; fake; r]              (e, r: its two downward sweeps)

so that ``left[l]' @ right[l]`` adds up all four parts (see `losses` for the names).
"""

import math

import numpy as np
from llvmlite import ir
from numba import float32, int32, njit, types
from numba.extending import intrinsic, overload

from evenomics.gan.losses import N_SQUARINGS, SPREAD_FLOOR
from evenomics.gan.networks import SELU_ALPHA, SELU_SCALE
from evenomics.gan.streams import INCREMENT, MULTIPLIER_1, MULTIPLIER_2, Purpose

# contraction and reassociation let sums and products vectorise; NaN must survive, as it marks
# divergence
FAST = {"contract", "reassoc", "nsz"}
OPTIONS = {"nogil": True, "cache": True, "fastmath": FAST, "error_model": "numpy"}

_INCREMENT = np.uint64(INCREMENT)
_MULTIPLIER_1 = np.uint64(MULTIPLIER_1)
_MULTIPLIER_2 = np.uint64(MULTIPLIER_2)
_N_PURPOSES = np.uint64(len(Purpose))
_SHUFFLE, _CRITIC = np.uint64(Purpose.SHUFFLE), np.uint64(Purpose.CRITIC)
_GENERATOR, _LOOK = np.uint64(Purpose.GENERATOR), np.uint64(Purpose.LOOK)
_LOW16, _LOW32, _LOW63 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF), np.uint64(2**63 - 1)
_U1, _U16, _U27 = np.uint64(1), np.uint64(16), np.uint64(27)
_U30, _U31, _U32, _U48 = np.uint64(30), np.uint64(31), np.uint64(32), np.uint64(48)
_LIMIT = SELU_ALPHA * SELU_SCALE


@intrinsic
def _float_of_bits(typingctx, bits):  # type: ignore[no-untyped-def] # noqa: D103, ARG001
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())

    return float32(int32), generate


@intrinsic
def _bits_of_float(typingctx, value):  # type: ignore[no-untyped-def] # noqa: D103, ARG001
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(32))

    return int32(float32), generate


def _exp(x):  # type: ignore[no-untyped-def]
    """exp(x) for -87 < x <= 0; a function that vectorises in float32."""
    raise NotImplementedError


@overload(_exp, inline="always")
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
            return p * _float_of_bits((np.int32(n) + np.int32(127)) << np.int32(23))

        return single
    return lambda x: math.exp(x)


def _log(x):  # type: ignore[no-untyped-def]
    """log(x) for a normal number 0 < x <= 1."""
    raise NotImplementedError


@overload(_log, inline="always")
def _log_overload(x):  # type: ignore[no-untyped-def]
    if x == types.float32:

        def single(x):  # type: ignore[no-untyped-def]
            # Cephes' logf: mantissa in [sqrt(1/2), sqrt(2)), a polynomial there
            bits = _bits_of_float(x) - np.int32(0x3F3504F3)
            exponent = np.float32(bits >> np.int32(23))
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


def _cos_sin(turn):  # type: ignore[no-untyped-def]
    """(cos, sin) of 2 pi turn, 0 < turn < 1."""
    raise NotImplementedError


@overload(_cos_sin, inline="always")
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


@njit(**OPTIONS, inline="always")
def _mix(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _U30)) * _MULTIPLIER_1
    x = (x ^ (x >> _U27)) * _MULTIPLIER_2
    return x ^ (x >> _U31)


@njit(**OPTIONS)
def event_base(key, purpose, index):  # type: ignore[no-untyped-def]
    """Start of an event's word sequence (see `streams.words`)."""
    event = np.uint64(index) * _N_PURPOSES + purpose
    return _mix(np.uint64(key) + (event + _U1) * _INCREMENT)


@njit(**OPTIONS)
def fill_normals(base, first, out):  # type: ignore[no-untyped-def]
    """Fill a flat array with standard normal numbers; return the next word's place."""
    n = out.size
    half = (n + 1) // 2
    one = out.dtype.type(1.0)
    scale, offset = out.dtype.type(2.0**-32), out.dtype.type(0.5)
    minus_two = out.dtype.type(-2.0)
    for i in range(n - half):
        word = _mix(base + np.uint64(first + i + 1) * _INCREMENT)
        u = (out.dtype.type(np.int64(word >> _U32)) + offset) * scale
        turn = (out.dtype.type(np.int64(word & _LOW32)) + offset) * scale
        radius = np.sqrt(minus_two * _log(u if u < one else one))
        c, s = _cos_sin(turn)
        out[i] = radius * c
        out[half + i] = radius * s
    if 2 * half > n:
        word = _mix(base + np.uint64(first + half) * _INCREMENT)
        u = (out.dtype.type(np.int64(word >> _U32)) + offset) * scale
        turn = (out.dtype.type(np.int64(word & _LOW32)) + offset) * scale
        out[half - 1] = np.sqrt(minus_two * _log(u if u < one else one)) * _cos_sin(turn)[0]
    return first + half


@njit(**OPTIONS)
def fill_bits(base, first, n, bits):  # type: ignore[no-untyped-def]
    """Fill the first n places with 16 random bits each; return the next word's place."""
    quarter = (n + 3) // 4
    for i in range(quarter):
        word = _mix(base + np.uint64(first + i + 1) * _INCREMENT)
        bits[i] = np.uint16(word & _LOW16)
        bits[quarter + i] = np.uint16((word >> _U16) & _LOW16)
        bits[2 * quarter + i] = np.uint16((word >> _U32) & _LOW16)
        bits[3 * quarter + i] = np.uint16(word >> _U48)
    return first + quarter


@njit(**OPTIONS)
def fill_order(key, epoch, order):  # type: ignore[no-untyped-def]
    """Shuffle the member's samples for an epoch."""
    base = event_base(key, _SHUFFLE, epoch)
    draws = np.empty(order.size, np.int64)
    for i in range(order.size):
        draws[i] = np.int64(_mix(base + np.uint64(i + 1) * _INCREMENT) & _LOW63)
    order[:] = np.argsort(draws)


@njit(**OPTIONS)
def _weight(flat, place, layer):  # type: ignore[no-untyped-def]
    start, n_in, n_out = place[layer, 0], place[layer, 1], place[layer, 2]
    return flat[start : start + n_in * n_out].reshape(n_in, n_out)


@njit(**OPTIONS)
def _bias(flat, place, layer):  # type: ignore[no-untyped-def]
    start = place[layer, 0] + place[layer, 1] * place[layer, 2]
    return flat[start : start + place[layer, 2]]


@njit(**OPTIONS)
def _rows(buffer, n_rows, n_columns):  # type: ignore[no-untyped-def]
    return buffer[: n_rows * n_columns].reshape(n_rows, n_columns)


@njit(**OPTIONS)
def _activate(z, bias, slope, bits, threshold, scale, shift, floor):  # type: ignore[no-untyped-def]
    """Bias, SELU and alpha-dropout in place; the slope of all three beside it."""
    n_rows, width = z.shape
    selu_scale, limit = z.dtype.type(SELU_SCALE), z.dtype.type(_LIMIT)
    zero = z.dtype.type(0.0)
    for i in range(n_rows):
        for j in range(width):
            x = z[i, j] + bias[j]
            kept = bits[i * width + j] >= threshold
            tail = limit * _exp(x if x < zero else zero)
            h = selu_scale * x if x > zero else tail - limit
            d = selu_scale if x > zero else tail
            # a NaN takes neither branch's comparison: x > 0 is false, exp(NaN) is NaN
            z[i, j] = scale * h + shift if kept else floor
            slope[i, j] = scale * d if kept else zero


@njit(**OPTIONS)
def _activate_all(z, bias, slope):  # type: ignore[no-untyped-def]
    """Bias and SELU in place, without dropout; the slope beside it."""
    n_rows, width = z.shape
    selu_scale, limit = z.dtype.type(SELU_SCALE), z.dtype.type(_LIMIT)
    zero = z.dtype.type(0.0)
    for i in range(n_rows):
        for j in range(width):
            x = z[i, j] + bias[j]
            tail = limit * _exp(x if x < zero else zero)
            z[i, j] = selu_scale * x if x > zero else tail - limit
            slope[i, j] = selu_scale if x > zero else tail


@njit(**OPTIONS)
def _adam(flat, gradient, mean, square, rate, beta_1, beta_2, step):  # type: ignore[no-untyped-def]
    kind = flat.dtype.type
    size = kind(rate / (1.0 - beta_1**step))
    root = kind(1.0 / math.sqrt(1.0 - beta_2**step))
    b1, b2, c1, c2 = kind(beta_1), kind(beta_2), kind(1.0 - beta_1), kind(1.0 - beta_2)
    epsilon = kind(1e-8)
    for i in range(flat.size):
        g = gradient[i]
        m = b1 * mean[i] + c1 * g
        v = b2 * square[i] + c2 * g * g
        mean[i] = m
        square[i] = v
        flat[i] -= size * m / (np.sqrt(v) * root + epsilon)


@njit(**OPTIONS)
def _forward(flat, place, x, activations, slopes, bits, dropout, base, first):  # type: ignore[no-untyped-def]
    """Run the hidden layers on rows x; return the next word's place.

    ``activations[l]`` and ``slopes[l]`` are flat buffers of layer l. ``dropout`` holds threshold,
    scale, shift and floor; a threshold of 0 is no dropout.
    """
    n_hidden = place.shape[0] - 1
    kind = flat.dtype.type
    rows = x.shape[0]
    threshold = np.uint16(dropout[0])
    for layer in range(n_hidden):
        width = place[layer, 2]
        z, slope = _rows(activations[layer], rows, width), _rows(slopes[layer], rows, width)
        np.dot(x, _weight(flat, place, layer), z)
        bias = _bias(flat, place, layer)
        if threshold > 0:
            first = fill_bits(base, first, rows * width, bits)
            scale, shift, floor = kind(dropout[1]), kind(dropout[2]), kind(dropout[3])
            _activate(z, bias, slope, bits, threshold, scale, shift, floor)
        else:
            _activate_all(z, bias, slope)
        x = z
    return first
