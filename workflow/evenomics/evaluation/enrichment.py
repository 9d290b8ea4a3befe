"""Tests of gene sets for over-representation among the selected genes."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gseapy
import numpy as np
import pandas as pd
from gseapy.enrichr import EnrichrError
from scipy.stats import false_discovery_control

from evenomics import columns
from evenomics.errors import ConfigError, EnrichmentError
from evenomics.messages import nearest, some

logger = logging.getLogger(__name__)

SOURCES = ("local", "enrichr")

COLUMNS = {
    name: columns.COLUMNS[name]
    for name in (
        *("library", "term", "n_overlap", "n_set", "n_selected", "n_background"),
        *("odds_ratio", "p_value", "adjusted_p_value", "genes"),
    )
}


def enrich(
    genes: Iterable[str],
    background: Iterable[str],
    *,
    source: str,
    libraries: Sequence[str] = (),
    gene_sets: Sequence[str | os.PathLike[str]] = (),
    min_size: int = 5,
    max_size: int = 500,
) -> pd.DataFrame:
    """Test which gene sets have more of the selected genes than expected by chance.

    The test is hypergeometric, one-sided: the probability of at least as many selected genes in the
    set if the genes were drawn at random from the background.

    Parameters
    ----------
    genes : iterable of str
        The selected genes, named as in the gene sets (mostly gene symbols); all in `background`.
    background : iterable of str
        All genes that could have been selected: those that were measured, also those in no gene
        set. With the whole genome, genes that are typical of a tissue would appear enriched.
    source : {"local", "enrichr"}
        ``local``: local files, with `gseapy.enrich`. ``enrichr``: the web service of that name
        (human genes), with `gseapy.enrichr`; both lists of genes are sent to it. If one fails, the
        other is not tried.
    libraries : sequence of str
        For ``enrichr``: names of its libraries, e.g. ``GO_Biological_Process_2023``.
    gene_sets : sequence of path-like
        For ``local``: GMT files (see `read_gmt`); the library has the name of the file.
    min_size, max_size : int
        For ``local``: sets with fewer or more genes in the background are not tested.

    Returns
    -------
    pandas.DataFrame
        One row per set with at least one selected gene; libraries in the given order, sets in the
        order of their p-values.

        - ``library``, ``term``: where the set is from, and its name
        - ``n_overlap``: selected genes in the set
        - ``n_set``: background genes in the set; missing for ``enrichr``, which does not report it
        - ``n_selected``, ``n_background``: selected genes, background genes
        - ``odds_ratio``: for ``local`` with 0.5 added to each cell of the 2 x 2 table;
          for ``enrichr`` as reported by the service
        - ``p_value``, ``adjusted_p_value``: the latter by Benjamini and Hochberg, per library
        - ``genes``: the selected genes in the set, joined by ``;``

        Without a significant set, or without a row, it is a valid result.

    Raises
    ------
    ConfigError
        If the settings do not fit together.
    EnrichmentError
        If the genes are not in the background, are all of it or are in no set; if a file cannot be
        read; if Enrichr cannot be reached or does not know a library.

    Notes
    -----
    ``local`` counts every set of the right size as a test, also those without a selected gene
    (their p-value is 1). Enrichr, and gseapy by default, count only sets with a selected gene,
    which adjusts for too few tests. Adjusted p-values of ``enrichr`` are those of the service, over
    its sets of all sizes.

    The documentation of gseapy 1.3.1 says that `background` is ignored for names of libraries. Its
    code does otherwise: with a list as background, genes and background go to "Speedrichr", the
    part of Enrichr that tests against a background. That part serves human libraries only.

    Source: Cusworth, Gkoutos, Acharjee 2024 (Enrichr's GO and pathway libraries).
    """
    selected, measured = list(genes), list(background)
    _check_settings(source, libraries, gene_sets, min_size, max_size)
    _check_genes(selected, measured)
    if source == "enrichr":
        names = list(libraries)
        rows = _ask_enrichr(selected, measured, names)
    else:
        names = [_library(path) for path in gene_sets]
        rows = _test_files(selected, measured, gene_sets, min_size, max_size)
    rows.sort(key=lambda row: (names.index(row["library"]), row["p_value"], row["term"]))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(n_selected=len(selected), n_background=len(measured)).astype(COLUMNS)


def read_gmt(path: str | os.PathLike[str]) -> dict[str, frozenset[str]]:
    """Read gene sets.

    Parameters
    ----------
    path : path-like
        GMT file, UTF-8: one set per line, cells separated by tabs: name, description (may be
        empty), genes. Empty cells are ignored, as libraries of Enrichr have them at the end of
        lines; a gene that is listed twice counts once.

    Returns
    -------
    dict of str to frozenset of str
        The genes of each set, in the order of the file.

    Raises
    ------
    EnrichmentError
        With the numbers of all lines that are empty, are not a gene set, or repeat a set.
    """
    path = Path(path)
    if not path.is_file():
        raise EnrichmentError(f"{path}: there is no such file of gene sets")
    try:
        lines = path.read_text(encoding="utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise EnrichmentError(
            f"{path}: byte {error.start + 1} is not UTF-8 text; gene sets are expected as a GMT "
            "file, not compressed"
        ) from error
    sets: dict[str, frozenset[str]] = {}
    first: dict[str, int] = {}
    empty: list[str] = []
    malformed: list[str] = []
    repeated: list[str] = []
    for number, line in enumerate(lines, start=1):
        name, *rest = (cell.strip() for cell in line.split("\t"))
        members = frozenset(filter(None, rest[1:]))
        if not line.strip():
            empty.append(str(number))
        elif not name or not members:
            malformed.append(f"{number} ({line[:40]!r})")
        elif name in first:
            repeated.append(f"{number} ({name!r}, as line {first[name]})")
        else:
            sets[name], first[name] = members, number
    problems = [
        f"{fault}: line {', '.join(found[:5])}"
        + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        for fault, found in {
            "empty": empty,
            "no gene set (name, description and genes, separated by tabs)": malformed,
            "a set that is there already; give each its own name": repeated,
        }.items()
        if found
    ]
    if problems:
        raise EnrichmentError(f"{path} cannot serve as gene sets:", problems)
    return sets


def _check_settings(
    source: str,
    libraries: Sequence[str],
    gene_sets: Sequence[str | os.PathLike[str]],
    min_size: int,
    max_size: int,
) -> None:
    if source not in SOURCES:
        raise ConfigError(f"no source {source!r} of gene sets; {nearest(source, SOURCES)}")
    problems = []
    if source == "local" and not gene_sets:
        problems.append("`source: local` needs `gene_sets`, the paths of GMT files")
    if source == "enrichr" and not libraries:
        problems.append("`source: enrichr` needs `libraries`, names of Enrichr's libraries")
    names = list(libraries) if source == "enrichr" else [_library(path) for path in gene_sets]
    if repeated := [name for name, n in Counter(names).items() if n > 1]:
        problems.append(f"libraries need names of their own; more than once: {some(repeated)}")
    if not 1 <= min_size <= max_size:
        problems.append(f"1 <= min_size <= max_size is needed; found {min_size} and {max_size}")
    if problems:
        raise ConfigError("the settings of the enrichment do not fit together:", problems)


def _library(path: str | os.PathLike[str]) -> str:
    return Path(path).name.removesuffix(".gmt")


def _check_genes(selected: list[str], measured: list[str]) -> None:
    problems = []
    for role, names in (("selected", selected), ("background", measured)):
        if repeated := [name for name, n in Counter(names).items() if n > 1]:
            problems.append(f"{role} genes are named more than once: {some(repeated)}")
    if strangers := sorted(set(selected) - set(measured)):
        problems.append(
            f"{len(strangers)} selected genes are not in the background: {some(strangers)}"
        )
    if not selected:
        problems.append("no gene is selected")
    elif set(selected) == set(measured):
        problems.append(
            f"all {len(measured)} measured genes are selected, so nothing can be enriched among "
            "them; ask for enrichment of a selection that leaves genes out"
        )
    if problems:
        raise EnrichmentError("gene sets cannot be tested:", problems)


def _test_files(
    selected: list[str],
    measured: list[str],
    files: Sequence[str | os.PathLike[str]],
    min_size: int,
    max_size: int,
) -> list[dict[str, Any]]:
    libraries, faults = {}, []
    for path in files:
        try:
            libraries[_library(path)] = read_gmt(path)
        except EnrichmentError as error:  # the faults of all files are reported together
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise EnrichmentError("gene sets cannot be read:", map(str, faults))
    _check_names(selected, libraries)
    rows = []
    for library, sets in libraries.items():
        restricted = {term: members.intersection(measured) for term, members in sets.items()}
        tested = {t: found for t, found in restricted.items() if min_size <= len(found) <= max_size}
        logger.info(
            "%s: %d of %d sets have %d to %d of the %d background genes; %d of %d selected genes "
            "are in one of them",
            library,
            len(tested),
            len(sets),
            min_size,
            max_size,
            len(measured),
            len(frozenset().union(*tested.values()) & set(selected)),
            len(selected),
        )
        rows += _test(library, selected, measured, tested)
        if not tested:
            sizes = sorted(map(len, restricted.values()))
            logger.warning(
                "%s: no set is tested, they have %d to %d background genes; change `min_size` "
                "or `max_size`",
                library,
                sizes[0],
                sizes[-1],
            )
    return rows


def _check_names(
    selected: list[str], libraries: Mapping[str, Mapping[str, frozenset[str]]]
) -> None:
    known = [gene for sets in libraries.values() for genes in sets.values() for gene in genes]
    if set(known).intersection(selected):
        return
    folded = {name.casefold() for name in known}
    if any(name.casefold() in folded for name in selected):
        advice = "they differ in upper and lower case: are they genes of another species?"
    else:
        advice = "name features as the sets name genes (mostly symbols, not probes or Ensembl ids)"
    first = next(iter(next(iter(libraries.values())).values()))
    raise EnrichmentError(
        f"none of the {len(selected)} selected genes ({some(selected)}) is in a gene set of "
        f"{', '.join(libraries)} (genes of the first: {some(sorted(first))}); {advice}"
    )


def _test(
    library: str, selected: list[str], measured: list[str], sets: Mapping[str, frozenset[str]]
) -> list[dict[str, Any]]:
    if not any(members.intersection(selected) for members in sets.values()):
        return []
    # codes, since gseapy takes digits for Entrez ids and changes the case of other names
    code = {gene: f"G{i}" for i, gene in enumerate(measured)}
    found = gseapy.enrich(
        [code[gene] for gene in selected],
        {term: [code[gene] for gene in members] for term, members in sets.items()},
        background=list(code.values()),
        outdir=None,
        no_plot=True,
    ).results
    others = np.ones(len(sets) - len(found))  # sets without a selected gene are tests, too
    adjusted = false_discovery_control(np.append(found["P-value"].to_numpy(float), others))
    found["Adjusted P-value"] = adjusted[: len(found)]
    found["Gene_set"] = library
    found["Genes"] = [
        ";".join(gene for gene in selected if gene in sets[term]) for term in found["Term"]
    ]
    return _rows(found, {term: len(members) for term, members in sets.items()})


def _rows(found: pd.DataFrame, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the rows of gseapy's table with the names of `COLUMNS`."""
    return [
        {
            "library": row["Gene_set"],
            "term": row["Term"],
            "n_overlap": row["Genes"].count(";") + 1,
            "n_set": sizes.get(row["Term"], pd.NA),
            "odds_ratio": row["Odds Ratio"],
            "p_value": row["P-value"],
            "adjusted_p_value": row["Adjusted P-value"],
            "genes": ";".join(sorted(row["Genes"].split(";"))),
        }
        for row in found.to_dict("records")
    ]


def _ask_enrichr(
    selected: list[str], measured: list[str], libraries: list[str]
) -> list[dict[str, Any]]:
    logger.info("asking Enrichr; its sets are tested whatever their size")
    found = None
    try:
        known = gseapy.get_library_name("Human")
        # gseapy only warns of unknown libraries
        strangers = [name for name in libraries if name not in known]
        if not strangers:
            found = gseapy.enrichr(
                selected, libraries, background=measured, outdir=None, no_plot=True
            ).results
    # OSError: no network, time-out, HTTP status; the others: an answer of another form
    except (OSError, EnrichrError, LookupError, TypeError, ValueError) as error:
        raise EnrichmentError(
            "the web service Enrichr (`source: enrichr`) gave no valid answer; "
            "try again later, or set `source: local` and name GMT files under `gene_sets`",
            [f"{type(error).__name__}: {error}"],
        ) from error
    if strangers:
        raise EnrichmentError(
            "Enrichr does not have all `libraries`:",
            [f"{name!r}: {nearest(name, known)}" for name in strangers],
        )
    if found is None or found.empty:
        raise EnrichmentError(
            f"none of the {len(selected)} selected genes ({some(selected)}) is in a gene set of "
            f"Enrichr's {', '.join(libraries)}; name features by gene symbol"
        )
    return _rows(found, {})
