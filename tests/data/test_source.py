"""Sources: three disjoint, checked cohorts from the simulator, from scikit-learn, from tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

from evenomics.config.names import names
from evenomics.data.checks import align
from evenomics.data.cohort import Cohort
from evenomics.data.source import SOURCES, load_study, source, split
from evenomics.errors import CohortError, ConfigError

SIMULATED = {"source": "builtin", "n_real": 400, "n_external": 60, "n_validation": 300}
CANCER = {"source": "sklearn", "dataset": "breast_cancer"}
BOTH = ["benign", "malignant"]


def first(*arguments, **options) -> dict[str, Cohort]:
    """Return the cohorts of the first replicate."""
    return next(load_study(*arguments, **options))


def ids(cohort: Cohort) -> set[str]:
    return set(cohort.features.index)


def assert_disjoint(cohorts: dict[str, Cohort]) -> None:
    assert [*cohorts] == ["real", "external", "validation"]
    assert cohorts["external"].classes is None
    assert len(set.union(*map(ids, cohorts.values()))) == sum(map(len, map(ids, cohorts.values())))


def test_simulated_cohorts_share_one_truth():
    """A rule learnt on the real cohort's means holds for the validation cohort."""
    cohorts = first(SIMULATED, ["control", "case"], seed=1)
    assert_disjoint(cohorts)
    assert [c.features.shape for c in cohorts.values()] == [(400, 150), (60, 150), (300, 150)]
    differences = []
    for name in ("real", "validation"):
        means = cohorts[name].features.groupby(cohorts[name].classes).mean()
        differences.append(means.loc["case"] - means.loc["control"])
    assert np.corrcoef(*differences)[0, 1] > 0.6
    other = first(SIMULATED, ["control", "case"], seed=2)["validation"]
    means = other.features.groupby(other.classes).mean()
    assert abs(np.corrcoef(differences[0], means.loc["case"] - means.loc["control"])[0, 1]) < 0.4


def test_simulator_has_a_cluster_for_every_class_and_takes_its_settings():
    options = {**SIMULATED, "n_features": 12, "noise_shape": 1e-6, "noise_scale": 1e-6}
    cohorts = first(options, ["a", "b", "c"], seed=1)
    assert set(cohorts["real"].class_counts()) == {"a", "b", "c"}
    assert cohorts["real"].n_features == 12
    assert cohorts["real"].features.std().max() < 2.5, "no noise, or next to none"


def test_noise_per_cohort_sets_the_real_cohort_apart_as_in_the_released_scripts():
    """Nothing else changes: external and validation cohort get noise SDs of their own, together."""
    sizes = {"n_real": 2000, "n_external": 2000, "n_validation": 2000}
    options = {"source": "builtin", **sizes, "noise_shape": 2, "noise_scale": 0.5}
    shared, own = (
        first(options | {"noise": noise}, ["control", "case"], seed=1)
        for noise in ("shared", "per_cohort")
    )
    pd.testing.assert_frame_equal(own["real"].features, shared["real"].features)
    means = [own[name].features.mean() for name in ("real", "validation")]
    assert np.corrcoef(*means)[0, 1] > 0.99
    log_sd = {name: np.log(cohort.features.std()) for name, cohort in own.items()}
    assert (log_sd["external"] - log_sd["validation"]).std() < 0.05
    assert (log_sd["real"] - log_sd["validation"]).std() > 0.4
    log_sd = {name: np.log(cohort.features.std()) for name, cohort in shared.items()}
    assert (log_sd["real"] - log_sd["validation"]).std() < 0.05


def test_sizes_of_the_cohorts_do_not_change_each_others_samples():
    one = first(SIMULATED, ["control", "case"], seed=1)
    two = first({**SIMULATED, "n_external": 10}, ["control", "case"], seed=1)
    np.testing.assert_array_equal(one["real"].features, two["real"].features)


