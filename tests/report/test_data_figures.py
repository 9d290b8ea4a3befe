"""Figures about the data of a study: shift, harmonising, selection, enrichment."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import LogNorm, same_color, to_rgba

import fake_tables
from evenomics.config.names import COHORTS
from evenomics.config.schemas import read_schema
from evenomics.data.cohort import Cohort
from evenomics.preparation.cohort_checks import shift_table
from evenomics.preparation.harmonisations.quantile import quantile
from evenomics.preparation.harmonisations.zscore import zscore
from evenomics.preparation.harmonise import cohort_share
from evenomics.preparation.selection import stable_features
from evenomics.report.figures.enrichment import enrichment_dots
from evenomics.report.figures.harmonise import cohort_pca
from evenomics.report.figures.selection import expression_volcano, stability_figure
from evenomics.report.figures.shift import shift_dots
from evenomics.report.style import save_figure
from legible import assert_legible

CLASSES = ["control", "case"]


def test_the_shift_figure_shows_the_table_and_can_be_read():
    """Every number is a dot in the row of its method, the study's own in bold and on top."""
    checks = read_schema("config.schema.yaml")["properties"]["checks"]["properties"]
    limits = {name: part["default"] for name, part in checks.items()}
    cohorts = fake_tables.cohorts()
    far = cohorts["validation"]
    cohorts["validation"] = replace(far, features=300 * far.features + 900)
    table = shift_table(cohorts, fake_tables.cohorts(seed=7), "combat").assign(replicate=1)
    figure = shift_dots(table, limits)
    assert_legible(figure)
    panels = figure.axes
    rows = ["combat", "none", "zscore", "quantile"]
    for panel, measure in zip(
        panels, ("beyond_range", "shift_sd", "scale_ratio", "auroc"), strict=True
    ):
        dots = {line.get_label(): line for line in panel.lines if line.get_marker() in "os"}
        assert set(dots) == {"external", "validation"}
        for name, line in dots.items():
            expected = table[table["cohort"] == name].set_index("method")[measure][rows]
            np.testing.assert_allclose(line.get_xdata(), expected)
            np.testing.assert_allclose(np.round(line.get_ydata()), range(4))
    labels = panels[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "ComBat", "as measured", "z-scores", "quantile normalisation",
    ]  # fmt: skip
    assert labels[0].get_fontweight() == "bold"
    without = {**cohorts, "external": Cohort(cohorts["real"].features, None, "external")}
    assert_legible(shift_dots(shift_table(without, without, "none").assign(replicate=1), limits))


def test_the_shift_figure_has_the_median_of_all_splits():
    checks = read_schema("config.schema.yaml")["properties"]["checks"]["properties"]
    limits = {name: part["default"] for name, part in checks.items()}
    splits = [fake_tables.shift().assign(replicate=replicate) for replicate in (1, 2, 3)]
    for table, shift_sd in zip(splits, (9.0, 1.0, 2.0), strict=True):
        table.loc[table["cohort"] == "validation", "shift_sd"] = shift_sd
    figure = shift_dots(pd.concat(splits, ignore_index=True), limits)
    (validation,) = (line for line in figure.axes[1].lines if line.get_label() == "validation")
    assert validation.get_xdata().tolist() == [2.0, 2.0]
    assert figure.get_suptitle().endswith("median of 3 splits")
    assert_legible(figure)


@pytest.mark.parametrize("classes", [CLASSES, ["control", "case", "a third one"]])
def test_the_harmonised_plane_is_legible_and_its_titles_tell_the_shares(classes):
    cohorts = fake_tables.cohorts()
    after = zscore(cohorts)
    figure = cohort_pca(cohorts, after, classes, "zscore")
    assert_legible(figure)
    titles = [panel.get_title("left") for panel in figure.axes]
    assert titles == [
        f"Before: {100 * cohort_share(cohorts):.1f}% of the variance between cohorts",
        "After: 0.0% of the variance between cohorts",
    ]


