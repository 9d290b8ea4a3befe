"""Records in the formats of the Gene Expression Omnibus."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd


def write_series_matrix(
    path: Path, values: pd.DataFrame, fields: dict[str, pd.Series], platform: str | pd.Series
) -> None:
    """Write a series matrix as GEO does; a field may stand several times (``name#2``)."""
    every = {
        **fields,
        "geo_accession": values.columns.to_series(),
        "platform_id": pd.Series(platform, values.columns),
    }
    lines = ['!Series_title\t"A series"', '!Series_geo_accession\t"GSE1"', ""]
    lines += [
        "\t".join([f"!Sample_{name.split('#')[0]}", *(f'"{v}"' for v in field[values.columns])])
        for name, field in every.items()
    ]
    lines += ["!series_matrix_table_begin"]
    lines += ["\t".join(['"ID_REF"', *(f'"{name}"' for name in values.columns)])]
    lines += [
        "\t".join([f'"{probe}"', *("" if np.isnan(v) else repr(float(v)) for v in row)])
        for probe, row in zip(values.index, values.to_numpy(), strict=True)
    ]
    lines += ["!series_matrix_table_end", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def write_platform_table(path: Path, name: str, symbols: dict[str, str]) -> None:
    """Write the table of a platform, probe -> gene symbol, as its SOFT file has it."""
    head = [
        f"^PLATFORM = {name}",
        "!Platform_title = A platform",
        f"!Platform_geo_accession = {name}",
    ]
    table = ["!platform_table_begin", "ID\tGene symbol", *map("\t".join, symbols.items())]
    lines = [*head, "#ID = probe", "#Gene symbol = symbol", *table, "!platform_table_end", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def write_series_on_two_platforms(folder: Path) -> dict[str, list[Path]]:
    """Write GSE1 in GEO's folders: a series matrix and a table for each of GPL1 and GPL2.

    GPL1 has log2 intensities of five probes of three genes; GPL2 linear ones of four probes, of two
    of these genes and another one, under other names. Samples of GPL2 lack the field ``stage``.
    """
    values = {
        "GPL1": pd.DataFrame(
            [[5, 6, 7, 8], [9, 8, 9, 8], [3, 4, 3, 4], [4, 4, 4, 4], [7, 7, 8, 8]],
            ["A1", "A2", "B1", "C1", "none"], ["GSM1", "GSM2", "GSM3", "GSM4"], float,
        ),
        "GPL2": pd.DataFrame(
            [[64, 128, 256], [1024, 512, 2048], [2, 4, 8], [16, 32, 64]],
            ["x1", "x2", "x3", "x4"], ["GSM7", "GSM8", "GSM9"], float,
        ),
    }  # fmt: skip
    symbols = {
        "GPL1": {"A1": "GA", "A2": "GA", "B1": "GB", "C1": "GC", "none": ""},
        "GPL2": {"x1": "GB", "x2": "GA", "x3": "GA", "x4": "GD"},
    }
    files: dict[str, list[Path]] = {"series": [], "platform": []}
    for name, table in values.items():
        tissues = ["tumour", "normal", "tumour", "cyst"][: table.shape[1]]
        fields = {"title": table.columns.to_series()}
        texts = {"characteristics_ch1": [f"tissue: {tissue}" for tissue in tissues]}
        if name == "GPL1":
            texts["characteristics_ch1#2"] = [f"stage: {stage}" for stage in "1234"]
        fields |= {key: pd.Series(text, table.columns) for key, text in texts.items()}
        matrix = folder / f"series/GSEnnn/GSE1/matrix/GSE1-{name}_series_matrix.txt.gz"
        write_series_matrix(matrix, table, fields, name)
        annotation = folder / f"platforms/GPLnnn/{name}/annot/{name}.annot.gz"
        write_platform_table(annotation, name, symbols[name])
        files["series"].append(matrix)
        files["platform"].append(annotation)
    return files
