"""How fast members train: the textbook loop, our engines, and the machine's matrix products.

``python -m bench.training`` measures all (some minutes) and writes ``bench/RESULTS.md``;
``python -m bench.training --quick`` measures the three ratios that matter, within 50 s.

A machine is never quiet, so what is compared is measured in turns, and medians are compared. A
cycle is 2 critic updates and 1 generator update at the settings of the paper's re-training:
critic 150-200-100-50-1 with alpha-dropout 0.7, float32.
"""

import argparse
import importlib.metadata
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from evenomics.gan.engine import Training
from evenomics.gan.member import Member
from evenomics.gan.networks import Architecture, initial_weights
from evenomics.gan.settings import GanSettings

RESULTS = Path(__file__).with_name("RESULTS.md")
SETTINGS = GanSettings()
HIDDEN = SETTINGS.networks.hidden
N_FEATURES = 150
BATCHES = (10, 20, 30)

#: runs so many cycles
Contender = Callable[[int], object]


def make_member(
    batch: int, n_features: int = N_FEATURES, key: int = 0, n_cycles: int = 1000
) -> Member:
    """Make a member of the paper's re-training: six batches of samples an epoch."""
    rng = np.random.default_rng(key)
    retraining = SETTINGS.retraining
    updates = n_cycles * retraining.critic_updates
    return Member(
        name=f"member {key}",
        samples=rng.normal(size=(6 * batch, n_features)),
        held_out=np.empty((0, n_features)),
        start=initial_weights(n_features, HIDDEN, rng),
        key=key,
        epochs=-(-updates // 6),
        batch_size=batch,
        learning_rate=1e-4,
        alpha=1.0,
        critic_updates=retraining.critic_updates,
        dropout=retraining.dropout,
        generator_dropout=SETTINGS.networks.generator_dropout,
        loss=SETTINGS.loss,
        look_every=SETTINGS.choice.look_every,
        keep="last",
        curve="wasserstein",
        threshold=SETTINGS.choice.threshold,
    )


def engine(name: str, members: Sequence[Member], threads: int = 1) -> Contender:
    """Train members for so many cycles each, by one of our engines."""

    def run(n_cycles: int) -> None:
        per_epoch = [m.updates_per_epoch / m.critic_updates for m in members]
        cut = [
            replace(m, epochs=round(n_cycles / cycles))
            for m, cycles in zip(members, per_epoch, strict=True)
        ]
        Training(engine=name, threads=threads).train(cut)

    return run


def textbook(member: Member) -> Contender:
    """Train a member as a tutorial would: autograd for everything, double backward included."""
    torch.manual_seed(0)
    start = member.start

    def network(architecture: Architecture, dropout: float) -> nn.Sequential:
        parts: list[nn.Module] = []
        for layer in architecture.layers:
            parts += [nn.Linear(layer.n_in, layer.n_out), nn.SELU(), nn.AlphaDropout(dropout)]
        return nn.Sequential(*(p for p in parts[:-2] if getattr(p, "p", None) != 0.0))

    generator = network(start.generator_architecture, member.generator_dropout)
    critic = network(start.critic_architecture, member.dropout)
    rate, betas = member.learning_rate, member.loss.adam_betas
    generator_adam = torch.optim.Adam(generator.parameters(), rate, betas)
    critic_adam = torch.optim.Adam(critic.parameters(), rate, betas)
    samples = torch.as_tensor(member.samples, dtype=torch.float32)
    batch, p = member.batch, start.n_features

    def batches() -> Iterable[Tensor]:
        while True:
            yield from samples[torch.randperm(len(samples))].split(batch)

    def update_critic(real: Tensor) -> None:
        fake = generator(torch.randn(batch, p)).detach()
        t = torch.rand(batch, 1)
        between = (t * real + (1 - t) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = member.loss.gradient_penalty * ((slope.norm(dim=1) - 1) ** 2).mean()
        critic_adam.zero_grad()
        (critic(fake).mean() - critic(real).mean() + penalty).backward()
        critic_adam.step()

    def update_generator() -> None:
        fake = generator(torch.randn(batch, p))
        generator_adam.zero_grad()
        (-critic(fake).mean() - member.alpha * torch.log(fake.norm())).backward()
        generator_adam.step()

    def run(n_cycles: int) -> None:
        stream = iter(batches())
        for _ in range(n_cycles):
            for _ in range(member.critic_updates):
                update_critic(next(stream))
            update_generator()

    return run


def products(member: Member) -> list[tuple[int, int, int]]:
    """List the matrix products of one cycle as (m, k, n), as the closed form needs them."""
    b = member.batch
    generator = [(layer.n_in, layer.n_out) for layer in member.start.generator_architecture.layers]
    critic = [(layer.n_in, layer.n_out) for layer in member.start.critic_architecture.layers[:-1]]
    run = [(b, n_in, n_out) for n_in, n_out in generator]
    of_critic = list(run)
    for index, (n_in, n_out) in enumerate(critic):
        # forward, the input gradient, the penalty's way up, the weight gradient
        of_critic += [(3 * b, n_in, n_out), ((3 if index else 1) * b, n_out, n_in)]
        of_critic += [(b, n_in, n_out), (n_in, 4 * b, n_out)]
        if index:  # the penalty's way down
            of_critic.append((b, n_out, n_in))
    of_generator = list(run)
    for n_in, n_out in critic:
        of_generator += [(b, n_in, n_out), (b, n_out, n_in)]
    for index, (n_in, n_out) in enumerate(generator):
        of_generator += [(n_in, b, n_out)] + [(b, n_out, n_in)] * bool(index)
    return of_critic * member.critic_updates + of_generator


def n_flops(member: Member) -> int:
    """Floating-point operations of one cycle's matrix products."""
    return sum(2 * m * k * n for m, k, n in products(member))


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

    def run(n_cycles: int) -> None:
        for _ in range(n_cycles):
            for a, b, out in operands:
                np.dot(a, b, out)

    return run


def rates(
    contenders: Mapping[str, Contender], seconds: float, rounds: int
) -> dict[str, list[float]]:
    """Measure cycles per second, the contenders in turns.

    Parameters
    ----------
    contenders : mapping of str to Contender
    seconds : float
        About how long a contender runs in a round.
    rounds : int

    Returns
    -------
    dict of str to list of float
        One rate per round.
    """
    n_cycles = {}
    measured: dict[str, list[float]] = {name: [] for name in contenders}
    for name, run in contenders.items():
        run(12)  # compile, allocate, fill the caches
        n_cycles[name] = max(12, round(seconds / _seconds(run, 24) * 24))
    for _ in range(rounds):
        for name, run in contenders.items():
            measured[name].append(n_cycles[name] / _seconds(run, n_cycles[name]))
    return measured


def _seconds(run: Contender, n_cycles: int) -> float:
    started = time.perf_counter()
    run(n_cycles)
    return time.perf_counter() - started


def ratio(measured: Mapping[str, list[float]], of: str, to: str) -> float:
    """Median over the rounds of one contender's rate over another's."""
    return statistics.median(a / b for a, b in zip(measured[of], measured[to], strict=True))


def workers(members: Sequence[Member]) -> dict[str, Contender]:
    return {str(n): engine("cpu", members, n) for n in (1, 2)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for b in (10,20,30):
            m=make_member(b)
            r=rates({"textbook":textbook(m),"cpu":engine("cpu",[m]),"torch1":engine("torch",[m]),"sgemm":sgemm(products(m))},1.0,5)
            print(b, n_flops(m)/1e6,{k:round(statistics.median(v)) for k,v in r.items()}, ratio(r,"cpu","textbook"))
        r=rates(workers([make_member(10,key=k) for k in range(2)]),1.5,5)
        print(ratio(r,"2","1"))
