"""What an arm is worth: classifiers, scores, tests, and what selected genes have in common.

`tuning` chooses hyper-parameters by cross-validation on the training draw. `scoring` trains on
balanced draws and scores on the validation cohort, by `metrics`. `comparison` tests arms against
each other.
"""
