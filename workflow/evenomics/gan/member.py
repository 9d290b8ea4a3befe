"""The unit of training: a member, its state in mid-training, and what comes back.

A member is everything that one training depends on, so its fingerprint names its result: a
member that was trained before is never trained again, and a killed training finds its state.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from evenomics.gan.networks import Weights
from evenomics.gan.settings import Loss

Floats = NDArray[np.float64]
Keep = Literal["last", "held_out", "above"]


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
        digest = hashlib.sha256(dtype.encode())
        for array in (self.samples, self.held_out, self.start.generator, self.start.critic):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        plain = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in {"name", "samples", "held_out", "start", "loss"}
        }
        plain |= {"hidden": self.start.hidden, "loss": asdict(self.loss)}
        digest.update(json.dumps(plain, sort_keys=True).encode())
        return digest.hexdigest()[:32]


def _digest(name: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(name.encode())
    for key in sorted(arrays):
        digest.update(f"{key} {arrays[key].dtype} {arrays[key].shape}".encode())
        digest.update(arrays[key].tobytes())
    return digest.hexdigest()


_MOMENTS = ("generator_mean", "generator_square", "critic_mean", "critic_square")


@dataclass
class State:
    """A member in mid-training, or after it: all that a resumed training needs.

    Random numbers need no state (see `streams`), Adam's step counts follow from `updates`.

    Attributes
    ----------
    updates : int
        Critic updates done.
    generator, critic : ndarray
        Flat parameters; ``*_mean`` and ``*_square`` are Adam's moments.
    kept_generator, kept_critic : ndarray
        Parameters of the best look so far.
    kept_epoch : int
        Its epoch; 0 before the first look.
    kept_value : float
        What made it the best (see `Member.keep`).
    critic_loss : ndarray of shape (n_updates,)
        Loss at every critic update.
    generator_loss : ndarray of shape (n_updates // critic_updates,)
        Loss at every generator update.
    wasserstein : ndarray of shape (epochs,)
        mean C(real) - mean C(fake) of the epoch's last batch, after its update, dropout off.
    looks : ndarray of shape (n_looks, 3)
        Wasserstein estimate on all training samples, the same on the set-aside ones, energy
        distance of generated to set-aside samples.
    seconds : float
        Time spent.
    """

    updates: int
    generator: Floats
    critic: Floats
    generator_mean: Floats
    generator_square: Floats
    critic_mean: Floats
    critic_square: Floats
    kept_generator: Floats
    kept_critic: Floats
    kept_epoch: int
    kept_value: float
    critic_loss: Floats
    generator_loss: Floats
    wasserstein: Floats
    looks: Floats
    seconds: float = 0.0

    @classmethod
    def begin(cls, member: Member, dtype: str) -> "State":
        """State before the first update."""
        start = member.start
        generator = start.generator.astype(dtype)
        critic = start.critic.astype(dtype)
        return cls(
            updates=0,
            generator=generator,
            critic=critic,
            generator_mean=np.zeros_like(generator),
            generator_square=np.zeros_like(generator),
            critic_mean=np.zeros_like(critic),
            critic_square=np.zeros_like(critic),
            kept_generator=generator.copy(),
            kept_critic=critic.copy(),
            kept_epoch=0,
            kept_value=np.inf,
            critic_loss=np.full(member.n_updates, np.nan),
            generator_loss=np.full(member.n_updates // member.critic_updates, np.nan),
            wasserstein=np.full(member.epochs, np.nan),
            looks=np.full((len(member.look_epochs), 3), np.nan),
        )

    def save(self, path: Path) -> None:
        """Write the state in one step, so that a kill leaves the older one or this one.

        A digest of name and content goes with it: safetensors has none of its own.
        Nothing is trained on from a finished one: Adam's moments, half of its size, are left out.
        """
        arrays = {k: np.asarray(v) for k, v in vars(self).items()}
        if self.updates == len(self.critic_loss):
            arrays |= {name: arrays[name][:0] for name in _MOMENTS}
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(save(arrays, metadata={"digest": _digest(path.stem, arrays)}))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "State | None":
        """Read a state; None where there is none, or none that was saved whole under this name."""
        try:
            with safe_open(path, framework="np") as file:
                metadata = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (FileNotFoundError, SafetensorError):
            return None
        if metadata.get("digest") != _digest(path.stem, arrays):
            return None
        if set(arrays) != {f.name for f in fields(cls)}:
            return None
        return cls(**{k: v.item() if v.ndim == 0 else v for k, v in arrays.items()})


@dataclass(frozen=True)
class Trained:
    """What training a member gave.

    Attributes
    ----------
    member : Member
    weights : Weights
        The kept weights.
    last : Weights
        The weights after the last epoch; the kept ones if the training diverged to NaN.
    kept_epoch : int
        Their epoch; 0 means the start weights: no look qualified.
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
    """

    member: Member
    weights: Weights
    last: Weights
    kept_epoch: int
    kept_value: float
    epochs: int
    critic_loss: Floats
    generator_loss: Floats
    wasserstein: Floats
    look_epochs: NDArray[np.int64]
    looks: Floats
    seconds: float = field(compare=False)

    @classmethod
    def from_state(cls, member: Member, state: State) -> "Trained":
        """Reduce the records per update to curves per epoch."""
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
        kept = (state.kept_generator, state.kept_critic)
        last = (state.generator, state.critic)
        if not all(np.isfinite(parameters).all() for parameters in last):
            last = kept
        return cls(
            member,
            replace(member.start, generator=kept[0].astype(float), critic=kept[1].astype(float)),
            replace(member.start, generator=last[0].astype(float), critic=last[1].astype(float)),
            state.kept_epoch,
            state.kept_value,
            epochs,
            critic_loss[:epochs],
            generator_loss[:epochs],
            state.wasserstein[:epochs],
            member.look_epochs[seen],
            state.looks[seen],
            state.seconds,
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
