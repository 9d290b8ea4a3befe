"""Whether balancing helped: classifiers, their scores, tests between arms, and gene sets.

`tuning` chooses hyper-parameters of `classifiers` by cross-validation on the training draw;
`scoring` trains them on balanced draws and scores them on the validation cohort by `metrics`.
`comparison` tests arms against each other by the tests of `inference`, `paper_comparison` as the
paper does. `enrichment` tests gene sets for the selected genes.
"""
