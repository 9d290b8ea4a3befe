"""Tables of a study: files, addresses, checksums, and given draws."""

import pytest
import yaml

from evenomics.config.estimate import known_size
from evenomics.config.paths import table_paths
from evenomics.config.plan import Plan
from evenomics.config.source import Size
from evenomics.config.tables import Table, downloads, study_tables
from evenomics.config.validation import validated
from evenomics.errors import ConfigError

SUM = "0123456789abcdef" * 4
URL = "https://example.org/a/table.csv"


def config_of(cohorts: str, experiments: str = "{}", **keys) -> dict:
    study = {
        "classes": ["a", "b"],
        "cohorts": {"source": "table", **yaml.safe_load(cohorts)},
        "experiments": yaml.safe_load(experiments),
        **keys,
    }
    return {"studies": {"s": study}}


def problems_of(*sections: str, **keys) -> list[str]:
    with pytest.raises(ConfigError) as error:
        validated(config_of(*sections, **keys))
    return list(error.value.problems)


REMOTE = f"{{path: {URL}, sha256: {SUM}, class_column: c}}"
BOTH = f"{{real: {REMOTE}, validation: {REMOTE}}}"


def test_addresses_are_no_missing_files_also_in_optional_studies(caplog):
    config = validated(config_of(BOTH, optional=True))
    study = config["studies"]["s"]
    assert study_tables(study) == [
        Table(f"cohorts.{name}.path", URL, SUM, True) for name in ("real", "validation")
    ]
    assert table_paths(study) == []
    assert downloads(config["studies"]) == {
        "0123456789ab.table.csv": Table("cohorts.validation.path", URL, SUM, True)
    }
    assert "left out" not in caplog.text


