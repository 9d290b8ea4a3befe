"""What is compared in training: our engines, a textbook loop, and bare matrix products.

A cycle is 2 critic updates and 1 generator update of one run at the settings of the paper's
re-training, in float32.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from bench.harness import Contender
from evenomics.gan.engines.base import Training
from evenomics.gan.networks import Architecture, initial_weights
from evenomics.gan.run import TrainingRun
from evenomics.gan.settings import GanSettings

SETTINGS = GanSettings()
HIDDEN = SETTINGS.networks.hidden
N_FEATURES = 150


def make_run(
    batch: int, n_features: int = N_FEATURES, hidden: tuple[int, ...] = HIDDEN
) -> TrainingRun:
    """Make a run of the paper's re-training: six batches of samples an epoch."""
    rng = np.random.default_rng(0)
    retraining, choice = SETTINGS.retraining, SETTINGS.choice
    return TrainingRun(
        name="benchmark",
        samples=rng.normal(size=(6 * batch, n_features)),
        held_out=np.empty((0, n_features)),
        start=initial_weights(n_features, hidden, rng),
        key=0,
        epochs=retraining.epochs_1,
        batch_size=batch,
        learning_rate=1e-4,
        alpha=1.0,
        critic_updates=retraining.critic_updates,
        dropout=retraining.dropout,
        generator_dropout=SETTINGS.networks.dropout_of_generator(retraining.dropout),
        loss=SETTINGS.loss,
        updates=SETTINGS.updates,
        eval_every=choice.eval_every,
        keep="above",
        curve=choice.curve,
        threshold=choice.threshold,
    )


def make_runs(n: int, batch: int = 10) -> list[TrainingRun]:
    """Make runs that differ in their random numbers only."""
    return [replace(make_run(batch), key=key) for key in range(n)]


def engine(name: str, runs: Sequence[TrainingRun], threads: int = 1) -> Contender:
    """Train runs for so many cycles each, by one of our engines."""

    def train(n_cycles: int) -> None:
        cycles_per_epoch = runs[0].updates_per_epoch / runs[0].critic_updates
        n_epochs = round(n_cycles / cycles_per_epoch)
        Training(engine=name, threads=threads).train(
            [replace(run, epochs=n_epochs) for run in runs]
        )

    return train


def textbook(run: TrainingRun) -> Contender:
    """Train a run as a tutorial would: autograd for everything, double backward included."""
    torch.manual_seed(0)
    start = run.start

    def network(architecture: Architecture, dropout: float) -> nn.Sequential:
        parts: list[nn.Module] = []
        for layer in architecture.layers:
            parts += [nn.Linear(layer.n_in, layer.n_out), nn.SELU(), nn.AlphaDropout(dropout)]
        return nn.Sequential(*(p for p in parts[:-2] if getattr(p, "p", None) != 0.0))

    generator = network(start.generator_architecture, run.generator_dropout)
    critic = network(start.critic_architecture, run.dropout)
    rate, betas = run.learning_rate, run.updates.adam_betas
    generator_adam = torch.optim.Adam(generator.parameters(), rate, betas)
    critic_adam = torch.optim.Adam(critic.parameters(), rate, betas)
    samples = torch.as_tensor(run.samples, dtype=torch.float32)
    batch, p = run.batch, start.n_features

    def batches() -> Iterable[Tensor]:
        while True:
            yield from samples[torch.randperm(len(samples))].split(batch)

    def update_critic(real: Tensor) -> None:
        with torch.no_grad():
            fake = generator(torch.randn(batch, p))
        t = torch.rand(batch, 1)
        between = (t * real + (1 - t) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = run.loss.gradient_penalty * ((slope.norm(dim=1) - 1) ** 2).mean()
        critic_adam.zero_grad()
        (critic(fake).mean() - critic(real).mean() + penalty).backward()
        critic_adam.step()

    def update_generator() -> None:
        fake = generator(torch.randn(batch, p))
        generator_adam.zero_grad()
        (-critic(fake).mean() - run.alpha * torch.log(fake.norm())).backward()
        generator_adam.step()

    def train(n_cycles: int) -> None:
        stream = iter(batches())
        for _ in range(n_cycles):
            for _ in range(run.critic_updates):
                update_critic(next(stream))
            update_generator()

    return train


def products(run: TrainingRun) -> list[tuple[int, int, int]]:
    """List the matrix products of one cycle as (m, k, n), as the closed form needs them."""
    b = run.batch
    generator = [(layer.n_in, layer.n_out) for layer in run.start.generator_architecture.layers]
    critic = [(layer.n_in, layer.n_out) for layer in run.start.critic_architecture.layers[:-1]]
    forward = [(b, n_in, n_out) for n_in, n_out in generator]
    of_critic = list(forward)
    for index, (n_in, n_out) in enumerate(critic):
        # forward, the input gradient, the penalty's way up, the weight gradient
        of_critic += [(3 * b, n_in, n_out), ((3 if index else 1) * b, n_out, n_in)]
        of_critic += [(b, n_in, n_out), (n_in, 4 * b, n_out)]
        if index:  # the penalty's way down
            of_critic.append((b, n_out, n_in))
    of_generator = list(forward)
    for n_in, n_out in critic:
        of_generator += [(b, n_in, n_out), (b, n_out, n_in)]
    for index, (n_in, n_out) in enumerate(generator):
        of_generator += [(n_in, b, n_out)] + [(b, n_out, n_in)] * bool(index)
    return of_critic * run.critic_updates + of_generator


def n_flops(run: TrainingRun) -> int:
    """Floating-point operations of one cycle's matrix products."""
    return sum(2 * m * k * n for m, k, n in products(run))


def sgemm(shapes: Iterable[tuple[int, int, int]]) -> Contender:
    """Compute nothing but float32 matrix products of these shapes, by NumPy's BLAS."""
    rng = np.random.default_rng(0)
    operands = [
        (
            rng.normal(size=(m, k)).astype(np.float32),
            rng.normal(size=(k, n)).astype(np.float32),
            np.empty((m, n), np.float32),
        )
        for m, k, n in shapes
    ]

    def multiply(n_cycles: int) -> None:
        for _ in range(n_cycles):
            for a, b, out in operands:
                np.dot(a, b, out)

    return multiply
