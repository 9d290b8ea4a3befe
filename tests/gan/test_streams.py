"""The counter-based numbers are the published sequence, and have the distributions they claim."""

import numpy as np
import pytest
import torch
from scipy import stats

from evenomics.gan.arithmetic import INCREMENT, Purpose, dropout_threshold
from evenomics.gan.engines import streams
from gan.training_runs import CUDA

# first outputs of SplitMix64 for seed 1234567, as published with its reference implementation
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def _unsigned(x: torch.Tensor) -> np.ndarray:
    return x.numpy().view(np.uint64)


def test_mix_gives_the_published_splitmix64_sequence():
    counters = np.array([(1234567 + i * INCREMENT) % 2**64 for i in range(1, 6)], np.uint64)
    mixed = streams.mix(torch.from_numpy(counters.view(np.int64)))
    assert _unsigned(mixed).tolist() == PUBLISHED


def test_words_are_the_sequence_that_starts_at_the_event():
    # the event's own number comes from the key's sequence, its words from the event's
    key, index, purpose = 1234567, 0, Purpose.SHUFFLE
    drawn = streams.words(torch.tensor([key]), purpose, torch.tensor(index), 4)
    start = PUBLISHED[0]
    counters = np.array([(start + i * INCREMENT) % 2**64 for i in range(1, 5)], np.uint64)
    expected = streams.mix(torch.from_numpy(counters.view(np.int64)))
    assert drawn[0].tolist() == expected.tolist()


def test_streams_of_other_keys_purposes_and_events_differ():
    keys = torch.tensor([1, 2])
    drawn = [
        streams.words(keys, purpose, torch.tensor(index), 50)
        for purpose in Purpose
        for index in range(3)
    ]
    flat = torch.cat([d.flatten() for d in drawn])
    assert len(torch.unique(flat)) == flat.numel()


def test_a_run_draws_the_same_numbers_alone_and_in_a_stack():
    keys = torch.tensor([11, 22, 33])
    index = torch.tensor([5, 6, 7])
    together = streams.words(keys, Purpose.CRITIC, index, 20)
    alone = streams.words(keys[1:2], Purpose.CRITIC, index[1:2], 20)
    assert torch.equal(together[1:2], alone)


@pytest.mark.parametrize("device", [CUDA])
def test_a_device_draws_the_same_numbers_as_a_processor(device):
    """Words and decisions to the last bit; logarithms and cosines may round otherwise."""
    keys, index = torch.tensor([11, -22, 2**62]), torch.tensor([0, 7, 10**6])
    here = streams.words(keys, Purpose.GENERATOR, index, 999)
    there = streams.words(keys.to(device), Purpose.GENERATOR, index.to(device), 999)
    assert torch.equal(there.cpu(), here)
    masks = [streams.keep_mask(words, 3995, 40000) for words in (here, there)]
    assert torch.equal(masks[1].cpu(), masks[0])
    numbers = [streams.normals(words, 1997, torch.float64) for words in (here, there)]
    torch.testing.assert_close(numbers[1].cpu(), numbers[0], rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def drawn() -> torch.Tensor:
    return streams.words(torch.tensor([2024]), Purpose.EVALUATION, torch.tensor(3), 100_000)


def test_normals_are_standard_normal_and_pairs_are_uncorrelated(drawn):
    z = streams.normals(drawn, 200_000, torch.float64)[0].numpy()
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(z[:100_000], z[100_000:])[0, 1]) < 0.015
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.015


def test_uniforms_are_uniform(drawn):
    assert stats.kstest(streams.uniforms(drawn, torch.float64)[0].numpy(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("rate", [0.5, 0.7])
def test_masks_drop_at_the_rate_and_independently(drawn, rate):
    kept = streams.keep_mask(drawn, 400_000, dropout_threshold(rate))[0].numpy()
    assert abs(kept.mean() - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / kept.size)
    quarters = kept.reshape(4, -1).astype(float)
    off_diagonal = np.corrcoef(quarters)[~np.eye(4, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.015
