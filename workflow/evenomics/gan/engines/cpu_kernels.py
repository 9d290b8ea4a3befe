"""One training run's updates as compiled code: the same arithmetic as `losses` and `streams`.

A run's weights and Adam state (1.4 MB at 150 features) stay in a core's cache, which beats
training runs in lockstep on a CPU. Matrix products go to BLAS, everything else is loops that
the compiler turns into vector instructions. What counts is the memory that an update touches, and
the form of its products:

- Rows are ordered so that every layer needs a single product for its weight gradient,
  ``left[l]' @ right[l + 1]``, which adds up four parts (see `losses` for the names):

      forward rows    left[l]  = [interpolated; real; fake; q]   (q: upward sweep of the penalty)
      backward rows   right[l] = [r; real; fake; e]              (e, r: its two downward sweeps)

- A layer's gradient is used up by Adam at once; it never leaves the cache.
- Few rows times a transposed matrix is BLAS's slowest product, so it gets it in pieces (`_down`).
"""

import math

import numpy as np
from numba import njit

from evenomics.gan.arithmetic import (
    INCREMENT,
    MULTIPLIER_1,
    MULTIPLIER_2,
    N_SQUARINGS,
    SPREAD_FLOOR,
    Purpose,
)
from evenomics.gan.engines.vector_math import ENTRY, OPTIONS, PART, cos_sin, exp, log
from evenomics.gan.networks import SELU_ALPHA, SELU_SCALE

_INCREMENT = np.uint64(INCREMENT)
_MULTIPLIER_1 = np.uint64(MULTIPLIER_1)
_MULTIPLIER_2 = np.uint64(MULTIPLIER_2)
_N_PURPOSES = np.uint64(len(Purpose))
_SHUFFLE, _CRITIC = np.uint64(Purpose.SHUFFLE), np.uint64(Purpose.CRITIC)
_GENERATOR = np.uint64(Purpose.GENERATOR)
_LOW16, _LOW32, _LOW63 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF), np.uint64(2**63 - 1)
_U1, _U16, _U27 = np.uint64(1), np.uint64(16), np.uint64(27)
_U30, _U31, _U32, _U48 = np.uint64(30), np.uint64(31), np.uint64(32), np.uint64(48)
_LIMIT = SELU_ALPHA * SELU_SCALE

# OpenBLAS has a kernel for small products of the form A B', which it takes for results of at most
# SMALL_PRODUCT numbers; it wins over the usual one from SMALL_WIDTH columns on
SMALL_PRODUCT, SMALL_WIDTH = 1200, 40


@njit(**OPTIONS)
def _mix(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _U30)) * _MULTIPLIER_1
    x = (x ^ (x >> _U27)) * _MULTIPLIER_2
    return x ^ (x >> _U31)


@njit(**ENTRY)
def event_base(key, purpose, index):  # type: ignore[no-untyped-def]
    """Start of an event's word sequence (see `streams.words`)."""
    event = np.uint64(index) * _N_PURPOSES + purpose
    return _mix(np.uint64(key) + (event + _U1) * _INCREMENT)


@njit(**ENTRY)
def fill_normals(base, out):  # type: ignore[no-untyped-def]
    """Fill a flat array with standard normal numbers; return the number of words used."""
    half = (out.size + 1) // 2
    one, half_step = out.dtype.type(1.0), out.dtype.type(0.5)
    unit, minus_two = out.dtype.type(2.0**-32), out.dtype.type(-2.0)
    cosines, sines = out[:half], out[half:]
    # two loops, as integers and floats in one do not vectorise
    for i in range(sines.size):
        word = _mix(base + np.uint64(i + 1) * _INCREMENT)
        cosines[i] = (out.dtype.type(np.int64(word >> _U32)) + half_step) * unit
        sines[i] = (out.dtype.type(np.int64(word & _LOW32)) + half_step) * unit
    for i in range(sines.size):
        radius = np.sqrt(minus_two * log(min(cosines[i], one)))
        c, s = cos_sin(sines[i])
        cosines[i] = radius * c
        sines[i] = radius * s
    if half > sines.size:
        word = _mix(base + np.uint64(half) * _INCREMENT)
        u = (out.dtype.type(np.int64(word >> _U32)) + half_step) * unit
        turn = (out.dtype.type(np.int64(word & _LOW32)) + half_step) * unit
        cosines[half - 1] = np.sqrt(minus_two * log(min(u, one))) * cos_sin(turn)[0]
    return half


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


