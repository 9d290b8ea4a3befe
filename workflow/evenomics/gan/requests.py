"""What is asked of re-training, and what comes back."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.config.experiments import DrawId
from evenomics.gan.generator import Generator
from evenomics.gan.networks import Floats
from evenomics.messages import slug


def gan_name(class_name: str, alpha: float, variant: str) -> str:
    """Return the name of a GAN within its draw, safe as a file name."""
    return f"{slug(class_name)}.alpha{alpha:g}.{variant}"


@dataclass(frozen=True)
class GanRequest:
    """One GAN to re-train: a class of an experiment's training draw, at one alpha.

    Attributes
    ----------
    experiment : str
    class_name : str
    samples : ndarray of shape (n_samples, n_features)
        Scaled samples of the class.
    alpha : float
        Weight of the spread term.
    over : bool
        Whether the class is the over-represented one (it has its own batch size).
    variant : {"transfer", "classic"}
        From the pre-trained weights, or all layers drawn anew (the paper's classic WGAN-GP).
    groups : ndarray of shape (n_samples,) or None
        Whom each sample is from; all samples of a group train, or all are held out.
    replicate : int
        Of the experiment.
    fold : int or None
        Of the draw's cross-validation, from 1; None for the whole draw.
    others : tuple of ndarray of shape (n_samples, n_features)
        Scaled samples of the other classes of the draw: what `output` goes by beside those of the
        class. Nothing is trained on them. Without any, the output stays as it is trained.

    Examples
    --------
    >>> import numpy as np
    >>> GanRequest("c40_i0.4", "breast milk", np.zeros((16, 150)), alpha=1.0).name
    'c40_i0.4.1/breast_milk.alpha1.transfer'
    """

    experiment: str
    class_name: str
    samples: Floats = field(repr=False)
    alpha: float = 0.0
    over: bool = False
    variant: Literal["transfer", "classic"] = "transfer"
    groups: NDArray[np.object_] | None = field(default=None, repr=False)
    replicate: int = 1
    fold: int | None = None
    others: tuple[Floats, ...] = field(default=(), repr=False)

    @property
    def draw(self) -> DrawId:
        """The training draw whose samples these are."""
        return DrawId(self.experiment, self.replicate)

    @property
    def gan(self) -> str:
        """Name within the draw or fold, safe as a file name."""
        return gan_name(self.class_name, self.alpha, self.variant)

    @property
    def name(self) -> str:
        """Name within the study and selection."""
        return f"{self.draw.name}/{'' if self.fold is None else f'fold{self.fold}/'}{self.gan}"


@dataclass(frozen=True)
class TrainedGan:
    """A re-trained GAN, with how it came about.

    Attributes
    ----------
    request : GanRequest
    generator : Generator
    chosen : dict
        A row of the training table: rates, epochs, the rule or fallback that chose each, and
        how generated samples lie to training and held-out ones. ``epoch_1`` and ``epoch_2`` are
        epochs of the curves in `history`; ``updates_1`` and ``updates_2`` are the critic updates
        that the generator's own training had, which for a cross-validated class is the one on all
        samples.
    history : DataFrame
        Curves of every run: phase, rate, fold, epoch, losses (every `eval_every` epochs).
    rates : DataFrame
        What the rate rules saw: one row per phase and rate.
    """

    request: GanRequest
    generator: Generator
    chosen: dict[str, Any]
    history: pd.DataFrame
    rates: pd.DataFrame
