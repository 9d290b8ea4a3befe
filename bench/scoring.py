"""How fast classifiers are tuned: by scikit-learn's GridSearchCV and by `evenomics`.

``python -m bench.scoring`` prints a report; ``make bench`` puts it into ``bench/RESULTS.md``. Both
sides tune gradient boosting on the paper's grid and the same folds, in turns, and have to find the
same cross-validated AUROC.
"""

import os
import statistics
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from bench.harness import markdown, markdown_row, opening, ratio, turns
from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.evaluation.tuning import BalancedFold, tune
from evenomics.preparation.folds import stratified_folds
from evenomics.preparation.samples import Samples
from evenomics.randomness import derive_seed

N_FEATURES, N_FOLDS, DIFFERENCE = 150, 5, 0.3
# number of samples: turns; one turn of 300 samples takes minutes
TURNS = {80: 3, 160: 3, 300: 1}
CLASSIFIER = "hist_gradient_boosting"
SEED = 1


def two_classes(n_samples: int) -> Samples:
    """Make samples of two classes that differ a little."""
    rng = np.random.default_rng(n_samples)
    y = np.arange(n_samples) % 2
    return Samples(rng.normal(size=(n_samples, N_FEATURES)) + DIFFERENCE * y[:, None], y)


def grid_search(samples: Samples) -> float:
    """Tune with GridSearchCV and the classifier's defaults."""
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=derive_seed(SEED, "folds"))
    grid = list(CLASSIFIERS[CLASSIFIER].grid)
    model = HistGradientBoostingClassifier()
    search = GridSearchCV(model, grid, scoring="roc_auc", cv=folds).fit(samples.X, samples.y)
    return float(search.best_score_)


def best_first(n_jobs: int) -> Callable[[Samples], float]:
    """Tune as the workflow does, in so many processes."""
    points = CLASSIFIERS[CLASSIFIER].points

    def run(samples: Samples) -> float:
        parts, _ = stratified_folds(samples.y, N_FOLDS, derive_seed(SEED, "folds"))
        folds = [
            BalancedFold(*(Samples(samples.X[rows], samples.y[rows]) for rows in part))
            for part in parts
        ]
        return tune({CLASSIFIER: points}, folds, n_jobs=n_jobs)[CLASSIFIER].cv_score

    return run


def note_score(run: Callable[[Samples], float], samples: Samples, scores: set[float]) -> None:
    """Tune, and add the score to those found."""
    scores.add(round(run(samples), 12))


def rows(contenders: dict[str, Callable[[Samples], float]]) -> Iterator[tuple[object, ...]]:
    """Measure; yield the rows of the table as they come."""
    for n_samples, n_turns in TURNS.items():
        samples = two_classes(n_samples)
        scores: set[float] = set()
        seconds = turns(
            {name: partial(note_score, run, samples, scores) for name, run in contenders.items()},
            n_turns,
        )
        if len(scores) > 1:
            raise AssertionError(f"the AUROC differs at n = {n_samples}: {scores}")
        for name, measured in seconds.items():
            yield (
                n_samples,
                name,
                f"{statistics.median(measured):.1f}",
                f"{ratio(seconds, 'GridSearchCV', name):.1f}",
            )


def main() -> None:
    """Print the report."""
    cores = len(os.sched_getaffinity(0))
    contenders = {
        "GridSearchCV": grid_search,
        "ours, 1 process": best_first(1),
        f"ours, {cores} processes": best_first(cores),
    }
    # the processes are started and the code is loaded before the first measurement
    for run in contenders.values():
        run(two_classes(20))
    print(opening("Scoring"))
    print(
        f"Tuning gradient boosting on the paper's 25 points with {N_FOLDS} folds, {N_FEATURES} "
        f"features of which each lies {DIFFERENCE} standard deviations apart between the classes; "
        f"medians over {' / '.join(map(str, TURNS.values()))} turns. GridSearchCV has the defaults "
        "of scikit-learn: all threads of OpenMP in every fit. Ours has one thread a fit, leaves "
        "out points that cannot split, bins no more than there are samples, and stops a point "
        "that cannot win any more. Both sides find the same AUROC, or this would have failed.\n"
    )
    print(markdown(["n", "", "seconds", "times GridSearchCV"], []))
    for row in rows(contenders):
        print(markdown_row(row), flush=True)


if __name__ == "__main__":
    main()
