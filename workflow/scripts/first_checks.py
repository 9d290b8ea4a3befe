"""What is refused before anything of a study is drawn or trained."""

import logging
import sys
from dataclasses import replace

from evenomics.balancing.third_party import check_samplers
from evenomics.config.estimate import check_study, known_size
from evenomics.config.source import Size
from evenomics.config.tables import study_tables
from evenomics.data.cohort_files import read_cohorts
from evenomics.evaluation.hyper_parameters import check_hyper_parameters


def check_first(snakemake, tell=False):
    """Check what only the environment of a job can tell, and log what the study will take.

    Every job that starts something long asks for itself. An `ancient` input, for what another job
    has found, would hide from Snakemake that the job has a reason of its own to run again.

    With `tell`, it is printed as well, if it may not have been said before the start.

    Raises
    ------
    ConfigError
        If a sampler or a hyper-parameter cannot be used, or the study does not fit.
    """
    # not from `params`: nothing that is written depends on it
    config, study, selection = snakemake.config, *snakemake.wildcards
    settings = config["studies"][study]
    check_samplers(settings["samplers"])
    check_hyper_parameters(settings["scoring"])
    size = Size.of(read_cohorts(snakemake.input.cohorts, 1))
    if known := known_size(config, study):
        size = replace(size, n_given=known.n_given)
    takes = check_study(config, study, selection, size, snakemake.resources.local_cores)
    logging.info(takes)
    downloads = any(table.is_remote for table in study_tables(settings))
    if tell and (known is None or downloads):
        print(takes, file=sys.stderr)
