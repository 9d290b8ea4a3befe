"""What the paper says of its results, and whether it holds: on its own table, and on ours.

Every claim is a sentence of the paper in short, and a check of it on the scores of one or two
studies. The check is made on the published table, on our scores of predicted classes (what the
release calls AUROC), on the real AUROC of the same classifiers, and under the other protocols.

Rules: "significant in most experiments" needs more than half of them, "in all" needs all. A claim
of significance that too few tests bear out *cannot be told* if those that tell nothing would
suffice, else it *does not hold*; pairs of arms that are not tested have no say. Limits are the
paper's, on means rounded to two digits as there. Over all: see `overall`.

Source: Cusworth, Gkoutos, Acharjee 2024, Results and Discussion.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenomics.config.names import title
from evenomics.evaluation.claim_scores import (
    ClaimScores,
    HonestScores,
    PublishedScores,
    at_main_multiplier,
    best,
    from_published,
)
from evenomics.evaluation.reproduction import ARMS, CLASSIFIERS, of_metric

HOLDS, NOT, UNTOLD = "holds", "does not hold", "cannot be told"
HARD_ONLY = "holds for hard predictions only"
NOT_RUN, NOT_PUBLISHED, NOT_ASKED = "not run", "not published", "does not apply"

#: What a claim is checked on, in the order of tables: the published table, our runs by role (`real`
#: is the AUROC of the classifiers whose predicted classes are the first of `given` and `tuned`).
CHECKED = ("published", "given", "tuned", "real", "described", "honest", "harmonised")
#: Columns of `claims_table`.
CLAIMS_COLUMNS = ["claim", "study", "source", "sentence", "scores", "verdict", "evidence"]

_PLAIN, _GANS = ["random_over", "smote"], ["gan", "expand_gan"]
_TWINS = [*_GANS, "classic_gan", "classic_expand_gan"]
_TREES = ["hist_gradient_boosting"]


class Finding(NamedTuple):
    """What a check found.

    Examples
    --------
    >>> Finding(HOLDS, "all of 9").verdict
    'holds'
    """

    verdict: str
    evidence: str


class Run(NamedTuple):
    """Tables of a run: ``settings.tsv``, ``summary.tsv``, ``comparison.tsv``.

    Examples
    --------
    >>> Run(*[pd.DataFrame()] * 3).summary.empty
    True
    """

    settings: pd.DataFrame
    summary: pd.DataFrame
    comparison: pd.DataFrame


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    name : str
    studies : tuple of str
        The published studies that it is about.
    source : str
        Where the paper has it.
    sentence : str
        What it says.
    check : callable
        Of the scores of these studies, with the arms and classifiers of the claim alone.
    arms, classifiers : sequence of str
    of_repeats : bool
        Whether it is about the spread of repeats, which honest tables do not have.

    Examples
    --------
    >>> CLAIMS[0].name, CLAIMS[0].studies
    ('simulation_level', ('simulation',))
    """

    name: str
    studies: tuple[str, ...]
    source: str
    sentence: str
    check: Callable[..., Finding]
    arms: Sequence[str] = (*ARMS,)
    classifiers: Sequence[str] = (*CLASSIFIERS,)
    of_repeats: bool = False

    def found(self, scores: Sequence[ClaimScores | None]) -> Finding:
        """Check the claim on the scores of its studies; None where a study was not run."""
        given = [one.of(self.arms, self.classifiers) for one in scores if one is not None]
        if len(given) < len(scores):
            return Finding(NOT_RUN, "")
        missing = [arm for arm in self.arms for one in given if arm not in one.means]
        if missing:
            return Finding(
                NOT_RUN, f"no scores of {', '.join(map(_title, dict.fromkeys(missing)))}"
            )
        if self.of_repeats and isinstance(given[0], HonestScores):
            return Finding(NOT_ASKED, "")
        return self.check(*given)


def _title(arm: str) -> str:
    return title("arms", arm)


def _values(scores: ClaimScores) -> "np.ndarray":
    """Return the means of all arms and experiments."""
    means = scores.means.to_numpy()
    return means[~np.isnan(means)]