def test_breast_cancer_is_cut_into_disjoint_parts_with_the_same_share_of_classes():
    cohorts = first(CANCER, BOTH, seed=1)
    assert_disjoint(cohorts)
    data = load_breast_cancer()
    share = (data.target == 0).mean()
    for name in ("real", "validation"):
        counts = cohorts[name].class_counts()
        n = cohorts[name].n_samples
        assert abs(counts["malignant"] - share * n) <= 1
    assert sum(c.n_samples for c in cohorts.values()) == 569
    rows = [int(sample.removeprefix("breast_cancer_")) - 1 for sample in ids(cohorts["real"])]
    at = [f"breast_cancer_{row + 1:03d}" for row in rows]
    np.testing.assert_array_equal(cohorts["real"].features.loc[at], data.data[rows])
    assert [*cohorts["real"].classes[at]] == [*data.target_names[data.target[rows]]]
    assert ids(cohorts["real"]) != ids(first(CANCER, BOTH, seed=2)["real"])


@pytest.mark.parametrize("dataset", names("datasets"))
def test_every_data_set_of_the_schema_makes_a_study(dataset):
    """An entry in the schema is enough: scikit-learn has a data set of that name and classes."""
    classes = names("datasets")[dataset]["classes"]
    split = {"real": 0.6, "external": 0.1, "validation": 0.3}
    cohorts = first({"source": "sklearn", "dataset": dataset, "split": split}, classes, seed=1)
    assert_disjoint(cohorts)
    assert set(cohorts["real"].class_counts()) == set(classes)


def test_external_cohort_keeps_samples_of_other_classes():
    cohorts = first({"source": "sklearn", "dataset": "wine"}, ["class_0", "class_2"], seed=1)
    target = load_wine().target
    external = [target[int(s.removeprefix("wine_")) - 1] for s in ids(cohorts["external"])]
    assert set(external) == {0, 1, 2}


def test_data_set_and_classes_that_there_are_not():
    with pytest.raises(ConfigError, match=r"no data set 'whine' .* did you mean 'wine'"):
        first({"source": "sklearn", "dataset": "whine"}, BOTH, seed=1)
    with pytest.raises(ConfigError, match=r"'Malignant' is no class .* mean 'malignant'"):
        first(CANCER, ["benign", "Malignant"], seed=1)


@pytest.mark.parametrize("classes", [["one"], ["a b", "a/b"], ["Case", "case"]])
def test_classes_have_to_differ_in_file_names(classes):
    with pytest.raises(ConfigError, match="two or more names that differ"):
        first(SIMULATED, classes, seed=1)


def test_unknown_source_names_the_nearest():
    with pytest.raises(ConfigError, match=r"no source 'tables' .* did you mean 'table'"):
        first({"source": "tables"}, BOTH, seed=1)


def test_a_new_source_registers_itself_under_a_name_of_the_schema(monkeypatch):
    """Nothing but its entry and its function has to know of it."""
    monkeypatch.setattr("evenomics.config.registry.names", lambda kind: {**names(kind), "mine": {}})
    monkeypatch.setattr(SOURCES, "_found", dict(SOURCES))
    source("mine")(lambda request: SOURCES["builtin"](request))
    assert_disjoint(first({**SIMULATED, "source": "mine"}, ["x", "y"], seed=1))


def grouped(sizes: dict[str, list[int]]) -> Cohort:
    """Return a cohort of groups with these sizes per class."""
    rows = [
        (label, f"{label}{i}") for label, groups in sizes.items()
        for i, n in enumerate(groups) for _ in range(n)
    ]  # fmt: skip
    index = pd.Index([f"s{i}" for i in range(len(rows))], name="sample_id", dtype=str)
    features = pd.DataFrame({"a": np.arange(len(rows), dtype=float)}, index)
    classes, groups = (pd.Series(column, index=index) for column in zip(*rows, strict=True))
    return Cohort(features, classes, groups=groups)


