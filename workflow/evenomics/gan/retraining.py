"""Re-training, step by step: search the two rates, choose the epoch.

Every step is a list of runs for an engine: all rates of all GANs of a study train side by side,
and every second rate starts from what the first one gave (paper, section "Model training"; what
the paper leaves open is said where it is chosen).
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evenomics.errors import TrainingError
from evenomics.gan import networks
from evenomics.gan.choice import choose_epoch, choose_rate_1, choose_rate_2
from evenomics.gan.diagnostics import diagnose
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
from evenomics.gan.networks import Weights
from evenomics.gan.output import set_output
from evenomics.gan.pretraining import Pretrained, check_samples
from evenomics.gan.requests import GanRequest, TrainedGan
from evenomics.gan.search import Phase, Search, phases
from evenomics.gan.settings import GanSettings
from evenomics.gan.splits import split_samples
from evenomics.gan.trained import Trained
from evenomics.randomness import stream

logger = logging.getLogger(__name__)


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
        For a class with fewer than two samples, values that are not finite, samples of a single
        group where some have to be held out, or a missing pre-training.
    """
    training.chosen_engine = None  # it chooses anew, by the runs to come
    searches = [_begin(request, pretrained, settings, seed) for request in requests]
    first, second = phases(settings)

    _train_rates(searches, first, training)
    for search in searches:
        choose_rate_1(search)
    _start_from_first(searches, training)
    _train_whole([s for s in searches if s.folded], first, training)

    _train_rates(searches, second, training)
    for search in searches:
        choose_rate_2(search)
    _go_on(searches, second, training)
    for search in searches:
        choose_epoch(search)
    _train_whole([s for s in searches if s.folded], second, training)
    generators = _generators(searches, training)
    return [_finish(s, generator) for s, generator in zip(searches, generators, strict=True)]


def retrain_as_chosen(
    requests: Sequence[GanRequest],
    chosen: Sequence[Mapping[str, Any]],
    pretrained: Pretrained | None,
    settings: GanSettings,
    *,
    seed: int,
    training: Training,
) -> list[Generator]:
    """Re-train GANs on other samples, at the rates and for the updates that were chosen before.

    For the folds of a draw's cross-validation: what the search on the whole draw chose holds for
    all of them, and no generator sees the test samples of its fold. Of a single sample the
    generator stays as it starts.

    Parameters
    ----------
    requests : sequence of GanRequest
    chosen : sequence of mapping
        For each request a row of the training table: lr_1, updates_1, lr_2, updates_2.
    pretrained : Pretrained or None
        Needed by requests of variant ``transfer``.
    settings : GanSettings
    seed : int
    training : Training

    Returns
    -------
    list of Generator
        In the order of the requests.

    Raises
    ------
    TrainingError
        If a pre-training is missing, or of other features.
    """
    searches = []
    for request, row in zip(requests, chosen, strict=True):
        start = _start(request, pretrained, settings, seed)
        searches.append(Search(request, settings, seed, [], [], start, dict(row)))
    # of a class with a single sample in a fold, nothing can be learnt
    trainable = [search for search in searches if len(search.request.samples) > 1]
    for phase in phases(settings):
        for search in trainable:
            search.updates = search.row[phase.updates]
        _train_whole(trainable, phase, training)
    return [
        _with_set_output(Generator.from_weights(search.whole_start), search.request, settings)
        for search in searches
    ]


def _start(
    request: GanRequest, pretrained: Pretrained | None, settings: GanSettings, seed: int
) -> Weights:
    """Return the weights that a request starts from."""
    if request.variant == "classic":
        rng = stream(seed, "initial weights", request.name)
        shape = settings.networks
        return networks.initial_weights(request.samples.shape[1], shape.hidden, rng, shape)
    if pretrained is None:
        raise TrainingError(f"{request.name}: needs a pre-trained GAN, and none was given")
    if pretrained.weights.n_features != request.samples.shape[1]:
        raise TrainingError(
            f"{request.name}: {request.samples.shape[1]} features, but the pre-trained GAN "
            f"has {pretrained.weights.n_features}; pre-train on the same features"
        )
    return pretrained.weights


def _begin(
    request: GanRequest, pretrained: Pretrained | None, settings: GanSettings, seed: int
) -> Search:
    check_samples(request.samples, request.name)
    start = _start(request, pretrained, settings, seed)
    splits = split_samples(request, settings.choice, seed)
    row = {
        "experiment": request.experiment,
        "replicate": request.replicate,
        "gan": request.gan,
        "class": request.class_name,
        "alpha": f"{request.alpha:g}",
        "variant": request.variant,
        "n_samples": len(request.samples),
        "n_held_out": len(splits[0].held_out),
        "n_folds": len(splits),
    }
    return Search(request, settings, seed, splits, [start] * len(splits), start, row)


