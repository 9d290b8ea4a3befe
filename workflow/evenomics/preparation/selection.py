"""Feature selection on the real cohort: differential expression, and stable LASSO / elastic net.

A selection is a sequence of steps, an entry in ``config/schema/names.yaml``; the rules are in
``workflow/rules/selection.smk``. The step ``deg`` is `top_features` of limma's table, the step
``lasso_en`` is `stable_features`.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (model training; feature selection using
regularization methods).
"""

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from evenomics.data.cohort import Cohort
from evenomics.errors import CohortError
from evenomics.messages import some
from evenomics.preparation.folds import group_counts, set_aside, shared_groups, stratified_folds
from evenomics.randomness import derive_seed
from evenomics.workers import workers

logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]

# The search over penalties only has to rank them; the final model, which selects features, is
# fitted to a smaller tolerance. SAGA draws samples at random, so the result depends on its seed.
_SEARCH = {"solver": "saga", "tol": 1e-3, "max_iter": 2000}

_FINAL = {"solver": "saga", "tol": 1e-5, "max_iter": 20_000}


def top_features(table: pd.DataFrame, measured: Sequence[str], n_features: int) -> list[str]:
    """Return the features with the smallest adjusted p-values that all cohorts have.

    As in the paper, the `n_features` best are taken first. Those of them that a cohort lacks, or
    has with missing values, are dropped afterwards, so fewer may be left.

    Parameters
    ----------
    table : DataFrame
        Columns feature, p_value, adjusted_p_value, one row per feature of the real cohort.
    measured : sequence of str
        Features of the aligned cohorts.
    n_features : int
        Number of features to take.

    Returns
    -------
    list of str
        In the order of their p-values.

    Raises
    ------
    CohortError
        If fewer than two are left.
    """
    best = table.sort_values(["adjusted_p_value", "p_value"], kind="stable").head(n_features)
    known = set(measured)
    kept = [name for name in best["feature"] if name in known]
    dropped = [name for name in best["feature"] if name not in known]
    logger.info("%d of the %d best features are in every cohort", len(kept), len(best))
    if dropped:
        logger.info("not in every cohort: %s", some(dropped, 20))
    if len(kept) < 2:
        raise CohortError(
            f"{len(kept)} of the {len(best)} features with the smallest p-values are in every "
            f"cohort without missing values, at least 2 are needed; missing: {some(dropped)}; "
            "raise `selection.deg.n_features`, or check that cohorts name features alike"
        )
    return kept


@dataclass(frozen=True)
class StableFeatures:
    """Features that repeated LASSO and elastic net selected.

    Attributes
    ----------
    features : DataFrame
        One row per feature, most frequent first: feature, lasso and elastic_net (share of the
        repeats that selected it), coefficient (mean absolute, per standard deviation of the
        feature, over both models), selected.
    repeats : DataFrame
        One row per repeat and model: repeat, model, penalty (glmnet's lambda), n_features, auroc
        (of the held-out part), n_train, n_held_out, note.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = pd.Series(np.repeat(["a", "b"], 20))
    >>> values = pd.DataFrame(rng.normal(size=(40, 6)), columns=list("uvwxyz"))
    >>> values[["v", "x"]] += 2 * (labels == "b").to_numpy()[:, None]
    >>> cohort = Cohort(values, labels)
    >>> found = stable_features(cohort, ["a", "b"], repeats=2, folds=3, top_fraction=0.4)
    >>> found.selected
    ['v', 'x']
    """

    features: pd.DataFrame
    repeats: pd.DataFrame

    @property
    def selected(self) -> list[str]:
        """Names of the selected features, most frequent first."""
        return self.features.loc[self.features["selected"], "feature"].tolist()


