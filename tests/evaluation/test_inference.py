"""Tests between arms, against published values, other formulas of the same quantity, and SciPy."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evenomics.evaluation.inference.contributions import delong, jackknife, of_groups
from evenomics.evaluation.inference.difference import Difference, adjusted
from evenomics.evaluation.inference.obuchowski_rockette import obuchowski_rockette
from evenomics.evaluation.inference.resampled import corrected_resampled_t
from evenomics.evaluation.metric import METRICS, Prediction

# Albumin, total protein, K-G score and outcome of the 43 complete patients of DeLong 1988, as in
# the example "Comparing Receiver Operating Characteristic Curves" of SAS/STAT's LOGISTIC.
OVARIAN = np.fromstring(
    """3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0
    1.6 5.6 5 1 3.8 5.7 5 1 3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1
    4.3 7.0 4 1 3.6 6.7 4 0 2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1
    3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1 3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1
    3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0 3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1
    3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1 3.3 5.7 6 1 3.7 6.9 5 1
    3.6 6.6 5 1""",
    sep=" ",
).reshape(-1, 4)


def both(values):
    """Scores of two classes from those of the second."""
    return np.stack([-values, values], axis=-1)


def labels(predicted):
    """Scores that tell the predicted class."""
    return np.eye(2)[predicted.astype(int)]


@pytest.fixture(scope="module")
def van_dyke(shared_data):
    """Truth, and ratings by (treatment, reader, case)."""
    table = pd.read_csv(shared_data / "multi_reader/van_dyke.tsv", sep="\t")
    truth = table.drop_duplicates("case")["truth"].to_numpy()
    ratings = table.sort_values(["treatment", "reader", "case"])["rating"].to_numpy(float)
    return truth, ratings.reshape(2, 5, len(truth))


def assert_published(test, ms_arm, ms_arm_draw, cov2, cov3, denominator, F, df, p, error, interval):
    """Compare with a row of the README beside the data, to all of its digits."""
    found = test.difference(0, 1)
    assert [
        *(test.ms_arm, test.ms_arm_draw, test.cov2, test.cov3, test.denominator, test.F, test.df),
        *(test.p_value, found.p_value, found.standard_error, *found.interval()),
    ] == pytest.approx(
        [ms_arm, ms_arm_draw, cov2, cov3, denominator, F, df, p, p, error, *interval], rel=1e-6
    )


def test_obuchowski_rockette_of_aurocs_has_the_published_values(van_dyke):
    truth, ratings = van_dyke
    assert_published(
        obuchowski_rockette(*delong(truth, both(ratings))),
        0.004796171, 0.0005510306, 0.0003395265, 0.0002358497, 0.001069415, 4.484854, 15.06611,
        0.05123303, 0.0206825, (-0.0878671960, 0.0002665519),
    )  # fmt: skip


def test_obuchowski_rockette_of_sensitivities_by_jackknife_has_the_published_values(van_dyke):
    truth, ratings = van_dyke
    score = METRICS["sensitivity"].score
    of = [[Prediction(truth, labels(rated >= 3)) for rated in arm] for arm in ratings]
    assert_published(
        obuchowski_rockette(
            np.array([[score(prediction) for prediction in arm] for arm in of]),
            np.array([[jackknife(score, prediction) for prediction in arm] for arm in of]),
        ),
        0.02390123, 0.001802469, 0.00101459, 0.0006604938, 0.003572952, 6.689493, 15.71732,
        0.02008822, 0.03780451, (-0.1780371, -0.0175185),
    )  # fmt: skip


def unbiased_covariance(a, b):
    """Of two AUROCs from their win matrices (positives x negatives), a difference of U-statistics.

    mean(a) mean(b) minus the mean of products of pairs that share no sample.
    """
    m, n = a.shape
    same = (a * b).sum()
    rows, columns = a.sum(1) @ b.sum(1), a.sum(0) @ b.sum(0)
    apart = a.sum() * b.sum() - rows - columns + same
    return a.mean() * b.mean() - apart / (m * n * (m - 1) * (n - 1))


def test_the_row_published_as_jackknife_is_that_of_unbiased_covariances(van_dyke):
    """It tests F, p and interval a third time; the jackknife itself is 0.1% away, as DeLong's."""
    truth, ratings = van_dyke
    flat = ratings.reshape(10, -1)
    wins = [(np.sign(of[truth == 1][:, None] - of[truth == 0]) + 1) / 2 for of in flat]
    covariance = np.array([[unbiased_covariance(a, b) for b in wins] for a in wins])
    # any matrix L with L L' = covariance does for contributions; it need not be that of samples
    values, vectors = np.linalg.eigh(covariance)
    roots = (vectors * np.sqrt(np.maximum(values, 0))).reshape(2, 5, 10)
    aurocs, by_delong = delong(truth, both(ratings))
    published = (
        0.004796171, 0.0005510306, 0.000339065, 0.0002356148, 0.001068281, 4.489614, 15.03418,
        0.0511618, 0.02067154, (-0.0878519409, 0.0002512968),
    )  # fmt: skip
    assert_published(obuchowski_rockette(aurocs, roots), *published)
    score = METRICS["auroc"].score
    by_jackknife = [
        [jackknife(score, Prediction(truth, both(of))) for of in arm] for arm in ratings
    ]
    np.testing.assert_allclose(by_jackknife, by_delong, atol=1e-12)


