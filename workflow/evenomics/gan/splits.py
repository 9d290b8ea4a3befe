"""Which samples of a class train, and which are held out to choose rates and epochs by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenomics.errors import TrainingError
from evenomics.gan.networks import Floats
from evenomics.gan.requests import GanRequest
from evenomics.gan.settings import Choice
from evenomics.preparation.folds import set_aside, shared_groups, stratified_folds
from evenomics.randomness import derive_seed, stream


@dataclass(frozen=True)
class Split:
    """Samples to train on, and held-out ones."""

    training: Floats
    held_out: Floats


def split_samples(request: GanRequest, choice: Choice, seed: int) -> list[Split]:
    """Hold samples out; the same ones for every alpha and variant of a class.

    Parameters
    ----------
    request : GanRequest
    choice : Choice
    seed : int

    Returns
    -------
    list of Split
        One per fold for a class that is cross-validated, else one; without held-out samples where
        no choice asks for them.

    Raises
    ------
    TrainingError
        If all samples are of one group.
    """
    samples = request.samples
    n = len(samples)
    if "held_out" not in (choice.rate_choice, choice.epoch_choice):
        return [Split(samples, samples[:0])]
    purpose = ("held out", request.experiment, request.replicate, request.class_name)
    if (groups := shared_groups(request.groups)) is not None:
        return _split_groups(request, groups, choice, derive_seed(seed, *purpose))
    order = stream(seed, *purpose).permutation(n)
    if n >= choice.cross_validate_below:
        n_held_out = max(1, round(n * choice.held_out_fraction))
        return [Split(samples[order[n_held_out:]], samples[order[:n_held_out]])]
    folds = np.array_split(order, min(choice.folds, n))
    return [Split(np.delete(samples, fold, axis=0), samples[fold]) for fold in folds]


def _split_groups(
    request: GanRequest, groups: NDArray[np.intp], choice: Choice, seed: int
) -> list[Split]:
    """Hold samples out, all of a group or none."""
    samples = request.samples
    n, n_groups = len(samples), groups.max() + 1
    if n_groups < 2:
        raise TrainingError(
            f"{request.name}: all {n} samples are of one group, of which none can be held out; at "
            "least 2 groups are needed, or `rate_choice: curve` and `epoch_choice: elbow`"
        )
    one_class = np.zeros(n, dtype=np.intp)
    if n >= choice.cross_validate_below:
        rng = np.random.default_rng(seed)
        held_out = set_aside(one_class, groups, choice.held_out_fraction, rng)
        return [Split(samples[~held_out], samples[held_out])]
    folds, _ = stratified_folds(one_class, choice.folds, seed, groups)
    return [Split(samples[training], samples[held_out]) for training, held_out in folds]
