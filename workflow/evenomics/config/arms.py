"""What follows from the config alone: the entries of arms, their settings and their GANs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, NamedTuple, Self

from evenomics.config.names import NO_SETTING, names

Variant = Literal["transfer", "classic"]

#: The arm that takes the arm and setting with the best cross-validated score in each draw.
AUTO = "auto"
#: Columns of tables that tell the settings of an arm apart (see `Setting`).
SETTING = ["alpha", "multiplier", "bandwidth"]

#: Samplers of other libraries by the names of their arms: ``class`` and ``parameters`` of each.
Samplers = Mapping[str, Mapping[str, Any]]


def named_arms(arms: Iterable[str | Samplers]) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Tell the names of arms from the samplers of other libraries.

    Parameters
    ----------
    arms : iterable of str or mapping
        As in the config: names, and sections of one name each.

    Returns
    -------
    names : list of str
    samplers : dict of str to dict
        Keys ``class`` and ``parameters``.

    Examples
    --------
    >>> named_arms(["none", {"mine": {"class": "imblearn.combine.SMOTETomek"}}])
    (['none', 'mine'], {'mine': {'class': 'imblearn.combine.SMOTETomek', 'parameters': {}}})
    """
    sections = [item if isinstance(item, Mapping) else {item: None} for item in arms]
    samplers = {
        name: {"class": given["class"], "parameters": dict(given.get("parameters", {}))}
        for section in sections
        for name, given in section.items()
        if given is not None
    }
    return [name for section in sections for name in section], samplers


def arm_entry(name: str, samplers: Samplers) -> Mapping[str, Any]:
    """Return what is known of an arm before anything runs: keys as in ``schema/names.yaml``.

    Parameters
    ----------
    name : str
    samplers : mapping
        Of the config.
    """
    if name in samplers:
        return {"title": name, "description": samplers[name]["class"], "new_samples": True}
    return names("arms")[name]


@dataclass(frozen=True)
class Setting:
    """The numbers that an arm is run with; None where it has no such number.

    Attributes
    ----------
    alpha : tuple of float or None
        Weight of the spread term in the generator's loss, for the under-represented classes and
        for the over-represented one.
    multiplier : float or None
        Samples added to every class beyond equal counts, as a multiple of the largest class.
    bandwidth : float or None
        Of a smoothed bootstrap: 0 copies samples, 1 draws from a normal distribution.

    Examples
    --------
    >>> Setting((1, 0), 0.5).labels
    {'alpha': 'a1-0', 'multiplier': '0.5', 'bandwidth': 'none'}
    """

    alpha: tuple[float, float] | None = None
    multiplier: float | None = None
    bandwidth: float | None = None

    @property
    def alpha_name(self) -> str:
        """The alphas as text for tables, e.g. ``a1-0``."""
        return NO_SETTING if self.alpha is None else f"a{self.alpha[0]:g}-{self.alpha[1]:g}"

    @property
    def multiplier_name(self) -> str:
        """The multiplier as text for tables."""
        return NO_SETTING if self.multiplier is None else f"{self.multiplier:g}"

    @property
    def bandwidth_name(self) -> str:
        """The bandwidth as text for tables."""
        return NO_SETTING if self.bandwidth is None else f"{self.bandwidth:g}"

    @property
    def labels(self) -> dict[str, str]:
        """What tables have of it, by column (`SETTING`)."""
        texts = (self.alpha_name, self.multiplier_name, self.bandwidth_name)
        return dict(zip(SETTING, texts, strict=True))


