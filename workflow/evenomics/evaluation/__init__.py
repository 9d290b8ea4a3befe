"""Whether balancing helped: classifiers, their scores, tests between arms, and gene sets.

`tuning` chooses hyper-parameters of `classifiers` by cross-validation on the training draw;
`scoring` trains them on balanced draws and scores them on the validation cohort by `metrics`.
`comparison` tests arms against each other; `enrichment` tests gene sets for the selected genes.
"""
