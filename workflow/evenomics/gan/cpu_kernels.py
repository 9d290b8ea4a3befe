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
from typing import Any

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
OPTIONS: Any = {"nogil": True, "cache": True, "fastmath": FAST, "error_model": "numpy"}

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
def _float_of_bits(typingctx, bits):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())

    return float32(int32), generate


@intrinsic
def _bits_of_float(typingctx, value):  # type: ignore[no-untyped-def]
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
            exponent = np.int32(n) + np.int32(127)
            return p * _float_of_bits(exponent << np.int32(23))  # type: ignore[call-arg]

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
def _table(net, buffer, layer):  # type: ignore[no-untyped-def]
    """View the rows of a layer in a flat buffer; layer 0 is the input."""
    width = net.place[layer, 1]
    start = net.n_rows * net.first_column[layer]
    return buffer[start : start + net.n_rows * width].reshape(net.n_rows, width)


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
def _forward(net, first_row, n_rows, bits, with_dropout, base, first):  # type: ignore[no-untyped-def]
    """Run the hidden layers on some rows of the input; return the next word's place."""
    kind = net.flat.dtype.type
    threshold = np.uint16(net.dropout[0])
    scale, shift, floor = kind(net.dropout[1]), kind(net.dropout[2]), kind(net.dropout[3])
    rows = slice(first_row, first_row + n_rows)
    for layer in range(net.place.shape[0] - 1):
        x = _table(net, net.left, layer)[rows]
        z = _table(net, net.left, layer + 1)[rows]
        slope = _table(net, net.slope, layer + 1)[rows]
        np.dot(x, _weight(net.flat, net.place, layer), z)
        bias = _bias(net.flat, net.place, layer)
        if with_dropout and threshold > 0:
            first = fill_bits(base, first, z.size, bits)
            _activate(z, bias, slope, bits, threshold, scale, shift, floor)
        else:
            _activate_all(z, bias, slope)
    return first


@njit(**OPTIONS)
def _down(e, weight, slope, out):  # type: ignore[no-untyped-def]
    """Propagate an error one layer down: out = (e @ weight') * slope."""
    np.dot(e, weight.T, out)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] *= slope[i, j]


@njit(**OPTIONS)
def _add_rows(rows, out):  # type: ignore[no-untyped-def]
    out[:] = 0
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            out[j] += rows[i, j]


@njit(**OPTIONS)
def _generate(generator, critic, batch, bits, with_dropout, base, first):  # type: ignore[no-untyped-def]
    """Run the generator on its noise, into the critic's rows for generated samples."""
    first = _forward(generator, 0, batch, bits, with_dropout, base, first)
    top = generator.place.shape[0] - 1
    fake = _table(critic, critic.left, 0)[2 * batch : 3 * batch]
    np.dot(
        _table(generator, generator.left, top), _weight(generator.flat, generator.place, top), fake
    )
    bias = _bias(generator.flat, generator.place, top)
    for i in range(batch):
        for j in range(fake.shape[1]):
            fake[i, j] += bias[j]


@njit(**OPTIONS)
def _criticise(critic, first_row, n_rows):  # type: ignore[no-untyped-def]
    """Mean output of the critic over rows whose hidden layers have been run."""
    top = critic.place.shape[0] - 1
    h = _table(critic, critic.left, top)[first_row : first_row + n_rows]
    weight = critic.flat[critic.place[top, 0] :]
    total = 0.0
    for i in range(n_rows):
        y = critic.flat.dtype.type(0.0)
        for j in range(h.shape[1]):
            y += h[i, j] * weight[j]
        total += y
    return total / n_rows


