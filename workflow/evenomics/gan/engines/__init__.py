"""What trains: a list of training runs goes in, a list of trained ones comes back.

`base` is the seam, with checkpoints and progress. `cpu` trains one run per core in compiled code
(`cpu_kernels`), `torch_stacks` many in lockstep, on a GPU or as the readable reference. Random
numbers come from `streams`, the same for every engine.
"""