def _train_rates(searches: list[Search], phase: Phase, training: Training) -> None:
    runs = [run for search in searches for run in search.training_runs(phase)]
    trained = iter(training.train(runs, f"re-training, {phase.name}"))
    for search in searches:
        search.compare(phase, [[next(trained) for _ in search.splits] for _ in phase.rates])


def _start_from_first(searches: list[Search], training: Training) -> None:
    """Hand the weights of the chosen epochs on to the second phase."""
    wanted = [(s, best, e) for s in searches for best, e in zip(s.best, s.epochs_1, strict=True)]
    reached = iter(_reach(wanted, "re-training, lr_1, chosen epochs", training))
    for search in searches:
        search.starts = [next(reached).weights_at(epoch) for epoch in search.epochs_1]
        if not search.folded:
            search.whole_start = search.starts[0]


def _go_on(searches: list[Search], phase: Phase, training: Training) -> None:
    """Train at the chosen lr_2 for as long as `Retraining.final_epochs` says, if it does.

    A run that goes on is the same run with more epochs: it starts from the same weights and draws
    the same numbers.
    """
    runs = [
        replace(trained.run, epochs=final - search.row["epoch_1"])
        for search in searches
        if (final := search.settings.retraining.final_epochs) is not None
        for trained in search.best
    ]
    if not runs:
        return
    done = iter(training.train(runs, f"re-training, {phase.name}, to the last epoch"))
    for search in searches:
        search.go_on(phase, [next(done) for _ in search.best])


def _train_whole(searches: list[Search], phase: Phase, training: Training) -> None:
    """Train classes on all their samples, at the chosen rate, for the chosen updates."""
    searches = [search for search in searches if search.updates]
    if not searches:
        return
    runs = [search.whole_run(phase) for search in searches]
    done = training.train(runs, f"re-training, {phase.name}, all samples")
    for search, trained in zip(searches, done, strict=True):
        search.whole_start = trained.weights
        updates = trained.kept_epoch * trained.run.updates_per_epoch
        search.row[phase.updates] = updates
        if trained.kept_epoch < trained.run.epochs:
            search.notes.append(
                f"{phase.name}: all samples: diverged, weights after {updates} updates"
            )
        search.spend(trained)


def _generators(searches: list[Search], training: Training) -> list[Generator]:
    """Return the generators at the chosen epochs; `diagnose` asks for those of folds."""
    wanted = [(s, best, s.row["epoch_2"]) for s in searches for best in s.best]
    reached = iter(_reach(wanted, "re-training, chosen epochs", training))
    generators = []
    for search in searches:
        finals = [next(reached) for _ in search.best]
        if search.folded:
            search.finals, weights = finals, search.whole_start
        else:
            weights = finals[0].weights_at(search.row["epoch_2"])
        generators.append(Generator.from_weights(weights))
    return generators


def _reach(
    wanted: list[tuple[Search, Trained, int]], title: str, training: Training
) -> list[Trained]:
    """Return trainings that have the weights of the wanted epochs.

    The engine kept those of each run's own best evaluation. Any other epoch's are had by training
    the same run up to it: keeping the weights of every evaluation would make memory grow with the
    epochs. The numbers drawn are the same, and so on the CPU engine are the weights, to the last
    bit. A stack of the torch engine may round otherwise in other company, which in float32 makes
    differences of 1e-7 that grow with the updates.
    """
    replays = [
        replace(trained.run, epochs=epoch, keep="last")
        for _, trained, epoch in wanted
        if not trained.has_weights_at(epoch)
    ]
    replayed = iter(training.train(replays, title) if replays else ())
    reached = []
    for search, trained, epoch in wanted:
        if trained.has_weights_at(epoch):
            reached.append(trained)
        else:
            reached.append(next(replayed))
            search.spend(reached[-1])
    return reached


def _with_set_output(generator: Generator, request: GanRequest, settings: GanSettings) -> Generator:
    """Put beside a generator the one whose output is set, where the other classes are known."""
    if not request.others:
        return generator
    calibrated = set_output(generator, request.samples, request.others, settings.output)
    return replace(generator, calibrated=calibrated)


def _finish(search: Search, generator: Generator) -> TrainedGan:
    request = search.request
    generator = _with_set_output(generator, request, search.settings)
    row = search.row | {"note": "; ".join(search.notes)}
    row |= diagnose(search, generator)
    row |= {"engine": " + ".join(search.engines), "seconds": search.seconds}
    histories = pd.concat(search.histories, ignore_index=True)
    rates = pd.DataFrame(search.rates)
    for table in (histories, rates):
        table.insert(0, "experiment", request.experiment)
        table.insert(1, "replicate", request.replicate)
        table.insert(2, "gan", request.gan)
    rates["chosen"] = [
        rate == row[phase] for phase, rate in zip(rates["phase"], rates["rate"], strict=True)
    ]
    logger.info("%s: %s", request.name, json.dumps(row, default=float))
    return TrainedGan(request, generator, row, histories, rates)
