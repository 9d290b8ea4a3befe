"""A training that is killed goes on where it was, and ends in the same weights."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from evenomics.errors import TrainingError
from evenomics.gan.checkpoint import State
from evenomics.gan.engines import base as engine_module
from evenomics.gan.engines.base import ENGINES, Job, Training
from evenomics.gan.networks import Weights
from evenomics.gan.run import VERSION
from evenomics.gan.settings import Loss, Updates
from gan.training_runs import CUDA, VARIED, training_run

TESTS = Path(__file__).parents[1]
EPOCHS = {"cpu": 10000, "torch": 600, "cuda": 2000}  # some seconds each

# Trains two runs with a checkpoint after every report.
SCRIPT = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {library!r}]
from evenomics.gan.engines import base as engine
from gan.training_runs import training_run
engine.CHECKPOINT_SECONDS = 0.0
runs = [training_run(key, epochs={epochs}, dropout=0.5, eval_every=50) for key in (1, 2)]
print("begun", flush=True)
training = engine.Training(
    engine={engine!r}, threads=2, dtype={dtype!r}, checkpoints=Path({folder!r})
)
training.train(runs)
print("done", flush=True)
"""


def long_runs(engine):
    return [training_run(key, epochs=EPOCHS[engine], dropout=0.5, eval_every=50) for key in (1, 2)]


def counted(monkeypatch, engine="cpu"):
    """List that every run lands in that an engine really trains, with the updates it has."""
    trained = []
    original = ENGINES[engine]

    def spy(jobs, **options):
        trained.extend((job.run, job.updates) for job in jobs)
        original(jobs, **options)

    monkeypatch.setattr(engine_module, "ENGINES", {engine: spy})
    return trained


@pytest.mark.parametrize("engine", ["cpu", "torch", CUDA])
def test_killed_with_sigkill_and_resumed_equals_undisturbed(engine, tmp_path, monkeypatch):
    # a kill can leave runs of a stack at different updates; they then go on in other stacks, which
    # the torch engine rounds differently, on any device
    dtype, rtol = ("float32", 0) if engine == "cpu" else ("float64", 1e-6)
    script = SCRIPT.format(
        tests=str(TESTS), library=str(TESTS.parent / "workflow"), epochs=EPOCHS[engine],
        engine=engine, dtype=dtype, folder=str(tmp_path),
    )  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    names = [of.fingerprint(dtype) for of in long_runs(engine)]
    paths = [tmp_path / f"{name}.safetensors" for name in names]
    deadline = time.monotonic() + 120
    while not any(path.exists() for path in paths) and time.monotonic() < deadline:
        assert process.poll() is None, "ended by itself, without a checkpoint"
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    said, _ = process.communicate()
    assert "done" not in said, "killed too late to test anything"
    begun = [State.load(path) for path in paths]
    assert any(s is not None and 0 < s.updates < long_runs(engine)[0].n_updates for s in begun)

    trained = counted(monkeypatch, engine)
    resumed = Training(engine=engine, dtype=dtype, checkpoints=tmp_path).train(long_runs(engine))
    assert any(0 < updates < of.n_updates for of, updates in trained), "began anew"
    undisturbed = Training(engine=engine, dtype=dtype).train(long_runs(engine))
    for one, other in zip(resumed, undisturbed, strict=True):
        for name in ("critic_loss", "generator_loss", "wasserstein", "evaluations"):
            np.testing.assert_allclose(
                getattr(one, name), getattr(other, name), rtol=rtol, atol=rtol
            )
        for ours, theirs in (
            (one.weights.generator, other.weights.generator),
            (one.last.critic, other.last.critic),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


def test_what_is_finished_is_not_trained_again(tmp_path, monkeypatch):
    trained = counted(monkeypatch)
    training = Training(engine="cpu", checkpoints=tmp_path)
    (first,) = training.train([VARIED["plain"]])
    again, _ = training.train([VARIED["plain"], VARIED["dropout"]])
    assert [of for of, _ in trained] == [VARIED["plain"], VARIED["dropout"]]
    np.testing.assert_array_equal(again.weights.generator, first.weights.generator)
    np.testing.assert_array_equal(again.last.critic, first.last.critic)


def damaged(content, damage):
    middle = len(content) // 2
    return {
        "cut short": content[:-100],
        "empty": b"",
        "not a checkpoint": b"x" * 999,
        "another program's": save({"weights": np.zeros(3)}),
        "a bit flipped": content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :],
        "its end never written": content[:-400] + bytes(400),
    }[damage]