def test_split_keeps_groups_whole_and_classes_in_proportion():
    rng = np.random.default_rng(0)
    sizes = {"x": rng.integers(1, 6, 60).tolist(), "y": rng.integers(1, 6, 20).tolist()}
    whole = grouped(sizes)
    fractions = {"real": 0.5, "external": 0.2, "validation": 0.3}
    parts = split(whole, fractions, seed=1)
    assert sum(p.n_samples for p in parts.values()) == whole.n_samples
    assert not set(parts["real"].groups) & set(parts["validation"].groups)
    assert not set(parts["real"].groups) & set(parts["external"].groups)
    for name, part in parts.items():
        for label, n in whole.class_counts().items():
            assert abs(part.class_counts()[label] - fractions[name] * n) <= 5, "one group at most"
    other = split(whole, fractions, seed=2)
    assert set(other["real"].groups) != set(parts["real"].groups)


def test_every_split_keeps_groups_whole_and_is_drawn_by_itself(tmp_path):
    """Any number of splits: each covers all samples once, and begins as fewer splits do."""
    rows = [f"s{i},{'xy'[i // 2 % 2]},p{i // 2},{i},{i * i % 37}" for i in range(80)]
    (tmp_path / "t.csv").write_text("\n".join(["id,label,patient,a,b", *rows]))
    options = {
        "source": "table",
        "table": {"path": tmp_path / "t.csv", "class_column": "label"},
        "split": {"by": "patient", "replicates": 4},
    }
    splits = [*load_study(options, ["x", "y"], seed=1)]
    assert len(splits) == 4
    for cohorts in splits:
        assert_disjoint(cohorts)
        assert set.union(*map(ids, cohorts.values())) == {f"s{i}" for i in range(80)}
        patients = [set(cohort.groups) for cohort in cohorts.values()]
        assert sum(map(len, patients)) == len(set.union(*patients)) == 40
        counts = [cohorts[name].class_counts() for name in ("real", "validation")]
        assert counts == [{"x": 20, "y": 20}, {"x": 12, "y": 12}]
    parts = [frozenset(ids(cohorts["real"])) for cohorts in splits]
    assert len(set(parts)) == 4
    options["split"]["replicates"] = 2
    fewer = [*load_study(options, ["x", "y"], seed=1)]
    assert [frozenset(ids(cohorts["real"])) for cohorts in fewer] == parts[:2]


def test_samples_of_the_real_cohort_are_drawn_independently_from_split_to_split():
    """With a half in each part, two splits share a quarter of the samples, as by chance."""
    whole = grouped({"x": [1] * 400, "y": [1] * 400})
    halves = {"real": 0.5, "validation": 0.5}
    real = [ids(split(whole, halves, 1, replicate)["real"]) for replicate in (1, 2, 3)]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        # hypergeometric, each class: mean 100, SD 7.1; their sum: 200 and 10
        assert abs(len(real[i] & real[j]) - 200) < 45


def test_fixed_cohorts_are_loaded_once():
    assert len([*load_study(SIMULATED, ["control", "case"], seed=1)]) == 1


def test_split_gives_every_sample_the_same_chance():
    whole = grouped({"x": [1] * 20, "y": [1] * 10})
    hits = pd.Series(0, index=whole.features.index)
    for seed in range(200):
        hits[[*ids(split(whole, {"real": 0.5, "validation": 0.5}, seed)["real"])]] += 1
    assert (abs(hits - 100) < 4 * np.sqrt(50)).all()


def test_fractions_have_to_add_up():
    with pytest.raises(ConfigError, match=r"add up to 1, found real 0\.5 \+ validation 0\.4"):
        split(grouped({"x": [1], "y": [1]}), {"real": 0.5, "validation": 0.4}, seed=1)


def table(path, name, n=8, classes="xy", features="ab") -> dict[str, str]:
    rows = [",".join(["id", "label", *features])]
    rows += [
        ",".join([f"{name}{i}", classes[i % 2], *(str(i + j) for j in range(len(features)))])
        for i in range(n)
    ]
    (path / f"{name}.csv").write_text("\n".join(rows))
    return {"path": path / f"{name}.csv", "class_column": "label"}


def test_three_tables(tmp_path):
    options = {name: table(tmp_path, name) for name in ("real", "external", "validation")}
    assert_disjoint(first({"source": "table", **options}, ["x", "y"], seed=1))


