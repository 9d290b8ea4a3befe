"""How often tests between arms are wrong, and how much they find.

``python -m bench.false_positives`` prints a report; ``make bench`` puts it into
``bench/RESULTS.md``. ``--quick`` looks only at arms that are equal, with half as many simulations;
its last line is ``max_rate=``, the largest rate of a headline test.

Classes are normal, features independent, and the classifier is a linear discriminant with a ridge,
so that a simulation takes milliseconds. An arm adds cases from a generator until the classes are
even: a normal distribution whose mean is off by chance, anew in every replicate. Either both arms
are trainings of one generator. Or they are different arms: each sees two thirds of the features, a
third of all features is seen by both, so that they are equally good by symmetry. The hardest case
is two arms that see no feature both, and whose generators are never off. Where one arm is better,
the features that only it sees tell more.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray
from scipy import stats

from bench.harness import markdown, markdown_row, opening
from evenomics.evaluation.inference.contributions import delong
from evenomics.evaluation.inference.obuchowski_rockette import obuchowski_rockette
from evenomics.evaluation.inference.resampled import corrected_resampled_t

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SIMULATIONS, QUICK, LEVEL = 2_000, 1_000, 0.05
N_FEATURES, N_REPEATS, N_REPLICATES = 60, 5, (10, 5)
# controls, cases
COHORT, DRAW, VALIDATION = (80, 40), (40, 20), (67, 33)
# standard deviations between the classes, per feature
SHIFT, BETTER_SHIFT = 0.25, 0.28
RIDGE, OFF = 0.3, 0.3
SEES = np.arange(N_FEATURES) // (N_FEATURES // 3) != np.array([[2], [0]])  # by arm

TRAININGS, DIFFERENT = "two trainings of one generator", "two different arms of equal worth"
NULLS = (TRAININGS, DIFFERENT)
HARDEST = "two arms that share no feature"
BETTER = "nothing: one arm is better by 0.02"
DRAWS, OWN = "draws of a 120-sample cohort", "a cohort of its own for every draw"
SPLITS, PARTS = "outer splits of one table", "splits, half of the rest for training"
DESIGNS = (DRAWS, OWN, SPLITS, PARTS)
HEADLINE = {DRAWS: "overlap", OWN: "overlap", SPLITS: "resampled", PARTS: "resampled"}
COLUMNS = {
    "welch": "Welch on the repeats of one draw (paper)",
    "paired": "naive paired t",
    "plain": "Obuchowski-Rockette",
    "overlap": "**the same, corrected for overlap**",
    "resampled": "**corrected resampled t**",
    "draw": "the same, n_train that of the draw",
}


@dataclass(frozen=True)
class Case:
    """What is equal, and how replicates are made."""

    equal: str
    design: str

    @property
    def shift(self) -> Floats:
        """Standard deviations between the classes, shape (n_features,)."""
        better = (self.equal == BETTER) & SEES[0] & ~SEES[1]
        return np.where(better, BETTER_SHIFT, SHIFT)

    @property
    def sees(self) -> NDArray[np.bool_]:
        """Which features an arm sees, shape (2, n_features)."""
        if self.equal == TRAININGS:
            return np.ones_like(SEES)
        if self.equal == HARDEST:
            return (np.arange(N_FEATURES) < N_FEATURES // 2) != np.array([[False], [True]])
        return SEES

    @property
    def off(self) -> float:
        """How far a generator's mean is off by chance, in standard deviations."""
        return 0.0 if self.equal == HARDEST else OFF


@dataclass(frozen=True)
class Outcome:
    """One simulated study.

    Attributes
    ----------
    p_values : dict of (int, str) to float
        By the number of replicates and the test.
    difference : float
        In the AUROC of the trained classifiers in the population, mean over all of them.
    """

    p_values: dict[tuple[int, str], float]
    difference: float


def samples(counts: tuple[int, int], shift: Floats, rng: np.random.Generator) -> Floats:
    """Draw controls, then cases, from the population."""
    X = rng.normal(size=(sum(counts), N_FEATURES))
    X[counts[0] :] += shift
    return X


def classes(counts: tuple[int, int]) -> Codes:
    """Codes of controls, then cases."""
    return np.repeat([0, 1], counts)


