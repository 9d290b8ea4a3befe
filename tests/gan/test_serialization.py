"""Generators: NumPy against torch, and what is on disk."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from evenomics.config.experiments import DrawId
from evenomics.errors import TrainingError
from evenomics.gan.arithmetic import AlphaDropout
from evenomics.gan.generator import Generator, run_network
from evenomics.gan.losses import forward
from evenomics.gan.networks import generator_architecture, initial_weights
from evenomics.gan.serialization import (
    generator_path,
    load_generator,
    load_generators,
    load_weights,
    save_generator,
    save_weights,
)


@pytest.fixture
def weights():
    made = initial_weights(6, (4, 5), np.random.default_rng(0))
    made.generator[:] += np.random.default_rng(1).normal(0, 0.1, made.generator.size)
    return made


def test_the_numpy_generator_is_the_one_that_was_trained(weights):
    x = np.random.default_rng(2).normal(size=(7, 6))
    architecture = generator_architecture(6, (4, 5))
    flat = torch.tensor(weights.generator)[None]
    expected = forward(flat, architecture, torch.tensor(x)[None], None, AlphaDropout(0))[0][0]
    np.testing.assert_allclose(
        run_network(weights.generator, architecture, x), expected, rtol=1e-12
    )


def test_sampling_depends_on_the_stream_alone(weights):
    generator = Generator.from_weights(weights)
    one, same = (generator.sample(5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    assert one.shape == (5, 6)
    assert not np.array_equal(one, generator.sample(5, np.random.default_rng(4)))


def test_a_generator_comes_back_from_disk_in_single_precision(weights, tmp_path):
    generator, path = Generator.from_weights(weights), tmp_path / "a/b.safetensors"
    save_generator(path, generator, {"class": "case", "alpha": 1.0})
    found = load_generator(path)
    assert (found.n_features, found.hidden) == (6, (4, 5))
    np.testing.assert_array_equal(found.parameters, generator.parameters.astype(np.float32))
    assert [file.name for file in path.parent.iterdir()] == ["b.safetensors"]
    before, after = (one.sample(5, np.random.default_rng(3)) for one in (generator, found))
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    # what was rounded once stays as it is
    save_generator(path, found, {})
    again = load_generator(path).sample(5, np.random.default_rng(3))
    np.testing.assert_array_equal(again, after)


def test_weights_come_back_exactly(weights, tmp_path):
    save_weights(tmp_path / "w.safetensors", weights)
    found = load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(found.generator, weights.generator)
    np.testing.assert_array_equal(found.critic, weights.critic)
    assert (found.hidden, found.critic_hidden) == ((4, 5), (5, 4))


def test_weights_of_a_critic_that_is_not_the_generator_reversed_come_back(tmp_path):
    made = initial_weights(6, (4, 5), np.random.default_rng(0), critic_hidden=(7, 5))
    save_weights(tmp_path / "w.safetensors", made)
    assert load_weights(tmp_path / "w.safetensors").critic_architecture.widths == (6, 7, 5, 1)


@pytest.mark.parametrize("content", [None, b"", b"not a model"])
def test_what_is_no_model_is_named(content, tmp_path):
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"model\.safetensors is not a model of"):
        load_generator(path)


def test_a_model_that_was_cut_short_is_named(weights, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(path, weights)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(TrainingError, match=r"model\.safetensors is not a model of"):
        load_weights(path)


@pytest.mark.parametrize(
    ("metadata", "found"), [(None, "None"), ({"evenomics": '{"format": "0"}'}, "'0'")]
)
def test_a_model_of_another_program_or_version_is_refused(metadata, found, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(save({"parameters": np.zeros(3)}, metadata))
    with pytest.raises(TrainingError, match=rf"model format {found}, .*'2'"):
        load_generator(path)


def test_the_same_model_gives_the_same_bytes(weights, tmp_path):
    """Scores go by the bytes of generators: another order of the header would score them anew."""
    for i in range(5):
        header = {"class": "case", "alpha": "0", "rate": 0.1}
        save_generator(tmp_path / f"{i}", Generator.from_weights(weights), header)
    assert len({(tmp_path / f"{i}").read_bytes() for i in range(5)}) == 1


@pytest.mark.parametrize(("fold", "place"), [(None, "e.2"), (3, "e.2/fold3")])
def test_the_generators_of_a_draw_are_read_and_all_that_fail_are_named(
    fold, place, weights, tmp_path
):
    """With what helps: Snakemake makes the folder as a whole, and misses no single file of it."""
    training, draw = tmp_path / "training", DrawId("e", 2)
    generator = Generator.from_weights(weights)
    for name in "abc":
        save_generator(generator_path(training, draw, name, fold), generator, {})
    assert sorted(training.rglob("*.safetensors")) == [
        training / place / f"{name}.safetensors" for name in "abc"
    ]
    assert list(load_generators(training, draw, ["c", "a"], fold)) == ["c", "a"]
    damaged = training / place / "a.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-8])
    (training / place / "b.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"2 of 3 generators .* 'e\.2' cannot be") as error:
        load_generators(training, draw, "abc", fold)
    assert f"delete the whole folder {training} and run again" in error.value.heading
    first, second = error.value.problems
    assert first.startswith(f"{damaged} is not a model of this program")
    assert second == f"{training}/{place}/b.safetensors is missing"


def test_generators_of_replicates_and_folds_are_kept_apart(weights, tmp_path):
    places = [(DrawId("e", k), fold) for k in (1, 2) for fold in (None, 1, 2)]
    for number, (draw, fold) in enumerate(places):
        generator = Generator(6, (4, 5), np.full_like(weights.generator, number))
        save_generator(generator_path(tmp_path, draw, "a", fold), generator, {})
    for number, (draw, fold) in enumerate(places):
        (found,) = load_generators(tmp_path, draw, ["a"], fold).values()
        assert set(found.parameters) == {number}
