"""Diagnostics of a finished generator: how its samples lie to training and held-out ones."""

import numpy as np

from evenomics.gan.distances import nearest_distance
from evenomics.gan.generator import Generator
from evenomics.gan.retraining import Floats
from evenomics.gan.search import Search, weights_at
from evenomics.randomness import stream

# generated samples that the diagnostics of a finished generator look at
N_DIAGNOSTIC = 200


def measured_at_choice(search: Search) -> dict[str, float]:
    """Wasserstein estimates and energy distance at the chosen epoch, averaged over folds."""
    names = ("wasserstein_training", "wasserstein_held_out", "energy_distance")
    runs, epoch = search.best, search.row["epoch_2"]
    values = [run.looks[run.look_epochs == epoch] for run in runs]
    values = [value for value in values if len(value)]
    if not values:
        return dict.fromkeys(names, np.nan)
    return dict(zip(names, np.concatenate(values).mean(axis=0), strict=True))


def held_out_distance(search: Search, generated: Floats, seed: int) -> float:
    """Median distance from a generated sample to the nearest one that its GAN has not seen."""
    if not search.folded:
        return nearest_distance(generated, search.splits[0].held_out)
    # the final GAN has seen all samples: only the folds' own generators, at its epoch, can tell
    rng = stream(seed, "diagnostics", search.request.name, "folds")
    distances = []
    for run, split in zip(search.finals, search.splits, strict=True):
        generator = Generator.from_weights(weights_at(run, search.row["epoch_2"]))
        distances.append(nearest_distance(generator.sample(N_DIAGNOSTIC, rng), split.held_out))
    return float(np.mean(distances))
