"""What the jobs of a study cost in time, memory and disk, by the model of ``docs/costs.md``.

Numbers are of a run from scratch. `evenomics.config.estimate` says them to users and clusters.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from evenomics.config.arms import Gan, Grid, arm_entry, arm_settings, gans_of, over_represented
from evenomics.config.experiments import experiment_grid, training_draws
from evenomics.config.names import IN_FOLDS, names
from evenomics.config.replicates import n_replicates, split_of
from evenomics.config.source import Size

# Memory of a job that has nothing to do, and of a worker process beside it: their libraries.
_JOB_BYTES, _WORKER_BYTES = 0.5e9, 0.2e9
# Memory per value of a table: its text, the cells of a line, numbers and a copy of them.
_READING = 100
# A classifier whose entry in names.yaml does not say what it costs.
_DEAREST: dict[str, Any] = {
    "points": 15,
    "microseconds": {"fit": 25_000, "sample": 100, "value": 4, "pair": 0},
}
# Disk per value of a table, compressed, with all digits.
_WRITTEN = 9
# Disk per prediction of a classifier for a sample, compressed.
_PREDICTED = 14


def n_parameters(n_features: int, hidden: Sequence[int]) -> tuple[int, int]:
    """Return the numbers of parameters of a generator and of its critic."""
    generator = [n_features, *hidden, n_features]
    critic = [n_features, *reversed(hidden), 1]
    n_generator, n_critic = (
        sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))
        for widths in (generator, critic)
    )
    return n_generator, n_critic - 1  # the critic's last layer has no bias


@dataclass(frozen=True)
class Runs:
    """Training runs of one shape.

    Attributes
    ----------
    n : int
        How many.
    n_features : int
    hidden : sequence of int
        Widths of the hidden layers.
    batch : int
        Samples per update.
    epochs : int
    updates : int
        Critic updates.
    critic_updates : int
        Critic updates per generator update.
    eval_every : int
        Epochs between two evaluations.
    generator_batch : int or None
        Samples generated per generator update; None for as many as in an update of the critic.

    Examples
    --------
    >>> runs = Runs(6, 150, (50, 100, 200), 10, 5000, 5000, 2, 20)
    >>> f"{runs.seconds:.0f} s, {runs.thread_bytes / 1e6:.0f} and {runs.disk / 1e6:.0f} MB"
    '15 s, 5 and 6 MB'
    """

    n: int
    n_features: int
    hidden: Sequence[int]
    batch: int
    epochs: int
    updates: int
    critic_updates: int
    eval_every: int
    generator_batch: int | None = None

    @property
    def n_parameters(self) -> int:
        """Parameters of both networks."""
        return sum(n_parameters(self.n_features, self.hidden))

    @property
    def seconds(self) -> float:
        """Time of all of them on one core, with the CPU engine."""
        n = self.n_parameters
        # twice as long where weights and moments do not fit the cache
        ns = 0.5 + 0.5 * n / (n + 1e6)
        generated = self.generator_batch or self.batch
        rows = 0.4 * (self.batch + 5) + 0.2 / self.critic_updates * (generated + 5)
        return self.n * self.updates * rows * 1e-9 * ns * n

    @property
    def record_bytes(self) -> float:
        """Losses of every update, and evaluations, of one of them."""
        per_update, per_epoch = 1 + 1 / self.critic_updates, 1 + 3 / self.eval_every
        return 8 * (self.updates * per_update + self.epochs * per_epoch)

    @property
    def thread_bytes(self) -> float:
        """Memory of a thread of the CPU engine, which trains one at a time."""
        # batches of another size have rows of their own
        other = self.generator_batch if self.generator_batch != self.batch else None
        batches = self.batch + (other or 0)
        rows = 4 * batches * (13 + 4) * (self.n_features + sum(self.hidden))
        return 36 * self.n_parameters + rows + self.record_bytes

    @property
    def disk(self) -> float:
        """Bytes of their checkpoints."""
        return self.n * (8 * self.n_parameters + self.record_bytes)


@dataclass(frozen=True)
class BalancedSet:
    """What classifiers are trained on: an arm on a training draw, at one setting.

    Attributes
    ----------
    draw : int
    arm : str
    n_drawn, n_added : int
        Samples of the draw, and those of the arm; it may also remove some.
    n_repeats : int
        How often it is made anew.

    Examples
    --------
    >>> BalancedSet(0, "smote", n_drawn=56, n_added=24, n_repeats=100).n_samples
    80
    """

    draw: int
    arm: str
    n_drawn: int
    n_added: int
    n_repeats: int

    @property
    def n_samples(self) -> int:
        """All samples."""
        return self.n_drawn + self.n_added


class Costs:
    """What the jobs of a study and selection cost.

    Parameters
    ----------
    config : mapping
        With its defaults.
    study, selection : str
    size : Size
        Of the cohorts after the selection.
    n_measured : int, optional
        Features before the selection, if there are more.

    Attributes
    ----------
    seconds : dict of str to float
        Core-seconds of each stage.
    longest : dict of str to float
        Seconds of the longest task of a stage, which no number of cores makes shorter.

    Examples
    --------
    >>> from evenomics.config.validation import validated
    >>> study = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}
    >>> costs = Costs(validated({"studies": {"s": study}}), "s", "none", Size(150, 2000, 300, 700))
    >>> {stage: round(seconds / 60) for stage, seconds in costs.seconds.items()}
    {'other': 1, 'select': 0, 'pretrain': 2, 'retrain': 539, 'score_arms': 158}
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        study: str,
        selection: str,
        size: Size,
        n_measured: int | None = None,
    ) -> None:
        self.config, self.study, self.selection, self.size = config, study, selection, size
        self.n_measured = n_measured or size.n_features
        #: the study's section of the config
        self.options = options = config["studies"][study]
        self.classes: list[str] = options["classes"]
        self.hidden: list[int] = options["gan"]["networks"]["hidden"]
        self.n_replicates, self.splits = n_replicates(options), bool(split_of(options["cohorts"]))
        # cohorts of their own have the splits of a table only
        self.n_cohorts = self.n_replicates if self.splits else 1
        scoring = self._scoring_seconds()
        self.seconds = {
            "other": self._other_seconds(),
            "select": self.n_cohorts * self._selection_seconds(),
            "pretrain": self._training_seconds(self.pretraining),
            "retrain": self._training_seconds(self.retraining),
            "score_arms": sum(scoring.values()),
        }
        # a run at learning rate 2 waits for one at learning rate 1
        one_run = 2 * max((runs.seconds / runs.n for runs in self.retraining), default=0.0)
        on_cores = config["engine"] in ("auto", "cpu")
        self.longest = {
            **self.seconds,
            "select": 0.0,
            "pretrain": self.seconds["pretrain"] / self.n_cohorts,
            "retrain": one_run if on_cores else self.seconds["retrain"],
            "score_arms": max(scoring.values()),
        }

    @cached_property
    def draws(self) -> list[dict[str, int]]:
        """Samples of each class in each training draw."""

        # where nothing is known of their classes, they count as equal
        def equal(n_samples: int) -> dict[str, int]:
            return dict.fromkeys(self.classes, max(1, n_samples // len(self.classes)))

        cohort = {**equal(self.size.n_real), **self.size.class_counts}
        given = {name: equal(n_samples) for name, n_samples in self.size.n_given.items()}
        grid = experiment_grid(self.options["experiments"])
        wanted = training_draws(grid, self.n_replicates, self.splits)
        return [e.counts(self.classes, cohort) or given.get(e.given, cohort) for e, _ in wanted]

    @property
    def _trained_folds(self) -> int:
        """Folds of a draw that have scalers and GANs of their own."""
        scoring = self.options["scoring"]
        return int(scoring["folds"]) if scoring["tuning"] in IN_FOLDS else 0

    @property
    def entries(self) -> dict[str, Mapping[str, Any]]:
        """What is known of each arm."""
        return {arm: arm_entry(arm, self.options["samplers"]) for arm in self.options["arms"]}

    def gans(self, counts: Mapping[str, int]) -> list[Gan]:
        """Return the GANs of a draw, without those of its folds."""
        return gans_of(self.entries.values(), self.options["alphas"], counts, self.classes)

    @property
    def n_gans(self) -> int:
        """Number of the GANs of all draws, with those of their folds."""
        return (1 + self._trained_folds) * sum(len(self.gans(counts)) for counts in self.draws)

    @property
    def _n_gans_together(self) -> float:
        """GANs of a replicate, and those of a fold: what re-training has in memory."""
        of_replicate = self.n_gans / (1 + self._trained_folds) / self.n_replicates
        return of_replicate * (2 if self._trained_folds else 1)

    def _runs(
        self, n: int, n_samples: int, batch: int, epochs: int, critic_updates: int, layers: int
    ) -> Runs:
        hidden, batch = self.hidden[:layers], min(batch, n_samples)
        gan = self.options["gan"]
        plan, every = gan["updates"], gan["choice"]["eval_every"]
        updates = epochs * (n_samples // batch if plan["epoch"] == "pass" else critic_updates)
        return Runs(
            n, self.size.n_features, hidden, batch, epochs, updates, critic_updates, every,
            plan["generator_batch"],
        )  # fmt: skip

    @cached_property
    def pretraining(self) -> list[Runs]:
        """A run for each hidden layer and external cohort, if an arm needs pre-trained GANs."""
        if all(entry.get("gan") != "transfer" for entry in self.entries.values()):
            return []
        plan = self.options["gan"]["pretraining"]
        stages = enumerate(zip(plan["epochs"], plan["critic_updates"], strict=True), 1)
        return [
            self._runs(
                self.n_cohorts, self.size.n_external, plan["batch_size"], epochs, updates, layers
            )
            for layers, (epochs, updates) in stages
        ]

    @cached_property
    def retraining(self) -> list[Runs]:
        """The runs of all GANs, at both learning rates."""
        return [
            runs
            for counts in self.draws
            for label, _, _ in self.gans(counts)
            for runs in self._search(counts[label], label == over_represented(counts, self.classes))
        ]

    def _search(self, n_samples: int, over: bool) -> Iterator[Runs]:
        """Go through the runs of a GAN."""
        plan, choice = self.options["gan"]["retraining"], self.options["gan"]["choice"]
        n_folds, n_held_out = 1, 0
        if "held_out" in (choice["rate_choice"], choice["epoch_choice"]):
            if n_samples < choice["cross_validate_below"]:
                n_folds = min(choice["folds"], n_samples)
                n_held_out = n_samples // n_folds
            else:
                n_held_out = max(1, round(n_samples * choice["held_out_fraction"]))
        batch = plan["batch_size_over" if over else "batch_size_under"]
        for phase in ("1", "2"):
            n_rates, epochs = len(plan[f"learning_rates_{phase}"]), plan[f"epochs_{phase}"]
            shape = (plan["critic_updates"], len(self.hidden))
            n_training = max(1, n_samples - n_held_out)
            yield self._runs(n_rates * n_folds, n_training, batch, epochs, *shape)
            if phase == "2" and plan["final_epochs"] is not None:
                epochs = plan["final_epochs"]
                yield self._runs(n_folds, n_training, batch, epochs, *shape)
            half = max(1, epochs // 2)
            if n_folds > 1:  # and on all samples, up to the chosen epoch: half-way, say
                yield self._runs(1, n_samples, batch, half, *shape)
            if n := self._trained_folds:
                yield self._runs(n, max(1, n_samples - n_samples // n), batch, half, *shape)

    def _training_seconds(self, runs: Collection[Runs]) -> float:
        """Return the time of training on one core. That of a GPU is not known."""
        factor = {"cuda": 0, "torch": 7}.get(self.config["engine"], 1)
        return factor * sum(run.seconds for run in runs)

    def _other_seconds(self) -> float:
        """Return the time of imports, tables, figures, pages, and scalers."""
        values = self.n_cohorts * self.size.n_samples * self.n_measured
        n_scalers = len(self.draws) * (1 + self._trained_folds)
        return 30 + 10e-6 * values + 0.3e-3 * n_scalers * self.size.n_features

    def _selection_seconds(self) -> float:
        """Return the time of LASSO and elastic net: two models per split, fold and penalty."""
        steps, plan = names("selections")[self.selection]["steps"], self.options["selection"]
        if "lasso_en" not in steps:
            return 0.0
        n_features = self.n_measured
        if "deg" in steps:
            n_features = min(n_features, plan["deg"]["n_features"])
        n_fits = 2 * math.prod(plan["lasso_en"][key] for key in ("repeats", "folds", "n_penalties"))
        return 0.3e-6 * n_fits * self.size.n_real * n_features

    def training_sets(self) -> Iterator[BalancedSet]:
        """Go through what classifiers are trained on: every draw, arm and setting."""
        for draw, counts in enumerate(self.draws):
            n_drawn = sum(counts.values())
            for arm, entry in self.entries.items():
                if entry.get("chooses"):  # of what other arms have found
                    continue
                size = min(counts.values()) if entry.get("removes") else max(counts.values())
                n_equal = n_drawn if entry.get("unchanged") else len(counts) * size
                n_repeats = 1 if entry.get("unchanged") else self.options["scoring"]["repeats"]
                for setting in arm_settings(entry, Grid.of(self.options)):
                    n_added = round(n_equal * (1 + (setting.multiplier or 0))) - n_drawn
                    yield BalancedSet(draw, arm, n_drawn, n_added, n_repeats)

    def _scoring_seconds(self) -> Counter[tuple[int, str]]:
        """Return the time of every draw and arm."""
        scoring, n_classes = self.options["scoring"], len(self.classes)
        n_folds, factor = scoring["folds"], n_classes if n_classes > 2 else 1
        predicting = 0.015 + 30e-6 * self.size.n_validation
        seconds: Counter[tuple[int, str]] = Counter()
        for of in self.training_sets():
            for classifier in scoring["classifiers"]:
                entry = {**_DEAREST, **names("classifiers")[classifier]}
                in_fold = of.n_samples - of.n_samples // n_folds
                n_points = self._n_points(classifier, entry)
                tuning = n_points * n_folds * self._fit_seconds(entry, in_fold)
                # the point that wins takes longer than the others
                repeat = 1.5 * self._fit_seconds(entry, of.n_samples) + predicting
                seconds[of.draw, of.arm] += factor * (tuning + of.n_repeats * repeat)
        return seconds

    def _n_points(self, classifier: str, entry: Mapping[str, Any]) -> int:
        """Return the points of a grid that are fitted in all folds."""
        scoring = self.options["scoring"]
        if scoring["tuning"] == "draw" or scoring["hyper_parameters"]:
            return 1
        if classifier in scoring["grids"]:
            grid = scoring["grids"][classifier]
            return sum(math.prod(map(len, section.values())) for section in grid)
        return int(entry["points"])

    def _fit_seconds(self, entry: Mapping[str, Any], n: int) -> float:
        cost = entry["microseconds"]
        per_sample = cost["sample"] + cost["value"] * self.size.n_features
        return 1e-6 * float(cost["fit"] + n * per_sample + n**2 * cost["pair"])

    def memory(self, threads: int) -> dict[str, float]:
        """Return the memory of the largest jobs in bytes, each with so many threads.

        Parameters
        ----------
        threads : int

        Returns
        -------
        dict of str to float
            By stage. Pre-training has one thread for each external cohort at most.
        """
        size, p = self.size, self.size.n_features
        drawn = [sum(counts.values()) for counts in self.draws]
        n_balanced = max(balanced.n_samples for balanced in self.training_sets())
        # all folds at a time, and the histograms of gradient boosting
        folds, bins = 8 * (self.options["scoring"]["folds"] + 3) * n_balanced, min(255, n_balanced)
        worker = (
            folds + bins * (60 + 0.6 * bins) + _READING * (size.n_validation + max(drawn))
        ) * p
        jobs = {
            "load": _READING * size.n_samples * self.n_measured,
            "pretrain": bool(self.pretraining)
            * (
                (_READING + 8 * self.n_cohorts) * size.n_external * p
                + self._engine_bytes(self.pretraining, min(threads, self.n_cohorts))
            ),
            "retrain": bool(self.retraining)
            * (
                # of a replicate: its draws, its GANs, and those of a fold
                (_READING * max(drawn) + 60 * sum(drawn) / self.n_replicates) * p
                + 10 * self._n_gans_together * sum(n_parameters(p, self.hidden))
                + self._engine_bytes(self.retraining, threads)
            ),
            "score_arms": threads * (worker + _WORKER_BYTES * (threads > 1)),
        }
        return {stage: _JOB_BYTES + n_bytes for stage, n_bytes in jobs.items()}

    def _engine_bytes(self, runs: Collection[Runs], threads: int) -> float:
        """Return the memory of training runs: one per thread, or a stack of eight of torch's."""
        if not runs:
            return 0.0
        largest = max(runs, key=lambda run: run.thread_bytes)
        if self.config["engine"] == "cuda":  # what starts and ends a stack, of 100M parameters
            n = min(sum(run.n for run in runs), 1 + 1e8 / largest.n_parameters)
            return n * (16 * largest.n_parameters + largest.record_bytes)
        if self.config["engine"] == "torch":
            return 8 * (100 * largest.n_parameters + largest.record_bytes)
        return threads * largest.thread_bytes

    @property
    def checkpoint_bytes(self) -> float:
        """Disk of the checkpoints of all training runs."""
        return sum(run.disk for run in (*self.pretraining, *self.retraining))

    @property
    def result_bytes(self) -> float:
        """Disk of all other results."""
        p = self.size.n_features
        n_drawn = sum(sum(counts.values()) for counts in self.draws)
        n_added = sum(max(0, balanced.n_added) for balanced in self.training_sets())
        values = self.n_cohorts * self.size.n_samples * (self.n_measured + p)
        values += (n_drawn + n_added) * p
        n_predictions = self.size.n_validation * len(self.options["scoring"]["classifiers"])
        n_predictions *= sum(balanced.n_repeats for balanced in self.training_sets())
        n_generator, n_critic = n_parameters(p, self.hidden)
        # a generator is kept as it is trained, and with its output set, which has noise of the draw
        weights = (2 * n_generator + p * n_drawn / len(self.draws)) * self.n_gans
        weights += (n_generator + n_critic) * bool(self.pretraining)
        figures = 2e6 + 5e6 * len(self.draws) / self.n_replicates
        return _WRITTEN * values + _PREDICTED * n_predictions + 4 * weights + figures