def test_every_sample_is_shown_in_the_plane_of_all_cohorts_together():
    """Oracle: singular vectors of the pooled, standardised matrix (up to their sign)."""
    cohorts = fake_tables.cohorts()
    figure = cohort_pca(cohorts, quantile(cohorts), CLASSES, "quantile")
    pooled = pd.concat([cohorts[name].features for name in COHORTS])
    scaled = ((pooled - pooled.mean()) / pooled.std(ddof=0)).to_numpy()
    u, s, _ = np.linalg.svd(scaled, full_matrices=False)
    panel = figure.axes[0]
    external, validation, *real = [dots.get_offsets() for dots in panel.collections]
    is_control = (cohorts["real"].classes == "control").to_numpy()
    drawn = np.empty((35, 2))
    drawn[:14][is_control], drawn[:14][~is_control] = real
    drawn[14:23], drawn[23:] = external, validation
    np.testing.assert_allclose(np.abs(drawn), np.abs(u[:, :2] * s[:2]), atol=1e-9)
    share = 100 * s**2 / (s**2).sum()
    assert panel.get_xlabel() == f"PC 1 ({share[0]:.0f}% of variance)"
    colours = [dots.get_facecolor()[0] for dots in panel.collections]
    assert same_color(colours[2], colours[3])
    assert len({tuple(colour[:3]) for colour in colours}) == 3


def test_the_plane_does_not_look_at_validation_labels(tmp_path):
    """The same bytes whatever the labels."""
    cohorts = fake_tables.cohorts()
    validation = cohorts["validation"]
    swapped = validation.classes.map({"control": "case", "case": "control"})
    other = {**cohorts, "validation": replace(validation, classes=swapped)}
    for name, given in (("a", cohorts), ("b", other)):
        save_figure(cohort_pca(given, zscore(given), CLASSES, "zscore"), [tmp_path / f"{name}.svg"])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_volcano_has_every_feature_and_names_the_best():
    table = pd.DataFrame(
        {
            "feature": [f"g{i}" for i in range(50)],
            "logFC": np.linspace(-2, 2, 50),
            "adjusted_p_value": np.geomspace(1e-9, 1, 50),
        }
    )
    figure = expression_volcano(table, {"g0", "g1"}, ["healthy", "ill"])
    (axes,) = figure.axes
    assert "ill minus healthy" in axes.get_xlabel()
    assert [len(dots.get_offsets()) for dots in axes.collections[:2]] == [48, 2]
    assert "selected (2)" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert "g0" in [text.get_text() for text in axes.texts]
    assert axes.get_title() == "Differential expression in the real cohort"
    first = expression_volcano(table, {"g0"}, ["healthy", "ill"], n_splits=5)
    assert first.axes[0].get_title().endswith(", split 1 of 5")


def test_the_stability_figure_shows_selected_features_and_all_repeats():
    table = fake_tables.samples(n=60).set_index("sample_id")
    cohort = Cohort(table.drop(columns="class"), table["class"], "real")
    found = stable_features(cohort, CLASSES, repeats=3, folds=3, seed=1)
    one = [table.assign(replicate=1) for table in (found.features, found.repeats)]
    left, middle, right = stability_figure(*one).axes
    assert [label.get_text() for label in left.get_yticklabels()] == found.selected
    assert f"{len(found.selected)} of 12" in left.get_title()
    for axes, column in ((middle, "auroc"), (right, "n_features")):
        dots = [d.get_offsets()[:, 1] for d in axes.collections if isinstance(d, PathCollection)]
        assert sorted(np.concatenate(dots)) == sorted(found.repeats[column])
    assert "AUROC" in middle.get_ylabel()


