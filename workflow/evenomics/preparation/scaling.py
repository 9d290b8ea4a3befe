"""Scaling of features by their skewness, as a scikit-learn transformer."""

import json
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import boxcox1p, exprel, inv_boxcox1p
from scipy.stats import skewtest
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import PowerTransformer, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from evenomics.data.cohort import Cohort
from evenomics.messages import some
from evenomics.randomness import stream

Floats = NDArray[np.float64]

Unskewed = Literal["robust", "standard"]

Power = Literal["bounded", "plain"]

_SMALLEST_SKEWTEST = 8  # samples; scipy.stats.skewtest is not defined for fewer

_ROUNDING = (
    1e-10  # of the largest value; a feature that varies by less is constant but for rounding
)

_UNIT = 10  # percentile of the distances from the end of the lighter tail, which is their unit

_LOSS = 18.0  # an exponent may cost exp(18) times the precision of float64: 1e-8 of the range

_FURTHEST = 10.0  # largest distance of a scaled training value from 0

_WIDENING = 10.0  # widths of the training range that a generated value may lie beyond it

_LARGEST = 1e30  # largest scaled value; float32 holds it


class SkewScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Yeo-Johnson for skewed features, robust or standard scaling for the others.

    A feature is skewed if D'Agostino's test says so (``scipy.stats.skewtest``, two-sided,
    p < `alpha`). The test needs eight samples; with fewer, no feature counts as skewed.

    The power transform of Yeo and Johnson depends on the zero and the unit of a feature. For raw
    intensities, ratios, or small differences of large numbers it can have no effect or no inverse.
    A skewed feature is therefore first measured from the end of its lighter tail, in units of the
    tenth percentile of the (non-zero) distances from there. So scaled values do not depend on the
    unit, the offset or the sign of a feature, and a log-normal feature is close to its logarithm.
    The exponent is the most likely one of those that float64 can invert to a millionth of the
    training range. Then the feature is standardised.

    Beyond the training range the power transform continues as its tangent: the power itself ends
    one unit before the origin, and its inverse diverges where it is almost flat.

    A constant feature is only centred; so is one that varies by less than 1e-10 of its size, which
    is rounding. No scaled training value is further than 10 from 0. A feature with a value beyond
    ten interquartile ranges (mostly zeros, say) is divided by its standard deviation; if that does
    not suffice (a single spike among hundreds of samples), by a tenth of the largest distance from
    its centre.

    Source: Cusworth, Gkoutos, Acharjee 2024, Methods (scaling). The paper names both robust and
    standard scaling, so that is a parameter. It transforms skewed features in their original
    units, as `power_transform="plain"` does: scikit-learn's ``PowerTransformer`` for skewed
    features and ``RobustScaler`` (or ``StandardScaler``) for the others, without the bounds above.
    There, new samples can be scaled to values as large as 1e30, where all of them end, and
    a feature may have no inverse.

    Parameters
    ----------
    alpha : float
        Level of the skewness test.
    unskewed : {"robust", "standard"}
        Scaling of the other features: (x - median) / interquartile range, or (x - mean) / SD.
    power_transform : {"bounded", "plain"}
        Transform of skewed features: the one described first, or that of the paper.

    Attributes
    ----------
    skewed_ : numpy.ndarray of bool, shape (n_features,)
        Features that are power-transformed.
    origin_, unit_ : numpy.ndarray of float, shape (n_features,)
        A skewed feature is transformed as the distance (x - origin) / unit, keeping its order; the
        unit is negative if the longer tail is the left one. 0 and 1 for other features, and for all
        with `power_transform="plain"`.
    lambdas_ : numpy.ndarray of float, shape (n_features,)
        Exponents of Yeo-Johnson for these distances; 1 where a feature is not skewed.
    center_, scale_ : numpy.ndarray of float, shape (n_features,)
        Subtrahend and divisor, after the power transform.
    lower_, upper_ : numpy.ndarray of float, shape (n_features,)
        Range of the training samples, in the user's units.

    Examples
    --------
    >>> values = np.random.default_rng(0).lognormal(size=(50, 2)) * [1, 0] + [[0, 1]]
    >>> values[:, 1] += np.linspace(0, 1, 50)
    >>> scaler = SkewScaler().fit(values)
    >>> scaler.skewed_
    array([ True, False])
    >>> bool(np.allclose(scaler.inverse_transform(scaler.transform(values)), values))
    True
    """

    _FITTED = (
        "skewed_", "origin_", "unit_", "lambdas_", "center_", "scale_", "lower_", "upper_",
    )  # fmt: skip

    def __init__(
        self,
        alpha: float = 0.05,
        unskewed: Unskewed = "robust",
        power_transform: Power = "bounded",
    ) -> None:
        self.alpha = alpha
        self.unskewed = unskewed
        self.power_transform = power_transform

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

        Raises
        ------
        ValueError
            If float64 cannot represent the spread of a feature, or a parameter is unknown.
        """
        for name, known in (("unskewed", Unskewed), ("power_transform", Power)):
            if (found := getattr(self, name)) not in get_args(known):
                expected = " or ".join(map(repr, get_args(known)))
                raise ValueError(f"{name} must be {expected}, found {found!r}")
        X = validate_data(self, X, dtype=np.float64)
        self.lower_, self.upper_ = X.min(axis=0), X.max(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):  # refused below, by name
            width = self.upper_ - self.lower_
            varies = width > _ROUNDING * np.abs(X).max(axis=0)
            self.skewed_, rightwards = self._skewness(X, width, varies)
            self.origin_, self.unit_, self.lambdas_ = (
                np.zeros_like(width),
                *np.ones((2, len(width))),
            )
            if self.power_transform == "plain":
                self._fit_plain(X)
            else:
                self._fit_power(X, width, rightwards)
                self._fit_scale(X, varies)
        self._refuse_what_is_not_finite()
        return self

    def _skewness(
        self, X: Floats, width: Floats, varies: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which features are skewed, and which have their longer tail on the right."""
        skewed, rightwards = np.zeros((2, X.shape[1]), dtype=bool)
        at = np.flatnonzero(varies)
        if len(X) >= _SMALLEST_SKEWTEST and len(at):
            # The test does not depend on the unit; tiny or huge units would under- or overflow it.
            test = skewtest((X[:, at] - self.lower_[at]) / width[at], axis=0)
            skewed[at] = test.pvalue < self.alpha
            rightwards[at] = test.statistic > 0
        return skewed, rightwards

    def _fit_plain(self, X: Floats) -> None:
        """Fit what scikit-learn's transformers do."""
        at = np.flatnonzero(self.skewed_)
        if len(at):
            self.lambdas_[at] = PowerTransformer(standardize=False).fit(X[:, at]).lambdas_
        standard = StandardScaler().fit(self._powered(X))
        self.center_, self.scale_ = standard.mean_, standard.scale_
        if self.unskewed == "robust":
            robust = RobustScaler().fit(X)
            self.center_ = np.where(self.skewed_, self.center_, robust.center_)
            self.scale_ = np.where(self.skewed_, self.scale_, robust.scale_)

    def _fit_power(self, X: Floats, width: Floats, rightwards: NDArray[np.bool_]) -> None:
        ends = np.where(rightwards, self.lower_, self.upper_)
        self.origin_ = np.where(self.skewed_, ends, 0.0)
        for i in np.flatnonzero(self.skewed_):
            distance = np.abs(X[:, i] - self.origin_[i])
            unit = np.percentile(distance[distance > _ROUNDING * width[i]], _UNIT)
            self.unit_[i] = unit if rightwards[i] else -unit
            self.lambdas_[i] = _most_likely_exponent(distance / unit)

    def _fit_scale(self, X: Floats, varies: NDArray[np.bool_]) -> None:
        powered = self._powered(X)
        self.center_, scale = powered.mean(axis=0), powered.std(axis=0)
        if self.unskewed == "robust":
            first, median, third = np.percentile(X, [25, 50, 75], axis=0)
            iqr = third - first
            self.center_ = np.where(self.skewed_, self.center_, median)
            near = np.abs(X - median).max(axis=0) <= _FURTHEST * iqr
            scale = np.where(~self.skewed_ & near, iqr, scale)
        furthest = np.abs(powered - self.center_).max(axis=0)
        self.scale_ = np.where(varies, np.maximum(scale, furthest / _FURTHEST), 1.0)

    def _refuse_what_is_not_finite(self) -> None:
        fitted = [getattr(self, name) for name in self._FITTED]
        bad = np.flatnonzero(~np.isfinite(fitted).all(axis=0) | (self.scale_ == 0))
        if len(bad):
            names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
            raise ValueError(
                f"{len(bad)} features cannot be scaled, as their values are too large or too small "
                f"for float64: {some(names[bad])}; give them in another unit"
            )

    def _powered(self, X: Floats) -> Floats:
        """Return samples whose skewed features are power-transformed."""
        at = np.flatnonzero(self.skewed_)
        if not len(at):
            return X
        X, values = X.copy(), X[:, at]
        if self.power_transform == "plain":
            X[:, at] = _yeo_johnson(values, self.lambdas_[at])
        else:
            within = np.clip(values, self.lower_[at], self.upper_[at])
            X[:, at] = self._power(within, at) + (values - within) * self._slope(within, at)
        return X

    def _power(self, X: Floats, at: NDArray[np.intp]) -> Floats:
        """Return the power transform of values of these features within the training range."""
        logs = np.log1p((X - self.origin_[at]) / self.unit_[at])
        return np.sign(self.unit_[at]) * _power_of_log(logs, self.lambdas_[at])

    def _inverse_power(self, powered: Floats, at: NDArray[np.intp]) -> Floats:
        """Return the inverse of `_power`."""
        exponent, size = self.lambdas_[at], np.abs(powered)
        logs = np.log1p(exponent * size)
        logs = np.divide(logs, exponent, out=size, where=exponent != 0)
        return self.origin_[at] + self.unit_[at] * np.expm1(logs)

    def _inverse_with_tangent(self, powered: Floats, at: NDArray[np.intp]) -> Floats:
        """Return the inverse of the power transform and of its tangents at both ends."""
        lower, upper = self.lower_[at], self.upper_[at]
        within = np.clip(powered, *self._power(np.stack([lower, upper]), at))
        values = np.clip(self._inverse_power(within, at), lower, upper)
        return values + (powered - within) / self._slope(values, at)

    def _slope(self, X: Floats, at: NDArray[np.intp]) -> Floats:
        """Return the derivative of the power transform of these features."""
        logs = np.log1p((X - self.origin_[at]) / self.unit_[at])
        return np.exp((self.lambdas_[at] - 1) * logs) / np.abs(self.unit_[at])

    def transform(self, X: Any) -> np.ndarray:
        """Scale samples.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, n_features)
            Samples in the user's units.

        Returns
        -------
        numpy.ndarray of float64, shape (n_samples, n_features)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        with np.errstate(over="ignore"):
            scaled = (self._powered(X) - self.center_) / self.scale_
        return np.clip(scaled, -_LARGEST, _LARGEST)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Bring scaled samples back to the user's units.

        Skewed features are clipped to the training range, widened by ten times its width on each
        side: where the power transform is almost flat, the inverse of its tangent diverges, and
        the plain one has no inverse everywhere.

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
            lower, upper = self.lower_[at], self.upper_[at]
            margin = _WIDENING * (upper - lower)
            with np.errstate(over="ignore", invalid="ignore"):
                if self.power_transform == "plain":
                    values = _inverse_yeo_johnson(X[:, at], self.lambdas_[at])
                else:
                    values = self._inverse_with_tangent(X[:, at], at)
            X[:, at] = np.clip(values, lower - margin, upper + margin)
        return X

    def to_json(self) -> str:
        """Return the fitted scaler as JSON; numbers are exact."""
        check_is_fitted(self)
        state: dict[str, Any] = {"parameters": self.get_params()}
        for name in self._FITTED:
            state[name] = getattr(self, name).tolist()
        if hasattr(self, "feature_names_in_"):
            state["feature_names_in_"] = [str(name) for name in self.feature_names_in_]
        return json.dumps(state, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the scaler that `to_json` wrote.

        Raises
        ------
        ValueError
            If a fitted attribute is missing, as in a file of another version.
        """
        state = json.loads(text)
        missing = [name for name in ("parameters", *cls._FITTED) if name not in state]
        if missing:
            raise ValueError(
                f"not a scaler of this version, {some(missing)} is missing; fit it again"
            )
        scaler = cls(**state["parameters"])
        for name in cls._FITTED:
            setattr(scaler, name, np.array(state[name]))
        names = state.get("feature_names_in_")
        scaler.n_features_in_ = len(scaler.center_)
        if names is not None:
            scaler.feature_names_in_ = np.array(names, dtype=object)
        return scaler


def _power_of_log(logs: Floats, exponent: Floats | float) -> Floats:
    """Return ((1 + x) ** exponent - 1) / exponent of log(1 + x), without loss near exponent 0."""
    return logs * exprel(exponent * logs)


def _yeo_johnson(X: Floats, exponent: Floats) -> Floats:
    """Return Yeo and Johnson's transform of features, each with its exponent."""
    return np.where(X >= 0, boxcox1p(X, exponent), -boxcox1p(-X, 2 - exponent))


def _inverse_yeo_johnson(X: Floats, exponent: Floats) -> Floats:
    """Return the inverse of `_yeo_johnson`, infinite where there is none."""
    values = np.where(X >= 0, inv_boxcox1p(X, exponent), -inv_boxcox1p(-X, 2 - exponent))
    return np.where(np.isnan(values), np.copysign(np.inf, X), values)


def _most_likely_exponent(distance: Floats) -> float:
    """Return the most likely exponent of Yeo-Johnson that float64 can invert."""
    logs = np.log1p(distance)
    total, n_samples = logs.sum(), len(logs)

    def cost(exponent: float) -> float:
        variance = np.var(_power_of_log(logs, exponent))
        return n_samples / 2 * np.log(variance) - (exponent - 1) * total

    bound = _LOSS / logs.max()
    found = minimize_scalar(
        cost, bounds=(-bound, 1 + bound), method="bounded", options={"xatol": 1e-8}
    )
    return float(found.x)


def fit_scaler(
    cohort: Cohort,
    *,
    alpha: float = 0.05,
    unskewed: Unskewed = "robust",
    power_transform: Power = "bounded",
    n_samples: int | None = None,
    seed: int = 0,
) -> SkewScaler:
    """Return a scaler fitted on a cohort, or on some of its samples.

    Parameters
    ----------
    cohort : Cohort
        The external cohort, or the training draw of an experiment; never validation samples.
    alpha, unskewed, power_transform : float, str, str
        See `SkewScaler`.
    n_samples : int, optional
        Number of samples, drawn at random (paper: 200 external ones); by default, or if there are
        fewer, all of them.
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
    return SkewScaler(alpha, unskewed, power_transform).fit(features)
