"""Checks of the cohorts before any arms are compared: shift, scale, copies of the label.

Classifiers are trained on the real cohort and scored on the validation cohort. If the two differ in
more than their samples (another platform, another unit), scores show how a classifier extrapolates,
not how well the classes were balanced. This module measures the shift, and the effect that
harmonising would have on it, and describes both in messages. Classes are used only to find features
that copy them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import exp, lgamma
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.messages import of_study, some
from evenomics.preparation.harmonise import METHODS, REFERENCE

#: Columns of the table of findings.
FINDINGS = ("check", "cohort", "value", "limit", "message")

_FOLDS = 5

#: Features that separate the classes are a finding only if fewer than this are expected by chance.
_CHANCE = 0.05

#: What a shift of a cohort means, by the measure that is exceeded.
_CONSEQUENCES = {
    "validation": {
        "beyond_range": "Classifiers extrapolate; differences between arms mean little.",
        "shift_sd": "A threshold that was learnt on the real cohort may not fit it: sensitivity, "
        "specificity and accuracy can be off where the AUROC is not.",
    },
    "external": dict.fromkeys(
        ["beyond_range", "shift_sd"],
        "GANs are pre-trained on it, and may start from another distribution than theirs.",
    ),
}


def shift(real: Cohort, other: Cohort) -> dict[str, float]:
    """Measure how far a cohort lies from the real one.

    Parameters
    ----------
    real, other : Cohort
        Cohorts with the same features in the same order.

    Returns
    -------
    dict of str to float
        - ``beyond_range``: share of the values of `other` outside the range of their feature in
          `real`
        - ``expected``: the same by chance, 2 / (n_real + 1), for continuous features of one
          distribution
        - ``shift_sd``: median over features of |difference of the means| / SD of `real`
        - ``scale_ratio``: median over features of SD of `other` / SD of `real`
        - ``auroc``: of a linear classifier that tells the cohorts apart, see `told_apart`

        Features that are constant in `real` have no ``shift_sd``, features that are constant in
        either cohort no ``scale_ratio``; if no feature has one, it is NaN.
    """
    ours, theirs = real.features, other.features
    beyond = (theirs < ours.min()) | (theirs > ours.max())
    # constant by its values: rounding gives a constant feature an SD a little above 0
    spread = ours.std().mask(ours.max() == ours.min())
    other_spread = theirs.std().mask(theirs.max() == theirs.min())
    return {
        "beyond_range": float(beyond.to_numpy().mean()),
        "expected": 2 / (real.n_samples + 1),
        "shift_sd": float(((theirs.mean() - ours.mean()).abs() / spread).median()),
        "scale_ratio": float((other_spread / spread).median()),
        "auroc": told_apart(real, other),
    }


def told_apart(real: Cohort, other: Cohort) -> float:
    """Return the AUROC of a classifier that tells two cohorts apart.

    Logistic regression with an L2 penalty (C = 1) on standardised features, 5-fold stratified
    cross-validation, mean over the folds. 0.5: the cohorts have the same location; 1: every sample
    is recognised. A difference in scale alone is not detected. Values below 0.5 are no better than
    chance and are returned as 0.5: if means are equal by construction (z-scores), those of the
    held-out and of the other samples differ in opposite directions.

    Parameters
    ----------
    real, other : Cohort
        Cohorts with the same features in the same order.

    Returns
    -------
    float
        NaN if a cohort has a single sample.

    Notes
    -----
    The penalty does not change under rotation. If there are more features than samples, the
    features are replaced by the coordinates along the singular vectors of the pooled samples, which
    are as many as the samples. The fit is the same as on all features, and faster.
    """
    folds = min(_FOLDS, real.n_samples, other.n_samples)
    if folds < 2:
        return float("nan")
    pooled = StandardScaler().fit_transform(
        np.vstack([real.features.to_numpy(), other.features.to_numpy()])
    )
    cohort = np.repeat([0, 1], [real.n_samples, other.n_samples])
    if pooled.shape[1] > len(pooled):
        variances, vectors = np.linalg.eigh(pooled @ pooled.T)
        pooled = vectors * np.sqrt(variances.clip(min=0))
    scores = []
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(pooled, cohort):
        model = LogisticRegression(max_iter=1000).fit(pooled[train], cohort[train])
        scores.append(roc_auc_score(cohort[test], model.decision_function(pooled[test])))
    return max(0.5, float(np.mean(scores)))


def shift_table(
    before: Mapping[str, Cohort], used: Mapping[str, Cohort], method: str
) -> pd.DataFrame:
    """Measure the shift of the cohorts as they are used, and with other methods of harmonising.

    Parameters
    ----------
    before : mapping of str to Cohort
        The cohorts with all shared features, not harmonised.
    used : mapping of str to Cohort
        The cohorts that arms are compared on: harmonised by `method`, with selected features.
    method : str
        The ``harmonise`` of the study: ``none``, a method of
        `evenomics.preparation.harmonise.METHODS`, or ``combat``, which needs R and has rows only
        if it is the method of the study.

    Returns
    -------
    DataFrame
        One row per cohort and method: cohort, method, used, and the measures of `shift`, all on
        the features of `used`. An external cohort that is the real one has no rows.
    """
    features = used[REFERENCE].features.columns
    tried = {"none": before}
    for name, harmonised in METHODS.items():
        try:
            tried[name] = harmonised(before)
        except CohortError:  # a cohort of one sample has no SD to match
            continue
    tried = {
        name: {cohort: part.select(features) for cohort, part in parts.items()}
        for name, parts in tried.items()
    }
    tried[method] = dict(used)
    return pd.DataFrame(
        [
            {"cohort": name, "method": way, "used": way == method, **shift(parts[REFERENCE], part)}
            for name in used
            if name != REFERENCE
            and not used[name].features.index.equals(used[REFERENCE].features.index)
            for way, parts in tried.items()
            for part in [parts[name]]
        ]
    )


def median_shift(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the median of every measure over the replicates.

    Parameters
    ----------
    measured : DataFrame
        Of `shift_table`, with the column replicate.

    Returns
    -------
    DataFrame
        As of `shift_table`.
    """
    keys = ["cohort", "method", "used"]
    medians = measured.drop(columns="replicate").groupby(keys, sort=False).median(numeric_only=True)
    return medians.reset_index()


