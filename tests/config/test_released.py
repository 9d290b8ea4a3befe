"""The tables of the release are found in a folder, or named all at once."""

import copy
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from conftest import ROOT
from evenomics.config.released import local_name, of_protocols, with_folder
from evenomics.errors import ConfigError

AT = "https://raw.githubusercontent.com/OWNER/REPOSITORY/0123abc"
DRAW = "Data/dat_real_combo.csv"
CONFIG = {
    "seed": 3,
    "studies": {
        "arrays": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "table",
                "real": {
                    "path": f"{AT}/Microarray/Data/dat_real_combo.csv", "sha256": "1" * 64,
                    "class_column": "label", "sample_column": "id", "ignore_columns": [""],
                },
                "external": {
                    "path": f"{AT}/Microarray/Data/dat_ext.csv", "sha256": "2" * 64,
                    "sample_column": "id",
                },
                "validation": {"path": "mine.tsv", "class_column": "group"},
            },
            "experiments": {
                "controls": [],
                "given": {
                    "c40_i0.5": {"path": f"{AT}/Microarray/4a/{DRAW}", "sha256": "3" * 64},
                    "c120_i0.6": f"{AT}/Microarray/9a/{DRAW}",
                },
            },
        },
        "simulated": {
            "classes": ["2", "1"],
            "cohorts": {
                "source": "table",
                "real": {"class_column": "CancerSubType", "sample_column": "row_number"},
                "validation": {
                    "path": f"{AT}/Simulation_example/Data/dat_val.csv", "sha256": "4" * 64,
                    "class_column": "CancerSubType", "sample_column": "row_number",
                },
            },
            "experiments": {"given": {"c40_i0.4": f"{AT}/Simulation_example/1a/{DRAW}"}},
        },
        "lipids": {
            "classes": ["control", "case"],
            "cohorts": {
                "source": "table",
                "real": {
                    "path": [{"path": f"{AT}/Lipidomics/1a/{DRAW}", "sha256": "5" * 64}],
                    "class_column": "label",
                },
            },
        },
        "own": {"classes": ["a", "b"], "cohorts": {"source": "builtin"}},
    },
}  # fmt: skip
FILES = [
    *(
        f"microarray/{name}.tsv.gz"
        for name in ("real", "external", "draws/c40_i0.5", "draws/c120_i0.6")
    ),
    *(f"simulation/{name}.tsv.gz" for name in ("validation", "draws/c40_i0.4")),
    "lipidomics/real.tsv.gz",
]


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        path = tmp_path / "released" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "released"


def test_addresses_become_files_of_the_folder(folder):
    before = copy.deepcopy(CONFIG)
    found = with_folder(CONFIG, folder)
    assert before == CONFIG
    assert AT not in yaml.safe_dump(found)
    assert "sha256" not in yaml.safe_dump(found)
    arrays = found["studies"]["arrays"]
    assert arrays["cohorts"]["real"] == {
        "path": str(folder / "microarray/real.tsv.gz"), "class_column": "class",
        "sample_column": "sample_id", "ignore_columns": [],
    }  # fmt: skip
    assert "class_column" not in arrays["cohorts"]["external"]
    assert arrays["experiments"]["given"] == {
        "c40_i0.5": {"path": str(folder / "microarray/draws/c40_i0.5.tsv.gz")},
        "c120_i0.6": str(folder / "microarray/draws/c120_i0.6.tsv.gz"),
    }
    lipids = found["studies"]["lipids"]["cohorts"]["real"]
    assert lipids["path"] == [{"path": str(folder / "lipidomics/real.tsv.gz")}]


def test_what_has_no_address_stays(folder):
    found = with_folder(CONFIG, folder)
    assert found["studies"]["own"] == CONFIG["studies"]["own"]
    arrays = found["studies"]["arrays"]["cohorts"]
    assert arrays["validation"] == {"path": "mine.tsv", "class_column": "group"}
    assert found["seed"] == 3


