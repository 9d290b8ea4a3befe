"""Arms that copy or remove random samples."""

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from evenomics.balancing.arm import arm
from evenomics.balancing.training_set import TrainingSet
from evenomics.preparation.samples import Samples


@arm("random_over")
def random_over(training_set: TrainingSet) -> tuple[Samples, str]:
    """Copy random samples of the smaller classes."""
    sampler = RandomOverSampler(
        sampling_strategy=training_set.equal_counts, random_state=training_set.random_state
    )
    return training_set.resampled(sampler), ""


@arm("random_under")
def random_under(training_set: TrainingSet) -> tuple[Samples, str]:
    """Keep as many random samples of each class as the smallest one has."""
    smallest = min(training_set.counts.values())
    sampler = RandomUnderSampler(
        sampling_strategy=dict.fromkeys(training_set.counts, smallest),
        random_state=training_set.random_state,
    )
    return training_set.resampled(sampler), ""


@arm("rose")
def rose(training_set: TrainingSet) -> tuple[Samples, str]:
    """Copy random samples of the smaller classes, with noise (Menardi, Torelli 2014).

    imbalanced-learn has the same as ``shrinkage``, by way of a matrix of all pairs of features.
    """
    samples, _ = random_over(training_set)
    rng = np.random.default_rng(training_set.random_state)
    n_drawn, p = training_set.samples.X.shape
    for label, n in training_set.counts.items():
        drawn = training_set.samples.X[training_set.samples.y == label]
        sd = (4 / ((p + 2) * n)) ** (1 / (p + 4)) * drawn.std(axis=0)
        new = n_drawn + np.flatnonzero(samples.y[n_drawn:] == label)
        samples.X[new] += sd * rng.standard_normal((len(new), p))
    note = "ROSE on a class of 1 sample: copies" if training_set.n_smallest == 1 else ""
    return samples, note
