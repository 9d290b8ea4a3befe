"""Shapes, initial weights and growth of the two networks.

A network's parameters live in one flat vector, layer after layer, each as its matrix
``[n_in, n_out]`` (row-major) followed by its bias ``[n_out]``. So Adam is one operation over the
vector, and a checkpoint is a handful of arrays. The critic's output layer has no bias: its
gradient is exactly zero, and Adam would turn rounding noise into drift.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenomics.gan.settings import Networks

Floats = NDArray[np.float64]

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946

_DEFAULTS = Networks()


class Layer(NamedTuple):
    """Where a layer's parameters lie in the flat vector."""

    n_in: int
    n_out: int
    weight: slice
    bias: slice | None


@dataclass(frozen=True)
class Architecture:
    """Layer widths of a multilayer perceptron, input to output.

    Attributes
    ----------
    widths : tuple of int
        E.g. ``(150, 50, 100, 200, 150)``.
    output_bias : bool
        Whether the output layer has a bias.

    Examples
    --------
    >>> critic = critic_architecture(150, (200, 100, 50))
    >>> critic.widths, critic.n_parameters
    ((150, 200, 100, 50, 1), 55400)
    """

    widths: tuple[int, ...]
    output_bias: bool

    @property
    def layers(self) -> list[Layer]:
        """Layers with their places in the flat vector."""
        layers, start = [], 0
        for index, (n_in, n_out) in enumerate(pairwise(self.widths)):
            end = start + n_in * n_out
            has_bias = self.output_bias or index < len(self.widths) - 2
            bias = slice(end, end + n_out) if has_bias else None
            layers.append(Layer(n_in, n_out, slice(start, end), bias))
            start = end + n_out * has_bias
        return layers

    @property
    def n_parameters(self) -> int:
        """Length of the flat vector."""
        last = self.layers[-1]
        return (last.bias or last.weight).stop

    @property
    def hidden(self) -> tuple[int, ...]:
        """Widths of the hidden layers."""
        return self.widths[1:-1]

    def initial(self, rng: np.random.Generator, settings: Networks = _DEFAULTS) -> Floats:
        """Draw Kaiming-normal weights and biases.

        Parameters
        ----------
        rng : numpy.random.Generator
        settings : Networks
            Gain and biases; by default sqrt(2), as He et al. (2015) and PyTorch's
            ``kaiming_normal_`` have it, and zero.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        parameters = np.zeros(self.n_parameters)
        # the square of sqrt(2) is 2, but for its last bit
        variance = float(f"{settings.initial_gain**2:.15g}")
        *inner, top = self.layers
        for layer in (*inner, top):
            parameters[layer.weight] = rng.normal(
                0.0, math.sqrt(variance / layer.n_in), layer.n_in * layer.n_out
            )
            if settings.initial_biases == "uniform" and layer is not top:
                limit = 1 / math.sqrt(layer.n_in)
                parameters[layer.bias] = rng.uniform(-limit, limit, layer.n_out)
        if top.bias is not None:
            parameters[top.bias] = settings.initial_output_bias
        return parameters


def generator_architecture(n_features: int, hidden: Sequence[int]) -> Architecture:
    """Noise of size p -> hidden layers -> p features, linear output (paper, GAN architecture)."""
    return Architecture((n_features, *hidden, n_features), output_bias=True)


def critic_architecture(n_features: int, hidden: Sequence[int]) -> Architecture:
    """P features -> hidden layers, its own from input to output -> one value, linear output."""
    return Architecture((n_features, *hidden, 1), output_bias=False)


@dataclass(frozen=True)
class Weights:
    """Parameters of a generator and a critic.

    Attributes
    ----------
    n_features : int
        Features p of a sample, and size of the noise.
    hidden, critic_hidden : tuple of int
        Hidden layers of the generator and of the critic, input to output.
    generator, critic : ndarray
        Flat parameter vectors; of a trained network in the precision of its training.

    Examples
    --------
    >>> weights = initial_weights(150, (50, 100), np.random.default_rng(0))
    >>> grown = grow(weights, np.random.default_rng(1), Networks((50, 100, 200)))
    >>> grown.hidden, grown.critic_hidden
    ((50, 100, 200), (200, 100, 50))
    """

    n_features: int
    hidden: tuple[int, ...]
    critic_hidden: tuple[int, ...]
    generator: Floats
    critic: Floats

    @property
    def generator_architecture(self) -> Architecture:
        """Shape of the generator."""
        return generator_architecture(self.n_features, self.hidden)

    @property
    def critic_architecture(self) -> Architecture:
        """Shape of the critic."""
        return critic_architecture(self.n_features, self.critic_hidden)


def initial_weights(
    n_features: int,
    hidden: Sequence[int],
    rng: np.random.Generator,
    settings: Networks = _DEFAULTS,
    critic_hidden: Sequence[int] | None = None,
) -> Weights:
    """Draw both networks anew.

    Parameters
    ----------
    n_features : int
    hidden : sequence of int
        Hidden layers of the generator.
    rng : numpy.random.Generator
    settings : Networks
        How weights and biases are drawn.
    critic_hidden : sequence of int, optional
        Hidden layers of the critic; by default the generator's reversed.

    Returns
    -------
    Weights
    """
    critic_hidden = tuple(hidden)[::-1] if critic_hidden is None else tuple(critic_hidden)
    generator = generator_architecture(n_features, hidden).initial(rng, settings)
    critic = critic_architecture(n_features, critic_hidden).initial(rng, settings)
    return Weights(n_features, tuple(hidden), critic_hidden, generator, critic)


def grow(weights: Weights, rng: np.random.Generator, settings: Networks) -> Weights:
    """Add one hidden layer: the generator's last, the critic's first or last (progressive growing).

    Layers that stay keep their weights. The generator's output layer is drawn anew, and so are the
    critic's layers that change size: the two lowest ones, or its output layer.

    Parameters
    ----------
    weights : Weights
        Trained networks.
    rng : numpy.random.Generator
    settings : Networks
        Widths, where the critic grows, and how new layers are drawn.

    Returns
    -------
    Weights
    """
    n_layers = len(weights.hidden) + 1
    hidden, critic_hidden = settings.hidden[:n_layers], settings.critic_hidden(n_layers)
    grown = initial_weights(weights.n_features, hidden, rng, settings, critic_hidden)
    kept = weights.generator_architecture.layers[-1].weight.start
    grown.generator[:kept] = weights.generator[:kept]
    first, *_, last = weights.critic_architecture.layers
    if settings.critic_grows == "input":
        kept = weights.critic.size - first.bias.stop  # type: ignore[union-attr]
        grown.critic[-kept:] = weights.critic[-kept:]
    else:
        kept = last.weight.start
        grown.critic[:kept] = weights.critic[:kept]
    return grown
