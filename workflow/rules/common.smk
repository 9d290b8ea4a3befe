# The checked config, the environment of all scripts, and functions that several rules use.
import os
import shlex
import sys

# The library of these rules, also where the environment, or what prints the run, has that of a copy.
sys.path.insert(0, str(LIBRARY))
loaded = sys.modules.get("evenomics")
if loaded and Path(loaded.__file__).parents[1] != LIBRARY:
    for name in [name for name in sys.modules if name.split(".")[0] == "evenomics"]:
        del sys.modules[name]

from evenomics.config.cohorts import given_cohorts, imported_names, listed
from evenomics.config.estimate import check_run
from evenomics.config.file import cores_problems, file_problems
from evenomics.config.job_requests import JobRequests
from evenomics.config.names import COHORTS
from evenomics.config.paths import (
    gene_set_paths,
    is_plain,
    library_problems,
    python_problems,
    results_problems,
    working_problems,
)
from evenomics.config.plan import (
    Plan,
    selections_ending_in,
    steps_before,
)
from evenomics.config.tables import study_tables
from evenomics.config.validation import validated
from evenomics.errors import ConfigError, TrainingError


def problems_beside_the_config():
    """Problems of the files of the config and of the machine; only the main process checks."""
    if not workflow.is_main_process:
        return []
    problems = [*library_problems(str(LIBRARY)), *python_problems(sys.executable)]
    problems += working_problems()
    files = [*workflow.configfiles, *workflow.overwrite_configfiles]
    for path in dict.fromkeys(map(Path, files)):
        problems += file_problems(path)
    if isinstance(folder := config.get("results_dir", "results"), str):
        problems += results_problems(folder)
    given = workflow.resource_settings
    if given.cores is not None and given.cores < 1:
        problems += cores_problems(str(given.cores))
    # without a number of nodes, jobs run on this machine
    if config.get("engine") == "cuda" and given.nodes is None:
        try:
            from evenomics.gan.engines.base import choose_engine

            choose_engine("cuda")
        except (
            ImportError
        ):  # only Snakemake is installed here; jobs have their own environments
            pass
        except TrainingError as error:
            problems.append(str(error))
    return problems


# Snakemake does not quote it. From here, the path to `.venv` is plain wherever the clone lies.
if not is_plain(sys.executable):
    sys.executable = os.path.relpath(sys.executable)

# without a number of nodes, jobs run on this machine
NODES = workflow.resource_settings.nodes
ON_CLUSTER = NODES is not None or workflow.remote_exec
try:
    checked = validated(config, problems_beside_the_config())
    config.clear()
    config.update(checked)
    LOCAL_CORES = 0 if ON_CLUSTER else workflow.cores or config["threads"]
    if workflow.is_main_process:
        logger.info(check_run(config, LOCAL_CORES, n_jobs=NODES or 1))
except ConfigError as error:
    raise WorkflowError(str(error)) from None


# PYTHONPATH makes the library available in conda environments. The last folder on PATH has an Rscript
# that says how to install R. Scripts end with their runner, Snakemake. One thread per process: rules
# use their threads as processes, and threads of BLAS or OpenMP would compete with them. By default,
# glibc returns the histograms of gradient boosting (1 MB each, thousands per fit) to the system every
# time; keeping them makes a fit a fifth faster. glibc before 2.35 accepts at most 32 MiB.
quoted = shlex.quote(str(LIBRARY))
shell.prefix(
    f'export PYTHONPATH={quoted} PYTHONNOUSERSITE=1 PATH="$PATH":{quoted}/last_on_path; '
    "export EVENOMICS_RUNNER=$PPID; "
    "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1; "
    "export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456; "
    "export NUMBA_CACHE_DIR=${{NUMBA_CACHE_DIR:-.numba_cache}}; "
)

PLAN = Plan(config)
# A job that can use many cores takes all of --cores on one machine. On a cluster it asks for its own
# number, which must not depend on the machine that submits, nor on the node where it is read again.
THREADS = LOCAL_CORES or config["threads"]
REQUESTS = JobRequests(config)
# `engine: auto` asks for a GPU where the profile, or --resources, says that there are some.
GPU = int(
    config["engine"] == "cuda"
    or (config["engine"] == "auto" and "gpu" in workflow.resource_settings.resources)
)


def one_of(words):
    """Wildcard constraint: one of these words; matches nothing if there are none."""
    return "|".join(words) or "(?!)"


wildcard_constraints:
    study="[a-z][a-z0-9_]*",
    selection="[a-z_]+",
    part=r"(\.\d+of\d+)?",
    cohort=one_of([*COHORTS, "table"]),


def setting(*keys):
    """Params function: a setting of the study."""

    def find(wildcards):
        found = config["studies"][wildcards.study]
        for key in keys:
            found = found[key]
        return found

    return find


def scaled(amount):
    """Resource function: an amount of memory or time, and as much again for every retry."""
    return lambda wildcards, attempt: attempt * amount


def draws_of_part(wildcards):
    """Params function: the training draws of a job."""
    return [tuple(draw) for draw in PLAN.parts(wildcards.study)[wildcards.part]]


def pretraining_threads(wildcards):
    """Threads function: pre-training has one for each external cohort, those of splits."""
    side_by_side = PLAN.splits(wildcards.study) and PLAN.trains_on_cores
    return min(THREADS, PLAN.replicates(wildcards.study)) if side_by_side else 1


def users_own(paths):
    """Files that the config names, at their paths whatever the prefix of a module."""
    return [local(path) for path in paths if path]


def spec_of(wildcards):
    """Options of one cohort in the config."""
    return given_cohorts(setting("cohorts")(wildcards))[wildcards.cohort]


def cohort_tables(wildcards):
    """Tables that a study names: the user's own files, and those that are downloaded."""
    tables = study_tables(config["studies"][wildcards.study])
    downloaded = [table.file_name for table in tables if table.is_remote]
    return {
        "own": users_own([table.address for table in tables if not table.is_remote]),
        "downloaded": [f"<resources>/tables/checked/{name}" for name in downloaded],
    }


def imported_cohorts(wildcards):
    """Tables that a rule of sources.smk imports for a study, by cohort."""
    return {
        name: f"<results>/{wildcards.study}/imported/{name}.tsv.gz"
        for name in imported_names(setting("cohorts")(wildcards))
    }


def cohorts_before(wildcards):
    """Input function: the cohorts before the last step of a selection."""
    return f"<results>/{wildcards.study}/{steps_before(wildcards.selection)}/cohorts"


def of_studies(path):
    """Files of every study and selection."""
    return [
        f"<results>/{study}/{selection}/{path}" for study, selection in PLAN.studies
    ]
