"""A trained generator: plain NumPy, so that whoever only samples needs no torch."""

from dataclasses import dataclass

import numpy as np

from evenomics.gan.networks import (
    SELU_ALPHA,
    SELU_SCALE,
    Architecture,
    Floats,
    Weights,
    generator_architecture,
)


@dataclass(frozen=True)
class Noise:
    """Normal noise with the covariance factor' factor + sd^2 I.

    Attributes
    ----------
    factor : ndarray of shape (rank, n_features)
    sd : float
        Of the part that is independent in every feature.

    Examples
    --------
    >>> together = Noise(np.ones((1, 2)), sd=0.0).sample(3, np.random.default_rng(0))
    >>> bool((together[:, 0] == together[:, 1]).all())
    True
    """

    factor: Floats
    sd: float

    def sample(self, n_samples: int, rng: np.random.Generator) -> Floats:
        """Draw noise, shape (n_samples, n_features)."""
        rank, n_features = self.factor.shape
        along = rng.standard_normal((n_samples, rank)) @ self.factor
        return along + self.sd * rng.standard_normal((n_samples, n_features))


@dataclass(frozen=True)
class Generator:
    """Turns noise into samples, in the scaled space it was trained in.

    Attributes
    ----------
    n_features : int
        Features p of a sample, and size of the noise.
    hidden : tuple of int
        Widths of the hidden layers.
    parameters : ndarray
        Flat parameters (see `networks`).
    noise : Noise or None
        Added to what the network gives.
    calibrated : Generator or None
        The same with its mean, SD and noise set after training (see `output`).

    Examples
    --------
    >>> from evenomics.gan.networks import initial_weights
    >>> weights = initial_weights(5, (8, 16), np.random.default_rng(0))
    >>> Generator.from_weights(weights).sample(3, np.random.default_rng(1)).shape
    (3, 5)
    """

    n_features: int
    hidden: tuple[int, ...]
    parameters: Floats
    noise: Noise | None = None
    calibrated: "Generator | None" = None

    @classmethod
    def from_weights(cls, weights: Weights) -> "Generator":
        """Take the generator out of a pair of networks."""
        return cls(weights.n_features, weights.hidden, weights.generator)

    def sample(self, n_samples: int, rng: np.random.Generator) -> Floats:
        """Generate samples from standard normal noise, dropout off.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        architecture = generator_architecture(self.n_features, self.hidden)
        latent = rng.standard_normal((n_samples, self.n_features))
        generated = run_network(self.parameters, architecture, latent)
        return generated if self.noise is None else generated + self.noise.sample(n_samples, rng)


def run_network(parameters: Floats, architecture: Architecture, x: Floats) -> Floats:
    """Run a network without dropout.

    Parameters
    ----------
    parameters : ndarray of shape (n_parameters,)
    architecture : Architecture
    x : ndarray of shape (n_rows, n_in)

    Returns
    -------
    ndarray of shape (n_rows, n_out)
    """
    *inner, top = architecture.layers
    for layer in (*inner, top):
        x = x @ parameters[layer.weight].reshape(layer.n_in, layer.n_out)
        if layer.bias is not None:
            x = x + parameters[layer.bias]
        if layer is not top:
            tail = SELU_ALPHA * np.expm1(np.minimum(x, 0.0))
            x = SELU_SCALE * np.where(x > 0, x, tail)
    return x
