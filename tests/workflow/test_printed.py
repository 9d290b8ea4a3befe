"""What a run prints, on a terminal and elsewhere."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fake_results
import fake_tables
import snakemake_logger_plugin_evenomics as plugin
from evenomics.files import write_table
from snakemake_logger_plugin_evenomics.jobs import Job
from snakemake_runs import ROOT, SCRIPTS, run_rules
from terminal import Terminal

pytestmark = pytest.mark.workflow

RULES = """
rule all:
    input: expand("{study}.weights", study=config["studies"])

rule load:
    output: "{study}.table"
    log: "logs/load.{study}.log"
    message: "{wildcards.study}: loading the cohorts"
    shell: "touch {output}"

rule train:
    input: "{study}.table"
    output: "{study}.weights"
    log: "logs/train.{study}.log"
    message: "{wildcards.study}: re-training"
    script: "train.py"
"""

LOGGER = ["--workflow-profile", "none", "--logger", "evenomics", "--quiet", "host", "reason"]
TRAIN = f"""
import sys, time
sys.path[:0] = [{str(SCRIPTS)!r}, {str(SCRIPTS.parent)!r}]
from pathlib import Path
from script_log import log_to, warn_loudly
from evenomics import progress
from evenomics.errors import CohortError
log_to(snakemake.log[0])
progress.SECONDS = 0.0

def wait_for(found):
    while not found():
        time.sleep(0.05)

def small():
    warn_loudly("92% of the cells are empty, in as many words as do not fit into one line of "
                "a terminal")
    progress.Progress("re-training, lr_1", 4).add(2)
    wait_for(Path("go").exists)

def bad():
    raise CohortError("real.tsv cannot be read:", ["two headers", "no classes"])

def after_bad():
    log = Path("logs/train.bad.log")
    wait_for(lambda: log.exists() and "ERROR" in log.read_text())

def at_second_try():
    if not Path("tried").exists():
        Path("tried").touch()
        bad()

