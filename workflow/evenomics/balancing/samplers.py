"""Over-samplers that generate samples, for imbalanced-learn.

Use them in pipelines of imbalanced-learn, which balance training folds only. Balancing before a
split would leak information about test samples into training.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from imblearn.over_sampling.base import BaseOverSampler
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from evenomics.config.names import names
from evenomics.gan.engines.base import Training
from evenomics.gan.pretraining import pretrain
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain
from evenomics.gan.settings import GanSettings
from evenomics.messages import some
from evenomics.preparation.scaling import SkewScaler


class SampleGenerator(Protocol):
    """A generator of samples of one class."""

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return samples, shape (n_samples, n_features)."""


class _GenerativeOverSampler(BaseOverSampler):
    """Appends generated samples until `sampling_strategy` is met; subclasses make generators."""

    def _fit_generators(
        self, X: NDArray[Any], y: NDArray[Any], wanted: list[Any], rng: np.random.RandomState
    ) -> Mapping[Any, SampleGenerator]:
        raise NotImplementedError

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
        rng = check_random_state(self.random_state)
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n > 0}
        kind: Any = type(X) if issparse(X) else np.asarray
        dense = X.toarray() if issparse(X) else X  # type: ignore[attr-defined]
        generators = self._fit_generators(dense, y, list(wanted), rng)
        draws = np.random.default_rng(rng.randint(np.iinfo(np.int32).max))
        rows, labels = [dense], [y]
        for label, n_samples in wanted.items():
            generated = generators[label].sample(n_samples, draws)
            rows.append(generated.astype(X.dtype, copy=False))
            labels.append(np.full(n_samples, label, dtype=y.dtype))
        return kind(np.concatenate(rows)), np.concatenate(labels)


class GeneratorOverSampler(_GenerativeOverSampler):
    """Over-sample with trained generators.

    Parameters
    ----------
    generators : mapping of class label to object with ``sample(n_samples, rng)``
        One for every class to be enlarged.
    sampling_strategy : str, dict, float or callable, default="auto"
        As in imbalanced-learn.
    random_state : int, RandomState or None, default=None

    Examples
    --------
    >>> class Ones:
    ...     def sample(self, n_samples, rng):
    ...         return np.ones((n_samples, 2))
    ...
    >>> X, y = np.zeros((6, 2)), np.repeat(["control", "case"], [4, 2])
    >>> X, y = GeneratorOverSampler({"case": Ones()}).fit_resample(X, y)
    >>> X[-2:].tolist(), y[-2:].tolist()
    ([[1.0, 1.0], [1.0, 1.0]], ['case', 'case'])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's protocol
        **BaseOverSampler._parameter_constraints,
        "generators": [Mapping],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        generators: Mapping[Any, SampleGenerator],
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.generators = generators
        self.random_state = random_state

    def _fit_generators(
        self, X: NDArray[Any], y: NDArray[Any], wanted: list[Any], rng: np.random.RandomState
    ) -> Mapping[Any, SampleGenerator]:
        missing = [label for label in wanted if label not in self.generators]
        if missing:
            raise ValueError(
                f"no generator for the class {', '.join(map(str, missing))}; there are generators "
                f"for {', '.join(map(str, self.generators))}"
            )
        return self.generators


class _ShrunkCovariance:
    """The Ledoit-Wolf covariance of residuals, to draw from."""

    def __init__(self, residuals: NDArray[np.float64]) -> None:
        self.residuals = residuals
        # the residual of a single sample is 0, and so is its covariance
        self.shrinkage = (
            ledoit_wolf_shrinkage(residuals, assume_centered=True) if len(residuals) > 1 else 0.0
        )

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws from a normal distribution of this covariance and mean 0."""
        # covariance = (1 - s) X'X / n + s m I: the sum of draws from both terms has it, without a
        # p x p decomposition
        n, p = self.residuals.shape
        variance = (self.residuals**2).mean()
        along = rng.standard_normal((n_samples, n)) @ self.residuals
        across = rng.standard_normal((n_samples, p))
        return (
            np.sqrt((1 - self.shrinkage) / n) * along + np.sqrt(self.shrinkage * variance) * across
        )


