"""How many jobs a config makes, what loading a module costs, and how long the example takes.

``python -m bench.jobs`` prints a report; ``make bench`` puts it into ``bench/RESULTS.md``. The
example runs once, from nothing, in a folder of its own.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.harness import markdown, opening

ROOT = Path(__file__).parents[1]
#: What the longer jobs load, and what loading it ought to cost.
MODULES = (
    "evenomics.config.validation",
    "evenomics.data.cohort_files",
    "evenomics.preparation.draws",
    "evenomics.gan.pretraining",
    "evenomics.gan.engines.cpu",
    "evenomics.evaluation.study_scores",
    "evenomics.report.figures.catalogue",
)
HEAVY = ("pandas", "scipy.stats", "sklearn", "imblearn", "numba", "torch", "matplotlib")


def snakemake(folder: Path, config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow in a folder; RuntimeError with what it said if it fails."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
            *("--directory", str(folder), "--configfile", str(config), "--cores", "all", *words),
            *("--workflow-profile", "none"),
        ],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder / "numba")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-3000:])
    return done


def jobs(config: Path) -> Counter[str]:
    """Return the number of jobs of every rule, from a dry run; the rules of reports are one."""
    with tempfile.TemporaryDirectory() as folder:
        done = snakemake(Path(folder), config, "--dry-run", "--quiet", "rules")
    counts: Counter[str] = Counter()
    # a dry run says it at its beginning and at its end
    for name, count in dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.M)).items():
        if name not in ("total", "default"):
            counts["report_study" if name.startswith("report_") else name] += int(count)
    return counts


def import_time(module: str) -> tuple[float, list[str]]:
    """Return the processor seconds of importing a module, and which heavy packages it loads."""
    code = (
        "import sys, time; before = time.process_time(); "
        f"import {module}; print(time.process_time() - before, "
        f"*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    ]
    return min(float(seconds) for seconds, *_ in runs), runs[0][1:]


def main() -> None:
    """Print the report."""
    print(opening("Jobs"))
    rows = []
    for config in sorted((ROOT / "config").glob("*.yaml")):
        try:
            counts = jobs(config)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            rows.append([config.name, "", f"not planned here: {reason}"])
            continue
        rules = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        rows.append([config.name, sum(counts.values()), rules])
    print(markdown(["config", "jobs", "by rule"], rows))
    print("\n## What importing costs\n")
    print("Processor time of the fastest of three imports, and what is loaded with it.\n")
    rows = []
    for module in MODULES:
        seconds, loaded = import_time(module)
        rows.append([module, f"{seconds:.2f} s", ", ".join(loaded)])
    print(markdown(["module", "time", "loads"], rows))
    print("\n## The example\n")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        snakemake(Path(folder), ROOT / "config/config.yaml")
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"`config/config.yaml`, from nothing to its report, kernels compiled: {seconds:.0f} s on "
        f"{os.cpu_count()} cores, {used:.0f} s of processor time."
    )


if __name__ == "__main__":
    main()
