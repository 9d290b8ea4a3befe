"""Who may import whom, and what runs where no numerical library is installed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from import_graph import arrows, modules
from snakemake_runs import ROOT

BASE = ["errors", "randomness", "messages", "files", "columns", "processes", "progress", "workers"]
#: From the ground up: a room uses those before it.
ROOMS = ["config", "data", "preparation", "gan", "balancing", "evaluation", "report"]
HEAVY = ["numpy", "pandas", "scipy", "sklearn", "torch", "numba", "matplotlib", "imblearn"]


def test_every_module_uses_only_the_rooms_before_its_own():
    order = {room: place for place, room in enumerate(ROOMS, start=1)} | dict.fromkeys(BASE, 0)
    upward = [
        (module, target)
        for module, targets in arrows().items()
        for target in targets
        if order.get(target.split(".")[0], 99) > order.get(module.split(".")[0], 0)
    ]
    assert {module.split(".")[0] for module in modules()} == {*ROOMS, *BASE, "gene_sets"}
    assert not upward
    assert not {name for name in arrows()["config.names"] if name not in BASE}


def test_no_module_imports_itself_by_way_of_others():
    """Depth-first through all arrows, those of imports within functions included."""
    graph, done = arrows(), set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in done:
            for target in sorted(graph[module]):
                visit(target, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_scripts_leave_the_reading_of_tables_to_the_library():
    """A reader of its own guesses types again."""
    readers = [
        path.stem
        for path in (ROOT / "workflow/scripts").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("read_csv", "read_table")
        and isinstance(node.value, ast.Name) and node.value.id == "pd"
    ]  # fmt: skip
    assert readers == []


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Environment in which nothing numerical can be imported."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for name in HEAVY:
        (stubs / f"{name}.py").write_text(f"raise ImportError('{name} is not installed')\n")
    return {"PYTHONPATH": f"{stubs}:{ROOT / 'workflow'}"}


def test_the_config_needs_no_numerical_library(bare):
    """Every module of it is imported, and a config checked."""
    config = sorted(name for name in modules() if name.split(".")[0] == "config")
    code = "import importlib\n" + "".join(
        f"importlib.import_module('evenomics.{name}')\n" for name in config
    )
    code += "from evenomics.config.validation import validated\n"
    code += "study = {'classes': ['a', 'b'], 'cohorts': {'source': 'builtin'}}\n"
    code += "print(validated({'studies': {'s': study}})['studies']['s']['scoring']['repeats'])\n"
    code += "import numpy\n"
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False
    )
    assert done.stdout == "20\n", done.stderr
    assert "ImportError: numpy is not installed" in done.stderr


@pytest.mark.parametrize(
    ("code", "without"),
    [
        # every process of a scoring job loads it; all arms and classifiers are asked for
        (
            "import evenomics.evaluation.study_scores\n"
            "from evenomics.balancing.arm import ARMS\n"
            "from evenomics.evaluation.classifier import CLASSIFIERS\n"
            "assert len(ARMS) > 5 and len(CLASSIFIERS) > 1\n",
            {"torch", "numba", "matplotlib", "gseapy", "requests", "rpy2"},
        ),
        (
            "import evenomics.gan.retraining, evenomics.gan.engines.cpu\n",
            {"torch", "imblearn", "matplotlib"},
        ),
        ("import evenomics.report.figures.catalogue\n", {"torch", "numba", "imblearn"}),
    ],
    ids=["scoring", "training", "report"],
)
def test_a_job_loads_nothing_that_it_does_not_need(code, without):
    code += f"import sys\nprint({without!r} & {{*sys.modules}})\n"
    path = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr
