"""The answer in words: what a study asked, which arm is ahead, and what cannot be told.

Every sentence is made from the tables of a study. An arm is said to be ahead, or behind, only where
a headline test says so (adjusted p below the level). Otherwise it cannot be told apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenomics.config.arms import AUTO
from evenomics.report.study import StudyFiles
from evenomics.report.style import (
    arm_order,
    arm_title,
    classifier_title,
    experiment_title,
    in_sentence,
    interval,
    leaders,
    metric_title,
    of_metric,
    p_text,
    signed,
    span,
)

BETTER, WORSE, CANNOT_TELL = "better than no balancing", "worse than no balancing", "cannot tell"
SAME, NO_TEST = "same score", "no test"
#: A GAN copies where the distance of its samples to the nearest training sample is less than this
#: share of that to the nearest held-out sample.
COPY_RATIO = 0.5

_CASE = ["study", "selection", "experiment", "classifier"]
_NUMBERS = ["difference", "low", "high", "adjusted_p_value", "detectable"]
#: Columns of `answer_table`.
ANSWERS = [*_CASE, "metric", "arm", *_NUMBERS, "n_replicates", "n_validation", "verdict"]

# What is said of the leading arm by the verdict on it: of one case, and of the clearest of several.
_RESULT = {
    BETTER: (
        "{arm} {be} ahead of no balancing",
        "an arm is ahead of no balancing, most clearly {arm}",
    ),
    CANNOT_TELL: ("no arm is ahead: {arm} cannot be told apart from no balancing",) * 2,
    WORSE: ("every arm is behind no balancing, {arm} too",) * 2,
    SAME: ("no arm is ahead: {arm} always {have} the score of no balancing",) * 2,
    NO_TEST: ("there is no test, and {arm} looks best",) * 2,
}
_RELATION = {BETTER: "is ahead of", WORSE: "is behind", CANNOT_TELL: "cannot be told apart from"}
# The reference of each further question.
_SIMPLER = {
    "threshold": "no balancing with a moved threshold",
    "plain": "logistic regression without balancing",
    "untrained": "an untrained generator",
}


def of_question(comparison: pd.DataFrame, question: str) -> pd.DataFrame:
    """Rows of a question whose difference is known."""
    return comparison[(comparison["question"] == question) & comparison["difference"].notna()]


def verdict(row: pd.Series, settings: Mapping[str, Any]) -> str:
    """Return what the test of an arm against a reference says, or why there is no test.

    Parameters
    ----------
    row : Series
        Row of the comparison.
    settings : mapping
        See `answer_table`.
    """
    if pd.isna(row["adjusted_p_value"]):
        if row["n_replicates"] == 1:
            return f"{NO_TEST}: one {_replicate(settings)}"
        return SAME if abs(row["difference"]) < 1e-12 else NO_TEST
    if row["adjusted_p_value"] >= settings["level"]:
        return CANNOT_TELL
    return BETTER if row["difference"] > 0 else WORSE


def leading(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the arm that is ahead by most or, if none is ahead, the one that looks best.

    Parameters
    ----------
    rows : DataFrame
        Comparison of arms with no balancing, in one experiment, with one classifier.
    level : float
        An arm whose adjusted p-value is below can be ahead.

    Returns
    -------
    DataFrame
        One row; more where arms tie.
    """
    ahead = rows[(rows["adjusted_p_value"] < level) & (rows["difference"] > 0)]
    pool = rows if ahead.empty else ahead
    tied = pool.loc[leaders(pool["difference"])]
    return tied.sort_values("arm", key=lambda arms: arms.map(arm_order(arms).index))


