"""End a run: write the report, print answers and warnings. Called with a folder of results.

The words behind the folder are those of the command line that made the results. Needs nothing but
Snakemake.
"""

import csv
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

WORKFLOW = Path(__file__).parents[1]
sys.path.insert(0, str(WORKFLOW))

from evenomics.messages import of_study  # noqa: E402

CAVEAT = """\
Each line has the arm that looks best, or auto, the one that cross-validation picked; in brackets
the interval; n: validation samples x replicates. The verdict allows for the number of arms; the
interval does not, and the difference of an arm that looks best is too favourable."""
ONE = """\
One draw, or one split, allows no test. `draws: {replicates: 5}` of a study, or
`split: {replicates: 5}` of its cohorts, makes five. A given draw, or a whole cohort, stays one."""

results, words = Path(sys.argv[1]), sys.argv[2:]
report = results / "report.html"


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table of results."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def line(row: dict[str, str]) -> dict[str, str]:
    """Write an answer as a line of the last table."""
    given = {name: float(row[name]) for name in ("difference", "low", "high") if row[name]}
    texts = {name: f"{value:+.3f}" for name, value in given.items()}
    interval = f" [{texts['low']}, {texts['high']}]" if "low" in texts else ""
    return {
        "study": row["study"],
        "features": row["selection"],
        "samples": row["experiment"],
        "classifier": row["classifier"],
        "arm": row["arm"],
        f"{row['metric']} against none": texts.get("difference", "") + interval,
        "verdict": row["verdict"],
        "n": f"{row['n_validation']} x {row['n_replicates']}",
    }


answers = rows(results / "answers.tsv")
folders = dict.fromkeys(results / row["study"] / row["selection"] for row in answers)
parts = [
    results / "summary.html",
    *results.glob("reproduction.html"),
    *(path for folder in folders for path in folder.glob("*/*.html")),
]
if not report.exists() or any(path.stat().st_mtime > report.stat().st_mtime for path in parts):
    log = results / "logs/report.log"
    made = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *words, "--nolock", "--report", str(report)),
            *("--report-stylesheet", str(WORKFLOW / "report/report.css")),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    log.write_text(made.stdout + made.stderr, encoding="utf-8")
    if made.returncode != 0:
        last = "\n".join((made.stdout + made.stderr).splitlines()[-5:])
        sys.exit(f"The results are complete, but the report could not be written ({log}):\n{last}")

lines = [line(row) for row in answers]
print(tabulate(lines, headers="keys", tablefmt="plain", disable_numparse=True))
print(f"\n{CAVEAT}")
if any(row["verdict"].startswith("no test: one") for row in answers):
    print(f"\n{ONE}")
for folder in folders:
    for row in rows(folder / "findings.tsv"):
        print(f"\nWARNING: {of_study(row['study'], row['selection'], row['message'])}")
print(f"\nReport: {report.absolute()}")
