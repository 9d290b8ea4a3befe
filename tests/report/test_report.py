"""The report, opened in a browser without network, shows summary, figures and tables."""

import base64
import importlib.util
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

import fake_results
import fake_tables
from evenomics.config.experiments import DrawId
from evenomics.data.cohort_files import read_cohort
from evenomics.files import read_table, write_table
from evenomics.preparation.draw_files import prepare, write_draw
from evenomics.report.style import signed
from snakemake_runs import run_rules

ROOT = Path(__file__).parents[2]
STYLESHEET = ROOT / "workflow/report/report.css"
EXPERIMENT = "c40_i0.4"
ARMS = ["none", "random_over", "smote", "gan", "expand_gan", "classic_gan", "auto"]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.workflow,
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="chromium is not installed"),
    pytest.mark.skipif(not importlib.util.find_spec("snakemake"), reason="no Snakemake"),
]

CONFIG = {
    "seed": 1,
    "studies": {
        "simulated": {
            "description": "Two clusters & noise",
            "classes": ["control", "case"],
            "selections": ["none"],
            "cohorts": {"source": "builtin"},
            "experiments": {"controls": [40], "imbalance": [0.4]},
            "draws": {"replicates": 3},
        }
    },
    "arms": ARMS,
    "multipliers": [0.5, 1.0],
    "gan": {"choice": {"rate_choice": "held_out", "epoch_choice": "held_out"}},
    "scoring": {"repeats": 2},
}

SNAKEFILE = f"""
report: "{ROOT}/workflow/report/workflow.rst"
configfile: "config.yaml"

include: "{ROOT}/workflow/rules/location.smk"
include: "{ROOT}/workflow/rules/common.smk"

pathvars:
    logs="results/logs",
    benchmarks="results/benchmarks",

include: "{ROOT}/workflow/rules/report_functions.smk"
include: "{ROOT}/workflow/rules/report.smk"

rule all:
    default_target: True
    input:
        [f"results/{{path}}" for path in PLAN.targets() if path.endswith((".html", ".svg"))]
"""


def write_results(folder: Path) -> None:
    """Lay out the tables of one study as a run does."""
    study = folder / "results/simulated/none"
    predictions = {
        arm: fake_results.predictions(
            arm, fake_tables.settings(arm, (0.5, 1.0)), fake_tables.CLASSIFIERS
        )
        for arm in ARMS
        if arm != "auto"
    }
    tuning = fake_results.tuning(predictions, EXPERIMENT)
    took = tuning[tuning["arm"] == "smote"].assign(arm="auto")
    names = ("chosen.tsv", "history.tsv.gz", "rates.tsv")
    trained = dict(zip(names, fake_tables.training(EXPERIMENT), strict=True))
    written = {
        "shift.tsv": fake_tables.shift(),
        "findings.tsv": fake_tables.findings(),
        "pretraining/1/stages.tsv": pd.DataFrame({"engine": ["cpu"]}),
        "pretraining/1/history.tsv.gz": fake_tables.pretraining(),
        "experiments.tsv": fake_results.experiments({EXPERIMENT: {"control": 40, "case": 16}}, 3),
    }
    for name in ("real", "external", "validation"):
        for place in (f"cohorts/{name}.1.tsv.gz", f"../cohorts/{name}.1.tsv.gz"):
            written[place] = fake_tables.samples()
    for replicate in (1, 2, 3):
        for name, table in trained.items():
            path = f"training/{EXPERIMENT}.{replicate}/{name}"
            written[path] = table.assign(replicate=replicate)
    for step in ("pretrain", "retrain", "score_arms"):
        measured = {"s": [9.5], "max_rss": [250.0], "mean_load": [98.0]}
        written[f"../../benchmarks/{step}/simulated.none.tsv"] = pd.DataFrame(measured)
    for path, table in written.items():
        write_table(table, study / path)
    fake_results.write_scored(
        study,
        EXPERIMENT,
        predictions,
        pd.concat([tuning, took], ignore_index=True),
        fake_results.auto(tuning),
        {arm: fake_tables.generated(arm) for arm in predictions},
    )
    drawn = read_cohort(study / "cohorts/real.1.tsv.gz")
    for replicate in (1, 2, 3):
        draw = DrawId(EXPERIMENT, replicate)
        write_draw(prepare(draw, drawn, n_folds=2, seed=1, scale_folds=False), study / "draws")