def answer_table(
    comparison: pd.DataFrame, summary: pd.DataFrame, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Tabulate the leading arm and `auto` against no balancing.

    Parameters
    ----------
    comparison : DataFrame
        The headline tests, as `evenomics.evaluation.comparison.compare` has them.
    summary : DataFrame
        The score of every arm, at the setting that cross-validation chose.
    settings : mapping
        As `evenomics.config.plan.Plan.report_settings` has it.

    Returns
    -------
    DataFrame
        Columns `ANSWERS`. Per experiment and classifier the leading arm (all that tie), then
        `auto`. Where there is nothing to compare, the arm with the best mean, without a difference.
    """
    rows = of_question(comparison, "balancing")
    if rows.empty:
        return _without_reference(summary, settings["metric"])
    parts = []
    for _, case in rows.groupby(_CASE, sort=False):
        advice = case["arm"] == AUTO
        parts += [leading(case[~advice], settings["level"]), case[advice]]
    table = pd.concat(parts, ignore_index=True)
    said = [verdict(row, settings) for _, row in table.iterrows()]
    return table.assign(verdict=said)[ANSWERS]


def _without_reference(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    rows = of_metric(summary, metric)
    rows = rows[rows["mean"].notna()]
    best = rows.loc[rows.groupby(_CASE, sort=False)["mean"].idxmax()]
    why = "no other arm" if "none" in set(rows["arm"]) else "arm none was not run"
    unknown = dict.fromkeys(_NUMBERS, np.nan)
    return best.assign(**unknown, verdict=f"{NO_TEST}: {why}")[ANSWERS].reset_index(drop=True)


def answer_sentences(
    comparison: pd.DataFrame,
    summary: pd.DataFrame,
    experiments: pd.DataFrame,
    settings: Mapping[str, Any],
    auto: pd.DataFrame | None = None,
    training: pd.DataFrame | None = None,
) -> list[str]:
    """Say in a few sentences what a study asked and found.

    Parameters
    ----------
    comparison, summary, settings
        See `answer_table`.
    experiments : DataFrame
        Columns experiment, replicate, class, n_samples.
    auto : DataFrame, optional
        What the arm `auto` took: columns experiment, replicate, classifier, arm.
    training : DataFrame, optional
        See `copying`.

    Returns
    -------
    list of str
        What was asked, the result, what the tests could find, simpler ways, the advice, copying.
        Where there is nothing to say, a sentence is left out.
    """
    table = answer_table(comparison, summary, settings)
    rows = of_question(comparison, "balancing")
    cases, advice = (_one_row_each(table[(table["arm"] == AUTO) == is_auto]) for is_auto in (0, 1))
    said = [_asked(summary, experiments, settings)]
    if rows.empty:
        said.append(_nothing_to_compare(set(summary["arm"])))
    elif rows["adjusted_p_value"].isna().all():
        said.append(_untested(cases, rows, settings))
    else:
        said += [_result(cases, rows, settings), _power(rows, settings)]
        said.append(_simpler(cases, comparison, settings))
    said += [_advice(advice, auto, settings), copying(training)]
    return [sentence for sentence in said if sentence]


def answer_tables(of: StudyFiles) -> dict[str, pd.DataFrame]:
    """Return the tables ``answers`` and ``sentences`` of a study, from its other tables.

    Returns
    -------
    dict of str to DataFrame
        See `answer_table`; and columns study, selection, sentence (see `answer_sentences`).
    """
    comparison, summary = of.table("comparison.tsv"), of.table("summary.tsv")
    said = answer_sentences(
        comparison,
        summary,
        of.table("experiments.tsv"),
        of.settings,
        of.table("auto.tsv") if AUTO in of.settings["arms"] else None,
        of.trained("chosen.tsv") if of.settings["trains"] else None,
    )
    names = {"study": of.study, "selection": of.selection}
    return {
        "answers": answer_table(comparison, summary, of.settings),
        "sentences": pd.DataFrame({**names, "sentence": said}),
    }


def copying(training: pd.DataFrame | None) -> str:
    """Say whether GANs copy their training samples; nothing where there are no GANs.

    Parameters
    ----------
    training : DataFrame or None
        Columns nn_distance_training, nn_distance_held_out: median distances of generated samples to
        the nearest training sample and to the nearest held-out sample. A GAN copies where the first
        is below `COPY_RATIO` times the second.
    """
    if training is None or training.empty:
        return ""
    ratios = (training["nn_distance_training"] / training["nn_distance_held_out"]).dropna()
    if ratios.empty:
        return "Whether the GANs copy their samples is not known, since none were held out."
    n_copies = int((ratios < COPY_RATIO).sum())
    return (
        f"GANs that copy their training samples: {_none(n_copies)} of {len(ratios)}. Their samples "
        f"lie {span(ratios, '{:.2f}'.format)} times as far from the nearest training sample "
        f"as from the nearest held-out sample; below {COPY_RATIO:g} is copying."
    )


def _asked(summary: pd.DataFrame, experiments: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    classifiers = [in_sentence(classifier_title(c)) for c in sorted(summary["classifier"].unique())]
    n_replicates = int(summary["n_replicates"].max())
    times = "once" if n_replicates == 1 else f"{n_replicates} times"
    made = "one table was split" if settings["splits"] else "training samples were drawn"
    return (
        f"Does balancing help {_and(classifiers)} to tell {_and(settings['classes'])} apart? To "
        f"find out, {made} {times} ({_sizes(experiments, settings['classes'])}), and "
        f"{metric_title(settings['metric'])} was measured on "
        f"{span(summary['n_validation'], '{:.0f}'.format)} validation samples."
    )


def _sizes(experiments: pd.DataFrame, classes: Sequence[str]) -> str:
    sizes = []
    for _, rows in experiments.groupby("experiment"):
        counts = rows.groupby("class")["n_samples"].median().reindex(list(classes))
        each = _and(f"{count:.0f} {label}" for label, count in counts.items())
        sizes.append((counts.sum(), f"{each}, imbalance {counts.min() / counts.max():.2g}"))
    texts = [text for _, text in sorted(sizes)]
    if len(texts) <= 3:
        return "; or ".join(texts)
    return f"{len(texts)} sizes, from {texts[0]}, to {texts[-1]}"


def _nothing_to_compare(arms: set[str]) -> str:
    if arms == {"none"}:
        return "No arm was run but `none`, so there is nothing to compare."
    return "Whether balancing helps cannot be told, since `none` is not among the arms."


def _untested(cases: pd.DataFrame, rows: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    if rows["n_replicates"].max() > 1:
        note = str(rows["note"].iloc[0]).removeprefix(f"{NO_TEST}: ")
        return f"Nothing can be told, since there is no test: {note}."
    best = _largest(cases)
    if settings["splits"]:
        more = "`split: {replicates: 5}` makes five"
    elif set(rows["experiment"]) <= set(settings["fixed"]):
        more = "the whole cohort, or a given draw, is one way only; see `controls` and `imbalance`"
    else:
        more = "`draws: {replicates: 5}` makes five"
    return (
        f"One {_replicate(settings)} allows no test ({more}), so nothing can be told: "
        f"{best['names']} looks best {_place(best, cases)} ({_gap(best, settings)} against no "
        "balancing), and this may be chance."
    )


def _result(cases: pd.DataFrame, rows: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    parts = []
    for said, (of_one, of_several) in _RESULT.items():
        group = cases[cases["verdict"].str.startswith(said)]
        if group.empty:
            continue
        case = _clearest(group) if said == BETTER else _largest(group)
        place, picked = _place(case, cases), f"({_picked(case, rows)})"
        if len(group) == 1:
            where, claim, arm = place, of_one, f"{case['names']} {picked}"
        else:
            where, claim = f"for {_share(len(group), cases)}", of_several
            arm = f"{case['names']} {place} {picked}"
        be, have = ("are", "have") if case["n_tied"] > 1 else ("is", "has")
        text = claim.format(arm=arm, be=be, have=have)
        parts.append(f"{where}, {text}: {_evidence(case, settings)}")
    return _capital("; ".join(parts)) + "."


def _picked(case: pd.Series, rows: pd.DataFrame) -> str:
    """Say of how many arms the leading one was picked."""
    others = rows[(rows["arm"] != AUTO) & (rows[_CASE] == case[_CASE]).all(axis=1)]
    if len(others) == 1:
        return "the only arm"
    # an arm that looks better still may be one that cannot be told apart
    is_best = case["difference"] >= others["difference"].max() - 1e-9
    return f"{'the best' if is_best else 'one'} of {len(others)} arms"


def _power(rows: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """Say what the tests found, what they allow for, and what they could have found."""
    n, better, worse = _counts(rows, settings["level"])
    text = (
        f"Of {_tests(n)} of an arm against no balancing, {_none(better)} found it better and "
        f"{_none(worse)} worse{_which_are_worse(rows, settings['level'])}; the adjusted p allows "
        "for that many tests, but the difference and interval of an arm that was picked for its "
        "result are too favourable."
    )
    detectable = rows["detectable"].dropna()
    if detectable.empty:
        return text
    return (
        f"{text} The smallest difference that a test finds with 80% power, before p is adjusted, "
        f"is {span(detectable)}."
    )


def _simpler(cases: pd.DataFrame, comparison: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """Say whether the clearest winner, or else any arm, is ahead of simpler ways."""
    ahead = cases[cases["verdict"] == BETTER]
    winner = None if ahead.empty else _clearest(ahead)
    parts: list[str] = []
    for question, reference in _SIMPLER.items():
        rows = of_question(comparison, question)
        rows = rows[rows["adjusted_p_value"].notna()]
        if winner is not None:
            keys = [*_CASE, "arm"]
            rows = rows[(rows[keys] == winner[keys]).all(axis=1)]
        if rows.empty:
            continue
        if winner is None:
            n, better, worse = _counts(rows, settings["level"])
            parts.append(
                f"against {reference}, {_none(better)} of {_tests(n)} found an arm better and "
                f"{_none(worse)} worse"
            )
        else:
            row = rows.iloc[0]
            relation = _RELATION[verdict(row, settings)]
            parts.append(f"{relation} {reference} ({_evidence(row, settings)})")
    if not parts:
        return ""
    if winner is None:
        return _capital("; ".join(parts)) + "."
    return _capital(f"{winner['names']} {_place(winner, cases)} {_and(parts)}.")


def _advice(cases: pd.DataFrame, auto: pd.DataFrame | None, settings: Mapping[str, Any]) -> str:
    """Say what taking the arm with the best cross-validated score gives, and what it took."""
    if cases.empty:
        return ""
    text = f"Taking the arm with the best cross-validation in each {_replicate(settings)} (`auto`)"
    if cases["adjusted_p_value"].isna().all():
        text += f" gives {span(cases['difference'], signed)} against no balancing, untested"
    elif len(cases) == 1:
        case = cases.iloc[0]
        text += f" {_RELATION[case['verdict']]} no balancing ({_evidence(case, settings)})"
    else:
        n, better, worse = _counts(cases, settings["level"])
        text += (
            f" is ahead of no balancing for {_none(better)} of {n} {_unit(cases)} and behind for "
            f"{_none(worse)} ({span(cases['difference'], signed)} in "
            f"{metric_title(settings['metric'])})"
        )
    if auto is None or auto.empty:
        return f"{text}."
    took = auto["arm"].value_counts()
    first = arm_order(took.index[took == took.max()])[0]
    return (
        f"{text}; it took {in_sentence(arm_title(first))} in {took.max()} of {len(auto)} choices."
    )


def _one_row_each(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each experiment and classifier: arms that tie share theirs (`names`)."""
    first = table.drop_duplicates(_CASE).set_index(_CASE)
    arms = table.groupby(_CASE, sort=False)["arm"]
    first["names"] = arms.agg(lambda tied: _and(in_sentence(arm_title(arm)) for arm in tied))
    first["n_tied"] = arms.size()
    return first.reset_index()


def _largest(cases: pd.DataFrame) -> pd.Series:
    return cases.sort_values("difference", kind="stable").iloc[-1]


def _clearest(cases: pd.DataFrame) -> pd.Series:
    """Return the case with the smallest p-value, of equal ones that with the largest difference."""
    order = cases.sort_values(["adjusted_p_value", "difference"], ascending=[True, False])
    return order.iloc[0]


def _counts(rows: pd.DataFrame, level: float) -> tuple[int, int, int]:
    """Return how many tests there are, and how many found an arm better, or worse."""
    found = rows[rows["adjusted_p_value"] < level]
    better = int((found["difference"] > 0).sum())
    return int(rows["adjusted_p_value"].notna().sum()), better, len(found) - better


def _which_are_worse(rows: pd.DataFrame, level: float) -> str:
    """`` (2 of ExpandGAN, 1 of GAN)``: the arms that tests found worse, the most often first."""
    worse = rows[(rows["adjusted_p_value"] < level) & (rows["difference"] < 0)]
    counts = worse["arm"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    names = [f"{n} of {in_sentence(arm_title(str(arm)))}" for arm, n in counts.items()]
    return f" ({', '.join(names)})" if names else ""


def _evidence(row: pd.Series, settings: Mapping[str, Any]) -> str:
    """``AUROC +0.052, 95% interval 0.020 to 0.084, adjusted p = 0.0031``."""
    gap = _gap(row, settings)
    if pd.isna(row["adjusted_p_value"]):
        return gap
    return (
        f"{gap}, {100 * (1 - settings['level']):g}% interval {interval(row['low'], row['high'])}, "
        f"adjusted p {p_text(row['adjusted_p_value'])}"
    )


def _gap(row: pd.Series, settings: Mapping[str, Any]) -> str:
    return f"{metric_title(row.get('metric', settings['metric']))} {signed(row['difference'])}"


def _place(case: pd.Series, cases: pd.DataFrame) -> str:
    """Name the classifier of a case, and the experiment where a study has several."""
    place = f"with {in_sentence(classifier_title(case['classifier']))}"
    if len(cases["experiment"].unique()) == 1:
        return place
    return f"{place} at {experiment_title(case['experiment'], ' and ')}"


def _unit(cases: pd.DataFrame) -> str:
    several = {name for name in ("classifier", "experiment") if len(cases[name].unique()) > 1}
    return f"{several.pop()}s" if len(several) == 1 else "pairs of classifier and experiment"


def _share(n: int, cases: pd.DataFrame) -> str:
    return f"{'all' if n == len(cases) else f'{n} of'} {len(cases)} {_unit(cases)}"


def _replicate(settings: Mapping[str, Any]) -> str:
    return "split" if settings["splits"] else "draw"


def _tests(count: int) -> str:
    return f"{count} test" if count == 1 else f"{count} tests"


def _none(count: int) -> str:
    return str(count or "none")


def _and(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
