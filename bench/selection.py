"""How fast LASSO and elastic net select features, in one process and on all cores.

``python -m bench.selection`` prints a report; ``make bench`` puts it into ``bench/RESULTS.md``.
"""

import os
import statistics
from functools import partial

import numpy as np
import pandas as pd

from bench.harness import markdown, opening, ratio, turns
from evenomics.data.cohort import Cohort
from evenomics.preparation.selection import stable_features

N_FEATURES, N_SAMPLES, N_INFORMATIVE, DIFFERENCE, REPEATS = 200, 400, 20, 0.5, 10
# a turn takes minutes
TURNS = 1
CLASSES = ["control", "case"]


def cohort() -> Cohort:
    """Make two classes that differ in some of the features."""
    rng = np.random.default_rng(0)
    codes = np.arange(N_SAMPLES) % 2
    X = rng.normal(size=(N_SAMPLES, N_FEATURES))
    X[:, :N_INFORMATIVE] += DIFFERENCE * codes[:, None]
    index = pd.Index([f"S{i}" for i in range(N_SAMPLES)], name="sample_id")
    features = pd.DataFrame(X, index=index, columns=[f"F{i}" for i in range(N_FEATURES)])
    return Cohort(features, pd.Series(np.array(CLASSES)[codes], index=index), "benchmark")


def main() -> None:
    """Print the report."""
    print(opening("Selection"))
    print(
        f"LASSO and elastic net on {N_FEATURES} features x {N_SAMPLES} samples, {REPEATS} repeats "
        f"with 10 folds and 30 penalties each; {N_INFORMATIVE} features lie {DIFFERENCE} standard "
        "deviations apart between the classes.\n"
    )
    select = partial(stable_features, cohort(), CLASSES, repeats=REPEATS)
    numbers = sorted({1, len(os.sched_getaffinity(0))})
    seconds = turns({str(n): partial(select, n_jobs=n) for n in numbers}, TURNS)
    print(
        markdown(
            ("processes", "seconds", "times one process"),
            [
                (name, f"{statistics.median(measured):.0f}", f"{ratio(seconds, '1', name):.1f}")
                for name, measured in seconds.items()
            ],
        )
    )


if __name__ == "__main__":
    main()
