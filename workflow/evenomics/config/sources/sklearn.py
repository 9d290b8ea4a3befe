"""Problems of data sets that ship with scikit-learn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.config.names import names
from evenomics.config.source import problems_of, share_problems


@problems_of("sklearn")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find shares that do not add up, and classes that the data set does not have."""
    cohorts = study["cohorts"]
    yield from share_problems(cohorts["fractions"], f"{place}.cohorts.fractions")
    known = names("datasets")[cohorts["dataset"]]["classes"]
    for label in study["classes"]:
        if label not in known:
            yield (
                f"{place}.classes: {label!r} is no class of {cohorts['dataset']}; allowed: "
                f"{', '.join(known)}"
            )
