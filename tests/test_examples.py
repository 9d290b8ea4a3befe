"""The examples in docstrings do what they show, and every class that is built by hand has one."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

from snakemake_runs import ROOT

LIBRARY = ROOT / "workflow"
EXAMPLES = sorted(
    path for path in LIBRARY.rglob("evenomics/**/*.py") if ">>> " in path.read_text("utf-8")
)
#: What only engines, R objects and pages make for themselves.
INNER = {
    "data/r_objects.py", "gan/engines/cpu.py", "gan/engines/streams.py", "gan/checkpoint.py",
    "gan/search.py", "gan/splits.py", "report/pages/summary.py", "report/predictions.py",
}  # fmt: skip
#: Parts and results of what has an example.
PARTS = {
    "ArmScores", "BadCell", "BalancedFold", "Choice", "Hidden", "Job", "Layer", "Loss", "Networks",
    "OneVsRest", "Output", "Pretrained", "Pretraining", "Purpose", "Retraining", "Trained",
    "TrainedGan", "TrainingRun", "Updates",
}  # fmt: skip


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: str(p.relative_to(LIBRARY)))
def test_examples_do_what_they_show(path: Path) -> None:
    module = importlib.import_module(
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__")
    )
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_every_public_class_has_an_example() -> None:
    """But for protocols, kinds of errors, and what belongs to a class that has one."""
    without = set()
    for path in (LIBRARY / "evenomics").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                bases = " ".join(ast.unparse(base) for base in node.bases)
                if (
                    ">>> " not in (ast.get_docstring(node) or "")
                    and "Protocol" not in bases and "Error" not in bases
                    and str(path.relative_to(LIBRARY / "evenomics")) not in INNER
                ):  # fmt: skip
                    without.add(node.name)
    assert without == PARTS
