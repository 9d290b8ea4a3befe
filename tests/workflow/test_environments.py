"""Conda environments, the default profile and the plans of the ready configs."""

import os
import re
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from evenomics.config.cohorts import given_cohorts
from evenomics.config.names import names
from snakemake_runs import conda_stand_in, run_workflow, without_r_packages

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environments_have_exact_versions_and_no_default_channel(path):
    """Channels cannot be reached from every machine, so this is a check of form."""
    environment = yaml.safe_load(path.read_text())
    assert environment.keys() == {"channels", "dependencies"}
    channels = environment["channels"]
    assert channels[0] == "conda-forge"
    assert channels[-1] == "nodefaults"
    assert set(channels) <= {"conda-forge", "bioconda", "nodefaults"}
    names = []
    for dependency in environment["dependencies"]:
        name, version = re.fullmatch(r"([a-z0-9.-]+) =(\d[\d.]*)", dependency).groups()
        assert "." in version, dependency
        names.append(name)
    assert names == list(dict.fromkeys(names))
    needs_bioconda = {"gseapy"} & set(names) or any(n.startswith("bioconductor-") for n in names)
    assert bool(needs_bioconda) == ("bioconda" in channels)


def test_a_package_has_the_same_version_in_every_environment():
    versions = {}
    for path in ENVIRONMENTS:
        for dependency in yaml.safe_load(path.read_text())["dependencies"]:
            name, version = dependency.split(" =")
            versions.setdefault(name, {})[path.stem] = version
    assert {name: found for name, found in versions.items() if len(set(found.values())) > 1} == {}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environments_have_what_the_library_asks_for(path):
    """Versions that the library does without are named in pyproject.toml, once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = map(Requirement, project["dependencies"] + project["optional-dependencies"]["r"])
    allowed = {requirement.name: requirement.specifier for requirement in asked}
    conda_names = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
    for dependency in yaml.safe_load(path.read_text())["dependencies"]:
        name, version = dependency.split(" =")
        assert version in allowed.get(conda_names.get(name, name), SpecifierSet()), dependency


def test_every_dependency_has_a_line_on_why_it_is_there():
    """The tables of docs/dependencies.md hold what pyproject.toml asks for, and nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    asked = [Requirement(line).name for group in groups for line in group]
    named, _, by_hand = (ROOT / "docs/dependencies.md").read_text().partition("## By hand")
    first_cells = re.findall(r"^\| (`[^|]+`) \|", named, re.MULTILINE)
    found = [name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(found) == sorted(asked)
    modules = re.findall(r"`([a-z_/]+\.py)", by_hand)
    assert [m for m in modules if not (ROOT / "workflow/evenomics" / m).is_file()] == []


def test_r_packages_whose_data_a_ready_config_reads_are_in_the_environment():
    environment = (ROOT / "envs/rdata.yaml").read_text()
    configs = [yaml.safe_load(path.read_text()) for path in (ROOT / "config").glob("*.yaml")]
    studies = [study for config in configs for study in config["studies"].values()]
    specs = [spec for study in studies for spec in given_cohorts(study["cohorts"]).values()]
    packages = {spec["package"] for spec in specs if "package" in spec}
    assert packages >= {"multtest"}
    for package in packages:
        assert f"bioconductor-{package.lower()} =" in environment


def test_every_environment_is_used_and_every_rule_has_one():
    rules = [path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")]
    used = {name for text in rules for name in re.findall(r"envs/(\w+)\.yaml", text)}
    assert used == {path.stem for path in ENVIRONMENTS}
    for text in rules:
        # `use rule` takes over the environment of the rule that it uses
        for rule in re.split(r"\n(?=(?:use )?rule )", text)[1:]:
            if "script:" in rule:
                assert "conda:" in rule, rule[:60]


def plan(folder, name, **variables):
    """Make the plan of a ready config in a folder."""
    return run_workflow(folder, ROOT / "config" / name, "--dry-run", **variables)


def counts(done):
    """Jobs per rule of a plan."""
    assert done.returncode == 0, done.stderr[-3000:]
    table = done.stdout.split("Job stats:")[1].split("total")[0]
    return {line.split()[0]: int(line.split()[1]) for line in table.splitlines()[3:] if line}


@pytest.mark.workflow
def test_the_default_profile_takes_conda_where_there_is_one(tmp_path):
    """With a `conda` on the path a plan creates environments, unless CONDA=off is asked for."""
    conda = conda_stand_in(tmp_path)
    on = plan(tmp_path, "config.yaml", EVENOMICS_CONDA="auto", **conda)
    off = plan(tmp_path, "config.yaml", EVENOMICS_CONDA="off", **conda)
    assert "envs/evenomics.yaml will be created" in on.stdout + on.stderr
    assert "will be created" not in off.stdout + off.stderr


@pytest.mark.workflow
def test_the_plan_of_the_whole_paper_is_what_the_paper_did(tmp_path):
    """Three studies in five branches, the lipidomics one only where its tables are."""
    public = counts(plan(tmp_path, "paper.yaml"))
    folder = tmp_path / "data/lipidomics"
    folder.mkdir(parents=True)
    for name in ("cbgs1", "cbgs2", "pops"):
        (folder / f"{name}.tsv").touch()
    whole = counts(plan(tmp_path, "paper.yaml"))
    # simulation; microarray deg, deg_lasso_en; lipidomics none, lasso_en
    assert (public["retrain"], whole["retrain"]) == (3, 5)
    assert (public["pretrain"], whole["pretrain"]) == (3, 5)
    # nine experiments of seven arms in each public branch, one experiment in a lipidomics branch
    scored = [plan["score_arm"] + plan["score_expanding_arm"] for plan in (public, whole)]
    assert scored == [3 * 9 * 7, 3 * 9 * 7 + 2 * 7]
    once = ["simulate_umpire", "test_expression", "select_deg"]
    assert {rule: whole[rule] for rule in once} == dict.fromkeys(once, 1)
    assert whole["select_stable"] == 2
    assert whole["read_geo"] == whole["download_geo_series"] == whole["list_geo_samples"] == 3
    assert whole["enrich"] == 2
    assert whole["plot_twins"] == whole["plot_multipliers"] == 5


@pytest.mark.workflow
def test_every_selection_has_its_rules_and_harmonising_is_shown_once_for_all(tmp_path):
    """A selection of two steps goes on from another; one figure shows what harmonising did."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    study = next(iter(config["studies"].values()))
    study |= {"harmonise": "zscore", "selections": [*names("selections")]}
    done = run_workflow(tmp_path, {**config, "studies": {"s": study}}, "--dry-run")
    jobs = counts(done)
    steps = [entry["steps"][-1:] for entry in names("selections").values()]
    assert jobs["select_deg"] == steps.count(["deg"]) == 1
    assert jobs["select_stable"] == steps.count(["lasso_en"]) == 2
    assert jobs["plot_harmonise"] == 1


LIMMA = {
    "studies": {
        "s": {
            "classes": ["a", "b"], "selections": ["deg"],
            "cohorts": {"source": "builtin", "n_features": 9, "n_real": 60, "n_validation": 40},
            "experiments": {"controls": [12], "imbalance": [0.5]},
        }
    }
}  # fmt: skip
LIMMA_TABLE = "results/s/deg/selection/expression.tsv"


@pytest.mark.workflow
def test_without_r_the_error_says_how_to_install_it(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            if program.name != "Rscript" and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    done = run_workflow(tmp_path, LIMMA, "--", LIMMA_TABLE, PATH=str(programs))
    assert done.returncode != 0
    assert (
        "R is not installed here: run Snakemake with --use-conda, or" in done.stdout + done.stderr
    )


@pytest.mark.workflow
@pytest.mark.r
def test_without_a_package_of_r_the_error_says_how_to_install_it(tmp_path):
    if not shutil.which("Rscript"):
        pytest.skip("needs R")
    done = run_workflow(tmp_path, LIMMA, "--", LIMMA_TABLE, **without_r_packages(tmp_path))
    if done.returncode == 0:
        pytest.skip("limma lies in the library of R itself and cannot be hidden")
    for said in (
        done.stdout + done.stderr,
        (tmp_path / "results/logs/test_expression/s.deg.log").read_text(),
    ):
        assert "the R package limma cannot be loaded from" in said
        assert "apt-get install r-bioc-limma" in said
        assert "Calls:" not in said


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.r
def test_the_liver_study_runs_on_real_tables(tmp_path, shared_data):
    """limma, LASSO, gene sets and all arms on TCGA's livers; nobody is in two cohorts."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/liver").symlink_to(shared_data / "tcga_lihc")
    config = yaml.safe_load((ROOT / "config/liver_tables.yaml").read_text())
    config["arms"] = ["none", "smote", "gan", "expand_gan"]
    config["alphas"] = [[0, 0]]
    config["gan"] |= {
        "pretraining": {"epochs": [10, 10, 10]}, "retraining": {"epochs_1": 20, "epochs_2": 20},
    }  # fmt: skip
    config["scoring"] = {"repeats": 2, "classifiers": ["svc"], "folds": 2}
    config["selection"] = {"lasso_en": {"repeats": 2, "folds": 3}}
    done = run_workflow(tmp_path, config, cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    results = tmp_path / "results/liver"
    labels = pd.read_csv(shared_data / "tcga_lihc/labels.csv", index_col="sample_id")
    patients = {
        name: set(labels.loc[pd.read_table(results / f"cohorts/{name}.tsv.gz").sample_id].patient)
        for name in ("real", "external", "validation")
    }
    assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == 50
    expression = pd.read_table(results / "deg/selection/expression.tsv").set_index("feature")
    # the README of the data names genes that are up and down in these tumours
    assert (expression.loc[["GPC3", "TOP2A", "CDK1"], "logFC"] > 1).all()
    assert (expression.loc[["CYP1A2", "ADH4"], "logFC"] < -1).all()
    sets = pd.read_table(results / "deg/selection/enrichment.tsv")
    assert (sets.loc[sets["adjusted_p_value"] < 0.05, "term"].str.contains("Mitotic")).any()
    assert len(pd.read_table(results / "deg_lasso_en/cohorts/real.tsv.gz").columns) - 2 <= 50
    summary = pd.read_table(tmp_path / "results/summary.tsv")
    assert set(summary["selection"]) == {"deg", "deg_lasso_en"}
    for figure in ("deg/figures/expression", "deg/figures/enrichment",
                   "deg_lasso_en/figures/stability"):  # fmt: skip
        assert (results / f"{figure}.svg").stat().st_size > 5000
    page = (results / "deg/tables/data.html").read_text()
    for said in ("20 controls, imbalance 0.4", "3686", "tumor", "ExpandGAN", "SMOTE"):
        assert said in page
