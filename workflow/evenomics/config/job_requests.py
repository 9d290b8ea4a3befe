"""What jobs ask a cluster for: memory and time by the model of `evenomics.config.costs`."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from evenomics.config.costs import Costs
from evenomics.config.estimate import costs_of, known_size

# Stage -> memory in MB, more of it per core, and minutes, for a study whose size is not known.
_USUAL = {
    "pretrain": (4000, 0, 720),
    "retrain": (5000, 400, 1440),
    "score_arms": (2000, 400, 720),
}
# The model can be wrong by so much, for memory and for time; nodes can be slow.
_SPARE_MEMORY, _SPARE_TIME = 1.5, 4
_LEAST_MB, _LEAST_MINUTES = 1000, 30

#: Function of wildcards, threads and attempt; an attempt after a kill asks for more.
Request = Callable[[Any, int, int], int]


class JobRequests:
    """The resources of the rules that take long.

    Parameters
    ----------
    config : mapping
        With its defaults.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from evenomics.config.validation import validated
    >>> study = {"classes": ["control", "case"], "cohorts": {"source": "builtin"}}
    >>> requests = JobRequests(validated({"studies": {"simulated": study}}))
    >>> job = SimpleNamespace(study="simulated", selection="none")
    >>> mem_mb, runtime = requests.mem_mb("retrain"), requests.runtime("retrain")
    >>> [(mem_mb(job, 8, attempt), runtime(job, 8, attempt)) for attempt in (1, 2)]
    [(1025, 270), (2050, 540)]
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        # tables are looked into when the first job of their study asks
        self._costs = cache(self._costs_of)

    def _costs_of(self, study: str) -> dict[str, Costs]:
        size = known_size(self.config, study)
        found = costs_of(self.config, study, size) if size else ()
        return {costs.selection: costs for costs in found}

    def mem_mb(self, stage: str) -> Request:
        """Return what gives the memory of the job of a stage: its `mem_mb`."""

        def request(wildcards: Any, threads: int, attempt: int) -> int:
            megabytes, per_core, _ = _USUAL[stage]
            megabytes += per_core * threads
            if costs := self._costs(wildcards.study).get(wildcards.selection):
                megabytes = math.ceil(_SPARE_MEMORY * costs.memory(threads)[stage] / 1e6)
            return attempt * max(_LEAST_MB, megabytes)

        return request

    def runtime(self, stage: str) -> Request:
        """Return what gives the minutes of the job of a stage: its `runtime`."""

        def request(wildcards: Any, threads: int, attempt: int) -> int:
            minutes = _USUAL[stage][-1]
            costs = self._costs(wildcards.study).get(wildcards.selection)
            if costs and costs.seconds[stage]:
                # that of the job with most draws; none has less than one draw
                n_jobs, n_draws = self.config["jobs_per_study"], len(costs.draws)
                share = 1 if stage == "pretrain" else math.ceil(n_draws / n_jobs) / n_draws
                seconds = max(costs.longest[stage], share * costs.seconds[stage] / threads)
                minutes = math.ceil(_SPARE_TIME * seconds / 60)
            return attempt * max(_LEAST_MINUTES, minutes)

        return request
