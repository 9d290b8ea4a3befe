"""Generators of the cases of a draw, trained in all the ways that `bench.generators` compares."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evenomics.gan.arithmetic import AlphaDropout, dropout_threshold
from evenomics.gan.engines.base import Training
from evenomics.gan.generator import Generator, Noise
from evenomics.gan.losses import critic_gradient, forward
from evenomics.gan.networks import Floats, initial_weights
from evenomics.gan.output import Moments, set_output
from evenomics.gan.pretraining import Pretrained, pretrain
from evenomics.gan.requests import GanRequest
from evenomics.gan.retraining import retrain
from evenomics.gan.run import TrainingRun
from evenomics.gan.settings import GanSettings, Output
from evenomics.gan.trained import Trained
from evenomics.randomness import stream

#: Ways of training.
WAYS = ("untrained", "gan", "classic", "dropout 0.2", "classic, dropout 0.2", "shifted controls")
#: Those that are tried on few splits, since they make no difference.
SCREENED = ("5 critic updates", "5 critic updates, dropout 0.2", "averaged weights", "learnt noise")

EPOCHS = 1000
FIRST_NOISE = 0.2


def settings(epochs: int = EPOCHS, **retraining: Any) -> GanSettings:
    """Return the settings of config/own_table.yaml, with others of re-training."""
    return GanSettings.from_mapping(
        {
            "pretraining": {"epochs": [EPOCHS] * 3},
            "retraining": {"epochs_1": epochs, "epochs_2": epochs, **retraining},
            "choice": {"rate_choice": "held_out", "epoch_choice": "held_out"},
        }
    )


class _Recorder(Training):
    """Training that remembers the runs on all samples of a class."""

    def train(self, runs: Any, title: str = "training") -> list[Trained]:
        if title.endswith("all samples"):
            self.whole = [*getattr(self, "whole", ()), runs[0]]
        return super().train(runs, title)


def train_all(
    cases: Floats, controls: Floats, seed: int, ways: Iterable[str], checkpoints: Path | None
) -> dict[str, Generator]:
    """Train generators of the cases.

    Parameters
    ----------
    cases, controls : ndarray of shape (n_samples, n_features)
        Scaled samples of a draw.
    seed : int
    ways : iterable of str
        Of `WAYS` and `SCREENED`.
    checkpoints : Path or None
        Where trainings are kept.
    """
    draw = np.concatenate([controls, cases])
    request = GanRequest("bench", "case", cases)
    classic = replace(request, variant="classic")

    @cache
    def pretrained() -> Pretrained:
        training = Training("cpu", checkpoints=checkpoints)
        return pretrain(draw, settings(), seed=seed, training=training)

    def trained(
        request: GanRequest, using: GanSettings, training: Training | None = None
    ) -> Generator:
        training = training or Training("cpu", checkpoints=checkpoints)
        start = None if request.variant == "classic" else pretrained()
        (gan,) = retrain([request], start, using, seed=seed, training=training)
        return gan.generator

    @cache
    def whole() -> list[TrainingRun]:
        recorder = _Recorder("cpu", checkpoints=checkpoints)
        trained(request, settings(), recorder)
        return recorder.whole

    def untrained() -> Generator:
        rng = stream(seed, "untrained")
        shape = settings().networks
        return Generator.from_weights(initial_weights(draw.shape[1], shape.hidden, rng, shape))

    # with five critic updates, as many generator updates as with two
    longer = partial(settings, EPOCHS * 5 // 2, critic_updates=5)
    make: dict[str, Callable[[], Generator]] = {
        "untrained": untrained,
        "gan": lambda: trained(request, settings()),
        "classic": lambda: trained(classic, settings()),
        "dropout 0.2": lambda: trained(request, settings(dropout=0.2)),
        "classic, dropout 0.2": lambda: trained(classic, settings(dropout=0.2)),
        "shifted controls": lambda: trained(*_shifted(request, controls)),
        "5 critic updates": lambda: trained(request, longer()),
        "5 critic updates, dropout 0.2": lambda: trained(request, longer(dropout=0.2)),
        "averaged weights": lambda: _averaged(whole()[-1], checkpoints),
        "learnt noise": lambda: _with_learnt_noise(whole()),
    }
    return {way: make[way]() for way in ways}


def _shifted(request: GanRequest, controls: Floats) -> tuple[GanRequest, GanSettings]:
    """Add the controls, moved to the mean of the cases; as many updates as without."""
    cases = request.samples
    samples = np.concatenate([cases, controls - controls.mean(axis=0) + cases.mean(axis=0)])
    using = settings(EPOCHS * 10 * 3 // (2 * len(samples)))
    choice = replace(using.choice, cross_validate_below=10**6, eval_every=2)
    return replace(request, samples=samples), replace(using, choice=choice)


def _averaged(run: TrainingRun, checkpoints: Path | None) -> Generator:
    """Average the generator over the last 40% of its training.

    A run of fewer epochs is the beginning of a longer one, to the last bit.
    """
    epochs = sorted({max(1, round(run.epochs * share)) for share in (0.6, 0.7, 0.8, 0.9, 1.0)})
    done = Training("cpu", checkpoints=checkpoints).train([replace(run, epochs=n) for n in epochs])
    mean = np.mean([trained.weights.generator for trained in done], axis=0)
    return Generator(run.start.n_features, run.start.hidden, mean)


def _with_learnt_noise(runs: list[TrainingRun]) -> Generator:
    """Train once more, with independent noise on the output whose SD per feature is learnt."""
    torch.manual_seed(0)
    start, p = runs[0].start, runs[0].start.n_features
    shape, critic_shape = start.generator_architecture, start.critic_architecture
    generator, critic = (
        torch.tensor(flat, dtype=torch.float32)[None] for flat in (start.generator, start.critic)
    )
    log_sd = torch.full((1, 1, p), float(np.log(FIRST_NOISE)))
    generator.requires_grad_()
    log_sd.requires_grad_()

    def adam(parameter: torch.Tensor, run: TrainingRun, factor: float = 1) -> torch.optim.Adam:
        rate = factor * run.learning_rate
        return torch.optim.Adam([parameter], lr=rate, betas=run.updates.adam_betas)

    for run in runs:
        dropout = AlphaDropout(dropout_threshold(run.dropout))
        samples, batch = torch.tensor(run.samples, dtype=torch.float32), run.batch
        # Adam's steps are of the size of the rate: a scale needs larger ones than weights
        optimisers = adam(critic, run), adam(generator, run), adam(log_sd, run, 10)

        def masks(
            n: int, p: float = run.dropout, widths: tuple[int, ...] = critic_shape.hidden
        ) -> list[torch.Tensor]:
            return [torch.rand(1, n, width) >= p for width in widths]

        def generate(batch: int = batch) -> torch.Tensor:
            made, _ = forward(generator, shape, torch.randn(1, batch, p), None, AlphaDropout(0))
            return made + log_sd.exp() * torch.randn(1, batch, p)

        for update in range(1, run.n_updates + 1):
            with torch.no_grad():
                real = samples[torch.randperm(len(samples))[:batch]][None]
                _, critic.grad = critic_gradient(
                    critic, critic_shape, real, generate(), torch.rand(1, batch, 1),
                    masks(3 * batch), dropout, run.loss,
                )  # fmt: skip
            optimisers[0].step()
            if update % run.critic_updates == 0:
                generator.grad = log_sd.grad = None
                output, _ = forward(critic, critic_shape, generate(), masks(batch), dropout)
                (-output.mean()).backward()
                optimisers[1].step()
                optimisers[2].step()
    flat, sd = generator.detach().numpy()[0], log_sd.exp().detach().numpy()[0, 0]
    return Generator(p, start.hidden, flat.astype(float), Noise(np.zeros((0, p)), sd.astype(float)))


OUTPUTS = {
    "": Output("trained", "trained", 0),
    "mean class": Output("class", "trained", 0),
    "mean shrunk": Output("shrunk", "trained", 0),
    "mean class, sd shrunk": Output("class", "shrunk", 0),
    "mean shrunk, sd class": Output("shrunk", "class", 0),
    "mean shrunk, sd pooled": Output("shrunk", "pooled", 0),
    "mean shrunk, sd shrunk": Output("shrunk", "shrunk", 0),
    "mean shrunk, sd shrunk, noise 0.5": Output("shrunk", "shrunk", 0.5),
    "mean shrunk, sd shrunk, noise 0.7": Output("shrunk", "shrunk", 0.7),
    "mean shrunk, sd shrunk, noise 0.9": Output("shrunk", "shrunk", 0.9),
    "mean class, sd shrunk, noise 0.7": Output("class", "shrunk", 0.7),
}
# for other ways of training than the workflow's
FEW = ("", "mean shrunk, sd shrunk", "mean shrunk, sd shrunk, noise 0.7")

Sample = Callable[[int, np.random.Generator], Floats]


def with_outputs(
    training: str, generator: Generator, cases: Floats, controls: Floats
) -> dict[str, Sample]:
    """Return what samples from a generator, by what is done to its output."""
    if generator.noise is not None:
        set_ = _Affine(generator, Moments.of(cases, [controls])).sample
        return {"": generator.sample, "mean shrunk, sd shrunk": set_}
    made: dict[str, Sample] = {
        name: set_output(generator, cases, [controls], OUTPUTS[name]).sample
        for name in (OUTPUTS if training in ("gan", "classic") else FEW)
    }
    if training == "gan":
        # independent noise instead, of the SD within classes
        base = set_output(
            generator, cases, [controls], OUTPUTS["mean shrunk, sd shrunk, noise 0.5"]
        )
        sd = 0.5 * np.sqrt(Moments.of(cases, [controls]).within)
        noise = Noise(np.zeros((0, len(sd))), sd)
        made["mean shrunk, sd shrunk, independent noise 0.5"] = replace(base, noise=noise).sample
    return made


class _Affine:
    """A generator whose mean and SD are set whatever it consists of."""

    def __init__(self, generator: Generator, moments: Moments) -> None:
        x = generator.sample(10_000, np.random.default_rng(0))
        share = moments.variance_shrinkage
        variance = (1 - share) * moments.variance + share * moments.within
        self.generator, self.mean = generator, x.mean(axis=0)
        self.factor = np.sqrt(variance) / x.std(axis=0)
        self.to = moments.mean + moments.mean_shrinkage * (moments.overall - moments.mean)

    def sample(self, n_samples: int, rng: np.random.Generator) -> Floats:
        return self.to + (self.generator.sample(n_samples, rng) - self.mean) * self.factor