def stable_features(
    cohort: Cohort,
    classes: Sequence[str],
    *,
    repeats: int = 10,
    held_out_fraction: float = 0.25,
    folds: int = 10,
    l1_ratio: float = 0.5,
    n_penalties: int = 30,
    smallest_penalty: float = 0.03,
    top_fraction: float = 0.25,
    seed: int = 0,
    n_jobs: int = 1,
) -> StableFeatures:
    """Select features that logistic LASSO and elastic net select repeatedly.

    Each repeat splits the samples at random, chooses the penalty of each model by cross-validation
    on the larger part, and records which coefficients are not zero. Of the features that both
    models selected in at least one repeat, the most frequent ones are taken: as many as
    `top_fraction` of all features. Equally frequent features are in the order of their
    coefficients.

    If the cohort has groups, all samples of a group are on the same side of every split; the share
    of held-out samples is then as close as whole groups allow.

    Parameters
    ----------
    cohort : Cohort
        The real cohort.
    classes : sequence of str
        Classes of the study.
    repeats : int
        Splits (paper: 10).
    held_out_fraction : float
        Share of the samples that is held out in a repeat, to score the models on (paper: 25%).
    folds : int
        Folds of the cross-validation; fewer where a class has fewer samples, or groups, which is
        noted.
    l1_ratio : float
        Share of the L1 term in the elastic net's penalty (glmnet's alpha; chosen here).
    n_penalties : int
        Penalties tried, evenly on a log scale (chosen here).
    smallest_penalty : float
        Smallest of them, as a share of the smallest one that selects no feature (chosen here).
    top_fraction : float
        Number of features to select at most, as a share of all (paper: 25%).
    seed : int
    n_jobs : int
        Processes.

    Returns
    -------
    StableFeatures

    Raises
    ------
    CohortError
        If a class has too few samples or groups to be split, or fewer than two features were found.
    """
    assert cohort.classes is not None
    y = pd.Categorical(cohort.classes, categories=list(classes)).codes.astype(np.intp)
    X = cohort.features.to_numpy()
    groups = shared_groups(cohort.groups)
    if groups is None:
        smallest, units = min(Counter(y.tolist()).values()), "samples"
    else:
        smallest, units = int((group_counts(y, groups) > 0).sum(axis=0).min()), "groups"
    if smallest < 4:
        raise CohortError(
            f"{cohort.place}: a class has {smallest} {units}; LASSO and elastic net need 4, for "
            "held-out samples and cross-validation; use another of `selections`"
        )
    ratios = {"lasso": 1.0, "elastic_net": l1_ratio}
    tasks = [(repeat, model) for repeat in range(repeats) for model in ratios]
    with workers(n_jobs) as parallel:
        fitted = parallel(
            delayed(_fit_repeat)(
                X,
                y,
                groups,
                ratios[model],
                held_out_fraction,
                folds,
                n_penalties,
                smallest_penalty,
                derive_seed(seed, "lasso_en", repeat),
            )
            for repeat, model in tasks
        )
    rows = [
        {"repeat": repeat, "model": model} | row
        for (repeat, model), (row, _) in zip(tasks, fitted, strict=True)
    ]
    sizes = np.array([coefficients for _, coefficients in fitted]).reshape(repeats, 2, -1)
    frequency = (sizes > 0).mean(axis=0)
    table = pd.DataFrame(
        {
            "feature": cohort.features.columns,
            "lasso": frequency[0],
            "elastic_net": frequency[1],
            "coefficient": sizes.mean(axis=(0, 1)),
        }
    )
    in_both = (table["lasso"] > 0) & (table["elastic_net"] > 0)
    rank = pd.DataFrame(
        {
            "both": ~in_both,
            "frequency": -(table["lasso"] + table["elastic_net"]),
            "coefficient": -table["coefficient"],
        }
    )
    order = rank.sort_values(list(rank.columns), kind="stable").index
    n_selected = min(int(top_fraction * len(table)), int(in_both.sum()))
    table = table.loc[order].reset_index(drop=True)
    table["selected"] = table.index < n_selected
    logger.info(
        "%d of %d features were found by both models; the %d most frequent are selected",
        in_both.sum(),
        len(table),
        n_selected,
    )
    if n_selected < 2:
        raise CohortError(
            f"LASSO and elastic net agree on {in_both.sum()} of {len(table)} features, of which "
            f"{n_selected} are among the {top_fraction:.0%} to be taken; at least 2 are needed; "
            "raise `selection.lasso_en.top_fraction`, or use another of `selections`"
        )
    return StableFeatures(table, pd.DataFrame(rows))


