"""Rules that choose learning rates and epochs (paper, section "Model training")."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenomics.gan import curves
from evenomics.gan.networks import Floats
from evenomics.gan.search import Search
from evenomics.gan.settings import Choice
from evenomics.gan.trained import Trained


def _curve(runs: list[Trained], name: str) -> Floats:
    """Return a curve, averaged over folds, as far as all are finite."""
    chosen = [r.wasserstein if name == "wasserstein" else r.critic_loss for r in runs]
    length = min(map(len, chosen))
    return np.mean([c[:length] for c in chosen], axis=0)


def _seen(runs: list[Trained], choice: Choice) -> Floats:
    """Return the points of the curve that the paper's rules see."""
    return curves.seen(_curve(runs, choice.curve), choice)


def _distances(runs: list[Trained]) -> tuple[Floats, NDArray[np.int64]]:
    """Energy distances per evaluation, averaged over folds, and the evaluated epochs."""
    length = min(len(r.evaluations) for r in runs)
    mean = np.mean([r.evaluations[:length, 2] for r in runs], axis=0)
    return np.where(np.isfinite(mean), mean, np.inf), runs[0].eval_epochs[:length]


def _smallest_distance(runs: list[Trained]) -> tuple[float, int]:
    distances, epochs = _distances(runs)
    if not np.isfinite(distances).any():
        return np.inf, 0
    best = int(np.argmin(distances))
    return float(distances[best]), int(epochs[best])


def _evaluated(runs: list[Trained], length: int) -> NDArray[np.int64]:
    """Return the evaluated epochs among the first so many, in which all folds are finite."""
    return runs[0].eval_epochs[runs[0].eval_epochs <= length]


def _measure(search: Search, phase: str) -> pd.DataFrame:
    """Tabulate what the rules see of every rate."""
    choice = search.settings.choice
    columns = ["phase", "rate", choice.rate_1, "energy_distance", "instability", "speed"]
    columns += ["objective", "cut_epoch", "note"]
    rows = []
    for runs in search.runs:
        curve = _seen(runs, choice)
        row: dict[str, Any] = dict.fromkeys(columns, np.nan) | {
            "phase": phase,
            "rate": runs[0].run.learning_rate,
            choice.rate_1: _above(runs, choice),
            "energy_distance": _smallest_distance(runs)[0],
        }
        length, note = curves.cut(curve, choice) if len(curve) else (0, "no finite epoch")
        n_points = runs[0].run.epochs // choice.curve_every
        window = curves.window_of(n_points, choice)
        # a curve that ends in NaN is cut there
        cut_epoch = length * choice.curve_every if length < n_points else np.nan
        row |= {"cut_epoch": cut_epoch, "note": note}
        if length >= window:
            row["instability"] = curves.instability(curve[:length], choice)
            row["speed"] = curves.speed(curve[:length], window)
            row["objective"] = choice.instability_weight * row["instability"] - row["speed"]
        rows.append(row)
    search.rates += rows
    return pd.DataFrame(rows)


def _above(runs: list[Trained], choice: Choice) -> float:
    """Return the value that the rule for lr_1 goes by."""
    if choice.rate_1 == "last_above":
        points = _seen(runs, choice)
        return curves.last_above(points, choice).value if len(points) else np.nan
    curve = _curve(runs, choice.curve)
    above = [v for v in curve[_evaluated(runs, len(curve)) - 1] if v > choice.threshold]
    return min(above, default=np.nan)


def _first_smallest(values: pd.Series) -> int | None:
    finite = np.isfinite(values.to_numpy(dtype=float))
    return int(np.argmin(np.where(finite, values, np.inf))) if finite.any() else None


def _most_stable(search: Search, table: pd.DataFrame, why: str) -> tuple[int, str]:
    best = _first_smallest(table["instability"])
    if best is None:
        search.notes.append(f"{why}; every rate diverged")
        return 0, "fallback: every rate diverged, first rate"
    search.notes.append(why)
    return best, "fallback: most stable"