@njit(**OPTIONS)
def _update_critic(generator, critic, plan, samples, order, position, step, base):  # type: ignore[no-untyped-def]
    """One critic update (see `losses.critic_gradient`); return the loss before it."""
    batch = plan.batch
    kind = critic.flat.dtype.type
    one, per_row = kind(1.0), kind(1.0 / batch)
    top = critic.place.shape[0] - 1
    x = _table(critic, critic.left, 0)
    p = x.shape[1]
    for i in range(batch):
        x[batch + i, :] = samples[order[position + i]]
    first = fill_normals(base, 0, generator.left[: batch * p])
    places = first
    first = first + batch
    # the critic's masks come before the generator's in the stream, whose samples come first
    n_critic_words = 0
    if critic.dropout[0] > 0:
        for layer in range(top):
            n_critic_words += (3 * batch * critic.place[layer, 2] + 3) // 4
    _generate(generator, critic, batch, plan.bits, True, base, first + n_critic_words)
    for i in range(batch):
        word = _mix(base + np.uint64(places + i + 1) * _INCREMENT)
        t = (kind(np.int64(word >> _U32)) + kind(0.5)) * kind(2.0**-32)
        for j in range(p):
            f = x[2 * batch + i, j]
            x[3 * batch + i, j] = f + t * (x[batch + i, j] - f)
    _forward_parts(critic, batch, plan.bits, base, first)
    loss = _criticise(critic, 2 * batch, batch) - _criticise(critic, batch, batch)

    # downwards; backward rows are [interpolated; real; fake; r]
    weight = critic.flat[critic.place[top, 0] : critic.place[top, 0] + critic.place[top, 1]]
    e = _table(critic, critic.right, top)
    s = _table(critic, critic.slope, top)
    for i in range(batch):
        for j in range(e.shape[1]):
            e[i, j] = weight[j] * s[3 * batch + i, j]
            e[batch + i, j] = -per_row * weight[j] * s[batch + i, j]
            e[2 * batch + i, j] = per_row * weight[j] * s[2 * batch + i, j]
    for layer in range(top - 1, 0, -1):
        w = _weight(critic.flat, critic.place, layer)
        e = _table(critic, critic.right, layer + 1)
        u = _table(critic, critic.upper, layer)
        lower = _table(critic, critic.right, layer)
        s = _table(critic, critic.slope, layer)
        np.dot(e[: 3 * batch], w.T, lower[: 3 * batch])
        for i in range(batch):
            for j in range(lower.shape[1]):
                u[i, j] = lower[i, j]
                lower[i, j] *= s[3 * batch + i, j]
        for i in range(batch, 3 * batch):
            for j in range(lower.shape[1]):
                lower[i, j] *= s[i, j]
    g = _table(critic, critic.left, 0)[:batch]
    np.dot(_table(critic, critic.right, 1)[:batch], _weight(critic.flat, critic.place, 0).T, g)

    penalty = 0.0
    for i in range(batch):
        squared = kind(0.0)
        for j in range(p):
            squared += g[i, j] * g[i, j]
        norm = np.sqrt(squared)
        penalty += (norm - one) ** 2
        # a norm of exactly zero has no direction; its row is zero anyway
        factor = kind(2.0 * plan.penalty / batch) * (norm - one) / (norm if norm != 0 else one)
        for j in range(p):
            g[i, j] *= factor
    loss += plan.penalty * penalty / batch

    # upwards: q into the first rows of the left tables, kicks into the last rows of the right
    for layer in range(top):
        v = _table(critic, critic.left, layer + 1)[:batch]
        np.dot(
            _table(critic, critic.left, layer)[:batch],
            _weight(critic.flat, critic.place, layer),
            v,
        )
        s = _table(critic, critic.slope, layer + 1)
        h = _table(critic, critic.left, layer + 1)
        r = _table(critic, critic.right, layer + 1)
        u = _table(critic, critic.upper, layer + 1)
        # SELU's curvature equals its slope where it is negative, and an activation below the
        # shift of dropout is negative (or dropped, where the slope is zero)
        border = kind(critic.dropout[2])
        for i in range(batch):
            for j in range(v.shape[1]):
                slope = s[3 * batch + i, j]
                above = weight[j] if layer == top - 1 else u[i, j]
                curvature = slope if h[3 * batch + i, j] < border else kind(0.0)
                r[3 * batch + i, j] = v[i, j] * above * curvature
                v[i, j] *= slope

    # downwards again, adding up the weight gradients on the way
    gradient = critic.gradient
    h = _table(critic, critic.left, top)
    d = gradient[critic.place[top, 0] : critic.place[top, 0] + critic.place[top, 1]]
    d[:] = 0
    for i in range(batch):
        for j in range(h.shape[1]):
            d[j] += h[i, j] + per_row * (h[2 * batch + i, j] - h[batch + i, j])
    for layer in range(top - 1, -1, -1):
        right = _table(critic, critic.right, layer + 1)
        if layer < top - 1:
            w = _weight(critic.flat, critic.place, layer + 1)
            above = _table(critic, critic.right, layer + 2)
            s = _table(critic, critic.slope, layer + 1)
            u = _table(critic, critic.upper, layer + 1)[:batch]
            np.dot(above[3 * batch :], w.T, u)
            for i in range(batch):
                for j in range(u.shape[1]):
                    right[3 * batch + i, j] += u[i, j] * s[3 * batch + i, j]
        left = _table(critic, critic.left, layer)
        np.dot(left.T, right, _weight(gradient, critic.place, layer))
        _add_rows(right[batch:], _bias(gradient, critic.place, layer))
    _adam(
        critic.flat, gradient, critic.mean, critic.square, plan.rate, plan.beta_1, plan.beta_2, step
    )
    return loss


