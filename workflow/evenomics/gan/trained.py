"""What a training gave: curves, evaluations, and weights, which stay on disk where they are."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.gan.checkpoint import State
from evenomics.gan.networks import Floats, Weights
from evenomics.gan.run import TrainingRun


@dataclass(frozen=True)
class Trained:
    """What training a run gave.

    Attributes
    ----------
    run : TrainingRun
    kept_epoch : int
        Epoch of `weights`; 0 means the start weights: no evaluation qualified.
    kept_value : float
        What made them the best; infinite if none qualified.
    epochs : int
        Epochs that are finite; fewer than asked for if the training diverged to NaN.
    critic_loss, generator_loss, wasserstein : ndarray of shape (epochs,)
        Curves per epoch. The generator's is NaN in an epoch without a generator update.
    eval_epochs : ndarray of shape (n_evaluations,)
    evaluations : ndarray of shape (n_evaluations, 3)
        See `State.evaluations`; NaN where nothing was held out.
    seconds : float
    engines : tuple of str
        See `State.engines`.
    """

    run: TrainingRun
    kept_epoch: int
    kept_value: float
    epochs: int
    critic_loss: Floats
    generator_loss: Floats
    wasserstein: Floats
    eval_epochs: NDArray[np.int64]
    evaluations: Floats
    seconds: float = field(compare=False)
    engines: tuple[str, ...] = field(compare=False)
    _source: Path | tuple[Weights, Weights] = field(repr=False, compare=False)

    @classmethod
    def from_state(cls, run: TrainingRun, state: State, path: Path | None) -> "Trained":
        """Reduce the records per update to curves per epoch.

        Weights are held in memory only where no checkpoint has them (``path`` is None).
        """
        steps = run.updates_per_epoch
        finite = np.isfinite(state.wasserstein)
        epochs = run.epochs if finite.all() else int(np.argmin(finite))
        critic_loss = state.critic_loss.reshape(run.epochs, steps).mean(axis=1)
        updated_in = (np.arange(1, len(state.generator_loss) + 1) * run.critic_updates - 1) // steps
        count = np.bincount(updated_in, minlength=run.epochs)[: run.epochs]
        total = np.bincount(updated_in, state.generator_loss, run.epochs)[: run.epochs]
        generator_loss = np.divide(total, count, where=count > 0, out=np.full(run.epochs, np.nan))
        evaluated = run.eval_epochs <= epochs
        return cls(
            run=run,
            kept_epoch=state.kept_epoch,
            kept_value=state.kept_value,
            epochs=epochs,
            critic_loss=critic_loss[:epochs],
            generator_loss=generator_loss[:epochs],
            wasserstein=state.wasserstein[:epochs],
            eval_epochs=run.eval_epochs[evaluated],
            evaluations=state.evaluations[evaluated],
            seconds=state.seconds,
            engines=state.engines,
            _source=path or state.weights(run),
        )

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
            return State.reload(self._source).weights(self.run)
        return self._source

    def has_weights_at(self, epoch: int) -> bool:
        """Say whether the weights after an epoch are still there."""
        return epoch in (0, self.kept_epoch) or epoch == self.epochs == self.run.epochs

    def weights_at(self, epoch: int) -> Weights:
        """Return the weights after an epoch, if they are still there; 0 means the start."""
        if not epoch:
            return self.run.start
        return self.weights if epoch == self.kept_epoch else self.last

    def curves(self) -> pd.DataFrame:
        """Tabulate the curves, a row per epoch."""
        return pd.DataFrame(
            {
                "epoch": np.arange(1, self.epochs + 1),
                "critic_loss": self.critic_loss,
                "generator_loss": self.generator_loss,
                "wasserstein": self.wasserstein,
            }
        )
