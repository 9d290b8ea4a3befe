"""Problems of cohorts from the Gene Expression Omnibus."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.cohorts import given_cohorts, listed
from evenomics.config.experiments import Experiment
from evenomics.config.source import problems_of
from evenomics.config.sources import table
from evenomics.messages import nearest


def accession_problem(accession: str, *kinds: str) -> str:
    """Say what is wrong with an accession of one of these kinds (GSE, ...); empty if nothing is."""
    if re.fullmatch(rf"({'|'.join(kinds)})[1-9]\d*", accession):
        return ""
    return f"found {accession!r}; has to be {' or '.join(kinds)} and a number"


@problems_of("geo")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find those of tables, accessions, platforms and patterns, and classes without a pattern."""
    yield from table.problems(study, grid, place)
    for name, spec in given_cohorts(study["cohorts"]).items():
        here = f"{place}.cohorts.{name}"
        if not spec["accession"] and not spec["file"]:
            yield f"{here}: needs an `accession` to download, or a `file`"
        for key, kinds in (("accession", ("GSE", "GDS")), ("platform", ("GPL",))):
            for accession in listed(spec[key]):
                if problem := accession_problem(accession, *kinds):
                    yield f"{here}.{key}: {problem}"
        yield from _platform_problems(spec, here)
        if bool(spec["classes"]) != bool(spec["class_column"]):
            yield f"{here}: `classes` and `class_column` belong together; give both"
        for pattern in _patterns(spec):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"{here}: {pattern!r} is no regular expression ({error})"
        if name != "external":
            yield from _class_problems(spec["classes"], study["classes"], f"{here}.classes")


def _platform_problems(spec: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find files that are not as many as the platforms, and a data set, which has one platform."""
    n_platforms = len(listed(spec["platform"]))
    each = max(n_platforms, 1)
    for key, allowed in (("file", {0, 1, each}), ("platform_file", {0, each})):
        if (n_files := len(listed(spec[key]))) not in allowed:
            yield (
                f"{place}.{key}: found {n_files} files, and {n_platforms} in `platform`; give a "
                "file for each platform, in the same order"
            )
    if n_platforms > 1 and (spec["accession"] or "").startswith("GDS"):
        yield (
            f"{place}.platform: found {n_platforms}; a curated data set (GDS...) has one, its "
            "series (GSE...) may have more"
        )


def _patterns(spec: Mapping[str, Any]) -> list[str]:
    """Return the regular expressions of a cohort."""
    given = [*spec["classes"].values(), *spec["where"].values()]
    return [pattern for value in given for pattern in listed(value)]


def _class_problems(given: Mapping[str, Any], classes: Sequence[str], place: str) -> Iterator[str]:
    for label in given:
        if label not in classes:
            yield f"{place}: {label!r} is no class of the study; {nearest(label, classes)}"
    for label in classes:
        if label not in given:
            yield f"{place}: no pattern for the class {label!r} of the study"