@njit(**OPTIONS)
def _forward_parts(critic, batch, bits, base, first):  # type: ignore[no-untyped-def]
    """Run the critic on [real; fake; interpolated]; masks come as [interpolated; real; fake]."""
    kind = critic.flat.dtype.type
    threshold = np.uint16(critic.dropout[0])
    scale, shift, floor = kind(critic.dropout[1]), kind(critic.dropout[2]), kind(critic.dropout[3])
    for layer in range(critic.place.shape[0] - 1):
        x = _table(critic, critic.left, layer)[batch:]
        z = _table(critic, critic.left, layer + 1)[batch:]
        slope = _table(critic, critic.slope, layer + 1)[batch:]
        np.dot(x, _weight(critic.flat, critic.place, layer), z)
        bias = _bias(critic.flat, critic.place, layer)
        if threshold > 0:
            first = fill_bits(base, first, z.size, bits)
            n = batch * z.shape[1]
            _activate(
                z[2 * batch :], bias, slope[2 * batch :], bits, threshold, scale, shift, floor
            )
            _activate(
                z[: 2 * batch], bias, slope[: 2 * batch], bits[n:], threshold, scale, shift, floor
            )
        else:
            _activate_all(z, bias, slope)


@njit(**OPTIONS)
def _spread_gradient(x, alpha, spectral, out):  # type: ignore[no-untyped-def]
    """Subtract alpha times the spread term's gradient from out; return log ||x||."""
    kind = x.dtype.type
    smallest = kind(SPREAD_FLOOR**2)
    squared = kind(0.0)
    if spectral:
        gram = np.dot(x, x.T)
        projector = gram.copy()
        for _ in range(N_SQUARINGS):
            trace = kind(0.0)
            for i in range(len(gram)):
                trace += projector[i, i]
            projector /= max(trace, smallest)
            projector = np.dot(projector, projector)
        trace = kind(0.0)
        for i in range(len(gram)):
            trace += projector[i, i]
        projector /= max(trace, kind(np.finfo(np.float32).tiny))
        for i in range(len(gram)):
            for j in range(len(gram)):
                squared += projector[i, j] * gram[i, j]
        if squared > smallest:
            out -= np.dot(projector, x) * kind(alpha / squared)
    else:
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                squared += x[i, j] * x[i, j]
        if squared > smallest:
            factor = kind(alpha) / squared
            for i in range(x.shape[0]):
                for j in range(x.shape[1]):
                    out[i, j] -= factor * x[i, j]
    return 0.5 * math.log(max(squared, smallest))


