"""Metrics of the ranking of samples by their scores."""

from sklearn.metrics import average_precision_score, roc_auc_score

from evenomics.evaluation.metric import macro, metric

metric("auroc")(macro(lambda binary: roc_auc_score(binary.truth, binary.score)))
metric("auprc")(macro(lambda binary: average_precision_score(binary.truth, binary.score)))
