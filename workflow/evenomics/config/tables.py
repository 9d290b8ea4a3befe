"""Tables that a config names: files, and addresses from which they are downloaded."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evenomics.config.cohorts import given_cohorts

#: Folder of downloaded tables, below that of Snakemake's resources.
FOLDER = "tables"

_URL = re.compile(r"https?://[^/\s]+/\S+", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")

# Key of a file -> key of its checksum; sources of other files have none.
_KEYS = {"path": "sha256", "classes_path": "classes_sha256", "file": "", "platform_file": ""}


class Table(NamedTuple):
    """A table that a study names.

    Attributes
    ----------
    place : str
        Its key in the study, e.g. ``cohorts.real.path``.
    address : str
        Path, or URL.
    sha256 : str
        Its checksum; empty if none is given.
    is_remote : bool
        Whether it is downloaded.

    Examples
    --------
    >>> table = Table("cohorts.real.path", "https://example.org/a/real.csv", 64 * "0", True)
    >>> table.file_name
    '000000000000.real.csv'
    """

    place: str
    address: str
    sha256: str = ""
    is_remote: bool = False

    @property
    def file_name(self) -> str:
        """Name of the file that is downloaded: the same file has the same in all studies."""
        name = urlsplit(self.address).path.rpartition("/")[2]
        return f"{self.sha256[:12]}.{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)[-100:] or 'table'}"


def given_draws(experiments: Any) -> dict[str, dict[str, Any]]:
    """Return the draws that are given, each with its ``path`` and its ``sha256`` (or None).

    Parameters
    ----------
    experiments : mapping
        The section ``experiments`` of a study, perhaps as the user wrote it.
    """
    found = experiments.get("given") if isinstance(experiments, Mapping) else None
    given = found if isinstance(found, Mapping) else {}
    return {str(name): _file(of) for name, of in given.items()}


def files_of(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a cohort's ``path``, each with its ``path`` and ``sha256`` (or None)."""
    path = spec.get("path")
    if isinstance(path, list):
        return [_file(part) for part in path]
    return [{"path": path, "sha256": spec.get("sha256")}] if path else []


def _file(given: Any) -> dict[str, Any]:
    spec = given if isinstance(given, Mapping) else {"path": given}
    return {"path": spec.get("path"), "sha256": spec.get("sha256")}


def is_url(address: str) -> bool:
    """Return whether a table is downloaded from its address."""
    return _URL.fullmatch(address) is not None


def local_path(of: Mapping[str, Any]) -> Path:
    """Return where a file of `files_of` or `given_draws` is, once a run in this folder has it."""
    address = str(of["path"])
    if not is_url(address):
        return Path(address)
    return Path("resources", FOLDER, Table("", address, str(of["sha256"])).file_name)


def study_tables(study: Mapping[str, Any]) -> list[Table]:
    """Return all tables that a study names.

    Parameters
    ----------
    study : mapping
        Its section of the config, perhaps as the user wrote it: what is no text is left out.
    """
    cohorts = study.get("cohorts")
    if not isinstance(cohorts, Mapping):
        return []
    # other sources have addresses of their own kinds
    takes_urls = cohorts.get("source") == "table"
    found = [*_named(cohorts)]
    for name, of in given_draws(study.get("experiments")).items():
        found.append((f"experiments.given.{name}", of["path"], of["sha256"]))
    return [
        Table(
            place,
            address,
            checksum.lower() if isinstance(checksum, str) else "",
            takes_urls and is_url(address),
        )
        for place, address, checksum in found
        if address and isinstance(address, str)
    ]


def _named(cohorts: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Go through the files of cohorts: place, address, checksum."""
    for name, spec in given_cohorts(cohorts).items():
        for key, sum_key in _KEYS.items():
            place = f"cohorts.{name}.{key}"
            value = spec.get(key)
            if isinstance(value, list):
                for number, of in enumerate(map(_file, value)):
                    yield f"{place}[{number}]", of["path"], of["sha256"]
            else:
                yield place, value, spec.get(sum_key)


def downloads(studies: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables of all studies that are downloaded, by the names of their files."""
    tables = [table for study in studies.values() for table in study_tables(study)]
    return {table.file_name: table for table in tables if table.is_remote}


def checksum_problems(study: Mapping[str, Any], place: str) -> Iterator[str]:
    """Find tables without the checksum that they need, and checksums that are none.

    Parameters
    ----------
    study : mapping
        Its section of the config, with defaults.
    place : str
        Path of the section, e.g. ``studies.liver``.

    Yields
    ------
    str
        One line per problem.
    """
    for table in study_tables(study):
        here = f"{place}.{table.place}"
        if table.is_remote and not table.sha256:
            yield (
                f"{here}: {table.address!r} is downloaded, and needs its checksum beside it, "
                "`sha256` (64 digits, as `sha256sum FILE` prints them)"
            )
        elif table.sha256 and not _SHA256.fullmatch(table.sha256):
            yield (
                f"{here}: found the checksum {table.sha256!r}; has to be 64 hexadecimal digits, as "
                "`sha256sum FILE` prints them"
            )
    for name, spec in given_cohorts(study["cohorts"]).items():
        if isinstance(spec.get("path"), list) and spec.get("sha256"):
            yield (
                f"{place}.cohorts.{name}.sha256: there are several files; give each its own, as "
                "sections `{path, sha256}` in the list"
            )
