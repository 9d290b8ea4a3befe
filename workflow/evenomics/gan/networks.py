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

Floats = NDArray[np.float64]

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


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
    >>> critic = critic_architecture(150, (50, 100, 200))
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

    def initial(self, rng: np.random.Generator) -> Floats:
        """Draw Kaiming-normal weights and zero biases.

        The standard deviation is sqrt(2 / n_in), as He et al. (2015) and PyTorch's
        ``kaiming_normal_`` have it; the paper names the scheme and no gain.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        parameters = np.zeros(self.n_parameters)
        for layer in self.layers:
            parameters[layer.weight] = rng.normal(
                0.0, math.sqrt(2.0 / layer.n_in), layer.n_in * layer.n_out
            )
        return parameters


def generator_architecture(n_features: int, hidden: Sequence[int]) -> Architecture:
    """Noise of size p -> hidden layers -> p features, linear output (paper, GAN architecture)."""
    return Architecture((n_features, *hidden, n_features), output_bias=True)


def critic_architecture(n_features: int, hidden: Sequence[int]) -> Architecture:
    """P features -> the generator's hidden layers reversed -> one value, linear output."""
    return Architecture((n_features, *reversed(hidden), 1), output_bias=False)


@dataclass(frozen=True)
class Weights:
    """Parameters of a generator and a critic of the same hidden layers.

    Attributes
    ----------
    n_features : int
        Features p of a sample, and size of the noise.
    hidden : tuple of int
        The generator's hidden layers; the critic has them reversed.
    generator, critic : ndarray
        Flat parameter vectors; of a trained network in the precision of its training.

    Examples
    --------
    >>> weights = initial_weights(150, (50, 100), np.random.default_rng(0))
    >>> grow(weights, 200, np.random.default_rng(1)).hidden
    (50, 100, 200)
    """

    n_features: int
    hidden: tuple[int, ...]
    generator: Floats
    critic: Floats

    @property
    def generator_architecture(self) -> Architecture:
        """Shape of the generator."""
        return generator_architecture(self.n_features, self.hidden)

    @property
    def critic_architecture(self) -> Architecture:
        """Shape of the critic."""
        return critic_architecture(self.n_features, self.hidden)


def initial_weights(n_features: int, hidden: Sequence[int], rng: np.random.Generator) -> Weights:
    """Draw both networks anew."""
    generator = generator_architecture(n_features, hidden)
    critic = critic_architecture(n_features, hidden)
    return Weights(n_features, tuple(hidden), generator.initial(rng), critic.initial(rng))


def grow(weights: Weights, width: int, rng: np.random.Generator) -> Weights:
    """Add one hidden layer: the generator's last, the critic's first (progressive growing).

    Layers that stay keep their weights. The generator's output layer and the critic's two lowest
    layers change size and are drawn anew.

    Parameters
    ----------
    weights : Weights
        Trained networks.
    width : int
        Width of the new layer.
    rng : numpy.random.Generator

    Returns
    -------
    Weights
    """
    grown = initial_weights(weights.n_features, (*weights.hidden, width), rng)
    kept = weights.generator_architecture.layers[-1].weight.start
    grown.generator[:kept] = weights.generator[:kept]
    kept = weights.critic.size - weights.critic_architecture.layers[0].bias.stop  # type: ignore[union-attr]
    grown.critic[-kept:] = weights.critic[-kept:]
    return grown