def replicates(case: Case, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """Yield training and validation samples."""
    if case.design in (DRAWS, OWN):
        validation = samples(VALIDATION, case.shift, rng)
        cohort = np.split(samples(COHORT, case.shift, rng), [COHORT[0]])
        while True:
            if case.design == OWN:
                yield samples(DRAW, case.shift, rng), validation
            else:
                drawn = [rng.permutation(of)[:n] for of, n in zip(cohort, DRAW, strict=True)]
                yield np.concatenate(drawn), validation
    table_counts = (COHORT[0] + VALIDATION[0], COHORT[1] + VALIDATION[1])
    table = np.split(samples(table_counts, case.shift, rng), [table_counts[0]])
    counts = COHORT if case.design == SPLITS else DRAW
    while True:
        mixed = [rng.permutation(of) for of in table]
        parts = [
            (of[held_out : held_out + n], of[:held_out])
            for of, n, held_out in zip(mixed, counts, VALIDATION, strict=True)
        ]
        train, validation_parts = zip(*parts, strict=True)
        yield np.concatenate(train), np.concatenate(validation_parts)


def discriminant(controls: Floats, cases: Floats) -> Floats:
    """Weights of a linear discriminant with a ridge."""
    rest = np.concatenate([X - X.mean(axis=0) for X in (controls, cases)])
    covariance = rest.T @ rest / len(rest)
    covariance.flat[:: len(covariance) + 1] += RIDGE
    return np.linalg.solve(covariance, cases.mean(axis=0) - controls.mean(axis=0))


def weights(train: Floats, case: Case, rng: np.random.Generator) -> Floats:
    """Train the classifiers of a replicate, shape (2, n_repeats, n_features)."""
    n_controls = len(train) * 2 // 3
    controls, cases = train[:n_controls], train[n_controls:]
    n_new = len(controls) - len(cases)
    found = np.zeros((2, N_REPEATS, N_FEATURES))
    for arm, sees in enumerate(case.sees):
        generator = cases.mean(axis=0) + rng.normal(scale=case.off, size=N_FEATURES)
        for repeat in range(N_REPEATS):
            new = rng.normal(generator, cases.std(axis=0), size=(n_new, N_FEATURES))
            more = np.concatenate([cases, new])
            found[arm, repeat, sees] = discriminant(controls[:, sees], more[:, sees])
    return found


def simulate(case: Case, seed: int) -> Outcome:
    """Simulate a study and test its two arms."""
    rng = np.random.default_rng([seed, *case.equal.encode(), *case.design.encode()])
    of_replicates = replicates(case, rng)
    aurocs, contributions, differences = [], [], []
    for _ in range(max(N_REPLICATES)):
        train, validation = next(of_replicates)
        w = weights(train, case, rng)
        values = w @ validation.T
        auroc, added = delong(classes(VALIDATION), np.stack([-values, values], axis=-1))
        aurocs.append(auroc)
        contributions.append(added.mean(axis=1))
        apart = w @ case.shift / np.linalg.norm(w, axis=-1)
        differences.append(np.subtract(*stats.norm.cdf(apart / np.sqrt(2)).mean(axis=1)))
    p_values = {
        (J, test): p
        for J in N_REPLICATES
        for test, p in tests(case.design, np.array(aurocs[:J]), np.array(contributions[:J]))
    }
    return Outcome(p_values, float(np.mean(differences)))


def tests(design: str, aurocs: Floats, contributions: Floats) -> Iterator[tuple[str, float]]:
    """Yield the p-values of the tests that a design has.

    Parameters
    ----------
    design : str
    aurocs : ndarray of float, shape (n_replicates, 2, n_repeats)
    contributions : ndarray of float, shape (n_replicates, 2, n_validation)
    """
    yield "welch", stats.ttest_ind(*aurocs[0], equal_var=False).pvalue
    means = aurocs.mean(axis=2).T
    yield "paired", stats.ttest_rel(*means).pvalue
    n_train, n_validation = sum(COHORT), sum(VALIDATION)
    if design in (DRAWS, OWN):
        of_arms = np.swapaxes(contributions, 0, 1)
        shared = sum(DRAW) / sum(COHORT) if design == DRAWS else 0.0
        yield "plain", obuchowski_rockette(means, of_arms).difference(0, 1).p_value
        yield "overlap", obuchowski_rockette(means, of_arms, shared).difference(0, 1).p_value
        return
    difference = np.subtract(*means)
    for name, n in {"resampled": n_train, "draw": sum(DRAW)}.items():
        if name == "resampled" or design == PARTS:
            yield name, corrected_resampled_t(difference, n_validation / (n_validation + n)).p_value


def rejected(outcomes: Sequence[Outcome], J: int, test: str) -> float | None:
    """Return how often a test says that the arms differ; None if the design does not have it."""
    if (J, test) not in outcomes[0].p_values:
        return None
    return float(np.mean([outcome.p_values[J, test] < LEVEL for outcome in outcomes]))


def rows(n: int, equal: Sequence[str]) -> Iterator[tuple[list[object], float | None]]:
    """Simulate; yield the rows of the table as they come.

    Parameters
    ----------
    n : int
        Simulations of each case.
    equal : sequence of str
        What is equal.

    Yields
    ------
    row : list
    rate : float or None
        That of the headline test; None where it is not held to its level.
    """
    with Parallel(n_jobs=cpu_count()) as parallel:
        for case in (Case(what, design) for what in equal for design in DESIGNS):
            outcomes = parallel(delayed(simulate)(case, seed) for seed in range(n))
            difference = np.mean([outcome.difference for outcome in outcomes])
            for J in N_REPLICATES:
                rates = {test: rejected(outcomes, J, test) for test in COLUMNS}
                cells = ["" if rate is None else f"{rate:.1%}" for rate in rates.values()]
                headline = rates[HEADLINE[case.design]] if case.equal in NULLS else None
                yield [case.equal, case.design, J, *cells, f"{difference:+.4f}"], headline


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="equal arms alone, half as many simulations"
    )
    quick = parser.parse_args().quick
    n, equal = (QUICK, NULLS) if quick else (SIMULATIONS, (*NULLS, HARDEST, BETTER))
    error = np.sqrt(LEVEL * (1 - LEVEL) / n)
    print(opening("Tests between arms: how often they are wrong"))
    print(
        f"How often a test at level {LEVEL:.0%} says that two arms differ. {n:,} simulations a "
        f"line: the Monte Carlo standard error of 5% is {error:.1%}. {N_FEATURES} features, "
        f"{sum(VALIDATION)} validation samples, {N_REPEATS} repeats, a linear discriminant with a "
        "ridge (`bench/false_positives.py`). J: training draws, or outer splits. Headline tests "
        "are bold.\n"
    )
    print(markdown(["what is equal", "design", "J", *COLUMNS.values(), "true difference"], []))
    headlines = []
    for row, headline in rows(n, equal):
        print(markdown_row(row), flush=True)
        headlines += [] if headline is None else [headline]
    if quick:
        print(f"\nmax_rate={max(headlines):.4f}")
    else:
        print(
            f"\nThe largest rate of a headline test where both arms are equal is "
            f"{max(headlines):.1%}, rows of the hardest case ({HARDEST}) apart."
        )


if __name__ == "__main__":
    main()
