# The config, checked; the environment of all scripts; what several rules need to know.
import sys

sys.path.insert(0, str(LIBRARY))

from evenomics.balancing.arms import ARMS
from evenomics.data.cohort import COHORTS
from evenomics.config.paths import gene_set_paths, table_paths
from evenomics.config.validation import validated
from evenomics.config.file import cores_problems, file_problems
from evenomics.errors import ConfigError, TrainingError
from evenomics.config.experiments import experiment_grid
from evenomics.gan.engines.base import ENGINES, choose_engine
from evenomics.preparation.selection import SELECTIONS
from evenomics.config.cohorts import given_cohorts, made_names


def problems_beside_the_config():
    """What is wrong with the files of the config and with the machine; jobs need not ask again."""
    if not workflow.is_main_process:
        return []
    files = [*workflow.configfiles, *workflow.overwrite_configfiles]
    problems = [
        line for path in dict.fromkeys(map(Path, files)) for line in file_problems(path)
    ]
    given = workflow.resource_settings
    if given.cores is not None and given.cores < 1:
        problems += cores_problems(str(given.cores))
    # jobs run here for certain where nothing was said of nodes
    if config.get("engine") == "cuda" and given.nodes is None:
        try:
            choose_engine("cuda")
        except TrainingError as error:
            problems.append(str(error))
    return problems


try:
    config.update(validated(config, problems_beside_the_config()))
except ConfigError as error:
    raise WorkflowError(str(error)) from None


# The library comes along into conda environments. Where there is no Rscript, one is found that says
# how to get R. One thread per process: parallel work is spread by the rules' threads, and threads of
# BLAS or OpenMP on top of them would only be in the way. glibc would hand the histograms of gradient
# boosting (1 MB each, thousands per fit) back to the system every time, and get them again page by
# page: keeping them makes a fit a fifth faster. More than 32 MiB are refused before glibc 2.35.
shell.prefix(
    f"export PYTHONPATH='{LIBRARY}' PYTHONNOUSERSITE=1 PATH=\"$PATH:{LIBRARY}/last_on_path\"; "
    "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1; "
    "export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456; "
    "export NUMBA_CACHE_DIR=${{NUMBA_CACHE_DIR:-.numba_cache}}; "
)

HARMONISED = [
    name for name, study in config["studies"].items() if study["harmonise"] != "none"
]
GPU = int(config["engine"] == "cuda")
THREADED = config["engine"] == "auto" or ENGINES[config["engine"]].threaded
NEEDS_PRETRAINING = any(ARMS[arm].variant == "transfer" for arm in config["arms"])


def one_of(names):
    """Wildcard constraint: one of these names; nothing where there are none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    study="[a-z][a-z0-9_]*",
    selection="[a-z_]+",
    experiment=r"whole|c\d+_i[\d.]+",
    arm="[a-z_]+",
    cohort=one_of([*COHORTS, "table"]),


def setting(*keys):
    """Params function: a setting of the study at hand."""

    def find(wildcards):
        found = config["studies"][wildcards.study]
        for key in keys:
            found = found[key]
        return found

    return find


def experiment_names(study):
    """Names of the experiments of a study."""
    return [e.name for e in experiment_grid(config["studies"][study]["experiments"])]


def experiments_before(wildcards):
    """Experiments that the draw of an experiment depends on, itself included."""
    options = config["studies"][wildcards.study]["experiments"]
    grid = experiment_grid(options)
    at = [e.name for e in grid].index(wildcards.experiment)
    return [
        (e.controls, e.imbalance) for e in grid[at * (not options["disjoint"]) : at + 1]
    ]


def of_experiments(path):
    """Input function: a file of every experiment of the study at hand."""
    folder = "results/{study}/{selection}/experiments/{experiment}/"
    return lambda wildcards: expand(
        folder + path,
        study=wildcards.study,
        selection=wildcards.selection,
        experiment=experiment_names(wildcards.study),
        arm=config["arms"],
    )


def of_arms(path):
    """Input function: a file of every arm and experiment of the study at hand."""
    return of_experiments(f"arms/{{arm}}/{path}")


def timed(wildcards):
    """Benchmark files of the steps of a study that take time."""
    of_study = f"{wildcards.study}.{wildcards.selection}"
    each = [
        f"{of_study}.{e}.{arm}"
        for e in experiment_names(wildcards.study)
        for arm in config["arms"]
    ]
    steps = {
        "pretrain": [of_study] * NEEDS_PRETRAINING,
        "retrain": [of_study] * bool(GAN_ARMS),
    }
    steps["score_arm"] = each
    return [
        f"benchmarks/{step}/{what}.tsv"
        for step, names in steps.items()
        for what in names
    ]