def dump_dom(page: Path, profile: Path, width: int = 1400) -> str:
    """Return what the browser makes of a page, with every host name unresolvable."""
    assert BROWSER is not None
    switches = [
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        f"user-data-dir={profile}", "host-resolver-rules=MAP * ~NOTFOUND",
        "virtual-time-budget=10000", f"window-size={width},900", "dump-dom",
    ]  # fmt: skip
    done = subprocess.run(
        [BROWSER, *(f"--{switch}" for switch in switches), page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


# Opens every result of the report as a reader would and writes down what is seen. The images are
# decoded before, while the page loads: the browser's virtual time does not wait for decoding.
PROBE = """
<script>
const images = {};
for (const [path, result] of Object.entries(results)) {
  if (result.mime_type === "image/svg+xml") {
    images[path] = new Image();
    images[path].src = result.data_uri;
  }
}
window.addEventListener("load", async () => {
  const seen = {};
  for (const [path, result] of Object.entries(results)) {
    app.setView({
      navbarMode: "resultinfo", content: path in images ? "img" : "html",
      contentPath: result.data_uri, resultPath: path,
    });
    await new Promise((done) => setTimeout(done, 200));
    const shown = document.querySelector(path in images ? ".justify-center img" : "iframe");
    seen[path] = {
      size: path in images ? images[path].naturalWidth : shown.clientWidth,
      top: shown.getBoundingClientRect().top,
      caption: document.querySelector(".prose-invert").textContent,
    };
  }
  const note = document.createElement("pre");
  note.id = "probe";
  note.textContent = JSON.stringify(seen);
  document.body.appendChild(note);
});
</script>
</body>
"""


# Writes down where the menu ends and, scrolled to the left, where the heading begins.
EDGES = """
<script>
window.addEventListener("load", async () => {
  await new Promise((done) => setTimeout(done, 1000));
  document.querySelector(".grow.h-screen.overflow-auto").scrollLeft = 0;
  const note = document.createElement("pre");
  note.id = "probe";
  note.textContent = JSON.stringify({
    menu: document.querySelector("nav").getBoundingClientRect().right,
    heading: document.querySelector(".prose h1").getBoundingClientRect().left,
  });
  document.body.appendChild(note);
});
</script>
</body>
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Report of one made-up study, made by Snakemake from the rules of the workflow."""
    folder = tmp_path_factory.mktemp("report")
    write_results(folder)
    for options in ((), ("--report", "report.html", "--report-stylesheet", str(STYLESHEET))):
        done = run_rules(folder, SNAKEFILE, *options, cores=2, config=CONFIG)
        assert done.returncode == 0, done.stderr[-4000:]
    return folder / "report.html"


def embedded(report: Path, variable: str) -> dict:
    """Return one of the objects that the report's page holds."""
    text = report.read_text(encoding="utf-8")
    found = re.search(rf'<script id="{variable}">\s*var {variable} = (.*);', text)
    assert found
    return json.loads(found[1])


def probe(report: Path, script: str, folder: Path, **options) -> dict:
    """Return what a script at the end of the report's page writes down."""
    probed = folder / "probed.html"
    page, _, rest = report.read_text(encoding="utf-8").rpartition("</body>")
    probed.write_text(page + script + rest, encoding="utf-8")
    dom = dump_dom(probed, folder / "profile", **options)
    found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)
    assert found
    return json.loads(unescape(found[1]))


def test_the_first_page_opens_with_the_answer(report, tmp_path):
    """The landing page has warnings, the answer in words, and the tests behind it."""
    dom = unescape(dump_dom(report, tmp_path / "profile"))
    assert "Did balancing the classes help?" in dom
    assert "Study simulated" in dom
    study = report.parent / "results/simulated/none"
    sentences = read_table(study / "sentences.tsv")["sentence"]
    assert 3 <= len(sentences) <= 6
    answers = read_table(study / "answers.tsv")
    assert {*answers["arm"]} >= {"auto"}
    text = re.sub("</?code>", "", dom)
    told = [sentence.replace("`", "") for sentence in sentences]
    places = [text.index(said) for said in ["Look <out>: 92% of the", *told]]
    assert places == sorted(places)
    for difference, verdict in zip(answers["difference"], answers["verdict"], strict=True):
        assert f">{signed(difference)}</td>" in dom
        assert f">{verdict}</td>" in dom
    assert "What this report cannot tell" in dom
    assert "System Message" not in dom  # what docutils leaves where a caption is malformed


@pytest.mark.parametrize("width", [1000, 1400])
def test_the_first_page_can_be_read_from_its_left_edge(report, tmp_path, width):
    """On a small screen too: what is wider than the window begins beside the menu, not under it."""
    edges = probe(report, EDGES, tmp_path, width=width)
    assert edges["menu"] <= edges["heading"] < width


def test_summary_comes_first_and_every_study_has_its_folders(report):
    categories = embedded(report, "categories")
    assert sorted(categories, key=str.casefold) == ["1. Summary", "2. Study simulated"]
    assert sorted(categories["2. Study simulated"]) == [
        "1. Scores", "2. Settings and the paper", "3. Training", "4. Samples",
        "5. Data and features",
    ]  # fmt: skip


def test_every_result_opens_with_a_caption(report, tmp_path):
    """Each figure decodes to pixels, each page has room, tops are in view, captions are there."""
    seen = probe(report, PROBE, tmp_path)
    names = {Path(path).name for path in seen}
    assert names == {
        "summary.html", "forest.svg", "scores.svg", "twins.svg", "multipliers.svg",
        f"thresholds.{EXPERIMENT}.svg", f"calibration.{EXPERIMENT}.svg", "auto.html",
        "classes.html", "settings.html", "paper_test.html", f"roc.{EXPERIMENT}.svg",
        f"samples.{EXPERIMENT}.svg", "pretraining.svg",
        f"training.{EXPERIMENT}.svg", f"distance.{EXPERIMENT}.svg", "scores.html",
        "comparison.html", "timings.html", "training.html", "data.html", "shift.svg",
    }  # fmt: skip
    assert {path: result["size"] for path, result in seen.items() if result["size"] < 300} == {}
    for path, result in seen.items():
        assert result["top"] >= 0, f"the top of {path} cannot be scrolled to"
        assert "System Message" not in result["caption"], path
        assert "{{" not in result["caption"], path
        assert len(result["caption"]) > 100, path
        if path != "results/summary.html":
            assert "simulated" in result["caption"], path


def test_the_report_holds_the_very_figures_that_are_exported(report):
    """The report embeds the bytes of the exported files, so the two cannot disagree."""
    for path, result in embedded(report, "results").items():
        data = base64.b64decode(result["data_uri"].split("base64,")[1])
        assert data == (report.parent / path).read_bytes()


def test_every_figure_is_also_there_as_png(report):
    figures = report.parent / "results/simulated/none/figures"
    names = {path.stem for path in figures.glob("*.svg")}
    assert names == {path.stem for path in figures.glob("*.png")}
    assert len(names) == 12
