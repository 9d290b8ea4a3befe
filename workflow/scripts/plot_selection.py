"""Draw how features were selected."""

from script_log import log_to

from evenomics.data.cohort_files import read_cohort
from evenomics.files import read_table
from evenomics.report.figures.selection import expression_volcano, stability_figure
from evenomics.report.style import save_figure

log_to(snakemake.log[0])
tables = {name: read_table(path) for name, path in snakemake.input.items() if name != "real"}
if "repeats" in tables:
    figure = stability_figure(tables["features"], tables["repeats"])
else:
    taken = read_cohort(snakemake.input.real).features.columns
    figure = expression_volcano(tables["table"], taken, snakemake.params.classes)
save_figure(figure, snakemake.output)