@njit(**ENTRY)
def fill_shuffles(key, first_epoch, draws):  # type: ignore[no-untyped-def]
    """Fill a row per epoch with numbers whose order is the epoch's shuffle of the samples."""
    for epoch in range(draws.shape[0]):
        base = event_base(key, _SHUFFLE, first_epoch + epoch)
        for i in range(draws.shape[1]):
            draws[epoch, i] = np.int64(_mix(base + np.uint64(i + 1) * _INCREMENT) & _LOW63)


@njit(**OPTIONS)
def _weight(net, layer):  # type: ignore[no-untyped-def]
    start, n_in, n_out = net.place[layer, 0], net.place[layer, 1], net.place[layer, 2]
    return net.flat[start : start + n_in * n_out].reshape(n_in, n_out)


@njit(**OPTIONS)
def _bias(net, layer):  # type: ignore[no-untyped-def]
    start = net.place[layer, 0] + net.place[layer, 1] * net.place[layer, 2]
    return net.flat[start : start + net.place[layer, 2]]


@njit(**OPTIONS)
def _table(net, buffer, layer):  # type: ignore[no-untyped-def]
    """View the rows of a layer in a flat buffer; layer 0 is the input."""
    n_rows, width = buffer.size // net.n_columns, net.place[layer, 1]
    start = n_rows * net.first_column[layer]
    return buffer[start : start + n_rows * width].reshape(n_rows, width)


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
            tail = limit * exp(x if x < zero else zero)
            h = selu_scale * x if x > zero else tail - limit
            d = selu_scale if x > zero else tail
            # a NaN takes neither branch's comparison: x > 0 is false, exp(NaN) is NaN
            z[i, j] = scale * h + shift if kept else floor
            slope[i, j] = scale * d if kept else zero


@njit(**OPTIONS)
def _forward(net, first_row, n_rows, dropout, bits, base, first):  # type: ignore[no-untyped-def]
    """Run the hidden layers on some rows of the input; return the next word's place."""
    kind = net.flat.dtype.type
    threshold = np.uint16(dropout[0])
    scale, shift, floor = kind(dropout[1]), kind(dropout[2]), kind(dropout[3])
    rows = slice(first_row, first_row + n_rows)
    for layer in range(net.place.shape[0] - 1):
        z = _table(net, net.left, layer + 1)[rows]
        slope = _table(net, net.slope, layer + 1)[rows]
        np.dot(_table(net, net.left, layer)[rows], _weight(net, layer), z)
        if threshold > 0:
            first = fill_bits(base, first, z.size, bits)
        _activate(z, _bias(net, layer), slope, bits, threshold, scale, shift, floor)
    return first


@njit(**OPTIONS)
def _down(net, layer, error, out):  # type: ignore[no-untyped-def]
    """Propagate an error through a layer's matrix: out = error @ weight'."""
    weight, n_rows = _weight(net, layer), error.shape[0]
    width = SMALL_PRODUCT // n_rows
    if width < SMALL_WIDTH:
        np.dot(error, weight.T, out)
        return
    for first in range(0, weight.shape[0], width):
        block = weight[first : first + width]
        part = net.gradient[: n_rows * block.shape[0]].reshape(n_rows, block.shape[0])
        np.dot(error, block.T, part)
        for i in range(n_rows):
            for j in range(part.shape[1]):
                out[i, first + j] = part[i, j]


@njit(**OPTIONS)
def _multiply(rows, factor):  # type: ignore[no-untyped-def]
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] *= factor[i, j]


@njit(**OPTIONS)
def _adam(net, start, gradient, plan, step):  # type: ignore[no-untyped-def]
    """Move the parameters from a place on (Kingma and Ba 2015)."""
    kind = gradient.dtype.type
    places = slice(start, start + gradient.size)
    flat, mean, square = net.flat[places], net.mean[places], net.square[places]
    size = kind(plan.rate / (1.0 - plan.beta_1**step))
    root = kind(1.0 / math.sqrt(1.0 - plan.beta_2**step))
    b1, b2 = kind(plan.beta_1), kind(plan.beta_2)
    c1, c2 = kind(1.0 - plan.beta_1), kind(1.0 - plan.beta_2)
    epsilon = kind(1e-8)
    for i in range(gradient.size):
        g = gradient[i]
        m = b1 * mean[i] + c1 * g
        v = b2 * square[i] + c2 * g * g
        mean[i] = m
        square[i] = v
        flat[i] -= size * m / (np.sqrt(v) * root + epsilon)


