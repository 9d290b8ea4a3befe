"""Feature selection: against limma's closed form, R's glmnet, and data whose truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import cohort_path, read_cohort, write_cohort
from evenomics.errors import CohortError
from evenomics.preparation import selection
from evenomics.preparation.selection import fit_at, penalty_path, stable_features, top_features
from snakemake_runs import SCRIPTS, run_rules

CLASSES = ["a", "b"]
# known to tell the two leukaemias apart (Golub et al. 1999, figure 3B): zyxin, CD33, cystatin C,
# and MB-1 (CD79A)
KNOWN = {"X95735_at", "M23197_at", "M27891_at", "U05259_rna1_at"}


def cohort(n=(60, 40), p=30, informative=4, shift=1.2, seed=0, classes=CLASSES):
    rng = np.random.default_rng(seed)
    codes = np.repeat(range(len(n)), n)
    X = rng.normal(size=(len(codes), p))
    X[:, :informative] += shift * codes[:, None]
    index = pd.Index([f"s{i}" for i in range(len(codes))], name="sample_id")
    features = pd.DataFrame(X, index=index, columns=[f"f{i}" for i in range(p)])
    return Cohort(features, pd.Series(np.array(classes)[codes], index=index), "real")


def run_limma(folder, classes, *splits):
    """Run the rule's own script through Snakemake on the real cohort of every split."""
    for replicate, real in enumerate(splits, start=1):
        write_cohort(real, cohort_path(folder / "cohorts", "real", replicate))
    done = run_rules(
        folder,
        "rule limma:\n    input: cohorts='cohorts'\n    output: table='expression.tsv'\n"
        f"    log: 'log'\n    params: classes={classes!r}\n"
        f"    script: {str(SCRIPTS / 'limma.R')!r}\n",
    )
    assert done.returncode == 0, done.stderr + (folder / "log").read_text()
    return pd.read_table(folder / "expression.tsv")


def priors(folder):
    """Degrees of freedom and variance that the features share, as the script's log tells them."""
    log = (folder / "log").read_text()
    return (
        float(log.split(name)[1].split()[0].rstrip(",;"))
        for name in ("prior degrees of freedom ", "prior variance ")
    )