def test_the_stability_figure_of_splits_shows_the_first_and_counts_all():
    """The second split selected one of the two features of the first, and another one."""
    chosen = {1: ["g0", "g1"], 2: ["g1", "g2"]}
    features = pd.DataFrame(
        {
            "replicate": replicate, "feature": [f"g{i}" for i in range(3)],
            "lasso": 0.5, "elastic_net": 1.0, "coefficient": 0.1,
            "selected": [f"g{i}" in names for i in range(3)],
        }
        for replicate, names in chosen.items()
    )  # fmt: skip
    features = features.explode(["feature", "selected"]).astype({"selected": bool})
    repeats = pd.DataFrame(
        [
            {"replicate": r, "repeat": 0, "model": model, "n_features": 2 * r, "auroc": 0.4 * r}
            for r in chosen
            for model in ("lasso", "elastic_net")
        ]
    )
    figure = stability_figure(features, repeats)
    left, middle, _ = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["g0 (1 of 2)", "g1 (2 of 2)"]
    assert "split 1 of 2" in figure.get_suptitle()
    dots = [d.get_offsets()[:, 1] for d in middle.collections if isinstance(d, PathCollection)]
    assert np.concatenate(dots).tolist() == [0.4, 0.4]
    assert_legible(figure)


def enriched(n_terms=20, libraries=("reactome", "GO_Biological_Process_2021"), best=1e-14):
    rng = np.random.default_rng(0)
    words = ["regulation", "of", "mitotic", "metaphase", "anaphase", "transition", "of", "the",
             "cell", "cycle", "process"]  # fmt: skip
    rows = [
        {
            "library": library,
            "term": f"{' '.join(words[: 2 + i % 9])} (GO:{i:07d})",
            "n_overlap": int(rng.integers(1, 40)), "n_set": 50, "n_selected": 135,
            "n_background": 9000, "odds_ratio": 2.0, "p_value": p,
            "adjusted_p_value": min(1.0, 20 * p), "genes": "A",
        }
        for library in libraries
        for i, p in enumerate(np.geomspace(best, 0.5, n_terms))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("n_terms", [1, 2, 20])
@pytest.mark.parametrize("libraries", [("one",), ("one", "two", "three")])
def test_dots_of_gene_sets_are_legible(n_terms, libraries):
    assert_legible(enrichment_dots(enriched(n_terms, libraries)))


def test_dots_of_gene_sets_are_the_rows_with_the_smallest_p_values():
    """Across: the share of selected genes, the colour the adjusted p, a ring says significant."""
    table = enriched(libraries=["one"])
    figure = enrichment_dots(table.sample(frac=1, random_state=1), level=0.01)
    panel = figure.axes[0]
    first = table.head(15)
    (dots,) = panel.collections
    x, y = dots.get_offsets().T
    np.testing.assert_allclose(x, 100 * first["n_overlap"] / 135)
    assert list(y) == list(range(15))
    assert panel.yaxis_inverted()
    labels = [label.get_text().replace("\n", " ") for label in panel.get_yticklabels()]
    assert labels == list(first["term"])
    sizes = dots.get_sizes()
    assert list(np.argsort(sizes, kind="stable")) == list(
        np.argsort(first["n_overlap"], kind="stable")
    )
    norm = LogNorm(1e-10, 1.0)
    for face, p in zip(dots.get_facecolors(), first["adjusted_p_value"], strict=True):
        assert same_color(face, mpl.colormaps["cividis"](norm(p)))
    ringed = [same_color(edge, to_rgba("black")) for edge in dots.get_edgecolors()]
    assert ringed == list(first["adjusted_p_value"] < 0.01)
    n_significant = (table["adjusted_p_value"] < 0.01).sum()
    assert f"{n_significant} significant (adjusted p < 0.01)" in panel.get_title("left")


def test_the_enrichment_figure_says_that_nothing_is_significant_and_shows_the_best():
    table = enriched(5, ["one"], best=0.01)
    panel = enrichment_dots(table).axes[0]
    said = "No set is significant at 0.05: the smallest adjusted p is 0.2"
    assert panel.get_title("left") == f"one\n{said}"
    assert len(panel.collections[0].get_offsets()) == 5
