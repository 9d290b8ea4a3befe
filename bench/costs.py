"""How far the cost model of scoring is from measurements (docs/costs.md).

``python -m bench.costs`` takes some minutes and prints a report; ``make bench`` puts it into
``bench/RESULTS.md``. Time is that of the process, so that a busy machine does little harm. The
model of training is compared in `bench.training`.
"""

import time
from collections.abc import Iterator

import numpy as np

from bench.harness import markdown, markdown_row, opening
from evenomics.balancing.arm import ARMS
from evenomics.balancing.draw_gans import DrawGenerators
from evenomics.config.arms import Grid
from evenomics.config.costs import Costs
from evenomics.config.experiments import DrawId
from evenomics.config.source import Size
from evenomics.config.validation import validated
from evenomics.data.cohort import Cohort
from evenomics.data.source import cohort_of
from evenomics.evaluation.scoring import Scoring
from evenomics.preparation.draw_files import prepare

CLASSES = ["control", "case"]
# controls, cases: a draw, which random over-sampling brings to twice the controls
DRAWS = [(40, 16), (80, 32), (140, 60), (350, 150)]
FEATURES = [30, 150, 600, 2000]
N_VALIDATION, REPEATS, DIFFERENCE = 700, 10, 0.5
# samples x features of a draw; more take many minutes
MOST = 130_000


def cohort(counts: tuple[int, int], n_features: int, name: str) -> Cohort:
    """Make two classes that differ in a tenth of the features."""
    rng = np.random.default_rng(sum(counts))
    codes = np.repeat([0, 1], counts)
    X = rng.normal(size=(len(codes), n_features))
    X[:, : n_features // 10] += DIFFERENCE * codes[:, None]
    ids = [f"S{i}" for i in range(len(codes))]
    columns = [f"F{i}" for i in range(n_features)]
    return cohort_of(X, np.array(CLASSES)[codes], ids, columns, name, "benchmark")


def rows() -> Iterator[tuple[object, ...]]:
    """Measure; yield the rows of the table as they come."""
    validation = (N_VALIDATION // 2, N_VALIDATION // 2)
    for counts in DRAWS:
        for p in FEATURES:
            if sum(counts) * p > MOST:
                continue
            study = {
                "classes": CLASSES,
                "cohorts": {"source": "builtin"},
                "experiments": {"whole": True, "controls": []},
            }
            checked = validated(
                {"studies": {"s": study}, "arms": ["random_over"], "scoring": {"repeats": REPEATS}}
            )
            size = Size(p, sum(counts), 2, N_VALIDATION, dict(zip(CLASSES, counts, strict=True)))
            expected = Costs(checked, "s", "none", size).seconds["score_arms"]
            draw = cohort(counts, p, "whole")
            study = checked["studies"]["s"]
            options = study["scoring"]
            scoring = Scoring(
                CLASSES, Grid.of(study), options["classifiers"], REPEATS, seed=1, networks={}
            )
            prepared = prepare(
                DrawId("whole"), draw, n_folds=options["folds"], seed=1, scale_folds=True
            )
            of_validation = cohort(validation, p, "validation")
            began = time.process_time()
            scoring.score(ARMS["random_over"], prepared, of_validation, DrawGenerators())
            seconds = time.process_time() - began
            yield 2 * counts[0], p, f"{seconds:.1f}", f"{expected:.1f}", f"{expected / seconds:.1f}"


def main() -> None:
    """Print the report."""
    print(opening("Costs of scoring: the model of docs/costs.md"))
    print(
        f"Tuning of all classifiers and {REPEATS} repeats, on one core; n is the size of the "
        f"balanced training set, {N_VALIDATION} samples are for validation.\n"
    )
    print(markdown(["n", "p", "seconds", "model", "model / seconds"], []))
    for row in rows():
        print(markdown_row(row), flush=True)


if __name__ == "__main__":
    main()
