"""What a study takes of memory: so much per thread, and little per GAN."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenomics.gan.engines.base import Training
from evenomics.gan.networks import initial_weights
from evenomics.gan.pretraining import Pretrained
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain
from evenomics.gan.settings import GanSettings
from gan.training_runs import training_run

P, HIDDEN = 1000, (20, 30)
START = initial_weights(P, HIDDEN, np.random.default_rng(0))
# bytes of both networks in float32
COPY = 4 * (START.generator.size + START.critic.size)


def slope(train, few=3, many=9):
    """Return by how many copies of the networks a run or GAN more raises the peak."""
    peaks = []
    train(1)  # whatever is done once
    for n in (few, many):
        tracemalloc.start()
        train(n)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (peaks[1] - peaks[0]) / (many - few) / COPY


@pytest.mark.parametrize(("on_disk", "most"), [(True, 0.1), (False, 2.1)])
def test_memory_does_not_grow_with_the_runs(on_disk, most, tmp_path):
    """But for their weights, kept and last, where there are no checkpoints to hold them."""
    of = training_run(p=P, hidden=HIDDEN, n_samples=4, epochs=3, eval_every=1, keep="held_out")

    def train(n):
        training = Training(engine="cpu", checkpoints=tmp_path / str(n) if on_disk else None)
        training.train([replace(of, start=START, key=key) for key in range(n)])

    assert slope(train) < most


@pytest.mark.parametrize(("on_disk", "most"), [(True, 2.5), (False, 7.0)])
def test_memory_hardly_grows_with_the_gans(on_disk, most, tmp_path):
    """Three rates each, and then three more: only what goes on stays."""
    pretrained = Pretrained(START, pd.DataFrame(), pd.DataFrame())
    settings = GanSettings.from_mapping(
        {
            "networks": {"hidden": HIDDEN},
            "retraining": {"epochs_1": 2, "epochs_2": 2},
            "choice": {"eval_every": 1, "speed_window": 1},
        }
    )
    samples = np.random.default_rng(0).normal(size=(4, P))

    def train(n):
        requests = [GanRequest(f"e{i}", "case", samples) for i in range(n)]
        training = Training(engine="cpu", checkpoints=tmp_path / str(n) if on_disk else None)
        retrain(requests, pretrained, settings, seed=1, training=training)

    assert slope(train) < most
