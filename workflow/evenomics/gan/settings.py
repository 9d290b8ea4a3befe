"""Every number of the GAN method, with the paper's value as its default.

Sources: Cusworth, Gkoutos, Acharjee 2024 ("the paper"), the scripts they released beside it ("the
released scripts"), Gulrajani et al. 2017 for the gradient penalty. Where the paper is silent the
field's comment says so.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True)
class Networks:
    """Shape and initial weights of the two networks.

    Attributes
    ----------
    hidden : tuple of int
        Hidden layers of the generator, input to output; the critic has them reversed.
    generator_dropout : float or None
        Alpha-dropout probability in the generator; None for the critic's of the same training. The
        paper does not say where dropout acts; chosen here: in the critic, and not in the generator
        (the released scripts: in both).
    initial_gain : float
        Weights are drawn with the standard deviation gain / sqrt(n_in). The paper names the scheme
        and no gain; sqrt(2) is that of He et al. 2015 (the released scripts: 1).
    initial_biases : {"zero", "uniform"}
        Biases of hidden layers; ``uniform``: between -1 / sqrt(n_in) and 1 / sqrt(n_in), as PyTorch
        draws them (the released scripts).
    initial_output_bias : float
        Biases of the generator's output layer (the released scripts: 0.01).
    critic_grows : {"input", "output"}
        Where the critic's new layer comes in pre-training. ``input``: below the others, which draws
        the two lowest layers anew (chosen here). ``output``: above the others, so that the critic
        begins with its widest layer, and its output layer is drawn anew (the released scripts).
    """

    hidden: tuple[int, ...] = (50, 100, 200)
    generator_dropout: float | None = 0.0
    initial_gain: float = math.sqrt(2.0)
    initial_biases: Literal["zero", "uniform"] = "zero"
    initial_output_bias: float = 0.0
    critic_grows: Literal["input", "output"] = "input"

    def critic_hidden(self, n_layers: int) -> tuple[int, ...]:
        """Return the critic's hidden layers, input to output, when there are so many."""
        there = self.hidden[:n_layers] if self.critic_grows == "input" else self.hidden[-n_layers:]
        return there[::-1]

    def dropout_of_generator(self, dropout_of_critic: float) -> float:
        """Return the generator's dropout in a training with this one of the critic."""
        return dropout_of_critic if self.generator_dropout is None else self.generator_dropout


@dataclass(frozen=True)
class Loss:
    """Terms of the two losses.

    Attributes
    ----------
    gradient_penalty : float
        Weight lambda of the gradient penalty (Gulrajani et al. 2017).
    penalty_norm : {"per_sample", "per_feature"}
        Which norms of the critic's input gradient the penalty draws towards 1: that of each sample
        over its features (Gulrajani et al. 2017), or that of each feature over the samples of the
        batch (the released scripts).
    penalty_in_gradient : bool
        Whether the critic learns from the penalty; if not, it is only part of the recorded loss
        (the released scripts, where it is a constant for automatic differentiation).
    critic_gradient : bool
        Whether the generator learns from the critic; if not, only the spread term moves it (the
        released scripts, where the critic's output is detached from it).
    spread_norm : {"frobenius", "spectral"}
        Matrix norm of the generated batch in the spread term, alpha * log ||X||. The paper says
        "L2-matrix norm", which can mean either; chosen here: Frobenius (the released scripts:
        spectral).
    """

    gradient_penalty: float = 10.0
    penalty_norm: Literal["per_sample", "per_feature"] = "per_sample"
    penalty_in_gradient: bool = True
    critic_gradient: bool = True
    spread_norm: Literal["frobenius", "spectral"] = "frobenius"


@dataclass(frozen=True)
class Updates:
    """Updates of the weights, and what they are made from.

    Attributes
    ----------
    optimiser : {"adam", "sgd"}
        ``sgd``: plain steepest descent, without momentum (the released scripts).
    adam_betas : tuple of float
        Decay rates of Adam's moments (Gulrajani et al. 2017 use 0 and 0.9; chosen here: 0.5, 0.9).
    epoch : {"pass", "generator_update"}
        ``pass``: every sample once, but for those that do not fill a batch. ``generator_update``:
        the critic updates of one generator update, each on a random batch of all samples, and then
        that one (the released scripts).
    generator_batch : int or None
        Samples generated for an update of the generator; None for as many as the critic has (the
        released scripts: 20).
    """

    optimiser: Literal["adam", "sgd"] = "adam"
    adam_betas: tuple[float, float] = (0.5, 0.9)
    epoch: Literal["pass", "generator_update"] = "pass"
    generator_batch: int | None = None


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
        The optimiser's rate. Not in the paper; chosen here.
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
    final_epochs : int or None
        Once both rates are chosen, train at lr_2 until there are so many epochs, those at lr_1
        included, and choose the epoch on the curve of both (the released scripts: 10,000). None:
        choose it on that of the lr_2 run as it is.
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
    final_epochs: int | None = None
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
    curve_every : int
        The rules see every so many-th epoch of the curve (the released scripts: 20).
    rate_1 : {"smallest_above", "last_above"}
        lr_1 rule: smallest value of the curve that is still above the threshold, or its last value
        before the first one below it (the released scripts).
    elbow : {"exponential", "polynomial"}
        The curve fit: a saturating exponential, or a polynomial of degree 7 (the released scripts).
    eval_every : int
        Epochs between two evaluations of the weights.
    cut_above, cut_below : float
        The curve is cut at its first value beyond these.
    threshold : float
        lr_1 rule: see `rate_1`.
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
    curve_every: int = 1
    rate_1: Literal["smallest_above", "last_above"] = "smallest_above"
    elbow: Literal["exponential", "polynomial"] = "exponential"
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
    updates: Updates = field(default_factory=Updates)
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
