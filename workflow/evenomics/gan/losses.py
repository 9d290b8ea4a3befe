"""Losses of the two networks and their gradients, in closed form, for a stack of training runs.

All tensors carry the runs first: samples are ``[n_runs, batch, n_features]``, a layer's
matrix ``[n_runs, n_in, n_out]``. For SELU the input gradient of the critic is a product of
matrices and slopes, so the gradient of the penalty needs no double backward: with
``s`` the slope and ``d`` the curvature of a hidden layer, one sweep downwards gives the input
gradient, one upwards carries the derivative of the penalty through it, and one more downwards
gathers the parameter gradients. Tests check every gradient against autograd in float64.

Sources: the paper's two loss equations; Gulrajani et al. 2017, equation 3.
"""

import torch
from torch import Tensor

from evenomics.gan.arithmetic import N_SQUARINGS, SPREAD_FLOOR, AlphaDropout
from evenomics.gan.networks import SELU_ALPHA, SELU_SCALE, Architecture
from evenomics.gan.settings import Loss

# terms of a sum, over the number of runs, from which `product` goes run by run
LONG_SUM = 400


Masks = list[Tensor] | None


class Hidden:
    """A hidden layer: SELU and alpha-dropout on given pre-activations.

    SELU and its slope are torch's ELU and its backward, scaled: one call each, since on a GPU every
    call takes its time, however little it does.

    Parameters
    ----------
    z : Tensor, shape (n_runs, n_rows, width)
        Pre-activations.
    mask : Tensor of bool, shape of z, or None
        Units kept; None switches dropout off.
    dropout : AlphaDropout
    """

    def __init__(self, z: Tensor, mask: Tensor | None, dropout: AlphaDropout) -> None:
        self.z, self.mask = z, mask
        self.scale = SELU_SCALE if mask is None else SELU_SCALE * dropout.scale
        self.activation = torch.ops.aten.elu(z, SELU_ALPHA, self.scale)
        if mask is not None:
            kept = self.activation + dropout.shift
            self.activation = torch.where(mask, kept, dropout.floor)

    def slope(self) -> Tensor:
        """Return the derivative of the activation in the pre-activation."""
        kept = torch.ones_like(self.z) if self.mask is None else self.mask.to(self.z.dtype)
        return torch.ops.aten.elu_backward(kept, SELU_ALPHA, self.scale, 1.0, False, self.z)


def matrices(flat: Tensor, architecture: Architecture) -> list[tuple[Tensor, Tensor | None]]:
    """View flat parameters ``[n_runs, n_parameters]`` as matrices and biases, without a copy."""
    return [
        (
            flat[:, layer.weight].unflatten(1, (layer.n_in, layer.n_out)),
            None if layer.bias is None else flat[:, None, layer.bias],
        )
        for layer in architecture.layers
    ]


def product(x: Tensor, matrix: Tensor) -> Tensor:
    """Return ``x @ matrix`` of every run: of all at once or, where few have long sums, one by one.

    A GPU sums up each element of a batched product in one place, which leaves most of it idle; it
    splits the sums of a single one. For 4 runs of 20,000 features, an H200 took 5.0 instead of
    11.6 ms a cycle.
    """
    if x.shape[2] < LONG_SUM * len(x):
        return x @ matrix
    return torch.stack([one @ other for one, other in zip(x, matrix, strict=True)])


def _affine(x: Tensor, layer: tuple[Tensor, Tensor | None]) -> Tensor:
    weight, bias = layer
    return product(x, weight) if bias is None else product(x, weight).add_(bias)


def forward(
    flat: Tensor, architecture: Architecture, x: Tensor, masks: Masks, dropout: AlphaDropout
) -> tuple[Tensor, list[Hidden]]:
    """Run a network.

    Parameters
    ----------
    flat : Tensor, shape (n_runs, n_parameters)
    architecture : Architecture
    x : Tensor, shape (n_runs, n_rows, n_in)
    masks : list of Tensor of bool, shape (n_runs, n_rows, width), or None
        Units kept per hidden layer; None switches dropout off.
    dropout : AlphaDropout

    Returns
    -------
    output : Tensor, shape (n_runs, n_rows, n_out)
    hidden : list of Hidden
    """
    hidden: list[Hidden] = []
    *inner, top = matrices(flat, architecture)
    for index, layer in enumerate(inner):
        z = _affine(x, layer)
        hidden.append(Hidden(z, None if masks is None else masks[index], dropout))
        x = hidden[-1].activation
    return _affine(x, top), hidden


