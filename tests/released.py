"""The released tables of the paper's studies, in the form that their public repository has them.

The data lie beside this repository as tables of one form, with ids. There, most have none: some
tables begin with a column of row numbers without a name, others with the classes, or the features.
"""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

#: Training draws, in the order of the paper's experiments.
DRAWS = [f"c{n}_i{share}" for share in (0.4, 0.5, 0.6) for n in (40, 80, 120)]
#: Study -> its tables there, apart from the draws.
TABLES = {
    "lipidomics": ("external", "validation", "real"),
    "lipidomics_lasso": ("external", "validation", "real"),
    "microarray": ("external", "validation", "real"),
    "microarray_lasso": ("external", "validation", "real"),
    "simulation": ("external", "validation"),
}


def tables_of(study: str) -> list[str]:
    """Return the names of all tables of a study."""
    return [*TABLES[study], *(DRAWS if not study.startswith("lipidomics") else [])]


def read(folder: Path, study: str, table: str) -> pd.DataFrame:
    """Read a table of the one form; text stays as it is, so that no digit is lost."""
    place = folder / "cusworth_released" / study / ("draws" if table in DRAWS else "")
    return pd.read_table(place / f"{table}.tsv.gz", dtype=str)


def write_as_released(folder: Path, target: Path) -> dict[tuple[str, str], str]:
    """Write all tables as the public repository has them; return the path of each."""
    paths = {}
    for study, table in [(name, table) for name in TABLES for table in tables_of(name)]:
        found = read(folder, study, table)
        if study == "simulation":
            found = found.drop(columns="sample_id").rename(columns={"class": "CancerSubType"})
        else:
            found = found.rename(columns={"sample_id": "id", "class": "label"})
            if study.startswith("lipidomics"):
                found = found.drop(columns="id")
            if table not in DRAWS:
                found.insert(0, "", [str(i) for i in range(1, len(found) + 1)])
        paths[study, table] = f"{study}/{table}.csv"
        (target / study).mkdir(parents=True, exist_ok=True)
        found.to_csv(target / paths[study, table], index=False)
    return paths


def study_of(
    name: str, url: str, folder: Path, paths: dict[tuple[str, str], str], **keys: Any
) -> dict[str, Any]:
    """Return the section of a study whose tables are served, with their checksums."""

    def file(table: str) -> dict[str, str]:
        path = paths[name, table]
        digest = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        return {"path": f"{url}/{path}", "sha256": digest}

    options: dict[str, Any] = {"class_column": "label", "sample_column": "row_number"}
    if name.startswith("microarray"):
        options["sample_column"] = "id"
    if name == "simulation":
        options |= {"class_column": "CancerSubType", "class_names": {"1": "case", "2": "control"}}
    cohorts = {"source": "table", "real": {**options}}
    cohorts |= {table: {**options, **file(table)} for table in TABLES[name]}
    if not name.startswith("lipidomics"):
        cohorts["external"]["class_column"] = None
        experiments = {"controls": [], "given": {draw: file(draw) for draw in DRAWS}}
    else:
        experiments = {"controls": ["all"], "imbalance": [0.6]}
    return {
        "classes": ["control", "case"], "cohorts": cohorts, "experiments": experiments, **keys
    }  # fmt: skip
