"""Tables of a run: nothing is half-written, and every cell comes back as it was."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fake_results
import fake_tables
from evenomics.data.cohort import Cohort
from evenomics.data.delimited import read_matrix
from evenomics.evaluation.paper_comparison import compare
from evenomics.files import read_table, replacing, write_table, write_text
from evenomics.preparation.selection import stable_features


def test_written_tables_have_the_same_bytes_each_time_and_keep_every_digit(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal(200) * 10.0 ** rng.integers(-300, 36, 200)
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(200)], "x": numbers})
    paths = [tmp_path / "new" / "a.tsv.gz", tmp_path / "b.tsv.gz"]
    for path in paths:
        write_table(frame, path)
    assert gzip.decompress(paths[0].read_bytes()) == gzip.decompress(paths[1].read_bytes())
    assert [path.read_bytes()[4:8] for path in paths] == [bytes(4)] * 2, "no time of writing"
    np.testing.assert_array_equal(read_matrix(paths[0]).numbers[:, 0], numbers)


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]


def test_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """A writer that is stopped half way leaves no file under the real name."""
    path = tmp_path / "new" / "page.html"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()

    def stopped(self, text, **_):
        self.write_bytes(text[:2].encode())
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "another")
    assert path.read_bytes() == "é\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_a_long_table_comes_back_as_it_was_written(tmp_path):
    """No arm is torn in two by a reader that guesses types piece by piece (65,536 rows and more).

    Beside ``none`` the multiplier ``1`` is text, beside ``0.5`` it is 1.0, by itself it is 1.
    """
    n = 35_000
    blocks = [("none", ["none"]), ("expand_gan", ["1"]), ("expand_gan", ["1", "0.5"])]
    scores = pd.concat(
        [
            pd.DataFrame(
                {
                    "study": "s", "selection": "none", "experiment": "1.0", "arm": arm,
                    "alpha": "a1-0", "multiplier": multiplier, "classifier": "svc",
                    "repeat": np.arange(n), "metric": "auroc", "value": 0.1 + np.arange(n) / 3 / n,
                }
            )
            for arm, multipliers in blocks
            for multiplier in multipliers
        ],
        ignore_index=True,
    )  # fmt: skip
    write_table(scores, tmp_path / "scores.tsv.gz")
    found = read_table(tmp_path / "scores.tsv.gz")
    pd.testing.assert_frame_equal(found, scores, check_exact=True)
    counts = found.groupby(["arm", "multiplier"]).size()
    assert counts.to_dict() == {
        ("none", "none"): n, ("expand_gan", "1"): 2 * n, ("expand_gan", "0.5"): n
    }  # fmt: skip


@pytest.mark.parametrize("name", ["None", "null", "NA", "nan", "1.0", "007", "True", "1_000"])
def test_names_that_look_like_gaps_or_numbers_stay_names(tmp_path, name):
    """Classes, too, and a feature may be called as one of our columns is."""
    written = pd.DataFrame(
        {"sample_id": ["1", "2"], "class": [name, "x"], "note": [1.5, 2.0], "alpha": ["a0-1", name]}
    )
    write_table(written, tmp_path / "generated.tsv.gz")
    found = read_table(tmp_path / "generated.tsv.gz", numbers=["note"])
    pd.testing.assert_frame_equal(found, written)


def test_empty_cells_are_missing_and_infinite_ones_infinite(tmp_path):
    path = tmp_path / "rates.tsv"
    path.write_text("note\tn_set\trate\tenergy_distance\tlogFC.x\n\t\t\tinf\t1\na\t7\t1\t2\t3\n")
    found = read_table(path)
    assert found.iloc[0].isna().tolist() == [True, True, True, False, False]
    assert found["energy_distance"].tolist() == [np.inf, 2.0]
    assert dict(found.dtypes.astype(str)) == {
        "note": "str", "n_set": "Int64", "rate": "float64", "energy_distance": "float64",
        "logFC.x": "float64",
    }  # fmt: skip


def test_a_column_of_unknown_type_is_not_guessed(tmp_path):
    write_table(pd.DataFrame({"arm": ["a"], "height": [1]}), tmp_path / "t.tsv")
    with pytest.raises(ValueError, match=r"t\.tsv: of what type are the columns 'height'\?"):
        read_table(tmp_path / "t.tsv")


def library_tables():
    """Tables as a run writes them, by name (those of R and of a whole run are tested there)."""
    summary = fake_tables.summary(metrics=("auroc", "brier"))
    compared = fake_results.comparison(["whole"], ["none", "smote", "gan"], ["svc"])
    predictions = fake_results.predictions("smote", [("none",) * 3], ["svc"])
    scores = fake_results.scores_of(predictions, {"experiment": "whole", "arm": "smote"})
    tuning = fake_results.tuning({"smote": predictions}, "whole")
    chosen, history, rates = fake_tables.training()
    rng = np.random.default_rng(0)
    index = pd.Index([f"s{i}" for i in range(40)])
    values = pd.DataFrame(rng.standard_normal((40, 8)), index, columns=list("abcdefgh"))
    labels = pd.Series(np.where(values["a"] + values["b"] > 0, "x", "y"), index=index)
    stable = stable_features(Cohort(values, labels), ["x", "y"], repeats=2, folds=2, n_penalties=5)
    return {
        "summary": summary, "settings": fake_tables.scores_at(), "comparison": compared,
        "answers": fake_results.answers(compared), "scores": scores, "tuning": tuning,
        "auto": fake_results.auto(tuning),
        "roc": fake_tables.roc(summary), "chosen": chosen, "history": history, "rates": rates,
        "pretraining": fake_tables.pretraining(), "features": stable.features,
        "repeats": stable.repeats,
        "paper_comparison": compare(
            pd.concat([scores, scores.assign(arm="none")], ignore_index=True)
        ),
    }  # fmt: skip


def test_tables_of_the_library_come_back_with_their_types(tmp_path):
    for name, table in library_tables().items():
        write_table(table, tmp_path / f"{name}.tsv.gz")
        found = read_table(tmp_path / f"{name}.tsv.gz")
        expected = table.reset_index(drop=True).replace("", np.nan)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, obj=name)
