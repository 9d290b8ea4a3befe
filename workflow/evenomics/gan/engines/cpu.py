"""One training run per task, tasks over GIL-free threads, one core each, longest first.

Bit-equal whatever the number of threads: a run's arithmetic never depends on another's. Made
for CPUs, where one run's state kept hot in the cache beats a stack in lockstep.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from threading import Event
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evenomics.gan.arithmetic import AlphaDropout, Purpose, dropout_threshold
from evenomics.gan.checkpoint import State
from evenomics.gan.distances import N_GENERATED, energy_distance
from evenomics.gan.engines import cpu_kernels
from evenomics.gan.engines.base import ENGINES, Job, Report
from evenomics.gan.generator import run_network
from evenomics.gan.networks import Architecture
from evenomics.gan.run import TrainingRun

Array = NDArray[Any]


class Net(NamedTuple):
    """A network and its workspace, as the kernels take it.

    Attributes
    ----------
    flat, mean, square : ndarray of shape (n_parameters,)
        Parameters and Adam's moments.
    gradient : ndarray
        Room for the gradient of the largest layer.
    place : ndarray of int64, shape (n_layers, 3)
        Per layer: start in the flat vector, n_in, n_out.
    first_column : ndarray of int64, shape (n_layers,)
        Sum of the widths of the layers before; places a layer's rows in the flat buffers.
    n_columns : int
        Sum of the widths of all layers' inputs.
    left, right, slope : ndarray
        Flat buffers (see `cpu_kernels`) of 4 batches of rows for the critic, one for the generator.
    upper : ndarray
        Flat buffer of one batch of rows: the input gradient before a layer's slope.
    dropout : ndarray of shape (4,)
        Threshold, scale, shift and floor of alpha-dropout.
    """

    flat: Array
    mean: Array
    square: Array
    gradient: Array
    place: Array
    first_column: Array
    n_columns: int
    left: Array
    right: Array
    slope: Array
    upper: Array
    dropout: Array


class Plan(NamedTuple):
    """The numbers of a run's training, as the kernels take them."""

    batch: int
    critic_updates: int
    sgd: bool
    rate: float
    beta_1: float
    beta_2: float
    penalty: float
    per_feature: bool
    learns_penalty: bool
    learns_from_critic: bool
    alpha: float
    spectral: bool
    key: int
    bits: Array
    no_dropout: Array


class Players(NamedTuple):
    """Both networks, with room for batches of a size, and the numbers of a training in these."""

    generator: Net
    critic: Net
    plan: Plan


NO_DROPOUT = (0.0, 1.0, 0.0, 0.0)


def _net(
    flat: Array,
    mean: Array,
    square: Array,
    architecture: Architecture,
    batch: int,
    n_batches: int,
    rate: float,
) -> Net:
    layers = architecture.layers
    place = np.array([(layer.weight.start, layer.n_in, layer.n_out) for layer in layers])
    first_column = np.concatenate([[0], np.cumsum(place[:-1, 1])])
    n_columns = int(place[:, 1].sum())
    left, right, slope = (np.zeros(n_batches * batch * n_columns, flat.dtype) for _ in range(3))
    upper = np.zeros(batch * n_columns, flat.dtype)
    # of one layer at a time; or what an error becomes on its way through one
    n_gradient = max((layer.n_in + 1) * layer.n_out for layer in layers)
    n_error = n_batches * batch * max(layer.n_in for layer in layers)
    gradient = np.zeros(max(n_gradient, n_error), flat.dtype)
    dropout = AlphaDropout(dropout_threshold(rate))
    numbers = (dropout.threshold, dropout.scale, dropout.shift, dropout.floor)
    return Net(
        flat, mean, square, gradient, place, first_column, n_columns,
        left, right, slope, upper, np.array(numbers if dropout.threshold else NO_DROPOUT),
    )  # fmt: skip


