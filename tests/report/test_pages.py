"""Pages hold the numbers of their tables, and mark only what a headline test found."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest

import fake_results
import fake_tables
from evenomics.report.answer import answer_sentences, answer_table
from evenomics.report.pages.scores import auto_page, classes_page, scores_page, settings_page
from evenomics.report.pages.summary import StudyResults, headline, summary_page
from evenomics.report.pages.tests import comparison_page, paper_page
from fake_results import SETTINGS, row

SIZES = {"c40_i0.4": {"control": 40, "case": 16}}


def cells(page):
    """Text of every cell of a page, with the mark of its cell."""
    found = re.findall(r"<t[dh]([^>]*)>([^<]*)</t[dh]>", page)
    return [(unescape(text), "best" in mark) for mark, text in found]


def results(rows, **more):
    comparison = pd.DataFrame(rows)
    summary = fake_results.summary_of(comparison)
    experiments = fake_results.experiments(SIZES)
    sentences = answer_sentences(comparison, summary, experiments, SETTINGS)
    return StudyResults(
        "simulated", "none", "Two <clusters>", pd.DataFrame({"sentence": sentences}),
        answer_table(comparison, summary, SETTINGS), comparison,
        **{"shift": fake_tables.shift(), "findings": fake_tables.findings().iloc[:0], **more},
    )  # fmt: skip


CLEAR = [row("smote", 0.05, 0.01), row("gan", -0.02, 0.3), row("auto", 0.03, 0.2)]


def test_the_first_page_opens_with_the_answers_then_figures_then_the_shift():
    studies = [results(CLEAR), replace(results(CLEAR), selection="deg")]
    page = summary_page(studies)
    assert page.isascii()
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert "http" not in page.replace("http-equiv", "")
    text = unescape(page)
    parts = [
        "Study simulated</h2>", "Two <clusters>", "SMOTE (the best of 2 arms) is ahead of no",
        "features selected by differential expression</h2>", "<img", "<td>6.83 SD</td>",
    ]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "2.4%" not in page  # of a way of harmonising that the study does not use


def test_warnings_stand_before_the_answer():
    page = unescape(headline(results(CLEAR, findings=fake_tables.findings())))
    assert page.index("Look <out>") < page.index("Does balancing help")
    assert page.count('class="warning"') == 1
    assert "warning" not in headline(results(CLEAR))


def test_the_tests_behind_the_answer_stand_below_it():
    found = cells(headline(results(CLEAR)))
    told = [text for text, bold in found if bold]
    assert told == ["better than no balancing"]
    for text in ("+0.050", "0.020 to 0.080", "0.01", "0.040", "cannot tell"):
        assert text in [text for text, _ in found]
    assert "GAN" not in [text for text, _ in found]


def test_without_a_test_nothing_is_marked_nor_called_significant():
    rows = [row("smote", 0.05, None, n_replicates=1), row("gan", -0.02, None, n_replicates=1)]
    page = headline(results(rows)) + comparison_page(pd.DataFrame(rows), "Tests", 0.05)
    assert 'class="best"' not in page
    assert "significant" not in page
    assert "no test: one draw" in page
    assert "No test was possible; the notes say why." in page


def test_the_page_of_tests_has_every_question_that_was_asked():
    rows = fake_results.comparison(
        ["c40_i0.4", "c80_i0.4"],
        ["none", "smote", "gan", "untrained_gan", "auto"],
        ["svc", "logistic_regression"],
    )
    page = unescape(comparison_page(rows, "Tests", 0.05))
    headings = re.findall("<h2>(.*?)</h2>", page)
    assert headings == [
        "Is balancing better than no balancing?",
        "Is anything better than SMOTE?",
        "Is balancing better than moving the threshold?",
        "Is it better than logistic regression without balancing?",
        "Did training the generators help?",
    ]
    assert page.count("<tr>") + page.count('<tr class="best">') == len(rows) + page.count("<thead>")
    assert page.count('<tr class="best">') == (rows["adjusted_p_value"] < 0.05).sum()
    assert "Balanced accuracy against No balancing at its tuned threshold" in page
    one = comparison_page(rows[rows["question"] == "balancing"], "Tests", 0.05)
    assert re.findall("<h2>(.*?)</h2>", one) == headings[:1]


def test_the_papers_test_says_what_it_overstates():
    pair = {
        **fake_results.STUDY, "experiment": "c40_i0.4", "classifier": "svc", "metric": "auroc",
        "arm_a": "none", "alpha_a": "none", "multiplier_a": "none", "bandwidth_a": "none",
        "arm_b": "expand_gan", "alpha_b": "a1-0", "multiplier_b": "0.5", "bandwidth_b": "none",
        "mean_a": 0.8, "mean_b": 0.9, "difference": -0.1, "p_value": 1e-9,
        "adjusted_p_value": 2e-9, "note": "",
    }  # fmt: skip
    page = unescape(paper_page(pd.DataFrame([pair]), "The paper's test", 0.05))
    rates = ("15 to 31%", "62 to 69%", "must not be taken")
    for said in (*rates, "ExpandGAN (1/0 × 0.5)", "−0.100", "< 0.0001"):
        assert said in page
    assert "significant" not in page


def per_class(**counts):
    """Make the columns of ``per_class.tsv`` that count samples."""
    counts = counts or {"control": 300, "case": 100}
    return pd.DataFrame({"threshold": "default", "class": counts.keys(), "n": counts.values()})


def test_a_metric_that_equals_another_one_is_left_out_unless_arms_are_compared_by_it():
    metrics = ("balanced_accuracy", "hard_auroc", "f1")
    summary = fake_tables.summary(arms=["none", "smote"], metrics=metrics)
    shown = {}
    for metric in ("auroc", "hard_auroc"):
        tests = pd.DataFrame([row("smote", 0.05, 0.01, metric=metric)])
        for counts in ({}, {"a": 5, "b": 5, "c": 5}):
            page = scores_page(summary, tests, per_class(**counts), "Scores", 0.05)
            shown[metric, len(counts)] = re.findall("<h2>([^<]*)</h2>", page)
    hard = "AUROC of predicted classes"
    assert shown["auroc", 0] == ["Balanced accuracy", "F1"]
    assert shown["auroc", 3] == shown["hard_auroc", 0] == ["Balanced accuracy", hard, "F1"]


def test_scores_are_bold_only_where_the_test_found_a_difference():
    """Not the largest; thresholds stand side by side; AUPRC has its chance level."""
    summary = fake_tables.summary(arms=["none", "smote", "gan"], metrics=("auprc", "auroc", "f1"))
    tests = pd.DataFrame([row("smote", 0.05, 0.01), row("gan", 0.2, 0.3)])
    page = unescape(scores_page(summary, tests, per_class(), "Scores", 0.05))
    found = cells(page)
    assert [text for text, bold in found if bold] == ["+0.050 (0.020 to 0.080)"]
    assert ("+0.200 (0.170 to 0.230)", False) in found
    assert "share of samples that are case: 0.250." in page
    for _, score in summary.iterrows():
        assert (f"{score['mean']:.3f} ± {score['sd']:.3f}", False) in found


@pytest.mark.parametrize("threshold", ["default", "tuned"])
def test_metrics_of_predicted_classes_stand_at_both_thresholds(threshold):
    summary = fake_tables.summary(arms=["none", "smote"], metrics=("sensitivity",))
    rows = pd.DataFrame([row("smote", 0.05, 0.01)])
    page = scores_page(summary, rows, per_class(), "Scores", 0.05)
    assert page.count(f"40 controls, imbalance 0.4, {threshold}</th>") == 2


def test_settings_say_how_often_they_were_chosen():
    table = fake_tables.scores_at(arms=["none", "expand_gan"])
    page = unescape(settings_page(table, "auroc", "Settings"))
    first = table.iloc[1]
    assert f"{first['mean']:.3f} ± {first['sd']:.3f} (2 of 5)" in page
    assert "<td>0/0 × 1</td>" in page
    assert 'class="best"' not in page


def test_confusion_matrices_are_shares_of_each_class():
    keys = {"experiment": "whole", "arm": "smote", "classifier": "svc"}
    counts = [("default", 30, 10, 5, 15), ("tuned", 20, 20, 0, 20)]
    confusion = pd.DataFrame(
        [
            {**keys, "threshold": threshold, "class": label, "predicted": predicted, "n": n}
            for threshold, *four in counts
            for (label, predicted), n in zip(
                [("no", "no"), ("no", "yes"), ("yes", "no"), ("yes", "yes")], four, strict=True
            )
        ]
    )
    measures = pd.DataFrame(
        [
            {
                **keys, "threshold": threshold, "class": label, "sensitivity": 0.75,
                "specificity": 0.5, "precision": 0.25, "f1": 0.125, "n": 40,
            }
            for threshold in ("default", "tuned")
            for label in ("no", "yes")
        ]
    )  # fmt: skip
    page = classes_page(confusion, measures, ["no", "yes"], "Classes")
    texts = [text for text, _ in cells(page)]
    at = texts.index("Predicted as yes") + 1
    assert texts[at : at + 8] == [
        "SMOTE", "no", "0.750 / 0.500", "0.250 / 0.500", "SMOTE", "yes", "0.250 / 0.000",
        "0.750 / 1.000",
    ]  # fmt: skip
    assert texts.count("0.125 / 0.125") == 2


def test_the_page_of_the_advice_has_what_was_taken_and_what_it_gives():
    tuning = fake_results.tuning(
        {"smote": fake_results.predictions("smote", [("none", "none", "0.5")], ["svc"])}, "whole"
    )
    answers = results(CLEAR).answers
    texts = [text for text, _ in cells(auto_page(fake_results.auto(tuning), answers, "Advice"))]
    assert texts.count("h 0.5") == 3
    assert "+0.030" in texts
    assert "+0.050" not in texts


def test_a_missing_number_is_a_dash():
    table = fake_tables.summary(arms=["none"]).assign(sd=np.nan, mean=np.nan)
    page = scores_page(table, pd.DataFrame([row("smote", 0, 1)]).iloc[:0], per_class(), "S", 0.05)
    assert "nan" not in page.lower()
