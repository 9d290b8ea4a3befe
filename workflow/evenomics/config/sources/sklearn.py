"""Problems and sizes of data sets that ship with scikit-learn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evenomics.config.experiments import Experiment
from evenomics.config.names import names
from evenomics.config.replicates import split_of
from evenomics.config.source import Size, parts_of, problems_of, share_problems, size_of


@problems_of("sklearn")
def problems(study: Mapping[str, Any], grid: Sequence[Experiment], place: str) -> Iterator[str]:
    """Find shares that do not add up, and classes that the data set does not have."""
    cohorts = study["cohorts"]
    yield from share_problems(split_of(cohorts), f"{place}.cohorts.split")
    known = names("datasets")[cohorts["dataset"]]["classes"]
    for label in study["classes"]:
        if label not in known:
            yield (
                f"{place}.classes: {label!r} is no class of {cohorts['dataset']}; allowed: "
                f"{', '.join(known)}"
            )


@size_of("sklearn")
def size(study: Mapping[str, Any]) -> Size:
    """Return the size of the whole data set, cut by the shares."""
    cohorts = study["cohorts"]
    known = names("datasets")[cohorts["dataset"]]
    return parts_of(known["n_features"], known["n_samples"], split_of(cohorts))