def test_real_cohort_serves_as_external_where_there_is_no_other(tmp_path):
    options = {name: table(tmp_path, name) for name in ("real", "validation")}
    cohorts = first({"source": "table", **options, "external": None}, ["x", "y"], seed=1)
    assert cohorts["external"].classes is None
    assert ids(cohorts["external"]) == ids(cohorts["real"])
    assert cohorts["external"].name == "external"


def test_no_share_for_the_external_part_of_a_split_table(tmp_path):
    options = {
        "source": "table",
        "table": table(tmp_path, "t", n=20),
        "split": {"by": None, "real": 0.7, "external": 0, "validation": 0.3},
    }
    cohorts = first(options, ["x", "y"], seed=1)
    assert ids(cohorts["external"]) == ids(cohorts["real"])
    assert (cohorts["real"].n_samples, cohorts["validation"].n_samples) == (14, 6)


def test_problems_of_all_tables_are_reported_together(tmp_path):
    options = {name: table(tmp_path, name) for name in ("real", "validation")}
    for name in options:
        options[name]["path"].write_text(f"id,label,a\n{name}1,x,oops\n")
    with pytest.raises(CohortError) as error:
        first({"source": "table", **options}, ["x", "y"], seed=1)
    assert all(f"{name}.csv cannot serve" in str(error.value) for name in options)
    with pytest.raises(ConfigError, match="no table for the validation cohort"):
        first({"source": "table", "real": options["real"]}, ["x", "y"], seed=1)


def test_cohorts_are_checked_against_the_study_and_each_other(tmp_path):
    options = {"real": table(tmp_path, "real"), "validation": table(tmp_path, "v", classes="xz")}
    with pytest.raises(CohortError, match="4 samples have the class 'z'"):
        first({"source": "table", **options}, ["x", "y"], seed=1)
    options["validation"] = table(tmp_path, "v", features="pq")
    with pytest.raises(CohortError, match="no features are shared"):
        first({"source": "table", **options}, ["x", "y"], seed=1)


def own(folder, class_column, **options):
    return {
        "path": folder / "X.csv.gz",
        "classes_path": folder / "labels.csv",
        "class_column": class_column,
        **options,
    }


def test_infant_feeding_by_subject(shared_data, caplog):
    folder = shared_data / "infant_feeding"
    options = {
        "source": "table", "table": own(folder, "feeding"),
        "split": {"by": "Subject", "real": 0.5, "external": 0.2, "validation": 0.3},
    }  # fmt: skip
    cohorts = first(options, ["formula", "breast"], seed=1)
    assert_disjoint(cohorts)
    subject = pd.read_csv(folder / "labels.csv", index_col=0)["Subject"]
    subjects = [set(subject[[*ids(cohort)]]) for cohort in cohorts.values()]
    assert len(set.union(*subjects)) == sum(map(len, subjects)) == 80
    assert sum(c.n_samples for c in cohorts.values()) == 277
    aligned = align(cohorts)
    assert {c.n_features for c in aligned.values()} == {119}
    assert "1 constant features left out: 'Urea'" in caplog.text


def test_golub_by_its_own_training_and_test_samples(shared_data):
    folder = shared_data / "dm_golub"
    options = {
        "source": "table",
        "real": own(folder, "label", where={"split": "train"}),
        "validation": own(folder, "label", where={"split": "test"}),
    }
    cohorts = first(options, ["ALL", "AML"], seed=1)
    assert cohorts["real"].class_counts() == {"ALL": 27, "AML": 11}
    assert cohorts["validation"].class_counts() == {"ALL": 20, "AML": 14}


def test_tcga_pairs_stay_together(shared_data):
    folder = shared_data / "tcga_lihc"
    options = {"source": "table", "table": own(folder, "tissue"), "split": {"by": "patient"}}
    cohorts = first(options, ["normal", "tumor"], seed=1)
    assert_disjoint(cohorts)
    for name in ("real", "validation"):
        assert (cohorts[name].groups.value_counts() == 2).all()
        assert len(set(cohorts[name].class_counts().values())) == 1
