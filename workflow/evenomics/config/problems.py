"""Problems of a config that no schema can find: what belongs together and does not fit.

Those of a source's own options are in `evenomics.config.sources`.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from evenomics.config.experiments import experiment_grid
from evenomics.config.paths import gene_set_paths, path_problems
from evenomics.config.source import SOURCE_PROBLEMS
from evenomics.messages import slug

# What a single run of a GAN may take at most, by the least that it can take: more than any machine
# has for it.
_MOST_BYTES, _MOST_SECONDS = 100e9, 365 * 24 * 3600


def not_finite(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], float]]:
    """Find NaN and infinity, which pass every limit of a schema."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path, value
    elif isinstance(value, Mapping | list):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            yield from not_finite(part, (*path, key))


def texts_of(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find all texts, names of keys among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            if isinstance(key, str):
                yield path, key
            yield from texts_of(part, (*path, key))


def cost_problems(gan: Mapping[str, Any]) -> Iterator[str]:
    """Find trainings that no machine can do, by the cost model of ``docs/costs.md``.

    How many features there are is not known yet: one is counted, and one update in an epoch. Every
    estimate is far below what the training would take.
    """
    hidden = gan["networks"]["hidden"]
    limits = f"at most {_MOST_BYTES / 1e9:g} GB and a year on one core are allowed for a run"
    widths = [1, *hidden, 1]
    # generator and critic, whose layers are the same in reverse
    n = 2 * sum(n_in * n_out for n_in, n_out in pairwise(widths))
    if (needed := 36 * n) > _MOST_BYTES:
        yield (
            f"gan.networks.hidden: found {hidden}; these layers have {n:,} parameters and need "
            f"{needed / 1e9:,.0f} GB; {limits}"
        )
    phases = {
        "gan.pretraining.epochs": sum(gan["pretraining"]["epochs"]),
        "gan.retraining.epochs_1": gan["retraining"]["epochs_1"],
        "gan.retraining.epochs_2": gan["retraining"]["epochs_2"],
    }
    for key, epochs in phases.items():
        # two losses of 8 bytes; a third of a cycle at 0.5 ns x P x (1 + 5)
        needed, seconds = 16 * epochs, 1e-9 * n * epochs
        if needed > _MOST_BYTES or seconds > _MOST_SECONDS:
            yield (
                f"{key}: found {epochs:,} epochs; these take {seconds / 86400:,.0f} days on one "
                f"core or more, and their curves {needed / 1e9:,.0f} GB; {limits}"
            )


def gan_problems(gan: Mapping[str, Any]) -> Iterator[str]:
    """Find values of the section ``gan`` that do not fit together."""
    hidden = gan["networks"]["hidden"]
    for key in ("epochs", "critic_updates", "dropout"):
        values = gan["pretraining"][key]
        if len(values) != len(hidden):
            yield (
                f"gan.pretraining.{key}: found {len(values)} values; has to have one for each of "
                f"the {len(hidden)} hidden layers (gan.networks.hidden)"
            )
    choice = gan["choice"]
    if choice["cut_below"] >= choice["cut_above"]:
        yield (
            f"gan.choice.cut_below: found {choice['cut_below']:g}; has to be below cut_above, "
            f"{choice['cut_above']:g}"
        )


def study_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find what does not fit together in a study."""
    classes, cohorts = study["classes"], study["cohorts"]
    slugs = [slug(label).casefold() for label in classes]
    if len(set(slugs)) < len(slugs):
        yield (
            f"{place}.classes: found {classes}; the names have to differ in their letters, digits, "
            "`_` or `-`, because they are part of file names"
        )
    grid = experiment_grid(study["experiments"])
    if not grid:
        yield (
            f"{place}.experiments: no experiment; set `whole: true`, or give values for both "
            "`controls` and `imbalance`"
        )
    for experiment in grid:
        if experiment.cases is not None and experiment.cases < 2:
            yield (
                f"{place}.experiments: {experiment.controls} controls at imbalance "
                f"{experiment.imbalance:g} make {experiment.cases} cases; at least 2 are needed"
            )
    if find := SOURCE_PROBLEMS.get(cohorts["source"]):
        yield from find(study, grid, place)
    yield from _enrichment_problems(study, place)


def _enrichment_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    enrichment, place = study["enrichment"], f"{place}.enrichment"
    if enrichment["source"] != "none" and study["selections"] == ["none"]:
        yield f"{place}: there are no selected genes to look at; add e.g. `deg` to `selections`"
    if enrichment["min_size"] > enrichment["max_size"]:
        yield (
            f"{place}.min_size: found {enrichment['min_size']}; has to be at most max_size, "
            f"{enrichment['max_size']}"
        )
    if enrichment["source"] == "local":
        yield from path_problems(gene_set_paths(enrichment), f"{place}.gene_sets")