def _judged(holds: bool, evidence: str) -> Finding:
    return Finding(HOLDS if holds else NOT, evidence)


def _all_means(compare: Callable[[float], bool]) -> Callable[[ClaimScores], Finding]:
    """Check every mean, rounded to two digits as in the paper."""

    def check(scores: ClaimScores) -> Finding:
        means = _values(scores).round(2)
        outside = sum(not compare(mean) for mean in means)
        beyond = f"; {outside} of {len(means)} are not" if outside else ""
        return _judged(not outside, f"means {means.min():.2f} to {means.max():.2f}{beyond}")

    return check


def _tests(scores: ClaimScores, pairs: Sequence[tuple[str, str]]) -> tuple[int, int, int, str]:
    """Count the cases in which every tested pair is ahead, some pair is behind, and all; in words.

    The tests of a study are not between all arms: a pair without any test has no say.
    """
    found = {pair: scores.against(*pair) for pair in pairs}
    least = pd.concat([one["difference"] for one in found.values()], axis=1).min(axis=1)
    untested = [pair for pair, one in found.items() if not one["tested"].any()]
    tested = {pair: one for pair, one in found.items() if pair not in untested} or found
    told = pd.concat([one["told"] for one in tested.values()], axis=1)
    ahead, behind = int((told == 1).all(axis=1).sum()), int((told == -1).any(axis=1).sum())
    what = "cases (experiment, classifier)" if least.index.nlevels > 1 else "experiments"
    of = f"{len(told)} {what}" if len(told) > 1 else "1 experiment"
    spread = f"{least.min():+.2f}"
    if len(least) > 1:
        spread += f" to {least.max():+.2f}, mean {least.mean():+.2f}"
    words = f"ahead in {ahead} of {of}, behind in {behind}; difference {spread}"
    if untested:
        pairs_in_words = [" and ".join(map(_title, pair)) for pair in untested]
        words += f"; not tested: {', '.join(pairs_in_words)}"
    return ahead, behind, len(told), words


def _ahead(*pairs: tuple[str, str], in_all: bool = False) -> Callable[[ClaimScores], Finding]:
    """Check whether the first arm of every pair is significantly better than the second."""

    def check(scores: ClaimScores) -> Finding:
        ahead, behind, n, words = _tests(scores, pairs)
        needed = n if in_all else n // 2 + 1
        if ahead >= needed:
            return Finding(HOLDS, words)
        return Finding(UNTOLD if n - behind >= needed else NOT, words)

    return check


def _sometimes_ahead(arm: str, reference: str) -> Callable[[ClaimScores], Finding]:
    """Check whether an arm is significantly better somewhere, and worse nowhere."""

    def check(scores: ClaimScores) -> Finding:
        ahead, behind, _, words = _tests(scores, [(arm, reference)])
        return Finding(NOT if behind else HOLDS if ahead else UNTOLD, words)

    return check


def _more_often_above(arm: str, limit: float) -> Callable[[ClaimScores], Finding]:
    """Check whether an arm reaches a limit in more experiments than every other arm."""

    def check(scores: ClaimScores) -> Finding:
        counts = (scores.means.round(2) >= limit).sum()
        others = counts.drop(arm)
        words = ", ".join(f"{_title(name)} {counts[name]}" for name in (arm, *others.index))
        return _judged(counts[arm] > others.max(), f"experiments at {limit:.2f} or more: {words}")

    return check


def _closer_with_most_controls(scores: ClaimScores) -> Finding:
    distance = scores.means[_PLAIN].max(axis=1) - scores.means["gan"]
    controls = [int(re.findall(r"c(\d+)_", str(name))[0]) for name in distance.index]
    by_size = distance.groupby(controls).mean()
    if len(by_size) < 2:
        return Finding(NOT_RUN, "needs draws with several numbers of controls")
    words = ", ".join(f"{gap:.3f} with {size}" for size, gap in by_size.items())
    return _judged(by_size.idxmin() == by_size.index.max(), f"mean distance {words} controls")