@njit(**OPTIONS)
def _descend(net, start, gradient, plan):  # type: ignore[no-untyped-def]
    """Move the parameters from a place on along their gradient."""
    flat, rate = net.flat[start : start + gradient.size], gradient.dtype.type(plan.rate)
    for i in range(gradient.size):
        flat[i] -= rate * gradient[i]


@njit(**OPTIONS)
def _move(net, start, gradient, plan, step):  # type: ignore[no-untyped-def]
    if plan.sgd:
        _descend(net, start, gradient, plan)
    else:
        _adam(net, start, gradient, plan, step)


@njit(**OPTIONS)
def _learn(net, layer, left, right, n_bias_rows, plan, step):  # type: ignore[no-untyped-def]
    """Gradient of a layer's matrix and bias, and a step along it."""
    start, n_in, n_out = net.place[layer, 0], net.place[layer, 1], net.place[layer, 2]
    n_weights = n_in * n_out
    np.dot(left.T, right, net.gradient[:n_weights].reshape(n_in, n_out))
    bias = net.gradient[n_weights : n_weights + n_out]
    bias[:] = 0
    for i in range(n_bias_rows):
        for j in range(n_out):
            bias[j] += right[i, j]
    _move(net, start, net.gradient[: n_weights + n_out], plan, step)


@njit(**OPTIONS)
def _generate(generator, critic, plan, base, first):  # type: ignore[no-untyped-def]
    """Run the generator on its noise, into the critic's rows for generated samples."""
    batch = plan.batch
    _forward(generator, 0, batch, generator.dropout, plan.bits, base, first)
    top = generator.place.shape[0] - 1
    fake = _table(critic, critic.left, 0)[2 * batch : 3 * batch]
    np.dot(_table(generator, generator.left, top), _weight(generator, top), fake)
    bias = _bias(generator, top)
    for i in range(batch):
        for j in range(fake.shape[1]):
            fake[i, j] += bias[j]


@njit(**OPTIONS)
def _n_mask_words(net, n_rows):  # type: ignore[no-untyped-def]
    """Words that `_forward` uses up."""
    n_words = 0
    if net.dropout[0] > 0:
        for layer in range(net.place.shape[0] - 1):
            n_words += (n_rows * net.place[layer, 2] + 3) // 4
    return n_words


@njit(**OPTIONS)
def _criticise(critic, first_row, n_rows):  # type: ignore[no-untyped-def]
    """Mean output of the critic over rows whose hidden layers have been run."""
    top = critic.place.shape[0] - 1
    h = _table(critic, critic.left, top)
    weight = critic.flat[critic.place[top, 0] :]
    total = 0.0
    for i in range(first_row, first_row + n_rows):
        y = critic.flat.dtype.type(0.0)
        for j in range(h.shape[1]):
            y += h[i, j] * weight[j]
        total += y
    return total / n_rows


@njit(**OPTIONS)
def _penalise_samples(g, weight):  # type: ignore[no-untyped-def]
    """Return the penalty on the norms of rows, and leave its gradient in their place."""
    kind = g.dtype.type
    n, one, penalty = g.shape[0], kind(1.0), 0.0
    for i in range(n):
        squared = kind(0.0)
        for j in range(g.shape[1]):
            squared += g[i, j] * g[i, j]
        norm = np.sqrt(squared)
        penalty += (norm - one) ** 2
        # a norm of exactly zero has no direction; its row is zero anyway
        factor = kind(2.0 * weight / n) * (norm - one) / (norm if norm != 0 else one)
        for j in range(g.shape[1]):
            g[i, j] *= factor
    return weight * penalty / n


@njit(**OPTIONS)
def _penalise_features(g, weight, room):  # type: ignore[no-untyped-def]
    """As `_penalise_samples`, of columns; `room` is for a number for each."""
    kind = g.dtype.type
    n, one, penalty = g.shape[1], kind(1.0), 0.0
    factor = room[:n]
    factor[:] = 0
    for i in range(g.shape[0]):
        for j in range(n):
            factor[j] += g[i, j] * g[i, j]
    for j in range(n):
        norm = np.sqrt(factor[j])
        penalty += (norm - one) ** 2
        factor[j] = kind(2.0 * weight / n) * (norm - one) / (norm if norm != 0 else one)
    for i in range(g.shape[0]):
        for j in range(n):
            g[i, j] *= factor[j]
    return weight * penalty / n


