"""Where the Gene Expression Omnibus keeps its files, and which samples a query finds.

Layout of the file server: ftp.ncbi.nlm.nih.gov/geo, README.txt. Queries: "Programmatic access to
GEO" (www.ncbi.nlm.nih.gov/geo/info/geo_paccess.html) and Entrez Programming Utilities Help
(NBK25501).
"""

import logging
import re
import time
from typing import Any

from evenomics.config.sources.geo import accession_problem
from evenomics.data.download import fetch_json
from evenomics.errors import ConfigError, DownloadError
from evenomics.messages import some

logger = logging.getLogger(__name__)


MIRROR = "https://ftp.ncbi.nlm.nih.gov/geo"

PLATFORM_TABLES = "https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi"

ENTREZ = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"

# ESummary gives at most 500 records as JSON; without a key three requests a second are allowed.
_PAGE = 500

_SECONDS_BETWEEN_REQUESTS = 0.35


def series_files(accession: str, platform: str | None = None, mirror: str = MIRROR) -> list[str]:
    """Return where the values of a series or a data set may be.

    Parameters
    ----------
    accession : str
        A series (GSE...): its series matrix. A curated data set (GDS...): its SOFT file.
    platform : str, optional
        Platform (GPL...) of the samples. A series on several platforms has a series matrix for each
        and none of its own name; a series on one platform the other way round.
    mirror : str
        Address of the file server, down to and without ``series``.

    Returns
    -------
    list of str
        URLs, to be tried in this order.

    Raises
    ------
    ConfigError
        If these are no accessions.
    """
    _check(accession, "GSE", "GDS")
    if accession.startswith("GDS"):
        return [f"{_folder(mirror, 'datasets', accession)}/soft/{accession}.soft.gz"]
    names = [accession]
    if platform is not None:
        _check(platform, "GPL")
        names.insert(0, f"{accession}-{platform}")
    folder = _folder(mirror, "series", accession)
    return [f"{folder}/matrix/{name}_series_matrix.txt.gz" for name in names]


def platform_files(platform: str, mirror: str = MIRROR, tables: str = PLATFORM_TABLES) -> list[str]:
    """Return where the table of a platform may be.

    Parameters
    ----------
    platform : str
        Accession (GPL...).
    mirror : str
        Address of the file server.
    tables : str
        Address of the service that writes out whole records.

    Returns
    -------
    list of str
        URLs, to be tried in this order: the annotation that GEO keeps for some platforms, then the
        table as it was submitted.

    Raises
    ------
    ConfigError
        If this is no accession of a platform.
    """
    _check(platform, "GPL")
    return [
        f"{_folder(mirror, 'platforms', platform)}/annot/{platform}.annot.gz",
        f"{tables}?targ=self&acc={platform}&form=text&view=full",
    ]


def sample_accessions(
    query: str, *, entrez: str = ENTREZ, attempts: int = 5, timeout: float = 60.0, wait: float = 2.0
) -> list[str]:
    """Ask the Entrez Programming Utilities for the accessions of samples.

    Parameters
    ----------
    query : str
        E.g. ``GSE36376[ACCN] AND gsm[ETYP]``: all samples of a series.
    entrez : str
        Address of the utilities, down to and without ``/esearch.fcgi``.
    attempts, timeout, wait
        As in `evenomics.data.download.fetch`, for each request.

    Returns
    -------
    list of str
        Accessions (GSM...), sorted by number.

    Raises
    ------
    ConfigError
        If the query finds nothing, or records that are no samples.
    DownloadError
        If the service does not answer, or not for all records.
    """
    last = -_SECONDS_BETWEEN_REQUESTS

    def ask(utility: str, **parameters: str | int) -> dict[str, Any]:
        nonlocal last
        time.sleep(max(0.0, last + _SECONDS_BETWEEN_REQUESTS - time.monotonic()))
        answer = fetch_json(
            f"{entrez}/{utility}.fcgi",
            {"db": "gds", "retmode": "json", "tool": "evenomics", **parameters},
            attempts=attempts,
            timeout=timeout,
            wait=max(wait, _SECONDS_BETWEEN_REQUESTS),
        )
        last = time.monotonic()
        return answer

    found: list[str] = []
    total = 1
    while len(found) < total:
        page = ask("esearch", term=query, retstart=len(found), retmax=_PAGE).get(
            "esearchresult", {}
        )
        total = int(page.get("count", 0))
        ids = page.get("idlist", [])
        if total == 0:
            raise ConfigError(f"the query {query!r} finds nothing in GEO{_doubts(page)}")
        records = ask("esummary", id=",".join(ids)).get("result", {}) if ids else {}
        got = [records[i]["accession"] for i in ids if "accession" in records.get(i, {})]
        if not ids or len(got) < len(ids):
            raise DownloadError(
                f"{entrez}: {len(found) + len(got)} of the {total} records that {query!r} finds "
                "came; try again later"
            )
        found += got
    if others := [accession for accession in found if not re.fullmatch(r"GSM\d+", accession)]:
        raise ConfigError(
            f"the query {query!r} finds records that are no samples: {some(others)}; "
            "add `AND gsm[ETYP]`"
        )
    logger.info("%d samples found by %s", len(found), query)
    return sorted(set(found), key=lambda accession: int(accession.removeprefix("GSM")))


def _folder(mirror: str, kind: str, accession: str) -> str:
    """Return the folder of a record; records lie by thousands, GSE14520 in GSE14nnn."""
    thousand = re.sub(r"\d{1,3}$", "nnn", accession)
    return f"{mirror.rstrip('/')}/{kind}/{thousand}/{accession}"


def _check(accession: str, *kinds: str) -> None:
    if problem := accession_problem(accession, *kinds):
        raise ConfigError(f"no accession of GEO: {problem}")


def _doubts(page: dict[str, Any]) -> str:
    """Return what the service did not understand of a query."""
    notes = {**page.get("errorlist", {}), **page.get("warninglist", {})}
    words = [word for words in notes.values() for word in words]
    words += [page["ERROR"]] if "ERROR" in page else []
    return f"; it did not understand {some(words)}" if words else "; check the accession"
