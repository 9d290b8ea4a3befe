"""Make published_scores.tsv, the scores that Cusworth et al. (2024) released, in our names.

    python make_published_scores.py results_merged.csv published_scores.tsv

Numbers stay as they are written. Of hyper-parameters, scikit-learn prints only those that differ
from its defaults; here all that were tuned are given.
"""

import argparse
import ast
import csv
import json
import sys
from pathlib import Path

STUDIES = {
    "sim": "simulation",
    "microarray": "microarray",
    "metabolomics": "lipidomics",
    "microarrayLasso": "microarray_lasso",
    "metabolomicsLasso": "lipidomics_lasso",
}
CLASSIFIERS = {"histgradboost": "hist_gradient_boosting", "svm": "svc"}
ARMS = {"RO": "random_over", "SMOTE": "smote", "GAN": "gan", "ExpandGAN": "expand_gan"}
#: What was tuned, with scikit-learn's default.
TUNED = {
    "hist_gradient_boosting": {"learning_rate": 0.1, "min_samples_leaf": 20},
    "svc": {"C": 1.0, "gamma": "scale", "kernel": "rbf"},
}
NONE = "none"


def row_of(published: dict[str, str]) -> dict[str, str]:
    """Return a row of our table for one of the released table."""
    under, over = published["alpha1"], published["alpha2"]
    # GAN brings no sample to the over-represented class, so the second weight changes nothing
    alphas = {"GAN": f"a{under}-0", "ExpandGAN": f"a{under}-{over}"}
    multiplier = published["expGanMulti"]
    classifier = CLASSIFIERS[published["classifier"]]
    return {
        "study": STUDIES[published["experiment"]],
        "experiment": experiment_of(published["n_control"], published["class_imbalance"]),
        "classifier": classifier,
        "arm": ARMS[published["method"]],
        "alpha": alphas.get(published["method"], NONE),
        "multiplier": f"{float(multiplier):g}" if multiplier else NONE,
        "alpha_under": under,
        "alpha_over": over,
        "mean": published["auc_mean"],
        "sd": published["auc_sd"],
        "mean_accuracy": published["mean_accuracy"],
        "parameters": json.dumps(TUNED[classifier] | arguments_of(published["hyp"])),
    }


def experiment_of(controls: str, imbalance: str) -> str:
    """Return the name of an experiment; the lipid studies have one draw, of the whole cohort."""
    return f"c{float(controls):g}_i{float(imbalance):g}" if controls else "whole"


def arguments_of(call: str) -> dict[str, object]:
    """Return the keyword arguments of a call as it is printed, e.g. ``SVC(C=5, gamma=0.1)``."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    return {str(word.arg): ast.literal_eval(word.value) for word in tree.keywords}


def main() -> None:
    """Read the released table, write ours."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("source", type=Path, help="results_merged.csv of the release")
    parser.add_argument("target", type=Path, help="TSV file to write")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        sys.exit(f"{arguments.source}: there is no such file")
    with arguments.source.open(encoding="utf-8", newline="") as file:
        rows = [row_of(published) for published in csv.DictReader(file)]
    with arguments.target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} scores")


if __name__ == "__main__":
    main()
