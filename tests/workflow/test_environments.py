"""Conda environments, the default profile and the plans of the ready configs."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from evenomics.config.cohorts import given_cohorts
from evenomics.config.names import names
from import_graph import packages_of
from snakemake_runs import (
    ROOT,
    SCRIPTS,
    clone,
    make,
    planned,
    run_workflow,
    stand_in_conda,
    without_r_packages,
)

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
#: Packages of conda that are not called as the module that is imported, or that bring it along.
CONDA_NAMES = {
    "imblearn": "imbalanced-learn", "llvmlite": "numba", "matplotlib": "matplotlib-base",
    "sklearn": "scikit-learn", "torch": "pytorch", "yaml": "pyyaml",
}  # fmt: skip
#: By Umpire and BimodalIndex, which come from CRAN when the environment has been made.
IMPORTED_BY_UMPIRE = {"mc2d", "mclust", "oompabase"}


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
    python_names = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
    for dependency in yaml.safe_load(path.read_text())["dependencies"]:
        name, version = dependency.split(" =")
        assert version in allowed.get(python_names.get(name, name), SpecifierSet()), dependency


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


def data_packages():
    """R packages whose data a ready config reads."""
    configs = [yaml.safe_load(path.read_text()) for path in (ROOT / "config").glob("*.yaml")]
    studies = [study for config in configs for study in config["studies"].values()]
    specs = [spec for study in studies for spec in given_cohorts(study["cohorts"]).values()]
    return {spec["package"].lower() for spec in specs if "package" in spec}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environments_have_what_their_scripts_import_and_nothing_else(path):
    """In the end, that is, by way of the library, its registries and R files that are sourced."""
    needed = set()
    for rule in rules_with_scripts():
        if f"envs/{path.name}" in rule:
            needed |= packages_of(SCRIPTS / re.search(r"\.\./scripts/([\w.]+)", rule)[1])
    if "rpy2" in needed:
        needed |= data_packages()
    if "umpire" in needed:
        assert "Umpire" in path.with_suffix(".post-deploy.sh").read_text()
        needed = needed - {"umpire"} | IMPORTED_BY_UMPIRE
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    found = {re.sub(r"^(r|bioconductor)-", "", line.split(" =")[0]) for line in dependencies}
    assert found == {CONDA_NAMES.get(name, name) for name in needed}


def rules_with_scripts():
    """Text of every rule that has a script; `use rule` takes over that of the rule it uses."""
    texts = [path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")]
    rules = [rule for text in texts for rule in re.split(r"\n(?=(?:use )?rule )", text)[1:]]
    return [rule for rule in rules if "script:" in rule]


def test_every_environment_is_used_and_every_rule_has_one():
    rules = rules_with_scripts()
    used = {name for rule in rules for name in re.findall(r"envs/(\w+)\.yaml", rule)}
    assert used == {path.stem for path in ENVIRONMENTS}
    for rule in rules:
        assert "conda:" in rule, rule[:60]


@pytest.fixture
def own_r(tmp_path):
    """Give an R whose own library is in a folder of the test, as that of a conda environment."""
    if not shutil.which("R"):
        pytest.skip("needs R")
    home = Path(subprocess.check_output(["R", "RHOME"], text=True).strip())
    own = tmp_path / "R"
    for folder in ("bin", "library"):
        (own / folder).mkdir(parents=True)
    for path in [*home.iterdir(), *(home / "bin").iterdir(), *(home / "library").iterdir()]:
        if not (own / path.relative_to(home)).exists():
            (own / path.relative_to(home)).symlink_to(path)
    starter = own / "bin/R"
    starter.unlink()
    text = (home / "bin/R").read_text()
    starter.write_text(re.sub("^R_HOME_DIR=.*", f"R_HOME_DIR={own}", text, flags=re.MULTILINE))
    starter.chmod(0o755)
    return own


@pytest.mark.r
def test_umpire_is_installed_once(tmp_path, own_r):
    """From a mirror that has one version as the newest, the other among the old ones."""
    versions = {"BimodalIndex": "1.1.11", "Umpire": "2.0.11"}
    sources = tmp_path / "mirror/src/contrib"
    folders = {"BimodalIndex": sources / "Archive/BimodalIndex", "Umpire": sources}
    for package, version in versions.items():
        folders[package].mkdir(parents=True, exist_ok=True)
        source = tmp_path / "sources" / package
        source.mkdir(parents=True)
        about = {
            "Package": package, "Version": version, "Title": "T", "Author": "A", "License": "L",
            "Maintainer": "M <m@example.org>", "Description": "D.",
        }  # fmt: skip
        (source / "DESCRIPTION").write_text("".join(f"{k}: {v}\n" for k, v in about.items()))
        (source / "NAMESPACE").touch()
        with tarfile.open(folders[package] / f"{package}_{version}.tar.gz", "w:gz") as archive:
            archive.add(source, package)

    def deploy():
        env = {**os.environ, "RHOME": str(own_r), "CRAN": (tmp_path / "mirror").as_uri()}
        script = ROOT / "envs/umpire.post-deploy.sh"
        done = subprocess.run(
            ["bash", script], env=env, capture_output=True, text=True, check=False
        )
        installed = {
            package: (own_r / "library" / package / "DESCRIPTION").read_text()
            for package in versions
            if (own_r / "library" / package).is_dir()
        }
        return done, installed

    done, installed = deploy()
    assert done.returncode == 0, done.stderr
    assert installed.keys() == versions.keys()
    assert "installing *source* package" in done.stderr
    done, again = deploy()
    assert done.returncode == 0, done.stderr
    assert "installing *source* package" not in done.stderr
    assert again == installed  # with the time at which it was built

    umpire = own_r / "library/Umpire"
    (umpire / "Meta/package.rds").unlink()
    (umpire / "DESCRIPTION").write_text(installed["Umpire"].replace("2.0.11", "2.0.10"))
    done, again = deploy()
    assert done.returncode == 0, done.stderr
    assert "Version: 2.0.11" in again["Umpire"]
    assert again["BimodalIndex"] == installed["BimodalIndex"]

    shutil.rmtree(umpire)
    shutil.rmtree(tmp_path / "mirror")
    done, again = deploy()
    assert done.returncode != 0
    assert f"cannot download Umpire 2.0.11 from file://{tmp_path}/mirror" in done.stderr


@pytest.mark.workflow
def test_the_dockerfile_is_what_make_writes_now(tmp_path):
    conda = stand_in_conda(tmp_path / "conda")
    folder = clone(tmp_path / "clone")
    (folder / "Dockerfile").unlink()
    done = make(folder, "dockerfile", PATH=f"{conda}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    written = (folder / "Dockerfile").read_text()
    assert written == (ROOT / "Dockerfile").read_text(), "write it again: make dockerfile"


def test_the_dockerfile_makes_every_environment_where_snakemake_looks_for_it():
    """In a folder called after the file and its post-deploy script, which is run afterwards."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.replace("\\\n", "").splitlines() if line.strip(" #")]
    instructions = [line.split()[0] for line in lines if not line.startswith("#")]
    assert instructions[0] == "FROM"
    assert set(instructions[1:]) == {"LABEL", "RUN", "COPY"}
    copied = set(re.findall(r"^COPY (\S+) /", text, re.MULTILINE))
    assert copied == {
        str(path.relative_to(ROOT))
        for pattern in ("*.yaml", "*.post-deploy.sh")
        for path in (ROOT / "envs").glob(pattern)
    }
    (create,) = (line for line in lines if line.startswith("RUN conda env create"))
    for path in ENVIRONMENTS:
        deploy = path.with_suffix(".post-deploy.sh")
        content = (deploy.read_bytes() if deploy.exists() else b"") + path.read_bytes()
        prefix = f"/conda-envs/{hashlib.md5(content).hexdigest()}"
        assert f"COPY envs/{path.name} {prefix}/environment.yaml" in lines
        assert f"conda env create --prefix {prefix} --file {prefix}/environment.yaml &&" in create
    assert lines[-1].startswith("RUN conda run --prefix")
    marked = re.search(r"grep -l (\w+)", lines[-1])[1]
    assert [path.stem for path in ENVIRONMENTS if marked in path.read_text()] == ["umpire"]


