"""Stacks of runs on a CUDA device (see `evenomics.gan.engines.torch`)."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from evenomics.gan.engines.base import ENGINES, Job, Report
from evenomics.gan.engines.torch import train_stacks

# what a run takes on a device, in numbers a parameter: about 10, estimated from runs on a CPU,
# and graphs keep what they work with in memory of their own
DEVICE_COPIES = 25


@partial(ENGINES.register, "cuda")
def train_on_cuda(jobs: Sequence[Job], *, dtype: str, threads: int, report: Report) -> None:
    """Train stacks of runs on the first CUDA device."""
    itemsize = np.dtype(dtype).itemsize

    def largest(job: Job) -> int:
        # what an earlier stack has left cached counts as free
        torch.cuda.empty_cache()
        return stack_size(job, torch.cuda.mem_get_info()[0] // itemsize)

    train_stacks(jobs, dtype, torch.device("cuda"), largest, report)


def stack_size(job: Job, free: int) -> int:
    """Return how many runs like this one fit a device with room for so many numbers."""
    start = job.run.start
    return max(1, free // (DEVICE_COPIES * (start.generator.size + start.critic.size)))
