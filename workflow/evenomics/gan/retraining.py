"""Re-training, step by step: search the two rates, choose the epoch.

Every step is a list of runs for an engine: all rates of all GANs of a study train side by side,
and every second rate starts from what the first one gave (paper, section "Model training"; what
the paper leaves open is said where it is chosen).
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evenomics.errors import TrainingError
from evenomics.gan import networks
from evenomics.gan.choice import choose_epoch, choose_rate_1, choose_rate_2
from evenomics.gan.diagnostics import diagnose
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator
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
    _train_whole(searches, first, training)

    _train_rates(searches, second, training)
    for search in searches:
        choose_rate_2(search)
        choose_epoch(search)
    _train_whole(searches, second, training)
    generators = _generators(searches, training)
    return [_finish(s, generator) for s, generator in zip(searches, generators, strict=True)]


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
    splits = split_samples(request, settings.choice, seed)
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


def _train_whole(searches: list[Search], phase: Phase, training: Training) -> None:
    """Train cross-validated classes on all their samples."""
    folded = [search for search in searches if search.folded and search.updates]
    if not folded:
        return
    runs = [search.whole_run(phase) for search in folded]
    done = training.train(runs, f"re-training, {phase.name}, all samples")
    for search, trained in zip(folded, done, strict=True):
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


def _finish(search: Search, generator: Generator) -> TrainedGan:
    request = search.request
    if request.others:
        output = search.settings.output
        calibrated = set_output(generator, request.samples, request.others, output)
        generator = replace(generator, calibrated=calibrated)
    row = search.row | {"note": "; ".join(search.notes)}
    row |= diagnose(search, generator)
    row |= {"engine": " + ".join(search.engines), "seconds": search.seconds}
    histories = pd.concat(search.histories, ignore_index=True)
    rates = pd.DataFrame(search.rates)
    for table in (histories, rates):
        table.insert(0, "experiment", request.experiment)
        table.insert(1, "gan", request.gan)
    rates["chosen"] = [
        rate == row[phase] for phase, rate in zip(rates["phase"], rates["rate"], strict=True)
    ]
    logger.info("%s: %s", request.name, json.dumps(row, default=float))
    return TrainedGan(request, generator, row, histories, rates)
