"""Scores of an arm: tune classifiers, train them on balanced draws, score them on validation.

In cross-validation a test fold holds real samples only, and balancing happens on the training
folds. For the GAN arms the generator of the whole draw serves while tuning, so the cross-validated
AUROC, which only chooses hyper-parameters, has seen the test folds through it. The score that
counts is on the validation cohort, which nothing ever saw.

Source: Cusworth, Gkoutos, Acharjee 2024, Methods (classification), and its Table 3.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from evenomics.arms import ARMS, Arm, Setting, Unbalanced, over_represented
from evenomics.cohort import Cohort
from evenomics.gan.generator import Generator
from evenomics.gan.recipe import gan_name
from evenomics.metrics import FALSE_POSITIVE_RATES, METRICS, Prediction, roc
from evenomics.randomness import derive_seed
from evenomics.scaling import SkewScaler

logger = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
ClassWeight = Literal["balanced"] | None


@dataclass(frozen=True)
class Table:
    """Scaled samples and the codes of their classes."""

    X: Floats
    y: Codes


@dataclass(frozen=True)
class Classifier:
    """A kind of classifier and the grid its hyper-parameters are tuned on.

    Attributes
    ----------
    build : callable
        ``build(parameters, n_train, class_weight) -> classifier``. Fitting it twice on the same
        samples has to give the same classifier.
    grid : mapping of str to sequence
        Values of every hyper-parameter.
    cost : callable
        How long a fit takes beside others, to begin with the longest.
    is_constant : callable
        ``is_constant(parameters, n_train)``: whether it cannot but give all samples one score.
    gives_probabilities : bool
        Otherwise it is scored by its decision function, and has no Brier score.
    """

    build: Callable[[Mapping[str, Any], int, ClassWeight], ClassifierMixin]
    grid: Mapping[str, Sequence[Any]]
    cost: Callable[[Mapping[str, Any]], float]
    is_constant: Callable[[Mapping[str, Any], int], bool]
    gives_probabilities: bool

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every combination of the grid."""
        return [
            dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())
        ]


def _boosting(
    parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight
) -> ClassifierMixin:
    return HistGradientBoostingClassifier(
        **parameters,
        # more bins than samples change nothing but the time it takes
        max_bins=min(255, n_train),
        class_weight=class_weight,
        early_stopping=False,
        random_state=0,
    )


def _svc(parameters: Mapping[str, Any], n_train: int, class_weight: ClassWeight) -> ClassifierMixin:
    return SVC(**parameters, class_weight=class_weight)


CLASSIFIERS: dict[str, Classifier] = {
    # the paper's grid
    "hist_gradient_boosting": Classifier(
        _boosting,
        {"learning_rate": [1e-4, 1e-3, 1e-2, 1, 10], "min_samples_leaf": [1, 10, 25, 50, 75]},
        cost=lambda parameters: 1 / parameters["min_samples_leaf"],
        # no split leaves enough samples on both sides
        is_constant=lambda parameters, n_train: 2 * parameters["min_samples_leaf"] > n_train,
        gives_probabilities=True,
    ),
    # chosen here: the paper does not give a grid for the SVC
    "svc": Classifier(
        _svc,
        {"C": [0.1, 1, 10, 100], "gamma": ["scale", 0.001, 0.01]},
        cost=lambda parameters: 0.0,
        is_constant=lambda parameters, n_train: False,
        gives_probabilities=False,
    ),
}


def predict(kind: Classifier, model: Any, table: Table) -> Prediction:
    """Return what a fitted classifier says of samples.

    Parameters
    ----------
    kind : Classifier
    model : fitted classifier
    table : Table

    Returns
    -------
    Prediction
    """
    if kind.gives_probabilities:
        probabilities = model.predict_proba(table.X)
        return Prediction(table.y, model.predict(table.X), probabilities, probabilities)
    values = model.decision_function(table.X)
    scores = np.column_stack([-values, values]) if values.ndim == 1 else values
    return Prediction(table.y, model.predict(table.X), scores)


@dataclass(frozen=True)
class Balancer:
    """Balances training sets the way of one arm at one setting.

    Attributes
    ----------
    arm : Arm
    setting : Setting
    over : int
        Code of the over-represented class of the draw.
    generators : mapping of int to Generator
    seed : int
    names : tuple of str
        What the random streams are named after.
    """

    arm: Arm
    setting: Setting
    over: int
    generators: Mapping[int, Generator]
    seed: int
    names: tuple[str, ...]

    def balance(self, table: Table, *purpose: str | int) -> tuple[Table, str]:
        """Return the balanced table, the samples of `table` first, and what is to be noted."""
        seed = derive_seed(self.seed, "balance", *self.names, *purpose)
        sampler, note = self.arm.build(
            Unbalanced(
                Counter(table.y.tolist()),
                self.over,
                seed,
                self.setting.multiplier or 0.0,
                self.generators,
            )
        )
        if sampler is None:
            return table, note
        return Table(*sampler.fit_resample(table.X, table.y)), note