def plan(folder, name, option="--dry-run", path=None, **variables):
    """Make the plan of a ready config in a folder."""
    if path is not None:
        variables["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"
    return run_workflow(folder, ROOT / "config" / name, option, **variables)


def counts(done):
    """Jobs per rule of a plan."""
    assert done.returncode == 0, done.stderr[-3000:]
    table = done.stdout.split("Job stats:")[1].split("total")[0]
    return {line.split()[0]: int(line.split()[1]) for line in table.splitlines()[3:] if line}


@pytest.mark.workflow
def test_the_default_profile_takes_conda_where_there_is_one(tmp_path):
    """With a `conda` on the path a plan creates environments, unless CONDA=off is asked for."""
    conda = stand_in_conda(tmp_path / "conda")
    on = plan(tmp_path, "config.yaml", path=conda, EVENOMICS_CONDA="auto")
    off = plan(tmp_path, "config.yaml", path=conda, EVENOMICS_CONDA="off")
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
    assert (public["score_arms"], whole["score_arms"]) == (3, 5)
    once = ["simulate_umpire", "test_expression", "select_deg"]
    assert {rule: whole[rule] for rule in once} == dict.fromkeys(once, 1)
    assert whole["select_stable"] == 2
    assert whole["read_geo"] == whole["list_geo_samples"] == 3
    # the external series is on two platforms
    assert whole["download_geo_series"] == whole["download_geo_platform"] == 4
    assert whole["enrich"] == 2
    files = "".join(planned(plan(tmp_path, "paper.yaml", "--summary")))
    # nine experiments in each public branch, one in a lipidomics branch
    assert files.count("/figures/roc.") == 2 * (3 * 9 + 2)
    assert files.count("/figures/twins.svg") == files.count("/figures/multipliers.svg") == 5


@pytest.mark.workflow
def test_every_selection_has_its_rules_and_harmonising_is_shown_once_for_all(tmp_path):
    """A selection of two steps goes on from another; one figure shows what harmonising did."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    study = next(iter(config["studies"].values()))
    study |= {"harmonise": "zscore", "selections": [*names("selections")]}
    config["studies"] = {"s": study}
    jobs = counts(run_workflow(tmp_path, config, "--dry-run"))
    steps = [entry["steps"][-1:] for entry in names("selections").values()]
    assert jobs["select_deg"] == steps.count(["deg"]) == 1
    assert jobs["select_stable"] == steps.count(["lasso_en"]) == 2
    files = "".join(planned(run_workflow(tmp_path, config, "--summary")))
    assert files.count("/figures/harmonise.svg") == 1


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
    config["studies"]["liver"]["cohorts"]["split"]["replicates"] = 2
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
        name: set(labels.loc[pd.read_table(results / f"cohorts/{name}.1.tsv.gz").sample_id].patient)
        for name in ("real", "external", "validation")
    }
    assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == 50
    expression = pd.read_table(results / "deg/selection/expression.tsv")
    expression = expression[expression["replicate"] == 1].set_index("feature")
    # the README of the data names genes that are up and down in these tumours
    assert (expression.loc[["GPC3", "TOP2A", "CDK1"], "logFC"] > 1).all()
    assert (expression.loc[["CYP1A2", "ADH4"], "logFC"] < -1).all()
    sets = pd.read_table(results / "deg/selection/enrichment.tsv")
    assert (sets.loc[sets["adjusted_p_value"] < 0.05, "term"].str.contains("Mitotic")).any()
    assert len(pd.read_table(results / "deg_lasso_en/cohorts/real.1.tsv.gz").columns) - 2 <= 50
    summary = pd.read_table(tmp_path / "results/summary.tsv")
    assert set(summary["selection"]) == {"deg", "deg_lasso_en"}
    for figure in ("deg/figures/expression", "deg/figures/enrichment",
                   "deg_lasso_en/figures/stability"):  # fmt: skip
        assert (results / f"{figure}.svg").stat().st_size > 5000
    page = (results / "deg/tables/data.html").read_text()
    for said in ("20 controls, imbalance 0.4", "3686", "tumor", "ExpandGAN", "SMOTE"):
        assert said in page
