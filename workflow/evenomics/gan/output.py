"""Mean, SD and noise of a generator's output, set once it is trained (see docs/generator.md).

On a few dozen samples a GAN misses mean and spread of its class, which are known well enough. They
go into the weights of the output layer: a generator whose output is set samples as fast as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from evenomics.gan.generator import Generator, Noise
from evenomics.gan.networks import Floats, generator_architecture
from evenomics.gan.settings import Output

# samples that the generator's own moments are taken from: its mean is known to 1% of an SD
N_MOMENTS = 10_000
# numbers that they may take at a time
N_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Moments:
    """Mean and variance of a class, as far as a training draw tells.

    Attributes
    ----------
    mean, variance : ndarray of shape (n_features,)
        Of the class itself; variances with n - 1, zero for a single sample.
    overall : ndarray of shape (n_features,)
        Mean of all samples of the draw.
    within : ndarray of shape (n_features,)
        Variance within classes, of all classes of the draw.
    n, n_all : int
        Samples of the class, and of the draw.
    residuals : ndarray of shape (n_all, n_features)
        Every sample of the draw less the mean of its class.

    Examples
    --------
    >>> moments = Moments.of(np.array([[0.0], [2.0]]), [np.array([[4.0], [6.0], [8.0]])])
    >>> moments.mean, moments.variance, moments.overall, moments.within
    (array([1.]), array([2.]), array([4.]), array([3.33333333]))
    """

    mean: Floats
    variance: Floats
    overall: Floats
    within: Floats
    n: int
    n_all: int
    residuals: Floats

    @classmethod
    def of(cls, samples: Floats, others: Sequence[Floats]) -> "Moments":
        """Take the moments of a class, and of it with the other classes of the draw."""
        classes = [samples, *others]
        centred = [x - x.mean(axis=0) for x in classes]
        residuals = np.concatenate(centred)
        return cls(
            mean=samples.mean(axis=0),
            variance=_per_degree(centred[0], len(samples) - 1),
            overall=np.concatenate(classes).mean(axis=0),
            within=_per_degree(residuals, len(residuals) - len(classes)),
            n=len(samples),
            n_all=len(residuals),
            residuals=residuals,
        )

    @property
    def mean_shrinkage(self) -> float:
        """Weight of the overall mean in the positive-part James-Stein estimate of the class mean.

        (1 - 2 / p) times the expected squared distance between the two means if the classes had
        the same, over that observed; at most 1 (James and Stein 1961; here with the variances
        within classes, which are not all the same, in place of one).
        """
        distance = ((self.mean - self.overall) ** 2).sum()
        by_chance = self.within.sum() * (1 / self.n - 1 / self.n_all)
        by_chance *= max(0.0, 1 - 2 / len(self.mean))
        return float(min(1.0, by_chance / distance)) if distance > by_chance else 1.0

    @property
    def variance_shrinkage(self) -> float:
        """Weight of the variances within classes against those of the class itself.

        Sum of the variances of the latter, 2 v^2 / (n - 1) for normal features, over the sum of
        the squared differences; at most 1 (Opgen-Rhein and Strimmer 2007).
        """
        if self.n < 2:
            return 1.0
        error = (2 * self.variance**2 / (self.n - 1)).sum()
        distance = ((self.variance - self.within) ** 2).sum()
        return float(min(1.0, error / distance)) if distance > error else 1.0

    def mean_for(self, setting: str, trained: Floats) -> Floats:
        """Return the mean that a setting asks for (see `Output`)."""
        if setting == "trained":
            return trained
        weight = self.mean_shrinkage if setting == "shrunk" else 0.0
        return self.mean + weight * (self.overall - self.mean)

    def sd_for(self, setting: str, trained: Floats) -> Floats:
        """Return the SD that a setting asks for."""
        if setting == "trained":
            return trained
        weights = {"class": 0.0, "pooled": 1.0, "shrunk": self.variance_shrinkage}
        return np.sqrt(self.variance + weights[setting] * (self.within - self.variance))


def _per_degree(centred: Floats, degrees: int) -> Floats:
    return (centred**2).sum(axis=0) / max(degrees, 1)


def set_output(
    generator: Generator, samples: Floats, others: Sequence[Floats], output: Output
) -> Generator:
    """Set the mean, the SD and the noise of what a generator gives.

    Parameters
    ----------
    generator : Generator
        Trained on the samples.
    samples : ndarray of shape (n_samples, n_features)
        Scaled samples of the class.
    others : sequence of ndarray of shape (n_samples, n_features)
        Scaled samples of the other classes of the draw.
    output : Output

    Returns
    -------
    Generator
        The same one if the output is to stay as trained. A feature that the generator holds
        constant stays so, at its mean.
    """
    if output == Output("trained", "trained", 0.0):
        return generator
    moments = Moments.of(samples, others)
    mean, sd = _generated_moments(generator)
    to_mean, to_sd = moments.mean_for(output.mean, mean), moments.sd_for(output.sd, sd)
    factor = np.sqrt(1 - output.noise**2) * np.divide(to_sd, sd, where=sd > 0, out=np.ones_like(sd))
    *_, top = generator_architecture(generator.n_features, generator.hidden).layers
    parameters = generator.parameters.copy()
    parameters[top.weight] = (parameters[top.weight].reshape(-1, top.n_out) * factor).ravel()
    parameters[top.bias] = (parameters[top.bias] - mean) * factor + to_mean
    noise = _noise(moments.residuals, output.noise) if output.noise else None
    return replace(generator, parameters=parameters, noise=noise)


def _generated_moments(generator: Generator) -> tuple[Floats, Floats]:
    """Mean and SD of every feature, from a fixed large sample, a part at a time."""
    rng = np.random.default_rng(0)
    # sums of squares are taken about a value near the mean
    near = generator.sample(1, np.random.default_rng(1))[0]
    n_rows = max(1, min(N_MOMENTS, N_NUMBERS // generator.n_features))
    total, square = np.zeros((2, generator.n_features))
    for first in range(0, N_MOMENTS, n_rows):
        part = generator.sample(min(n_rows, N_MOMENTS - first), rng) - near
        total += part.sum(axis=0)
        square += (part**2).sum(axis=0)
    mean = total / N_MOMENTS
    return near + mean, np.sqrt(np.maximum(square / N_MOMENTS - mean**2, 0.0))


def _noise(residuals: Floats, weight: float) -> Noise:
    """Noise with the Ledoit-Wolf covariance of the residuals (Ledoit and Wolf 2004), weighted.

    The covariance is kept as a triangular factor, not as the residuals themselves: with the class
    mean these would be the samples of the draw.
    """
    shrinkage = ledoit_wolf_shrinkage(residuals, assume_centered=True)
    factor = np.linalg.qr(residuals, mode="r")
    variance = (residuals**2).mean()
    return Noise(
        weight * np.sqrt((1 - shrinkage) / len(residuals)) * factor,
        float(weight * np.sqrt(shrinkage * variance)),
    )
