"""Re-training, step by step: search the two rates, choose the epoch.

Every step is a list of members for an engine: all rates of all GANs of a study train side by
side, and every second rate starts from what the first one gave (paper, section "Model training";
what the paper leaves open is said where it is chosen).
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.errors import TrainingError
from evenomics.gan import networks
from evenomics.gan.choice import choose_epoch, choose_rate_1, choose_rate_2
from evenomics.gan.diagnostics import N_DIAGNOSTIC, held_out_distance, measured_at_choice
from evenomics.gan.distances import effective_rank, nearest_distance
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.networks import Weights
from evenomics.gan.pretraining import Pretrained, check_samples, curves_table
from evenomics.gan.requests import GanRequest, TrainedGan
from evenomics.gan.run import Keep, Member, Trained
from evenomics.gan.search import Phase, Search, Split, has_weights_at, weights_at
from evenomics.gan.settings import GanSettings
from evenomics.preparation.folds import set_aside, shared_groups, stratified_folds
from evenomics.randomness import derive_key, derive_seed, stream

logger = logging.getLogger(__name__)


Floats = NDArray[np.float64]


def retrain(
    requests: Sequence[GanRequest],
    pretrained: Pretrained | None,
    settings: GanSettings,
    *,
    seed: int,
    training: Training,
) -> list[TrainedGan]:
    """Re-train GANs, each on one class: search lr_1, then lr_2 from there, then the epoch.

    Parameters
    ----------
    requests : sequence of GanRequest
    pretrained : Pretrained or None
        Needed by requests of variant ``transfer``.
    settings : GanSettings
    seed : int
    training : Training
        Engine, threads, checkpoints.

    Returns
    -------
    list of TrainedGan
        In the order of the requests.

    Raises
    ------
    TrainingError
        For a class with fewer than two samples, values that are not finite, or a missing
        pre-training.
    """
    searches = [_begin(request, pretrained, settings, seed) for request in requests]
    plan = settings.retraining

    keep: Keep = "held_out" if settings.choice.rate_choice == "held_out" else "above"
    _run_rates(
        searches, "lr_1", plan.learning_rates_1, plan.epochs_1, keep, settings, seed, training
    )
    for search in searches:
        choose_rate_1(search, settings)
    _start_from_first(searches, training)
    _train_whole(searches, "lr_1", settings, seed, training)

    keep = "held_out" if settings.choice.epoch_choice == "held_out" else "last"
    _run_rates(
        searches, "lr_2", plan.learning_rates_2, plan.epochs_2, keep, settings, seed, training
    )
    for search in searches:
        choose_rate_2(search, settings)
        choose_epoch(search, settings)
    finals = _train_finals(searches, settings, seed, training)
    return [_finish(s, final, seed) for s, final in zip(searches, finals, strict=True)]


def _begin(
    request: GanRequest, pretrained: Pretrained | None, settings: GanSettings, seed: int
) -> Search:
    check_samples(request.samples, request.name)
    if request.variant == "classic":
        rng = stream(seed, "initial weights", request.name)
        start = networks.initial_weights(request.samples.shape[1], settings.networks.hidden, rng)
    elif pretrained is None:
        raise TrainingError(f"{request.name}: needs a pre-trained GAN, and none was given")
    else:
        start = pretrained.weights
        if start.n_features != request.samples.shape[1]:
            raise TrainingError(
                f"{request.name}: {request.samples.shape[1]} features, but the pre-trained GAN "
                f"has {start.n_features}; pre-train on the same features"
            )
    splits = _splits(request, settings, seed)
    row = {
        "experiment": request.experiment,
        "gan": request.gan,
        "class": request.class_name,
        "alpha": f"{request.alpha:g}",
        "variant": request.variant,
        "n_samples": len(request.samples),
        "n_held_out": len(splits[0].held_out),
        "n_folds": len(splits),
    }
    return Search(request, splits, [start] * len(splits), start, row)


def _splits(request: GanRequest, settings: GanSettings, seed: int) -> list[Split]:
    """Set samples aside; the same ones for every alpha and variant of a class."""
    choice, samples = settings.choice, request.samples
    n = len(samples)
    if "held_out" not in (choice.rate_choice, choice.epoch_choice):
        return [Split(samples, samples[:0])]
    purpose = ("held out", request.experiment, request.class_name)
    if (groups := shared_groups(request.groups)) is not None:
        return _group_splits(request, groups, settings, derive_seed(seed, *purpose))
    order = stream(seed, *purpose).permutation(n)
    if n >= choice.tiny:
        n_held_out = max(1, round(n * choice.held_out_fraction))
        return [Split(samples[order[n_held_out:]], samples[order[:n_held_out]])]
    folds = np.array_split(order, min(choice.folds, n))
    return [Split(np.delete(samples, fold, axis=0), samples[fold]) for fold in folds]


def _group_splits(
    request: GanRequest, groups: NDArray[np.intp], settings: GanSettings, seed: int
) -> list[Split]:
    """Set samples aside, all of a group or none."""
    choice, samples = settings.choice, request.samples
    n, n_groups = len(samples), groups.max() + 1
    if n_groups < 2:
        raise TrainingError(
            f"{request.name}: all {n} samples are of one group, of which none can be set aside; at "
            "least 2 groups are needed, or `rate_choice: curve` and `epoch_choice: elbow`"
        )
    one_class = np.zeros(n, dtype=np.intp)
    if n >= choice.tiny:
        rng = np.random.default_rng(seed)
        aside = set_aside(one_class, groups, choice.held_out_fraction, rng)
        return [Split(samples[~aside], samples[aside])]
    folds, _ = stratified_folds(one_class, choice.folds, seed, groups)
    return [Split(samples[training], samples[aside]) for training, aside in folds]


def _member(
    search: Search,
    phase: Phase,
    rate: float,
    epochs: int,
    split: Split,
    start: Weights,
    keep: Keep,
    fold: int | str,
    settings: GanSettings,
    seed: int,
) -> Member:
    request, plan = search.request, settings.retraining
    return Member(
        name=f"{request.name} {phase} {rate:g} {fold}",
        samples=split.training,
        held_out=split.held_out,
        start=start,
        # rates of a phase share their numbers: they are compared on the same noise
        key=derive_key(seed, request.name, phase, fold),
        epochs=epochs,
        batch_size=plan.batch_size_over if request.over else plan.batch_size_under,
        learning_rate=rate,
        alpha=request.alpha,
        critic_updates=plan.critic_updates,
        dropout=plan.dropout,
        generator_dropout=settings.networks.generator_dropout,
        loss=settings.loss,
        look_every=settings.choice.look_every,
        keep=keep,
        curve=settings.choice.curve,
        threshold=settings.choice.threshold,
    )


def _run_rates(
    searches: list[Search],
    phase: Phase,
    rates: Sequence[float],
    epochs: int,
    keep: Keep,
    settings: GanSettings,
    seed: int,
    training: Training,
) -> None:
    members = [
        _member(s, phase, rate, epochs, split, start, keep, fold, settings, seed)
        for s in searches
        for rate in rates
        for fold, (split, start) in enumerate(zip(s.splits, s.starts, strict=True))
    ]
    trained = iter(training.train(members, f"re-training, {phase}"))
    for search in searches:
        search.runs = [[next(trained) for _ in search.splits] for _ in rates]
        for runs in search.runs:
            for fold, run in enumerate(runs):
                looked = run.look_epochs - 1
                search.histories.append(
                    curves_table(run)
                    .iloc[looked]
                    .assign(
                        phase=phase,
                        rate=run.member.learning_rate,
                        fold=fold,
                        wasserstein_training=run.looks[:, 0],
                        wasserstein_held_out=run.looks[:, 1],
                        energy_distance=run.looks[:, 2],
                    )
                )
                search.spend(run)


def _start_from_first(searches: list[Search], training: Training) -> None:
    """Hand the weights of the chosen epochs on to lr_2."""
    wanted = [(s, run, e) for s in searches for run, e in zip(s.best, s.epochs_1, strict=True)]
    reached = iter(_reach(wanted, "re-training, lr_1, chosen epochs", training))
    for search in searches:
        search.starts = [weights_at(next(reached), epoch) for epoch in search.epochs_1]
        if not search.folded:
            search.whole_start = search.starts[0]


def _reach(
    wanted: list[tuple[Search, Trained, int]], title: str, training: Training
) -> list[Trained]:
    """Return trainings that have the weights of the wanted epochs.

    The engine kept those of each run's own best look. Any other epoch's are had by training the
    same member up to it: keeping the weights of every look would make memory grow with the epochs.
    The numbers drawn are the same, and so on the CPU engine are the weights, to the last bit. A
    stack of the torch engine may round otherwise in other company, which in float32 makes
    differences of 1e-7 that grow with the updates.
    """
    replays = [
        replace(run.member, epochs=epoch, keep="last")
        for _, run, epoch in wanted
        if not has_weights_at(run, epoch)
    ]
    trained = iter(training.train(replays, title) if replays else ())
    reached = []
    for search, run, epoch in wanted:
        if has_weights_at(run, epoch):
            reached.append(run)
        else:
            reached.append(next(trained))
            search.spend(reached[-1])
    return reached


def _train_whole(
    searches: list[Search],
    phase: Phase,
    settings: GanSettings,
    seed: int,
    training: Training,
) -> None:
    """Train a cross-validated class on all its samples, as long as the folds say.

    Long is meant in critic updates: an epoch of all samples can have more of them than an epoch of
    a fold. A member is trained in whole epochs, so their number is rounded by half an epoch at
    most; one epoch is the least.
    """
    folded = [search for search in searches if search.folded and search.updates]
    members = []
    for search in folded:
        samples = search.request.samples
        one_epoch = _member(
            search,
            phase,
            search.row[phase],
            1,
            Split(samples, samples[:0]),
            search.whole_start,
            "last",
            "all",
            settings,
            seed,
        )
        epochs = max(1, round(search.updates / one_epoch.updates_per_epoch))
        members.append(replace(one_epoch, epochs=epochs))
    if not members:
        return
    trained = training.train(members, f"re-training, {phase}, all samples")
    for search, run in zip(folded, trained, strict=True):
        search.whole_start = run.weights
        updates = run.kept_epoch * run.member.updates_per_epoch
        search.row[f"updates_{phase[-1]}"] = updates
        if run.kept_epoch < run.member.epochs:
            search.notes.append(f"{phase}: all samples: diverged, weights after {updates} updates")
        search.spend(run)


def _train_finals(
    searches: list[Search], settings: GanSettings, seed: int, training: Training
) -> list[Generator]:
    """Return the generators at the chosen epochs; `held_out_distance` asks for those of folds."""
    _train_whole(searches, "lr_2", settings, seed, training)
    wanted = [(s, run, s.row["epoch_2"]) for s in searches for run in s.best]
    reached = iter(_reach(wanted, "re-training, chosen epochs", training))
    generators = []
    for search in searches:
        runs = [next(reached) for _ in search.best]
        if search.folded:
            search.finals, weights = runs, search.whole_start
        else:
            weights = weights_at(runs[0], search.row["epoch_2"])
        generators.append(Generator.from_weights(weights))
    return generators


def _finish(search: Search, generator: Generator, seed: int) -> TrainedGan:
    request = search.request
    row = search.row | {"note": "; ".join(search.notes)}
    row |= measured_at_choice(search)
    generated = generator.sample(N_DIAGNOSTIC, stream(seed, "diagnostics", request.name))
    row["effective_rank_generated"] = effective_rank(generated[: len(request.samples)])
    row["effective_rank_real"] = effective_rank(request.samples)
    trained_on = request.samples if search.folded else search.splits[0].training
    row["nn_distance_training"] = nearest_distance(generated, trained_on)
    row["nn_distance_held_out"] = held_out_distance(search, generated, seed)
    row |= {"engine": " + ".join(search.engines), "seconds": search.seconds}
    histories = pd.concat(search.histories, ignore_index=True)
    histories.insert(0, "experiment", request.experiment)
    histories.insert(1, "gan", request.gan)
    rates = pd.DataFrame(search.rates)
    rates.insert(0, "experiment", request.experiment)
    rates.insert(1, "gan", request.gan)
    rates["chosen"] = [
        rate == row[phase] for phase, rate in zip(rates["phase"], rates["rate"], strict=True)
    ]
    logger.info("%s: %s", request.name, json.dumps(row, default=float))
    return TrainedGan(request, generator, row, histories, rates)
