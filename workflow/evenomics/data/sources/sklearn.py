"""Data sets that ship with scikit-learn."""

from sklearn import datasets

from evenomics.config.names import names
from evenomics.data.cohort import Cohort
from evenomics.data.source import Request, cohort_of, source
from evenomics.errors import ConfigError
from evenomics.messages import nearest, slug


@source("sklearn")
def shipped(request: Request) -> dict[str, Cohort]:
    """Load a data set, which is split; it may have classes that the study does not name."""
    name = request.options["dataset"]
    if name not in (known := names("datasets")):
        raise ConfigError(f"no data set {name!r} of scikit-learn; {nearest(name, known)}")
    data = getattr(datasets, f"load_{name}")()
    found = [str(label) for label in data.target_names]
    problems = [
        f"{label!r} is no class of {name!r}; {nearest(label, found)}"
        for label in request.classes
        if label not in found
    ]
    if problems:
        raise ConfigError("the study's `classes` do not fit its data set:", problems)
    columns = [slug(feature) for feature in data.feature_names]
    ids = [f"{name}_{i:03d}" for i in range(1, len(data.target) + 1)]
    classes = data.target_names[data.target]
    table = cohort_of(data.data, classes, ids, columns, name, f"scikit-learn's {name}")
    return {"table": table}