@dataclass(frozen=True)
class _SmoothedBootstrap:
    """Samples of a class, shrunk towards their mean, plus noise that makes up for it."""

    samples: NDArray[np.float64]
    noise: _ShrunkCovariance
    bandwidth: float

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        mean, h = self.samples.mean(axis=0), self.bandwidth
        drawn = self.samples[rng.integers(len(self.samples), size=n_samples)]
        return mean + np.sqrt(1 - h**2) * (drawn - mean) + h * self.noise.sample(n_samples, rng)


class GaussianOverSampler(_GenerativeOverSampler):
    """Over-sample each class from a normal distribution with Ledoit-Wolf covariance.

    A simple baseline for generative models.

    Parameters
    ----------
    sampling_strategy : str, dict, float or callable, default="auto"
        As in imbalanced-learn.
    random_state : int, RandomState or None, default=None

    References
    ----------
    Ledoit, Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices.

    Examples
    --------
    >>> X, y = np.arange(18.0).reshape(9, 2), np.repeat(["control", "case"], [6, 3])
    >>> X, y = GaussianOverSampler(random_state=1).fit_resample(X, y)
    >>> int((y == "case").sum())
    6
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's protocol
        **BaseOverSampler._parameter_constraints,
        "random_state": ["random_state"],
    }

    def __init__(self, *, sampling_strategy: Any = "auto", random_state: Any = None) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state

    def _fit_generators(
        self, X: NDArray[Any], y: NDArray[Any], wanted: list[Any], rng: np.random.RandomState
    ) -> Mapping[Any, SampleGenerator]:
        samples = {label: X[y == label].astype(np.float64) for label in wanted}
        return {
            # of bandwidth 1: the samples but give the mean
            label: _SmoothedBootstrap(of, _ShrunkCovariance(of - of.mean(axis=0)), bandwidth=1.0)
            for label, of in samples.items()
        }


def _aligned_external(sampler: Any) -> NDArray[Any]:
    """Return the external samples with the features of the training samples, in their order."""
    external = sampler.external
    # scikit-learn has the names of columns if all are strings
    features = getattr(sampler, "feature_names_in_", None)
    if features is not None and isinstance(external, pd.DataFrame):
        if missing := [name for name in features if name not in external.columns]:
            raise ValueError(
                f"external lacks {len(missing)} of the {len(features)} features of X: "
                f"{some(missing)}; both need the same names (or pass arrays, whose "
                "features are matched by position)"
            )
        external = external[features]
    external = np.asarray(external)
    if external.shape[1] != sampler.n_features_in_:
        raise ValueError(
            f"external has {external.shape[1]} features, X has {sampler.n_features_in_}; "
            "both need the same features in the same order (data frames: each name once)"
        )
    return external


class SmoothedBootstrapOverSampler(_GenerativeOverSampler):
    """Over-sample each class from its samples, with noise of the covariance that classes share.

    A new sample is the mean of the class, plus sqrt(1 - h^2) times the deviation of a random sample
    of the class from it, plus h times normal noise. The noise has the pooled within-class
    covariance, shrunk by Ledoit and Wolf's rule. So new samples have the mean of the class, and
    (1 - h^2) of its covariance plus h^2 of the pooled one, for any h.

    Parameters
    ----------
    bandwidth : float, default=0.5
        h: 0 copies samples, 1 draws from a normal distribution.
    external : array or DataFrame of shape (n_samples, n_features) or None, default=None
        Unlabelled samples whose deviations from their mean add to the pooled covariance. If both
        are data frames, features are matched by name, otherwise by position.
    sampling_strategy : str, dict, float or callable, default="auto"
        As in imbalanced-learn.
    random_state : int, RandomState or None, default=None

    References
    ----------
    Silverman, Young (1987), The bootstrap: to smooth or not to smooth?
    Ledoit, Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices.

    Examples
    --------
    >>> X, y = np.arange(18.0).reshape(9, 2), np.repeat(["control", "case"], [6, 3])
    >>> X, y = SmoothedBootstrapOverSampler(bandwidth=0.5, random_state=1).fit_resample(X, y)
    >>> int((y == "case").sum())
    6
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's protocol
        **BaseOverSampler._parameter_constraints,
        "bandwidth": [Interval(Real, 0, 1, closed="both")],
        "external": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        bandwidth: float = 0.5,
        external: Any = None,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.bandwidth = bandwidth
        self.external = external
        self.random_state = random_state

    def _fit_generators(
        self, X: NDArray[Any], y: NDArray[Any], wanted: list[Any], rng: np.random.RandomState
    ) -> Mapping[Any, SampleGenerator]:
        groups = [X[y == label].astype(np.float64) for label in np.unique(y)]
        if self.external is not None:
            groups.append(_aligned_external(self).astype(np.float64))
        noise = _ShrunkCovariance(np.concatenate([of - of.mean(axis=0) for of in groups]))
        return {
            label: _SmoothedBootstrap(X[y == label].astype(np.float64), noise, self.bandwidth)
            for label in wanted
        }