@pytest.mark.r
def test_limma_is_the_closed_form_of_the_moderated_t(tmp_path):
    """The script's t, p and adjusted p from Smyth (2004), with the priors that its log tells."""
    data = cohort(n=(7, 5), p=60)
    found = run_limma(tmp_path, CLASSES, data).set_index("feature")
    prior_df, prior_variance = priors(tmp_path)
    a, b = (data.features[data.classes == label] for label in CLASSES)
    difference = b.mean() - a.mean()
    df = len(a) + len(b) - 2
    variance = ((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / df
    if np.isfinite(prior_df):
        moderated = (prior_df * prior_variance + df * variance) / (prior_df + df)
    else:
        moderated = pd.Series(prior_variance, index=variance.index)
    t = difference / np.sqrt(moderated * (1 / len(a) + 1 / len(b)))
    p = pd.Series(2 * stats.t.sf(t.abs(), min(prior_df + df, len(t) * df)), index=t.index)
    adjusted = pd.Series(stats.false_discovery_control(p), index=p.index)
    expected = pd.DataFrame(
        {"logFC": difference, "t": t, "p_value": p, "adjusted_p_value": adjusted}
    )
    assert found["logFC"].to_numpy() == pytest.approx(
        expected.loc[found.index, "logFC"].to_numpy(), rel=1e-12
    )
    for column in ("t", "p_value", "adjusted_p_value"):
        # the log tells the priors to four digits
        assert found[column].to_numpy() == pytest.approx(
            expected.loc[found.index, column].to_numpy(), rel=5e-3
        )
    assert found["p_value"].is_monotonic_increasing


@pytest.mark.r
def test_limma_tests_more_than_two_classes_at_once(tmp_path):
    """One fold change per further class, and one F over all of them: between over moderated."""
    classes = ["x", "y", "z"]
    data = cohort(n=(6, 6, 6), p=20, classes=classes)
    found = run_limma(tmp_path, classes, data).set_index("feature")
    means = data.features.groupby(data.classes).mean()
    for label in classes[1:]:
        expected = (means.loc[label] - means.loc["x"])[found.index]
        assert found[f"logFC.{label}"].to_numpy() == pytest.approx(expected.to_numpy())
    prior_df, prior_variance = priors(tmp_path)
    assert np.isfinite(prior_df)
    between = 6 * means.var()
    within = data.features.groupby(data.classes).var().mean()
    moderated = (prior_df * prior_variance + 15 * within) / (prior_df + 15)
    F = (between / moderated)[found.index]
    assert found["F"].to_numpy() == pytest.approx(F.to_numpy(), rel=5e-3)
    p = stats.f.sf(F, 2, prior_df + 15)
    assert found["p_value"].to_numpy() == pytest.approx(p, rel=0.02)
    assert set(found.index[:4]) == {"f0", "f1", "f2", "f3"}


@pytest.mark.r
def test_limma_of_a_split_is_that_of_its_own_samples(tmp_path, robjects):
    """Each of two splits has the t and p of a plain run of limma on its table in R."""
    splits = [cohort(n=(9, 7), p=12, seed=seed) for seed in (0, 1)]
    found = run_limma(tmp_path, CLASSES, *splits)
    plain = robjects.r(
        """function(x, n, class) {
          m <- limma::lmFit(t(matrix(x, nrow = n)), model.matrix(~factor(class)))
          m <- limma::eBayes(m)
          c(m$t[, 2], m$p.value[, 2])
        }"""
    )
    assert [*found["replicate"]] == [1] * 12 + [2] * 12
    for replicate, data in enumerate(splits, start=1):
        table = found[found["replicate"] == replicate].set_index("feature")
        x = robjects.FloatVector(data.features.to_numpy().ravel(order="F"))
        truth = np.array(plain(x, data.n_samples, robjects.StrVector(data.classes)))
        ours = table.loc[data.features.columns, ["t", "p_value"]].to_numpy()
        np.testing.assert_allclose(ours, truth.reshape(2, -1).T, rtol=1e-10)


@pytest.mark.r
def test_limma_finds_the_known_genes_of_golub(tmp_path, robjects):
    """Genes named in Golub et al. 1999 are among the 100 of 3,051 with the smallest p-values."""
    from evenomics.data.rdata import read_rdata

    golub = read_rdata(
        package="multtest", object="golub", samples="columns", class_object="golub.cl",
        class_names={"0": "ALL", "1": "AML"}, feature_names_object="golub.gnames",
        feature_names_column=3, name="real",
    )  # fmt: skip
    table = run_limma(tmp_path, ["ALL", "AML"], golub)
    best = top_features(table, golub.features.columns, 100)
    assert set(best) >= KNOWN


@pytest.mark.r
def test_limma_does_not_take_groups_for_a_feature_and_warns_of_them(tmp_path):
    """Samples of one patient are no independent ones: the log says what p-values are worth then."""
    data = in_patients(cohort(n=(6, 6), p=10), of=2)
    for name, table in (("with", data), ("without", replace(data, groups=None))):
        (tmp_path / name).mkdir()
        run_limma(tmp_path / name, CLASSES, table)
    tables = [(tmp_path / name / "expression.tsv").read_bytes() for name in ("with", "without")]
    assert tables[0] == tables[1]
    said = "the 12 samples of 6 groups are tested as if independent"
    assert said in (tmp_path / "with/log").read_text()
    assert said not in (tmp_path / "without/log").read_text()


def test_the_best_features_are_taken_before_those_that_a_cohort_lacks_are_dropped():
    table = pd.DataFrame(
        {
            "feature": list("abcdef"),
            "p_value": [0.3, 0.01, 0.02, 0.001, 0.5, 0.04],
            "adjusted_p_value": [0.4, 0.03, 0.03, 0.006, 0.5, 0.06],
        }
    )
    assert top_features(table, list("abdef"), 3) == ["d", "b"]
    with pytest.raises(CohortError, match=r"1 of the 2 features .* missing: 'b'; raise"):
        top_features(table, list("d"), 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "n_known", "at_least"), [("lipidomics", 34, 16), ("microarray", 24, 10)]
)
def test_features_that_the_paper_selected_are_found_far_more_often_than_by_chance(
    shared_data, study, n_known, at_least
):
    """On the released real cohort, of the released selection; chance is hypergeometric.

    Of the 33 genes that were released, 24 are among the 135 of the microarray study.
    """
    folder = shared_data / "cusworth_released"
    real = read_cohort(folder / study / "real.tsv.gz")
    theirs = read_cohort(folder / f"{study}_lasso" / "real.tsv.gz").features.columns
    known = theirs.intersection(real.features.columns)
    assert len(known) == n_known
    ours = stable_features(real, ["control", "case"], repeats=3, seed=1, n_jobs=2).selected
    common = len(known.intersection(ours))
    assert common >= at_least
    chance = stats.hypergeom(real.n_features, n_known, len(ours))
    assert chance.sf(common - 1) < 1e-4, (common, len(ours), chance.mean())


def test_features_that_matter_are_found_by_both_models_and_come_first():
    """Four of 30 features differ between the classes; a quarter of 30, 7, is taken."""
    found = stable_features(cohort(), CLASSES, repeats=4, seed=1)
    assert len(found.selected) == 7
    assert set(found.selected[:4]) == {"f0", "f1", "f2", "f3"}
    top = found.features.head(4)
    assert (top[["lasso", "elastic_net"]] == 1).all(axis=None)
    taken = found.features[found.features["selected"]]
    assert (taken[["lasso", "elastic_net"]] > 0).all(axis=None)
    frequency = taken["lasso"] + taken["elastic_net"]
    assert frequency.is_monotonic_decreasing
    assert len(found.repeats) == 8
    assert (found.repeats["n_held_out"] == 25).all()
    assert found.repeats["auroc"].mean() > 0.9


def test_the_score_is_that_of_samples_set_aside():
    """Where there is nothing to find, held-out samples are told apart no better than by chance."""
    nothing = cohort(n=(40, 40), p=40, informative=0)
    repeats = stable_features(nothing, CLASSES, repeats=6, top_fraction=1.0, seed=2).repeats
    assert abs(repeats["auroc"].mean() - 0.5) < 0.15


def test_the_result_depends_on_the_seed_and_not_on_the_number_of_processes():
    data = cohort(n=(20, 16), p=12)
    one, two, other = (
        stable_features(data, CLASSES, repeats=2, folds=3, seed=seed, n_jobs=n)
        for seed, n in ((1, 1), (1, 2), (2, 1))
    )
    pd.testing.assert_frame_equal(one.features, two.features)
    pd.testing.assert_frame_equal(one.repeats, two.repeats)
    assert not one.repeats["penalty"].equals(other.repeats["penalty"])


def in_patients(data, of=3):
    """Give every so many samples of a class to one patient."""
    number = data.classes.groupby(data.classes).cumcount() // of
    return replace(data, groups=data.classes + number.astype(str))


def test_no_patient_is_on_both_sides_of_any_split(monkeypatch):
    """Neither of the samples set aside nor of a fold; both are seen in what the models get."""
    data = in_patients(cohort(n=(48, 24), p=8))
    of = dict(zip(map(tuple, data.features.to_numpy()), data.groups, strict=True))
    pairs = []

    class Scaler(StandardScaler):
        """Tells the training part from what is scaled later, the samples set aside."""

        def fit(self, X):
            pairs.append([{of[tuple(row)] for row in X}])
            return super().fit(X)

        def transform(self, X):
            pairs[-1].append({of[tuple(row)] for row in X})
            return super().transform(X)

    class Search(LogisticRegressionCV):
        def fit(self, X, y):
            everyone = pairs[-1][0]
            rows = [of_training[tuple(row)] for row in X.round(9)]
            assert {*rows} == everyone
            for train, test in self.cv:
                assert not {rows[i] for i in train} & {rows[i] for i in test}
                assert set(y[train]) == set(y[test]) == {0, 1}
            assert sum(len(test) for _, test in self.cv) == len(y)
            return super().fit(X, y)

    of_training = {}
    original = selection.penalty_path

    def path(X, *rest):
        part = sorted(pairs[-1][0])
        rows = data.features[data.groups.isin(part)].to_numpy()
        scaled = StandardScaler().fit_transform(rows)
        of_training.clear()
        of_training.update(
            (tuple(there), of[tuple(here)])
            for there, here in zip(scaled.round(9), rows, strict=True)
        )
        return original(X, *rest)

    monkeypatch.setattr(selection, "StandardScaler", Scaler)
    monkeypatch.setattr(selection, "LogisticRegressionCV", Search)
    monkeypatch.setattr(selection, "penalty_path", path)
    found = stable_features(data, CLASSES, repeats=3, folds=4, top_fraction=1.0, seed=1)
    assert len(pairs) == 6
    for training, again, held_out in pairs:
        assert training == again
        assert not training & held_out
        assert training | held_out == set(data.groups)
    assert found.repeats["n_held_out"].between(15, 21).all()
    assert found.repeats["n_folds"].tolist() == [4] * 6


def test_patients_of_one_sample_change_no_selection():
    data = cohort(n=(20, 16), p=12)
    options = {"repeats": 2, "folds": 3, "seed": 1}
    one, other = (stable_features(d, CLASSES, **options) for d in (data, in_patients(data, of=1)))
    pd.testing.assert_frame_equal(one.features, other.features, check_exact=True)
    pd.testing.assert_frame_equal(one.repeats, other.repeats, check_exact=True)


def test_a_class_of_too_few_patients_is_named():
    with pytest.raises(CohortError, match=r"a class has 3 groups; .* need 4"):
        stable_features(in_patients(cohort(n=(30, 9))), CLASSES)


def test_three_classes():
    classes = ["x", "y", "z"]
    found = stable_features(
        cohort(n=(30, 30, 30), p=12, informative=2, shift=2.0, classes=classes),
        classes, repeats=2, folds=3, seed=1,
    )  # fmt: skip
    assert set(found.selected[:2]) == {"f0", "f1"}


def test_a_class_that_is_too_small_is_named_and_a_small_one_noted():
    with pytest.raises(CohortError, match=r"a class has 3 samples; .* need 4"):
        stable_features(cohort(n=(20, 3)), CLASSES)
    found = stable_features(cohort(n=(30, 6), shift=3.0), CLASSES, repeats=1, seed=1)
    assert found.repeats["note"].str.contains("folds, as many as the smallest class").all()


@pytest.mark.r
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_coefficients_are_those_of_glmnet_at_the_same_penalty(l1_ratio, n_classes, robjects):
    """Lambda and alpha mean the same as in glmnet, for two classes and for more."""
    data = cohort(n=(40, 30, 30)[:n_classes], p=15, classes=list("xyz")[:n_classes])
    X = data.features.to_numpy()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = pd.Categorical(data.classes).codes.astype(np.intp)
    penalty = float(penalty_path(X, y, l1_ratio, 10, 0.05)[5])
    fit = robjects.r(
        """function(x, n, y, alpha, lambda, family) {
          library(glmnet)
          path <- lambda * 2^(6:0)
          m <- glmnet(matrix(x, nrow = n), factor(y), family = family, alpha = alpha, lambda = path,
                      standardize = FALSE, thresh = 1e-14, maxit = 1e7)
          b <- coef(m, s = lambda)
          as.numeric(if (is.list(b)) do.call(cbind, lapply(b, as.matrix))[-1, ] else b[-1])
        }"""
    )
    family = "binomial" if n_classes == 2 else "multinomial"
    x, classes = robjects.FloatVector(X.ravel(order="F")), robjects.IntVector(y)
    theirs = np.array(fit(x, len(X), classes, l1_ratio, penalty, family)).reshape(-1, X.shape[1])
    ours = fit_at(X, y, penalty, l1_ratio, seed=0).coef_
    if n_classes > 2 and l1_ratio < 1:
        # a shift of all classes' coefficients changes the ridge part only: glmnet centres them
        assert ours.mean(axis=0) == pytest.approx(theirs.mean(axis=0), abs=0.02)
    assert ours == pytest.approx(theirs, abs=2e-3)
    assert ((ours != 0).any(axis=0) == (np.abs(theirs) > 1e-4).any(axis=0)).all()


def test_the_path_begins_where_no_feature_is_left():
    """At the first penalty all coefficients are zero, a little below it one is not."""
    data = cohort(n=(30, 20), p=8)
    X = data.features.to_numpy() - data.features.to_numpy().mean(axis=0)
    y = (data.classes == "b").to_numpy().astype(np.intp)
    path = penalty_path(X, y, 0.5, 5, 0.01)
    assert path[-1] == pytest.approx(path[0] / 100)
    assert not fit_at(X, y, path[0] * 1.001, 0.5, 0).coef_.any()
    assert fit_at(X, y, path[0] * 0.9, 0.5, 0).coef_.any()
