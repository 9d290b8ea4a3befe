"""Cohorts: samples x features, with a class per sample.

`cohort` says what a cohort is, `cohort_files` reads and writes it, `checks` sees whether cohorts
belong to one study. `sources` makes the three cohorts of a study, from tables (`user_table`), R
objects (`rdata`), the Gene Expression Omnibus (`geo`) or a simulator (`simulate`). `delimited` is
the parser that knows the line of every fault.
"""
