"""Training draws with their scalers and folds: what each is fitted on, and what comes back."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenomics.config.experiments import DrawId
from evenomics.data.cohort import Cohort
from evenomics.preparation.draw_files import TrainingDraw, prepare, read_draw, write_draw
from evenomics.preparation.scaling import SkewScaler

ID = DrawId("c20_i0.5", 2)


def cohort(n_controls=24, n_cases=12, groups_of=None) -> Cohort:
    """Three features, one of them skewed, of samples in random order."""
    n, rng = n_controls + n_cases, np.random.default_rng(5)
    values = np.column_stack([rng.normal(size=(n, 2)) / 3, rng.lognormal(sigma=2, size=n)])
    index = pd.Index([f"s{i}" for i in range(n)], name="sample_id", dtype=str)
    features = pd.DataFrame(values, index, ["a", "b", "c"])
    labels = rng.permutation(np.repeat(["control", "case"], [n_controls, n_cases]))
    classes = pd.Series(labels, index, name="class", dtype=str)
    made = Cohort(features, classes, ID.name)
    if groups_of is None:
        return made
    number = classes.groupby(classes).cumcount() // groups_of
    return replace(made, groups=(classes + number.astype(str)).rename("group"))


def prepared(of: Cohort, *, scale_folds=True, n_folds=4, draw=ID, **options) -> TrainingDraw:
    return prepare(draw, of, n_folds=n_folds, seed=1, scale_folds=scale_folds, **options)


def assert_same(one: SkewScaler, other: SkewScaler) -> None:
    """Compare parameters and fitted attributes, to the last bit."""
    assert one.get_params() == other.get_params()
    fitted = {key for key in vars(one) if key.endswith("_")}
    assert {"center_", "scale_", "lambdas_", "upper_"} < fitted
    for key in fitted:
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key), err_msg=key)


def differ(one: SkewScaler, other: SkewScaler) -> bool:
    return not np.array_equal(one.center_, other.center_)


@pytest.mark.parametrize("unskewed", ["robust", "standard"])
@pytest.mark.parametrize("power", ["bounded", "plain"])
def test_a_fold_is_scaled_by_its_training_samples_alone(unskewed, power):
    of, options = cohort(), {"alpha": 0.1, "unskewed": unskewed, "power_transform": power}
    draw = prepared(of, **options)
    assert_same(draw.scaler, SkewScaler(**options).fit(of.features))
    assert len(draw.folds) == 4
    for fold in draw.folds:
        assert_same(fold.scaler, SkewScaler(**options).fit(of.features.iloc[fold.train]))
        assert differ(fold.scaler, draw.scaler)


def test_folds_can_share_the_scaler_of_the_draw():
    draw, own = (prepared(cohort(), scale_folds=scale_folds) for scale_folds in (False, True))
    for fold, with_own in zip(draw.folds, own.folds, strict=True):
        assert fold.scaler is draw.scaler
        np.testing.assert_array_equal(fold.test, with_own.test)
    assert_same(draw.scaler, own.scaler)


@pytest.mark.parametrize("number", range(4))
def test_test_samples_have_no_influence_on_the_scaler_of_their_fold(number):
    """They become huge: the scaler of the draw, and those of the other folds, are others then."""
    of = cohort()
    draw = prepared(of)
    features = of.features.copy()
    features.iloc[draw.folds[number].test] *= -1e3
    changed = prepared(replace(of, features=features))
    assert differ(draw.scaler, changed.scaler)
    for i, (fold, after) in enumerate(zip(draw.folds, changed.folds, strict=True)):
        np.testing.assert_array_equal(fold.test, after.test)
        if i == number:
            assert_same(fold.scaler, after.scaler)
        else:
            assert differ(fold.scaler, after.scaler)


@pytest.mark.parametrize("groups_of", [None, 3])
def test_every_sample_is_a_test_sample_once_and_groups_are_whole(groups_of):
    of = cohort(groups_of=groups_of)
    draw = prepared(of)
    tests = np.concatenate([fold.test for fold in draw.folds])
    assert sorted(tests) == list(range(of.n_samples))
    for fold in draw.folds:
        assert sorted([*fold.train, *fold.test]) == list(range(of.n_samples))
        for rows in (fold.train, fold.test):
            assert set(of.classes.iloc[rows]) == {"control", "case"}
        if groups_of:
            assert not set(of.groups.iloc[fold.train]) & set(of.groups.iloc[fold.test])


def test_every_draw_has_folds_of_its_own_which_do_not_depend_on_how_it_is_scaled():
    def folds(*draw: str | int) -> list[list[int]]:
        return [fold.test.tolist() for fold in prepared(cohort(), draw=DrawId(*draw)).folds]

    assert folds("e", 1) == folds("e", 1)
    assert folds("e", 1) != folds("e", 2)
    assert folds("e", 1) != folds("other", 1)


@pytest.mark.parametrize("scale_folds", [False, True])
@pytest.mark.parametrize("groups_of", [None, 3])
def test_a_draw_comes_back_exactly(scale_folds, groups_of, tmp_path):
    of = cohort(n_cases=9, groups_of=groups_of)
    draw = prepared(of, scale_folds=scale_folds, n_folds=20)
    assert draw.note
    write_draw(draw, tmp_path)
    write_draw(prepared(cohort(8, 8), draw=DrawId(ID.experiment, 1)), tmp_path)
    found = read_draw(tmp_path, ID)
    assert (found.id, found.note, found.cohort.name) == (ID, draw.note, "c20_i0.5.2")
    pd.testing.assert_frame_equal(found.cohort.features, of.features, check_exact=True)
    pd.testing.assert_series_equal(found.cohort.classes, of.classes)
    if groups_of:
        pd.testing.assert_series_equal(found.cohort.groups, of.groups)
    assert_same(found.scaler, draw.scaler)
    assert len(found.folds) == len(draw.folds)
    for one, other in zip(found.folds, draw.folds, strict=True):
        np.testing.assert_array_equal(one.test, other.test)
        np.testing.assert_array_equal(one.train, other.train)
        assert_same(one.scaler, other.scaler)
