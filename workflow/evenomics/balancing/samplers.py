"""Over-samplers that generate samples, for imbalanced-learn.

Use them in pipelines of imbalanced-learn, which balance training folds only. Balancing before a
split would leak information about test samples into training.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
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


class _Gaussian:
    """A multivariate normal distribution with a shrunk covariance."""

    def __init__(self, X: NDArray[np.float64]) -> None:
        self.mean = X.mean(axis=0)
        self.centred = X - self.mean
        # a single sample has no covariance: it is copied
        self.shrinkage = (
            ledoit_wolf_shrinkage(self.centred, assume_centered=True) if len(X) > 1 else 0.0
        )

    def sample(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        # covariance = (1 - s) X'X / n + s m I: the sum of draws from both terms has it, without a
        # p x p decomposition
        n, p = self.centred.shape
        variance = (self.centred**2).mean()
        along = rng.standard_normal((n_samples, n)) @ self.centred
        across = rng.standard_normal((n_samples, p))
        return (
            self.mean
            + np.sqrt((1 - self.shrinkage) / n) * along
            + np.sqrt(self.shrinkage * variance) * across
        )


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
        return {label: _Gaussian(X[y == label].astype(np.float64)) for label in wanted}


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
        external = X if self.external is None else self._aligned_external()
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

    def _aligned_external(self) -> NDArray[Any]:
        """Return the external samples with the features of the training samples, in their order."""
        external = self.external
        # scikit-learn has the names of columns if all are strings
        features = getattr(self, "feature_names_in_", None)
        if features is not None and isinstance(external, pd.DataFrame):
            if missing := [name for name in features if name not in external.columns]:
                raise ValueError(
                    f"external lacks {len(missing)} of the {len(features)} features of X: "
                    f"{some(missing)}; both need the same names (or pass arrays, whose "
                    "features are matched by position)"
                )
            external = external[features]
        external = np.asarray(external)
        if external.shape[1] != self.n_features_in_:
            raise ValueError(
                f"external has {external.shape[1]} features, X has {self.n_features_in_}; "
                "both need the same features in the same order (data frames: each name once)"
            )
        return external


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
