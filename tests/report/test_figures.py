"""Figures show the numbers of their tables, in any number of arms and experiments, legibly."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import same_color, to_rgb
from matplotlib.patches import PathPatch

import fake_results
import fake_tables
from evenomics.config.names import names
from evenomics.config.plan import Plan, report_entries
from evenomics.config.validation import validated
from evenomics.data.cohort import Cohort
from evenomics.report import style
from evenomics.report.figures.catalogue import FIGURES
from evenomics.report.figures.forest import forest
from evenomics.report.figures.predictions import calibration_curves, roc_curves
from evenomics.report.figures.samples import sample_pca
from evenomics.report.figures.scores import multiplier_lines, score_boxes
from evenomics.report.figures.thresholds import threshold_dots
from evenomics.report.figures.training import pretraining_curves, training_curves
from evenomics.report.pages import data, tables
from evenomics.report.pages.catalogue import PAGES
from evenomics.report.pages.tables import plain_page
from evenomics.report.style import save_figure
from legible import assert_legible, drawn_texts

ROOT = Path(__file__).parents[2]

STRANGERS = ["copula", "tabular_vae", "diffusion"]

MORE = ["smoothed_bootstrap", "svm_smote", "adasyn", "rose", "auto"]

THREE = ["hist_gradient_boosting", "logistic_regression", "svc"]

TWINS = ["gan", "classic_gan", "expand_gan", "classic_expand_gan"]


def boxes_of(panel):
    """(middle, half height, colour) of the boxes of a panel, left to right."""
    patches = [p for p in panel.patches if isinstance(p, PathPatch)]
    boxes = sorted(
        ((p.get_path().get_extents(), p.get_facecolor()[:3]) for p in patches),
        key=lambda box: box[0].x0,
    )
    return [((e.y0 + e.y1) / 2, e.height / 2, colour) for e, colour in boxes]


def test_boxes_are_mean_and_one_sd_of_auroc_minus_chance():
    """Every row of the table is one box: AUROC - 0.5 +/- SD, in the colour of its arm.

    The line across a box is its mean.
    """
    summary = fake_tables.scores_at(arms=["none", "smote", "gan", "expand_gan"])
    figure = score_boxes(summary)
    panels = [axes for axes in figure.axes if axes.patches]
    assert [panel.get_title("left") for panel in panels] == [
        "Gradient boosting",
        "Support vector machine",
    ]
    for panel, classifier in zip(panels, fake_tables.CLASSIFIERS, strict=True):
        rows = summary[summary["classifier"] == classifier]
        drawn = boxes_of(panel)
        np.testing.assert_allclose([box[0] for box in drawn], rows["mean"] - 0.5)
        np.testing.assert_allclose([box[1] for box in drawn], rows["sd"])
        assert all(
            same_color(box[2], to_rgb(names("arms")[arm]["colour"]))
            for box, arm in zip(drawn, rows["arm"], strict=True)
        )
        middles = [line for line in panel.lines if line.get_path_effects()]
        middles.sort(key=lambda line: line.get_xdata()[0])
        np.testing.assert_allclose([m.get_ydata() for m in middles], [[b[0]] * 2 for b in drawn])
        dashed = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert len(dashed) == 1
        assert set(dashed[0].get_ydata()) == {0.0}


def test_boxes_far_above_chance_are_shown_large_and_the_axis_says_so():
    """Differences of a hundredth can be seen where every arm is near 1; otherwise 0 is in sight."""
    near = fake_tables.scores_at(arms=["none", "smote"])
    near = near.assign(mean=np.linspace(0.95, 0.99, len(near)), sd=0.002)
    for panel in score_boxes(near).axes:
        if panel.patches:
            assert 0.4 < panel.get_ylim()[0] < 0.448
            assert "does not begin at 0" in panel.get_ylabel()
    for sd, mean in ((0.002, 0.65), (0.4, 0.95)):
        panel = score_boxes(near.assign(mean=mean, sd=sd)).axes[0]
        assert panel.get_ylim()[0] <= 0
        assert "begin" not in panel.get_ylabel()


def test_boxes_of_a_metric_without_a_chance_level_are_not_shifted():
    summary = fake_tables.scores_at(arms=["none", "smote"], metrics=("auprc",))
    panel = score_boxes(summary, "auprc").axes[0]
    rows = summary[summary["classifier"] == "hist_gradient_boosting"]
    np.testing.assert_allclose([box[0] for box in boxes_of(panel)], rows["mean"])


def test_boxes_name_the_settings_of_arms_that_have_several():
    """One number for arms that generate one class, under/over for arms that enlarge all."""
    summary = fake_tables.scores_at(arms=["none", "gan", "expand_gan", "smoothed_bootstrap"])
    panel = score_boxes(summary).axes[0]
    labels = [label.get_text() for label in panel.get_xticklabels()]
    assert labels == ["h 0.3", "h 1", "0", "1", "0/0", "1/0", "1/1"]


def test_boxes_show_the_main_multiplier_only():
    summary = fake_tables.scores_at(arms=["none", "expand_gan"], multipliers=(0.25, 1.0))
    panel = score_boxes(summary).axes[0]
    rows = summary[summary["classifier"] == "hist_gradient_boosting"]
    main = rows[rows["multiplier"].isin(["none", "1"])]
    np.testing.assert_allclose([box[0] for box in boxes_of(panel)], main["mean"] - 0.5)


def test_boxes_of_a_table_without_settings_are_one_per_arm():
    """The figure of classic twins."""
    summary = fake_tables.summary()
    panel = score_boxes(summary, arms=TWINS).axes[0]
    rows = summary[summary["classifier"] == "hist_gradient_boosting"]
    means = rows[rows["metric"] == "auroc"].set_index("arm")["mean"]
    ordered = ["gan", "expand_gan", "classic_gan", "classic_expand_gan"]
    np.testing.assert_allclose([box[0] for box in boxes_of(panel)], means[ordered] - 0.5)


def test_of_predicted_classes_boxes_show_the_default_threshold():
    table = fake_tables.scores_at(arms=["none", "smote"], metrics=("sensitivity",))
    panel = score_boxes(table, "sensitivity").axes[0]
    rows = table[table["classifier"] == "hist_gradient_boosting"]
    shown = rows.loc[rows["threshold"] == "default", "mean"]
    np.testing.assert_allclose([box[0] for box in boxes_of(panel)], shown)


def test_a_metric_that_was_not_scored_is_named():
    with pytest.raises(ValueError, match="'auprc'; the table has auroc"):
        score_boxes(fake_tables.scores_at(), "auprc")


@pytest.mark.parametrize(
    ("experiments", "arms"),
    [
        (["whole"], ["none", "smote", "gan"]),
        (fake_tables.GRID[:1], fake_tables.ARMS),
        (fake_tables.GRID[:4], fake_tables.ARMS),
        (fake_tables.GRID, fake_tables.ARMS + STRANGERS + MORE),
    ],
)
class TestLegible:
    """1 to 9 experiments, 3 to 17 arms, 1 to 3 alphas: no text overlaps or is cut off."""

    def test_forest(self, experiments, arms):
        for classifiers, replicates in ((THREE, 5), (THREE[:1], 5), (THREE[:2], 1)):
            rows = fake_results.comparison(experiments, arms, classifiers, replicates)
            assert_legible(forest(rows[rows["question"] == "balancing"]))

    def test_boxes(self, experiments, arms):
        assert_legible(score_boxes(fake_tables.scores_at(experiments, arms)))

    def test_thresholds(self, experiments, arms):
        summary = fake_tables.summary(experiments, arms)
        assert_legible(threshold_dots(summary, experiments[0]))

    def test_calibration(self, experiments, arms):
        curves = fake_tables.calibration(fake_tables.summary(experiments, arms))
        assert_legible(calibration_curves(curves, experiments[0]))

    def test_roc(self, experiments, arms):
        summary = fake_tables.summary(experiments, arms)
        assert_legible(roc_curves(fake_tables.roc(summary), summary, experiments[0]))

    def test_multipliers(self, experiments, arms):
        table = fake_tables.scores_at(experiments, [*arms, "expand_gan"], (0.25, 0.5, 1.0))
        assert_legible(multiplier_lines(table))

    def test_samples(self, experiments, arms):
        classes = ["control", "case", "third"][: 2 + (len(arms) > 9)]
        real = fake_tables.samples(classes)
        generated = {arm: fake_tables.generated(arm, classes) for arm in arms}
        features = real.drop(columns=["sample_id", "class"])
        assert_legible(sample_pca(features, real["class"], generated, classes, experiments[0]))


def test_training_figures_are_legible():
    chosen, history, _ = fake_tables.training()
    assert_legible(training_curves(history, chosen, "c40_i0.4", cuts=(15, -10)))
    assert_legible(pretraining_curves(fake_tables.pretraining()))


def test_the_chosen_epoch_is_marked_on_the_chosen_curve():
    """The triangle sits at the chosen epoch, at the fold-averaged value of the chosen rate."""
    chosen, history, _ = fake_tables.training()
    figure = training_curves(history, chosen, "c40_i0.4")
    first = chosen.iloc[0]
    for panel, phase, epoch in zip(figure.axes, ("lr_1", "lr_2"), (400, 320), strict=False):
        (marker,) = [line for line in panel.lines if line.get_marker() == "v"]
        rows = history[
            (history["gan"] == first["gan"])
            & (history["phase"] == phase)
            & (history["rate"] == first[phase])
            & (history["epoch"] == epoch)
        ]
        assert list(marker.get_xdata()) == [epoch]
        np.testing.assert_allclose(marker.get_ydata(), [rows["wasserstein"].mean()])
        legend = [text.get_text() for text in panel.get_legend().get_texts()]
        assert f"{first[phase]:g}, chosen" in legend
        assert len([text for text in legend if text[0].isdigit()]) == 3


def test_training_figure_names_the_rule_or_fallback_that_chose():
    chosen, history, _ = fake_tables.training()
    chosen["epoch_2_rule"] = "fallback: last before the cut"
    panels = training_curves(history, chosen, "c40_i0.4").axes
    assert "learning rate: smallest above 3" in panels[0].get_title("left")
    assert "epoch: fallback: last before the cut" in panels[1].get_title("left")


def test_roc_curves_have_the_mean_of_the_summary_beside_them():
    summary = fake_tables.summary(arms=["none", "gan"])
    roc = fake_tables.roc(summary)
    panel = roc_curves(roc, summary, "c40_i0.4").axes[0]
    rows = summary[(summary["metric"] == "auroc") & (summary["arm"] == "gan")]
    mean = rows.set_index("classifier")["mean"]["hist_gradient_boosting"]
    (line,) = [line for line in panel.lines if style.arm_title("gan") in str(line.get_label())]
    fpr = np.linspace(0, 1, 101)
    np.testing.assert_allclose(line.get_ydata(), fpr ** (1 / mean - 1))
    assert f"{mean:.3f}" in line.get_label()


def test_calibration_is_drawn_for_each_arm_over_that_of_no_balancing():
    curves = fake_tables.calibration(fake_tables.summary(arms=["none", "smote"]))
    panels = calibration_curves(curves, "c40_i0.4").axes
    assert [panel.get_title() for panel in panels] == ["No balancing", "SMOTE"]
    for classifier in fake_tables.CLASSIFIERS:
        rows = curves[curves["classifier"] == classifier]
        label = style.classifier_title(classifier)
        (line,) = (line for line in panels[1].lines if line.get_label() == label)
        np.testing.assert_allclose(line.get_ydata(), rows.loc[rows["arm"] == "smote", "observed"])
        grey = [line.get_ydata() for line in panels[1].lines if line.get_color() == "0.8"]
        none = rows.loc[rows["arm"] == "none", "observed"]
        assert any(np.array_equal(values, none) for values in grey)


def test_thresholds_join_the_default_and_the_tuned_score():
    summary = fake_tables.summary(arms=["none", "smote"])
    figure = threshold_dots(summary, "c40_i0.4")
    panel = figure.axes[0]
    rows = summary[summary["classifier"] == "hist_gradient_boosting"]
    rows = rows[rows["metric"] == "balanced_accuracy"].set_index(["threshold", "arm"])["mean"]
    dots = {line.get_label(): line for line in panel.lines}
    for name in ("default", "tuned"):
        drawn = dots[f"{name} threshold"].get_xdata()
        np.testing.assert_allclose(drawn, rows[name][["none", "smote"]])
    limit = dots["no balancing, tuned threshold"].get_xdata()
    np.testing.assert_allclose(limit, rows["tuned", "none"])


def test_the_forest_shows_every_test_of_its_question():
    """Difference, interval, detectable difference; filled only where the test allows it."""
    comparison = fake_results.comparison(fake_tables.GRID[:3], ["none", "smote", "gan"], THREE[:2])
    rows = comparison[comparison["question"] == "balancing"]
    assert (rows["adjusted_p_value"] < 0.05).nunique() == 2
    figure = forest(rows)
    for panel, classifier in zip(figure.axes, THREE, strict=False):
        here = rows[rows["classifier"] == classifier]
        dots = [line for line in panel.lines if line.get_marker() == "o"]
        for found in (True, False):
            filled = [line for line in dots if not same_color(line.get_mfc(), "white")]
            shown = [x for line in dots if (line in filled) == found for x in line.get_xdata()]
            told = (here["adjusted_p_value"] < 0.05) == found
            assert sorted(shown) == sorted(here.loc[told, "difference"])
        segments = np.concatenate([c.get_segments() for c in panel.collections])[:, :, 0]
        expected = here[["low", "high"]].to_numpy()
        np.testing.assert_allclose(np.sort(segments, axis=0), np.sort(expected, axis=0))
        widths = [bar.get_width() / 2 for bar in panel.patches]
        np.testing.assert_allclose(widths, here["detectable"])
    (legend,) = figure.legends
    assert legend.get_title().get_text() == ("95% intervals: 5 replicates, 700 validation samples")


def test_with_one_replicate_the_forest_claims_nothing():
    rows = fake_results.comparison(["whole"], ["none", "smote"], THREE[:1], replicates=1)
    figure = forest(rows[rows["question"] == "balancing"])
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "No intervals: 1 replicate, 700 validation samples"
    assert not legend.get_texts()
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots if same_color(line.get_mfc(), "white")] == [1]
    assert sum(len(line.get_xdata()) for line in dots) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.125, "+0.125"), (-0.125, "−0.125"), (-0.0, "0"), (1e-16, "0"), (-4e-4, "−0.0004")],
)
def test_a_difference_is_0_only_if_it_is_nothing(value, text):
    assert style.signed(value) == text


def test_components_are_fitted_on_the_real_draw_and_their_share_is_on_the_axes():
    """Oracle: singular values of the centred real matrix; generated samples have no say."""
    real = fake_tables.samples()
    features = real.drop(columns=["sample_id", "class"])
    far = fake_tables.generated("smote")
    far[features.columns] += 1000.0
    figure = sample_pca(features, real["class"], {"smote": far}, ["control", "case"], "c40_i0.4")
    centred = features.to_numpy() - features.to_numpy().mean(axis=0)
    variances = np.linalg.svd(centred, compute_uv=False) ** 2
    share = 100 * variances / variances.sum()
    panel = figure.axes[0]
    assert panel.get_xlabel() == f"PC 1 ({share[0]:.0f}% of real variance)"
    assert panel.get_ylabel() == f"PC 2 ({share[1]:.0f}% of real variance)"
    assert [text.get_text() for text in panel.texts] == [
        f"{len(far)} of {len(far)} generated outside the frame"
    ]


def test_of_a_balanced_draw_the_real_samples_are_shown_alone():
    real = fake_tables.samples()
    features = real.drop(columns=["sample_id", "class"])
    figure = sample_pca(features, real["class"], {}, ["control", "case"], "whole")
    (panel,) = figure.axes
    assert panel.get_title() == "nothing was generated"
    texts = dict(drawn_texts(figure))
    for kind in ("control, real", "case, generated"):
        assert figure.bbox.x0 <= texts[kind].x0 < texts[kind].x1 <= figure.bbox.x1
    assert sum(len(points.get_offsets()) for points in panel.collections) == len(real)


def test_an_arm_that_nobody_foresaw_gets_a_colour_of_its_own():
    colours = style.arm_colours([*names("arms"), *STRANGERS])
    assert len(set(colours.values())) == len(names("arms")) + len(STRANGERS)
    assert {arm: colours[arm] for arm in names("arms")} == {
        arm: entry["colour"] for arm, entry in names("arms").items()
    }


def test_the_same_table_gives_the_same_bytes(tmp_path):
    paths = [tmp_path / name for name in ("a.svg", "a.png", "b.svg", "b.png")]
    for some in (paths[:2], paths[2:]):
        save_figure(score_boxes(fake_tables.scores_at()), some)
    assert paths[0].read_bytes() == paths[2].read_bytes()
    assert paths[1].read_bytes() == paths[3].read_bytes()
    assert "AUROC" in paths[0].read_text()


def test_experiments_are_in_numeric_order():
    assert style.experiment_order(["c120_i0.4", "whole", "c40_i0.5", "c40_i0.4", "c80_i1"]) == [
        "c40_i0.4", "c40_i0.5", "c80_i1", "c120_i0.4", "whole",
    ]  # fmt: skip
    assert style.experiment_order(["c40_i0.5", "c40_i0.45"]) == ["c40_i0.45", "c40_i0.5"]


def test_names_from_the_config_cannot_break_a_page():
    frame = pd.DataFrame({"note": ["<script>alert(1)</script>"]})
    page = plain_page(frame, "a <b> & c")
    assert "<script>" not in page
    assert "a &lt;b&gt; &amp; c" in page


def test_the_data_page_has_cohorts_experiments_and_hyper_parameters():
    """The external cohort has no classes: its cells are a dash, not a zero."""
    cohorts = {
        name: Cohort(
            pd.DataFrame(np.zeros((n, 3)), columns=list("abc")),
            None if name == "external" else pd.Series(["ill"] * 2 + ["healthy"] * (n - 2)),
            name,
        )
        for name, n in (("real", 5), ("external", 4), ("validation", 6))
    }
    used = {name: cohort.select("ab") for name, cohort in cohorts.items()}
    study = {
        "classes": ["healthy", "ill"],
        "cohorts": {"source": "table", "real": {"path": "r.tsv"}},
    }
    table = data.cohort_table(cohorts, used, study).set_index("cohort")
    assert table["ill"].tolist()[0::2] == [2, 2]
    assert pd.isna(table.loc["external", "ill"])
    assert table["n_features_measured"].tolist() == [3, 3, 3]
    assert table["n_features_used"].tolist() == [2, 2, 2]
    assert table.loc["real", "source"] == "table, r.tsv"
    experiments = fake_results.experiments({"c40_i0.4": {"healthy": 40, "ill": 16}})
    tuning = fake_results.tuning(
        {"smote": fake_results.predictions("smote", [("none",) * 3], ["svc"])}, "c40_i0.4"
    )
    settings = {"GAN": {"loss": {"gradient_penalty": 10.0}}}
    page = data.data_page(table.reset_index(), experiments, tuning, settings, "Data")
    for said in ("40 controls, imbalance 0.4", "C: 1 (3)", "0.9", "loss.gradient_penalty", "SMOTE"):
        assert said in page
    assert "&lt;NA&gt;" not in page
    assert "groups" not in page.lower()
    # the numbers of patients stand beside those of their samples
    used["real"] = replace(used["real"], groups=pd.Series(list("ppqqr")))
    table = data.cohort_table(cohorts, used, study)
    assert table["n_groups"].tolist()[0] == 3
    assert table["n_groups"].isna().tolist() == [False, True, True]
    grouped = experiments.assign(n_groups=[17, 9] * 4 + [18, 9])
    page = data.data_page(table, grouped, tuning, settings, "Data")
    assert page.count(">Groups<") == 1
    assert experiment_cells(page) == {
        "Experiment": "40 controls, imbalance 0.4", "Replicates": "5", "healthy": "40", "ill": "16",
        "healthy, groups": "17 to 18", "ill, groups": "9", "Smallest / largest class": "0.40",
        "healthy, shared": "10%", "ill, shared": "10%",
    }  # fmt: skip


def experiment_cells(page):
    """Return the only row of the table of experiments, by heading."""
    table = page[page.index("<h2>Experiments") : page.index("<h2>Tuning")]
    cells = re.findall("<t[hd][^>]*>([^<]*)</t", table)
    return dict(zip(cells[: len(cells) // 2], cells[len(cells) // 2 :], strict=True))


def test_a_single_draw_shares_nothing_and_splits_may_differ_in_size():
    one = fake_results.experiments({"whole": {"a": 30, "b": 10}}, replicates=1)
    splits = fake_results.experiments({"whole": {"a": 30, "b": 10}}, replicates=2)
    splits["n_samples"] = [30, 10, 32, 8]
    found = [
        data._experiment_cells(table).loc[0].to_dict()
        for table in (one.assign(shared=np.nan), splits)
    ]
    alike = {"Experiment": "whole cohort"}
    assert found[0] == alike | {
        "Replicates": 1, "a": "30", "b": "10", "Smallest / largest class": "0.33",
    }  # fmt: skip
    assert found[1] == alike | {
        "Replicates": 2, "a": "30 to 32", "b": "8 to 10",
        "Smallest / largest class": "0.25 to 0.33", "a, shared": "10%", "b, shared": "10%",
    }  # fmt: skip


def test_the_tuning_table_counts_what_was_chosen_and_nothing_else():
    """Five replicates: two bandwidths, of which one is chosen in each; auto has its own page."""
    settings = [("none", "none", "0.3"), ("none", "none", "1")]
    made = {
        "smoothed_bootstrap": fake_results.predictions(
            "smoothed_bootstrap", settings, ["svc"], replicates=5, repeats=1
        )
    }
    tuning = fake_results.tuning(made, "whole")
    wide = (tuning["replicate"] <= 2) == (tuning["bandwidth"] == "1")
    points = [f'{{"C": {value}, "kernel": "rbf"}}' for value in (1, 1, 10, 20, 30)]
    tuning = tuning.assign(
        chosen=wide,
        parameters=[points[i - 1] for i in tuning["replicate"]],
        cv_score=np.where(wide, 0.7 + tuning["replicate"] / 100, 0.5),
        note=np.where(tuning["replicate"] == 4, "4 folds", ""),
    )
    tuning = pd.concat([tuning, tuning.assign(arm="auto")])
    (row,) = data._tuning_cells(tuning).to_dict("records")
    assert row.pop("AUROC, cross-validated") == pytest.approx(0.73)
    assert row == {
        "Experiment": "whole cohort", "Arm": style.arm_title("smoothed_bootstrap"),
        "Classifier": style.classifier_title("svc"), "Setting": "h 0.3 (3); h 1 (2)",
        "Hyper-parameters": "C: 1, kernel: rbf (2); C: 10, kernel: rbf (1); "
        "C: 20, kernel: rbf (1); others (1)", "Note": "4 folds (1)",
    }  # fmt: skip


def test_what_reports_show_and_plans_ask_for_is_in_the_catalogues():
    """A figure or page is found by its name in the list of what a report shows."""
    for kind, catalogue in (("figure", FIGURES), ("page", PAGES)):
        assert {entry[kind] for entry in report_entries() if kind in entry} == set(catalogue)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    study = config["studies"]["simulated"]
    study |= {
        "harmonise": "zscore", "selections": [*names("selections")],
        "enrichment": {"source": "enrichr"},
    }  # fmt: skip
    config |= {"arms": [*names("arms")], "multipliers": [0.5, 1.0]}
    config["gan"] = {"choice": {"rate_choice": "held_out"}}
    plan = Plan(validated(config))
    assert {name for of in plan.studies for name in plan.figures(*of)} == set(FIGURES)
    assert {name for of in plan.studies for name in plan.pages(*of)} == set(PAGES)
    captions = {result.caption for of in plan.studies for result in plan.results(*of)}
    assert all((ROOT / f"workflow/report/{name}.rst").is_file() for name in captions)


def test_columns_of_a_page_have_headings_that_can_be_read():
    """No column of the tables on pages shows the name that it has in its file."""
    chosen, _, rates = fake_tables.training()
    sets = ["library", "term", "n_overlap", "n_set", "n_selected", "n_background", "odds_ratio"]
    for column in [*chosen, *rates, *sets]:
        assert column in tables.HEADINGS
    shown = [*tables.named(chosen), *tables.named(rates)]
    assert {"Learning rate 1", "Learning rate 2", "Held-out samples", "Learning rate"} <= set(shown)
    assert len(set(tables.named(chosen))) == chosen.shape[1]