def _fit(kind: Classifier, parameters: Mapping[str, Any], table: Table, arm: Arm) -> Any:
    model = kind.build(parameters, len(table.y), arm.class_weight)
    # tables this small lose more time to the threads of a fit than they win by them
    with threadpool_limits(limits=1):
        return model.fit(table.X, table.y)


def _cv_auroc(
    kind: Classifier, parameters: Mapping[str, Any], train: Table, test: Table, arm: Arm
) -> float:
    if kind.is_constant(parameters, len(train.y)):
        return 0.5
    scores = predict(kind, _fit(kind, parameters, train, arm), test)
    return METRICS["auroc"].score(scores)


@dataclass(frozen=True)
class Tuned:
    """Hyper-parameters chosen by cross-validation.

    Attributes
    ----------
    parameters : dict
    cv_auroc : float
        Mean over the folds at these parameters.
    n_folds : int
    note : str
    """

    parameters: dict[str, Any]
    cv_auroc: float
    n_folds: int
    note: str


def tune(
    kinds: Iterable[str], table: Table, balancer: Balancer, *, n_folds: int = 5, n_jobs: int = 1
) -> dict[str, Tuned]:
    """Choose hyper-parameters by stratified cross-validation on AUROC.

    Parameters
    ----------
    kinds : iterable of str
        Names in `CLASSIFIERS`.
    table : Table
        The training draw.
    balancer : Balancer
        Balances the training folds; test folds stay as they are.
    n_folds : int
        Fewer where a class has fewer samples, which is noted.
    n_jobs : int
        Processes.

    Returns
    -------
    dict of str to Tuned
        The point of the grid with the largest mean; of equally good ones the first.
    """
    smallest = min(Counter(table.y.tolist()).values())
    notes = []
    if smallest < n_folds:
        notes.append(f"{smallest} folds, as many as the smallest class has samples")
        n_folds = smallest
    split = StratifiedKFold(n_folds, shuffle=True, random_state=derive_seed(balancer.seed, "folds"))
    folds = []
    for i, (train, test) in enumerate(split.split(table.X, table.y)):
        balanced, note = balancer.balance(Table(table.X[train], table.y[train]), "fold", i)
        folds.append((balanced, Table(table.X[test], table.y[test])))
        notes.append(note)
    tasks = [
        (name, point, fold)
        for name in kinds
        for point in range(len(CLASSIFIERS[name].points))
        for fold in range(n_folds)
    ]
    # biggest first, so that no long fit is left for the end
    order = sorted(
        range(len(tasks)),
        key=lambda i: -CLASSIFIERS[tasks[i][0]].cost(CLASSIFIERS[tasks[i][0]].points[tasks[i][1]]),
    )
    values = Parallel(n_jobs=n_jobs)(
        delayed(_cv_auroc)(
            CLASSIFIERS[name], CLASSIFIERS[name].points[point], *folds[fold], balancer.arm
        )
        for name, point, fold in (tasks[i] for i in order)
    )
    by_task = {tasks[i]: value for i, value in zip(order, values, strict=True)}
    note = "; ".join(dict.fromkeys(filter(None, notes)))
    tuned = {}
    for name in kinds:
        points = CLASSIFIERS[name].points
        means = [
            np.mean([by_task[name, point, fold] for fold in range(n_folds)])
            for point in range(len(points))
        ]
        best = int(np.argmax(means))
        tuned[name] = Tuned(points[best], float(means[best]), n_folds, note)
    return tuned


@dataclass(frozen=True)
class ArmScores:
    """What came out of an arm in one experiment, at all of its settings.

    Attributes
    ----------
    scores : DataFrame
        Columns experiment, arm, alpha, multiplier, classifier, repeat, metric, value.
    tuning : DataFrame
        Columns experiment, arm, alpha, multiplier, classifier, parameters (JSON), cv_auroc,
        n_folds, note.
    roc : DataFrame
        Columns experiment, arm, alpha, multiplier, classifier, fpr, tpr_mean, tpr_sd.
    generated : DataFrame
        Samples that the first repeat added, in the user's unit: sample_id, class, alpha,
        multiplier, features.
    """

    scores: pd.DataFrame
    tuning: pd.DataFrame
    roc: pd.DataFrame
    generated: pd.DataFrame