def label_copies(used: Mapping[str, Cohort], n_features: int) -> pd.DataFrame:
    """Find features that tell the classes apart without an error, each by itself.

    Parameters
    ----------
    used : mapping of str to Cohort
        The cohorts that arms are compared on.
    n_features : int
        Number of features that those of `used` were selected from.

    Returns
    -------
    DataFrame of bool
        Index: feature; columns real and validation: whether the ranges of the classes do not
        overlap in that cohort. False everywhere where a feature may do so by chance, and for
        `validation` where it does not do so in the real cohort.
    """
    real = used[REFERENCE]
    found = pd.DataFrame(False, index=real.features.columns, columns=[REFERENCE, "validation"])
    if n_features * _chance_to_separate(real) < _CHANCE:
        found[REFERENCE] = _separates(real)
        copies = found.index[found[REFERENCE]]
        found.loc[copies, "validation"] = _separates(used["validation"].select(copies))
    return found


def findings(
    measured: pd.DataFrame,
    copies: Sequence[pd.DataFrame],
    limits: Mapping[str, float],
    watched: Collection[str],
) -> pd.DataFrame:
    """Return what a user should know before any arms are compared.

    Parameters
    ----------
    measured : DataFrame
        Of `shift_table`, with the column replicate: one for each split where a table is split.
    copies : sequence of DataFrame
        Of `label_copies`, one for each replicate.
    limits : mapping of str to float
        The section ``checks`` of the config.
    watched : collection of str
        Cohorts whose shift matters; that of ``external`` only if GANs are pre-trained on it.

    Returns
    -------
    DataFrame
        One row per finding, of the median over the replicates: check, cohort, value, limit,
        message; empty if all is well.
    """
    rows: list[dict[str, Any]] = []
    for name, of_cohort in median_shift(measured).groupby("cohort", sort=False):
        if name in watched:
            rows += _scale_findings(of_cohort, limits["scale_ratio"])
            rows += _shift_findings(of_cohort, limits)
    if len(copies) > 1:
        for row in rows:
            row["message"] = _in_splits(f"the median of {len(copies)} splits", row["message"])
    rows += _copy_findings(copies)
    return pd.DataFrame(rows, columns=list(FINDINGS))


def warnings_of(findings: pd.DataFrame) -> list[str]:
    """Return the findings as lines for a terminal.

    Parameters
    ----------
    findings : DataFrame
        Of `findings`, with the columns study and selection.
    """
    return [
        of_study(*of) for of in findings[["study", "selection", "message"]].itertuples(index=False)
    ]


