"""The unit of training: all that one training depends on.

So its fingerprint names its result: what was trained before is never trained again, and a killed
training finds its state (see `checkpoint`).
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evenomics.gan.networks import Floats, Weights
from evenomics.gan.settings import Loss, Updates

Keep = Literal["last", "held_out", "above"]

# Part of every fingerprint. A release that trains to other numbers, or stores them in another way,
# counts it up, and no checkpoint of an earlier one passes for its own.
VERSION = 2

# Settings that this version has had from the start, in every fingerprint. Of later ones only those
# that are not at their defaults are: what they leave as it was is not trained again.
FIRST_SETTINGS = {"gradient_penalty", "spread_norm", "adam_betas"}

# Adam takes about as long as so many rows of a batch
ADAM_ROWS = 5


@dataclass(frozen=True)
class TrainingRun:
    """One training, as it is asked for.

    Attributes
    ----------
    name : str
        For logs; not part of the fingerprint.
    samples : ndarray of shape (n_samples, n_features)
        Scaled training samples.
    held_out : ndarray of shape (n_held_out, n_features)
        Scaled held-out samples, possibly none; evaluated on, never trained on.
    start : Weights
        Weights to start from.
    key : int
        Key of the run's random stream.
    epochs : int
        Passes over the training samples, or generator updates (see `Updates.epoch`).
    batch_size : int
        Samples per critic update; a smaller training set is one batch. In a pass, samples that do
        not fill a batch wait for the next epoch's shuffle.
    learning_rate : float
        The optimiser's rate for both networks.
    alpha : float
        Weight of the spread term in the generator's loss.
    critic_updates : int
        Critic updates per generator update, counted over the whole training, not per epoch.
    dropout, generator_dropout : float
        Alpha-dropout probabilities.
    loss : Loss
        Terms of the losses.
    updates : Updates
        Optimiser, and what an epoch and a batch of the generator are.
    eval_every : int
        Epochs between two evaluations of the weights; those of the last epoch are always evaluated.
    keep : {"last", "held_out", "above"}
        Which evaluated weights to return: the last ones, those with the smallest energy distance
        to the held-out samples, or those where `curve` is smallest but above `threshold`.
    curve : {"wasserstein", "critic_loss"}
        The curve that ``keep="above"`` goes by.
    threshold : float
        See `keep`.
    """

    name: str
    samples: Floats
    held_out: Floats
    start: Weights
    key: int
    epochs: int
    batch_size: int
    learning_rate: float
    alpha: float
    critic_updates: int
    dropout: float
    generator_dropout: float
    loss: Loss
    updates: Updates
    eval_every: int
    keep: Keep
    curve: Literal["wasserstein", "critic_loss"]
    threshold: float

    @property
    def batch(self) -> int:
        """Samples per critic update, at most all there are."""
        return min(self.batch_size, len(self.samples))

    @property
    def generator_batch(self) -> int:
        """Samples generated per generator update."""
        return self.updates.generator_batch or self.batch

    @property
    def in_passes(self) -> bool:
        """Whether an epoch goes through the samples, and is not as long as a generator update."""
        return self.updates.epoch == "pass"

    @property
    def updates_per_epoch(self) -> int:
        """Critic updates in one epoch."""
        return len(self.samples) // self.batch if self.in_passes else self.critic_updates

    @property
    def n_updates(self) -> int:
        """Critic updates in the whole training."""
        return self.epochs * self.updates_per_epoch

    @property
    def work(self) -> int:
        """What the time of an update grows with: parameters times rows (see docs/costs.md)."""
        return (self.start.generator.size + self.start.critic.size) * (self.batch + ADAM_ROWS)

    @property
    def eval_epochs(self) -> NDArray[np.int64]:
        """Epochs after which the weights are evaluated."""
        epochs = np.arange(self.eval_every, self.epochs + 1, self.eval_every)
        return epochs if self.epochs in epochs[-1:] else np.append(epochs, self.epochs)

    def fingerprint(self, dtype: str) -> str:
        """Name of the result: a digest of all that it depends on, dtype included."""
        digest = hashlib.sha256(f"{VERSION} {dtype}".encode())
        for array in (self.samples, self.held_out, self.start.generator, self.start.critic):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array, dtype).data)
        plain = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"name", "samples", "held_out", "start", "loss", "updates"}
        }
        plain |= {"hidden": self.start.hidden, "loss": self._settings()}
        if self.start.critic_hidden != self.start.hidden[::-1]:
            plain["critic_hidden"] = self.start.critic_hidden
        digest.update(json.dumps(plain, sort_keys=True).encode())
        return digest.hexdigest()[:32]

    def _settings(self) -> dict[str, Any]:
        """Return the settings that the fingerprint depends on."""
        plain, default = (
            asdict(loss) | asdict(updates)
            for loss, updates in ((self.loss, self.updates), (Loss(), Updates()))
        )
        return {k: v for k, v in plain.items() if k in FIRST_SETTINGS or v != default[k]}
