"""Grids and given hyper-parameters: what fits, and what users are told if it does not."""

import json
import re

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC

from evenomics.errors import ConfigError
from evenomics.evaluation.classifier import CLASSIFIERS, points_of
from evenomics.evaluation.hyper_parameters import check_hyper_parameters, given_for, read_given

#: A place as tables have it.
PLACE = {
    "experiment": "c40_i0.4", "replicate": 1, "arm": "expand_gan", "alpha": "a1-0",
    "multiplier": "0.5", "bandwidth": "none", "classifier": "svc",
}  # fmt: skip


def table_of(rows, path):
    """Write a table of hyper-parameters, which may be objects yet."""
    table = pd.DataFrame(rows)
    table["parameters"] = [p if isinstance(p, str) else json.dumps(p) for p in table["parameters"]]
    table.to_csv(path, sep="\t", index=False)
    return path


def problems(grids=None, table=None):
    with pytest.raises(ConfigError) as found:
        check_hyper_parameters({"grids": grids or {}, "hyper_parameters": table and str(table)})
    return found.value.problems


def test_the_first_row_that_fits_counts_and_an_empty_cell_is_any_value(tmp_path):
    rows = [
        {"arm": "expand_gan", "alpha": "a0-0", "parameters": {"C": 1}},
        {"arm": "expand_gan", "alpha": "", "parameters": {"C": 2}},
        {"arm": "expand_gan", "alpha": "a1-0", "parameters": {"C": 3}},
        {"arm": "", "alpha": "", "parameters": {"C": 4, "kernel": "linear"}},
    ]
    path = table_of([row | {"classifier": "svc", "cv_score": 0.7} for row in rows], tmp_path / "t")
    given = read_given(path, "s")
    found = [
        given_for(given, {**PLACE, **place})
        for place in ({"alpha": "a0-0"}, {}, {"arm": "smote", "alpha": "none"})
    ]
    assert found == [{"C": 1}, {"C": 2}, {"C": 4, "kernel": "linear"}]
    assert given_for(given, {**PLACE, "classifier": "logistic_regression"}) is None


def test_rows_of_other_studies_do_not_count(tmp_path):
    rows = [{"study": name, "classifier": "svc", "parameters": {"C": C}}
            for name, C in (("other", 1), ("s", 2), ("", 3))]  # fmt: skip
    path = table_of(rows, tmp_path / "given.tsv")
    found = [given_for(read_given(path, study), PLACE) for study in ("s", "third", "other")]
    assert found == [{"C": 2}, {"C": 3}, {"C": 1}]


@pytest.mark.parametrize("column", PLACE)
def test_every_column_of_a_place_tells_rows_apart(column, tmp_path):
    rows = [
        {**PLACE, column: str(value), "parameters": {"C": C}}
        for value, C in (("hist_gradient_boosting" if column == "classifier" else 9, 5),
                         (PLACE[column], 7))
    ]  # fmt: skip
    given = read_given(table_of(rows, tmp_path / "given.tsv.gz"), "s")
    assert given_for(given, PLACE) == {"C": 7}


def test_grids_and_tables_that_fit_pass(tmp_path):
    for name in CLASSIFIERS:
        check_hyper_parameters({"grids": {name: CLASSIFIERS[name].grid}, "hyper_parameters": None})
    rows = [{"classifier": name, "parameters": point} for name in CLASSIFIERS
            for point in CLASSIFIERS[name].points]  # fmt: skip
    path = table_of(rows, tmp_path / "given.tsv")
    check_hyper_parameters({"grids": {}, "hyper_parameters": str(path)})


def test_all_problems_of_grids_are_told_at_once_with_what_would_do():
    found = problems(
        {
            "svc": [{"C": [1], "gama": [0.1]}, {"C": ["1e-3", 1, -1]}],
            "hist_gradient_boosting": [{"random_state": [1], "min_samples_leaf": [0]}],
        }
    )
    wanted = [
        r"scoring\.grids\.svc\[0\]\.gama: svc has no such .*; did you mean 'gamma'\?",
        r"scoring\.grids\.svc\[1\]\.C: .* must be a float .* Got '1e-3'",
        r"scoring\.grids\.svc\[1\]\.C: .* must be a float .* Got -1",
        r"scoring\.grids\.hist_gradient_boosting\[0\]\.random_state: .* workflow sets .*; drop it",
        r"scoring\.grids\.hist_gradient_boosting\[0\]\.min_samples_leaf: .* Got 0",
    ]
    assert len(found) == len(wanted)
    assert all(map(re.match, wanted, found)), found


def test_all_problems_of_a_table_are_told_with_their_lines(tmp_path):
    rows = [
        {"classifier": "svc", "parameters": {"C": 1}},
        {"classifier": "svm", "parameters": {"C": 1}},
        {"classifier": "svc", "parameters": "SVC(C=1)"},
        *[{"classifier": "svc", "parameters": {"learning_rate": 1}}] * 5,
        {"classifier": "svc", "parameters": [1]},
    ]
    path = table_of(rows, tmp_path / "given.tsv")
    found = problems(table=path)
    place = re.escape(f"scoring.hyper_parameters: {path}, line ")
    wanted = [
        place + "3: classifier: found 'svm'; did you mean 'svc'",
        place + r"4: parameters: found 'SVC\(C=1\)'; have to be like {\"C\": 1",
        place + "5, 6, 7 and 2 more: learning_rate: svc has no such hyper-parameter",
        place + r"10: parameters: found '\[1\]'",
    ]
    assert len(found) == len(wanted)
    assert all(map(re.match, wanted, found)), found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"classifier\tparams\nsvc\t{}\n", "no column 'parameters'; there are .*'params'"),
        (b"", "cannot be read as TSV"),
        (b"\xff\xfe\x00", "cannot be read as TSV"),
        (b"classifier\tparameters\nsvc\t{}\ta\tb\n\tc\td\te\tf\n", "cannot be read as TSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_told(content, told, tmp_path):
    path = tmp_path / "given.tsv"
    path.write_bytes(content)
    (found,) = problems(table=path)
    assert re.search(told, found), found


def test_points_are_those_of_gridsearchcv_in_its_order_without_repeats_of_a_linear_kernel():
    """Gamma says nothing to a linear kernel: of its points the first is kept."""
    grids = {"svc": [{"kernel": ["rbf", "linear"], "C": [1, 5], "gamma": [0.1, 0.4, 0.8]}]}
    expected = [
        point for point in ParameterGrid(grids["svc"])
        if point["kernel"] == "rbf" or point["gamma"] == 0.1
    ]  # fmt: skip
    assert points_of("svc", grids) == expected
    assert len(expected) == 8
    for name, kind in CLASSIFIERS.items():
        assert points_of(name, {"other": []}) == kind.points


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("hist_gradient_boosting", HistGradientBoostingClassifier()),
        ("svc", SVC()),
        ("logistic_regression", LogisticRegression()),
    ],
)
def test_parameters_that_are_not_given_have_scikit_learns_defaults(name, model):
    """But for those that the workflow sets: a published `SVC(C=1)` is `{"C": 1}`."""
    set_by_us = {"max_bins", "random_state", "early_stopping", "max_iter"}
    built = CLASSIFIERS[name].build({}, 1000, None).get_params()
    expected = model.get_params()
    if name == "hist_gradient_boosting":
        set_by_us -= {"max_iter", "max_bins"}
    kept = expected.keys() - set_by_us
    assert {key: built[key] for key in kept} == {key: expected[key] for key in kept}