def _scale_findings(measured: pd.DataFrame, limit: float) -> Iterator[dict[str, Any]]:
    now = measured[measured["used"]].iloc[0]
    factor = max(now["scale_ratio"], 1 / now["scale_ratio"])
    if factor > limit:
        wide, narrow = "real", now["cohort"]
        if now["scale_ratio"] > 1:
            wide, narrow = narrow, wide
        yield {
            "check": "scale_ratio",
            "cohort": now["cohort"],
            "value": now["scale_ratio"],
            "limit": limit,
            "message": f"The features of the {wide} cohort spread {_rounded(factor)} times as wide "
            f"as those of the {narrow} cohort (median ratio of the SDs). Is one of them in another "
            "unit, or without its logarithm? Bring all cohorts to one unit.",
        }


def _shift_findings(
    measured: pd.DataFrame, limits: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    now = measured[measured["used"]].iloc[0]
    most = {
        "beyond_range": limits["beyond_range"] + now["expected"],
        "shift_sd": limits["shift_sd"],
    }
    exceeded = [name for name, limit in most.items() if now[name] > limit]
    if exceeded:
        yield {
            "check": exceeded[0],
            "cohort": now["cohort"],
            "value": now[exceeded[0]],
            "limit": most[exceeded[0]],
            "message": f"{_percent(now['beyond_range'])} of the {now['cohort']} cells lie beyond "
            "the range of the real cohort, and the median feature is shifted by "
            f"{_rounded(now['shift_sd'])} SD. {_CONSEQUENCES[now['cohort']][exceeded[0]]} "
            f"{_ways_out(measured)}",
        }


def _ways_out(measured: pd.DataFrame) -> str:
    """Return what the methods of harmonising that the study does not use would do."""
    others = measured[~measured["used"] & (measured["method"] != "none")].dropna()
    ways = " or ".join(
        f"{_percent(row['beyond_range'])} and {_rounded(row['shift_sd'])} SD "
        f"(`harmonise: {row['method']}`)"
        for _, row in others.iterrows()
    )
    text = f"Harmonising would bring this to {ways}." if ways else ""
    if "combat" not in set(measured["method"]):
        text += " `harmonise: combat` needs R and was not tried."
    return text.strip()


def _copy_findings(copies: Sequence[pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """Find copies of the label in half of the splits or more."""
    least = len(copies) / 2
    n_splits = pd.concat(copies).groupby(level=0, sort=False).sum()
    found = n_splits[n_splits[REFERENCE] >= least]
    if found.empty:
        return
    n_features = int(np.median([len(of_split) for of_split in copies]))
    message = (
        f"{len(found)} of {n_features} features of the real cohort tell its "
        f"classes apart without an error, each by itself: {some(found.index)}; so they do in the "
        f"validation cohort: {(found['validation'] >= least).sum()}. Such a feature may be a copy "
        "of the label (an id, a date, a batch, an outcome): then name it under `ignore_columns`. "
        "If it is a measurement, no way of balancing can do better than this feature alone."
    )
    if len(copies) > 1:
        message = _in_splits(f"half of {len(copies)} splits or more", message)
    yield {
        "check": "label_copy",
        "cohort": REFERENCE,
        "value": len(found),
        "limit": 0,
        "message": message,
    }


def _in_splits(which: str, message: str) -> str:
    return f"In {which}, {message[0].lower()}{message[1:]}"


def _separates(cohort: Cohort) -> np.ndarray:
    """Return for every feature whether the ranges of its classes do not overlap."""
    by_class = cohort.features.groupby(np.asarray(cohort.classes))
    low, high = by_class.min().to_numpy(), by_class.max().to_numpy()
    order = low.argsort(axis=0)
    low, high = np.take_along_axis(low, order, 0), np.take_along_axis(high, order, 0)
    return np.asarray((high[:-1] < low[1:]).all(axis=0))


def _chance_to_separate(cohort: Cohort) -> float:
    """Return the probability that a feature that is independent of the classes separates them.

    The number of orders of the classes over the number of ways to assign the classes to the ranked
    samples; with two classes, 2 / C(n, n_1).
    """
    counts = list(cohort.class_counts().values())
    factorials = [lgamma(n + 1) for n in counts]
    return exp(lgamma(len(counts) + 1) + sum(factorials) - lgamma(sum(counts) + 1))


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _rounded(number: float) -> str:
    return f"{number:,.1f}" if number < 10 else f"{number:,.0f}"