class WGANOverSampler(_GenerativeOverSampler):
    """Over-sample each class with a Wasserstein GAN, pre-trained on unlabelled samples.

    For any number of classes; the most frequent one is the over-represented one.

    Parameters
    ----------
    external : array or DataFrame of shape (n_samples, n_features) or None, default=None
        Unlabelled samples to pre-train on; None uses the training samples. If both are data frames,
        features are matched by name: their order may differ, and other columns are left out.
        Otherwise they are matched by position, and only their number is checked.
    alpha : float, default=0.0
        Weight of the spread term in the generator's loss.
    settings : GanSettings or None, default=None
        Settings of the method; None uses the paper's, which take minutes to train.
    calibrated : bool, default=False
        Whether mean, SD and noise of what the generators give are set after training, as
        ``settings.output`` says.
    engine : {"auto", "cpu", "torch", "cuda"}, default="auto"
    n_jobs : int, default=1
        Cores to train on.
    sampling_strategy : str, dict, float or callable, default="auto"
        As in imbalanced-learn.
    random_state : int, RandomState or None, default=None

    Attributes
    ----------
    training_table_ : list of dict
        Per class: learning rates, epochs, and the rules that chose them.

    References
    ----------
    Cusworth, Gkoutos, Acharjee (2024), BMC Medical Informatics and Decision Making 24, 90.

    Examples
    --------
    >>> settings = GanSettings.from_mapping(
    ...     {
    ...         "networks": {"hidden": [4]},
    ...         "pretraining": {"epochs": [5], "critic_updates": [1], "dropout": [0.5]},
    ...         "retraining": {"epochs_1": 20, "epochs_2": 20},
    ...         "choice": {"epoch_choice": "held_out"},
    ...     }
    ... )
    >>> X, y = np.arange(40.0).reshape(20, 2), np.repeat(["control", "case"], [12, 8])
    >>> sampler = WGANOverSampler(settings=settings, engine="torch", random_state=1)
    >>> X, y = sampler.fit_resample(X, y)
    >>> X.shape, int((y == "case").sum())
    ((24, 2), 12)
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's protocol
        **BaseOverSampler._parameter_constraints,
        "external": ["array-like", None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "settings": [GanSettings, None],
        "calibrated": ["boolean"],
        # their names only: the engines themselves load torch and numba
        "engine": [StrOptions({"auto", *names("engines")})],
        "n_jobs": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        external: Any = None,
        alpha: float = 0.0,
        settings: GanSettings | None = None,
        calibrated: bool = False,
        engine: str = "auto",
        n_jobs: int = 1,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.external = external
        self.alpha = alpha
        self.settings = settings
        self.calibrated = calibrated
        self.engine = engine
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_generators(
        self, X: NDArray[Any], y: NDArray[Any], wanted: list[Any], rng: np.random.RandomState
    ) -> Mapping[Any, SampleGenerator]:
        if not wanted:
            self.training_table_: list[dict[str, Any]] = []
            return {}
        settings = GanSettings() if self.settings is None else self.settings
        training = Training(engine=self.engine, threads=self.n_jobs)
        seed = int(rng.randint(np.iinfo(np.int32).max))
        external = X if self.external is None else _aligned_external(self)
        scaler = SkewScaler().fit(X)
        pretrained = pretrain(
            SkewScaler().fit_transform(external), settings, seed=seed, training=training
        )
        over = Counter(y.tolist()).most_common(1)[0][0]
        scaled = scaler.transform(X)
        of_class = {label: scaled[y == label] for label in np.unique(y)}
        requests = [
            GanRequest("all", str(label), of_class[label], self.alpha, label == over)
            for label in wanted
        ]
        if self.calibrated:
            requests = [
                replace(request, others=tuple(of_class[o] for o in of_class if o != label))
                for label, request in zip(wanted, requests, strict=True)
            ]
        trained = retrain(requests, pretrained, settings, seed=seed, training=training)
        self.training_table_ = [gan.chosen for gan in trained]
        return {
            label: _Unscaled(gan.generator.calibrated or gan.generator, scaler)
            for label, gan in zip(wanted, trained, strict=True)
        }


class _Unscaled:
    """A generator of samples in the units of the data."""

    def __init__(self, generator: SampleGenerator, scaler: SkewScaler) -> None:
        self.generator = generator
        self.scaler = scaler

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        return self.scaler.inverse_transform(self.generator.sample(n_samples, rng))


class ExpandedOverSampler(BaseOverSampler):
    """Enlarge all classes to the same size, beyond the largest one (the paper's ExpandGAN).

    Parameters
    ----------
    sampler : over-sampler or None, default=None
        Generates the samples; its ``sampling_strategy`` is set. None is a `GaussianOverSampler`.
    multiplier : float, default=1.0
        Every class gets ``round(n * multiplier)`` samples beyond those of `sampling_strategy`,
        where n is the size of the largest class.
    sampling_strategy : str, dict, float or callable, default="all"
        As in imbalanced-learn; "all" brings every class to n.
    random_state : int, RandomState or None, default=None
        Of the sampler.

    Examples
    --------
    >>> X, y = np.arange(18.0).reshape(9, 2), np.repeat(["control", "case"], [6, 3])
    >>> X, y = ExpandedOverSampler(multiplier=0.5, random_state=1).fit_resample(X, y)
    >>> int((y == "control").sum()), int((y == "case").sum())
    (9, 9)
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's protocol
        **BaseOverSampler._parameter_constraints,
        "sampler": [HasMethods(["fit_resample", "set_params"]), None],
        "multiplier": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        sampler: BaseSampler | None = None,
        *,
        multiplier: float = 1.0,
        sampling_strategy: Any = "all",
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.sampler = sampler
        self.multiplier = multiplier
        self.random_state = random_state

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
        counts = Counter(y.tolist())
        more = round(max(counts.values()) * self.multiplier)
        targets = {label: counts[label] + n + more for label, n in self.sampling_strategy_.items()}
        sampler = GaussianOverSampler() if self.sampler is None else clone(self.sampler)
        sampler.set_params(sampling_strategy=targets, random_state=self.random_state)
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return sampler.fit_resample(X, y)
        # the sampler may use the names of features
        kind: Any = type(X) if issparse(X) else np.asarray
        dense = X.toarray() if issparse(X) else X  # type: ignore[attr-defined]
        X_new, y_new = sampler.fit_resample(pd.DataFrame(dense, columns=names), y)
        return kind(X_new), y_new