def test_every_file_of_a_list_and_of_given_draws_is_a_table():
    given = f"{{controls: [], given: {{one: x.tsv, two: {{path: {URL}, sha256: {SUM.upper()}}}}}}}"
    cohorts = f"real: {{path: [r.tsv, {{path: {URL}, sha256: {SUM}}}], classes_path: l.tsv}}"
    study = config_of(cohorts, given)["studies"]["s"]
    assert study_tables(study) == [
        Table("cohorts.real.path[0]", "r.tsv"),
        Table("cohorts.real.path[1]", URL, SUM, True),
        Table("cohorts.real.classes_path", "l.tsv"),
        Table("experiments.given.one", "x.tsv"),
        Table("experiments.given.two", URL, SUM, True),
    ]
    assert table_paths(study) == ["r.tsv", "l.tsv", "x.tsv"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/data.tsv.gz?raw=true", "0123456789ab.data.tsv.gz"),
        ("https://example.org/get/?id=5", "0123456789ab.table"),
        ("http://example.org:80/my%20table(1).csv", "0123456789ab.my_20table_1_.csv"),
    ],
)
def test_a_download_has_a_name_that_every_shell_takes(url, name):
    assert Table("", url, SUM, True).file_name == name


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (f"path: {URL}", f"real.path: '{URL}' is downloaded, and needs its checksum beside it"),
        (f"path: {URL}, sha256: abc", "real.path: found the checksum 'abc'; has to be 64"),
        (f"path: {URL}, sha256: {SUM[:-1]}x", "has to be 64 hexadecimal digits"),
        (f"path: [{URL}]", "real.path[0]: 'https://example.org/a/table.csv' is downloaded"),
        (f"path: [x, y], sha256: {SUM}", "real.sha256: there are several files; give each its own"),
        ("path: 'file:///x.tsv'", "no such file, nor an address that tables are downloaded from"),
        ("path: nothing.tsv", "studies.s.cohorts.real.path: 'nothing.tsv': no such file"),
        ("path: []", "real.path: found []; has to be at least 1 values"),
        ("path: [5]", "real.path[0]: found 5; has to be text or a section"),
        ("path: [{paths: x}]", "real.path[0].paths: no such key; did you mean 'path'?"),
        ("{}", "real.path: missing; give a file, or draws (`experiments.given`)"),
        (
            f"path: {URL}, sha256: {SUM}, sample_column: row_number, classes_path: {URL}, "
            f"classes_sha256: {SUM}",
            "real.classes_path: samples are found there by their ids",
        ),
        (
            f"path: {URL}, sha256: {SUM}, sample_column: row_number, samples: columns",
            "real.sample_column: with `samples: columns`, the names of the columns are the ids",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_before_anything_runs(spec, said):
    spec = "" if spec == "{}" else f"{spec}, "
    cohorts = f"{{real: {{{spec}class_column: c}}, validation: {REMOTE}}}"
    assert any(said in line for line in problems_of(cohorts))


def test_only_the_real_cohort_may_be_without_a_file():
    cohorts = f"{{real: {REMOTE}, validation: {{class_column: c}}}}"
    assert problems_of(cohorts) == [
        "studies.s.cohorts.validation.path: missing; File with the measurements, or its address"
    ]


GIVEN = f"{{path: {URL}, sha256: {SUM}}}"


@pytest.mark.parametrize(
    ("experiments", "said"),
    [
        (f"given: {{c40_i0.4: {GIVEN}}}", "there are other experiments called 'c40_i0.4'; rename"),
        (f"controls: [], given: {{whole: {GIVEN}}}", "other experiments called 'whole'"),
        (f"given: {{a/b: {GIVEN}}}", "'a/b' is no name for a draw; a name has at most 50 letters"),
        (f"given: {{.a: {GIVEN}}}", "'.a' is no name for a draw"),
        (f"given: {{real_1: {GIVEN}}}", "'real_1' starts with the name of a cohort"),
        (f"given: {{a: {GIVEN}, A: {GIVEN}}}", "'a' is the name of more than one draw"),
        (f"disjoint: true, given: {{a: {GIVEN}}}", "leave `disjoint` out"),
        (f"given: {{a: {URL}}}", f"experiments.given.a: '{URL}' is downloaded, and needs"),
        ("given: {a: nothing.tsv}", "experiments.given.a: 'nothing.tsv': no such file"),
        ("given: {a: 5}", "experiments.given.a: found 5; has to be text or a section with keys"),
        ("given: {a: {sha256: x}}", "experiments.given.a.path: missing; File with the draw"),
        ("controls: [some]", "controls[0]: found 'some'; allowed: all"),
        ("controls: [1.5]", "controls[0]: found 1.5; has to be a whole number or text"),
        ("controls: []", "no experiment; set `whole: true`, or give values for both"),
    ],
)
def test_what_is_wrong_with_given_draws_is_told_before_anything_runs(experiments, said):
    assert any(said in line for line in problems_of(BOTH, f"{{{experiments}}}"))


def test_draws_are_given_of_fixed_tables_only():
    experiments = {"given": {"a": {"path": URL, "sha256": SUM}}}
    classes = ["a", "b"]
    other = {"classes": classes, "cohorts": {"source": "builtin"}, "experiments": experiments}
    with pytest.raises(
        ConfigError, match="draws are given for `source: table` only, found builtin"
    ):
        validated({"studies": {"s": other}})
    text = yaml.safe_dump(experiments)
    assert any("one `table` is split" in line for line in problems_of(f"table: {REMOTE}", text))


def test_only_given_draws_are_one_replicate(tmp_path):
    cohorts = f"{{real: {{class_column: c}}, validation: {REMOTE}}}"
    experiments = f"{{controls: [], given: {{one: {GIVEN}, two: {GIVEN}}}}}"
    plan = Plan(validated(config_of(cohorts, experiments)))
    assert plan.draws("s") == [("one", 1), ("two", 1)]
    assert any(
        "draws.replicates: found 3; has to be 1" in line
        for line in problems_of(cohorts, experiments, draws={"replicates": 3})
    )
    beside = f"{{controls: [4, all], imbalance: [1], given: {{one: {GIVEN}}}}}"
    plan = Plan(validated(config_of(cohorts, beside, draws={"replicates": 2})))
    assert plan.draws("s") == [
        ("c4_i1", 1), ("c4_i1", 2), ("all_i1", 1), ("all_i1", 2), ("one", 1),
    ]  # fmt: skip


def test_the_size_of_a_download_is_known_once_it_is_there(tmp_path, monkeypatch):
    """Given draws count for the real cohort that has no file of its own."""
    monkeypatch.chdir(tmp_path)
    common = "class_column: c, sample_column: row_number"
    cohorts = f"{{real: {{{common}}}, validation: {{path: {URL}, sha256: {SUM}, {common}}}}}"
    experiments = f"{{controls: [], given: {{one: {GIVEN}, two: two.csv}}}}"
    (tmp_path / "two.csv").write_text(",c,g1,g2\n" + "1,a,1,2\n" * 5)
    config = validated(config_of(cohorts, experiments))
    assert known_size(config, "s") is None
    folder = tmp_path / "resources/tables"
    folder.mkdir(parents=True)
    (folder / "0123456789ab.table.csv").write_text("c,g1,g2,g3\n" + "a,1,2,3\n" * 7)
    assert known_size(config, "s") == Size(
        2, n_real=12, n_external=12, n_validation=7, n_given={"one": 7, "two": 5}
    )
    plan = Plan(config)
    assert [of.experiment for of in plan.draws("s")] == ["one", "two"]
