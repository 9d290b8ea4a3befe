"""Scripts of rules write what the library returns, under the names that users gave."""

import gzip
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import fake_tables
from evenomics.config.names import COHORTS
from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import cohort_path, read_cohorts, write_cohorts
from evenomics.evaluation.enrichment import enrich
from evenomics.files import write_table
from evenomics.preparation.harmonisations.zscore import zscore
from evenomics.report.figures.catalogue import FIGURES
from evenomics.report.study import StudyFiles
from evenomics.report.style import save_figure
from snakemake_runs import SCRIPTS, run_rules

pytestmark = pytest.mark.workflow


ENRICH = """
rule enrich:
    input: selected="selected", measured="measured", gene_sets=["sets.gmt"]
    output: table="selection/enrichment.tsv"
    log: "enrich.log"
    params: source="local", libraries=[], min_size=5, max_size=500
    script: "{scripts}/enrich.py"
"""


def drawn(name: str, folder: Path, **settings: object) -> str:
    """Return a figure, drawn from the files of a study, as SVG."""
    path = folder / f"{name}.svg"
    save_figure(FIGURES[name](StudyFiles(folder, settings), ""), [path])
    return path.read_text(encoding="utf-8")


def test_gene_sets_end_in_table_and_figure(tmp_path):
    """What is written out is what the library returns, to the last digit."""
    genes = [f"G{i}" for i in range(300)]
    sets = ["\t".join([f"set {i}", "", *genes[i : i + 15]]) for i in range(0, 200, 10)]
    (tmp_path / "sets.gmt").write_text("\n".join(sets))
    measured, selected = genes[:200], genes[:60:2]
    for name, columns in (("measured", measured), ("selected", selected)):
        cohort = Cohort(pd.DataFrame(1.5, index=["a", "b"], columns=columns))
        write_cohorts(dict.fromkeys(COHORTS, cohort), tmp_path / name)
    run = run_rules(tmp_path, ENRICH.format(scripts=SCRIPTS))
    assert run.returncode == 0, run.stderr
    found = pd.read_csv(tmp_path / "selection/enrichment.tsv", sep="\t", dtype={"n_set": "Int64"})
    truth = enrich(
        selected, measured, source="local", gene_sets=[tmp_path / "sets.gmt"], min_size=5
    )
    truth.insert(0, "replicate", 1)
    pd.testing.assert_frame_equal(found, truth, check_exact=True)
    assert truth["term"][0] in drawn("enrichment", tmp_path, level=0.05)
    assert "of 30 selected genes" in (tmp_path / "enrich.log").read_text()


HARMONISE = """
rule harmonise:
    input: cohorts="aligned/cohorts"
    output: cohorts=directory("none/cohorts")
    log: "harmonise.log"
    params: method="zscore"
    script: "{scripts}/harmonise.py"
"""


def test_harmonised_cohorts_are_written_with_their_figure(tmp_path):
    splits = {replicate: fake_tables.cohorts(seed=replicate) for replicate in (1, 2)}
    for replicate, cohorts in splits.items():
        write_cohorts(cohorts, tmp_path / "aligned/cohorts", replicate)
    run = run_rules(tmp_path, HARMONISE.format(scripts=SCRIPTS))
    assert run.returncode == 0, run.stderr
    for replicate, cohorts in splits.items():
        found = read_cohorts(tmp_path / "none/cohorts", replicate)
        for name, cohort in zscore(cohorts).items():
            pd.testing.assert_frame_equal(found[name].features, cohort.features, check_exact=True)
    settings = {"classes": ["control", "case"], "harmonise": "zscore"}
    figure = drawn("harmonise", tmp_path / "none", **settings)
    assert "real, control" in figure
    assert "split 1 of 2" in figure


# names that a reader could take for numbers or for gaps: Entrez ids, m/z, a gene, a lost name
@pytest.mark.parametrize("best", [("f3", "f9"), ("7892500", "622.50"), ("NA", "1e5")])
def test_deg_scripts_know_the_features_by_their_names(tmp_path, best):
    """All cohorts come with the two best that they have, and the volcano shows both as taken."""
    cohorts = {}
    for name, cohort in fake_tables.cohorts().items():
        features = cohort.features.rename(columns={"F3": best[0], "F9": best[1]})
        cohorts[name] = replace(cohort, features=features)
    write_cohorts(cohorts, tmp_path / "none")
    table = pd.DataFrame({"feature": [*best, "lost", "F1"], "logFC": [1.0, -1.0, 0.5, 0.2]})
    table["p_value"] = table["adjusted_p_value"] = [0.1, 0.2, 0.3, 0.4]
    write_table(table.assign(replicate=1), tmp_path / "deg/selection/expression.tsv")
    ins = "cohorts='none', table='deg/selection/expression.tsv'"
    done = run_rules(
        tmp_path,
        f"rule deg:\n    input: {ins}\n    output: cohorts=directory('deg/cohorts')\n"
        f"    log: 'log'\n    params: n_features=3\n"
        f"    script: {str(SCRIPTS / 'select_deg.py')!r}\n",
    )
    assert done.returncode == 0, done.stderr
    for name in COHORTS:
        header = cohort_path(tmp_path / "deg/cohorts", name).read_bytes()
        columns = gzip.decompress(header).decode().splitlines()[0].split("\t")
        assert columns[-2:] == [*best]
        assert set(columns[:-2]) <= {"sample_id", "class"}
    assert "selected (2)" in drawn("expression", tmp_path / "deg", classes=["control", "case"])
