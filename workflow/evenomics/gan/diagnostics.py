"""Diagnostics of a finished generator: how its samples lie to training and held-out ones."""

import numpy as np

from evenomics.gan.distances import effective_rank, nearest_distance
from evenomics.gan.generator import Generator
from evenomics.gan.networks import Floats
from evenomics.gan.search import Search
from evenomics.randomness import stream

# samples that a finished generator is judged by
N_DIAGNOSTIC = 200


def diagnose(search: Search, generator: Generator) -> dict[str, float]:
    """Measure a finished generator.

    Parameters
    ----------
    search : Search
        At its end.
    generator : Generator

    Returns
    -------
    dict of str to float
        Columns of the training table: Wasserstein estimates and energy distance at the chosen
        epoch, effective ranks, distances to the nearest training and held-out sample.
    """
    request = search.request
    rng = stream(search.seed, "diagnostics", request.name)
    generated = generator.sample(N_DIAGNOSTIC, rng)
    trained_on = request.samples if search.folded else search.splits[0].training
    return _at_chosen_epoch(search) | {
        "effective_rank_generated": effective_rank(generated[: len(request.samples)]),
        "effective_rank_real": effective_rank(request.samples),
        "nn_distance_training": nearest_distance(generated, trained_on),
        "nn_distance_held_out": _held_out_distance(search, generated),
    }


def _at_chosen_epoch(search: Search) -> dict[str, float]:
    """Wasserstein estimates and energy distance, averaged over folds."""
    names = ("wasserstein_training", "wasserstein_held_out", "energy_distance")
    epoch = search.row["epoch_2"]
    values = [best.evaluations[best.eval_epochs == epoch] for best in search.best]
    values = [value for value in values if len(value)]
    if not values:
        return dict.fromkeys(names, np.nan)
    return dict(zip(names, np.concatenate(values).mean(axis=0), strict=True))


def _held_out_distance(search: Search, generated: Floats) -> float:
    """Median distance from a generated sample to the nearest one that its GAN has not seen."""
    if not search.folded:
        return nearest_distance(generated, search.splits[0].held_out)
    # the final GAN has seen all samples: only the folds' own generators, at its epoch, can tell
    rng = stream(search.seed, "diagnostics", search.request.name, "folds")
    distances = []
    for final, split in zip(search.finals, search.splits, strict=True):
        generator = Generator.from_weights(final.weights_at(search.row["epoch_2"]))
        distances.append(nearest_distance(generator.sample(N_DIAGNOSTIC, rng), split.held_out))
    return float(np.mean(distances))