@dataclass(frozen=True)
class Grid:
    """The values that settings are made of, each as in the config.

    Attributes
    ----------
    alphas : sequence of pairs of float
        For the under-represented classes and the over-represented one. The classic arms have 0
        (paper); an arm that does not expand does not use the second.
    multipliers : sequence of float
        For the arms that expand.
    bandwidths : sequence of float
        For the arms that smooth.

    Examples
    --------
    >>> Grid.of({"alphas": [[0, 0]], "multipliers": [1], "bandwidths": [0.5], "seed": 1})
    Grid(alphas=[[0, 0]], multipliers=[1], bandwidths=[0.5])
    """

    alphas: Sequence[Sequence[float]]
    multipliers: Sequence[float]
    bandwidths: Sequence[float]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Take the values out of the settings of a study."""
        return cls(config["alphas"], config["multipliers"], config["bandwidths"])


class Gan(NamedTuple):
    """A GAN within its experiment.

    Examples
    --------
    >>> entry, counts = names("arms")["gan"], {"control": 9, "case": 4}
    >>> gans_of([entry], [[0, 0]], counts, ["control", "case"])
    [Gan(class_name='case', alpha=0.0, variant='transfer')]
    """

    class_name: str
    alpha: float
    variant: Variant


def arm_settings(entry: Mapping[str, Any], grid: Grid) -> list[Setting]:
    """Return the distinct settings that an arm is scored at.

    Parameters
    ----------
    entry : mapping
        Of the arm.
    grid : Grid

    Returns
    -------
    list of Setting
        In the order of the alphas, then of the multipliers, then of the bandwidths.

    Examples
    --------
    >>> grid = Grid([[0, 0], [1, 0]], [0.5, 1], [0.5])
    >>> [setting.alpha_name for setting in arm_settings({"gan": "transfer"}, grid)]
    ['a0-0', 'a1-0']
    """
    expands, variant = entry.get("expands"), entry.get("gan")
    alphas: list[tuple[float, float] | None] = [None]
    if variant == "classic":
        alphas = [(0.0, 0.0)]
    elif variant == "transfer":
        alphas = [(float(under), float(over) if expands else 0.0) for under, over in grid.alphas]
    multipliers = map(float, grid.multipliers) if expands else [None]
    bandwidths = map(float, grid.bandwidths) if entry.get("bandwidth") else [None]
    settings = (Setting(*values) for values in product(alphas, multipliers, bandwidths))
    return list(dict.fromkeys(settings))


def over_represented(counts: Mapping[str, int], classes: Sequence[str]) -> str:
    """Return the largest class; of equally large ones, the first in `classes`."""
    return max(classes, key=lambda label: counts[label])


def gans_at(
    entry: Mapping[str, Any], setting: Setting, counts: Mapping[str, int], classes: Sequence[str]
) -> list[Gan]:
    """Return the GANs that an arm needs at a setting, one for each class that it enlarges.

    Parameters
    ----------
    entry : mapping
        Of the arm.
    setting : Setting
    counts : mapping of str to int
        Samples of each class in the training draw.
    classes : sequence of str
        Classes of the study.

    Returns
    -------
    list of Gan
        Empty for an arm without GANs.
    """
    if setting.alpha is None:
        return []
    over, (under_alpha, over_alpha) = over_represented(counts, classes), setting.alpha
    return [
        Gan(label, over_alpha if label == over else under_alpha, entry["gan"])
        for label in classes
        if entry.get("expands") or label != over
    ]


def gans_of(
    entries: Iterable[Mapping[str, Any]],
    alphas: Sequence[Sequence[float]],
    counts: Mapping[str, int],
    classes: Sequence[str],
) -> list[Gan]:
    """Return every GAN that arms need in an experiment, each once.

    Parameters
    ----------
    entries : iterable of mapping
        Of the arms.
    alphas : sequence of pairs of float
        See `Grid`.
    counts, classes
        See `gans_at`.

    Returns
    -------
    list of Gan
    """
    grid = Grid(alphas, [1.0], [1.0])  # a GAN depends on no other value
    return list(
        dict.fromkeys(
            gan
            for entry in entries
            for setting in arm_settings(entry, grid)
            for gan in gans_at(entry, setting, counts, classes)
        )
    )
