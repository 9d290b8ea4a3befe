"""From cohorts to training sets: harmonised, with selected features, drawn, scaled, divided.

`harmonise` brings cohorts onto one scale by the methods of `harmonisations`; `cohort_checks`
measures how far they lie apart. `selection` selects features on the real cohort, `draws` draws
experiments from it, `scaling` scales them. `folds` divides training sets, all samples of a patient
on one side; `samples` holds what classifiers and GANs are trained on.
"""