@njit(**PART)
def _update_critic(generator, critic, plan, samples, rows, step, base):  # type: ignore[no-untyped-def]
    """One critic update (see `losses.critic_gradient`); return the loss before it."""
    batch = plan.batch
    last = 3 * batch
    kind = critic.flat.dtype.type
    per_row = kind(1.0 / batch)
    top = critic.place.shape[0] - 1
    x = _table(critic, critic.left, 0)
    p = x.shape[1]
    n_noise_words = fill_normals(base, generator.left[: batch * p])
    # the critic's masks come before the generator's in the stream, whose samples come first
    first = n_noise_words + batch
    _generate(generator, critic, plan, base, first + _n_mask_words(critic, 3 * batch))
    for i in range(batch):
        word = _mix(base + np.uint64(n_noise_words + i + 1) * _INCREMENT)
        t = (kind(np.int64(word >> _U32)) + kind(0.5)) * kind(2.0**-32)
        for j in range(p):
            sample, f = samples[rows[i], j], x[2 * batch + i, j]
            x[batch + i, j] = sample
            x[i, j] = f + t * (sample - f)
    _forward(critic, 0, 3 * batch, critic.dropout, plan.bits, base, first)
    loss = _criticise(critic, 2 * batch, batch) - _criticise(critic, batch, batch)

    # downwards
    weight = critic.flat[critic.place[top, 0] : critic.place[top, 0] + critic.place[top, 1]]
    e, s = _table(critic, critic.right, top), _table(critic, critic.slope, top)
    for i in range(batch):
        for j in range(e.shape[1]):
            e[last + i, j] = weight[j] * s[i, j]
            e[batch + i, j] = -per_row * weight[j] * s[batch + i, j]
            e[2 * batch + i, j] = per_row * weight[j] * s[2 * batch + i, j]
    for layer in range(top - 1, 0, -1):
        lower, s = _table(critic, critic.right, layer), _table(critic, critic.slope, layer)
        u = _table(critic, critic.upper, layer)
        above = _table(critic, critic.right, layer + 1)
        _down(critic, layer, above[batch:], lower[batch:])
        for i in range(batch):
            for j in range(lower.shape[1]):
                u[i, j] = lower[last + i, j]
                lower[last + i, j] *= s[i, j]
        _multiply(lower[batch:last], s[batch:last])
    g = x[last:]
    _down(critic, 0, _table(critic, critic.right, 1)[last:], g)

    if plan.per_feature:
        loss += _penalise_features(g, plan.penalty, critic.gradient)
    else:
        loss += _penalise_samples(g, plan.penalty)
    if not plan.learns_penalty:
        g[:] = 0

    # upwards: q into the last rows of the left tables, kicks into the first rows of the right
    for layer in range(top):
        h, s = _table(critic, critic.left, layer + 1), _table(critic, critic.slope, layer + 1)
        r, u = _table(critic, critic.right, layer + 1), _table(critic, critic.upper, layer + 1)
        v = h[last:]
        np.dot(_table(critic, critic.left, layer)[last:], _weight(critic, layer), v)
        # SELU's curvature equals its slope where it is negative, and an activation below the
        # shift of dropout is negative (or dropped, where the slope is zero)
        border = kind(critic.dropout[2])
        for i in range(batch):
            for j in range(v.shape[1]):
                above = weight[j] if layer == top - 1 else u[i, j]
                curvature = s[i, j] if h[i, j] < border else kind(0.0)
                r[i, j] = v[i, j] * above * curvature
                v[i, j] *= s[i, j]

    # downwards again, with the kicks
    for layer in range(top - 1, 0, -1):
        r, u = _table(critic, critic.right, layer), _table(critic, critic.upper, layer)
        above = _table(critic, critic.right, layer + 1)
        s = _table(critic, critic.slope, layer)
        _down(critic, layer, above[:batch], u)
        for i in range(batch):
            for j in range(u.shape[1]):
                r[i, j] += u[i, j] * s[i, j]

    for layer in range(top):
        left, right = _table(critic, critic.left, layer), _table(critic, critic.right, layer + 1)
        _learn(critic, layer, left, right, 3 * batch, plan, step)
    h, gradient = _table(critic, critic.left, top), critic.gradient[: weight.size]
    gradient[:] = 0
    for i in range(batch):
        for j in range(weight.size):
            gradient[j] += h[last + i, j] + per_row * (h[2 * batch + i, j] - h[batch + i, j])
    _move(critic, critic.place[top, 0], gradient, plan, step)
    return loss


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


