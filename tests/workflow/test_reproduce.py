"""`make reproduce`: its rule, what it prints last, and where its tables come from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evenomics.config.released import with_folder
from evenomics.evaluation.reproduction import agreement_lines, main_scores
from evenomics.files import read_table, write_table
from fake_reproduction import runs
from snakemake_runs import ROOT, SCRIPTS, run_rules, run_workflow

pytestmark = pytest.mark.workflow

RULE = """
RUNS = {runs}

rule reproduction:
    input:
        **{{
            name: [f"results/{{study}}_{{role}}/none/{{name}}.tsv" for study, role in RUNS]
            for name in ("settings", "summary", "comparison")
        }},
    output:
        table="results/reproduction.tsv",
        claims="results/reproduction_claims.tsv",
        means="results/reproduction_means.tsv",
        balancing="results/reproduction_balancing.tsv",
        page="results/reproduction.html",
        figures=directory("results/reproduction.figures"),
    log: "reproduction.log"
    params: runs=RUNS, level=0.05
    script: "{scripts}/reproduce.py"
"""
LAST = re.compile(
    r"own_tuning: studies=2 scores=16 mean_absolute_difference=0\.\d{3} correlation=0\.\d{3}\n"
    r"studies=1 scores=8 mean_absolute_difference=0\.\d{3} correlation=0\.\d{3}\n$"
)


def printed(folder: Path) -> subprocess.CompletedProcess[str]:
    """Print what a run prints last."""
    return subprocess.run(
        [sys.executable, SCRIPTS / "print_reproduction.py", folder / "results"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_rule_writes_tables_page_and_figures_and_the_numbers_are_printed_last(tmp_path):
    made = runs(["lipidomics", "lipidomics_lasso"], ["tuned", "honest"])
    made |= runs(["lipidomics"], ["given"])
    for (study, role), tables in made.items():
        for name, table in tables._asdict().items():
            write_table(table, tmp_path / f"results/{study}_{role}/none/{name}.tsv")
    done = run_rules(tmp_path, RULE.format(runs=[*made], scripts=SCRIPTS))
    assert done.returncode == 0, done.stderr + (tmp_path / "reproduction.log").read_text()
    results = tmp_path / "results"
    kinds = {path.name for path in (results / "reproduction.figures").glob("[!.]*")}
    names = ("agreement", "figure_6", "figure_8")
    assert kinds == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert "lipidomics_level" in set(read_table(results / "reproduction_claims.tsv")["claim"])
    assert "The paper on its own data" in (results / "reproduction.html").read_text()
    lines = printed(tmp_path)
    assert lines.returncode == 0, lines.stderr
    assert LAST.search(lines.stdout)
    assert lines.stdout.splitlines()[-2:] == agreement_lines(
        read_table(results / "reproduction.tsv")
    )


@pytest.mark.slow
def test_published_scores_come_out_again_on_the_released_data(tmp_path, shared_data):
    """The study of selected lipids, at the published hyper-parameters; generators are untrained."""
    config = yaml.safe_load((ROOT / "config/paper_released.yaml").read_text())
    name = "lipidomics_lasso_published"
    config["studies"] = {name: config["studies"][name]}
    config = with_folder(config, shared_data / "cusworth_released")
    table = ROOT / config["studies"][name]["scoring"]["hyper_parameters"]
    config["studies"][name]["scoring"]["hyper_parameters"] = str(table)
    done = run_workflow(tmp_path, config, "--", "results/reproduction.tsv", cores=2)
    assert done.returncode == 0, done.stderr[-4000:]
    rows = main_scores(read_table(tmp_path / "results/reproduction.tsv"))
    ours, published = rows["hard_auroc.given"], rows["mean.published"]
    assert len(rows) == 8
    assert (ours - published).abs().mean() < 0.03
    # their published SDs are 0
    exact = rows["classifier"].eq("svc") & rows["arm"].isin(["smote", "random_over"])
    assert (ours - published)[exact].abs().max() < 1e-6
    # the AUROC from scores, which the release does not have, is higher
    assert (rows["auroc.given"] > ours).all()


def test_a_run_without_published_studies_says_so(tmp_path):
    done = printed(tmp_path)
    assert done.returncode == 1
    assert "published_as" in done.stderr
    assert "Traceback" not in done.stderr


STAND_IN = """#!/bin/sh
echo "CONFIG=$CONFIG RESULTS=$RESULTS: $@"
"""


def said_by_make(folder: Path, *words: str) -> list[str]:
    """Return what a stand-in for Python says it is called with."""
    programs = {".venv/bin/python": STAND_IN, ".ci/venv": "#!/bin/sh\n"}
    for name, text in programs.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "config", "results", "more"),
    [
        ([], "config/paper_released.yaml", "results/reproduce", "published "),
        (["RESULTS="], "config/paper_released.yaml", "results/reproduce", "published "),
        (["RESULTS=there"], "config/paper_released.yaml", "there", "published "),
        (["CONFIG=mine.yaml"], "mine.yaml", "results/reproduce", "published "),
        (
            ["RELEASED=a folder", "PROTOCOLS=honest described"],
            "config/paper_released.yaml", "results/reproduce", "honest described a folder",
        ),
    ],
)  # fmt: skip
def test_what_make_runs(words, config, results, more, tmp_path):
    """A config with the studies of some protocols is written first; then all that ends a run."""
    said = said_by_make(tmp_path, "reproduce", *words)
    made, run, finish, last = [line for line in said if "evenomics.config.file" not in line]
    script = "workflow/scripts/released_config.py"
    written = f"{results}/config.yaml"
    assert made == f"CONFIG={config} RESULTS={results}: {script} {config} {written} {more}"
    given = f"CONFIG={written} RESULTS={results}: "
    assert run.startswith(f"{given}-m snakemake --cores all --configfile {written} ")
    assert f"results_dir={results}" in run
    assert finish.startswith(f"{given}workflow/scripts/finish_run.py {results} ")
    assert last == f"{given}workflow/scripts/print_reproduction.py {results}"


def test_make_run_keeps_its_config_and_results(tmp_path):
    run = next(line for line in said_by_make(tmp_path, "run") if "-m snakemake" in line)
    assert run.startswith("CONFIG=config/config.yaml RESULTS=: ")
    assert "results_dir" not in run
