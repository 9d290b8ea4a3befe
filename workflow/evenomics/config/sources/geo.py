"""Problems of cohorts from the Gene Expression Omnibus."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.cohorts import given_cohorts
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
    """Find those of tables, wrong accessions and patterns, and classes without a pattern."""
    yield from table.problems(study, grid, place)
    for name, spec in given_cohorts(study["cohorts"]).items():
        here = f"{place}.cohorts.{name}"
        if not spec["accession"] and not spec["file"]:
            yield f"{here}: needs an `accession` to download, or a `file`"
        for key, kinds in (("accession", ("GSE", "GDS")), ("platform", ("GPL",))):
            if spec[key] and (problem := accession_problem(spec[key], *kinds)):
                yield f"{here}.{key}: {problem}"
        if bool(spec["classes"]) != bool(spec["class_column"]):
            yield f"{here}: `classes` and `class_column` belong together; give both"
        for pattern in _patterns(spec):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"{here}: {pattern!r} is no regular expression ({error})"
        if name != "external":
            yield from _class_problems(spec["classes"], study["classes"], f"{here}.classes")


def _patterns(spec: Mapping[str, Any]) -> list[str]:
    """Return the regular expressions of a cohort."""
    given = [*spec["classes"].values(), *spec["where"].values()]
    return [p for value in given for p in (value if isinstance(value, list) else [value])]


def _class_problems(given: Mapping[str, Any], classes: Sequence[str], place: str) -> Iterator[str]:
    for label in given:
        if label not in classes:
            yield f"{place}: {label!r} is no class of the study; {nearest(label, classes)}"
    for label in classes:
        if label not in given:
            yield f"{place}: no pattern for the class {label!r} of the study"
