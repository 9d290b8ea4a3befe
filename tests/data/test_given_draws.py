"""Training draws that are given as tables, beside the real cohort or in its place."""

import pytest

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import n_replicates, read_cohorts, read_given, write_cohorts
from evenomics.data.source import load_study
from evenomics.errors import CohortError, ConfigError

HEADER = "id,label,g1,g2\n"
ROWS = {f"s{i}": f"s{i},{'xy'[i % 2]},{i},{i * i}\n" for i in range(12)}


@pytest.fixture
def write(tmp_path):
    def write(name: str, *ids: str, header: str = HEADER, **rows: str) -> str:
        lines = "".join(rows.get(sample, ROWS.get(sample, "")) for sample in ids)
        (tmp_path / f"{name}.csv").write_text(header + lines)
        return str(tmp_path / f"{name}.csv")

    return write


@pytest.fixture
def validation(write):
    return {"path": write("v", "v1", "v2", v1="v1,x,50,51\n", v2="v2,y,60,62\n")}


def load(validation: dict, draws: dict[str, str], **real) -> dict[str, Cohort]:
    common = {"class_column": "label"}
    cohorts = {"source": "table", "real": {**common, **real}, "validation": validation | common}
    given = {name: {"path": path, "sha256": None} for name, path in draws.items()}
    return next(load_study(cohorts, ["x", "y"], seed=1, given=given))


def test_the_real_cohort_is_every_sample_of_the_draws_once(write, validation, tmp_path):
    draws = {
        "one": write("one", "s3", "s0", "s1", "s2"),
        "c40_i0.4": write("two", "s5", "s2", "s4", "s3"),
    }
    cohorts = load(validation, draws)
    real = cohorts["real"]
    assert [*real.features.index] == ["s3", "s0", "s1", "s2", "s5", "s4"]
    assert real.draws == {"one": ["s3", "s0", "s1", "s2"], "c40_i0.4": ["s5", "s2", "s4", "s3"]}
    # beside the cohorts on disk, and gone where samples are taken
    write_cohorts(cohorts, tmp_path / "cohorts")
    assert read_given(tmp_path / "cohorts") == real.draws
    assert n_replicates(tmp_path / "cohorts") == 1
    again = read_cohorts(tmp_path / "cohorts")["real"]
    assert [*again.features.index] == [*real.features.index]
    assert real.take([0]).draws == {}
    assert real.select(["g1"]).draws == real.draws
    assert read_given(tmp_path) == {}


def test_draws_of_a_real_cohort_leave_it_as_it_is(write, validation):
    path = write("real", *ROWS)
    real = load(validation, {"one": write("one", "s3", "s0", "s1", "s2")}, path=path)["real"]
    assert [*real.features.index] == [*ROWS]
    assert real.draws == {"one": ["s3", "s0", "s1", "s2"]}
    header = "label,g1,g2\n"
    without_ids = {sample: row.partition(",")[2] for sample, row in ROWS.items()}
    path = write("real", *ROWS, header=header, **without_ids)
    one = write("one", "s7", "s2", "s4", "s9", header=header, **without_ids)
    value = {**validation, "sample_column": "id"}
    real = load(value, {"one": one}, path=path, sample_column="row_number")["real"]
    assert real.features.index[0] == "real_01"
    assert real.draws == {"one": ["real_08", "real_03", "real_05", "real_10"]}


def test_samples_that_are_not_in_the_real_cohort_are_named_for_every_draw(write, validation):
    path = write("real", "s0", "s1", "s2", "s3")
    draws = {
        "one": write("one", "s0", "s1", "s8"),
        "two": write("two", "s0", "s1"),
        "three": write("three", "s9", "s8", "s1"),
    }
    with pytest.raises(CohortError) as error:
        load(validation, draws, path=path)
    assert [*error.value.problems] == [
        "1 samples of the draw 'one' are not in it: 's8'",
        "2 samples of the draw 'three' are not in it: 's9', 's8'",
        "mend the draws, or leave `path` out: the draws are the cohort then",
    ]


def test_all_faults_of_the_tables_are_told_in_one_message(write, validation):
    """What is wrong with a file comes first; then what is wrong with them together."""
    draws = {
        "twice": write("twice", "s0", "s1", "s0"),
        "text": write("text", "s0", "s1", s1="s1,y,oops,1\n"),
    }
    with pytest.raises(CohortError) as error:
        load(validation | {"sha256": "0" * 64}, draws)
    said = str(error.value)
    assert "twice.csv cannot serve as cohort 'twice'" in said
    assert "row names have to be unique, but these stand more than once: 's0'" in said
    assert "column 'g1', sample 's1' (line 3): 'oops' is not a number" in said
    assert "v.csv: its SHA-256 is" in said
    draws = {
        "one": write("one", "s0", "s1", "s2"),
        "lone": write("lone", "s2", "s4"),
        "named": write("named", "s1", "s6", s6="s6,z,6,36\n"),
        "other": write("other", "s0", "s1", s1="s1,y,1,9\n"),
    }
    with pytest.raises(CohortError) as error:
        load(validation, draws)
    said = str(error.value)
    assert "the classes of cohort 'lone'" in said
    assert "no sample has the class 'y'" in said
    assert "1 samples have the class 'z', which the study does not name" in said
    assert "1 samples have other values in 'other' than in 'one': 's1'" in said
    draws = {
        "one": write("one", "s0", "s1"),
        "narrow": write("narrow", "s0", "s1", header="id,label,g1\n", s0="s0,x,0\n", s1="s1,y,1\n"),
        "lone": draws["lone"],
    }
    with pytest.raises(CohortError) as error:
        load(validation, draws)
    assert "'narrow' lacks 1 features of 'one' ('g2')" in str(error.value)
    assert "no sample has the class 'y'" in str(error.value)


def test_an_address_without_its_file_is_told(validation):
    with pytest.raises(ConfigError, match=r"https://example\.org/x\.csv has not been downloaded"):
        load(validation, {"one": "https://example.org/x.csv"})