@njit(**PART)
def _update_generator(generator, critic, plan, step, base):  # type: ignore[no-untyped-def]
    """One generator update (see `losses.generator_gradient`); return the loss before it."""
    batch = plan.batch
    kind = critic.flat.dtype.type
    top = critic.place.shape[0] - 1
    p = critic.place[0, 1]
    rows = slice(2 * batch, 3 * batch)
    first = fill_normals(base, generator.left[: batch * p])
    _generate(generator, critic, plan, base, first + _n_mask_words(critic, batch))
    _forward(critic, 2 * batch, batch, critic.dropout, plan.bits, base, first)
    loss = -_criticise(critic, 2 * batch, batch)

    weight = critic.flat[critic.place[top, 0] :]
    e = _table(critic, critic.right, top)[rows]
    s = _table(critic, critic.slope, top)[rows]
    for i in range(batch):
        for j in range(e.shape[1]):
            e[i, j] = kind(-1.0 / batch) * weight[j] * s[i, j]
    for layer in range(top - 1, 0, -1):
        lower = _table(critic, critic.right, layer)[rows]
        _down(critic, layer, e, lower)
        _multiply(lower, _table(critic, critic.slope, layer)[rows])
        e = lower
    # noise and samples are equally wide: the input's place holds the output's error
    delta = _table(generator, generator.right, 0)
    if plan.learns_from_critic:
        _down(critic, 0, e, delta)
    else:
        delta[:] = 0
    if plan.alpha != 0.0:
        x = _table(critic, critic.left, 0)[rows]
        loss -= plan.alpha * _spread_gradient(x, plan.alpha, plan.spectral, delta)

    top = generator.place.shape[0] - 1
    above = delta
    for layer in range(top, 0, -1):
        lower = _table(generator, generator.right, layer)
        _down(generator, layer, above, lower)
        _multiply(lower, _table(generator, generator.slope, layer))
        above = lower
    for layer in range(top + 1):
        left = _table(generator, generator.left, layer)
        right = _table(generator, generator.right, (layer + 1) % (top + 1))
        _learn(generator, layer, left, right, batch, plan, step)
    return loss


@njit(**ENTRY)
def train_epochs(  # type: ignore[no-untyped-def]
    players,
    generating,
    samples,
    orders,
    first_epoch,
    critic_loss,
    generator_loss,
    wasserstein,
):
    """Train whole epochs; stop after one whose Wasserstein estimate is not finite.

    Parameters
    ----------
    players, generating : cpu.Players
        For updates of the critic, and for those of the generator.
    samples : ndarray of shape (n_samples, n_features)
    orders : ndarray of shape (n_epochs, at least a batch for every update)
        The samples' order in every epoch.
    first_epoch : int
    critic_loss, generator_loss, wasserstein : ndarray
        Records of the whole training (see `checkpoint.State`), filled in.

    Returns
    -------
    int
        Epochs done.
    """
    generator, critic, plan = players
    batch = plan.batch
    n_epochs, steps = orders.shape[0], orders.shape[1] // batch
    for epoch in range(n_epochs):
        for s in range(steps):
            update = (first_epoch + epoch) * steps + s
            rows = orders[epoch, s * batch : (s + 1) * batch]
            base = event_base(plan.key, _CRITIC, update)
            critic_loss[update] = _update_critic(
                generator, critic, plan, samples, rows, update + 1, base
            )
            if s == steps - 1:
                _forward(critic, batch, 2 * batch, plan.no_dropout, plan.bits, base, update)
                real, fake = _criticise(critic, batch, batch), _criticise(critic, 2 * batch, batch)
                wasserstein[first_epoch + epoch] = real - fake
            if (update + 1) % plan.critic_updates == 0:
                index = (update + 1) // plan.critic_updates
                base = event_base(plan.key, _GENERATOR, index - 1)
                generator_loss[index - 1] = _update_generator(
                    generating.generator, generating.critic, generating.plan, index, base
                )
        if not np.isfinite(wasserstein[first_epoch + epoch]):
            return epoch + 1
    return n_epochs