def choose_rate_1(search: Search) -> None:
    """Take the rate whose curve comes closest to 3 from above, or that with the best epoch."""
    choice = search.settings.choice
    table = _measure(search, "lr_1")
    by_distance = choice.rate_choice == "held_out"
    best = _first_smallest(table["energy_distance" if by_distance else choice.rate_1])
    if best is not None and not by_distance and choice.rate_1 == "last_above":
        rule = f"last above {choice.threshold:g}"
        runs = search.take(best)
        epoch = curves.last_above(_seen(runs, choice), choice).epoch
        search.epochs_1 = [epoch] * len(runs)
        search.updates = _mean_updates(runs, search.epochs_1)
    elif best is not None:
        rule = "smallest energy distance" if by_distance else f"smallest above {choice.threshold:g}"
        runs = search.take(best)
        search.epochs_1 = [trained.kept_epoch for trained in runs]
        if by_distance:
            epoch = _smallest_distance(runs)[1]
            search.updates = _mean_updates(runs, [epoch] * len(runs))
        else:
            # a fold whose curve is never above the threshold has no say
            epoch = round(np.mean([e for e in search.epochs_1 if e] or [0]))
            search.updates = _mean_updates(runs, search.epochs_1)
    else:
        best, rule = _most_stable(search, table, f"lr_1: curve never above {choice.threshold:g}")
        runs = search.take(best)
        # what comes after the cut is no weights to go on from
        cut_epoch = int(table["cut_epoch"].fillna(runs[0].run.epochs)[best])
        epoch = int(_evaluated(runs, cut_epoch).max(initial=0))
        search.epochs_1 = [epoch] * len(runs)
        search.updates = _mean_updates(runs, search.epochs_1)
    if search.settings.retraining.final_epochs is not None:
        search.first_curve = _curve(runs, choice.curve)[:epoch]
    search.row |= {
        "lr_1": runs[0].run.learning_rate,
        "lr_1_rule": rule,
        "epoch_1": epoch,
        "updates_1": round(search.updates),
    }


def _mean_updates(runs: list[Trained], epochs: Sequence[int]) -> float:
    """Average over the folds the critic updates up to an epoch; an epoch 0 has no say."""
    updates = [e * r.run.updates_per_epoch for r, e in zip(runs, epochs, strict=True) if e]
    return float(np.mean(updates or [0]))


def choose_rate_2(search: Search) -> None:
    """lr_2: smallest 3 * instability - speed, or smallest energy distance to held-out samples."""
    table = _measure(search, "lr_2")
    by_distance = search.settings.choice.rate_choice == "held_out"
    best = _first_smallest(table["energy_distance" if by_distance else "objective"])
    rule = "smallest energy distance" if by_distance else "smallest instability - speed"
    if best is None:
        best, rule = _most_stable(search, table, "lr_2: no rate qualified")
    search.row |= {"lr_2": search.take(best)[0].run.learning_rate, "lr_2_rule": rule}


def choose_epoch(search: Search) -> None:
    """Choose the epoch of the lr_2 run: elbow of the curve, or smallest energy distance."""
    choice, runs = search.settings.choice, search.best
    if choice.epoch_choice == "held_out":
        epoch, rule = _smallest_distance(runs)[1], "smallest energy distance"
    else:
        whole = np.concatenate([search.first_curve, _curve(runs, choice.curve)])
        curve, n_first = curves.seen(whole, choice), len(search.first_curve)
        length, note = curves.cut(curve, choice)
        elbow = curves.find_elbow(curve[:length], choice)
        evaluated = _evaluated(runs, length * choice.curve_every - n_first)
        if n_first:  # an elbow of that part: the weights that it led to
            evaluated = np.append(0, evaluated)
        nearest = np.abs(evaluated + n_first - elbow.epoch)
        epoch = int(evaluated[np.argmin(nearest)]) if len(evaluated) else 0
        rule = elbow.rule if elbow.rule == "elbow" else f"fallback: {elbow.rule}"
        search.notes += [text for text in (note, elbow.note) if text]
    if not epoch and rule != "elbow":
        rule = "fallback: diverged before the first evaluation, weights of lr_1"
    search.updates = _mean_updates(runs, [epoch] * len(runs))
    search.row |= {
        "epoch_2": epoch,
        "epoch_2_rule": rule,
        "updates_2": round(search.updates),
    }
