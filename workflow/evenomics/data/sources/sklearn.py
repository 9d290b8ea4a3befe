"""Data sets that ship with scikit-learn."""

import numpy as np
from sklearn import datasets

from evenomics.config.names import names
from evenomics.data.cohort import Cohort
from evenomics.data.source import SHARES, Request, cohort_of, labels_of, source, split_for_study
from evenomics.errors import ConfigError
from evenomics.messages import nearest, slug


@source("sklearn")
def shipped(request: Request) -> dict[str, Cohort]:
    """Cut a data set into three disjoint cohorts.

    The external cohort keeps samples of classes that the study does not name.
    """
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
    whole = cohort_of(data.data, classes, ids, columns, name, f"scikit-learn's {name}")
    parts = split_for_study(whole, request.options.get("fractions", SHARES), request)
    for part in ("real", "validation"):
        named = labels_of(parts[part]).isin(list(request.classes))
        parts[part] = parts[part].take(np.flatnonzero(named))
    return parts