@partial(ENGINES.register, "cpu")
def train_on_cpu(jobs: Sequence[Job], *, dtype: str, threads: int, report: Report) -> None:
    """Train runs on CPU cores."""
    stop = Event()
    # the products are small: a second BLAS thread only waits
    with threadpool_limits(1), ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            tasks = [
                pool.submit(_train, job, dtype, report, stop)
                for job in sorted(jobs, key=_cost, reverse=True)
            ]
            done, _ = wait(tasks, return_when=FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            # after an error or Ctrl-C nobody waits for more than the next evaluation
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _cost(job: Job) -> int:
    return (job.run.n_updates - job.updates) * job.run.work


def _train(job: Job, dtype: str, report: Report, stop: Event) -> None:
    run, state = job.run, job.begin()
    steps = run.updates_per_epoch
    players = _players(run, state, run.batch)
    generating = players
    if run.generator_batch != run.batch:
        generating = _players(run, state, run.generator_batch)
    samples = np.ascontiguousarray(run.samples, dtype)
    evaluator = _Evaluator(run, dtype)
    began = time.perf_counter()
    for index, epoch in enumerate(run.eval_epochs):
        done = state.updates // steps
        if epoch <= done:
            continue
        trained = cpu_kernels.train_epochs(
            players, generating, samples, _rows(run, done, int(epoch)), done,
            state.critic_loss, state.generator_loss, state.wasserstein,
        )  # fmt: skip
        diverged = trained < epoch - done or not np.isfinite(state.wasserstein[epoch - 1])
        # a run that has diverged to NaN is done: its records end there
        state.updates = run.n_updates if diverged else int(epoch) * steps
        if not diverged:
            state.evaluations[index] = evaluator.measure(state)
            value = state.value(run, index)
            if value < state.kept_value:
                state.kept_value, state.kept_epoch = value, int(epoch)
                state.kept_generator = state.generator.copy()
                state.kept_critic = state.critic.copy()
        now = time.perf_counter()
        state.seconds, began = state.seconds + now - began, now
        report(job, state.updates, lambda: state)
        if diverged or stop.is_set():
            return


def _players(run: TrainingRun, state: State, batch: int) -> Players:
    """Return the networks of a state with room for batches of a size: they share its weights."""
    start, betas = run.start, run.updates.adam_betas
    generator = _net(
        state.generator, state.generator_mean, state.generator_square,
        start.generator_architecture, batch, 1, run.generator_dropout,
    )  # fmt: skip
    critic = _net(
        state.critic, state.critic_mean, state.critic_square,
        start.critic_architecture, batch, 4, run.dropout,
    )  # fmt: skip
    widest = max(*start.hidden, *start.critic_hidden)
    plan = Plan(
        batch=batch,
        critic_updates=run.critic_updates,
        sgd=run.updates.optimiser == "sgd",
        rate=run.learning_rate,
        beta_1=betas[0],
        beta_2=betas[1],
        penalty=run.loss.gradient_penalty,
        per_feature=run.loss.penalty_norm == "per_feature",
        learns_penalty=run.loss.penalty_in_gradient,
        learns_from_critic=run.loss.critic_gradient,
        alpha=run.alpha,
        spectral=run.loss.spread_norm == "spectral",
        key=run.key,
        bits=np.zeros(3 * batch * widest + 4, np.uint16),
        no_dropout=np.array(NO_DROPOUT),
    )
    return Players(generator, critic, plan)


def _rows(run: TrainingRun, done: int, until: int) -> NDArray[np.int64]:
    """Return the samples of every update of some epochs, in order: a row per epoch."""
    n_epochs, steps = until - done, run.updates_per_epoch
    # a shuffle for every epoch, or for every update
    per_epoch, n_used = (1, steps * run.batch) if run.in_passes else (steps, run.batch)
    draws = np.empty((n_epochs * per_epoch, len(run.samples)), np.int64)
    cpu_kernels.fill_shuffles(run.key, done * per_epoch, draws)
    used = np.argsort(draws, kind="stable")[:, :n_used]
    return np.ascontiguousarray(used).reshape(n_epochs, -1)


class _Evaluator:
    """Measures what `State.evaluations` holds."""

    def __init__(self, run: TrainingRun, dtype: str) -> None:
        self.generator = run.start.generator_architecture
        self.critic = run.start.critic_architecture
        n_features = run.start.n_features
        self.noise = np.empty((N_GENERATED, n_features), dtype)
        base = np.uint64(cpu_kernels.event_base(run.key, np.uint64(Purpose.EVALUATION), 0))
        cpu_kernels.fill_normals(base, self.noise.reshape(-1))
        self.samples = run.samples.astype(dtype)
        self.held_out = run.held_out.astype(dtype)

    def measure(self, state: State) -> tuple[float, float, float]:
        fake = run_network(state.generator, self.generator, self.noise)
        level = run_network(state.critic, self.critic, fake).mean()
        training = run_network(state.critic, self.critic, self.samples).mean() - level
        if not len(self.held_out):
            return training, np.nan, np.nan
        held_out = run_network(state.critic, self.critic, self.held_out).mean() - level
        if not np.isfinite(fake).all():
            return training, held_out, np.nan
        return training, held_out, energy_distance(fake, self.held_out)