@pytest.mark.parametrize(
    "damage",
    ["cut short", "empty", "not a checkpoint", "another program's", "a bit flipped",
     "its end never written"],
)  # fmt: skip
def test_a_damaged_checkpoint_is_trained_anew(damage, tmp_path, monkeypatch):
    training = Training(engine="cpu", checkpoints=tmp_path)
    (first,) = training.train([VARIED["plain"]])
    (path,) = tmp_path.iterdir()
    path.write_bytes(damaged(path.read_bytes(), damage))
    trained = counted(monkeypatch)
    (again,) = training.train([VARIED["plain"]])
    assert trained == [(VARIED["plain"], 0)]
    np.testing.assert_array_equal(again.weights.generator, first.weights.generator)
    np.testing.assert_array_equal(again.evaluations, first.evaluations)


def test_the_checkpoint_of_another_run_is_not_trusted(tmp_path, monkeypatch):
    """Not even one of equal shapes: a copied file does not stand for what its name says."""
    one, other = VARIED["plain"], training_run(12)
    training = Training(engine="cpu", checkpoints=tmp_path)
    training.train([other])
    names = [of.fingerprint(training.dtype) for of in (one, other)]
    training.path(names[1]).rename(training.path(names[0]))
    trained = counted(monkeypatch)
    (found,) = training.train([one])
    assert trained == [(one, 0)]
    (expected,) = Training(engine="cpu").train([one])
    np.testing.assert_array_equal(found.weights.generator, expected.weights.generator)


OTHER_LOSS = {
    "gradient_penalty": 13.0, "penalty_norm": "per_feature", "penalty_in_gradient": False,
    "critic_gradient": False, "spread_norm": "spectral",
}  # fmt: skip
OTHER_UPDATES = {
    "optimiser": "sgd", "adam_betas": (0.0, 0.9), "epoch": "generator_update", "generator_batch": 4,
}  # fmt: skip


def test_what_the_losses_and_updates_can_be_is_all_tried():
    """By the test below."""
    assert OTHER_LOSS.keys() == {f.name for f in fields(Loss)}
    assert OTHER_UPDATES.keys() == {f.name for f in fields(Updates)}


def test_a_run_as_it_always_was_has_the_name_that_it_always_had():
    """Settings that came later do not make users train again what they leave as it was."""
    arrays = {"samples": np.ones((4, 2)), "held_out": np.zeros((0, 2))}
    start = Weights(2, (3,), (3,), np.zeros(17), np.zeros(12))
    of = replace(training_run(1, p=2, hidden=(3,)), **arrays, start=start)
    assert of.fingerprint("float32") == "f21f535e389a78c104b42c7f8b123657"


def test_whatever_changes_the_result_changes_the_name():
    """Every option, the samples, the start and the precision; not the name for the log."""
    of = VARIED["plain"]
    others = [
        training_run(1, **{option: value})
        for option, value in [
            ("epochs", 21), ("batch_size", 5), ("learning_rate", 2e-3), ("alpha", 0.1),
            ("critic_updates", 3), ("dropout", 0.1), ("generator_dropout", 0.1), ("eval_every", 4),
            ("keep", "above"), ("curve", "critic_loss"), ("threshold", 2.0), ("n_samples", 18),
            ("hidden", (5, 8)), ("n_held_out", 6), ("critic_hidden", (5, 7)),
            *(("loss", replace(of.loss, **{k: v})) for k, v in OTHER_LOSS.items()),
            *(("updates", replace(of.updates, **{k: v})) for k, v in OTHER_UPDATES.items()),
        ]
    ]  # fmt: skip
    names = {
        of.fingerprint("float32"),
        of.fingerprint("float64"),
        training_run(2).fingerprint("float32"),
    }
    names |= {other.fingerprint("float32") for other in others}
    assert len(names) == 3 + len(others)