def score_arm(
    name: str,
    draw: Cohort,
    validation: Cohort,
    scaler: SkewScaler,
    classes: Sequence[str],
    *,
    alphas: Iterable[Sequence[float]],
    multipliers: Iterable[float],
    generators: Mapping[str, Generator],
    classifiers: Sequence[str],
    repeats: int,
    folds: int,
    seed: int,
    n_jobs: int = 1,
) -> ArmScores:
    """Tune, train and score the classifiers on what one arm makes of one training draw.

    Parameters
    ----------
    name : str
        Arm.
    draw, validation : Cohort
        Training draw, whose name is the experiment's, and validation cohort.
    scaler : SkewScaler
        Fitted on the draw.
    classes : sequence of str
        Classes of the study; with two, the second is the positive one.
    alphas, multipliers
        See `Arm.settings`.
    generators : mapping of str to Generator
        Trained generators by the name of their GAN.
    classifiers : sequence of str
        Names in `CLASSIFIERS`.
    repeats : int
        Classifiers, each trained on newly generated samples. Where the training set is the same
        every time (`none`, `class_weight`), one is trained and its scores are repeated.
    folds : int
        Folds of the cross-validation that tunes.
    seed : int
    n_jobs : int
        Processes.

    Returns
    -------
    ArmScores
    """
    arm, experiment = ARMS[name], draw.name
    train = _table(draw, scaler, classes)
    test = _table(validation, scaler, classes)
    over = over_represented(draw.class_counts(), classes)
    scores, tuning, curves, generated = [], [], [], []
    for setting in arm.settings(alphas, multipliers):
        label = {
            "experiment": experiment,
            "arm": name,
            "alpha": setting.alpha_name,
            "multiplier": setting.multiplier_name,
        }
        balancer = Balancer(
            arm,
            setting,
            classes.index(over),
            {
                classes.index(c): generators[gan_name(c, alpha, str(arm.variant))]
                for c, alpha in arm.alphas_of(setting, classes, over).items()
            },
            seed,
            (experiment, name, setting.alpha_name, setting.multiplier_name),
        )
        tuned = tune(classifiers, train, balancer, n_folds=folds, n_jobs=n_jobs)
        tables = [balancer.balance(train, "repeat", repeat) for repeat in range(repeats)]
        note = "; ".join(dict.fromkeys(note for _, note in tables if note))
        different = tables[:1] if tables[0][0] is train else tables
        for classifier, choice in tuned.items():
            logger.info("%s: %s tuned to %s", label, classifier, choice)
            notes = dict.fromkeys(filter(None, [note, choice.note]))
            tuning.append(
                label
                | {
                    "classifier": classifier,
                    "parameters": json.dumps(choice.parameters),
                    "cv_auroc": choice.cv_auroc,
                    "n_folds": choice.n_folds,
                    "note": "; ".join(notes),
                }
            )
            outcomes = Parallel(n_jobs=n_jobs)(
                delayed(_validate)(classifier, choice.parameters, table, test, arm)
                for table, _ in different
            )
            outcomes = outcomes * (repeats // len(outcomes))
            scores += [
                label
                | {"classifier": classifier, "repeat": repeat, "metric": metric, "value": value}
                for repeat, (values, _) in enumerate(outcomes)
                for metric, value in values.items()
            ]
            rates = np.array([curve for _, curve in outcomes])
            curves.append(
                pd.DataFrame(
                    label
                    | {
                        "classifier": classifier,
                        "fpr": FALSE_POSITIVE_RATES,
                        "tpr_mean": rates.mean(axis=0),
                        "tpr_sd": rates.std(axis=0, ddof=1) if repeats > 1 else 0.0,
                    }
                )
            )
        generated.append(_added(train, tables[0][0], scaler, draw, classes, setting))
    return ArmScores(
        pd.DataFrame(scores),
        pd.DataFrame(tuning),
        pd.concat(curves, ignore_index=True),
        pd.concat(generated, ignore_index=True),
    )


def _table(cohort: Cohort, scaler: SkewScaler, classes: Sequence[str]) -> Table:
    assert cohort.classes is not None
    codes = pd.Categorical(cohort.classes, categories=list(classes)).codes
    return Table(scaler.transform(cohort.features), codes.astype(np.intp))


def _validate(
    classifier: str, parameters: Mapping[str, Any], train: Table, test: Table, arm: Arm
) -> tuple[dict[str, float], Floats]:
    kind = CLASSIFIERS[classifier]
    prediction = predict(kind, _fit(kind, parameters, train, arm), test)
    values = {name: metric.score(prediction) for name, metric in METRICS.items()}
    return values, roc(prediction)


def _added(
    train: Table,
    balanced: Table,
    scaler: SkewScaler,
    draw: Cohort,
    classes: Sequence[str],
    setting: Setting,
) -> pd.DataFrame:
    """Tabulate the samples beyond those of the draw, in the user's unit."""
    new, codes = balanced.X[len(train.X) :], balanced.y[len(train.X) :]
    values = scaler.inverse_transform(new) if len(new) else new
    table = pd.DataFrame(values, columns=draw.features.columns)
    table.insert(0, "sample_id", [f"generated_{i + 1}" for i in range(len(new))])
    table.insert(1, "class", [classes[code] for code in codes])
    table.insert(2, "alpha", setting.alpha_name)
    table.insert(3, "multiplier", setting.multiplier_name)
    return table
