"""Umpire's model of clustered expression data, in NumPy.

Source: R package Umpire 2.0.11 (``ClinicalEngine``, ``ClinicalNoiseModel``, ``rand``, ``blur``);
Cusworth, Gkoutos, Acharjee 2024 simulate with it. Values are on a log2 intensity scale.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

_BLOCK = 3  # features per correlated block

_HITTABLE = 20  # blocks that can be hit

_HITS = 5  # blocks that each cluster hits

_PREVALENCE = {False: 100.0, True: 10.0}  # Dirichlet parameter by `weighted`

_CORRELATION = (3.0, 2.0)  # Beta parameters

_MEAN = (6.0, 1.5)  # mean and SD of a feature's mean

_SD = (44.25, 28.11)  # shape and rate of the gamma distribution of 1 / SD

_SHIFT_SD = 1.0  # SD of the shift of a hit feature


@dataclass(frozen=True, eq=False)
class ClusterModel:
    """The truth from which samples are drawn.

    Attributes
    ----------
    prevalence : numpy.ndarray of float, shape (n_clusters,)
        Probability of each cluster.
    block : numpy.ndarray of int, shape (n_features,)
        Block of each feature.
    hits : numpy.ndarray of bool, shape (n_clusters, n_blocks)
        Blocks whose means are shifted in a cluster.
    mean : numpy.ndarray of float, shape (n_features,)
        Means where a block is not hit.
    shifted_mean : numpy.ndarray of float, shape (n_features,)
        Means where it is; the same for every cluster that hits it.
    sd : numpy.ndarray of float, shape (n_features,)
        Standard deviations before noise.
    correlation : numpy.ndarray of float, shape (n_blocks,)
        Correlation between any two features of a block, before noise.
    noise_sd : numpy.ndarray of float, shape (n_features,)
        Standard deviations of the additive noise.

    Examples
    --------
    >>> model = ClusterModel.draw_parameters(np.random.default_rng(0), n_features=9)
    >>> X, clusters = model.sample(5, np.random.default_rng(1))
    >>> X.shape, clusters.shape, model.block.tolist()
    ((5, 9), (5,), [0, 0, 0, 1, 1, 1, 2, 2, 2])
    """

    prevalence: np.ndarray
    block: np.ndarray
    hits: np.ndarray
    mean: np.ndarray
    shifted_mean: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray
    noise_sd: np.ndarray

    @classmethod
    def draw_parameters(
        cls,
        rng: np.random.Generator,
        n_features: int = 150,
        n_clusters: int = 2,
        weighted: bool = False,
        noise_shape: float = 2.0,
        noise_scale: float = 0.5,
    ) -> Self:
        """Draw a truth.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        n_features : int
            Number of features; a last block may be smaller than the others.
        n_clusters : int
            Number of clusters.
        weighted : bool
            Whether prevalences may differ much: Dirichlet(10, ...) in place of Dirichlet(100, ...).
        noise_shape, noise_scale : float
            Gamma distribution of the features' noise SDs.

        Returns
        -------
        ClusterModel
        """
        block = np.arange(n_features) // _BLOCK
        n_blocks = int(block[-1]) + 1
        hittable = min(_HITTABLE, n_blocks)
        hits = np.zeros((n_clusters, n_blocks), dtype=bool)
        for cluster in range(n_clusters):
            hit = rng.choice(hittable, size=min(_HITS, hittable), replace=False)
            hits[cluster, hit] = True
        shape, rate = _SD
        mean = rng.normal(*_MEAN, size=n_features)
        return cls(
            prevalence=rng.dirichlet(np.full(n_clusters, _PREVALENCE[weighted])),
            block=block,
            hits=hits,
            mean=mean,
            shifted_mean=mean + rng.normal(0.0, _SHIFT_SD, size=n_features),
            sd=1.0 / rng.gamma(shape, 1.0 / rate, size=n_features),
            correlation=rng.beta(*_CORRELATION, size=n_blocks),
            noise_sd=rng.gamma(noise_shape, noise_scale, size=n_features),
        )

    def with_other_noise(
        self, rng: np.random.Generator, noise_shape: float = 2.0, noise_scale: float = 0.5
    ) -> Self:
        """Return the same truth with noise SDs that are drawn anew; see `draw_parameters`."""
        noise_sd = rng.gamma(noise_shape, noise_scale, size=len(self.noise_sd))
        return replace(self, noise_sd=noise_sd)

    @property
    def means(self) -> np.ndarray:
        """Mean of each feature in each cluster, shape (n_clusters, n_features)."""
        return np.where(self.hits[:, self.block], self.shifted_mean, self.mean)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance in every cluster, noise included, shape (n_features, n_features)."""
        same = self.block[:, None] == self.block
        covariance = same * self.correlation[self.block] * np.outer(self.sd, self.sd)
        np.fill_diagonal(covariance, self.sd**2 + self.noise_sd**2)
        return covariance

    @property
    def informative(self) -> np.ndarray:
        """Features whose mean is not the same in all clusters, bool of shape (n_features,)."""
        clusters = self.hits[:, self.block].sum(axis=0)
        return (clusters > 0) & (clusters < len(self.hits))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw samples.

        Parameters
        ----------
        n : int
            Number of samples.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        X : numpy.ndarray of float, shape (n, n_features)
            Values, noise included.
        labels : numpy.ndarray of int, shape (n,)
            Cluster of each sample, from 0.
        """
        n_features, n_blocks = len(self.mean), len(self.correlation)
        labels = rng.choice(len(self.prevalence), size=n, p=self.prevalence)
        # An exchangeable correlation rho >= 0 is a shared part of variance rho and an own one.
        rho = self.correlation[self.block]
        shared = rng.standard_normal((n, n_blocks))[:, self.block]
        own = rng.standard_normal((n, n_features))
        noise = rng.standard_normal((n, n_features)) * self.noise_sd
        signal = self.sd * (np.sqrt(rho) * shared + np.sqrt(1.0 - rho) * own)
        return self.means[labels] + signal + noise, labels