def test_a_release_of_other_numerics_uses_no_checkpoint_of_an_earlier_one(monkeypatch):
    name = VARIED["plain"].fingerprint("float32")
    monkeypatch.setattr("evenomics.gan.run.VERSION", VERSION + 1)
    assert VARIED["plain"].fingerprint("float32") != name


def test_the_name_depends_on_the_numbers_as_they_are_trained(tmp_path):
    """Weights that training gave in float32 are the same start in float64."""
    of = VARIED["plain"]
    start = of.start
    single = replace(
        start, generator=start.generator.astype("float32"), critic=start.critic.astype("float32")
    )
    assert replace(of, start=single).fingerprint("float32") == of.fingerprint("float32")
    assert replace(of, start=single).fingerprint("float64") != of.fingerprint("float64")


@pytest.mark.parametrize("engine", ["cpu", "torch", CUDA])
def test_all_engines_that_had_a_part_in_a_training_are_named(engine, tmp_path, monkeypatch):
    """After one was killed and another one went on, and wherever the result comes from."""
    other = "torch" if engine == "cpu" else "cpu"
    monkeypatch.setattr(engine_module, "CHECKPOINT_SECONDS", -1.0)

    class KilledError(Exception):
        pass

    original = Job.report

    def report(self, updates, state):
        original(self, updates, state)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Job, "report", report)
        with pytest.raises(KilledError):
            Training(engine=engine, checkpoints=tmp_path).train([VARIED["plain"]])
    for later in (other, engine):
        (found,) = Training(engine=later, checkpoints=tmp_path).train([VARIED["plain"]])
        assert found.engines == (engine, other)


def test_a_full_disk_is_an_error_that_says_what_to_do(tmp_path):
    """Nothing half-written stays behind."""
    of = training_run(4, p=60, hidden=(40, 50))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(TrainingError, match=r"safetensors: the checkpoint cannot .* make room"):
            Training(engine="cpu", checkpoints=tmp_path).train([of])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="the checkpoint cannot be written: "):
        Training(engine="cpu", checkpoints=tmp_path / "file" / "here").train([VARIED["plain"]])


def test_a_checkpoint_that_cannot_be_read_is_an_error(tmp_path):
    training = Training(engine="cpu", checkpoints=tmp_path)
    training.path(VARIED["plain"].fingerprint(training.dtype)).mkdir()
    with pytest.raises(TrainingError, match="the checkpoint cannot be read"):
        training.train([VARIED["plain"]])


def test_weights_whose_checkpoint_is_gone_are_an_error(tmp_path):
    """They stay on disk until they are asked for."""
    (found,) = Training(engine="cpu", checkpoints=tmp_path).train([VARIED["plain"]])
    (path,) = tmp_path.iterdir()
    path.unlink()
    with pytest.raises(TrainingError, match="removed or damaged while it was in use"):
        _ = found.weights


@pytest.mark.parametrize("engine", ["torch", CUDA])
def test_runs_of_all_lengths_leave_a_finished_checkpoint(engine, tmp_path, monkeypatch):
    """Also where the end of one comes in mid-epoch of another one of its stack."""
    runs = [
        training_run(1, n_samples=18, eval_every=7),
        training_run(2, n_samples=12, eval_every=7),
    ]
    Training(engine=engine, checkpoints=tmp_path).train(runs)
    trained = counted(monkeypatch, engine)
    Training(engine=engine, checkpoints=tmp_path).train(runs)
    assert trained == []


def test_finished_checkpoints_are_half_the_size(tmp_path):
    Training(engine="cpu", checkpoints=tmp_path).train([training_run(3, p=60, hidden=(40, 50))])
    (path,) = tmp_path.iterdir()
    state = State.load(path)
    assert state is not None
    assert state.critic_mean.size == 0
    assert path.stat().st_size < 1.5 * 4 * 2 * (state.generator.size + state.critic.size)


def test_progress_is_told_in_the_log(monkeypatch, caplog):
    monkeypatch.setattr("evenomics.progress.SECONDS", 0.0)
    with caplog.at_level("INFO"):
        Training(engine="cpu").train([VARIED["plain"]], "re-training")
    assert "re-training: 1 training runs (1 different, 1 to train) on engine cpu" in caplog.text
    assert "re-training: 0% done" in caplog.text
    assert "re-training: 100% done" in caplog.text
