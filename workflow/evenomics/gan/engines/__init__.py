"""What trains: a list of training runs goes in, a list of trained ones comes back.

`base` is the seam, with checkpoints and progress. `cpu` trains one run per core in compiled code
(`cpu_kernels`), `torch` many in lockstep, the readable reference, and `cuda` the same on a GPU.
Random numbers come from `streams`, the same for every engine.
"""
