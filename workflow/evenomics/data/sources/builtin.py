"""The built-in simulator."""

import numpy as np

from evenomics.config.names import COHORTS
from evenomics.data.cohort import Cohort
from evenomics.data.simulate import ClusterModel
from evenomics.data.source import Request, cohort_of, source
from evenomics.randomness import stream


@source("builtin")
def builtin(request: Request) -> dict[str, Cohort]:
    """Draw three cohorts from one model; cluster k is the k-th class of the study."""
    names = ("n_features", "weighted", "noise_shape", "noise_scale")
    given = {name: request.options[name] for name in names if name in request.options}
    model = ClusterModel.draw_parameters(
        stream(request.seed, "simulate", "engine"), n_clusters=len(request.classes), **given
    )
    n_features = len(model.mean)
    columns = [f"F{i:0{len(str(n_features))}d}" for i in range(1, n_features + 1)]
    cohorts = {}
    for name in COHORTS:
        n = request.options[f"n_{name}"]
        X, clusters = model.sample(n, stream(request.seed, "simulate", name))
        classes = np.array(request.classes)[clusters]
        ids = [f"{name}_{i:0{len(str(n))}d}" for i in range(1, n + 1)]
        cohorts[name] = cohort_of(X, classes, ids, columns, name, "built-in simulator")
    return cohorts
