"""Harmonised cohorts: closed forms, R's own functions, and no way in for validation labels."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import fake_tables
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import each_replicate, write_cohorts
from evenomics.errors import CohortError, ConfigError
from evenomics.preparation.harmonisations.quantile import quantile
from evenomics.preparation.harmonisations.zscore import zscore
from evenomics.preparation.harmonise import METHODS, cohort_share, harmonise
from snakemake_runs import SCRIPTS

NAMES = ("real", "external", "validation")
CLASSES = ["control", "case"]


def permuted(cohort: Cohort) -> Cohort:
    """Return the cohort with every label changed."""
    assert cohort.classes is not None
    other = cohort.classes.map({"control": "case", "case": "control"})
    return replace(cohort, classes=other)


def with_features(cohort: Cohort, change) -> Cohort:
    return replace(cohort, features=change(cohort.features))


def test_zscore_gives_every_cohort_mean_and_sd_of_the_real_one():
    cohorts = fake_tables.cohorts()
    harmonised = zscore(cohorts)
    pd.testing.assert_frame_equal(
        harmonised["real"].features, cohorts["real"].features, check_exact=True
    )
    real = cohorts["real"].features
    for cohort in harmonised.values():
        np.testing.assert_allclose(cohort.features.mean(), real.mean(), rtol=1e-12)
        np.testing.assert_allclose(cohort.features.std(), real.std(), rtol=1e-12)


def test_zscore_takes_a_shift_and_a_scale_away():
    """A copy of the real cohort in other units, feature by feature, comes back as the real one."""
    cohorts = fake_tables.cohorts()
    rng = np.random.default_rng(1)
    factor, shift = rng.uniform(0.1, 10, 30), rng.normal(0, 100, 30)
    cohorts["validation"] = with_features(cohorts["real"], lambda x: x * factor + shift)
    harmonised = zscore(cohorts)["validation"]
    np.testing.assert_allclose(harmonised.features, cohorts["real"].features, rtol=1e-10)


def test_zscore_of_a_constant_feature_is_the_real_mean_and_is_said(caplog):
    """0.1 summed nine times over nine is not quite 0.1: an SD of 1e-17 must not be divided by."""
    cohorts = fake_tables.cohorts()
    cohorts["external"] = with_features(cohorts["external"], lambda x: x.assign(F3=0.1))
    harmonised = zscore(cohorts)["external"].features
    np.testing.assert_allclose(harmonised["F3"], cohorts["real"].features["F3"].mean())
    assert "cohort 'external': 1 features are constant" in caplog.text
    assert "'F3'" in caplog.text


def test_quantile_of_the_real_cohort_alone_in_closed_form():
    """Ties get what their mean rank gets: between two quantiles where it lies between two."""
    index = pd.Index(["a", "b"], name="sample_id")
    real = Cohort(pd.DataFrame([[1.0, 5, 3, 9], [2, 2, 8, 4]], index, list("wxyz")), name="real")
    target = [1.5, 2.5, 4.5, 8.5]
    expected = [[1.5, 4.5, 2.5, 8.5], [2.0, 2.0, 8.5, 4.5]]
    found = quantile({"real": real})["real"].features
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(np.sort(found.loc["a"]), target)


def test_quantile_gives_every_sample_the_values_of_the_real_cohort():
    """Same values in all samples, ranks as before, and blind to any monotone change of a sample."""
    cohorts = fake_tables.cohorts()
    harmonised = quantile(cohorts)
    target = np.sort(cohorts["real"].features.to_numpy(), axis=1).mean(axis=0)
    for name, cohort in harmonised.items():
        np.testing.assert_allclose(np.sort(cohort.features, axis=1) - target, 0, atol=1e-12)
        np.testing.assert_array_equal(
            np.argsort(cohort.features, axis=1), np.argsort(cohorts[name].features, axis=1)
        )
    cohorts["validation"] = with_features(cohorts["validation"], lambda x: np.exp(x / 3))
    again = quantile(cohorts)["validation"].features
    np.testing.assert_allclose(again, harmonised["validation"].features, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_labels_have_no_say_and_are_kept(method):
    """Every label of the real and the validation cohort is changed: no value changes."""
    cohorts = fake_tables.cohorts()
    plain = harmonise(cohorts, method)
    other = {**cohorts, "validation": permuted(cohorts["validation"])}
    other["real"] = permuted(cohorts["real"])
    changed = harmonise(other, method)
    for name in NAMES:
        pd.testing.assert_frame_equal(
            plain[name].features, changed[name].features, check_exact=True
        )
    assert changed["validation"].classes.equals(other["validation"].classes)
    assert plain["external"].classes is None


@pytest.mark.parametrize("method", METHODS)
def test_training_cohorts_do_not_depend_on_the_validation_cohort(method):
    cohorts = fake_tables.cohorts()
    plain = harmonise(cohorts, method)
    cohorts["validation"] = with_features(cohorts["validation"], lambda x: x.iloc[3:] ** 2 - 5)
    changed = harmonise(cohorts, method)
    for name in ("real", "external"):
        pd.testing.assert_frame_equal(
            plain[name].features, changed[name].features, check_exact=True
        )


def test_a_quantile_normalised_sample_depends_on_no_other_of_its_cohort():
    cohorts = fake_tables.cohorts()
    whole = quantile(cohorts)["validation"].features
    one = quantile({**cohorts, "validation": cohorts["validation"].take([4])})["validation"]
    pd.testing.assert_frame_equal(one.features, whole.iloc[[4]], check_exact=True)


def test_what_cannot_be_harmonised_is_said():
    cohorts = fake_tables.cohorts()
    with pytest.raises(ConfigError, match=r"'z_score'.*did you mean 'zscore'"):
        harmonise(cohorts, "z_score")
    with pytest.raises(CohortError, match=r"'validation' has 1 sample\(s\), two are needed"):
        zscore({**cohorts, "validation": cohorts["validation"].take([0])})
    turned = cohorts["external"].select(cohorts["external"].features.columns[::-1])
    for method in METHODS:
        with pytest.raises(CohortError, match=r"align them first:\n.*'external': 30 .*'F29'"):
            harmonise({**cohorts, "external": turned}, method)


def test_share_between_cohorts():
    """0 for equal means, 1 for nothing but differences, half for a case done by hand."""

    def cohorts(*columns):
        return {
            str(i): Cohort(pd.DataFrame({"a": values, "constant": 3.0}))
            for i, values in enumerate(columns)
        }

    assert cohort_share(cohorts([1.0, 3], [0, 4])) == 0
    assert cohort_share(cohorts([1.0, 1], [2, 2])) == 1
    assert cohort_share(cohorts([0.0, 2], [2, 4])) == pytest.approx(0.5)
    assert cohort_share(fake_tables.cohorts(500, spread=0)) == pytest.approx(2 / 34, abs=0.01)


# R


def run_r(code, *arguments):
    return subprocess.run(
        ["Rscript", "-e", f"at <- commandArgs(TRUE); {code}", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def need_r(package):
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed")
    if run_r(f"library({package})").returncode:
        pytest.skip(f"the R package {package} is not installed")


@pytest.mark.r
def test_quantile_is_that_of_limma_with_ties(tmp_path):
    """The real cohort alone, with many ties: limma::normalizeQuantiles gives the same."""
    need_r("limma")
    cohorts = fake_tables.cohorts(60)
    rounded = with_features(cohorts["real"], lambda x: x.round())
    rounded.features.T.to_csv(tmp_path / "in.tsv", sep="\t")
    done = run_r(
        "x <- as.matrix(read.delim(at[1], row.names = 1)); "
        "write.table(limma::normalizeQuantiles(x), at[2], sep = '\\t')",
        tmp_path / "in.tsv", tmp_path / "out.tsv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    truth = pd.read_csv(tmp_path / "out.tsv", sep="\t").T
    assert truth.shape == (14, 60)
    found = quantile({"real": rounded})["real"].features
    np.testing.assert_allclose(found.to_numpy(), truth.to_numpy(), rtol=1e-12)


# What Snakemake puts ahead of a script, as far as ours use it.
PREAMBLE = """
setClass("Snakemake", slots = c(input = "list", output = "list", log = "list", source = "function"))
snakemake <- new("Snakemake",
  input = list(cohorts = "in"), output = list(cohorts = "out"),
  log = list("combat.log"), source = function(name) source(file.path("{scripts}", name)))
