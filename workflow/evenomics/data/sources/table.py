"""Tables of one's own."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from evenomics.config.cohorts import ROW_NUMBER, given_cohorts
from evenomics.config.tables import files_of, is_url
from evenomics.data.checks import check_classes
from evenomics.data.cohort import Cohort
from evenomics.data.source import Request, check_complete, from_tables, read_together, source
from evenomics.data.union import united
from evenomics.data.user_table import read_user_table
from evenomics.errors import CohortError, ConfigError
from evenomics.messages import some


@source("table")
def table(request: Request) -> dict[str, Cohort]:
    """Read the user's tables: those of each cohort, or the one that is split."""
    specs = given_cohorts(request.options)
    check_complete(specs)
    files = {
        (name, part): {**spec, **of}
        for name, spec in specs.items()
        for part, of in _parts(name, spec, request.given).items()
    }
    read = read_together(
        {key: partial(_read, spec, key[1], request.downloaded) for key, spec in files.items()}
    )
    cohorts: dict[str, Callable[[], Cohort]] = {}
    for name, spec in specs.items():
        tables = {part: cohort for (of, part), cohort in read.items() if of == name}
        by_values = spec.get("sample_column") == ROW_NUMBER
        given = [part for part in tables if name == "real" and part in request.given]
        cohorts[name] = partial(_together, tables, name, by_values, given, request.classes)
    return from_tables(cohorts, request)


def _parts(
    name: str, spec: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return the files of a cohort by name, numbered if there are several; last, given draws."""
    files = files_of(spec)
    names = [name] if len(files) == 1 else [f"{name}_{i}" for i in range(1, len(files) + 1)]
    return {**dict(zip(names, files, strict=True)), **(given if name == "real" else {})}


def _read(
    spec: Mapping[str, Any], name: str, downloaded: Mapping[str, str | os.PathLike[str]]
) -> Cohort:
    """Read one file of a cohort."""
    paths = {key: spec.get(key) for key in ("path", "classes_path")}
    found = {key: downloaded.get(path, path) if path else None for key, path in paths.items()}
    for path in found.values():
        if isinstance(path, str) and is_url(path):
            raise ConfigError(f"{path} has not been downloaded; say where its file is")
    return read_user_table(**{**spec, **found}, name=name)


def _together(
    tables: Mapping[str, Cohort],
    name: str,
    by_values: bool,
    given: Sequence[str],
    classes: Sequence[str],
) -> Cohort:
    """Return a cohort of its tables, some of which may be draws from it that are given."""
    calls: dict[str, Callable[[], Any]] = {
        draw: partial(check_classes, tables[draw], classes) for draw in given
    }
    calls[name] = partial(united, tables, name, by_values)
    cohort, members = read_together(calls)[name]
    own = {sample for table, of in members.items() if table not in given for sample in of}
    draws = {draw: members[draw] for draw in given}
    strangers = {draw: [s for s in of if s not in own] for draw, of in draws.items() if own}
    if problems := [
        f"{len(of)} samples of the draw {draw!r} are not in it: {some(of)}"
        for draw, of in strangers.items()
        if of
    ]:
        problems.append("mend the draws, or leave `path` out: the draws are the cohort then")
        raise CohortError(f"{cohort.place} is not what the draws are from:", problems)
    return replace(cohort, draws=draws)
