"""A new arm, metric, classifier or source is one module and one entry in the schema."""

import shutil
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from snakemake_runs import ROOT, run_rules

LIBRARY = "workflow/evenomics"

MODULES = {
    "balancing/arms": """
from imblearn.over_sampling import RandomOverSampler
from evenomics.balancing.arm import arm

@arm("mine")
def mine(training_set):
    sampler = RandomOverSampler(
        sampling_strategy=training_set.equal_counts,
        random_state=training_set.random_state,
        shrinkage=0.1,
    )
    return training_set.resampled(sampler), ""
""",
    "evaluation/metrics": """
from evenomics.evaluation.metric import metric

@metric("mine")
def mine(prediction):
    return float((prediction.predicted == prediction.classes).mean())
""",
    "evaluation/classifiers": """
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from evenomics.evaluation.classifier import CLASSIFIERS, Classifier

def build(parameters, n_train, class_weight):
    return LinearDiscriminantAnalysis(solver="lsqr", **parameters)

CLASSIFIERS.register(
    "mine",
    Classifier(build, [{"shrinkage": [0.1, 0.9]}], lambda parameters, n_train: False, True),
)
""",
    "data/sources": """
import numpy as np
from evenomics.data.source import cohort_of, source
from evenomics.randomness import stream

@source("mine")
def mine(request):
    cohorts = {}
    for name in ("real", "external", "validation"):
        codes = np.arange(request.options["n"]) % len(request.classes)
        values = stream(request.seed, "mine", name).normal(codes[:, None], size=(len(codes), 4))
        ids = [f"{name}{i}" for i in range(len(codes))]
        classes = np.array(request.classes)[codes]
        cohorts[name] = cohort_of(values, classes, ids, list("abcd"), name, "a dream")
    return cohorts
""",
}

ENTRIES = {
    "arms": ("My arm", 'colour: "#123456"'),
    "metrics": ("My metric", "thresholded: true"),
    "classifiers": ("My classifier", ""),
    "sources": ("my source", ""),
}

SCHEMA = """
$schema: "https://json-schema.org/draft/2020-12/schema"
title: Cohorts of mine
description: Three dreams.
type: object
additionalProperties: false
required: [source]
properties:
  source: {type: string, description: Mine., unit: none, const: mine}
  n: {type: integer, description: Samples of each., unit: samples, default: 40, minimum: 8}
"""

CONFIG = {
    "seed": 5,
    "studies": {
        "own": {
            "classes": ["healthy", "ill"],
            "cohorts": {"source": "mine"},
            "draws": {"replicates": 2},
            "experiments": {"controls": [16], "imbalance": [0.5]},
        }
    },
    "arms": ["none", "mine"],
    "comparison": {"metric": "mine"},
    "scoring": {"classifiers": ["mine"], "repeats": 2, "folds": 2},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a checkout to which four modules, their entries and one schema were added."""
    checkout = tmp_path_factory.mktemp("additions")
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for folder, code in MODULES.items():
        (checkout / LIBRARY / folder / "mine.py").write_text(code)
    names = checkout / LIBRARY / "config/schema/names.yaml"
    text = names.read_text(encoding="utf-8")
    for kind, (title, more) in ENTRIES.items():
        entry = f"\n{kind}:\n  mine:\n    title: {title}\n    description: Of mine.\n"
        text = text.replace(f"\n{kind}:\n", entry + (f"    {more}\n" if more else ""))
    names.write_text(text, encoding="utf-8")
    (names.parent / "sources/mine.schema.yaml").write_text(SCHEMA)
    of_study = ("scores.tsv.gz", "tables/scores.html", "tables/data.html", "figures/scores.svg")
    targets = ["results/summary.tsv", "results/summary.html"]
    targets += [f"results/own/none/{name}" for name in of_study]
    done = run_rules(
        checkout / "run", checkout / "workflow/Snakefile", "--", *targets, config=CONFIG, cores=2
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return checkout / "run/results"


@pytest.mark.slow
@pytest.mark.workflow
def test_what_was_added_is_scored_and_summarised(results: Path) -> None:
    """Every addition is in the tables; its metric is what a run of it says."""
    scores = pd.read_csv(results / "own/none/scores.tsv.gz", sep="\t")
    assert set(scores["arm"]) == {"none", "mine"}
    assert set(scores["classifier"]) == {"mine"}
    mine = scores[scores["metric"] == "mine"]
    assert mine.groupby("threshold").size().to_dict() == dict.fromkeys(["default", "tuned"], 8)
    mine = mine[mine["threshold"] == "default"]["value"]
    # 40 samples of classes one SD apart in four features: better than chance, by whole samples
    assert ((mine * 40).round(9) % 1 == 0).all()
    assert mine.mean() > 0.6
    summary = pd.read_csv(results / "summary.tsv", sep="\t").set_index("arm")
    assert summary.loc["mine", "mine"] == pytest.approx(mine[scores["arm"] == "mine"].mean())


@pytest.mark.slow
@pytest.mark.workflow
def test_what_was_added_has_its_title_on_every_page(results: Path) -> None:
    for page, kinds in {
        "summary.html": ("arms", "metrics", "classifiers"),
        "own/none/tables/scores.html": ("arms", "metrics", "classifiers"),
        "own/none/figures/scores.svg": ("arms", "metrics", "classifiers"),
        "own/none/tables/data.html": ("sources",),
    }.items():
        text = unescape((results / page).read_text(encoding="utf-8"))
        for title, _ in (ENTRIES[kind] for kind in kinds):
            assert title in text, f"{page}: {title}"
