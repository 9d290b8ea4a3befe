"""Training runs for the tests of the engines."""

import numpy as np
import pytest
import torch

from evenomics.gan.networks import initial_weights
from evenomics.gan.run import TrainingRun
from evenomics.gan.settings import Loss, Updates

#: an engine, or a device, where there is one
CUDA = pytest.param(
    "cuda",
    marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
)

# what a run is unless a test says otherwise
PLAIN = {
    "epochs": 20, "batch_size": 6, "learning_rate": 1e-3, "alpha": 0.0, "critic_updates": 2,
    "dropout": 0.0, "generator_dropout": 0.0, "loss": Loss(), "updates": Updates(),
    "eval_every": 5, "keep": "last", "curve": "wasserstein", "threshold": 3.0,
}  # fmt: skip


def training_run(
    key=1, n_samples=17, n_held_out=5, p=8, hidden=(5, 7), critic_hidden=None, **options
):
    """Return a run on random samples; equal arguments give equal runs."""
    rng = np.random.default_rng(key)
    drawn = {
        "samples": rng.normal(size=(n_samples, p)) + 1,
        "held_out": rng.normal(size=(n_held_out, p)) + 1,
        "start": initial_weights(p, hidden, rng, critic_hidden=critic_hidden),
    }
    return TrainingRun(name=f"run {key}", key=key, **drawn | PLAIN | options)


# one of everything that an engine has to get right
VARIED = {
    "plain": training_run(1),
    "dropout": training_run(2, dropout=0.7, alpha=1.0),
    "generator dropout": training_run(3, dropout=0.5, generator_dropout=0.2, alpha=0.5),
    "spectral": training_run(4, alpha=1.0, dropout=0.3, loss=Loss(spread_norm="spectral")),
    "one to one": training_run(5, critic_updates=1, hidden=(4,)),
    "three layers": training_run(
        6, hidden=(5, 10, 20), dropout=0.7, batch_size=10, n_samples=40, p=30
    ),
    "fewer samples than a batch": training_run(7, n_samples=4, n_held_out=0),
    "batch of many, narrow layers": training_run(
        8, n_samples=60, batch_size=30, p=3, hidden=(2, 3)
    ),
    "feature norms": training_run(10, dropout=0.5, loss=Loss(penalty_norm="per_feature")),
    "penalty not learnt": training_run(11, loss=Loss(penalty_in_gradient=False)),
    "critic not learnt from": training_run(12, alpha=1.0, loss=Loss(critic_gradient=False)),
    "small generated batches": training_run(
        13, alpha=1.0, dropout=0.5, generator_dropout=0.3, updates=Updates(generator_batch=3)
    ),
    "sgd": training_run(14, alpha=0.5, updates=Updates(optimiser="sgd")),
    "short epochs": training_run(15, critic_updates=3, updates=Updates(epoch="generator_update")),
    "critic grown at its output": training_run(
        16, hidden=(5, 7, 9), critic_hidden=(9, 7), dropout=0.5
    ),
    "as in the released scripts": training_run(
        17,
        dropout=0.7,
        generator_dropout=0.7,
        alpha=1.0,
        learning_rate=0.05,
        loss=Loss(13.0, "per_feature", False, False, "spectral"),
        updates=Updates("sgd", epoch="generator_update", generator_batch=20),
    ),
    "best evaluation": training_run(9, keep="held_out", dropout=0.7, learning_rate=5e-3),
}
