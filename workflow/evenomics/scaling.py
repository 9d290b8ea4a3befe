"""Scaling that follows a feature's skewness, as a scikit-learn transformer."""

import json
import logging
from typing import Any, Literal, Self

import numpy as np
from scipy.stats import skewtest
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import PowerTransformer, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from evenomics.cohort import Cohort
from evenomics.randomness import stream
from evenomics.tables import some

logger = logging.getLogger(__name__)

_SMALLEST_SKEWTEST = 8  # below, scipy.stats.skewtest is not defined
_SMALLEST_IQR = 0.01  # of a standard deviation; below, dividing by the IQR blows a feature up
_WIDENING = 10.0  # how many widths beyond the training range a generated value may come to lie


class SkewScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Yeo-Johnson for skewed features, robust or standard scaling for the others.

    A feature is skewed where D'Agostino's test says so (``scipy.stats.skewtest``, two-sided,
    p < `alpha`). Its power transform is standardised. With fewer than eight samples the test is
    not defined and no feature counts as skewed. A feature whose fitted power transform cannot be
    undone to 1e-6 of its range (it can degenerate on extreme values) is left unskewed, and the log
    says so. Beyond the training range a power transform goes on as its tangent: the power itself
    would carry a new sample that lies a little outside to a million standard deviations. A feature
    whose interquartile range is below a hundredth of its standard deviation (mostly zeros, say) is
    divided by the latter. A constant feature is only centred.

    Source: Cusworth, Gkoutos, Acharjee 2024, Methods (scaling); its text names both robust and
    standard scaling, so that is a parameter.

    Parameters
    ----------
    alpha : float
        Level of the skewness test.
    unskewed : {"robust", "standard"}
        Scaling of the other features: (x - median) / interquartile range, or (x - mean) / SD.

    Attributes
    ----------
    skewed_ : numpy.ndarray of bool, shape (n_features,)
        Features that are power-transformed.
    lambdas_ : numpy.ndarray of float, shape (n_features,)
        Exponents of Yeo-Johnson; 1, which changes nothing, where a feature is not skewed.
    center_, scale_ : numpy.ndarray of float, shape (n_features,)
        What is subtracted and divided by, after the power transform.
    lower_, upper_ : numpy.ndarray of float, shape (n_features,)
        Range of the training samples, in the user's unit.
    """

    def __init__(
        self, alpha: float = 0.05, unskewed: Literal["robust", "standard"] = "robust"
    ) -> None:
        self.alpha = alpha
        self.unskewed = unskewed

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn transform, centre and scale of every feature.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, n_features)
            Training samples.
        y : None
            Ignored.

        Returns
        -------
        SkewScaler
        """
        if self.unskewed not in ("robust", "standard"):
            raise ValueError(f"unskewed must be 'robust' or 'standard', found {self.unskewed!r}")
        X = validate_data(self, X, dtype=np.float64)
        self.lower_, self.upper_ = X.min(axis=0), X.max(axis=0)
        width = self.upper_ - self.lower_
        self.lambdas_ = np.ones(X.shape[1])
        self.skewed_ = self._is_skewed(X, width)
        if self.skewed_.any():
            self._fit_power(X, width)
        self._fit_scale(X)
        return self

    def _is_skewed(self, X: np.ndarray, width: np.ndarray) -> np.ndarray:
        skewed = np.zeros(X.shape[1], dtype=bool)
        # Rounding alone makes up the spread of a feature that varies by less than this.
        varies = np.flatnonzero(width > 1e-10 * np.abs(X).max(axis=0))
        if len(X) >= _SMALLEST_SKEWTEST and len(varies):
            # The test does not depend on the unit; tiny or huge units would under- or overflow it.
            unit = (X[:, varies] - X[:, varies].min(axis=0)) / width[varies]
            skewed[varies] = skewtest(unit, axis=0).pvalue < self.alpha
        return skewed

    def _fit_power(self, X: np.ndarray, width: np.ndarray) -> None:
        at = np.flatnonzero(self.skewed_)
        with np.errstate(all="ignore"):  # what overflows is not invertible, and is left unskewed
            self.lambdas_[at] = PowerTransformer(standardize=False).fit(X[:, at]).lambdas_
            power = self._power(at)
            there = power.transform(X[:, at])
            spread = there.std(axis=0)
            back = power.inverse_transform(there)
            undone = np.abs(back - X[:, at]).max(axis=0) <= 1e-6 * width[at]
        degenerate = at[~(undone & np.isfinite(spread) & (spread > 0))]
        if len(degenerate):
            logger.warning(
                "%d skewed features left without power transform, which degenerates on them: "
                "columns %s",
                len(degenerate),
                some(degenerate),
            )
        self.skewed_[degenerate] = False
        self.lambdas_[degenerate] = 1.0

    def _fit_scale(self, X: np.ndarray) -> None:
        standard = StandardScaler().fit(self._powered(X))
        self.center_, self.scale_ = standard.mean_.copy(), standard.scale_.copy()
        if self.unskewed == "robust":
            robust = RobustScaler().fit(X)
            by_iqr = ~self.skewed_ & (np.ptp(X, axis=0) > 0)
            iqr = np.subtract(*np.percentile(X, [75, 25], axis=0))
            by_iqr &= iqr > _SMALLEST_IQR * standard.scale_
            self.center_[~self.skewed_] = robust.center_[~self.skewed_]
            self.scale_[by_iqr] = robust.scale_[by_iqr]

    def _power(self, at: np.ndarray) -> PowerTransformer:
        """Return the fitted power transform of these features."""
        power = PowerTransformer(standardize=False)
        power.lambdas_, power.n_features_in_ = self.lambdas_[at], len(at)
        return power

    def _slope(self, X: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return the derivative of the power transform of these features."""
        exponent = self.lambdas_[at] - 1
        return (np.abs(X) + 1) ** np.where(X >= 0, exponent, -exponent)

    def _powered(self, X: np.ndarray) -> np.ndarray:
        """Return samples whose skewed features are power-transformed."""
        at = np.flatnonzero(self.skewed_)
        if not len(at):
            return X
        within = np.clip(X[:, at], self.lower_[at], self.upper_[at])
        beyond = (X[:, at] - within) * self._slope(within, at)
        X = X.copy()
        X[:, at] = self._power(at).transform(within) + beyond
        return X

    def transform(self, X: Any) -> np.ndarray:
        """Scale samples.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, n_features)
            Samples in the user's unit.

        Returns
        -------
        numpy.ndarray of float64, shape (n_samples, n_features)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return (self._powered(X) - self.center_) / self.scale_

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Bring scaled samples back to the user's unit.

        Skewed features end at the training range, widened by ten times its width on each side:
        where their power transform is all but flat, its tangent leads anywhere.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, n_features)
            Scaled samples.

        Returns
        -------
        numpy.ndarray of float64, shape (n_samples, n_features)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        X = X * self.scale_ + self.center_
        at = np.flatnonzero(self.skewed_)
        if len(at):
            power, lower, upper = self._power(at), self.lower_[at], self.upper_[at]
            within = np.clip(X[:, at], *power.transform(np.stack([lower, upper])))
            values = np.clip(power.inverse_transform(within), lower, upper)
            margin = _WIDENING * (upper - lower)
            with np.errstate(over="ignore", divide="ignore"):
                beyond = (X[:, at] - within) / self._slope(values, at)
            X[:, at] = np.clip(values + beyond, lower - margin, upper + margin)
        return X

    def to_json(self) -> str:
        """Return the fitted scaler as JSON text; every number comes back exactly."""
        check_is_fitted(self)
        state: dict[str, Any] = {"parameters": self.get_params()}
        for name in ("skewed_", "lambdas_", "center_", "scale_", "lower_", "upper_"):
            state[name] = getattr(self, name).tolist()
        if hasattr(self, "feature_names_in_"):
            state["feature_names_in_"] = [str(name) for name in self.feature_names_in_]
        return json.dumps(state, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the scaler that `to_json` wrote."""
        state = json.loads(text)
        scaler = cls(**state.pop("parameters"))
        names = state.pop("feature_names_in_", None)
        for name, values in state.items():
            setattr(scaler, name, np.array(values))
        scaler.n_features_in_ = len(scaler.center_)
        if names is not None:
            scaler.feature_names_in_ = np.array(names, dtype=object)
        return scaler


def fit_scaler(
    cohort: Cohort,
    *,
    alpha: float = 0.05,
    unskewed: Literal["robust", "standard"] = "robust",
    n_samples: int | None = None,
    seed: int = 0,
) -> SkewScaler:
    """Return a scaler fitted on a cohort, or on some of its samples.

    Parameters
    ----------
    cohort : Cohort
        The external cohort, or the training draw of an experiment; never validation samples.
    alpha, unskewed : float, str
        See `SkewScaler`.
    n_samples : int, optional
        Number of samples, drawn at random (the paper: 200 external ones); all of them by default,
        or where there are fewer.
    seed : int
        Seed of that draw.

    Returns
    -------
    SkewScaler
    """
    features = cohort.features
    if n_samples is not None and n_samples < len(features):
        rows = stream(seed, "scaler", cohort.name).choice(len(features), n_samples, replace=False)
        features = features.iloc[np.sort(rows)]
    return SkewScaler(alpha=alpha, unskewed=unskewed).fit(features)


def fit_scalers(
    external: Cohort,
    draw: Cohort,
    *,
    alpha: float = 0.05,
    unskewed: Literal["robust", "standard"] = "robust",
    n_external: int | None = 200,
    seed: int = 0,
) -> tuple[SkewScaler, SkewScaler]:
    """Return the scaler of the external cohort and that of a training draw.

    Parameters
    ----------
    external, draw : Cohort
        External cohort, and the draw of an experiment.
    alpha, unskewed : float, str
        See `SkewScaler`.
    n_external : int, optional
        Number of external samples the first is fitted on, drawn at random.
    seed : int
        Seed of that draw.

    Returns
    -------
    tuple of SkewScaler
    """
    return (
        fit_scaler(external, alpha=alpha, unskewed=unskewed, n_samples=n_external, seed=seed),
        fit_scaler(draw, alpha=alpha, unskewed=unskewed),
    )