"""


def run_combat(folder, *splits):
    """Write cohorts, run combat.R on them; return its process and what it wrote of each split."""
    folder.mkdir(exist_ok=True)
    for replicate, cohorts in enumerate(splits, start=1):
        write_cohorts(cohorts, folder / "in", replicate)
    script = PREAMBLE.replace("{scripts}", str(SCRIPTS)) + (SCRIPTS / "combat.R").read_text()
    (folder / "script.R").write_text(script)
    done = subprocess.run(
        ["Rscript", "script.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done, *(cohorts for _, cohorts in each_replicate(folder / "out"))


@pytest.fixture(scope="module")
def combat(tmp_path_factory):
    """Cohorts, and what combat.R made of them."""
    need_r("sva")
    cohorts = fake_tables.cohorts()
    for name in ("real", "validation"):  # two samples a patient; of the others nothing is known
        index = cohorts[name].features.index
        groups = pd.Series(np.arange(len(index)) // 2, index=index, name="group").astype(str)
        cohorts[name] = replace(cohorts[name], groups=name + groups)
    done, harmonised = run_combat(tmp_path_factory.mktemp("combat"), cohorts)
    assert done.returncode == 0, done.stderr
    return cohorts, harmonised


@pytest.mark.r
def test_combat_is_that_of_sva(combat, tmp_path):
    """A plain run of sva::ComBat on one matrix, the real batch as reference, no covariates."""
    cohorts, harmonised = combat
    pooled = pd.concat([cohorts[name].features for name in NAMES])
    pooled.to_csv(tmp_path / "in.tsv", sep="\t", float_format="%.17g")
    done = run_r(
        "x <- t(as.matrix(read.delim(at[1], row.names = 1))); "
        "b <- rep(c('r', 'e', 'v'), c(14, 9, 12)); "
        "y <- sva::ComBat(dat = x, batch = b, mod = NULL, par.prior = TRUE, ref.batch = 'r'); "
        "write.table(format(t(y), digits = 17), at[2], sep = '\\t', quote = FALSE)",
        tmp_path / "in.tsv", tmp_path / "out.tsv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    truth = pd.read_csv(tmp_path / "out.tsv", sep="\t")
    found = pd.concat([harmonised[name].features for name in NAMES])
    np.testing.assert_allclose(found.to_numpy(), truth.to_numpy(), rtol=1e-9)
    assert list(found.index) == list(pooled.index)
    assert list(found.columns) == list(pooled.columns)


@pytest.mark.r
def test_combat_leaves_the_real_cohort_and_takes_batch_effects_away(combat):
    cohorts, harmonised = combat
    pd.testing.assert_frame_equal(
        harmonised["real"].features, cohorts["real"].features, check_exact=True
    )
    assert cohort_share(cohorts) > 0.3
    assert cohort_share(harmonised) < 0.02
    assert harmonised["real"].classes.equals(cohorts["real"].classes)
    assert harmonised["validation"].classes.equals(cohorts["validation"].classes)
    assert harmonised["external"].classes is None
    assert harmonised["external"].groups is None
    for name in ("real", "validation"):
        pd.testing.assert_series_equal(harmonised[name].groups, cohorts[name].groups)


@pytest.mark.r
def test_combat_takes_every_split_by_itself(combat, tmp_path):
    """The second of two splits is what it is alone, and so is the first."""
    cohorts, harmonised = combat
    other = {**cohorts, "external": cohorts["external"].take(range(6))}
    _, first, second = run_combat(tmp_path / "both", cohorts, other)
    _, alone = run_combat(tmp_path / "alone", other)
    for name in NAMES:
        for found, truth in ((first, harmonised), (second, alone)):
            pd.testing.assert_frame_equal(
                found[name].features, truth[name].features, check_exact=True
            )
    assert not np.allclose(first["external"].features.iloc[:6], second["external"].features)


@pytest.mark.slow
@pytest.mark.r
def test_combat_labels_have_no_say_nor_has_validation_in_training(combat, tmp_path):
    """Other labels change nothing; other validation samples change nothing in training cohorts."""
    cohorts, harmonised = combat
    _, changed = run_combat(
        tmp_path / "labels", {**cohorts, "validation": permuted(cohorts["validation"])}
    )
    for name in NAMES:
        pd.testing.assert_frame_equal(
            changed[name].features, harmonised[name].features, check_exact=True
        )
    fewer = with_features(cohorts["validation"].take(range(5)), lambda x: 2 * x + 3)
    _, changed = run_combat(tmp_path / "validation", {**cohorts, "validation": fewer})
    np.testing.assert_allclose(
        changed["external"].features, harmonised["external"].features, rtol=1e-12
    )


@pytest.mark.slow
@pytest.mark.r
def test_combat_says_which_features_and_cohorts_it_cannot_adjust(combat, tmp_path):
    """Constant features keep their values, with a warning; the rest is as without them."""
    cohorts, _ = combat
    constant = with_features(cohorts["external"], lambda x: x.assign(F3=0.1))
    done, found = run_combat(tmp_path / "constant", {**cohorts, "external": constant})
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "constant/combat.log").read_text()
    assert "external.1.tsv.gz: 1 features are constant and keep their values" in log
    assert "'F3'" in log
    np.testing.assert_array_equal(
        found["validation"].features["F3"], cohorts["validation"].features["F3"]
    )
    rest = [f"F{i}" for i in range(30) if i != 3]
    _, without = run_combat(tmp_path / "rest", {n: c.select(rest) for n, c in cohorts.items()})
    for name in NAMES:
        np.testing.assert_allclose(
            found[name].features[rest], without[name].features, rtol=1e-12, err_msg=name
        )

    few = {name: cohort.select(["F1"]) for name, cohort in cohorts.items()}
    one = {**cohorts, "validation": cohorts["validation"].take([0])}
    turned = {**cohorts, "external": cohorts["external"].select(["F1", "F0"])}
    for i, (given, message) in enumerate(
        [
            (few, "two features or more that vary within every cohort, found 1 of 1"),
            (one, "validation.1.tsv.gz: ComBat needs two samples or more in a cohort, found 1"),
            (turned, "external.1.tsv.gz: ComBat needs the features of the real cohort"),
        ]
    ):
        done, *found = run_combat(tmp_path / str(i), given)
        assert done.returncode == 1
        assert not found
        assert message in (tmp_path / str(i) / "combat.log").read_text()
