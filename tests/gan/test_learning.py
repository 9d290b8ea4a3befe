"""Training teaches a generator the distribution of its samples, on every engine."""

import numpy as np
import pytest

from evenomics.gan.distances import energy_distance
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.networks import initial_weights
from gan.training_runs import CUDA, training_run

P, HIDDEN = 6, (16, 16)


def correlated(n, seed):
    """Draw samples around (3, ..., 3) whose features are one factor and a little noise."""
    rng = np.random.default_rng(seed)
    return 3 + rng.normal(size=(n, 1)) + 0.3 * rng.normal(size=(n, P))


def distance(weights, held_out):
    """Return the energy distance of generated samples to held-out ones; both are many."""
    generated = Generator.from_weights(weights).sample(500, np.random.default_rng(7))
    return energy_distance(generated, held_out)


@pytest.mark.parametrize("engine", ["cpu", "torch", CUDA])
def test_a_trained_generator_is_closer_to_held_out_samples_than_an_untrained_one(engine):
    """A twentieth of the distance is left, and less than a Gaussian without correlation has."""
    start = initial_weights(P, HIDDEN, np.random.default_rng(1))
    held_out = correlated(500, seed=2)
    (trained,) = Training(engine=engine, dtype="float64").train(
        [
            training_run(
                p=P, start=start, samples=correlated(300, seed=3), held_out=held_out[:0],
                epochs=1000, batch_size=60, learning_rate=2e-3, critic_updates=5, eval_every=1000,
            )
        ]
    )  # fmt: skip
    at_start = distance(start, held_out)
    untrained = min(
        distance(initial_weights(P, HIDDEN, np.random.default_rng(seed)), held_out)
        for seed in range(10, 15)
    )
    after = distance(trained.weights, held_out)
    # the distance of a Gaussian with the right mean and variances, but without correlation
    rng = np.random.default_rng(8)
    independent = held_out.mean(axis=0) + held_out.std(axis=0) * rng.normal(size=(500, P))
    assert after < 0.05 * min(at_start, untrained)
    assert after < energy_distance(independent, held_out)
