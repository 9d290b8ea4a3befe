"""How fast classifiers are tuned: scikit-learn's GridSearchCV as it comes, and our flat task list.

``python -m bench.scoring`` prints a report; ``make bench`` puts it into ``bench/RESULTS.md``. Both
sides go through the paper's grid of gradient boosting on the same folds, in turns, and have to find
the same cross-validated AUROC.
"""

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from bench.training import machine, markdown
from evenomics.arms import ARMS, Setting
from evenomics.classifiers import CLASSIFIERS, Table
from evenomics.randomness import derive_seed
from evenomics.scoring import Balancer, tune

N_FEATURES, N_FOLDS, ROUNDS = 150, 5, 3
KIND = "hist_gradient_boosting"
SEED = 1


def table(n_samples: int) -> Table:
    """Make samples of two classes that differ a little."""
    rng = np.random.default_rng(n_samples)
    y = np.arange(n_samples) % 2
    return Table(rng.normal(size=(n_samples, N_FEATURES)) + 0.3 * y[:, None], y)


def grid_search(data: Table) -> float:
    """Tune with GridSearchCV and the classifier's defaults."""
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=derive_seed(SEED, "folds"))
    grid = dict(CLASSIFIERS[KIND].grid)
    model = HistGradientBoostingClassifier()
    search = GridSearchCV(model, grid, scoring="roc_auc", cv=folds).fit(data.X, data.y)
    return float(search.best_score_)


def flat_list(n_jobs: int) -> Callable[[Table], float]:
    """Tune as the workflow does, in so many processes."""
    balancer = Balancer(ARMS["none"], Setting(), 0, {}, SEED, ("bench",))

    def run(data: Table) -> float:
        return tune([KIND], data, balancer, n_folds=N_FOLDS, n_jobs=n_jobs)[KIND].cv_auroc

    return run


def main() -> None:
    """Print the report."""
    cores = len(os.sched_getaffinity(0))
    contenders = {
        "GridSearchCV": grid_search,
        "ours, 1 process": flat_list(1),
        f"ours, {cores} processes": flat_list(cores),
    }
    # the processes are started and the code is loaded before the first measurement
    for run in contenders.values():
        run(table(20))
    rows = []
    for n_samples in (80, 160, 300):
        data = table(n_samples)
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        scores = set()
        for _ in range(ROUNDS):
            for name, run in contenders.items():
                begun = time.perf_counter()
                scores.add(round(run(data), 12))
                seconds[name].append(time.perf_counter() - begun)
        if len(scores) > 1:
            raise AssertionError(f"the AUROC differs at n = {n_samples}: {scores}")
        for name, measured in seconds.items():
            ratios = [a / b for a, b in zip(seconds["GridSearchCV"], measured, strict=True)]
            rows.append(
                [
                    n_samples,
                    name,
                    f"{statistics.median(measured):.1f}",
                    f"{statistics.median(ratios):.1f}",
                ]
            )
    print("# Scoring\n")
    print(f"{machine()}\n")
    print(
        f"Tuning gradient boosting on the paper's 25 points with {N_FOLDS} folds, {N_FEATURES} "
        f"features; medians over {ROUNDS} turns. Both sides find the same AUROC.\n"
    )
    print(markdown(["n", "", "seconds", "times GridSearchCV"], rows))


if __name__ == "__main__":
    main()