def test_delong_on_the_data_of_its_paper_has_the_published_values():
    """AUROCs, their errors, and differences from the K-G score with errors and p (SAS/STAT)."""
    albumin, protein, kg, truth = OVARIAN.T
    scores = both(np.array([albumin, 10 - kg, protein]))
    aurocs, contributions = delong(truth.astype(int), scores)
    covariance = contributions @ contributions.T
    np.testing.assert_allclose(aurocs, [0.7366, 0.7258, 0.6478], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(covariance.diagonal()), [0.0927, 0.1028, 0.1000], atol=5e-5)
    for tested, difference, error, p in [(0, 0.0108, 0.0953, 0.9102), (2, -0.0780, 0.1046, 0.4561)]:
        contrast = np.eye(3)[tested] - np.eye(3)[1]
        found = Difference(contrast @ aurocs, np.sqrt(contrast @ covariance @ contrast), np.inf)
        assert found.estimate == pytest.approx(difference, abs=5e-5)
        assert found.standard_error == pytest.approx(error, abs=5e-5)
        assert found.p_value == pytest.approx(p, abs=5e-4)


ties = st.lists(st.integers(0, 4), min_size=24, max_size=24)


@settings(max_examples=30, deadline=None)
@given(ties, st.integers(2, 22))
def test_delong_is_scikit_learns_auroc_and_its_jackknife_with_ties(values, n_positive):
    classes = (np.arange(24) < n_positive).astype(int)
    prediction = Prediction(classes, both(np.array(values, float)))
    auroc, contributions = delong(classes, prediction.scores)
    score = METRICS["auroc"].score
    assert auroc == pytest.approx(score(prediction))
    np.testing.assert_allclose(contributions, jackknife(score, prediction), atol=1e-12)


def test_delong_of_three_classes_has_the_variance_of_new_samples():
    """The mean of the estimates is the variance of AUROCs over 2,000 cohorts, within 10%."""
    rng = np.random.default_rng(1)
    classes = np.repeat([0, 1, 2], [15, 25, 40])
    scores = rng.normal(size=(2000, 80, 3)) + np.eye(3)[classes]
    aurocs, contributions = delong(classes, scores)
    assert aurocs[0] == pytest.approx(METRICS["auroc"].score(Prediction(classes, scores[0])))
    assert (contributions**2).sum(axis=1).mean() == pytest.approx(aurocs.var(ddof=1), rel=0.1)


@pytest.mark.parametrize("name", ["balanced_accuracy", "mcc", "auprc", "brier"])
def test_jackknife_leaves_every_sample_out(name):
    """Also where samples are the same, of which it looks at one."""
    rng = np.random.default_rng(2)
    classes = np.repeat([0, 1], [12, 8])
    p = rng.integers(1, 6, 20) / 7
    chances = np.column_stack([1 - p, p])
    prediction = Prediction(classes, both(p - 0.5), chances)
    score = METRICS[name].score
    kept = [np.arange(20) != sample for sample in range(20)]
    values = np.array([score(Prediction(classes[k], both(p - 0.5)[k], chances[k])) for k in kept])
    found = jackknife(score, prediction)
    expected = sum(
        (n - 1) / n * ((values[classes == code] - values[classes == code].mean()) ** 2).sum()
        for code, n in enumerate((12, 8))
    )
    assert found @ found == pytest.approx(expected)
    assert [found[classes == code].sum() for code in (0, 1)] == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("how", ["delong", "jackknife"])
