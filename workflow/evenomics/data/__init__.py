"""Cohorts: samples x features, with a class per sample.

`cohort` says what a cohort is, `cohort_files` reads and writes it, `checks` sees whether cohorts
belong to one study. `source` says what a source is and loads the three cohorts of a study; the
sources themselves are in `sources`. They rest on tables (`user_table`), on R objects (`rdata`, with
`r_objects` and `r_session`), on the Gene Expression Omnibus (`geo`, `download`) and on a simulator
(`simulate`). `delimited` is the parser that knows the line of every fault.
"""