def spread(x: Tensor, norm: str) -> tuple[Tensor, Tensor]:
    """Return log ||X|| and its gradient, per run (second term of the generator's loss).

    Parameters
    ----------
    x : Tensor, shape (n_runs, batch, n_features)
        Generated batch, each run's as a matrix.
    norm : {"frobenius", "spectral"}

    Returns
    -------
    log_norm : Tensor, shape (n_runs,)
    gradient : Tensor, shape of x
        X / ||X||_F^2, or u_1 v_1' / sigma_1; zero where the norm is below its floor.
    """
    if norm == "frobenius":
        squared = x.square().sum(dim=(1, 2), keepdim=True)
        direction = x
    else:
        # P tends to u_1 u_1', so P X / sigma_1^2 is u_1 v_1' / sigma_1 without an eigensolver
        # (which would wait for the GPU)
        gram = product(x, x.transpose(1, 2))
        projector = gram
        for _ in range(N_SQUARINGS):
            trace = projector.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
            projector = projector / trace.clamp(min=SPREAD_FLOOR**2)
            projector = projector @ projector
        trace = projector.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
        projector = projector / trace.clamp(min=torch.finfo(x.dtype).tiny)
        squared = (projector * gram).sum(dim=(1, 2), keepdim=True)
        direction = projector @ x
    floored = squared.clamp(min=SPREAD_FLOOR**2)
    gradient = torch.where(squared > SPREAD_FLOOR**2, direction / floored, 0.0)
    return 0.5 * torch.log(floored[:, 0, 0]), gradient


def critic_gradient(
    flat: Tensor,
    architecture: Architecture,
    real: Tensor,
    fake: Tensor,
    position: Tensor,
    masks: Masks,
    dropout: AlphaDropout,
    terms: Loss,
) -> tuple[Tensor, Tensor]:
    """Loss of the critic and its gradient.

    mean C(fake) - mean C(real) + lambda mean (||grad C(x)|| - 1)^2, x on the line between a real
    and a generated sample (Gulrajani et al. 2017, equation 3). The norms are those of the samples,
    or those of the features over all samples of the batch; the penalty can be left out of the
    gradient (see `Loss`).

    Parameters
    ----------
    flat : Tensor, shape (n_runs, n_parameters)
    architecture : Architecture
    real, fake : Tensor, shape (n_runs, batch, n_features)
    position : Tensor, shape (n_runs, batch, 1)
        Where on the line, 0 (fake) to 1 (real).
    masks : list of Tensor of bool, shape (n_runs, 3 * batch, width), or None
        For the rows [interpolated; real; fake].
    dropout : AlphaDropout
    terms : Loss
        Weight lambda and kind of the penalty.

    Returns
    -------
    loss : Tensor, shape (n_runs,)
    gradient : Tensor, shape of flat
    """
    batch = real.shape[1]
    x = torch.cat([fake + position * (real - fake), real, fake], dim=1)
    output, hidden = forward(flat, architecture, x, masks, dropout)
    slopes = [layer.slope() for layer in hidden]
    layers = matrices(flat, architecture)
    top = layers[-1][0]

    # downwards: u is the gradient of the output in an activation, e in a pre-activation
    upper = [top.transpose(1, 2).expand(-1, 3 * batch, -1)]
    delta: list[Tensor] = []
    for index in reversed(range(len(hidden))):
        delta.insert(0, upper[0] * slopes[index])
        rows = delta[0] if index else delta[0][:, :batch]
        upper.insert(0, rows @ layers[index][0].transpose(1, 2))
    input_gradient = upper[0]

    penalty_weight, across = terms.gradient_penalty, 2 if terms.penalty_norm == "per_sample" else 1
    norm = input_gradient.square().sum(dim=across, keepdim=True).sqrt()
    n_norms = norm.shape[3 - across]
    if terms.penalty_in_gradient:
        safe = norm.clamp(min=torch.finfo(norm.dtype).tiny)
        q = (2.0 * penalty_weight / n_norms) * (norm - 1.0) / safe * input_gradient
    else:
        q = torch.zeros_like(input_gradient)
    loss = (
        output[:, 2 * batch :].mean(dim=(1, 2))
        - output[:, batch : 2 * batch].mean(dim=(1, 2))
        + penalty_weight * (norm - 1.0).square().mean(dim=(1, 2))
    )

    # upwards: how the penalty moves with every matrix on the way of the input gradient
    carried, kicks = [q], []
    for index, layer in enumerate(hidden):
        v = product(carried[-1], layers[index][0])
        slope = slopes[index][:, :batch]
        # the slope's own derivative: an exponential's is itself, a line's zero
        curvature = slope * (layer.z[:, :batch] <= 0)
        kicks.append(v * upper[index + 1][:, :batch] * curvature)
        carried.append(v * slope)

    # downwards again, with the kicks; real and fake rows only need their sign and 1 / batch
    sign = torch.cat([-torch.ones_like(real[0, :, :1]), torch.ones_like(real[0, :, :1])]) / batch
    gradient = torch.empty_like(flat)
    weights, places = matrices(gradient, architecture), architecture.layers
    outer = (hidden[-1].activation[:, batch:] * sign).sum(dim=1)
    torch.add(carried[-1].sum(dim=1), outer, out=gradient[:, places[-1].weight])
    r = kicks[-1]
    for index in reversed(range(len(hidden))):
        if index < len(hidden) - 1:
            above = layers[index + 1][0]
            r = (r @ above.transpose(1, 2)) * slopes[index][:, :batch] + kicks[index]
        below = x if index == 0 else hidden[index - 1].activation
        left = torch.cat([carried[index], below], dim=1)
        signed = delta[index][:, batch:] * sign
        right = torch.cat([delta[index][:, :batch], r, signed], dim=1)
        torch.bmm(left.transpose(1, 2), right, out=weights[index][0])
        torch.sum(right[:, batch:], dim=1, out=gradient[:, places[index].bias])
    return loss, gradient


