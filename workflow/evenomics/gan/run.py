"""The unit of training: a member, its state in mid-training, and what comes back.

A member is everything that one training depends on, so its fingerprint names its result: a
member that was trained before is never trained again, and a killed training finds its state.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenomics.gan.checkpoint import State
from evenomics.gan.networks import Weights
from evenomics.gan.settings import Loss

Floats = NDArray[np.float64]

Keep = Literal["last", "held_out", "above"]

# Part of every fingerprint. A release that trains a member to other numbers, or stores them in
# another way, counts it up, and no checkpoint of an earlier one passes for its own.
VERSION = 1


@dataclass(frozen=True)
class Member:
    """One training.

    Attributes
    ----------
    name : str
        For logs; not part of the fingerprint.
    samples : ndarray of shape (n_samples, n_features)
        Scaled training samples.
    held_out : ndarray of shape (n_held_out, n_features)
        Scaled set-aside samples, possibly none; looked at, never trained on.
    start : Weights
        Weights to start from.
    key : int
        Key of the member's random stream.
    epochs : int
        Passes over the training samples.
    batch_size : int
        Samples per critic update; a smaller training set is one batch. Samples that do not fill
        a batch wait for the next epoch's shuffle.
    learning_rate : float
        Adam's rate for both networks.
    alpha : float
        Weight of the spread term in the generator's loss.
    critic_updates : int
        Critic updates per generator update, counted over the whole training, not per epoch.
    dropout, generator_dropout : float
        Alpha-dropout probabilities.
    loss : Loss
        Penalty, norm and Adam's betas.
    look_every : int
        Epochs between two looks at the weights; the last epoch is always looked at.
    keep : {"last", "held_out", "above"}
        Which look's weights to return: the last one's, those with the smallest energy distance
        to the set-aside samples, or those where `curve` is smallest but above `threshold`.
    curve : {"wasserstein", "critic_loss"}
        The curve that `keep="above"` looks at.
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
    look_every: int
    keep: Keep
    curve: Literal["wasserstein", "critic_loss"]
    threshold: float

    @property
    def batch(self) -> int:
        """Samples per update, at most all there are."""
        return min(self.batch_size, len(self.samples))

    @property
    def updates_per_epoch(self) -> int:
        """Critic updates in one epoch."""
        return len(self.samples) // self.batch

    @property
    def n_updates(self) -> int:
        """Critic updates in the whole training."""
        return self.epochs * self.updates_per_epoch

    @property
    def look_epochs(self) -> NDArray[np.int64]:
        """Epochs after which the weights are looked at."""
        looks = np.arange(self.look_every, self.epochs + 1, self.look_every)
        return looks if len(looks) and looks[-1] == self.epochs else np.append(looks, self.epochs)

    def fingerprint(self, dtype: str) -> str:
        """Name of the result: a digest of all that it depends on, dtype included."""
        digest = hashlib.sha256(f"{VERSION} {dtype}".encode())
        for array in (self.samples, self.held_out, self.start.generator, self.start.critic):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array, dtype).data)
        plain = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"name", "samples", "held_out", "start", "loss"}
        }
        plain |= {"hidden": self.start.hidden, "loss": asdict(self.loss)}
        digest.update(json.dumps(plain, sort_keys=True).encode())
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class Trained:
    """What training a member gave.

    Attributes
    ----------
    member : Member
    kept_epoch : int
        Epoch of `weights`; 0 means the start weights: no look qualified.
    kept_value : float
        What made them the best; infinite if none qualified.
    epochs : int
        Epochs that are finite; fewer than asked for if the member diverged to NaN.
    critic_loss, generator_loss, wasserstein : ndarray of shape (epochs,)
        Curves per epoch. The generator's is NaN in an epoch without a generator update.
    look_epochs : ndarray of shape (n_looks,)
    looks : ndarray of shape (n_looks, 3)
        See `State.looks`; NaN where nothing was set aside.
    seconds : float
    engines : tuple of str
        See `State.engines`.
    """

    member: Member
    kept_epoch: int
    kept_value: float
    epochs: int
    critic_loss: Floats
    generator_loss: Floats
    wasserstein: Floats
    look_epochs: NDArray[np.int64]
    looks: Floats
    seconds: float = field(compare=False)
    engines: tuple[str, ...] = field(compare=False)
    _source: Path | tuple[Weights, Weights] = field(repr=False, compare=False)

    @property
    def weights(self) -> Weights:
        """The kept weights; read from the checkpoint each time, where there is one."""
        return self._both()[0]

    @property
    def last(self) -> Weights:
        """The weights after the last epoch; the kept ones if the training diverged to NaN."""
        return self._both()[1]

    def _both(self) -> tuple[Weights, Weights]:
        if isinstance(self._source, Path):
            return State.read_back(self._source).weights(self.member)
        return self._source

    @classmethod
    def from_state(cls, member: Member, state: State, path: Path | None) -> "Trained":
        """Reduce the records per update to curves per epoch.

        Weights are held in memory only where no checkpoint has them (``path`` is None).
        """
        steps = member.updates_per_epoch
        finite = np.isfinite(state.wasserstein)
        epochs = member.epochs if finite.all() else int(np.argmin(finite))
        critic_loss = state.critic_loss.reshape(member.epochs, steps).mean(axis=1)
        updated_in = (
            np.arange(1, len(state.generator_loss) + 1) * member.critic_updates - 1
        ) // steps
        count = np.bincount(updated_in, minlength=member.epochs)[: member.epochs]
        total = np.bincount(updated_in, state.generator_loss, member.epochs)[: member.epochs]
        generator_loss = np.divide(
            total, count, where=count > 0, out=np.full(member.epochs, np.nan)
        )
        seen = member.look_epochs <= epochs
        return cls(
            member,
            state.kept_epoch,
            state.kept_value,
            epochs,
            critic_loss[:epochs],
            generator_loss[:epochs],
            state.wasserstein[:epochs],
            member.look_epochs[seen],
            state.looks[seen],
            state.seconds,
            state.engines,
            path or state.weights(member),
        )


def look_value(member: Member, state: State, look: int) -> float:
    """Return what `Member.keep` minimises, after a look's records are in the state.

    Parameters
    ----------
    member : Member
    state : State
    look : int
        Index of the look.

    Returns
    -------
    float
        Infinite where the look does not qualify, e.g. after divergence to NaN.
    """
    epoch = int(member.look_epochs[look])
    steps = member.updates_per_epoch
    wasserstein = state.wasserstein[epoch - 1]
    if not (np.isfinite(wasserstein) and np.isfinite(state.looks[look, 0])):
        return np.inf
    if member.keep == "held_out":
        return float(state.looks[look, 2])
    if member.keep == "above":
        loss = state.critic_loss[(epoch - 1) * steps : epoch * steps].mean()
        value = wasserstein if member.curve == "wasserstein" else loss
        return float(value) if value > member.threshold else np.inf
    return -float(epoch)
