"""From cohorts to training sets: on one scale, fewer features, drawn, scaled, divided.

`harmonise` brings cohorts onto one scale, `cohort_checks` says how far they lie apart. `selection`
chooses features on the real cohort, `draws` makes experiments of it, `scaling` scales them. `folds`
divides a training set, all samples of a patient on one side.
"""