def test_ids_made_of_row_numbers_stay_so(folder):
    """A sample of several draws is then one sample, as it is from the network."""
    cohorts = with_folder(CONFIG, folder)["studies"]["simulated"]["cohorts"]
    for name in ("real", "validation"):
        assert cohorts[name]["class_column"] == "class"
        assert cohorts[name]["sample_column"] == "row_number"
        assert cohorts[name]["ignore_columns"] == ["sample_id"]


def test_all_missing_tables_are_named_at_once(folder):
    (folder / FILES[0]).unlink()
    (folder / FILES[-1]).unlink()
    config = copy.deepcopy(CONFIG)
    config["studies"]["own"]["cohorts"] = {"real": {"path": f"{AT}/Other/Data/dat_ext.csv"}}
    with pytest.raises(ConfigError) as error:
        with_folder(config, folder)
    assert len(error.value.problems) == 3
    for name in (FILES[0], FILES[-1], "Other/Data/dat_ext.csv: the folder has no such table"):
        assert name in str(error.value)


@pytest.mark.parametrize(
    "name",
    [f"Microarray/1b/{DRAW}", "results_merged.csv", "Microarray/1a/Data/dat_val.csv",
     "Microarray/Data/dat_val_inp.csv"],
)  # fmt: skip
def test_other_files_of_the_release_are_no_tables_of_the_folder(name):
    assert local_name(f"{AT}/{name}") is None


def test_names_of_draws_are_those_of_their_counts(shared_data):
    """The folder's tables have the counts of the draw that the release numbers so."""
    for number in range(1, 10):
        name = local_name(f"{AT}/Microarray/{number}a/Data/dat_real_combo.csv")
        table = pd.read_csv(shared_data / "cusworth_released" / name, sep="\t")
        counts = table["class"].value_counts()
        controls, imbalance = (40, 80, 120)[(number - 1) % 3], (0.4, 0.5, 0.6)[(number - 1) // 3]
        assert counts["control"] == controls
        assert counts["case"] == round(controls * imbalance)


def test_a_folder_that_is_not_there_is_one_problem(tmp_path):
    with pytest.raises(ConfigError, match=r"RELEASED: found '.*/nowhere'; there is no such folder"):
        with_folder(CONFIG, tmp_path / "nowhere")


def test_studies_of_protocols_are_kept(tmp_path):
    """A study without one has that of the config."""
    given = {"arrays": "published", "lipids": "honest", "own": None}
    studies = {name: {"protocol": protocol} for name, protocol in given.items()}
    config = {"seed": 3, "protocol": "described", "studies": studies}
    for protocols, names in {
        ("published",): ["arrays"],
        ("published", "described"): ["arrays", "own"],
        ("honest", "described", "published"): ["arrays", "lipids", "own"],
    }.items():
        assert [*of_protocols(config, protocols)["studies"]] == names
    with pytest.raises(ConfigError, match="PROTOCOLS: there is no 'publishd'; there are published"):
        of_protocols(config, ["publishd"])
    with pytest.raises(ConfigError, match="no study of protocol 'published'"):
        of_protocols({"studies": {"own": {}}}, ["published"])


def test_the_script_writes_a_config_or_says_what_is_missing(folder, tmp_path):
    source, target = tmp_path / "config.yaml", tmp_path / "results/config.yaml"
    given = {**CONFIG, "protocol": "published"}
    source.write_text(yaml.safe_dump(given))
    script = ROOT / "workflow/scripts/released_config.py"

    def run(*folders):
        return subprocess.run(
            [sys.executable, script, source, target, "published honest", *folders],
            capture_output=True,
            text=True,
            check=False,
        )

    for folders, expected in (([folder], with_folder(given, folder)), ([""], given), ([], given)):
        done = run(*folders)
        assert done.returncode == 0, done.stderr
        assert yaml.safe_load(target.read_text()) == expected
    (folder / FILES[0]).unlink()
    missing = run(folder)
    assert missing.returncode == 1
    assert FILES[0] in missing.stderr
    assert "Traceback" not in missing.stderr
