"""What every column of the tables of results is: text, a whole number, a number, yes or no.

A reader that guesses goes by what stands in the cells, and reads a large table piece by piece: of
one arm's multipliers ``1`` and ``1.0`` it makes two, and a class called ``NA`` is gone. A name
means the same kind in every table that has it.
"""

_TEXT = (
    *("study", "selection", "experiment", "classifier", "metric", "cv_metric"),
    *("arm", "alpha", "multiplier", "bandwidth"),
    *("arm_a", "alpha_a", "multiplier_a", "bandwidth_a"),
    *("arm_b", "alpha_b", "multiplier_b", "bandwidth_b"),
    *("sample_id", "class", "feature", "parameters", "note"),
    *("threshold", "thresholds", "predicted", "predicted_tuned"),
    # training
    *("gan", "variant", "phase", "lr_1_rule", "lr_2_rule", "epoch_2_rule"),
    *("generator", "critic", "engine"),
    # data, selection, enrichment, times
    *("cohort", "source", "model", "library", "term", "genes", "step", "what"),
    *("method", "check", "message"),
    # the answer, and the tests behind it
    *("question", "reference", "reference_classifier", "reference_threshold", "test"),
    *("verdict", "sentence"),
    # the paper's claims
    *("claim", "scores", "evidence"),
)
_WHOLE = (
    *("number", "replicate", "repeat", "n", "n_a", "n_b", "n_experiments", "n_folds", "n_samples"),
    *("stage", "epoch", "epochs", "kept_epoch", "critic_updates", "fold", "epoch_1", "epoch_2"),
    *("updates_1", "updates_2"),
    *("n_features", "n_features_measured", "n_features_used", "n_train", "n_held_out"),
    *("n_overlap", "n_selected", "n_background"),
    *("n_replicates", "n_repeats", "n_validation", "n_chosen"),
    *("n_cases", "n_better", "n_worse"),
)
_NUMBERS = (
    *("value", "mean", "sd", "cv_score", "auroc", "fpr", "tpr_mean", "tpr_sd"),
    *("mean_a", "sd_a", "mean_b", "sd_b", "difference"),
    *("alpha_under", "alpha_over", "mean_accuracy", "hard_auroc", "published"),
    *("mean_reference", "standard_error", "low", "high", "detectable", "shared"),
    *("t", "F", "df", "p_value", "adjusted_p_value", "logFC", "average", "odds_ratio"),
    *("critic_loss", "generator_loss", "wasserstein", "dropout", "lr_1", "lr_2", "rate"),
    *("wasserstein_training", "wasserstein_held_out", "energy_distance"),
    *("smallest_above", "last_above"),
    *("instability", "speed", "objective", "cut_epoch"),
    *("effective_rank_generated", "effective_rank_real"),
    *("nn_distance_training", "nn_distance_held_out"),
    *("lasso", "elastic_net", "coefficient", "penalty"),
    *("seconds", "max_rss_mb", "mean_load_percent"),
    *("beyond_range", "expected", "shift_sd", "scale_ratio", "limit"),
    *("sensitivity", "specificity", "precision", "f1", "mean_probability", "observed"),
)

#: Type of every column, as pandas names it. A column of one class, ``logFC.case``, is what the name
#: before the dot says. Columns named by users' data (features, classes) or by classifiers are not
#: here: who reads such a table names them.
COLUMNS = {
    **dict.fromkeys(_TEXT, "str"),
    **dict.fromkeys(_WHOLE, "int64"),
    "n_set": "Int64",  # Enrichr does not tell
    "n_groups": "Int64",  # the cohorts of a study need not all have groups
    **dict.fromkeys(_NUMBERS, "float64"),
    **dict.fromkeys(("score", "probability"), "float32"),  # by class
    **dict.fromkeys(("chosen", "selected", "used"), "bool"),
}
