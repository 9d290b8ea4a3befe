"""Tests of differences between arms: pure functions of arrays, without tables and files.

`contributions` tells how much each validation sample adds to the error of a metric. On it build
`obuchowski_rockette`, for several training draws and one validation cohort. `resampled` is for
outer splits of one table. Both give a `difference.Difference`.
"""
