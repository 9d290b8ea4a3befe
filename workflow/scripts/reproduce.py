"""Hold the results of studies on the released data against the paper's published scores."""

from pathlib import Path

from script_log import log_to

from evenomics.evaluation.claims import Run, claims_table
from evenomics.evaluation.reproduction import (
    balancing_table,
    means_table,
    published_scores,
    reproduction_table,
)
from evenomics.files import read_table, write_table, write_text
from evenomics.report.figures.reproduction import reproduction_figures
from evenomics.report.pages.reproduction import reproduction_page
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
params, output = snakemake.params, snakemake.output
folders = [Path(path).parent for path in snakemake.input.settings]
runs = {
    tuple(run): Run(*(read_table(folder / f"{name}.tsv") for name in Run._fields))
    for run, folder in zip(params.runs, folders, strict=True)
}
published = published_scores()
settings = {run: tables.settings for run, tables in runs.items()}
table, means = reproduction_table(published, settings), means_table(published, settings)
claims = claims_table(published, runs, params.level)
balancing = balancing_table({run: tables.comparison for run, tables in runs.items()}, params.level)
figures = reproduction_figures(table, published, runs)
write_table(table, output.table)
write_table(means, output.means)
write_table(claims, output.claims)
write_table(balancing, output.balancing)
for name, (_, figure) in figures.items():
    save_figure(figure, [Path(output.figures, f"{name}.{kind}") for kind in ("svg", "png")])
write_text(output.page, reproduction_page(table, means, claims, balancing, figures))