def _fit_repeat(
    X: Floats,
    y: NDArray[np.intp],
    groups: NDArray[np.intp] | None,
    l1_ratio: float,
    held_out_fraction: float,
    n_folds: int,
    n_penalties: int,
    smallest_penalty: float,
    seed: int,
) -> tuple[dict[str, Any], Floats]:
    """Fit one model to one split; return its row and its absolute coefficients."""
    n_classes = len(np.unique(y))
    if groups is None:
        n_held_out = max(round(held_out_fraction * len(y)), n_classes)
        train, held_out = train_test_split(
            np.arange(len(y)), test_size=n_held_out, stratify=y, random_state=seed
        )
    else:
        # cross-validation needs two groups of every class
        chosen = set_aside(y, groups, held_out_fraction, np.random.default_rng(seed), n_left=2)
        train, held_out = np.flatnonzero(~chosen), np.flatnonzero(chosen)
    scaler = StandardScaler().fit(X[train])
    scaled = scaler.transform(X[train])
    penalties = penalty_path(scaled, y[train], l1_ratio, n_penalties, smallest_penalty)
    folds, fewer = stratified_folds(
        y[train], n_folds, seed, None if groups is None else groups[train]
    )
    notes = [fewer] if fewer else []
    with threadpool_limits(limits=1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        search = LogisticRegressionCV(
            Cs=1 / (len(train) * penalties),
            l1_ratios=[l1_ratio],
            cv=folds,
            scoring="neg_log_loss",
            random_state=seed,
            use_legacy_attributes=False,
            **_SEARCH,
        ).fit(scaled, y[train])
        penalty = 1 / (len(train) * float(search.C_))
        model = fit_at(scaled, y[train], penalty, l1_ratio, seed)
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        notes.append("not all fits converged")
    scores = model.decision_function(scaler.transform(X[held_out]))
    # of the positive class, or one-vs-rest of more than two
    by_class = {1: scores} if n_classes == 2 else dict(enumerate(scores.T))
    aurocs = [roc_auc_score(y[held_out] == code, score) for code, score in by_class.items()]
    sizes = np.abs(model.coef_).max(axis=0)
    row = {
        "penalty": penalty,
        "n_features": int((sizes > 0).sum()),
        "auroc": float(np.mean(aurocs)),
        "n_train": len(train),
        "n_held_out": len(held_out),
        "n_folds": len(folds),
        "note": "; ".join(notes),
    }
    return row, sizes


def penalty_path(
    X: Floats, y: NDArray[np.intp], l1_ratio: float, n_penalties: int, smallest: float
) -> Floats:
    """Return penalties (glmnet's lambda), from the smallest that selects no feature downwards.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features with mean 0.
    y : ndarray of int, shape (n_samples,)
    l1_ratio : float
        Share of the L1 term, > 0.
    n_penalties : int
    smallest : float
        The last penalty, as a share of the first.

    Returns
    -------
    ndarray of shape (n_penalties,)
        Descending.
    """
    codes = np.unique(y)
    if len(codes) == 2:
        codes = codes[1:]
    # at zero coefficients the residual of a class is its membership minus its share
    slopes = [X.T @ ((y == code) - np.mean(y == code)) for code in codes]
    largest = np.abs(slopes).max() / (len(y) * l1_ratio)
    return largest * np.geomspace(1.0, smallest, n_penalties)


def fit_at(
    X: Floats, y: NDArray[np.intp], penalty: float, l1_ratio: float, seed: int
) -> LogisticRegression:
    """Fit a penalised logistic regression at one penalty.

    Minimises ``mean log loss + penalty * (l1_ratio * |b|_1 + (1 - l1_ratio) / 2 * |b|_2^2)``, the
    objective of glmnet, whose lambda is `penalty` and whose alpha is `l1_ratio`; multinomial with
    more than two classes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of int, shape (n_samples,)
    penalty : float
    l1_ratio : float
    seed : int

    Returns
    -------
    LogisticRegression
        Fitted.
    """
    C = 1 / (len(y) * penalty)
    return LogisticRegression(C=C, l1_ratio=l1_ratio, random_state=seed, **_FINAL).fit(X, y)
