"""Problems and sizes of tables: of one's own, or imported ones."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from evenomics.config.cohorts import ROW_NUMBER, given_cohorts
from evenomics.config.experiments import Experiment
from evenomics.config.paths import path_problems
from evenomics.config.replicates import split_of
from evenomics.config.source import Size, parts_of, problems_of, share_problems, size_of
from evenomics.config.tables import (
    checksum_problems,
    files_of,
    given_draws,
    local_path,
    study_tables,
)

# Characters that are read of a table to find its size; of what follows, the lines are estimated.
_READ = 32 * 2**20


@problems_of("table")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find tables that are missing or too many, shares that do not add up, and wrong paths."""
    cohorts, here = study["cohorts"], f"{place}.cohorts"
    given = given_cohorts(cohorts)
    if "table" in given and len(given) > 1:
        others = " and ".join(f"`{name}`" for name in given if name != "table")
        yield f"{here}: give either one `table` or {others}, not both"
    elif "table" not in given:
        for name in ("real", "validation"):
            if name not in given:
                yield f"{here}.{name}: missing; give `{name}: {{...}}`, or one `table` to split"
        if "split" in cohorts:
            yield f"{here}.split: there is no `table` to split"
    if "split" in cohorts:
        yield from share_problems(cohorts["split"], f"{here}.split")
    if cohorts["source"] == "table":
        yield from _own_problems(study, given, place)
    for table in study_tables(study):
        if not table.is_remote:
            yield from path_problems([table.address], f"{place}.{table.place}")


def _own_problems(
    study: Mapping[str, Any], given: Mapping[str, Mapping[str, Any]], place: str
) -> Iterator[str]:
    """Find what is wrong with options that tables of one's own have, and imported ones do not."""
    if "real" in given and not given["real"]["path"] and not given_draws(study["experiments"]):
        yield f"{place}.cohorts.real.path: missing; give a file, or draws (`experiments.given`)"
    for name, spec in given.items():
        here = f"{place}.cohorts.{name}"
        if spec["sample_column"] == ROW_NUMBER and spec["classes_path"]:
            yield (
                f"{here}.classes_path: samples are found there by their ids, and with "
                f"`sample_column: {ROW_NUMBER}` they have none"
            )
        if spec["sample_column"] == ROW_NUMBER and spec["samples"] == "columns":
            yield (
                f"{here}.sample_column: with `samples: columns`, the names of the columns are the "
                f"ids; leave `{ROW_NUMBER}` out"
            )
    yield from checksum_problems(study, place)


@size_of("table")
def size(study: Mapping[str, Any]) -> Size | None:
    """Read the size of the tables from their first part; None if one of them cannot be read.

    Samples that ``where`` leaves out, features with gaps, features that other cohorts lack, and
    samples that are in several files of a cohort are counted: cohorts are as large as this or
    smaller. A table that has not been downloaded yet cannot be read.
    """
    cohorts = study["cohorts"]
    specs = given_cohorts(cohorts)
    given = {
        name: _table_size(of, specs["real"])
        for name, of in given_draws(study.get("experiments")).items()
    }
    sizes = {}
    for name, spec in specs.items():
        parts = [_table_size(of, spec) for of in files_of(spec)]
        found = [part for part in parts or given.values() if part]
        if len(found) < len(parts or given):
            return None
        sizes[name] = (min(p for p, _ in found), sum(n for _, n in found))
    if "table" in sizes:
        return parts_of(*sizes["table"], split_of(cohorts))
    n_samples = {name: n for name, (_, n) in sizes.items()}
    return Size(
        min(n_features for n_features, _ in sizes.values()),
        n_samples["real"],
        n_samples.get("external", n_samples["real"]),
        n_samples["validation"],
        n_given={name: n for name, part in given.items() if part for _, n in [part]},
    )


def _table_size(of: Mapping[str, Any], spec: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the numbers of features and samples of a file; None if it cannot be read."""
    try:
        path = local_path(of)
        header, n_lines = _header_and_lines(path, path.stat().st_mtime_ns)
    except (OSError, EOFError, ValueError, zlib.error, csv.Error):
        return None  # the job that reads the table says what is wrong with it
    if spec["samples"] == "columns":
        return n_lines - 1, len(header) - 1
    labels = [spec["class_column"], spec["group_column"], *spec["where"]]
    left_out = spec["ignore_columns"] + (labels if not spec["classes_path"] else [])
    ids = spec["sample_column"] or header[0]
    # an unnamed column has row numbers
    return len({*header} - {ids, "", *left_out}), n_lines - 1


@cache
def _header_and_lines(path: Path, modified: int) -> tuple[list[str], int]:
    """Return the cells of a table's first line, and the number of its lines.

    Both are asked for twice: for what a run takes, and for what its jobs ask a cluster for. Of a
    long file, the number is an estimate from the length of the lines read.

    Raises
    ------
    ValueError
        If there is no second line, or none within what is read.
    """
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        text: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
        start = text.read(_READ).lstrip(b"\r\n")
        share = file.tell() / path.stat().st_size if text.read(1) else 1.0
    n_lines = start.rstrip().count(b"\n") + (share == 1)
    if n_lines < 2:
        raise ValueError(f"{path}: {n_lines} lines")
    first = start.partition(b"\n")[0].decode("utf-8-sig").strip("\r")
    delimiter = max("\t,;", key=first.count)
    return next(csv.reader([first], delimiter=delimiter)), round(n_lines / share)
