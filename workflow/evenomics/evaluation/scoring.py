"""Scores of an arm: tune classifiers, train them on balanced draws, score them on validation.

In cross-validation only training folds are balanced; test folds hold real samples, and no patient
is on both sides. Scalers and generators of a fold have not seen its test samples, unless the folds
share those of the whole draw: then the cross-validated score of an arm with GANs is too high. It is
too high for all arms that add samples if the draw is balanced before it is divided. The score that
counts is on the validation cohort, which no training and no choice has seen.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification).
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd
from joblib import Parallel, delayed

from evenomics.balancing.arm import Arm
from evenomics.balancing.balancer import Balancer, added_rows
from evenomics.balancing.draw_gans import DrawGenerators
from evenomics.config.arms import Gan, Grid, Setting, gans_at, gans_of, over_represented
from evenomics.data.cohort import Cohort
from evenomics.errors import TrainingError
from evenomics.evaluation.classifier import CLASSIFIERS, fit, points_of, predict
from evenomics.evaluation.hyper_parameters import Row, given_for
from evenomics.evaluation.metric import Prediction, values_of
from evenomics.evaluation.predictions import TEXTS, labelled, prediction_table
from evenomics.evaluation.tuning import (
    BalancedFold,
    Tuned,
    balanced_folds,
    folds_after_balancing,
    tune,
)
from evenomics.gan.generator import Generator
from evenomics.gan.requests import gan_name
from evenomics.messages import some
from evenomics.preparation.draw_files import TrainingDraw
from evenomics.preparation.samples import Samples, scaled_samples
from evenomics.randomness import derive_seed

logger = logging.getLogger(__name__)

#: Hyper-parameters by classifier.
Parameters = Mapping[str, dict[str, Any]]
#: Where hyper-parameters are tuned (see the config's ``scoring.tuning``).
Tuning = Literal["fold", "draw", "shared_generator", "balanced"]


@dataclass(frozen=True)
class ArmScores:
    """Results of an arm on one training draw, at all of its settings.

    All tables but `generated` begin with the columns experiment, replicate, arm, alpha, multiplier,
    bandwidth, classifier.

    Attributes
    ----------
    scores : DataFrame
        Columns repeat, metric, threshold, value.
    tuning : DataFrame
        Columns parameters (JSON), cv_metric, cv_score (mean of that metric over the folds), chosen
        (whether the setting has the best cv_score of the arm, the first of equally good ones),
        thresholds (JSON), n_folds, note.
    predictions : list of DataFrame
        Parts of a long table, columns repeat and those of
        `evenomics.evaluation.predictions.prediction_table`. An arm that leaves the draw as it is
        has repeat 0 only.
    generated : DataFrame
        Samples that the first repeat added, in the user's units: columns sample_id, class,
        features, alpha, multiplier, bandwidth.
    """

    scores: pd.DataFrame
    tuning: pd.DataFrame
    predictions: list[pd.DataFrame]
    generated: pd.DataFrame


@dataclass(frozen=True)
class Scoring:
    """How arms are scored.

    Attributes
    ----------
    classes : sequence of str
        Classes of the study; with two, the second is the positive one.
    grid : Grid
        Values that the settings of an arm are made of.
    classifiers : sequence of str
        Names in `CLASSIFIERS`.
    repeats : int
        Classifiers of each kind, each trained on newly generated samples. Where the training set is
        always the same (`none`, `class_weight`), one is trained and its scores are repeated.
    seed : int
        Seed of the run.
    networks : mapping
        Section ``gan.networks`` of the config: how untrained generators are drawn.
    folds : int
        Folds of a draw that is balanced before it is divided; others have theirs already.
    tuning : {"fold", "draw", "shared_generator", "balanced"}
    tuning_metric : str
        Metric that cross-validation maximises.
    grids : mapping
        Grids of hyper-parameters by classifier (see `evenomics.evaluation.classifier.points_of`).
    hyper_parameters : sequence of mapping
        Those that are given (see `evenomics.evaluation.hyper_parameters`).

    Examples
    --------
    >>> Scoring(["control", "case"], Grid([], [1], [0.5]), ["svc"], 10, 1, {}).repeats
    10
    """

    classes: Sequence[str]
    grid: Grid
    classifiers: Sequence[str]
    repeats: int
    seed: int
    networks: Mapping[str, Any]
    folds: int = 5
    tuning: Tuning = "fold"
    tuning_metric: str = "auroc"
    grids: Mapping[str, Sequence[Mapping[str, Sequence[Any]]]] = field(default_factory=dict)
    hyper_parameters: Sequence[Row] = ()

    def gans_of(self, arm: Arm, draw: TrainingDraw) -> list[str]:
        """Return the names of the GANs that an arm needs on a draw."""
        counts = draw.cohort.class_counts()
        return [gan_name(*g) for g in gans_of([arm.entry], self.grid.alphas, counts, self.classes)]

    def balancers(
        self, arm: Arm, setting: Setting, draw: TrainingDraw, generators: DrawGenerators
    ) -> tuple[Balancer, list[Balancer]]:
        """Return what balances the whole draw, and what balances each of its folds."""
        counts, classes = draw.cohort.class_counts(), self.classes
        gans = gans_at(arm.entry, setting, counts, classes)
        whole = Balancer(
            arm,
            setting,
            classes.index(over_represented(counts, classes)),
            self._by_code(gans, generators.whole),
            self.seed,
            (draw.id.name, arm.name),
            networks=self.networks,
        )
        folds = [
            replace(whole, generators=self._by_code(gans, generators.of_fold(i)))
            for i in range(len(draw.folds))
        ]
        return whole, folds

    def _by_code(
        self, gans: Sequence[Gan], generators: Mapping[str, Generator]
    ) -> dict[int, Generator]:
        return {self.classes.index(gan.class_name): generators[gan_name(*gan)] for gan in gans}

    def parameters_of(self, arm: Arm, draw: TrainingDraw) -> dict[str, dict[str, Any]]:
        """Tune classifiers on a draw that an arm without GANs balances, at its first setting."""
        setting = arm.settings(self.grid)[0]
        _, balancers = self.balancers(arm, setting, draw, DrawGenerators())
        folds, _ = balanced_folds(draw, self.classes, balancers)
        tuned = tune(
            self._points({}), folds, metric=self.tuning_metric, class_weight=arm.class_weight
        )
        return {name: choice.parameters for name, choice in tuned.items()}

    def score(
        self,
        arm: Arm,
        draw: TrainingDraw,
        validation: Cohort,
        generators: DrawGenerators,
        *,
        parameters: Parameters | None = None,
        n_jobs: int = 1,
    ) -> ArmScores:
        """Tune, train and score classifiers on a training draw that one arm balances.

        Parameters
        ----------
        arm : Arm
        draw : TrainingDraw
        validation : Cohort
            Validation cohort, with the features of the draw.
        generators : DrawGenerators
        parameters : mapping of str to dict, optional
            Hyper-parameters by classifier, where they are not to be tuned for the arm.
        n_jobs : int
            Processes.

        Returns
        -------
        ArmScores

        Raises
        ------
        TrainingError
            If generators are missing.
        """
        self._check(arm, draw, generators)
        train = scaled_samples(draw.cohort, draw.scaler, self.classes)
        test = scaled_samples(validation, draw.scaler, self.classes)
        sample_ids = list(validation.features.index)
        scores, tuning, predictions, generated = [], [], [], []
        for setting in arm.settings(self.grid):
            balancer, in_folds = self.balancers(arm, setting, draw, generators)
            label = {**draw.id._asdict(), "arm": arm.name, **setting.labels}
            given = self._given(label)
            folds, note = self._folds(draw, train, balancer, in_folds)
            tuned = tune(
                self._points({**(parameters or {}), **given}),
                folds,
                metric=self.tuning_metric,
                class_weight=arm.class_weight,
                n_jobs=n_jobs,
            )
            first, _ = balancer.balance(train, "repeat", 0)
            generated.append(_added(train, first, draw, self.classes).assign(**setting.labels))
            n_different = 1 if first is train else self.repeats
            outcomes = Parallel(n_jobs=n_jobs)(
                delayed(_repeat)(repeat, balancer, train, test, tuned)
                for repeat in range(n_different)
            )
            for classifier, choice in tuned.items():
                tuned_after_all = self.hyper_parameters and classifier not in given
                notes = dict.fromkeys(
                    [
                        "no hyper-parameters are given for it: tuned" if tuned_after_all else "",
                        note,
                        *(of_repeat for of_repeat, _ in outcomes),
                    ]
                )
                row = {
                    "parameters": json.dumps(choice.parameters),
                    "cv_metric": self.tuning_metric,
                    "cv_score": choice.cv_score,
                    "chosen": False,
                    "thresholds": json.dumps(choice.thresholds.tolist()),
                    "n_folds": len(folds),
                    "note": "; ".join(filter(None, notes)),
                }
                of_classifier = {**label, "classifier": classifier}
                logger.info("%s tuned: %s", " ".join(map(str, of_classifier.values())), row)
                tuning.append(of_classifier | row)
                found = [of[classifier] for _, of in outcomes]
                scores.append(labelled(_score_table(found, self.repeats), of_classifier))
                table = _prediction_table(found, sample_ids, self.classes)
                predictions.append(labelled(table, of_classifier))
        return ArmScores(
            pd.concat(scores, ignore_index=True),
            _with_choice(pd.DataFrame(tuning)),
            predictions,
            pd.concat(generated, ignore_index=True),
        )

    def _given(self, label: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the hyper-parameters that are given for a setting, by classifier."""
        found = {
            name: given_for(self.hyper_parameters, {**label, "classifier": name})
            for name in self.classifiers
        }
        return {name: parameters for name, parameters in found.items() if parameters is not None}

    def _points(self, chosen: Parameters) -> dict[str, list[dict[str, Any]]]:
        """Return what to choose from: where that is done already, a single point."""
        return {
            name: [chosen[name]] if name in chosen else points_of(name, self.grids)
            for name in self.classifiers
        }

    def _folds(
        self, draw: TrainingDraw, train: Samples, whole: Balancer, in_folds: Sequence[Balancer]
    ) -> tuple[list[BalancedFold], str]:
        """Return the folds that hyper-parameters are chosen on, and a note."""
        if self.tuning == "balanced":
            seed = derive_seed(self.seed, "folds", *draw.id)
            return folds_after_balancing(train, whole, self.folds, seed)
        return balanced_folds(draw, self.classes, in_folds)

    def _check(self, arm: Arm, draw: TrainingDraw, generators: DrawGenerators) -> None:
        needed = self.gans_of(arm, draw)
        for found in (generators.whole, *generators.folds):
            if missing := [gan for gan in needed if gan not in found]:
                raise TrainingError(
                    f"arm {arm.name!r}, draw {draw.id.name!r}: no generators for the GANs "
                    f"{some(missing)}; there are those of {some(found) or 'none'}"
                )


