"""The state of a training run, on disk, so that a killed one goes on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from evenomics.errors import TrainingError
from evenomics.files import replacing
from evenomics.gan.networks import Floats, Weights
from evenomics.gan.run import TrainingRun

MOMENTS = ("generator_mean", "generator_square", "critic_mean", "critic_square")


def _digest(name: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(name.encode())
    for key in sorted(arrays):
        digest.update(f"{key} {arrays[key].dtype} {arrays[key].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[key]).data)
    return digest.hexdigest()


@dataclass
class State:
    """A training run on its way, or at its end: all that a resumed training needs.

    Random numbers need no state (see `streams`), Adam's step counts follow from `updates`.

    Attributes
    ----------
    updates : int
        Critic updates done.
    generator, critic : ndarray
        Flat parameters; ``*_mean`` and ``*_square`` are Adam's moments.
    kept_generator, kept_critic : ndarray
        The best parameters evaluated so far.
    kept_epoch : int
        Their epoch; 0 before the first evaluation.
    kept_value : float
        What made them the best (see `value`).
    critic_loss : ndarray of shape (n_updates,)
        Loss at every critic update.
    generator_loss : ndarray of shape (n_updates // critic_updates,)
        Loss at every generator update.
    wasserstein : ndarray of shape (epochs,)
        mean C(real) - mean C(fake) of the epoch's last batch, after its update, dropout off.
    evaluations : ndarray of shape (n_evaluations, 3)
        Wasserstein estimate on all training samples, the same on the held-out ones, energy
        distance of generated to held-out samples.
    seconds : float
        Time spent.
    engines : tuple of str
        Who spent it; several, if a killed training went on on another engine.
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
    evaluations: Floats
    seconds: float = 0.0
    engines: tuple[str, ...] = ()

    @classmethod
    def begin(cls, run: TrainingRun, dtype: str) -> "State":
        """State before the first update."""
        start = run.start
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
            critic_loss=np.full(run.n_updates, np.nan),
            generator_loss=np.full(run.n_updates // run.critic_updates, np.nan),
            wasserstein=np.full(run.epochs, np.nan),
            evaluations=np.full((len(run.eval_epochs), 3), np.nan),
        )

    def save(self, path: Path) -> None:
        """Write the state in one step, so that a kill leaves the older one or this one.

        A digest of name and content goes with it: safetensors has none of its own.
        Nothing is trained on from a finished one: Adam's moments, half of its size, are left out.

        Raises
        ------
        TrainingError
            If it cannot be written.
        """
        arrays = {k: np.asarray(v) for k, v in vars(self).items() if k != "engines"}
        if self.updates == len(self.critic_loss):
            arrays |= {name: arrays[name][:0] for name in MOMENTS}
        engines = " ".join(self.engines)
        metadata = {"engines": engines, "digest": _digest(f"{path.stem} {engines}", arrays)}
        try:
            with replacing(path) as temporary:
                save_file(arrays, temporary, metadata)
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f"{path}: the checkpoint cannot be written: {error}; make room or see to the "
                "permissions, and run again: training goes on from the checkpoints that are there"
            ) from None

    @classmethod
    def load(cls, path: Path) -> "State | None":
        """Read a state; None where there is none, or none that was saved whole under this name."""
        try:
            with safe_open(path, framework="np") as file:
                metadata = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (FileNotFoundError, SafetensorError):
            return None
        except OSError as error:
            raise TrainingError(
                f"{path}: the checkpoint cannot be read: {error}; mend that or delete it, and run "
                "again"
            ) from None
        engines = metadata.get("engines", "")
        if metadata.get("digest") != _digest(f"{path.stem} {engines}", arrays):
            return None
        values = {k: v.item() if v.ndim == 0 else v for k, v in arrays.items()}
        return cls(**values, engines=tuple(engines.split()))

    @classmethod
    def reload(cls, path: Path) -> "State":
        """Read a state that was there before (TrainingError if it no longer is)."""
        state = cls.load(path)
        if state is None:
            raise TrainingError(
                f"{path}: this checkpoint was removed or damaged while it was in use; run again"
            )
        return state

    def value(self, run: TrainingRun, evaluation: int) -> float:
        """Return what `TrainingRun.keep` minimises, once an evaluation's records are there.

        Parameters
        ----------
        run : TrainingRun
        evaluation : int
            Index of the evaluation.

        Returns
        -------
        float
            Infinite where its weights do not qualify, e.g. after divergence to NaN.
        """
        epoch = int(run.eval_epochs[evaluation])
        steps = run.updates_per_epoch
        wasserstein = self.wasserstein[epoch - 1]
        if not (np.isfinite(wasserstein) and np.isfinite(self.evaluations[evaluation, 0])):
            return np.inf
        if run.keep == "held_out":
            return float(self.evaluations[evaluation, 2])
        if run.keep == "above":
            loss = self.critic_loss[(epoch - 1) * steps : epoch * steps].mean()
            value = wasserstein if run.curve == "wasserstein" else loss
            return float(value) if value > run.threshold else np.inf
        return -float(epoch)

    def weights(self, run: TrainingRun) -> tuple[Weights, Weights]:
        """Return the kept weights and the last ones, which are the same object where they can be.

        The last ones are the kept ones if the training diverged to NaN.
        """
        kept = replace(run.start, generator=self.kept_generator, critic=self.kept_critic)
        last = replace(run.start, generator=self.generator, critic=self.critic)
        if not (np.isfinite(last.generator).all() and np.isfinite(last.critic).all()):
            return kept, kept
        same = np.array_equal(kept.generator, last.generator)
        return kept, kept if same and np.array_equal(kept.critic, last.critic) else last