def _input_gradient(
    flat: Tensor, architecture: Architecture, hidden: list[Hidden], n_rows: int
) -> Tensor:
    """Return the gradient of a critic's outputs, each in the row it is of."""
    layers = matrices(flat, architecture)
    delta = layers[-1][0].transpose(1, 2).expand(-1, n_rows, -1)
    for layer, (weight, _) in zip(reversed(hidden), reversed(layers[:-1]), strict=True):
        delta = (delta * layer.slope()) @ weight.transpose(1, 2)
    return delta


def generator_gradient(
    flat: Tensor,
    architecture: Architecture,
    critic: Tensor,
    critic_architecture: Architecture,
    noise: Tensor,
    masks: Masks,
    critic_masks: Masks,
    dropout: AlphaDropout,
    critic_dropout: AlphaDropout,
    alpha: Tensor,
    terms: Loss,
) -> tuple[Tensor, Tensor]:
    """Loss of the generator and its gradient: -mean C(G(z)) - alpha log ||G(z)||.

    The gradient can be that of the second term alone (see `Loss.critic_gradient`).

    Parameters
    ----------
    flat, critic : Tensor, shape (n_runs, n_parameters)
    architecture, critic_architecture : Architecture
    noise : Tensor, shape (n_runs, batch, n_features)
    masks, critic_masks : list of Tensor of bool, or None
    dropout, critic_dropout : AlphaDropout
    alpha : Tensor, shape (n_runs,)
        Weight of the spread term.
    terms : Loss
        Norm of the spread term, and whether the critic has a say.

    Returns
    -------
    loss : Tensor, shape (n_runs,)
    gradient : Tensor, shape of flat
    """
    batch = noise.shape[1]
    x, hidden = forward(flat, architecture, noise, masks, dropout)
    output, critic_hidden = forward(critic, critic_architecture, x, critic_masks, critic_dropout)
    log_norm, spread_gradient = spread(x, terms.spread_norm)
    loss = -output.mean(dim=(1, 2)) - alpha * log_norm

    delta = -alpha[:, None, None] * spread_gradient
    if terms.critic_gradient:
        delta = delta - _input_gradient(critic, critic_architecture, critic_hidden, batch) / batch

    gradient = torch.empty_like(flat)
    layers, places = matrices(flat, architecture), architecture.layers
    weights = matrices(gradient, architecture)
    for index in reversed(range(len(layers))):
        below = noise if index == 0 else hidden[index - 1].activation
        torch.bmm(below.transpose(1, 2), delta, out=weights[index][0])
        torch.sum(delta, dim=1, out=gradient[:, places[index].bias])
        if index:
            delta = product(delta, layers[index][0].transpose(1, 2)) * hidden[index - 1].slope()
    return loss, gradient
