"""Problems and sizes of tables: of one's own, or imported ones."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from evenomics.config.cohorts import given_cohorts
from evenomics.config.experiments import Experiment
from evenomics.config.paths import path_problems, table_paths
from evenomics.config.replicates import split_of
from evenomics.config.source import Size, parts_of, problems_of, share_problems, size_of

# Characters that are read of a table to find its size; of what follows, the lines are estimated.
_READ = 32 * 2**20


@problems_of("table")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find tables that are missing or too many, shares that do not add up, and wrong paths."""
    cohorts, place = study["cohorts"], f"{place}.cohorts"
    given = given_cohorts(cohorts)
    if "table" in given and len(given) > 1:
        others = " and ".join(f"`{name}`" for name in given if name != "table")
        yield f"{place}: give either one `table` or {others}, not both"
    elif "table" not in given:
        for name in ("real", "validation"):
            if name not in given:
                yield f"{place}.{name}: missing; give `{name}: {{...}}`, or one `table` to split"
        if "split" in cohorts:
            yield f"{place}.split: there is no `table` to split"
    if "split" in cohorts:
        yield from share_problems(cohorts["split"], f"{place}.split")
    yield from path_problems(table_paths(cohorts), place)


@size_of("table")
def size(cohorts: Mapping[str, Any]) -> Size | None:
    """Read the size of the tables from their first part; None if one of them cannot be read.

    Samples that ``where`` leaves out, features with gaps, and features that other cohorts lack
    are counted: cohorts are as large as this or smaller.
    """
    sizes = {name: _table_size(spec) for name, spec in given_cohorts(cohorts).items()}
    known = {name: found for name, found in sizes.items() if found}
    if len(known) < len(sizes):
        return None
    if "table" in known:
        return parts_of(*known["table"], split_of(cohorts))
    n_samples = {name: n for name, (_, n) in known.items()}
    return Size(
        min(n_features for n_features, _ in known.values()),
        n_samples["real"],
        n_samples.get("external", n_samples["real"]),
        n_samples["validation"],
    )


def _table_size(spec: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the numbers of features and samples of a table; None if it cannot be read."""
    try:
        path = Path(spec["path"])
        header, n_lines = _header_and_lines(path, path.stat().st_mtime_ns)
    except (OSError, EOFError, ValueError, zlib.error, csv.Error):
        return None  # the job that reads the table says what is wrong with it
    if spec["samples"] == "columns":
        return n_lines - 1, len(header) - 1
    labels = [spec["class_column"], spec["group_column"], *spec["where"]]
    in_file = spec["ignore_columns"] + (labels if not spec["classes_path"] else [])
    return len(set(header) - {spec["sample_column"] or header[0], *in_file}), n_lines - 1


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
