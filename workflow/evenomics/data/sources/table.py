"""Tables of one's own."""

from functools import partial

from evenomics.config.cohorts import given_cohorts
from evenomics.data.cohort import Cohort
from evenomics.data.source import Request, from_tables, source
from evenomics.data.user_table import read_user_table


@source("table")
def table(request: Request) -> dict[str, Cohort]:
    """Read the user's tables: one for each cohort, or one that is split."""
    specs = given_cohorts(request.options)
    return from_tables(
        {name: partial(read_user_table, **spec, name=name) for name, spec in specs.items()},
        request,
    )
