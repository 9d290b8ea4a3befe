"""Hyper-parameters that the config has: grids, and a table of those that are given, not tuned."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evenomics.config.arms import SETTING
from evenomics.errors import ConfigError
from evenomics.evaluation.classifier import CLASSIFIERS
from evenomics.messages import nearest, some

# What a row of the table has to have, and by which columns it may be for a part of the run only.
_NEEDED = ("classifier", "parameters")
_PLACE = ("experiment", "replicate", "arm", *SETTING)

#: A row of the table; its parameters are read.
Row = Mapping[str, Any]


def read_given(path: Path, study: str) -> list[Row]:
    """Read a table of hyper-parameters that `check_hyper_parameters` has passed.

    Parameters
    ----------
    path : Path
        TSV, as the config's ``scoring.hyper_parameters`` has it.
    study : str
        Rows of other studies are left out.

    Returns
    -------
    list of mapping
    """
    table = _read(path)
    if "study" in table:
        table = table[table["study"].isin(["", study])]
    table = table[[name for name in table if name in (*_NEEDED, *_PLACE)]]
    table["parameters"] = table["parameters"].map(json.loads)
    return [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy().tolist()]


def given_for(rows: Iterable[Row], place: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the hyper-parameters of the first row that fits; None if none does.

    Parameters
    ----------
    rows : iterable of mapping
        Of `read_given`.
    place : mapping of str to object
        Experiment, replicate, arm, its setting and classifier, as tables have them.

    Examples
    --------
    >>> rows = [
    ...     {"classifier": "svc", "arm": "smote", "parameters": {"C": 5}},
    ...     {"classifier": "svc", "arm": "", "parameters": {"C": 1}},
    ... ]
    >>> [given_for(rows, {"classifier": "svc", "arm": arm}) for arm in ("smote", "gan")]
    [{'C': 5}, {'C': 1}]
    """
    for row in rows:
        wanted = {name: text for name, text in row.items() if name != "parameters" and text}
        if all(str(place[name]) == text for name, text in wanted.items()):
            return dict(row["parameters"])
    return None


def check_hyper_parameters(scoring: Mapping[str, Any]) -> None:
    """Build every classifier with the hyper-parameters of its grid, and with those of the table.

    Parameters
    ----------
    scoring : mapping
        The section of the config.

    Raises
    ------
    ConfigError
        With all problems.
    """
    problems = list(_grid_problems(scoring["grids"]))
    if path := scoring["hyper_parameters"]:
        problems += _table_problems(Path(path))
    if problems:
        raise ConfigError("hyper-parameters cannot be used:", problems)


def _grid_problems(grids: Mapping[str, Sequence[Mapping[str, Sequence[Any]]]]) -> Iterator[str]:
    for classifier, grid in grids.items():
        for number, section in enumerate(grid):
            place = f"scoring.grids.{classifier}[{number}]"
            for name, values in section.items():
                found = (_problems_of(classifier, {name: value}) for value in values)
                yield from dict.fromkeys(f"{place}.{problem}" for each in found for problem in each)


def _problems_of(classifier: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Find hyper-parameters, each by itself, that a classifier cannot be built with."""
    build = CLASSIFIERS[classifier].build
    known = build({}, 2, None).get_params()
    for name, value in parameters.items():
        if name not in known:
            yield f"{name}: {classifier} has no such hyper-parameter; {nearest(str(name), known)}"
            continue
        try:
            # scikit-learn checks values only when they are used
            build({name: value}, 2, None)._validate_params()
        except ValueError as error:  # which may be a TypeError as well
            yield f"{name}: {error}"
        except TypeError:
            yield f"{name}: is what the workflow sets for {classifier}; drop it"


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def _table_problems(path: Path) -> Iterator[str]:
    place = f"scoring.hyper_parameters: {path}"
    try:
        table = _read(path)
    except (OSError, ValueError) as error:  # pandas' own are ValueErrors
        yield f"{place} cannot be read as TSV: {error}"
        return
    if missing := [name for name in _NEEDED if name not in table]:
        yield f"{place}: no column {some(missing)}; there are {some(table, 10)}"
        return
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line, key in enumerate(zip(table["classifier"], table["parameters"], strict=True), 2):
        lines[key].append(line)
    for (classifier, text), numbers in lines.items():
        for problem in _row_problems(classifier, text):
            yield f"{place}, line {some(numbers)}: {problem}"


def _row_problems(classifier: str, text: str) -> Iterator[str]:
    if classifier not in CLASSIFIERS:
        yield f"classifier: found {classifier!r}; {nearest(classifier, CLASSIFIERS)}"
        return
    try:
        parameters = json.loads(text)
    except ValueError:
        parameters = None
    if isinstance(parameters, dict):
        yield from _problems_of(classifier, parameters)
    else:
        yield f'parameters: found {text!r}; have to be like {{"C": 1, "kernel": "linear"}} (JSON)'
