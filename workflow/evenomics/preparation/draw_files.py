"""Training draws of a study and their scalers on disk: a folder with two files per experiment."""

from collections.abc import Mapping
from pathlib import Path

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort, write_cohort
from evenomics.files import write_text
from evenomics.preparation.scaling import SkewScaler


def draw_path(folder: Path, experiment: str) -> Path:
    """Return where the training draw of an experiment lies."""
    return folder / f"{experiment}.tsv.gz"


def scaler_path(folder: Path, experiment: str) -> Path:
    """Return where the scaler that was fitted on a training draw lies."""
    return folder / f"{experiment}.scaler.json"


def write_draws(
    draws: Mapping[str, Cohort], scalers: Mapping[str, SkewScaler], folder: Path
) -> None:
    """Write the training draws of a study, and the scalers that were fitted on them.

    Parameters
    ----------
    draws : mapping of str to Cohort
        By experiment.
    scalers : mapping of str to SkewScaler
        By experiment.
    folder : Path
    """
    for experiment, draw in draws.items():
        write_cohort(draw, draw_path(folder, experiment))
        write_text(scaler_path(folder, experiment), scalers[experiment].to_json())


def read_draw(folder: Path, experiment: str) -> tuple[Cohort, SkewScaler]:
    """Read the training draw of an experiment, and its scaler.

    Parameters
    ----------
    folder : Path
        What `write_draws` wrote.
    experiment : str

    Returns
    -------
    draw : Cohort
        Its name is that of the experiment.
    scaler : SkewScaler
    """
    text = scaler_path(folder, experiment).read_text("utf-8")
    return read_cohort(draw_path(folder, experiment), experiment), SkewScaler.from_json(text)