def test_patients_with_the_same_sample_twice_count_once(how):
    """Oracle: the same patients with a sample each. Without groups, the variance would be half."""

    def contributions(classes, values):
        prediction = Prediction(classes, both(values))
        if how == "delong":
            return delong(classes, prediction.scores)[1]
        return jackknife(METRICS["auroc"].score, prediction)

    classes, values = np.repeat([0, 1], [9, 6]), np.random.default_rng(0).normal(size=15)
    once = contributions(classes, values)
    patients = np.random.default_rng(1).permutation(np.repeat(np.arange(15), 2))
    twice = contributions(classes[patients], values[patients])
    np.testing.assert_allclose(of_groups(twice, classes[patients], patients), once, atol=1e-12)
    assert twice @ twice < 0.6 * once @ once
    np.testing.assert_allclose(of_groups(once, classes, np.arange(15)), once)


def test_the_error_of_pairs_is_smaller_than_that_of_strangers():
    """A case and a control of each patient, alike: much of the error cancels."""
    rng, n = np.random.default_rng(0), 100
    classes, patients = np.repeat([0, 1], n), np.tile(np.arange(n), 2)
    drawn = []
    for _ in range(2000):
        controls = rng.normal(size=n)
        cases = controls + rng.normal(0.5, 0.5, n)
        auroc, found = delong(classes, both(np.concatenate([controls, cases])))
        paired = of_groups(found, classes, patients)
        drawn.append((auroc, paired @ paired, found @ found))
    aurocs, paired, strangers = np.array(drawn).T
    assert paired.mean() == pytest.approx(aurocs.var(), rel=0.1)
    assert strangers.mean() > 4 * aurocs.var()


def test_the_balanced_accuracy_has_the_binomial_variances_of_its_parts():
    classes = np.repeat([0, 1], [10, 20])
    right = np.concatenate([np.arange(10) < 7, np.arange(20) < 12])
    predicted = np.where(right, classes, 1 - classes)
    found = jackknife(METRICS["balanced_accuracy"].score, Prediction(classes, labels(predicted)))
    assert found @ found == pytest.approx((0.7 * 0.3 / 9 + 0.6 * 0.4 / 19) / 4)


def random_study(seed, t=2, J=4, n=30):
    rng = np.random.default_rng(seed)
    values = 0.7 + rng.normal(scale=0.03, size=(t, J))
    validation = rng.normal(size=(t, 1, n)) + rng.normal(size=(t, J, n))
    return values, 0.003 * validation


def test_without_error_of_validation_it_is_the_paired_t_test():
    values, contributions = random_study(1)
    found = obuchowski_rockette(values, 0 * contributions).difference(0, 1)
    expected = stats.ttest_rel(*values)
    assert (found.t, found.df, found.p_value) == pytest.approx(
        (expected.statistic, expected.df, expected.pvalue)
    )
    interval = expected.confidence_interval(0.9)
    assert found.interval(0.1) == pytest.approx((interval.low, interval.high))


def test_with_draws_that_never_vary_it_is_delongs_test():
    """Two arms that leave the draw as it is, in an experiment with all samples."""
    _, contributions = random_study(2)
    contributions[:] = contributions[:, :1]
    values = np.tile([[0.8], [0.7]], 4)
    found = obuchowski_rockette(values, contributions).difference(0, 1)
    difference = contributions[0, 0] - contributions[1, 0]
    z = 0.1 / np.sqrt(difference @ difference)
    assert (found.t, found.df) == pytest.approx((z, np.inf))
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z))


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.8])
def test_the_error_is_that_of_a_mean_of_correlated_draws(shared):
    """Differences of 2,000 draws that correlate by `shared`, without an error of validation."""
    rng = np.random.default_rng(3)
    J, v = 2_000, 0.02**2
    common = rng.normal(scale=np.sqrt(shared * v))
    differences = common + rng.normal(scale=np.sqrt((1 - shared) * v), size=J)
    values = np.array([differences, np.zeros(J)])
    found = obuchowski_rockette(values, np.zeros((2, J, 1)), shared).difference(0, 1)
    expected = v * (1 + (J - 1) * shared) / J
    assert found.standard_error**2 == pytest.approx(expected, rel=0.1)
    assert found.df == pytest.approx(J - 1)


