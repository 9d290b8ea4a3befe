"""Configs of the paper's released data: studies of some protocols, tables from a folder.

In the public repository of the release, a study is a folder, and so is each of its training draws.
Our folder has the same tables in one form: columns ``sample_id`` and ``class``, then features.
"""

import copy
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from evenomics.config.cohorts import ROW_NUMBER
from evenomics.config.names import COHORTS, names
from evenomics.errors import ConfigError
from evenomics.messages import some

#: Folders of studies in the public repository, and here.
_STUDIES = {
    "Simulation_example": "simulation",
    "Microarray": "microarray",
    "Microarray_lasso": "microarray_lasso",
    "Lipidomics": "lipidomics",
    "Lipidomics_lasso": "lipidomics_lasso",
}
_COHORTS = {"dat_ext": "external", "dat_val": "validation", "dat_real_combo": "real"}
#: Draws as the public repository numbers them: 1a is 40 controls at imbalance 0.4.
_DRAWS = [
    f"c{controls}_i{imbalance}" for imbalance in ("0.4", "0.5", "0.6") for controls in (40, 80, 120)
]
#: These have one draw, which is the real cohort.
_ONE_DRAW = ("lipidomics", "lipidomics_lasso")


def local_name(url: str) -> str | None:
    """Return the file of the folder that has the table at an address; None if there is none.

    Examples
    --------
    >>> at = "https://raw.githubusercontent.com/OWNER/REPOSITORY/COMMIT"
    >>> local_name(f"{at}/Microarray/Data/dat_ext.csv")
    'microarray/external.tsv.gz'
    >>> local_name(f"{at}/Microarray/4a/Data/dat_real_combo.csv")
    'microarray/draws/c40_i0.5.tsv.gz'
    """
    found = re.search(r"/([^/]+)(?:/([1-9])a)?/Data/([^/]+)\.csv$", url)
    study = _STUDIES.get(found[1]) if found else None
    cohort = _COHORTS.get(found[3]) if found else None
    if not found or not study or not cohort:
        return None
    if found[2] and study not in _ONE_DRAW:
        return f"{study}/draws/{_DRAWS[int(found[2]) - 1]}.tsv.gz" if cohort == "real" else None
    return f"{study}/{cohort}.tsv.gz"


def of_protocols(config: Mapping[str, Any], protocols: Collection[str]) -> dict[str, Any]:
    """Return a config with the studies of some protocols.

    Parameters
    ----------
    config : mapping
        As its file has it.
    protocols : collection of str

    Raises
    ------
    ConfigError
        If there is no such protocol, or no study of one.
    """
    if unknown := [name for name in protocols if name not in names("protocols")]:
        known = ", ".join(names("protocols"))
        raise ConfigError(f"PROTOCOLS: there is no {some(unknown)}; there are {known}")
    studies = config.get("studies") or {}
    kept = {
        name: study
        for name, study in studies.items()
        if (study.get("protocol") or config.get("protocol")) in protocols
    }
    if not kept:
        raise ConfigError(f"the config has no study of protocol {some(protocols) or '(none)'}")
    return {**config, "studies": kept}


def with_folder(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a config whose tables at addresses are files of a folder.

    Parameters
    ----------
    config : mapping
        As its file has it.
    folder : Path
        Has ``microarray/real.tsv.gz``, ``simulation/draws/c40_i0.4.tsv.gz``, and so on.

    Returns
    -------
    dict
        A copy. Checksums are gone, since files have another form, and columns have the names that
        they have in the folder.

    Raises
    ------
    ConfigError
        With all tables that the folder does not have, or if there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"RELEASED: found {str(folder)!r}; there is no such folder")
    found = copy.deepcopy(dict(config))
    problems: list[str] = []

    def moved(spec: Any) -> Any:
        """Return an address, or a section or a list with addresses, with files of the folder."""
        if isinstance(spec, list):
            return [moved(part) for part in spec]
        if isinstance(spec, dict) and (path := moved(spec.get("path"))) != spec.get("path"):
            return {key: value for key, value in spec.items() if key != "sha256"} | {"path": path}
        if not isinstance(spec, str) or not re.match(r"https?://", spec):
            return spec
        name = local_name(spec)
        if name is None:
            problems.append(f"{spec}: the folder has no such table")
        elif not (folder / name).is_file():
            problems.append(f"{folder / name}: there is no such file ({spec})")
        return str(folder / (name or ""))

    for study in found.get("studies", {}).values():
        cohorts, draws = study.get("cohorts", {}), study.get("experiments", {}).get("given", {})
        for name in COHORTS:
            if not isinstance(cohorts.get(name), dict):
                continue
            # draws are read as the table of the real cohort, which may have none of its own
            before = [cohorts[name], draws if name == "real" else {}]
            after = [moved(before[0]), {key: moved(of) for key, of in before[1].items()}]
            if after != before:
                cohorts[name] = after[0] | _columns(after[0])
                draws.update(after[1])
    if problems:
        heading = f"{folder} does not have all tables of the config:"
        raise ConfigError(heading, dict.fromkeys(problems))
    return found


def _columns(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a table of the folder, where the config names those of the release."""
    columns = {"class_column": "class", "sample_column": "sample_id", "ignore_columns": []}
    named = {key: name for key, name in columns.items() if spec.get(key) is not None}
    if spec.get("sample_column") == ROW_NUMBER:
        # the same ids as from the network: those of the folder tell other samples of draws apart
        named |= {"sample_column": ROW_NUMBER, "ignore_columns": ["sample_id"]}
    return named
