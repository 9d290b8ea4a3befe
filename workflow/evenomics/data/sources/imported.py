"""Sources whose cohorts a rule of the workflow imports as tables (`geo`, `rdata`, `umpire`)."""

from functools import partial

from evenomics.data.cohort import Cohort
from evenomics.data.cohort_files import read_cohort
from evenomics.data.source import Request, from_tables, source


@source("geo")
@source("rdata")
@source("umpire")
def imported(request: Request) -> dict[str, Cohort]:
    """Read the tables that the rule wrote: one for each cohort, or one that is split."""
    return from_tables(
        {name: partial(read_cohort, path, name) for name, path in request.imported.items()},
        request,
    )
