"""Re-training, step by step: search the two rates, choose the epoch.

Every step is a list of members for an engine: all rates of all GANs of a study train side by
side, and every second rate starts from what the first one gave (paper, section "Model training";
what the paper leaves open is said where it is chosen).
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.cohort import slug
from evenomics.errors import TrainingError
from evenomics.folds import set_aside, shared_groups, stratified_folds
from evenomics.gan import curves, looks, networks
from evenomics.gan.engine import Training
from evenomics.gan.generator import Generator
from evenomics.gan.member import Keep, Member, Trained
from evenomics.gan.networks import Weights
from evenomics.gan.pretraining import Pretrained, check_samples, curves_table
from evenomics.gan.settings import GanSettings
from evenomics.randomness import derive_key, derive_seed, stream

logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Phase = Literal["lr_1", "lr_2"]

# generated samples that the diagnostics of a finished generator look at
N_DIAGNOSTIC = 200


def gan_name(class_name: str, alpha: float, variant: str) -> str:
    """Return the name of a GAN within its experiment, safe as a file name."""
    return f"{slug(class_name)}.alpha{alpha:g}.{variant}"


@dataclass(frozen=True)
class GanRequest:
    """One GAN to re-train: a class of an experiment's training draw, at one alpha.

    Attributes
    ----------
    experiment : str
    class_name : str
    samples : ndarray of shape (n_samples, n_features)
        Scaled samples of the class.
    alpha : float
        Weight of the spread term.
    over : bool
        Whether the class is the over-represented one (it has its own batch size).
    variant : {"transfer", "classic"}
        From the pre-trained weights, or all layers drawn anew (the paper's classic WGAN-GP).
    groups : ndarray of shape (n_samples,) or None
        Whom each sample is from; all samples of a group train, or all are set aside.
    """

    experiment: str
    class_name: str
    samples: Floats = field(repr=False)
    alpha: float = 0.0
    over: bool = False
    variant: Literal["transfer", "classic"] = "transfer"
    groups: NDArray[np.object_] | None = field(default=None, repr=False)

    @property
    def gan(self) -> str:
        """Name within the experiment, safe as a file name."""
        return gan_name(self.class_name, self.alpha, self.variant)

    @property
    def name(self) -> str:
        """Name within the study and selection."""
        return f"{self.experiment}/{self.gan}"


@dataclass(frozen=True)
class TrainedGan:
    """A re-trained GAN, with how it came about.

    Attributes
    ----------
    request : GanRequest
    generator : Generator
    chosen : dict
        A row of the training table: rates, epochs, the rule or fallback that chose each, and
        how generated samples lie to training and set-aside ones. ``epoch_1`` and ``epoch_2`` are
        epochs of the curves in `history`; ``updates_1`` and ``updates_2`` are the critic updates
        that the generator's own training had, which for a cross-validated class is the one on all
        samples.
    history : DataFrame
        Curves of every run: phase, rate, fold, epoch, losses (every `look_every` epochs).
    rates : DataFrame
        What the rate rules saw: one row per phase and rate.
    """

    request: GanRequest
    generator: Generator
    chosen: dict[str, Any]
    history: pd.DataFrame
    rates: pd.DataFrame


@dataclass(frozen=True)
class _Split:
    training: Floats
    held_out: Floats


@dataclass
class _Search:
    """One GAN on its way through the recipe."""

    request: GanRequest
    splits: list[_Split]
    starts: list[Weights]
    whole_start: Weights
    row: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    histories: list[pd.DataFrame] = field(default_factory=list)
    rates: list[dict[str, Any]] = field(default_factory=list)
    # of the phase in progress, per rate and fold
    runs: list[list[Trained]] = field(default_factory=list)
    # the chosen rate's, per fold
    best: list[Trained] = field(default_factory=list)
    # of `best`, the epochs whose weights lr_2 starts from
    epochs_1: list[int] = field(default_factory=list)
    # critic updates up to the chosen epoch of the phase in progress, averaged over folds
    updates: float = 0.0
    # of a cross-validated class, per fold, a training that has the weights of the chosen epoch
    finals: list[Trained] = field(default_factory=list)
    seconds: float = 0.0
    engines: dict[str, None] = field(default_factory=dict)

    def spend(self, run: Trained) -> None:
        """Note who trained a run of this GAN, and for how long."""
        self.seconds += run.seconds
        self.engines |= dict.fromkeys(run.engines)

    def take(self, index: int) -> list[Trained]:
        """Choose a rate; the weights of the others need no room any more."""
        self.best, self.runs = self.runs[index], []
        return self.best

    @property
    def folded(self) -> bool:
        """Whether a tiny class is cross-validated instead of split once."""
        return len(self.splits) > 1


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
        _choose_rate_1(search, settings)
    _start_from_first(searches, training)
    _train_whole(searches, "lr_1", settings, seed, training)

    keep = "held_out" if settings.choice.epoch_choice == "held_out" else "last"
    _run_rates(
        searches, "lr_2", plan.learning_rates_2, plan.epochs_2, keep, settings, seed, training
    )
    for search in searches:
        _choose_rate_2(search, settings)
        _choose_epoch(search, settings)
    finals = _train_finals(searches, settings, seed, training)
    return [_finish(s, final, seed) for s, final in zip(searches, finals, strict=True)]


def _begin(
    request: GanRequest, pretrained: Pretrained | None, settings: GanSettings, seed: int
) -> _Search:
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
    return _Search(request, splits, [start] * len(splits), start, row)


def _splits(request: GanRequest, settings: GanSettings, seed: int) -> list[_Split]:
    """Set samples aside; the same ones for every alpha and variant of a class."""
    choice, samples = settings.choice, request.samples
    n = len(samples)
    if "held_out" not in (choice.rate_choice, choice.epoch_choice):
        return [_Split(samples, samples[:0])]
    purpose = ("held out", request.experiment, request.class_name)
    if (groups := shared_groups(request.groups)) is not None:
        return _group_splits(request, groups, settings, derive_seed(seed, *purpose))
    order = stream(seed, *purpose).permutation(n)
    if n >= choice.tiny:
        n_held_out = max(1, round(n * choice.held_out_fraction))
        return [_Split(samples[order[n_held_out:]], samples[order[:n_held_out]])]
    folds = np.array_split(order, min(choice.folds, n))
    return [_Split(np.delete(samples, fold, axis=0), samples[fold]) for fold in folds]


def _group_splits(
    request: GanRequest, groups: NDArray[np.intp], settings: GanSettings, seed: int
) -> list[_Split]:
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
        return [_Split(samples[~aside], samples[aside])]
    folds, _ = stratified_folds(one_class, choice.folds, seed, groups)
    return [_Split(samples[training], samples[aside]) for training, aside in folds]


def _member(
    search: _Search,
    phase: Phase,
    rate: float,
    epochs: int,
    split: _Split,
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
    searches: list[_Search],
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


def _curve(runs: list[Trained], settings: GanSettings) -> Floats:
    """Return the curve that the rules look at, averaged over folds, as far as all are finite."""
    curve = settings.choice.curve
    chosen = [r.wasserstein if curve == "wasserstein" else r.critic_loss for r in runs]
    length = min(map(len, chosen))
    return np.mean([c[:length] for c in chosen], axis=0)


def _distances(runs: list[Trained]) -> tuple[Floats, NDArray[np.int64]]:
    """Energy distances per look, averaged over folds, and the epochs of the looks."""
    length = min(len(run.looks) for run in runs)
    mean = np.mean([run.looks[:length, 2] for run in runs], axis=0)
    return np.where(np.isfinite(mean), mean, np.inf), runs[0].look_epochs[:length]


def _smallest_distance(runs: list[Trained]) -> tuple[float, int]:
    distances, epochs = _distances(runs)
    if not np.isfinite(distances).any():
        return np.inf, 0
    best = int(np.argmin(distances))
    return float(distances[best]), int(epochs[best])


def _looked(runs: list[Trained], length: int) -> NDArray[np.int64]:
    """Return the epochs that were looked at among the first so many, as long as all are finite."""
    return runs[0].look_epochs[runs[0].look_epochs <= length]


def _measure(search: _Search, phase: Phase, settings: GanSettings) -> pd.DataFrame:
    """Tabulate what the rules see of every rate."""
    choice = settings.choice
    columns = ["phase", "rate", "smallest_above", "energy_distance", "instability", "speed"]
    columns += ["objective", "cut_epoch", "note"]
    rows = []
    for runs in search.runs:
        curve = _curve(runs, settings)
        above = [v for v in curve[_looked(runs, len(curve)) - 1] if v > choice.threshold]
        row: dict[str, Any] = dict.fromkeys(columns, np.nan) | {
            "phase": phase,
            "rate": runs[0].member.learning_rate,
            "smallest_above": min(above, default=np.nan),
            "energy_distance": _smallest_distance(runs)[0],
        }
        length, note = curves.cut(curve, choice) if len(curve) else (0, "no finite epoch")
        epochs = runs[0].member.epochs
        window = curves.window_of(epochs, choice)
        # a curve that ends in NaN is cut there
        row |= {"cut_epoch": length if length < epochs else np.nan, "note": note}
        if length >= window:
            row["instability"] = curves.instability(curve[:length], choice)
            row["speed"] = curves.speed(curve[:length], window)
            row["objective"] = choice.instability_weight * row["instability"] - row["speed"]
        rows.append(row)
    search.rates += rows
    return pd.DataFrame(rows)


def _first_smallest(values: pd.Series) -> int | None:
    finite = np.isfinite(values.to_numpy(dtype=float))
    return int(np.argmin(np.where(finite, values, np.inf))) if finite.any() else None


def _most_stable(search: _Search, table: pd.DataFrame, why: str) -> tuple[int, str]:
    best = _first_smallest(table["instability"])
    if best is None:
        search.notes.append(f"{why}; every rate diverged")
        return 0, "fallback: every rate diverged, first rate"
    search.notes.append(why)
    return best, "fallback: most stable"


def _choose_rate_1(search: _Search, settings: GanSettings) -> None:
    """Take the rate whose curve comes closest to 3 from above, or that with the best epoch."""
    choice = settings.choice
    table = _measure(search, "lr_1", settings)
    by_distance = choice.rate_choice == "held_out"
    best = _first_smallest(table["energy_distance" if by_distance else "smallest_above"])
    if best is not None:
        rule = "smallest energy distance" if by_distance else f"smallest above {choice.threshold:g}"
        runs = search.take(best)
        search.epochs_1 = [run.kept_epoch for run in runs]
        if by_distance:
            epoch = _smallest_distance(runs)[1]
            search.updates = _mean_updates(runs, [epoch] * len(runs))
        else:
            # a fold whose curve is never above the threshold has no say
            epoch = round(np.mean([e for e in search.epochs_1 if e] or [0]))
            search.updates = _mean_updates(runs, search.epochs_1)
    else:
        best, rule = _most_stable(search, table, f"lr_1: curve never above {choice.threshold:g}")
        runs = search.take(best)
        # what comes after the cut is no weights to go on from
        cut_epoch = int(table["cut_epoch"].fillna(runs[0].member.epochs)[best])
        epoch = int(_looked(runs, cut_epoch).max(initial=0))
        search.epochs_1 = [epoch] * len(runs)
        search.updates = _mean_updates(runs, search.epochs_1)
    search.row |= {
        "lr_1": runs[0].member.learning_rate,
        "lr_1_rule": rule,
        "epoch_1": epoch,
        "updates_1": round(search.updates),
    }


def _mean_updates(runs: list[Trained], epochs: Sequence[int]) -> float:
    """Average over the folds the critic updates up to an epoch; an epoch 0 has no say."""
    updates = [e * run.member.updates_per_epoch for run, e in zip(runs, epochs, strict=True) if e]
    return float(np.mean(updates or [0]))


def _start_from_first(searches: list[_Search], training: Training) -> None:
    """Hand the weights of the chosen epochs on to lr_2."""
    wanted = [(s, run, e) for s in searches for run, e in zip(s.best, s.epochs_1, strict=True)]
    reached = iter(_reach(wanted, "re-training, lr_1, chosen epochs", training))
    for search in searches:
        search.starts = [_weights_at(next(reached), epoch) for epoch in search.epochs_1]
        if not search.folded:
            search.whole_start = search.starts[0]


def _has_weights_at(run: Trained, epoch: int) -> bool:
    return epoch in (0, run.kept_epoch) or epoch == run.epochs == run.member.epochs


def _weights_at(run: Trained, epoch: int) -> Weights:
    """Return the weights after an epoch, of a training that has them."""
    if not epoch:
        return run.member.start
    return run.weights if epoch == run.kept_epoch else run.last


def _reach(
    wanted: list[tuple[_Search, Trained, int]], title: str, training: Training
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
        if not _has_weights_at(run, epoch)
    ]
    trained = iter(training.train(replays, title) if replays else ())
    reached = []
    for search, run, epoch in wanted:
        if _has_weights_at(run, epoch):
            reached.append(run)
        else:
            reached.append(next(trained))
            search.spend(reached[-1])
    return reached


def _train_whole(
    searches: list[_Search],
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
            _Split(samples, samples[:0]),
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


def _choose_rate_2(search: _Search, settings: GanSettings) -> None:
    """lr_2: smallest 3 * instability - speed, or smallest energy distance to set-aside samples."""
    table = _measure(search, "lr_2", settings)
    by_distance = settings.choice.rate_choice == "held_out"
    best = _first_smallest(table["energy_distance" if by_distance else "objective"])
    rule = "smallest energy distance" if by_distance else "smallest instability - speed"
    if best is None:
        best, rule = _most_stable(search, table, "lr_2: no rate qualified")
    search.row |= {"lr_2": search.take(best)[0].member.learning_rate, "lr_2_rule": rule}


def _choose_epoch(search: _Search, settings: GanSettings) -> None:
    """Choose the epoch of the lr_2 run: elbow of the curve, or smallest energy distance."""
    choice, runs = settings.choice, search.best
    if choice.epoch_choice == "held_out":
        epoch, rule = _smallest_distance(runs)[1], "smallest energy distance"
    else:
        curve = _curve(runs, settings)
        length, note = curves.cut(curve, choice)
        elbow = curves.find_elbow(curve[:length])
        looked = _looked(runs, length)
        epoch = int(looked[np.argmin(np.abs(looked - elbow.epoch))]) if len(looked) else 0
        rule = elbow.rule if elbow.rule == "elbow" else f"fallback: {elbow.rule}"
        search.notes += [text for text in (note, elbow.note) if text]
    if not epoch:
        rule = "fallback: diverged before the first look, weights of lr_1"
    search.updates = _mean_updates(runs, [epoch] * len(runs))
    search.row |= {
        "epoch_2": epoch,
        "epoch_2_rule": rule,
        "updates_2": round(search.updates),
    }


def _train_finals(
    searches: list[_Search], settings: GanSettings, seed: int, training: Training
) -> list[Generator]:
    """Return the generators at the chosen epochs; `_held_out_distance` asks for those of folds."""
    _train_whole(searches, "lr_2", settings, seed, training)
    wanted = [(s, run, s.row["epoch_2"]) for s in searches for run in s.best]
    reached = iter(_reach(wanted, "re-training, chosen epochs", training))
    generators = []
    for search in searches:
        runs = [next(reached) for _ in search.best]
        if search.folded:
            search.finals, weights = runs, search.whole_start
        else:
            weights = _weights_at(runs[0], search.row["epoch_2"])
        generators.append(Generator.from_weights(weights))
    return generators


def _finish(search: _Search, generator: Generator, seed: int) -> TrainedGan:
    request = search.request
    row = search.row | {"note": "; ".join(search.notes)}
    row |= _look_at(search)
    generated = generator.sample(N_DIAGNOSTIC, stream(seed, "diagnostics", request.name))
    row["effective_rank_generated"] = looks.effective_rank(generated[: len(request.samples)])
    row["effective_rank_real"] = looks.effective_rank(request.samples)
    trained_on = request.samples if search.folded else search.splits[0].training
    row["nn_distance_training"] = looks.nearest_distance(generated, trained_on)
    row["nn_distance_held_out"] = _held_out_distance(search, generated, seed)
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


def _look_at(search: _Search) -> dict[str, float]:
    """Wasserstein estimates and energy distance at the chosen epoch, averaged over folds."""
    names = ("wasserstein_training", "wasserstein_held_out", "energy_distance")
    runs, epoch = search.best, search.row["epoch_2"]
    values = [run.looks[run.look_epochs == epoch] for run in runs]
    values = [value for value in values if len(value)]
    if not values:
        return dict.fromkeys(names, np.nan)
    return dict(zip(names, np.concatenate(values).mean(axis=0), strict=True))


def _held_out_distance(search: _Search, generated: Floats, seed: int) -> float:
    if not search.folded:
        return looks.nearest_distance(generated, search.splits[0].held_out)
    # the final GAN has seen all samples: only the folds' own generators, at its epoch, can tell
    rng = stream(seed, "diagnostics", search.request.name, "folds")
    distances = []
    for run, split in zip(search.finals, search.splits, strict=True):
        generator = Generator.from_weights(_weights_at(run, search.row["epoch_2"]))
        distances.append(
            looks.nearest_distance(generator.sample(N_DIAGNOSTIC, rng), split.held_out)
        )
    return float(np.mean(distances))
