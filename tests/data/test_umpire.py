"""The R package Umpire as a source of cohorts, and the built-in simulator beside it.

``python tests/test_umpire.py`` prints the tables of docs/umpire.md.
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evenomics.data.checks import check_classes, check_together
from evenomics.data.cohort_files import read_cohort
from evenomics.data.simulate import ClusterModel
from evenomics.data.source import SOURCES, Request
from evenomics.randomness import stream
from snakemake_runs import SCRIPTS, run_rules, without_r_packages

ROOT = Path(__file__).parents[2]
LEVEL = 1e-3
N_FEATURES, BLOCK = 150, 3
SOURCE = {
    "source": "umpire", "n_features": N_FEATURES, "n_real": 300, "n_external": 40,
    "n_validation": 200, "weighted": False, "noise": "shared",
    "noise_shape": 2, "noise_scale": 0.5,
}  # fmt: skip
SNAKEFILE = """
rule umpire:
    output:
        real="real.tsv.gz", external="external.tsv.gz", validation="validation.tsv.gz"
    log: "umpire.log"
    params: cohorts={cohorts!r}, classes={classes!r}, seed={seed!r}
    script: {script!r}
"""
# Writes engines and samples as doubles: prevalence, hits, noise SDs, labels, values.
DRAWS = """
args <- commandArgs(TRUE)
suppressPackageStartupMessages(library(Umpire))
out <- file(args[1], "wb")
set.seed(as.integer(args[2]))
for (i in seq_len(as.integer(args[3]))) {
  engine <- ClinicalEngine(150, 2, isWeighted = as.logical(args[5]))
  noise <- ClinicalNoiseModel(150, shape = 2, scale = 0.5)
  drawn <- rand(engine, as.integer(args[4]))
  writeBin(c(engine@cm@prevalence, engine@cm@hitPattern, noise@additiveScale,
             drawn$clinical$CancerSubType - 1, blur(noise, drawn$data)), out)
}
close(out)
"""
# What the released scripts draw: seeds 1, 42 (400 real samples), 43 (validation, external).
RELEASED = """
suppressPackageStartupMessages(library(Umpire))
set.seed(1)
engine <- ClinicalEngine(150, 2, isWeighted = TRUE)
for (seed in 42:43) {
  set.seed(seed)
  noise <- ClinicalNoiseModel(150, shape = 2, scale = 0.5)
  values <- blur(noise, rand(engine, if (seed == 42) 400 else 1000)$data)
  writeBin(c(values), file.path(commandArgs(TRUE)[1], seed))
}
"""
# Log ratios of SDs of two cohorts of one engine, each with a noise model of its own: of one feature
# of each block.
RATIOS = """
suppressPackageStartupMessages(library(Umpire))
set.seed(1)
sds <- function(engine) {
  apply(blur(ClinicalNoiseModel(150, shape = 2, scale = 0.5), rand(engine, 400)$data), 1, sd)
}
out <- file(commandArgs(TRUE)[1], "wb")
for (i in 1:60) {
  engine <- ClinicalEngine(150, 2, isWeighted = FALSE)
  writeBin(log(sds(engine) / sds(engine))[seq(1, 150, 3)], out)
}
close(out)
"""


@cache
def why_not() -> str:
    """Say why Umpire cannot be run here; empty if it can."""
    try:
        subprocess.run(
            ["Rscript", "-e", "loadNamespace('Umpire')"], check=True, capture_output=True, text=True
        )
    except FileNotFoundError:
        return "needs R"
    except subprocess.CalledProcessError as error:
        return f"needs the R package Umpire ({error.stderr.strip().splitlines()[0]})"
    return ""


@pytest.fixture
def umpire():
    if reason := why_not():
        pytest.skip(reason)


def run(folder: Path, classes=("control", "case"), seed=1, env=None, **options):
    """Run the script in a workflow of one rule."""
    script = str(SCRIPTS / "umpire.R")
    rules = SNAKEFILE.format(
        cohorts={**SOURCE, **options}, classes=list(classes), seed=seed, script=script
    )
    return run_rules(folder, rules, env=env)


def cohorts_of(folder: Path, **options):
    done = run(folder, **options)
    assert done.returncode == 0, (folder / "umpire.log").read_text() + done.stderr
    return {name: read_cohort(folder / f"{name}.tsv.gz") for name in SIZES}


SIZES = {name: SOURCE[f"n_{name}"] for name in ("real", "external", "validation")}


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_the_cohorts_have_the_form_of_those_of_the_built_in_simulator(tmp_path):
    cohorts = cohorts_of(tmp_path)
    check_together(cohorts)
    for name, n in SIZES.items():
        assert cohorts[name].features.shape == (n, N_FEATURES)
        assert cohorts[name].features.columns[[0, 149]].tolist() == ["F001", "F150"]
        width = len(str(n))
        assert cohorts[name].features.index[[0, -1]].tolist() == [
            f"{name}_{1:0{width}d}", f"{name}_{n:0{width}d}"
        ]  # fmt: skip
    assert cohorts["external"].classes is None
    for name in ("real", "validation"):
        check_classes(cohorts[name], ["control", "case"])
        share = cohorts[name].class_counts()["case"] / SIZES[name]
        assert 0.3 < share < 0.7  # Dirichlet(100, 100)


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_one_engine_makes_all_cohorts_and_a_class_is_the_same_cluster_in_each(tmp_path):
    """Class means of real and validation differ by no more than chance, class by class."""
    cohorts = cohorts_of(tmp_path, n_real=2000, n_validation=2000)
    parts = {
        (name, label): cohorts[name].features[cohorts[name].classes == label].to_numpy()
        for name in ("real", "validation")
        for label in ("control", "case")
    }

    def chi2(one, other):
        return np.sum(
            (one.mean(axis=0) - other.mean(axis=0)) ** 2
            / (one.var(axis=0) / len(one) + other.var(axis=0) / len(other))
        )

    for label in ("control", "case"):
        # features of a block are correlated: the variance is up to BLOCK times that of chi-squared
        same = chi2(parts["real", label], parts["validation", label])
        assert abs(same - N_FEATURES) < 4 * np.sqrt(2 * N_FEATURES * BLOCK)
    swapped = chi2(parts["real", "control"], parts["validation", "case"])
    assert swapped > 3 * N_FEATURES


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_the_size_of_a_cohort_changes_no_other_and_the_seed_all(tmp_path):
    first = cohorts_of(tmp_path / "a")
    larger = cohorts_of(tmp_path / "b", n_real=400)
    for name in ("external", "validation"):
        pd.testing.assert_frame_equal(first[name].features, larger[name].features)
    again = cohorts_of(tmp_path / "c")
    pd.testing.assert_frame_equal(first["real"].features, again["real"].features)
    for seed in (0, 2**32 - 1, 2**31):
        other = cohorts_of(tmp_path / f"seed{seed}", seed=seed)
        assert (first["real"].features != other["real"].features).all(axis=None)


def log_sd_ratio(one, other) -> np.ndarray:
    return np.log(one.features.std() / other.features.std()).to_numpy()


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_noise_per_cohort_sets_the_real_cohort_apart(tmp_path):
    """The real cohort is the same; the other two have noise SDs of their own, together."""
    sizes = {"n_real": 1000, "n_external": 1000, "n_validation": 1000}
    shared = cohorts_of(tmp_path / "shared", **sizes)
    own = cohorts_of(tmp_path / "own", noise="per_cohort", **sizes)
    pd.testing.assert_frame_equal(own["real"].features, shared["real"].features)
    for cohorts in (shared, own):
        assert log_sd_ratio(cohorts["external"], cohorts["validation"]).std() < 0.06
    assert log_sd_ratio(shared["real"], shared["validation"]).std() < 0.06
    assert log_sd_ratio(own["real"], own["validation"]).std() > 0.4


@pytest.mark.usefixtures("umpire")
def test_the_released_cohorts_are_of_one_weighted_engine_and_two_noise_models(request, tmp_path):
    """So settings `weighted: true` and `noise: per_cohort` say what the released scripts drew."""
    # asked for after Umpire, without which the test is skipped although the data are there
    shared_data = request.getfixturevalue("shared_data")
    code = tmp_path / "released.R"
    code.write_text(RELEASED)
    subprocess.run(["Rscript", "--no-init-file", code, tmp_path], check=True)
    folder = shared_data / "cusworth_released/simulation"
    real, drawn = (np.fromfile(tmp_path / seed).reshape(-1, N_FEATURES) for seed in ("42", "43"))
    for name, rows in (("validation", slice(700)), ("external", slice(700, 1000))):
        released = pd.read_csv(folder / f"{name}.tsv.gz", sep="\t").filter(regex="^V")
        np.testing.assert_allclose(drawn[rows], released, rtol=1e-9)
    of_real = {tuple(row) for row in real.round(6)}
    draws = [*(folder / "draws").iterdir()]
    assert len(draws) == 9
    for draw in draws:
        released = pd.read_csv(draw, sep="\t").filter(regex="^V").round(6)
        assert of_real >= {*released.itertuples(index=False, name=None)}, draw


@pytest.mark.slow
@pytest.mark.usefixtures("umpire")
def test_noise_per_cohort_is_that_of_umpire_drawn_twice(tmp_path):
    """Ratios of SDs between real and validation, over 60 engines of each simulator."""
    code, out = tmp_path / "ratios.R", tmp_path / "ratios.bin"
    code.write_text(RATIOS)
    subprocess.run(["Rscript", "--no-init-file", code, out], check=True)
    umpires = np.fromfile(out)
    options = SOURCE | {"noise": "per_cohort", "n_real": 400, "n_validation": 400}
    ours = []
    for seed in range(60):
        request = Request(options, ["control", "case"], seed=seed)
        cohorts = SOURCES["builtin"](request)
        ours += [*log_sd_ratio(cohorts["real"], cohorts["validation"])[::BLOCK]]
    assert len(ours) == len(umpires) == 60 * N_FEATURES / BLOCK
    assert stats.ks_2samp(umpires, ours, method="asymp").pvalue > LEVEL


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_options_reach_umpire(tmp_path):
    """Noise widens all features; three classes are three clusters; what fills no block is left."""
    quiet = cohorts_of(tmp_path / "quiet", noise_scale=0.001)["real"].features
    loud = cohorts_of(tmp_path / "loud", noise_shape=20, noise_scale=1)["real"].features
    assert quiet.std().median() < 2 < 15 < loud.std().median() < 25
    names = ["a", "b", "c"]
    three = cohorts_of(tmp_path / "three", classes=names, n_features=152, weighted=True)
    check_classes(three["real"], names)
    assert three["real"].n_features == 150
    log = (tmp_path / "three" / "umpire.log").read_text()
    assert "Umpire simulates 150 features, not 152" in log


@pytest.mark.workflow
@pytest.mark.usefixtures("umpire")
def test_a_cohort_too_small_for_its_classes_is_an_error(tmp_path):
    done = run(tmp_path, classes=[f"c{i}" for i in range(9)], n_validation=4)
    assert done.returncode != 0
    log = (tmp_path / "umpire.log").read_text()
    assert "cohorts.n_validation: none of 4 samples is of the class" in log
    assert "Calls:" not in log
    assert not (tmp_path / "validation.tsv.gz").exists()


@pytest.mark.r
@pytest.mark.workflow
def test_without_the_package_the_error_says_how_to_install_it(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("needs R")
    done = run(tmp_path, env=without_r_packages(tmp_path))
    if done.returncode == 0:
        pytest.skip("Umpire lies in the library of R itself and cannot be hidden")
    log = (tmp_path / "umpire.log").read_text()
    assert 'install.packages("Umpire")' in log
    assert "source: builtin" in log
    assert "Calls:" not in log


def umpire_draws(n_engines: int, n_samples: int, weighted: bool, seed: int = 1):
    """Draw engines of Umpire: (prevalence, hits, noise SDs, labels, samples) of each."""
    with tempfile.TemporaryDirectory() as folder:
        code, out = Path(folder, "draws.R"), Path(folder, "draws.bin")
        code.write_text(DRAWS)
        arguments = [out, seed, n_engines, n_samples, str(weighted).upper()]
        subprocess.run(["Rscript", "--no-init-file", code, *map(str, arguments)], check=True)
        draws = np.fromfile(out).reshape(n_engines, -1)
    ends = np.cumsum([2, 40, N_FEATURES, n_samples])
    for draw in draws:
        prevalence, hits, noise, labels, samples = np.split(draw, ends)
        yield (
            prevalence, hits.reshape(2, 20), noise, labels.astype(int),
            samples.reshape(n_samples, N_FEATURES),
        )  # fmt: skip


def builtin_draws(n_engines: int, n_samples: int, weighted: bool, seed: int = 1):
    """Draw engines of the built-in simulator, as `umpire_draws` does those of Umpire."""
    for i in range(n_engines):
        engine = ClusterModel.draw_parameters(stream(seed, "engine", i), N_FEATURES, 2, weighted)
        X, labels = engine.sample(n_samples, stream(seed, "samples", i))
        yield engine.prevalence, engine.hits[:, :20], engine.noise_sd, labels, X


def summary(prevalence, hits, noise, labels, X) -> dict[str, np.ndarray]:
    """Return what is compared of one engine and its samples.

    Of each block one feature stands for all, because those of a block share their fate.
    """
    means = np.array([X[labels == cluster].mean(axis=0) for cluster in (0, 1)])
    centred = X - means[labels]
    sd = np.sqrt((centred**2).sum(axis=0) / (len(X) - 2))
    correlation = np.corrcoef(centred.T)
    first = np.arange(0, N_FEATURES, BLOCK)
    within = [correlation[first + i, first + j] for i, j in ((0, 1), (0, 2), (1, 2))]
    effect = ((means[1] - means[0]) / sd)[first]
    informative = np.zeros(N_FEATURES // BLOCK, dtype=bool)
    informative[: hits.shape[1]] = hits[0] != hits[1]
    return {
        "mean of a feature": X.mean(axis=0)[first],
        "SD of a feature within a class": sd[first],
        "SD of the noise": noise,
        "correlation within a block": np.mean(within, axis=0),
        "correlation between neighbouring blocks": correlation[first[:-1], first[1:]][::2],
        "skewness within a class": stats.skew(centred[:, first]),
        "kurtosis within a class": stats.kurtosis(centred[:, first]),
        "effect size, informative features": effect[informative],
        "effect size, other features": effect[~informative],
        "informative features": np.array([BLOCK * informative.sum()]),
        "prevalence of the first cluster": prevalence[:1],
        "share of samples of the first cluster": np.array([np.mean(labels == 0)]),
    }


def compare(n_engines: int = 200, n_samples: int = 400, weighted: bool = False) -> pd.DataFrame:
    """Compare Umpire and the built-in simulator over many engines.

    Parameters
    ----------
    n_engines : int
        Engines of each; of each engine one draw of samples.
    n_samples : int
        Samples of a draw.
    weighted : bool
        As in ``ClinicalEngine(isWeighted = )``.

    Returns
    -------
    pandas.DataFrame
        One row per quantity: number of values, means and SDs of both, and the
        Kolmogorov-Smirnov test between them.
    """
    pooled = []
    for draws in (umpire_draws, builtin_draws):
        found = [summary(*draw) for draw in draws(n_engines, n_samples, weighted)]
        pooled.append({name: np.concatenate([one[name] for one in found]) for name in found[0]})
    rows = {}
    for name, real in pooled[0].items():
        ours = pooled[1][name]
        test = stats.ks_2samp(real, ours, method="asymp")
        rows[name] = {
            "values": len(real), "mean, Umpire": real.mean(), "mean, built-in": ours.mean(),
            "SD, Umpire": real.std(), "SD, built-in": ours.std(),
            "KS distance": test.statistic, "p": test.pvalue,
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


@pytest.mark.slow
@pytest.mark.usefixtures("umpire")
@pytest.mark.parametrize("weighted", [False, True])
def test_the_built_in_simulator_draws_what_umpire_draws(weighted):
    """Parameters and samples of 200 engines of each, quantity by quantity."""
    table = compare(weighted=weighted)
    assert len(table) == 12
    assert (table["p"] > LEVEL).all(), table.to_string()


if __name__ == "__main__":
    for setting in (False, True):
        print(f"\nisWeighted = {str(setting).upper()}\n")
        found = compare(weighted=setting)
        print("| | " + " | ".join(found.columns) + " |\n|" + " --- |" * (1 + found.shape[1]))
        for quantity, row in found.iterrows():
            cells = [f"{row['values']:.0f}", *(f"{value:.3f}" for value in row.iloc[1:])]
            print(f"| {quantity} | " + " | ".join(cells) + " |")
