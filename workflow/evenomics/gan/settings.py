"""Every number of the GAN method, with the paper's value as its default.

Sources: Cusworth, Gkoutos, Acharjee 2024 ("the paper"), Gulrajani et al. 2017 for the gradient
penalty. Where the paper is silent the field's comment says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True)
class Networks:
    """Shape of the two networks.

    Attributes
    ----------
    hidden : tuple of int
        Hidden layers of the generator, input to output; the critic has them reversed.
    generator_dropout : float
        Alpha-dropout probability in the generator. The paper does not say where dropout acts;
        chosen here: in the critic, and not in the generator.
    """

    hidden: tuple[int, ...] = (50, 100, 200)
    generator_dropout: float = 0.0


@dataclass(frozen=True)
class Loss:
    """Terms of the two losses.

    Attributes
    ----------
    gradient_penalty : float
        Weight lambda of the gradient penalty (Gulrajani et al. 2017).
    spread_norm : {"frobenius", "spectral"}
        Matrix norm of the generated batch in the spread term, alpha * log ||X||. The paper says
        "L2-matrix norm", which can mean either; chosen here: Frobenius.
    adam_betas : tuple of float
        Decay rates of Adam's moments (Gulrajani et al. 2017 use 0 and 0.9; chosen here: 0.5, 0.9).
    """

    gradient_penalty: float = 10.0
    spread_norm: Literal["frobenius", "spectral"] = "frobenius"
    adam_betas: tuple[float, float] = (0.5, 0.9)


@dataclass(frozen=True)
class Pretraining:
    """Pre-training on the external cohort, one hidden layer more per stage.

    Attributes
    ----------
    epochs : tuple of int
        Epochs per stage (the paper: 15,500 in all; chosen here: 5,000 a stage).
    batch_size : int
        Samples per critic update.
    learning_rate : float
        Adam's rate. Not in the paper; chosen here.
    critic_updates : tuple of int
        Critic updates per generator update, per stage (2:1 with the third layer).
    dropout : tuple of float
        Alpha-dropout probability in the critic, per stage (0.7 with the third layer).
    """

    epochs: tuple[int, ...] = (5000, 5000, 5000)
    batch_size: int = 30
    learning_rate: float = 1e-4
    critic_updates: tuple[int, ...] = (1, 1, 2)
    dropout: tuple[float, ...] = (0.5, 0.5, 0.7)


@dataclass(frozen=True)
class Retraining:
    """Re-training on one class of the real cohort, first at a larger rate, then at a smaller one.

    Attributes
    ----------
    batch_size_under, batch_size_over : int
        Samples per critic update for under-represented classes and for the over-represented one.
    learning_rates_1, learning_rates_2 : tuple of float
        Candidates for lr_1 and lr_2.
    epochs_1, epochs_2 : int
        Epochs of every lr_1 and of every lr_2 run.
    critic_updates : int
        Critic updates per generator update.
    dropout : float
        Alpha-dropout probability in the critic.
    """

    batch_size_under: int = 10
    batch_size_over: int = 20
    learning_rates_1: tuple[float, ...] = (5e-4, 1e-4, 1e-3)
    learning_rates_2: tuple[float, ...] = (1e-5, 5e-5, 1e-4)
    epochs_1: int = 5000
    epochs_2: int = 5000
    critic_updates: int = 2
    dropout: float = 0.7


@dataclass(frozen=True)
class Choice:
    """How rates and epochs are chosen.

    Attributes
    ----------
    rate_choice : {"curve", "held_out"}
        ``curve``: the paper's rules on the training curve. ``held_out``: the rate whose best
        epoch has the smallest energy distance to held-out samples.
    epoch_choice : {"elbow", "held_out"}
        ``elbow``: the paper's curve fit and knee. ``held_out``: the epoch with the smallest energy
        distance between generated and held-out samples.
    curve : {"wasserstein", "critic_loss"}
        The curve that the paper's rules go by.
    eval_every : int
        Epochs between two evaluations of the weights.
    cut_above, cut_below : float
        The curve is cut at its first value beyond these.
    threshold : float
        lr_1 rule: the smallest value of the curve that is still above this.
    instability_weight : float
        lr_2 rule: weight of instability against speed.
    n_differences : int
        lr_2 rule: how many of the largest differences between apexes are averaged.
    speed_window : int
        lr_2 rule: epochs averaged at either end of the curve; if fewer remain before a cut, the
        cut moves to the next crossing, or the rate has diverged (see `curves.cut`).
    held_out_fraction : float
        Share of a class that is held out.
    folds : int
        Folds of the cross-validation of a small class.
    cross_validate_below : int
        A class with fewer samples than this is cross-validated instead of split once.
    """

    rate_choice: Literal["curve", "held_out"] = "curve"
    epoch_choice: Literal["elbow", "held_out"] = "elbow"
    curve: Literal["wasserstein", "critic_loss"] = "wasserstein"
    eval_every: int = 20
    cut_above: float = 15.0
    cut_below: float = -10.0
    threshold: float = 3.0
    instability_weight: float = 3.0
    n_differences: int = 50
    speed_window: int = 500
    held_out_fraction: float = 0.2
    folds: int = 3
    cross_validate_below: int = 30


@dataclass(frozen=True)
class Output:
    """What is set in the generator's output layer after training (see `output`).

    Attributes
    ----------
    mean : {"trained", "class", "shrunk"}
        As trained; the mean of the class; or that shrunk towards the mean of all classes.
    sd : {"trained", "class", "pooled", "shrunk"}
        As trained; the SD of the class; that within classes; or the former shrunk towards the
        latter. Of every feature.
    noise : float
        Weight h of normal noise with the shrunk covariance within classes: a sample is
        mean + sqrt(1 - h^2) (what was generated - mean) + h noise.
    """

    mean: Literal["trained", "class", "shrunk"] = "class"
    sd: Literal["trained", "class", "pooled", "shrunk"] = "shrunk"
    noise: float = 0.7


@dataclass(frozen=True)
class GanSettings:
    """All settings of the GAN method; the ``gan`` section of the config.

    Examples
    --------
    >>> settings = GanSettings.from_mapping({"networks": {"hidden": [10, 20, 40]}})
    >>> settings.networks.hidden, settings.retraining.epochs_1
    ((10, 20, 40), 5000)
    """

    networks: Networks = field(default_factory=Networks)
    loss: Loss = field(default_factory=Loss)
    pretraining: Pretraining = field(default_factory=Pretraining)
    retraining: Retraining = field(default_factory=Retraining)
    choice: Choice = field(default_factory=Choice)
    output: Output = field(default_factory=Output)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Self:
        """Build the settings from nested mappings; missing keys keep their defaults.

        Raises
        ------
        TypeError
            For a key that does not exist (the config schema tells users before this does).
        """
        return _build(cls, mapping)


def _build(cls: type, mapping: Mapping[str, Any]) -> Any:
    nested = {f.name: f.default_factory for f in fields(cls) if is_dataclass(f.default_factory)}
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        if key in nested:
            value = _build(nested[key], value)  # type: ignore[arg-type]
        elif isinstance(value, list):
            value = tuple(value)
        values[key] = value
    return cls(**values)