@pytest.mark.parametrize("shared", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_swapping_the_arms_flips_the_sign(seed, shared):
    values, contributions = random_study(seed)
    one = obuchowski_rockette(values, contributions, shared)
    other = obuchowski_rockette(values[::-1], contributions[::-1], shared)
    a, b = one.difference(0, 1), other.difference(0, 1)
    assert a.t == pytest.approx(-b.t)
    assert a.interval() == pytest.approx([-bound for bound in reversed(b.interval())])
    assert (a.p_value, one.F) == pytest.approx((b.p_value, other.F))
    assert one.difference(1, 0).t == pytest.approx(b.t)
    assert a.t**2 == pytest.approx(one.F)


def test_the_more_draws_share_the_larger_the_error():
    values, contributions = random_study(4)
    errors = [
        obuchowski_rockette(values, contributions, shared).difference(0, 1).standard_error
        for shared in (0, 0.2, 0.5, 0.9)
    ]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


def test_what_validation_explains_is_not_inflated():
    """Draws that differ by no more than validation samples let them have the same error."""
    values, contributions = random_study(5)
    values = 0.7 + (values - 0.7) * 1e-3
    found = [obuchowski_rockette(values, contributions, shared).denominator for shared in (0, 0.9)]
    assert found[0] == found[1]


def test_a_constant_arm_and_an_arm_against_itself():
    values, contributions = random_study(6)
    values[0], contributions[0] = 0.5, 0.0
    against_constant = obuchowski_rockette(values, contributions).difference(0, 1)
    assert 0 < against_constant.p_value < 1
    itself = obuchowski_rockette(values[[1, 1]], contributions[[1, 1]], 0.5).difference(0, 1)
    assert (itself.estimate, itself.standard_error) == pytest.approx((0, 0), abs=1e-9)
    same = obuchowski_rockette(values[[0, 0]], contributions[[0, 0]]).difference(0, 1)
    assert same.standard_error == 0
    assert np.isnan([same.t, same.p_value]).all()


@pytest.mark.parametrize("t", [2, 3, 4])
def test_mean_squares_are_those_of_the_analysis_of_variance(t):
    """Against sums over all cells, written out."""
    values, contributions = random_study(7, t=t)
    test = obuchowski_rockette(values, contributions)
    J = values.shape[1]
    grand, arms, draws = values.mean(), values.mean(axis=1), values.mean(axis=0)
    between = sum(J * (arms[i] - grand) ** 2 for i in range(t)) / (t - 1)
    rest = sum(
        (values[i, j] - arms[i] - draws[j] + grand) ** 2 for i, j in product(range(t), range(J))
    )
    assert (test.ms_arm, test.ms_arm_draw) == pytest.approx((between, rest / ((t - 1) * (J - 1))))
    pairs = {"cov1": [], "cov2": [], "cov3": []}
    for (i, j), (k, m) in product(product(range(t), range(J)), repeat=2):
        if (i, j) != (k, m):
            name = "cov1" if j == m else "cov2" if i == k else "cov3"
            pairs[name].append(contributions[i, j] @ contributions[k, m])
    for name, products in pairs.items():
        assert getattr(test, name) == pytest.approx(np.mean(products))


def test_the_corrected_resampled_t_is_that_of_its_paper():
    """The t of a one-sample test, with 1 / J + n_test / n_train in place of 1 / J."""
    differences = np.array([0.02, -0.01, 0.03, 0.01, 0.02])
    found = corrected_resampled_t(differences, shared=50 / 150)
    naive = stats.ttest_1samp(differences, 0)
    assert found.t == pytest.approx(naive.statistic * np.sqrt(1 / 5 / (1 / 5 + 50 / 100)))
    assert found.df == 4
    assert found.p_value == pytest.approx(2 * stats.t.sf(found.t, 4))
    assert corrected_resampled_t(-differences, 1 / 3).t == pytest.approx(-found.t)
    uncorrected = corrected_resampled_t(differences, shared=0)
    assert uncorrected.p_value == pytest.approx(naive.pvalue)


@pytest.mark.parametrize("df", [4, 9, 60])
def test_the_detectable_difference_is_found_with_80_percent(df):
    """The power there, by the noncentral t distribution."""
    found = Difference(0.0, 0.01, df)
    threshold = stats.t.isf(0.025, df)
    power = stats.nct.sf(threshold, df, found.detectable() / 0.01)
    assert power == pytest.approx(0.8, abs=0.02)


def test_adjusted_p_values_leave_out_what_was_not_tested():
    p = pd.Series([0.01, np.nan, 0.04, 0.03], index=[3, 1, 2, 0])
    assert adjusted(p).tolist() == pytest.approx([0.03, np.nan, 0.04, 0.04], nan_ok=True)
    assert adjusted(p[[1]]).isna().all()