def _lower_than(scores: ClaimScores, others: ClaimScores) -> Finding:
    mean, other = (_values(one).mean() for one in (scores, others))
    return _judged(mean < other, f"mean {mean:.2f} against {other:.2f}")


def _trees_above_svc(scores: ClaimScores) -> Finding:
    trees, svc = (_values(scores.of(_GANS, [name])).mean() for name in CLASSIFIERS)
    return _judged(trees > svc, f"mean {trees:.2f} against {svc:.2f}")


def _spreads(scores: ClaimScores) -> Finding:
    """Check whether repeats of every GAN arm vary more than those of the other arms."""
    rows = best(at_main_multiplier(scores.settings))
    gans, plain = rows["arm"].isin(_GANS), rows["arm"].isin(_PLAIN)
    least, most = rows.loc[gans, "sd"].min(), rows.loc[plain, "sd"].max()
    return _judged(least > most, f"SD at least {least:.3f}, of the others at most {most:.3f}")


def _by_alpha(scores: ClaimScores) -> pd.DataFrame:
    """Return mean and sd of GAN at both alphas, per experiment and classifier."""
    rows = scores.settings[scores.settings["arm"] == "gan"]
    rows = rows.drop_duplicates(["experiment", "classifier", "alpha"])
    wide = rows.pivot_table(
        values=["mean", "sd"], index=["experiment", "classifier"], columns="alpha"
    )
    both = pd.MultiIndex.from_product([["mean", "sd"], ["a0-0", "a1-0"]], names=wide.columns.names)
    return wide.reindex(columns=both)


def _alpha_matters_little(scores: ClaimScores) -> Finding:
    wide = _by_alpha(scores).dropna()
    if wide.empty:
        return Finding(NOT_RUN, "needs alpha 0 and 1")
    change = (wide["mean"]["a1-0"] - wide["mean"]["a0-0"]).abs()
    spread = wide["sd"].to_numpy().max(axis=1)
    small = int((change <= spread).sum())
    words = f"change within one SD in {small} of {len(wide)} cases, at most {change.max():.2f}"
    return _judged(small > len(wide) / 2, words)


def _alpha_lowers_spread(scores: ClaimScores) -> Finding:
    rows = best(scores.settings.assign(arm=scores.settings["alpha"]))
    spread = rows.set_index("alpha")["sd"]
    if not {"a0-0", "a1-0"} <= {*spread.index}:
        return Finding(NOT_RUN, "needs alpha 0 and 1")
    before, after = spread["a0-0"], spread["a1-0"]
    return _judged(after < before, f"SD {before:.3f} at alpha 0, {after:.3f} at alpha 1")


def _rises_with_multiplier(scores: ClaimScores) -> Finding:
    rows = scores.settings
    rows = rows[(rows["experiment"] == "c120_i0.6") & (rows["alpha"] == "a0-0")]
    means = rows.drop_duplicates("multiplier").set_index("multiplier")["mean"]
    if not {"0.25", "1"} <= {*means.index}:
        return Finding(NOT_RUN, "needs the multipliers 0.25 and 1")
    few, many = means["0.25"], means["1"]
    return _judged(many > few, f"{few:.2f} at 0.25, {many:.2f} at 1")


_OVER_GANS = tuple((plain, gan) for plain in _PLAIN for gan in _GANS)

