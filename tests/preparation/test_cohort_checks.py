"""The shift between cohorts: closed forms, and what is found in cohorts of known kind."""

from dataclasses import replace
from itertools import groupby, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from evenomics.config.names import COHORTS
from evenomics.config.schemas import read_schema
from evenomics.data.checks import align
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort
from evenomics.preparation.cohort_checks import (
    FINDINGS,
    findings,
    label_copies,
    shift,
    shift_table,
    told_apart,
    warnings_of,
)

LIMITS = {
    name: part["default"]
    for name, part in read_schema("config.schema.yaml")["properties"]["checks"][
        "properties"
    ].items()
}
ALL = ("external", "validation")


def cohort(values, name="real", classes=None) -> Cohort:
    values = np.asarray(values, dtype=float)
    index = pd.Index([f"{name}{i}" for i in range(len(values))], name="sample_id")
    frame = pd.DataFrame(values, index, [f"f{j}" for j in range(values.shape[1])])
    labels = None if classes is None else pd.Series(list(classes), index=index, dtype=str)
    return Cohort(frame, labels, name)


def drawn(seed=0, n=40, n_features=20, **change) -> dict[str, Cohort]:
    """Three cohorts of one normal distribution; `change` turns the values of some of them."""
    rng = np.random.default_rng(seed)
    cohorts = {}
    for name in COHORTS:
        values = change.get(name, lambda x: x)(rng.standard_normal((n, n_features)))
        cohorts[name] = cohort(values, name, None if name == "external" else ["a", "b"] * (n // 2))
    return cohorts


def found(cohorts, method="none", watched=ALL, n_features=20) -> pd.DataFrame:
    return findings_of(shift_table(cohorts, cohorts, method), cohorts, LIMITS, watched, n_features)


def findings_of(measured, used, limits, watched, n_features) -> pd.DataFrame:
    """Return the findings of cohorts that are fixed."""
    measured = measured.assign(replicate=1)
    return findings(measured, [label_copies(used, n_features)], limits, watched)


def test_measures_of_a_known_shift():
    """Real: means 0 and 10, SD sqrt(2), range of +-2; other: 3 SD and 1 SD up, thrice as wide."""
    base = np.array([-2, -1, 0, 1, 2, 0, 0]) * np.sqrt(2 / (10 / 6))
    real = np.column_stack([base, base + 10, np.full(7, 5.0)])
    sd = np.sqrt(2)
    other = np.column_stack([3 * base + 3 * sd, 3 * base + 10 + sd, np.full(7, 5.0)])
    measured = shift(cohort(real), cohort(other, "validation"))
    assert measured["shift_sd"] == pytest.approx(2)  # of 3 and 1; the constant has none
    assert measured["scale_ratio"] == pytest.approx(3)
    assert measured["expected"] == 2 / 8
    top = base.max()
    beyond = sum(abs(x) > top for x in [*other[:, 0], *(other[:, 1] - 10)])
    assert 0 < beyond < 14
    assert measured["beyond_range"] == beyond / 21


def test_share_beyond_the_range_by_chance():
    """Of n + 1 exchangeable values, the last is the smallest or the largest in 2 / (n + 1)."""
    rng = np.random.default_rng(1)
    real, other = cohort(rng.gamma(2, size=(9, 4000))), cohort(rng.gamma(2, size=(5, 4000)))
    measured = shift(real, other)
    assert measured["expected"] == 0.2
    assert measured["beyond_range"] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("n_features", [5, 400])
def test_cohorts_that_are_alike_cannot_be_told_apart_and_disjoint_ones_can(n_features):
    rng = np.random.default_rng(2)
    real, alike = (cohort(rng.standard_normal((60, n_features))) for _ in range(2))
    assert 0.5 <= told_apart(real, alike) < 0.62
    assert told_apart(real, cohort(alike.features + 20)) == 1.0


def test_the_auroc_of_wide_cohorts_is_that_of_the_fit_on_all_features():
    """An independent fit, on the features themselves, gives the same AUROC."""
    rng = np.random.default_rng(3)
    real, other = rng.standard_normal((30, 90)), rng.standard_normal((25, 90)) + 0.2
    pooled = StandardScaler().fit_transform(np.vstack([real, other]))
    member = np.repeat([0, 1], [30, 25])
    scores = [
        roc_auc_score(
            member[test],
            LogisticRegression(tol=1e-8, max_iter=10_000)
            .fit(pooled[train], member[train])
            .decision_function(pooled[test]),
        )
        for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(pooled, member)
    ]
    assert 0.55 < np.mean(scores) < 0.99
    assert told_apart(cohort(real), cohort(other)) == pytest.approx(np.mean(scores), abs=1e-9)


def test_a_cohort_of_one_sample_has_no_auroc_and_no_z_scores():
    cohorts = drawn()
    cohorts["external"] = cohorts["external"].take([0])
    table = shift_table(cohorts, cohorts, "none")
    assert table.loc[table["cohort"] == "external", "auroc"].isna().all()
    assert set(table["method"]) == {"none", "quantile"}


def test_the_table_has_every_way_of_harmonising_on_the_features_that_are_used():
    """Z-scores leave no shift; the study's own way is what is in use, ComBat's from outside."""
    before = drawn(validation=lambda x: 3 * x + 5)
    table = shift_table(before, before, "none").set_index(["cohort", "method"])
    assert [*table.loc["validation"].index] == ["none", "zscore", "quantile"]
    assert table.loc[("validation", "none"), "shift_sd"] > 4
    assert table.loc[("validation", "none"), "scale_ratio"] == pytest.approx(3, rel=0.2)
    assert table.loc[("validation", "zscore"), "shift_sd"] == pytest.approx(0, abs=1e-9)
    assert table.loc[("validation", "zscore"), "auroc"] == 0.5
    chosen = {name: part.select(["f3", "f1"]) for name, part in before.items()}
    few = shift_table(before, chosen, "none").set_index(["cohort", "method"])
    alone = shift(chosen["real"], chosen["validation"])
    assert few.loc[("validation", "none"), "beyond_range"] == alone["beyond_range"]
    combat = shift_table(before, drawn(seed=5), "combat").set_index(["cohort", "method"])
    assert combat.index[combat["used"]].tolist() == [(name, "combat") for name in ALL]
    assert combat.loc[("validation", "combat"), "shift_sd"] < 1
    assert "combat` needs R" not in "".join(found(before, "combat", n_features=2)["message"])


def test_an_external_cohort_that_is_the_real_one_has_no_shift_to_measure():
    cohorts = drawn()
    cohorts["external"] = Cohort(cohorts["real"].features, None, "external")
    assert set(shift_table(cohorts, cohorts, "none")["cohort"]) == {"validation"}


def test_cohorts_that_are_alike_are_no_finding():
    nothing = found(drawn())
    assert nothing.empty
    assert tuple(nothing.columns) == FINDINGS
    assert warnings_of(nothing.assign(study=[], selection=[])) == []


def test_a_shift_is_said_with_what_harmonising_would_do():
    """The numbers of the sentence are those of the table; external matters for GANs only."""
    cohorts = drawn(external=lambda x: x + 2, validation=lambda x: x + 9)
    table = shift_table(cohorts, cohorts, "none").set_index(["cohort", "method"])
    said = found(cohorts).set_index("cohort")
    assert [*said.index] == ["external", "validation"]
    assert said.loc["validation", "check"] == "beyond_range"
    assert said.loc["validation", "limit"] == LIMITS["beyond_range"] + 2 / 41
    now, after = table.loc[("validation", "none")], table.loc[("validation", "quantile")]
    assert said.loc["validation", "value"] == now["beyond_range"] == 1.0
    assert said.loc["validation", "message"] == (
        "100% of the validation cells lie beyond the range of the real cohort, and the median "
        f"feature is shifted by {now['shift_sd']:.1f} SD. Classifiers extrapolate; differences "
        "between arms mean little. Harmonising would bring this to "
        f"{100 * table.loc[('validation', 'zscore'), 'beyond_range']:.0f}% and 0.0 SD "
        f"(`harmonise: zscore`) or {100 * after['beyond_range']:.0f}% and "
        f"{after['shift_sd']:.1f} SD (`harmonise: quantile`). `harmonise: combat` needs R and was "
        "not tried."
    )
    assert "GANs are pre-trained on it" in said.loc["external", "message"]
    assert [*found(cohorts, watched=["validation"])["cohort"]] == ["validation"]
    (line,) = warnings_of(said.reset_index().iloc[:1].assign(study="s", selection="deg"))
    assert line.startswith("study s, features selected by deg: ")


def test_a_shift_without_cells_beyond_the_range_is_found_by_its_sd():
    """Two heaps far apart leave room within the range for a shift of the mean."""
    heaps = np.tile([[0.0], [1.0]], (20, 3)) + np.linspace(0, 0.1, 40)[:, None]
    parts = {"real": cohort(heaps, "real", ["a", "b", "b", "a"] * 10)}
    mostly_high = np.r_[heaps[1::2], heaps[::20]] - 0.01
    parts["validation"] = cohort(mostly_high, "validation", ["a", "b"] * 11)
    limits = {**LIMITS, "shift_sd": 0.7}
    said = findings_of(shift_table(parts, parts, "none"), parts, limits, ALL, 3)
    assert [*said["check"]] == ["shift_sd"]
    (message,) = said["message"]
    assert "A threshold that was learnt on the real cohort may not fit it" in message


@pytest.mark.parametrize(
    ("factor", "wide", "narrow"),
    [(1000, "validation", "real"), (0.001, "real", "validation")],
)
def test_a_cohort_of_another_scale_is_found(factor, wide, narrow):
    cohorts = drawn(validation=lambda x: factor * x)
    said = found(cohorts).set_index("check")
    assert said.loc["scale_ratio", "limit"] == 10
    message = said.loc["scale_ratio", "message"]
    assert message.startswith(f"The features of the {wide} cohort spread ")
    assert f"as wide as those of the {narrow} cohort" in message
    times = float(message.split(" spread ")[1].split(" times")[0].replace(",", ""))
    assert times == pytest.approx(1000, rel=0.2)
    mild = drawn(validation=lambda x: 8 * x)
    assert "scale_ratio" not in set(found(mild)["check"])


def with_feature(cohorts, values, validation):
    """Put a feature of these values into the real and the validation cohort."""
    changed = dict(cohorts)
    for name, column in (("real", values), ("validation", validation)):
        features = cohorts[name].features.assign(f7=np.asarray(column, dtype=float))
        changed[name] = replace(cohorts[name], features=features)
    return changed


def test_a_feature_that_copies_the_class_is_found():
    cohorts = drawn()
    code = [0, 1] * 20
    said = found(with_feature(cohorts, code, code))
    assert [*said["check"]] == ["label_copy"]
    assert said["value"].tolist() == [1]
    assert "1 of 20 features" in said["message"][0]
    assert "'f7'; so they do in the validation cohort: 1." in said["message"][0]
    elsewhere = found(with_feature(cohorts, code, np.arange(40)))
    assert "in the validation cohort: 0." in elsewhere["message"][0]
    almost = [*code[:-2], 1, 0]
    assert found(with_feature(cohorts, almost, code)).empty
    tied = [0, 0, *code[2:]]
    assert found(with_feature(cohorts, tied, code)).empty


def test_a_number_per_class_of_three_is_found_in_any_order():
    cohorts = drawn(n=42)
    labels = ["x", "y", "z"] * 14
    for name in ("real", "validation"):
        index = cohorts[name].features.index
        cohorts[name] = replace(cohorts[name], classes=pd.Series(labels, index=index))
    code = [{"x": 2, "y": 0, "z": 1}[label] for label in labels]
    assert [*found(with_feature(cohorts, code, code))["check"]] == ["label_copy"]
    two = [min(number, 1) for number in code]
    assert found(with_feature(cohorts, two, two)).empty


@pytest.mark.parametrize("labels", ["aab", "aabbb", "aaabbbb", "aabbcc"])
def test_perfect_features_of_wide_data_with_tiny_classes_are_chance(labels):
    """All deals of the labels to the ranks counted one by one: as many features are expected."""
    deals = set(permutations(labels))
    kept = [deal for deal in deals if len(list(groupby(deal))) == len(set(labels))]
    chance = len(kept) / len(deals)
    rng = np.random.default_rng(4)
    features = rng.standard_normal((len(labels), 3))
    features[:, 0] = [ord(label) for label in labels]
    parts = {
        "real": cohort(features, "real", labels),
        "validation": cohort(features + 0.5, "validation", labels),
    }
    limits = {**LIMITS, "beyond_range": 1, "shift_sd": 100}
    table = shift_table(parts, parts, "none")
    enough = 0.05 / chance
    for n_features, finds in ((int(enough * 0.99), True), (int(enough * 1.01) + 1, False)):
        said = findings_of(table, parts, limits, ALL, n_features)
        assert (len(said) == 1) is finds


def test_findings_of_splits_are_said_once_and_are_those_of_the_median():
    """Two of three splits are far; of the features, one copies the label in two, one in all."""
    code = np.array([0, 1] * 20)
    splits = []
    for replicate, (step, copied) in enumerate([(9, code), (0, code), (12, np.arange(40))], 1):
        cohorts = drawn(seed=replicate, validation=lambda x, step=step: x + step)
        for name in ("real", "validation"):
            features = cohorts[name].features.assign(f3=code, f7=copied)
            cohorts[name] = replace(cohorts[name], features=features)
        splits.append(cohorts)
    tables = [shift_table(cohorts, cohorts, "none") for cohorts in splits]
    measured = pd.concat([table.assign(replicate=i) for i, table in enumerate(tables, 1)])
    copies = [label_copies(cohorts, 20) for cohorts in splits]
    said = findings(measured, copies, LIMITS, ["validation"]).set_index("check")
    assert [*said.index] == ["beyond_range", "label_copy"]
    now = [table[table["used"] & (table["cohort"] == "validation")].iloc[0] for table in tables]
    assert said.loc["beyond_range", "value"] == np.median([row["beyond_range"] for row in now])
    shifted = np.median([row["shift_sd"] for row in now])
    message = said.loc["beyond_range", "message"]
    assert message.startswith("In the median of 3 splits, ")
    assert f"is shifted by {shifted:.1f} SD" in message
    assert said.loc["label_copy", "value"] == 2
    assert said.loc["label_copy", "message"].startswith(
        "In half of 3 splits or more, 2 of 20 features of the real cohort tell its classes apart "
        "without an error, each by itself: 'f3', 'f7'; so they do in the validation cohort: 2."
    )
    alone = findings(measured[measured["replicate"] == 2], copies[2:], LIMITS, ["validation"])
    assert [*alone["check"]] == ["label_copy"]
    assert "1 of 20 features" in alone["message"][0]


@pytest.mark.parametrize(
    ("study", "beyond", "sd", "check", "zscored"),
    [
        ("microarray", 0.92, 6.8, "beyond_range", "2% and 0.0 SD"),
        ("lipidomics", 0.07, 0.86, "shift_sd", "28% and 0.0 SD"),
    ],
)
def test_the_released_studies(shared_data: Path, study, beyond, sd, check, zscored):
    """The paper's own microarray cohorts: 93% and 7.1 SD against one draw, 92% and 6.8 here."""
    folder = shared_data / "cusworth_released" / study
    cohorts = align({name: read_cohort(folder / f"{name}.tsv.gz", name) for name in COHORTS})
    table = shift_table(cohorts, cohorts, "none")
    now = table[table["used"]].set_index("cohort").loc["validation"]
    assert now["beyond_range"] == pytest.approx(beyond, abs=0.005)
    assert now["shift_sd"] == pytest.approx(sd, abs=0.05)
    assert now["auroc"] > 0.99
    said = findings_of(table, cohorts, LIMITS, ["validation"], cohorts["real"].n_features)
    assert [*said["check"]] == [check]
    assert said["message"][0].startswith(f"{beyond:.0%} of the validation cells")
    assert f"to {zscored} (`harmonise: zscore`)" in said["message"][0]


def test_the_released_draw_has_the_published_shift(shared_data: Path):
    """Against the training draw c120_i0.6: 93% of the cells, a median of 7.1 SD."""
    folder = shared_data / "cusworth_released/microarray"
    draw = read_cohort(folder / "draws/c120_i0.6.tsv.gz", "real")
    validation = read_cohort(folder / "validation.tsv.gz").select(draw.features.columns)
    measured = shift(draw, validation)
    assert measured["beyond_range"] == pytest.approx(0.93, abs=0.005)
    assert measured["shift_sd"] == pytest.approx(7.1, abs=0.05)
