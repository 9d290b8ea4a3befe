"""Stacks of runs on a CUDA device (see `evenomics.gan.engines.torch`)."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from evenomics.errors import TrainingError
from evenomics.gan.engines.base import ENGINES, Job, Report
from evenomics.gan.engines.torch import train_stacks

# what a run takes on a device, in numbers a parameter, its graphs' own memory included
DEVICE_COPIES = 15
# parameters of a stack that keeps a large GPU busy: a larger one takes more memory, no less time
STACK_PARAMETERS = 100_000_000


@partial(ENGINES.register, "cuda")
def train_on_cuda(jobs: Sequence[Job], *, dtype: str, threads: int, report: Report) -> None:
    """Train stacks of runs on the first CUDA device."""
    itemsize = np.dtype(dtype).itemsize

    def largest(job: Job) -> int:
        # what an earlier stack has left cached counts as free
        torch.cuda.empty_cache()
        return stack_size(job, torch.cuda.mem_get_info()[0] // itemsize)

    try:
        train_stacks(jobs, dtype, torch.device("cuda"), largest, report)
    except torch.OutOfMemoryError:
        raise TrainingError(
            "engine: cuda: the device has no memory left for this training; end what else uses it "
            "(nvidia-smi lists that), or set engine: cpu, and run again: training goes on from the "
            "checkpoints that are there"
        ) from None


def stack_size(job: Job, free: int) -> int:
    """Return how many runs like this one to train at a time, with room for so many numbers."""
    start = job.run.start
    n_parameters = start.generator.size + start.critic.size
    return max(1, min(free // DEVICE_COPIES, STACK_PARAMETERS) // n_parameters)