@njit(**OPTIONS)
def _update_generator(generator, critic, plan, step, base):  # type: ignore[no-untyped-def]
    """One generator update (see `losses.generator_gradient`); return the loss before it."""
    batch = plan.batch
    kind = critic.flat.dtype.type
    top = critic.place.shape[0] - 1
    p = critic.place[0, 1]
    first = fill_normals(base, 0, generator.left[: batch * p])
    n_critic_words = 0
    if critic.dropout[0] > 0:
        for layer in range(top):
            n_critic_words += (batch * critic.place[layer, 2] + 3) // 4
    _generate(generator, critic, batch, plan.bits, True, base, first + n_critic_words)
    _forward(critic, 2 * batch, batch, plan.bits, True, base, first)
    loss = -_criticise(critic, 2 * batch, batch)

    weight = critic.flat[critic.place[top, 0] :]
    rows = slice(2 * batch, 3 * batch)
    e = _table(critic, critic.right, top)[rows]
    s = _table(critic, critic.slope, top)[rows]
    for i in range(batch):
        for j in range(e.shape[1]):
            e[i, j] = kind(-1.0 / batch) * weight[j] * s[i, j]
    for layer in range(top - 1, 0, -1):
        lower = _table(critic, critic.right, layer)[rows]
        w = _weight(critic.flat, critic.place, layer)
        _down(e, w, _table(critic, critic.slope, layer)[rows], lower)
        e = lower
    fake = _table(critic, critic.left, 0)[rows]
    delta = generator.right[: batch * p].reshape(batch, p)
    np.dot(e, _weight(critic.flat, critic.place, 0).T, delta)
    if plan.alpha != 0.0:
        loss -= plan.alpha * _spread_gradient(fake, plan.alpha, plan.spectral, delta)

    top = generator.place.shape[0] - 1
    for layer in range(top, -1, -1):
        below = _table(generator, generator.left, layer)
        np.dot(below.T, delta, _weight(generator.gradient, generator.place, layer))
        _add_rows(delta, _bias(generator.gradient, generator.place, layer))
        if layer > 0:
            w = _weight(generator.flat, generator.place, layer)
            lower = _table(generator, generator.upper, layer)
            _down(delta, w, _table(generator, generator.slope, layer), lower)
            delta = lower
    _adam(
        generator.flat, generator.gradient, generator.mean, generator.square,
        plan.rate, plan.beta_1, plan.beta_2, step,
    )  # fmt: skip
    return loss


@njit(**OPTIONS)
def train_epochs(  # type: ignore[no-untyped-def]
    generator,
    critic,
    plan,
    samples,
    first_epoch,
    n_epochs,
    critic_loss,
    generator_loss,
    wasserstein,
):
    """Train whole epochs; stop after one whose Wasserstein estimate is not finite.

    Parameters
    ----------
    generator, critic : cpu_engine.Net
    plan : cpu_engine.Plan
    samples : ndarray of shape (n_samples, n_features)
    first_epoch, n_epochs : int
    critic_loss, generator_loss, wasserstein : ndarray
        Records of the whole training (see `member.State`), filled in.

    Returns
    -------
    int
        Epochs done.
    """
    batch = plan.batch
    steps = len(samples) // batch
    order = np.empty(len(samples), np.int64)
    for epoch in range(first_epoch, first_epoch + n_epochs):
        fill_order(plan.key, epoch, order)
        for s in range(steps):
            update = epoch * steps + s
            base = event_base(plan.key, _CRITIC, update)
            critic_loss[update] = _update_critic(
                generator, critic, plan, samples, order, s * batch, update + 1, base
            )
            if s == steps - 1:
                _forward(critic, batch, 2 * batch, plan.bits, False, base, 0)
                wasserstein[epoch] = _criticise(critic, batch, batch) - _criticise(
                    critic, 2 * batch, batch
                )
            if (update + 1) % plan.critic_updates == 0:
                index = (update + 1) // plan.critic_updates
                base = event_base(plan.key, _GENERATOR, index - 1)
                generator_loss[index - 1] = _update_generator(generator, critic, plan, index, base)
        if not np.isfinite(wasserstein[epoch]):
            return epoch - first_epoch + 1
    return n_epochs