#: The claims on results, in the order of the paper.
CLAIMS = (
    Claim(
        "simulation_level",
        ("simulation",),
        "Results comparison",
        "All mean AUROCs of the simulation are at least 0.70.",
        _all_means(lambda mean: mean >= 0.70),
    ),
    Claim(
        "simulation_order",
        ("simulation",),
        "Simulation study (Discussion)",
        "SMOTE and random over-sampling are significantly better than both GAN arms in all nine "
        "experiments.",
        _ahead(*_OVER_GANS, in_all=True),
    ),
    Claim(
        "simulation_controls",
        ("simulation",),
        "Simulation results",
        "With 120 controls, GAN comes closer to SMOTE and random over-sampling than with fewer.",
        _closer_with_most_controls,
    ),
    Claim(
        "simulation_multiplier",
        ("simulation",),
        "Variable number of samples for expandGAN",
        "With 120 controls at imbalance 0.6, gradient boosting gains from more samples of "
        "ExpandGAN (0.72 at multiplier 0.25, 0.84 at 1).",
        _rises_with_multiplier,
        ["expand_gan"],
        _TREES,
    ),
    Claim(
        "microarray_lower",
        ("microarray", "simulation"),
        "Results comparison",
        "AUROCs are lower in the microarray study than in the simulation.",
        _lower_than,
    ),
    Claim(
        "microarray_level",
        ("microarray",),
        "Results comparison",
        "GAN reaches 0.65 in more microarray experiments (4) than any other arm.",
        _more_often_above("gan", 0.65),
    ),
    Claim(
        "microarray_spread",
        ("microarray",),
        "Results comparison",
        "Repeats of both GAN arms vary more than those of SMOTE and random over-sampling.",
        _spreads,
        of_repeats=True,
    ),
    Claim(
        "microarray_gan",
        ("microarray",),
        "Public microarray datasets; Conclusions",
        "GAN is significantly better than SMOTE and random over-sampling in most microarray "
        "experiments (7 of 9).",
        _ahead(("gan", "smote"), ("gan", "random_over")),
    ),
    Claim(
        "microarray_expand",
        ("microarray",),
        "Public microarray datasets",
        "GAN is significantly better than ExpandGAN in most microarray experiments (6 of 9).",
        _ahead(("gan", "expand_gan")),
    ),
    Claim(
        "classic_gan",
        ("microarray",),
        "Public microarray datasets (Fig. 5)",
        "With gradient boosting, GAN is significantly better than the classic GAN, without "
        "pre-training and growing, in most microarray experiments (7 of 9).",
        _ahead(("gan", "classic_gan")),
        _TWINS,
        _TREES,
    ),
    Claim(
        "classic_expand",
        ("microarray",),
        "Public microarray datasets (Fig. 5)",
        "With gradient boosting, ExpandGAN is significantly better than the classic one in some "
        "microarray experiments (3 of 9), and worse in none.",
        _sometimes_ahead("expand_gan", "classic_expand_gan"),
        _TWINS,
        _TREES,
    ),
    Claim(
        "microarray_classifier",
        ("microarray",),
        "Public microarray datasets",
        "With the GAN arms, gradient boosting does better than SVC.",
        _trees_above_svc,
        _GANS,
    ),
    Claim(
        "microarray_alpha",
        ("microarray",),
        "Effect of the distance metric on the generator loss",
        "Alpha makes little difference to GAN on microarrays.",
        _alpha_matters_little,
        ["gan"],
    ),
    Claim(
        "lipidomics_level",
        ("lipidomics",),
        "Public lipidomics datasets",
        "All mean AUROCs of the lipidomics study are above 0.89.",
        _all_means(lambda mean: mean > 0.89),
    ),
    Claim(
        "lipidomics_order",
        ("lipidomics",),
        "Public lipidomics datasets",
        "SMOTE and random over-sampling are significantly better than GAN (by 0.03), and GAN than "
        "ExpandGAN.",
        _ahead(("smote", "gan"), ("random_over", "gan"), ("gan", "expand_gan"), in_all=True),
    ),
    Claim(
        "lipidomics_alpha",
        ("lipidomics",),
        "Public lipidomics datasets",
        "With alpha, repeats of GAN vary less.",
        _alpha_lowers_spread,
        ["gan"],
        of_repeats=True,
    ),
    Claim(
        "lipidomics_lasso_level",
        ("lipidomics_lasso",),
        "Effect of the feature selection on the data sets",
        "With selected lipids, all mean AUROCs are above 0.9.",
        _all_means(lambda mean: mean > 0.9),
    ),
    Claim(
        "lipidomics_lasso_order",
        ("lipidomics_lasso",),
        "Effect of the feature selection on the data sets",
        "With selected lipids, random over-sampling is significantly better than all others.",
        _ahead(*(("random_over", arm) for arm in ("smote", *_GANS)), in_all=True),
    ),
    Claim(
        "lipidomics_lasso_spread",
        ("lipidomics_lasso",),
        "Effect of the feature selection on the data sets",
        "With selected lipids, repeats of the GAN arms vary more than those of the others.",
        _spreads,
        of_repeats=True,
    ),
    Claim(
        "microarray_lasso_level",
        ("microarray_lasso",),
        "Effect of the feature selection on the data sets",
        "With selected genes, all mean AUROCs are below 0.6.",
        _all_means(lambda mean: mean < 0.6),
    ),
)


