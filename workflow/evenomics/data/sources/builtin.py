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
    options, seed = request.options, request.seed
    noise = {name: options[name] for name in ("noise_shape", "noise_scale") if name in options}
    given = {name: options[name] for name in ("n_features", "weighted") if name in options}
    model = ClusterModel.draw_parameters(
        stream(seed, "simulate", "engine"), n_clusters=len(request.classes), **given, **noise
    )
    models = dict.fromkeys(COHORTS, model)
    if options.get("noise") == "per_cohort":
        # external and validation cohort are one draw of the released scripts, cut in two
        other = model.with_other_noise(stream(seed, "simulate", "noise"), **noise)
        models |= {"external": other, "validation": other}
    n_features = len(model.mean)
    columns = [f"F{i:0{len(str(n_features))}d}" for i in range(1, n_features + 1)]
    cohorts = {}
    for name in COHORTS:
        n = options[f"n_{name}"]
        X, clusters = models[name].sample(n, stream(seed, "simulate", name))
        classes = np.array(request.classes)[clusters]
        ids = [f"{name}_{i:0{len(str(n))}d}" for i in range(1, n + 1)]
        cohorts[name] = cohort_of(X, classes, ids, columns, name, "built-in simulator")
    return cohorts
