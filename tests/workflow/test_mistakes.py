"""Mistakes of a user, made for real: each ends with what is wrong, where, and what to do."""

import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from snakemake_runs import ROOT, make, run_workflow

pytestmark = pytest.mark.workflow

STUDY = "{classes: [a, b], cohorts: {source: builtin}}"
VALID = f"studies: {{s: {STUDY}}}\n"


def study(cohorts: str, more: str = "") -> str:
    """Text of a config with one study."""
    return f"studies: {{s: {{classes: [a, b], cohorts: {cohorts}{more}}}}}\n"


TABLE = "{source: table, table: {path: PATH, class_column: c}}"
LOCAL = ", selections: [deg], enrichment: {source: local, gene_sets: [PATH]}"

# what -> what `make run` is given, and what it has to say
GIVEN = {
    "no such file": (["CONFIG=config/papr.yaml"], ["config/papr.yaml: ", "'config/paper.yaml'?"]),
    "a folder": (["CONFIG=config"], ["config: this is a folder"]),
    "empty": (["CONFIG="], ["CONFIG: is empty; name a file"]),
    "not in UTF-8": (["CONFIG=latin.yaml"], ["latin.yaml, line 2", "UTF-8"]),
    "no YAML": (["CONFIG=broken.yaml"], ["broken.yaml, line 3, column 11", "not YAML"]),
    "no keys": (["CONFIG=list.yaml"], ["list.yaml: has no keys"]),
    "nothing in it": (["CONFIG=blank.yaml"], ["blank.yaml: has no content"]),
    "no cores": (["CONFIG=valid.yaml", "CORES=0"], ["cores: found '0'", "`all` or a number >= 1"]),
    "less than none": (["CONFIG=valid.yaml", "CORES=-1"], ["cores: found '-1'"]),
    "cores in words": (["CONFIG=valid.yaml", "CORES=two"], ["cores: found 'two'"]),
    "two at once": (["CONFIG=twice.yaml", "CORES=0"], ["lines 2 and 3: seed", "cores: found"]),
    # it was read: Snakemake's part found what is wrong in it
    "a space in its name": (["CONFIG=my config.yaml"], ["sed: no such key; did you mean 'seed'?"]),
}  # fmt: skip
FILES = {
    "valid.yaml": VALID,
    "latin.yaml": b"seed: 1\n# \xe4\n" + VALID.encode(),
    "broken.yaml": f"{VALID}seed: 1\n    engine: cpu\n",
    "list.yaml": "- seed\n",
    "blank.yaml": "# nothing yet\n",
    "twice.yaml": f"{VALID}seed: 1\nseed: 2\n",
    "my config.yaml": f"{VALID}sed: 1\n",
}

# what -> text of the config, options of snakemake, and what it has to say
WRITTEN = {
    "a key twice": (f"{VALID}seed: 1\nseed: 2\n", [], ["yaml, lines 2 and 3: seed is given twice"]),
    "a key twice, deep": (
        f"studies:\n  s: {STUDY}\n  s: {STUDY}\narms: [nne]\n",
        [],
        ["lines 2 and 3: studies.s is given twice", "arms[0]: found 'nne'"],
    ),
    "no cores": (VALID, ["--cores", "0"], ["cores: found '0'"]),
    "a long name": (
        f"studies: {{{'s23456789_' * 30}: {STUDY}}}\n", [], ["not a name", "at most 50"],
    ),
    "a name that Snakemake takes for a loop": (
        f"studies: {{{'ab' * 20}: {STUDY}}}\n", [], [f"studies.{'ab' * 20}", "20 times the same"],
    ),
    "a long class": (
        VALID.replace("[a, b]", f"[a, {'b' * 51}]"), [], ["s.classes[1]", "at most 50 characters"],
    ),
    "braces in a path": (study(TABLE.replace("PATH", "'{x}.csv'")), [], ["'{x}.csv'", "wildcards"]),
    "braces in gene sets": (
        study("{source: builtin}", LOCAL.replace("PATH", "'{x}.gmt'")), [], ["'{x}.gmt'", "rename"],
    ),
    "an age of the universe": (
        f"{VALID}gan: {{retraining: {{epochs_1: {10**15}}}}}\n",
        [],
        ["gan.retraining.epochs_1, epochs_2: the run takes", "years", "a year is the most"],
    ),
    "more weights than memory": (
        f"{VALID}gan: {{networks: {{hidden: [100000, 100000, 3]}}}}\n",
        [],
        ["studies.s: re-training needs", "GANs of 20,0", "GB of memory on one core"],
    ),
    "the end of a script": (
        study("{source: builtin}", ", description: 'less </script> more'"),
        [],
        ["studies.s.description: found 'less </script> more'", "report"],
    ),
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Folder in which `make` runs as in the repository, with the files of `FILES`."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def assert_refused(done: subprocess.CompletedProcess[str], folder: Path, words: list[str]) -> None:
    """Check that it ended with these words and no traceback, before anything was written."""
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for word in words:
        assert word in said, said
    assert "Traceback" not in said
    assert not (folder / "results").exists()
    assert not (folder / "logs").exists()


@pytest.mark.parametrize(("words", "said"), GIVEN.values(), ids=GIVEN)
def test_what_make_is_given(words: list[str], said: list[str], checkout: Path) -> None:
    assert_refused(make(checkout, "run", *words), checkout, said)


@pytest.mark.parametrize(("text", "options", "said"), WRITTEN.values(), ids=WRITTEN)
def test_what_stands_in_a_config(
    text: str, options: list[str], said: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(text)
    assert_refused(run_workflow(tmp_path, config, "-n", *options), tmp_path, said)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_a_device_is_refused_unless_jobs_may_run_elsewhere(tmp_path: Path) -> None:
    """`--jobs` is what an executor that submits to other machines cannot do without."""
    config = tmp_path / "config.yaml"
    config.write_text(f"{VALID}engine: cuda\n")
    said = ["engine: cuda was asked for, but torch finds no CUDA device", "engine: auto"]
    assert_refused(run_workflow(tmp_path, config, "-n"), tmp_path, said)
    elsewhere = run_workflow(tmp_path, config, "-n", "--quiet", "--jobs", "9")
    assert elsewhere.returncode == 0, elsewhere.stderr


@pytest.mark.parametrize(("n_b", "shares", "said"), [
    (20, ".98, external: .01, validation: .01", "validation, a share of 0.01, gets 0 of the 20"),
    (1, ".5, external: .2, validation: .3", "real, a share of 0.5, gets 1 of the 1 samples"),
])  # fmt: skip
def test_a_split_that_leaves_a_part_without_a_class(
    n_b: int, shares: str, said: str, tmp_path: Path
) -> None:
    """The part and its share are named; nothing is said against the validation cohort."""
    labels = ["a"] * 20 + ["b"] * n_b
    rows = [f"s{i},{label},{i},{i * i}\n" for i, label in enumerate(labels)]
    (tmp_path / "t.csv").write_text("id,c,f1,f2\n" + "".join(rows))
    (tmp_path / "config.yaml").write_text(
        study(TABLE.replace("PATH", "t.csv")[:-1] + f", split: {{real: {shares}}}}}")
    )
    target = "results/s/cohorts"
    done = run_workflow(tmp_path, tmp_path / "config.yaml", "--", target)
    said_in_all = done.stdout + done.stderr
    assert done.returncode != 0
    assert "too small for this split. Raise the shares" in said_in_all
    assert said in said_in_all
    assert "class 'b'; at least" in said_in_all
    assert "do not fit the study" not in said_in_all
    assert "Traceback" not in said_in_all
    assert not (tmp_path / target).exists()