globals()[snakemake.wildcards.study]()
Path(snakemake.output[0]).touch()
"""


def prepare(folder: Path, rules: str = RULES) -> None:
    """Write the workflow of these tests into a folder."""
    (folder / "Snakefile").write_text(rules)
    (folder / "train.py").write_text(TRAIN)


def run(folder: Path, studies: str, *options: str, rules: str = RULES) -> str:
    """Run it where nobody watches; return what it prints."""
    prepare(folder, rules)
    done = run_rules(
        folder, folder / "Snakefile", *LOGGER, *options,
        config={"studies": studies.split()}, cores=2,
    )  # fmt: skip
    return done.stdout + done.stderr


def watch(folder: Path, studies: str, **more: Any) -> Terminal:
    """Run it on a terminal."""
    prepare(folder)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *LOGGER]
    return Terminal([*command, "--config", f"studies=[{studies}]"], folder, **more)


def timeless(lines: Iterable[str]) -> list[str]:
    """Return the lines without how long a job took."""
    return [re.sub(r"^(\[.*\S) +(\d+ s|\d+ min.*)$", r"\1", line) for line in lines]


def test_on_a_terminal_what_runs_has_a_bar_and_what_is_done_a_line(tmp_path: Path) -> None:
    terminal = watch(tmp_path, "small")
    lines = terminal.wait_for("50 %")
    assert re.fullmatch(r"  small: re-training, lr_1  ━{12}─{12}  50 %  .+ left", lines[-1])
    warning = [
        "WARNING: 92% of the cells are empty, in as many words as do not fit into one lin",
        "e of a terminal",
    ]
    assert timeless(lines[:-1]) == ["2 jobs to run", "[1/2] small: loading the cohorts", *warning]

    (tmp_path / "go").touch()
    assert timeless(terminal.end())[2:] == [*warning, "[2/2] small: re-training"]
    assert terminal.status == 0


def test_a_narrow_terminal_without_colours_and_signs(tmp_path: Path) -> None:
    plain = {"NO_COLOR": "1", "PYTHONIOENCODING": "ascii"}
    terminal = watch(tmp_path, "small,bad", columns=58, env=plain)
    (line,) = (line for line in terminal.wait_for("50 %") if "50 %" in line)
    assert re.fullmatch(r"  small: re-training, lr_1  (#*)(-*)  50 %  .+ left", line)
    (tmp_path / "go").touch()
    terminal.end()
    assert terminal.raw.isascii()
    assert b"\033[31m" not in terminal.raw


def test_errors_are_red_on_a_terminal_and_its_last_lines(tmp_path: Path) -> None:
    terminal = watch(tmp_path, "bad")
    lines = terminal.end()
    assert b"\033[31mbad: re-training failed\033[0m" in terminal.raw
    assert timeless(lines)[:3] == [
        "2 jobs to run",
        "[1/2] bad: loading the cohorts",
        "[failed] bad: re-training",
    ]
    assert lines[3:8] == [
        "bad: re-training failed",
        "  real.tsv cannot be read:",
        "    - two headers",
        "    - no classes",
        "  log: logs/train.bad.log",
    ]
    assert lines[8].startswith("Complete log(s): ")
    assert terminal.status == 1


def test_ctrl_c_ends_without_tracebacks(tmp_path: Path) -> None:
    terminal = watch(tmp_path, "small")
    terminal.wait_for("50 %")
    terminal.interrupt()
    # asyncio, which Snakemake uses, may say behind it that something was not awaited
    assert "Stopped. The same command goes on from here." in terminal.end()
    assert b"Traceback" not in terminal.raw
    assert terminal.status == 1


def test_elsewhere_a_run_prints_plain_lines(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    printed = run(tmp_path, "small")
    warning = next(line for line in printed.splitlines() if line.startswith("WARNING: 92%"))
    assert timeless(printed.splitlines()) == [
        "2 jobs to run",
        "[1/2] small: loading the cohorts",
        warning,
        "[2/2] small: re-training",
    ]
    assert printed.isascii()


def test_errors_come_last_whatever_goes_on(tmp_path: Path) -> None:
    printed = run(tmp_path, "bad after_bad").replace("\n\n", "\n")
    lines = timeless(printed.splitlines())
    assert "[3/4] after_bad: re-training" in lines[:-6]
    assert lines[-6:-1] == [
        "bad: re-training failed",
        "  real.tsv cannot be read:",
        "    - two headers",
        "    - no classes",
        "  log: logs/train.bad.log",
    ]
    assert printed.count("two headers") == 1
    for word in ("CalledProcessError", "WorkflowError", "Traceback", "jobid"):
        assert word not in printed


def test_an_error_that_a_second_try_heals_is_none(tmp_path: Path) -> None:
    lines = timeless(run(tmp_path, "at_second_try", "--retries", "1").splitlines())
    assert lines[-2:] == [
        "[failed] at_second_try: re-training",
        "[2/2] at_second_try: re-training",
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "kill -9 $$",
            ["bad: loading the cohorts failed", plugin.KILLED, "log: logs/load.bad.log"],
        ),
        ("echo so far > {log}; exit 3", ["  so far\n", "returned non-zero exit status 3."]),
        ("true", ["MissingOutputException in rule load", "bad.table (missing locally"]),
    ],
)
def test_a_job_that_ends_in_silence_is_told_of(
    tmp_path: Path, command: str, words: list[str]
) -> None:
    rules = RULES.replace("touch {output}", command)
    printed = run(tmp_path, "bad", "--latency-wait", "1", rules=rules)
    for word in words:
        assert word in printed
    assert "WorkflowError" not in printed


@pytest.mark.parametrize(
    ("rules", "option", "words"),
    [
        (RULES, "nothing", ["MissingRuleException:\nNo rule to produce nothing"]),
        (f"{RULES}\nraise WorkflowError('two problems:\\n  - one')", "all",
         ["WorkflowError in file", "two problems:\n  - one"]),
        (RULES.replace('input: "{study}.table"', 'input: "lost"'), "all",
         ["MissingInputException", "lost"]),
    ],
)  # fmt: skip
def test_what_snakemake_finds_wrong_stays(
    tmp_path: Path, rules: str, option: str, words: list[str]
) -> None:
    printed = run(tmp_path, "bad", "--", option, rules=rules)
    for word in words:
        assert word in printed


def test_a_locked_folder_is_told_of(tmp_path: Path) -> None:
    locks = tmp_path / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("small.weights\n")
    printed = run(tmp_path, "small")
    assert "LockException" in printed
    assert "--unlock" in printed


def test_a_dry_run_lists_jobs_by_rule(tmp_path: Path) -> None:
    printed = run(tmp_path, "small bad", "-n")
    assert re.search(r"^load +2\ntrain +2\nall +1\ntotal +5$", printed, re.MULTILINE)
    assert printed.count("Job stats") == 1
    assert "This was a dry-run" in printed
    assert "loading" not in printed
    assert "touch small.table" in run(tmp_path, "small bad", "-np")


def last_table(folder: Path, rows: list[dict[str, Any]]) -> str:
    """Return what the end of a run prints of answers."""
    write_table(fake_results.answers(rows), folder / "results/answers.tsv")
    write_table(fake_tables.findings().iloc[:0], folder / "results/simulated/none/findings.tsv")
    for name in ("summary.html", "report.html"):
        (folder / "results" / name).touch()
    return subprocess.run(
        [sys.executable, SCRIPTS / "finish_run.py", "results"],
        cwd=folder, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_the_last_table_has_verdicts_with_intervals_and_numbers_of_samples(tmp_path: Path) -> None:
    rows = [
        fake_results.row("smote", 0.05, 0.01),
        fake_results.row("gan", 0.04, 0.2),
        fake_results.row("auto", -0.02, 0.4),
    ]
    printed = last_table(tmp_path, rows)
    table = [re.split("  +", line) for line in printed.split("\n\n")[0].splitlines()]
    assert table == [
        ["study", "features", "samples", "classifier", "arm", "auroc against none", "verdict", "n"],
        ["simulated", "none", "c40_i0.4", "svc", "smote", "+0.050 [+0.020, +0.080]",
         "better than no balancing", "700 x 5"],
        ["simulated", "none", "c40_i0.4", "svc", "auto", "-0.020 [-0.050, +0.010]", "cannot tell",
         "700 x 5"],
    ]  # fmt: skip
    assert "The verdict allows for the number of arms" in printed
    assert "allows no test" not in printed
    assert printed.isascii()


def test_of_one_draw_the_last_table_has_no_verdict_and_says_how_to_get_one(tmp_path: Path) -> None:
    printed = last_table(tmp_path, [fake_results.row("smote", 0.05, None, n_replicates=1)])
    assert re.search(r"smote +\+0\.050 +no test: one draw +700 x 1\n", printed)
    assert "`draws: {replicates: 5}`" in printed
    assert "[" not in printed


def test_verbose_and_quiet_are_snakemakes_own(tmp_path: Path) -> None:
    printed = run(tmp_path, "bad", "--verbose")
    assert "Building DAG of jobs" in printed
    assert re.search(r"^Job \d: bad: re-training$", printed, re.MULTILINE)
    assert "rule load" not in (quiet := run(tmp_path, "bad", "--forceall", "--quiet"))
    assert "jobs to run" not in quiet


@pytest.mark.parametrize(("place", "tables"), [(ROOT, 1), (ROOT / "tests", 2)])
def test_where_only_snakemake_is_installed_the_profile_finds_it(place: Path, tables: int) -> None:
    """At the top level of the repository; elsewhere, Snakemake prints as ever (twice the table)."""
    bare = (
        "import sys; sys.path[:] = [path for path in sys.path if not path.endswith('/workflow')]; "
        "from snakemake.cli import main; main()"
    )
    done = subprocess.run(
        [
            sys.executable, "-c", bare, "-n", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(ROOT), "--workflow-profile", str(ROOT / "workflow/profiles/default"),
        ],
        cwd=place, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("Job stats") == tables


def handler(capsys: pytest.CaptureFixture[str], **records: Any) -> Callable[..., str]:
    """Return a function that gives a handler an event, and returns what it has printed."""
    settings = SimpleNamespace(
        verbose=False, debug_dag=False, quiet=None, stdout=False, nocolor=False, dryrun=False
    )
    made = plugin.LogHandler(settings, None)

    def give(event: str | None, text: str = "", **attributes: Any) -> str:
        if event == "close":
            made.close()
        else:
            level = logging.ERROR if event and "error" in event else logging.INFO
            made.handle(
                logging.makeLogRecord({"event": event, "msg": text, "levelno": level, **attributes})
            )
        return capsys.readouterr().err

    return give


def job(number: int, rule: str, **more: Any) -> dict[str, Any]:
    """Return attributes of the events of a job."""
    return {
        "jobid": number, "rule_name": rule, "rule_msg": None, "wildcards": {"study": "s"},
        "log": [f"{rule}.log"], "indent": True, **more,
    }  # fmt: skip


def test_of_a_group_the_job_that_failed_is_named(tmp_path, monkeypatch, capsys) -> None:
    """Snakemake says of all jobs of a group that they failed; only one wrote an error."""
    monkeypatch.chdir(tmp_path)
    give = handler(capsys)
    for number, rule in enumerate(["load", "train"]):
        give("job_info", **job(number, rule))
    Path("load.log").write_text("2026-01-01 00:00:00,000 INFO loaded\n")
    Path("train.log").write_text("2026-01-01 00:00:00,000 ERROR no samples\n")
    failed = [job(number, rule) for number, rule in enumerate(["load", "train"])]
    give("group_error", groupid="g", aux_logs=["slurm.log"], job_error_info=failed)
    assert not give("job_error", **failed[0])
    assert give("job_error", **failed[1]).startswith("[failed] train s")
    assert give("close") == (
        "\nA group of jobs failed: load, train\n  log: slurm.log\n"
        "\ntrain s failed\n  no samples\n  log: train.log\n"
    )


def test_what_a_cluster_says_of_every_job_is_printed_once(capsys) -> None:
    give = handler(capsys)
    assert give(None, "No account given") == "No account given\n"
    assert not give(None, "No account given")


def test_the_selection_of_features_is_named_where_there_is_one(capsys) -> None:
    give = handler(capsys)
    give("run_info", stats={"score": 3, "all": 1, "total": 4})
    for number, selection in enumerate(["none", "deg"]):
        wildcards = {"study": "s", "selection": selection}
        give("job_info", **job(number, "score", rule_msg="s: scoring", wildcards=wildcards))
    assert give("job_finished", job_id=1).startswith("[1/3] s (deg): scoring ")
    assert give("job_finished", job_id=0).startswith("[2/3] s: scoring ")


def test_elsewhere_a_long_job_is_told_of_now_and_then(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugin, "LOOK", 0.01)
    monkeypatch.setattr(plugin, "REPORT", (0.0, 1000.0))
    give = handler(capsys)
    Path("train.log").write_text("")
    os.utime("train.log", (0, 0))
    give("job_info", **job(1, "train", rule_msg="s: re-training"))
    Path("train.log").write_text(
        "2026-01-01 00:00:00,000 INFO re-training, lr_1: 7% done, 3 min left\n"
    )
    printed = ""
    while "left" not in printed:
        printed = give("job_started")
    assert printed.splitlines()[-1] == "  s: re-training, lr_1   7 %  3 min left"
    give("close")


def test_the_log_of_an_earlier_try_counts_for_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("2026-01-01 00:00:00,000 INFO scoring: 90% done\n2026-01-01 0:0:0 ERROR old\n")
    os.utime(log, (0, 0))
    again = Job("s: scoring", [str(log)])
    again.follow()
    assert again.percent is None
    assert not again.error()
    log.write_text("2026-01-01 00:00:00,000 INFO scoring: 10% done, 1 h 2 min left\n")
    again.follow()
    assert (again.percent, again.left) == (10, "1 h 2 min")


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("ERROR a.tsv cannot be read:\n  - two headers", "a.tsv cannot be read:\n  - two headers"),
        ("ERROR 3\nTraceback (most recent call last):\n  File\nKeyError: 3", "KeyError: 3"),
        ("ERROR no such column\nCalls:\n  f()\n  g()", "no such column"),
        ("ERROR first\n2026-01-01 00:00:00,000 ERROR last", "last"),
        ("INFO an ERROR is not always one", ""),
    ],
)
def test_the_error_is_found_in_the_log(tmp_path: Path, log: str, error: str) -> None:
    failed = Job("s: scoring", [str(tmp_path / "log")])
    (tmp_path / "log").write_text(f"2026-01-01 00:00:00,000 {log}\n")
    assert failed.error() == error
