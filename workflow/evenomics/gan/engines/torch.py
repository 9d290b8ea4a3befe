"""Training runs stacked as [n_runs, ...] tensors and trained in lockstep, on any device.

This is the readable reference, and the engine for a GPU: static shapes, data resident on the
device, no call inside the loop that waits for it. On CUDA the updates are captured once as graphs
and replayed. Runs of equal shapes share a stack whatever their samples, rates, alphas and
lengths; a stack is packed anew when half of it is done. A run does not depend on its company but
for rounding: the order in which a product is summed up can change with the size of the stack. The
CPU engine, where runs train alone, gives the same bits always.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from evenomics.gan.arithmetic import AlphaDropout, Purpose, dropout_threshold
from evenomics.gan.checkpoint import State
from evenomics.gan.distances import N_GENERATED
from evenomics.gan.engines import streams
from evenomics.gan.engines.base import ENGINES, Job, Report
from evenomics.gan.losses import critic_gradient, forward, generator_gradient
from evenomics.gan.run import TrainingRun

ADAM_EPSILON = 1e-8
# runs per stack on a CPU: more no longer fit its cache
CPU_STACK = 8
# times that an update runs before CUDA captures it
WARM_UP = 2


@partial(ENGINES.register, "torch")
def train_on_torch(jobs: Sequence[Job], *, dtype: str, threads: int, report: Report) -> None:
    """Train stacks of runs on the CPU, on one thread."""
    before = torch.get_num_threads()
    # two torch threads on two busy cores were measured ten times slower than one
    torch.set_num_threads(1)
    try:
        train_stacks(jobs, dtype, torch.device("cpu"), lambda _: CPU_STACK, report)
    finally:
        torch.set_num_threads(before)


def _shape(job: Job) -> tuple[object, ...]:
    run = job.run
    return (
        run.start.n_features,
        run.start.hidden,
        run.start.critic_hidden,
        run.batch,
        run.critic_updates,
        run.dropout,
        run.generator_dropout,
        run.loss,
        run.updates,
        bool(len(run.held_out)),
        job.updates,
    )


def train_stacks(
    jobs: Sequence[Job],
    dtype: str,
    device: torch.device,
    largest: Callable[[Job], int],
    report: Report,
) -> None:
    """Train runs in stacks of those that have the same shape."""
    groups: dict[tuple[object, ...], list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda job: -job.run.n_updates):
        groups[_shape(job)].append(job)
    for group in groups.values():
        size = largest(group[0])
        for first in range(0, len(group), size):
            pack = [(job, job.begin()) for job in group[first : first + size]]
            while pack:
                halfway = pack[len(pack) // 2][0].run.n_updates
                _Stack(pack, dtype, device).train(halfway, report)
                pack = [(job, state) for job, state in pack if job.run.n_updates > halfway]


class _Stack:
    """Runs in lockstep; the number of the critic update is their common clock."""

    def __init__(self, pack: list[tuple[Job, State]], dtype: str, device: torch.device) -> None:
        self.jobs, self.states = zip(*pack, strict=True)
        self.runs = runs = [job.run for job in self.jobs]
        states = self.states
        self.device, self.dtype = device, getattr(torch, dtype)
        first = runs[0]
        self.batch, self.critic_updates = first.batch, first.critic_updates
        self.generator_batch, self.in_passes = first.generator_batch, first.in_passes
        self.n_features, self.loss, self.moves = first.start.n_features, first.loss, first.updates
        self.architecture = first.start.generator_architecture
        self.critic_architecture = first.start.critic_architecture
        self.dropout = AlphaDropout(dropout_threshold(first.dropout))
        self.generator_dropout = AlphaDropout(dropout_threshold(first.generator_dropout))

        self.samples, self.sizes = self._pad([run.samples for run in runs])
        self.held_out, self.held_out_sizes = self._pad([run.held_out for run in runs])
        self.needs_held_out = self._integers([0, 1, 1]) == 1  # of an evaluation's records
        self.keys = self._integers([run.key for run in runs])
        self.steps = self._integers([run.updates_per_epoch for run in runs])
        self.rates = self._floats([run.learning_rate for run in runs])[:, None]
        self.alphas = self._floats([run.alpha for run in runs])
        self.epochs = self._integers([run.epochs for run in runs])
        self.eval_every = self._integers([run.eval_every for run in runs])
        self.keeps_last, self.keeps_held_out, self.by_wasserstein = (
            torch.tensor(flags, device=device)
            for flags in (
                [run.keep == "last" for run in runs],
                [run.keep == "held_out" for run in runs],
                [run.curve == "wasserstein" for run in runs],
            )
        )
        self.thresholds = self._floats([run.threshold for run in runs])

        self.generator = self._stack("generator")
        self.critic = self._stack("critic")
        self.generator_moments = (self._stack("generator_mean"), self._stack("generator_square"))
        self.critic_moments = (self._stack("critic_mean"), self._stack("critic_square"))
        # graphs are replayed one after the other and leave nothing behind: they share their memory
        self.pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        self.updates = states[0].updates
        self.clock = torch.tensor(self.updates, device=device)
        # places of the next records; tensors, so that a replayed graph moves them
        self.row = torch.zeros(1, dtype=torch.int64, device=device)
        self.generator_row = torch.zeros_like(self.row)
        self.kept_generator, self.kept_critic = (
            self._stack("kept_generator"),
            self._stack("kept_critic"),
        )
        self.kept_value = self._floats([state.kept_value for state in states])
        self.kept_updates = self._integers(
            [s.kept_epoch * r.updates_per_epoch for r, s in zip(runs, states, strict=True)]
        )
        self.eval_noise = streams.normals(
            self._words(
                Purpose.EVALUATION, torch.zeros_like(self.keys), self._noise_words(N_GENERATED)
            ),
            N_GENERATED * self.n_features,
            self.dtype,
        ).unflatten(1, (N_GENERATED, self.n_features))

    def _integers(self, values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.int64, device=self.device)

    def _floats(self, values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=self.dtype, device=self.device)

    def _stack(self, name: str) -> Tensor:
        arrays = np.stack([getattr(state, name) for state in self.states])
        return torch.as_tensor(arrays, dtype=self.dtype, device=self.device)

    def _pad(self, tables: list[np.ndarray]) -> tuple[Tensor, Tensor]:
        longest = max(len(table) for table in tables)
        padded = np.zeros((len(tables), longest, self.n_features))
        for row, table in zip(padded, tables, strict=True):
            row[: len(table)] = table
        sizes = self._integers([len(table) for table in tables])
        return torch.as_tensor(padded, dtype=self.dtype, device=self.device), sizes

    def _words(self, purpose: Purpose, index: Tensor, n_words: int) -> Tensor:
        return streams.words(self.keys, purpose, index, n_words)

    def _noise_words(self, rows: int) -> int:
        return streams.n_normal_words(rows * self.n_features)

    def _noise(self, words: Tensor, rows: int) -> Tensor:
        drawn = words[:, : self._noise_words(rows)]
        numbers = streams.normals(drawn, rows * self.n_features, self.dtype)
        return numbers.unflatten(1, (rows, self.n_features))

    def _mask_words(self, rows: int, widths: Sequence[int], dropout: AlphaDropout) -> int:
        return sum(streams.n_mask_words(rows * w) for w in widths) if dropout.threshold else 0

    def _masks(
        self, words: Tensor, rows: int, widths: Sequence[int], dropout: AlphaDropout
    ) -> list[Tensor] | None:
        if not dropout.threshold:
            return None
        masks, start = [], 0
        for width in widths:
            end = start + streams.n_mask_words(rows * width)
            kept = streams.keep_mask(words[:, start:end], rows * width, dropout.threshold)
            masks.append(kept.unflatten(1, (rows, width)))
            start = end
        return masks

    def _batch(self) -> Tensor:
        """Rows of this update, from the shuffle of the run's samples for this epoch or update."""
        longest = self.samples.shape[1]
        if self.in_passes:
            shuffle = self.clock // self.steps
            start = (self.clock % self.steps)[:, None] * self.batch
        else:
            shuffle, start = self.clock, 0
        order = self._words(Purpose.SHUFFLE, shuffle, longest) & 0x7FFFFFFFFFFFFFFF
        place = torch.arange(longest, device=self.device)
        order = torch.where(place < self.sizes[:, None], order, 0x7FFFFFFFFFFFFFFF)
        shuffled = torch.argsort(order, dim=1, stable=True)
        places = start + torch.arange(self.batch, device=self.device)
        rows = shuffled.gather(1, places.expand(len(shuffled), -1))
        return self.samples.gather(1, rows[:, :, None].expand(-1, -1, self.n_features))

    def _generate(self, noise: Tensor, masks: list[Tensor] | None) -> Tensor:
        return forward(self.generator, self.architecture, noise, masks, self.generator_dropout)[0]

    def _criticise(self, x: Tensor) -> Tensor:
        return forward(self.critic, self.critic_architecture, x, None, self.dropout)[0][:, :, 0]

    def _move(
        self, flat: Tensor, gradient: Tensor, moments: tuple[Tensor, Tensor], step: Tensor
    ) -> None:
        """Move parameters along their gradient, by Adam or by plain gradient descent."""
        if self.moves.optimiser == "sgd":
            flat.addcmul_(gradient, self.rates, value=-1)
            return
        mean, square = moments
        beta_1, beta_2 = self.moves.adam_betas
        mean.lerp_(gradient, 1 - beta_1)
        square.mul_(beta_2).addcmul_(gradient, gradient, value=1 - beta_2)
        exponent = step.to(torch.float64)
        correction_1 = (1 - beta_1**exponent).to(self.dtype)
        correction_2 = (1 - beta_2**exponent).sqrt().to(self.dtype)
        # mean / correction_1 over sqrt(square) / correction_2 + epsilon, in fewer passes
        direction = mean / square.sqrt().add_(ADAM_EPSILON * correction_2)
        flat.addcmul_(direction, self.rates * (-correction_2 / correction_1))

    def _update_critic(self, records: "_Records") -> None:
        real = self._batch()
        batch, hidden = self.batch, self.critic_architecture.hidden
        n_noise = self._noise_words(batch)
        n_generator = self._mask_words(batch, self.architecture.hidden, self.generator_dropout)
        n_critic = self._mask_words(3 * batch, hidden, self.dropout)
        words = self._words(Purpose.CRITIC, self.clock, n_noise + batch + n_critic + n_generator)
        noise, position, critic_words, generator_words = torch.split(
            words, [n_noise, batch, n_critic, n_generator], dim=1
        )
        masks = self._masks(
            generator_words, batch, self.architecture.hidden, self.generator_dropout
        )
        fake = self._generate(self._noise(noise, batch), masks)
        loss, gradient = critic_gradient(
            self.critic,
            self.critic_architecture,
            real,
            fake,
            streams.uniforms(position, self.dtype)[:, :, None],
            self._masks(critic_words, 3 * batch, hidden, self.dropout),
            self.dropout,
            self.loss,
        )
        self.clock += 1
        self._move(self.critic, gradient, self.critic_moments, self.clock)
        value = self._criticise(torch.cat([real, fake], dim=1))
        records.critic_loss.index_copy_(0, self.row, loss[None])
        distance = value[:, :batch].mean(1) - value[:, batch:].mean(1)
        records.wasserstein.index_copy_(0, self.row, distance[None])
        self.row += 1

    def _update_generator(self, records: "_Records") -> None:
        batch, hidden = self.generator_batch, self.critic_architecture.hidden
        n_noise = self._noise_words(batch)
        n_generator = self._mask_words(batch, self.architecture.hidden, self.generator_dropout)
        n_critic = self._mask_words(batch, hidden, self.dropout)
        index = self.clock // self.critic_updates
        words = self._words(Purpose.GENERATOR, index - 1, n_noise + n_critic + n_generator)
        noise, critic_words, generator_words = torch.split(
            words, [n_noise, n_critic, n_generator], dim=1
        )
        loss, gradient = generator_gradient(
            self.generator,
            self.architecture,
            self.critic,
            self.critic_architecture,
            self._noise(noise, batch),
            self._masks(generator_words, batch, self.architecture.hidden, self.generator_dropout),
            self._masks(critic_words, batch, hidden, self.dropout),
            self.generator_dropout,
            self.dropout,
            self.alphas,
            self.loss,
        )
        self._move(self.generator, gradient, self.generator_moments, index)
        records.generator_loss.index_copy_(0, self.generator_row, loss[None])
        self.generator_row += 1

    def _evaluate(self) -> Tensor:
        """Measure an evaluation's records, [n_runs, 3] (see `State.evaluations`)."""
        fake = self._generate(self.eval_noise, None)
        level = self._criticise(fake).mean(1)
        columns = []
        for table, sizes in ((self.samples, self.sizes), (self.held_out, self.held_out_sizes)):
            place = torch.arange(table.shape[1], device=self.device)
            share = (place < sizes[:, None]) / sizes[:, None].to(self.dtype)
            columns.append((self._criticise(table) * share).sum(1) - level)
        across = (_distances(fake, self.held_out) * share[:, None]).sum((1, 2)) / N_GENERATED
        within = _distances(fake, fake).mean((1, 2))
        among = _distances(self.held_out, self.held_out)
        among = (among * share[:, None] * share[:, :, None]).sum((1, 2))
        columns.append(2 * across - within - among)
        records = torch.stack(columns, dim=1)
        missing = (self.held_out_sizes == 0)[:, None] & self.needs_held_out
        return torch.where(missing, math.nan, records)

    def train(self, until: int, report: Report) -> None:
        """Train up to a number of critic updates; runs that are done before idle along.

        Nothing in here waits for the device, but for a state that `report` asks for.
        """
        started = time.perf_counter()
        began = self.updates
        records = _Records(began, until, self)
        update_critic = self._capture(lambda: self._update_critic(records))
        update_generator = self._capture(lambda: self._update_generator(records))
        schedule: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for k, run in enumerate(self.runs):
            for index, epoch in enumerate(run.eval_epochs):
                at = int(epoch) * run.updates_per_epoch
                if began < at <= until:
                    schedule[at].append((k, index))
        for at in sorted({*schedule, until}):
            while self.updates < at:
                update_critic()
                self.updates += 1
                if self.updates % self.critic_updates == 0:
                    update_generator()
            if at in schedule:
                self._keep_best(records, schedule[at])
            for k, _ in schedule[at]:
                state = partial(self._unloaded, k, records, started)
                report(self.jobs[k], at, state)
                if at == self.runs[k].n_updates:
                    self.rates[k] = 0.0
        self._unload(records, started)

    def _keep_best(self, records: "_Records", evaluated: list[tuple[int, int]]) -> None:
        """Keep the weights of the runs evaluated where they are their best so far."""
        measured = self._evaluate()
        records.evaluations.append((evaluated, measured))
        wasserstein = records.wasserstein[self.updates - records.began - 1]
        epoch = self.clock // self.steps
        due = (self.clock % self.steps == 0) & (epoch <= self.epochs)
        due &= (epoch % self.eval_every == 0) | (epoch == self.epochs)

        # see `State.value`
        critic_loss = records.mean_of_epoch(self.updates, self.steps)
        curve = torch.where(self.by_wasserstein, wasserstein, critic_loss)
        above = torch.where(curve > self.thresholds, curve, math.inf)
        value = torch.where(self.keeps_last, -epoch.to(self.dtype), above)
        value = torch.where(self.keeps_held_out, measured[:, 2], value)
        finite = torch.isfinite(wasserstein) & torch.isfinite(measured[:, 0])

        better = due & finite & (value < self.kept_value)
        self.kept_value = torch.where(better, value, self.kept_value)
        self.kept_updates = torch.where(better, self.clock, self.kept_updates)
        self.kept_generator = torch.where(better[:, None], self.generator, self.kept_generator)
        self.kept_critic = torch.where(better[:, None], self.critic, self.kept_critic)

    def _unloaded(self, k: int, records: "_Records", started: float) -> State:
        self._unload(records, started)
        return self.states[k]

    def _unload(self, records: "_Records", started: float) -> None:
        """Bring all that has happened so far into the states."""
        if records.unloaded == self.updates:
            return
        arrays = {
            "generator": self.generator,
            "critic": self.critic,
            "generator_mean": self.generator_moments[0],
            "generator_square": self.generator_moments[1],
            "critic_mean": self.critic_moments[0],
            "critic_square": self.critic_moments[1],
            "kept_generator": self.kept_generator,
            "kept_critic": self.kept_critic,
        }
        training = {
            k: run for k, run in enumerate(self.runs) if self.states[k].updates < run.n_updates
        }
        for name, tensor in arrays.items():
            on_host = tensor.cpu().numpy()
            for k in training:
                setattr(self.states[k], name, on_host[k].copy())
        kept_value, kept_updates = self.kept_value.tolist(), self.kept_updates.tolist()
        records.store(self.states, self.runs, self.updates)
        # not before: what has been asked of the device is done now
        elapsed = time.perf_counter() - started
        for k, run in training.items():
            state = self.states[k]
            state.updates = self.updates
            state.kept_value = kept_value[k]
            state.kept_epoch = kept_updates[k] // run.updates_per_epoch
            state.seconds += (elapsed - records.seconds) / len(training)
        records.seconds, records.unloaded = elapsed, self.updates

    def _capture(self, update: Callable[[], None]) -> Callable[[], None]:
        """On CUDA, record the update as a graph to replay; elsewhere return it as it is."""
        if self.device.type != "cuda":
            return update
        self._warm_up(update)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            update()
        return graph.replay

    def _warm_up(self, update: Callable[[], None]) -> None:
        """Run an update as often as CUDA wants before a capture, and put the runs back."""
        mutable = [self.generator, self.critic, *self.generator_moments, *self.critic_moments]
        mutable += [self.clock, self.row, self.generator_row]
        before = [tensor.clone() for tensor in mutable]
        for _ in range(WARM_UP):
            update()
        for tensor, value in zip(mutable, before, strict=True):
            tensor.copy_(value)


