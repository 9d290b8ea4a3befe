"""How good generated samples are: how near to unseen ones, and what classifiers gain by them.

``python -m bench.generators`` trains the GANs of 10 splits of four data sets, and the best of them
on 10 others, which takes an hour on 2 cores, and prints the tables of docs/generator.md;
``--quick`` takes one split of each, in some minutes. The data sets lie beside the repository, in
``../shared/data``.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from bench.harness import markdown, opening
from bench.variants import SCREENED, WAYS, Sample, train_all, with_outputs
from evenomics.balancing.samplers import GaussianOverSampler
from evenomics.data.cohort_files import read_cohort
from evenomics.files import write_table
from evenomics.gan.distances import effective_rank, energy_distance, nearest_distance
from evenomics.gan.output import Moments
from evenomics.preparation.folds import set_aside
from evenomics.preparation.scaling import SkewScaler
from evenomics.randomness import stream

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared/data"
N_FEATURES, N_CONTROLS, N_CASES, N_GENERATED = 150, 96, 24, 200
SEED, N_SPLITS, N_SCREENED = 1, 10, 2
Floats = NDArray[np.float64]


def _table(name: str, column: str, case: str, group: str | None = None) -> tuple[Any, ...]:
    X = pd.read_csv(DATA / name / "X.csv.gz", index_col=0)
    labels = pd.read_csv(DATA / name / "labels.csv", index_col=0)
    groups = labels[group] if group else pd.Series(X.index)
    return X.to_numpy(float), (labels[column] == case).to_numpy(int), groups.to_numpy()


def _golub() -> tuple[Any, ...]:
    X, y, groups = _table("dm_golub", "label", "AML")
    return np.log2(np.clip(X, 100, 16000)), y, groups


def _microarray() -> tuple[Any, ...]:
    cohort = read_cohort(DATA / "cusworth_released/microarray/real.tsv.gz", "real")
    X, y = cohort.features.to_numpy(float), (cohort.classes == "case").to_numpy(int)
    return X, y, np.arange(len(y))


SETS = {
    "golub": _golub,
    "tcga_lihc": partial(_table, "tcga_lihc", "tissue", "tumor", "patient"),
    "infant_feeding": partial(_table, "infant_feeding", "feeding", "breast", "Subject"),
    "microarray": _microarray,
}


@dataclass(frozen=True)
class Split:
    """A scaled draw with four controls a case, and the samples of everybody else."""

    X: Floats
    y: NDArray[np.int64]
    X_test: Floats
    y_test: NDArray[np.int64]

    @property
    def cases(self) -> Floats:
        """Cases of the draw."""
        return self.X[self.y == 1]

    @property
    def controls(self) -> Floats:
        """Controls of the draw."""
        return self.X[self.y == 0]


def split(name: str, number: int) -> Split:
    """Draw from two thirds of the groups; select and scale features by the draw alone."""
    X, y, groups = SETS[name]()
    rng = stream(SEED, name, number)
    training = ~set_aside(y, groups, 1 / 3, rng)
    controls = rng.permutation(np.flatnonzero(training & (y == 0)))[:N_CONTROLS]
    n_cases = min(N_CASES, round(len(controls) / 4))
    cases = rng.permutation(np.flatnonzero(training & (y == 1)))[:n_cases]
    rows = np.concatenate([controls, cases])
    test = ~np.isin(groups, groups[rows])
    varies = np.flatnonzero(np.ptp(X[rows], axis=0) > 0)
    chosen = varies[np.argsort(-f_classif(X[rows][:, varies], y[rows])[0])[:N_FEATURES]]
    scaler = SkewScaler().fit(X[rows][:, chosen])
    return Split(
        scaler.transform(X[rows][:, chosen]), y[rows],
        scaler.transform(X[test][:, chosen]), y[test],
    )  # fmt: skip


def _smote(data: Split, n_samples: int, rng: np.random.Generator) -> Floats:
    wanted = {0: len(data.controls), 1: len(data.cases) + n_samples}
    sampler = SMOTE(
        sampling_strategy=wanted,
        k_neighbors=min(5, len(data.cases) - 1),
        random_state=int(rng.integers(2**31)),
    )
    return sampler.fit_resample(data.X, data.y)[0][len(data.y) :]


def _gaussian(data: Split, n_samples: int, rng: np.random.Generator) -> Floats:
    wanted = {0: len(data.controls), 1: len(data.cases) + n_samples}
    sampler = GaussianOverSampler(sampling_strategy=wanted, random_state=int(rng.integers(2**31)))
    return sampler.fit_resample(data.X, data.y)[0][len(data.y) :]


def _bootstrap(data: Split, h: float, n_samples: int, rng: np.random.Generator) -> Floats:
    """Smoothed bootstrap with the pooled covariance (Silverman and Young 1987)."""
    mean, residuals = data.cases.mean(axis=0), Moments.of(data.cases, [data.controls]).residuals
    shrinkage = ledoit_wolf_shrinkage(residuals, assume_centered=True)
    n, p = residuals.shape
    drawn = data.cases[rng.integers(len(data.cases), size=n_samples)] - mean
    noise = np.sqrt((1 - shrinkage) / n) * rng.standard_normal((n_samples, n)) @ residuals
    noise += np.sqrt(shrinkage * (residuals**2).mean()) * rng.standard_normal((n_samples, p))
    return mean + np.sqrt(1 - h**2) * drawn + h * noise


def contenders(
    data: Split, number: int, checkpoints: Path | None
) -> Iterator[tuple[str, Sample | None]]:
    """Yield what is compared on a split: everything, or what the first splits have left."""
    yield "none", None
    yield "smote", partial(_smote, data)
    yield "shrunk gaussian", partial(_gaussian, data)
    for h in (0.5, 1.0):
        yield f"smoothed bootstrap {h}", partial(_bootstrap, data, h)
    ways = WAYS if number < N_SPLITS else ("untrained", "gan", "classic")
    ways += SCREENED if number < N_SCREENED else ()
    generators = train_all(data.cases, data.controls, SEED + number, ways, checkpoints)
    for way, generator in generators.items():
        made = with_outputs(way, generator, data.cases, data.controls)
        for output, sample in made.items():
            yield f"{way}; {output}".removesuffix("; "), sample


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "gradient boosting": partial(HistGradientBoostingClassifier, max_iter=50, min_samples_leaf=5),
    "boosting, leaves of 20": partial(HistGradientBoostingClassifier, max_iter=50),
    "svc": SVC,
    "logistic": partial(LogisticRegression, max_iter=1000),
}


def measure(data: Split, sample: Sample | None, purpose: str) -> dict[str, float]:
    """Measure the samples, and the AUROC of classifiers that are trained with them."""
    row = {"rank of real": effective_rank(data.cases)}
    X, y = data.X, data.y
    if sample is not None:
        unseen = data.X_test[data.y_test == 1]
        generated = sample(N_GENERATED, stream(SEED, purpose, "samples"))
        row |= {
            "energy distance": energy_distance(generated, unseen),
            "rank": effective_rank(generated[: len(data.cases)]),
            "to training": nearest_distance(generated, data.cases),
            "to unseen": nearest_distance(generated, unseen),
        }
        new = sample(len(data.controls) - len(data.cases), stream(SEED, purpose, "balance"))
        X, y = np.concatenate([X, new]), np.concatenate([y, np.ones(len(new), dtype=int)])
    for name, make in CLASSIFIERS.items():
        score = make().fit(X, y).decision_function(data.X_test)
        row[name] = float(roc_auc_score(data.y_test, score))
    return row


def run(name: str, number: int, folder: Path) -> pd.DataFrame:
    """Measure everything on a split, or read what an earlier call has measured."""
    path = folder / f"{name}.{number}.tsv"
    if path.exists():
        return pd.read_csv(path, sep="\t")
    with threadpool_limits(1):
        data = split(name, number)
        compared = contenders(data, number, folder / "checkpoints")
        rows = [
            {"set": name, "split": number, "arm": arm, **measure(data, sample, f"{name} {number}")}
            for arm, sample in compared
        ]
    write_table(pd.DataFrame(rows), path)
    print(f"{name} {number} done", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def against(table: pd.DataFrame, column: str, reference: str) -> pd.DataFrame:
    """Compare every arm with a reference on the same splits.

    Returns
    -------
    DataFrame
        Index: arm. Columns `difference`, the mean over data sets of the mean over splits, and
        `error`, its standard error. Splits of a set overlap, so it is somewhat too small.
    """
    values = table.pivot_table(index=["set", "split"], columns="arm", values=column, sort=False)
    differences = values.sub(values[reference], axis=0).groupby("set")
    error = np.sqrt((differences.var() / differences.count()).mean() / differences.ngroups)
    return pd.DataFrame({"difference": differences.mean().mean(), "error": error})


def report(table: pd.DataFrame) -> Iterator[str]:
    """Yield the parts of a Markdown text."""
    arms = list(dict.fromkeys(table["arm"]))
    means = table.groupby(["set", "arm"]).mean(numeric_only=True)
    overall = means.groupby("arm").mean()
    generated = [arm for arm in arms if arm != "none"]
    gaussian = against(table, "energy distance", "shrunk gaussian")
    columns = ["rank", "rank of real", "to training", "to unseen"]
    yield "## Distances\n"
    yield markdown(
        ["", "energy distance", "less shrunk gaussian's", *SETS, *columns],
        [
            (
                arm,
                f"{overall.loc[arm, 'energy distance']:.2f}",
                "{difference:+.2f} ± {error:.2f}".format(**gaussian.loc[arm]),
                *(f"{means.loc[(name, arm), 'energy distance']:.2f}" for name in SETS),
                *(f"{overall.loc[arm, column]:.1f}" for column in columns),
            )
            for arm in generated
        ],
    )
    for reference in ("none", "untrained"):
        compared = {name: against(table, name, reference) for name in CLASSIFIERS}
        yield f"\n## AUROC less that of {reference}\n"
        yield markdown(
            ["", *CLASSIFIERS],
            [
                (arm, *("{difference:+.4f} ± {error:.4f}".format(**x.loc[arm])
                        for x in compared.values()))
                for arm in arms
                if arm != reference
            ],
        )  # fmt: skip
    yield "\n## AUROC without balancing\n"
    none = means.xs("none", level="arm")
    yield markdown(
        ["", *CLASSIFIERS],
        [(name, *(f"{none.loc[name, column]:.3f}" for column in CLASSIFIERS)) for name in SETS],
    )


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one split of every data set")
    parser.add_argument("--folder", type=Path, default=ROOT / "results/bench/generators",
                        help="where measurements and trainings are kept")  # fmt: skip
    options = parser.parse_args()
    parts = {"Generators": range(1 if options.quick else N_SPLITS)}
    if not options.quick:
        parts["The same on other splits"] = range(N_SPLITS, 2 * N_SPLITS)
    for title, numbers in parts.items():
        tables = Parallel(n_jobs=len(os.sched_getaffinity(0)))(
            delayed(run)(name, number, options.folder) for number in numbers for name in SETS
        )
        print(opening(title), flush=True)
        for part in report(pd.concat(tables)):
            print(part, flush=True)


if __name__ == "__main__":
    main()