def overall(verdicts: Mapping[str, str]) -> str:
    """Return the verdict on a claim, from those on all that it was checked on.

    Parameters
    ----------
    verdicts : mapping of str to str
        By `CHECKED`.

    Returns
    -------
    str
        That on our scores of predicted classes, unless it holds there. If it does, but not with the
        real AUROC: "holds for hard predictions only". Else what the text's and the honest protocol
        add: "does not hold" if one of them says so, then "cannot be told"; "holds" if none does.
        Harmonised cohorts are other data and have no say. "not run" if there is nothing to go by.

    Examples
    --------
    >>> overall({"given": "holds", "real": "does not hold", "honest": "cannot be told"})
    'holds for hard predictions only'
    """
    run = {name: said for name, said in verdicts.items() if said not in (NOT_RUN, NOT_ASKED)}
    hard = run.get("given", run.get("tuned", NOT_RUN))
    if hard != HOLDS:
        return hard
    if run.get("real", HOLDS) != HOLDS:
        return HARD_ONLY
    others = {run.get("described"), run.get("honest")}
    return next((said for said in (NOT, UNTOLD) if said in others), HOLDS)


def scores_of_claims(
    published: pd.DataFrame, runs: Mapping[tuple[str, str], Run], level: float
) -> dict[tuple[str, str], ClaimScores]:
    """Return the scores that claims are checked on, by study and what of `CHECKED` they are.

    Parameters
    ----------
    published : DataFrame
        The published scores.
    runs : mapping of (str, str) to Run
        By published study and role.
    level : float
        Adjusted p-values below tell arms apart.
    """
    found: dict[tuple[str, str], ClaimScores] = {
        (str(study), "published"): PublishedScores(from_published(rows), level)
        for study, rows in published.groupby("study", sort=False)
    }
    for (study, role), run in runs.items():
        real = of_metric(run.settings, "auroc")
        if role in ("honest", "harmonised"):
            chosen = of_metric(run.summary, "auroc")
            found[study, role] = HonestScores(real, chosen, run.comparison, level)
        elif role == "described":
            found[study, role] = PublishedScores(real, level)
        else:
            hard = of_metric(run.settings, "hard_auroc")
            found[study, role] = PublishedScores(hard, level)
            if role == "given" or (study, "given") not in runs:
                found[study, "real"] = PublishedScores(real, level)
    return found


def claims_table(
    published: pd.DataFrame, runs: Mapping[tuple[str, str], Run], level: float = 0.05
) -> pd.DataFrame:
    """Check every claim on all that there is.

    Parameters
    ----------
    published, runs, level
        See `scores_of_claims`.

    Returns
    -------
    DataFrame
        Columns `CLAIMS_COLUMNS`. Per claim a row for each of `CHECKED`, as scores, and ``overall``.
    """
    scores = scores_of_claims(published, runs, level)
    rows = []
    for claim in CLAIMS:
        words = (claim.name, claim.studies[0], claim.source, claim.sentence)
        found = {
            name: claim.found([scores.get((study, name)) for study in claim.studies])
            for name in CHECKED
        }
        if found["published"].verdict == NOT_RUN:
            found["published"] = found["published"]._replace(verdict=NOT_PUBLISHED)
        rows += [(*words, name, *finding) for name, finding in found.items()]
        verdict = overall({name: finding.verdict for name, finding in found.items()})
        rows.append((*words, "overall", verdict, ""))
    return pd.DataFrame(rows, columns=CLAIMS_COLUMNS)