class _Records:
    """What happens between two packings of a stack, in tensors on the device."""

    def __init__(self, began: int, until: int, stack: _Stack) -> None:
        self.began, self.critic_updates = began, stack.critic_updates
        self.generator_began = began // stack.critic_updates
        # an epoch of a run can have begun before
        self.longest = max(run.updates_per_epoch for run in stack.runs)
        before = max(0, began - self.longest)
        losses = [state.critic_loss[before:began] for state in stack.states]
        self.before = torch.as_tensor(
            np.stack(losses, axis=1), dtype=stack.dtype, device=stack.device
        )
        n_generator = until // stack.critic_updates - self.generator_began
        # the warm-up writes records as well, which the first updates then write over
        self.critic_loss, self.wasserstein, self.generator_loss = (
            self.before.new_full((max(n, WARM_UP), len(stack.runs)), math.nan)
            for n in (until - began, until - began, n_generator)
        )
        self.evaluations: list[tuple[list[tuple[int, int]], Tensor]] = []
        self.seconds = 0.0
        self.unloaded = began

    def mean_of_epoch(self, updates: int, steps: Tensor) -> Tensor:
        """Return the mean loss of the critics over so many last updates, [n_runs]."""
        done = updates - self.began
        losses = torch.cat([self.before, self.critic_loss[max(0, done - self.longest) : done]])
        age = torch.arange(len(losses), 0, -1, device=losses.device)[:, None]
        return torch.where(age <= steps, losses, 0.0).sum(0) / steps

    def store(self, states: Sequence[State], runs: Sequence[TrainingRun], updates: int) -> None:
        """Write the records into the runs' states."""
        critic_loss = self.critic_loss.cpu().numpy()
        wasserstein = self.wasserstein.cpu().numpy()
        generator_loss = self.generator_loss.cpu().numpy()
        for k, (run, state) in enumerate(zip(runs, states, strict=True)):
            steps, end = run.updates_per_epoch, min(updates, run.n_updates)
            state.critic_loss[self.began : end] = critic_loss[: end - self.began, k]
            n_generator = end // self.critic_updates - self.generator_began
            state.generator_loss[self.generator_began :][:n_generator] = generator_loss[
                :n_generator, k
            ]
            epochs = np.arange(self.began // steps + 1, end // steps + 1)
            state.wasserstein[epochs - 1] = wasserstein[epochs * steps - 1 - self.began, k]
        for evaluated, measured in self.evaluations:
            values = measured.cpu().numpy()
            for k, index in evaluated:
                states[k].evaluations[index] = values[k]
        self.evaluations.clear()


def _distances(x: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
