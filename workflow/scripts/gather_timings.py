"""Tabulate how long the steps of a study took, from Snakemake's benchmark files."""

from pathlib import Path

import pandas as pd
from script_log import log_to

from evenomics.files import read_table, write_table

log_to(snakemake.log[0])
of_study = f"{snakemake.wildcards.study}.{snakemake.wildcards.selection}"
# what trained, by step: the folder and the table that says so
tables = {"pretrain": ("pretraining", "stages.tsv"), "retrain": ("training", "chosen.tsv")}


def engine_of(step: str) -> str:
    """Return the engine that a step trained on; nothing for a step without training."""
    folder, table = tables.get(step, ("", ""))
    path = snakemake.input.get(folder)
    return str(read_table(Path(path) / table)["engine"].iloc[0]) if path else ""


rows = []
for path in map(Path, snakemake.input.benchmarks):
    measured = pd.read_csv(path, sep="\t").iloc[0]
    rows.append(
        {
            "step": path.parent.name,
            "what": path.stem.removeprefix(of_study).removeprefix("."),
            "engine": engine_of(path.parent.name),
            "seconds": measured["s"],
            "max_rss_mb": measured["max_rss"],
            "mean_load_percent": measured["mean_load"],
        }
    )
write_table(pd.DataFrame(rows), snakemake.output.timings)
