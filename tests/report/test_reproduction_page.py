"""Figures, page and documentation of published scores and ours."""

import re
from html import unescape

import numpy as np
import pytest

from conftest import ROOT
from evenomics.evaluation.claim_scores import from_published
from evenomics.evaluation.claims import CLAIMS, claims_table
from evenomics.evaluation.reproduction import (
    ARMS,
    agreement,
    balancing_table,
    main_scores,
    means_table,
    of_metric,
    published_scores,
    reproduction_table,
)
from evenomics.files import read_table, write_table
from evenomics.report import reproduction_docs
from evenomics.report.figures.reproduction import (
    agreement_scatter,
    paper_boxes,
    reproduction_figures,
)
from evenomics.report.pages.reproduction import reproduction_page
from evenomics.report.reproduction import STUDIES, claim_rows, mean_rows
from evenomics.report.style import save_figure
from fake_reproduction import runs
from legible import assert_legible, drawn_texts

PUBLISHED = published_scores()


def tables(made):
    settings = {key: one.settings for key, one in made.items()}
    table, means = reproduction_table(PUBLISHED, settings), means_table(PUBLISHED, settings)
    balancing = balancing_table({key: one.comparison for key, one in made.items()}, 0.05)
    return table, means, claims_table(PUBLISHED, made), balancing


@pytest.fixture(scope="module")
def everything():
    made = runs()
    return made, *tables(made)


@pytest.fixture(scope="module")
def figures(everything):
    made, table, *_ = everything
    return reproduction_figures(table, PUBLISHED, made)


def test_the_scatter_has_every_score_and_the_numbers_of_the_last_line(everything, figures):
    table = everything[1]
    figure = figures["agreement"][1]
    assert_legible(figure)
    drawn = [sum(len(c.get_offsets()) for c in panel.collections) for panel in figure.axes]
    assert drawn == [232, 232, 232]
    texts = " ".join(text for text, _ in drawn_texts(figure))
    for name in ("hard_auroc.given", "hard_auroc.tuned", "auroc.given"):
        found = agreement(main_scores(table), name)
        assert f"correlation {found.correlation:.3f}" in texts
    points = np.vstack([c.get_offsets() for c in figure.axes[0].collections])
    main = main_scores(table)
    assert {*map(tuple, points)} == {
        *zip(main["mean.published"], main["hard_auroc.given"], strict=True)
    }


@pytest.mark.parametrize(
    ("studies", "roles"), [(["lipidomics"], ["tuned"]), (["microarray"], ["honest"])]
)
def test_what_was_not_run_is_not_drawn(studies, roles):
    made = runs(studies, roles)
    table, means, claims, balancing = tables(made)
    drawn = reproduction_figures(table, PUBLISHED, made)
    for _, figure in drawn.values():
        assert_legible(figure)
    page = unescape(reproduction_page(table, means, claims, balancing, drawn))
    assert ("No study was run under the published protocol." in page) == (roles == ["honest"])
    assert "Predicted classes, published hyper-parameters" not in page
    assert [*drawn] == (["agreement", "figure_6"] if roles == ["tuned"] else ["agreement"])


def test_the_papers_figures_are_drawn_from_both_tables(figures):
    assert [*figures] == ["agreement", *(f"figure_{number}" for number in range(3, 9))]
    for _, figure in figures.values():
        assert_legible(figure)
    assert len(figures["figure_4"][1].axes) == 6
    assert len(figures["figure_5"][1].axes) == 3  # ours alone
    assert len(figures["figure_8"][1].axes) == 2


def test_boxes_are_mean_and_sd_of_the_better_classifier():
    rows = from_published(PUBLISHED[PUBLISHED["study"] == "lipidomics"])
    panel = paper_boxes({"Published": rows}).axes[0]
    spans = sorted(
        (patch.get_path().get_extents().y0, patch.get_path().get_extents().y1)
        for patch in panel.patches
    )
    rows = rows[rows["multiplier"].isin(["none", "1"])]
    kept = rows.sort_values("mean").drop_duplicates(["arm", "alpha"], keep="last")
    expected = sorted(
        zip(kept["mean"] - kept["sd"] - 0.5, kept["mean"] + kept["sd"] - 0.5, strict=True)
    )
    np.testing.assert_allclose(spans, expected, atol=1e-12)
    assert len(spans) == 1 + 1 + 2 + 3


def test_figures_are_the_same_bytes_again(everything, tmp_path):
    table = everything[1]
    for name in ("a.svg", "b.svg"):
        save_figure(agreement_scatter(table), [tmp_path / name])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_page_has_every_claim_with_verdict_and_evidence(everything, figures):
    _, table, means, claims, balancing = everything
    page = unescape(reproduction_page(table, means, claims, balancing, figures))
    assert page.count("<img") == len(figures)
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    for claim in CLAIMS:
        assert page.count(claim.sentence) == 2  # its verdicts, its evidence
    evidence = claims.loc[claims["evidence"] != "", "evidence"]
    assert all(one in page for one in evidence)
    assert re.search(r'<td class="wrap best">holds for hard predictions only</td>', page)


def test_means_are_those_of_the_table(everything):
    rows = dict(mean_rows(everything[2], [*ARMS]))
    assert [*rows] == [*STUDIES.values()]
    one = rows["Microarray"].set_index(["Classifier", "Arm"])
    assert one.loc[("Gradient boosting", "GAN"), "Published"] == "0.584"
    assert one.loc[("Support vector machine", "ExpandGAN"), "Published"] == "0.505"
    assert len(one) == 2 * len(ARMS)


def test_documentation_gets_the_numbers_of_a_run(everything, figures, tmp_path):
    _, table, means, claims, balancing = everything
    for name, made in {
        "": table,
        "_means": means,
        "_claims": claims,
        "_balancing": balancing,
    }.items():
        write_table(made, tmp_path / f"reproduction{name}.tsv")
    save_figure(figures["agreement"][1], [tmp_path / "reproduction.figures/agreement.png"])
    document = tmp_path / "text.md"
    text = (ROOT / "docs/reproduction.md").read_text(encoding="utf-8")
    document.write_text(text, encoding="utf-8")
    for _ in range(2):  # writing them again changes nothing
        reproduction_docs.main(tmp_path, document)
        found = document.read_text(encoding="utf-8")
        assert found.startswith(text.partition(reproduction_docs.BEGIN)[0])
        assert found.endswith(text.partition(reproduction_docs.END)[2])
        lines = [line for line in found.splitlines() if line.startswith("| GAN is significantly")]
        verdict = claim_rows(claims).set_index("Claim")["Verdict"]
        assert [line.split(" | ")[1] for line in lines] == [
            verdict[claim.sentence] for claim in CLAIMS if claim.sentence.startswith("GAN is sig")
        ]
    assert (tmp_path / "text.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match="marks"):
        reproduction_docs.with_numbers("no marks", "numbers")


def test_tables_come_back_as_they_were_written(everything, tmp_path):
    _, table, means, claims, balancing = everything
    for made in (table, means, claims, balancing):
        write_table(made, tmp_path / "table.tsv")
        found = read_table(tmp_path / "table.tsv")
        assert [*found] == [*made]
        assert len(found) == len(made)


def test_our_scores_of_predicted_classes_are_at_the_default_threshold(everything):
    made = everything[0]["microarray", "given"].settings
    assert set(of_metric(made, "hard_auroc")["threshold"]) == {"default"}