def _with_choice(tuning: pd.DataFrame) -> pd.DataFrame:
    """Mark the setting with the best cross-validated score, for every classifier."""
    best = tuning.groupby("classifier", sort=False)["cv_score"].idxmax()
    return tuning.assign(chosen=tuning.index.isin(best))


def _score_table(predictions: Sequence[Prediction], repeats: int) -> pd.DataFrame:
    """Return the metrics of every repeat; those of a single prediction are repeated."""
    values = [values_of(prediction) for prediction in predictions]
    rows = [
        {"repeat": repeat, "metric": metric, "threshold": threshold, "value": value}
        for repeat in range(repeats)
        for (metric, threshold), value in values[repeat % len(values)].items()
    ]
    return pd.DataFrame(rows)


def _prediction_table(
    predictions: Sequence[Prediction], sample_ids: Sequence[str], classes: Sequence[str]
) -> pd.DataFrame:
    """Return the predictions of all repeats; texts as categories, which take less memory."""
    tables = [prediction_table(prediction, sample_ids, classes) for prediction in predictions]
    table = pd.concat(tables, keys=range(len(tables)), names=["repeat"])
    table = table.reset_index("repeat").reset_index(drop=True)
    return table.astype(dict.fromkeys(TEXTS, "category"))


def _repeat(
    repeat: int, balancer: Balancer, train: Samples, test: Samples, tuned: Mapping[str, Tuned]
) -> tuple[str, dict[str, Prediction]]:
    """Train the classifiers of one repeat, and predict the validation samples.

    The balanced training set exists only here: those of all repeats of a wide table would fill the
    memory.

    Returns
    -------
    note : str
        Of the balancer.
    predictions : dict of str to Prediction
        By classifier.
    """
    samples, note = balancer.balance(train, "repeat", repeat)
    predictions = {}
    for name, choice in tuned.items():
        classifier = CLASSIFIERS[name]
        model = fit(classifier, choice.parameters, samples, balancer.arm.class_weight)
        predictions[name] = predict(
            classifier, model, test, calibration=choice.calibration, thresholds=choice.thresholds
        )
    return note, predictions


def _added(
    train: Samples, balanced: Samples, draw: TrainingDraw, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the samples that were added to the draw, in the user's units."""
    rows = added_rows(train, balanced)
    table = pd.DataFrame(balanced.X[rows], columns=draw.cohort.features.columns)
    if len(rows):
        table[:] = draw.scaler.inverse_transform(table)
    table.insert(0, "sample_id", [f"generated_{i + 1}" for i in range(len(rows))])
    table.insert(1, "class", [classes[code] for code in balanced.y[rows]])
    return table
