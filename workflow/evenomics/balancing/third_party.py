"""Samplers of other libraries as arms."""

import importlib
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from evenomics.balancing.training_set import TrainingSet
from evenomics.config.arms import Samplers
from evenomics.errors import ConfigError, EvenomicsError
from evenomics.preparation.samples import Samples


def check_samplers(samplers: Samplers) -> None:
    """Import every sampler and make one with its parameters.

    Parameters
    ----------
    samplers : mapping
        Of the config.

    Raises
    ------
    ConfigError
        With all problems.
    """
    if problems := list(_problems(samplers)):
        raise ConfigError("samplers of other libraries cannot be used:", problems)


def _problems(samplers: Samplers) -> Iterator[str]:
    for name, given in samplers.items():
        path, parameters = given["class"], given["parameters"]
        try:
            sampler = _made(path, parameters, random_state=0)
        except ImportError as error:
            yield (
                f"arms.{name}.class: {path} cannot be imported ({error}); install its package in "
                "the environment of the workflow, or correct the path"
            )
        except Exception as error:  # whatever the code of others raises
            yield f"arms.{name}: {path} cannot be made with {parameters}: {_said(error)}"
        else:
            if not callable(getattr(sampler, "fit_resample", None)):
                yield (
                    f"arms.{name}.class: {path} is no sampler: it has no method fit_resample (see "
                    "imbalanced-learn)"
                )


def _made(path: str, parameters: Mapping[str, Any], random_state: int) -> Any:
    """Import a sampler and make one; it gets the seed if it has a parameter for it."""
    module, _, name = path.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ImportError(str(error)) from error
    seeded = "random_state" in inspect.signature(kind).parameters
    sampler = kind(**parameters, **({"random_state": random_state} if seeded else {}))
    if hasattr(sampler, "_validate_params"):  # scikit-learn checks values only when they are used
        sampler._validate_params()
    return sampler


def resample(
    name: str, path: str, parameters: Mapping[str, Any], training_set: TrainingSet
) -> tuple[Samples, str]:
    """Balance by a sampler of another library, whatever it does with the samples.

    Parameters
    ----------
    name : str
        Of the arm, for messages.
    path : str
        Import path of the sampler.
    parameters : mapping
        That it is made with, beside the seed.
    training_set : TrainingSet

    Returns
    -------
    samples : Samples
    note : str
        Empty.

    Raises
    ------
    EvenomicsError
        If it fails, or loses a class or a feature.
    """
    before = training_set.samples
    try:
        sampler = _made(path, parameters, training_set.random_state)
        found = sampler.fit_resample(before.X.copy(), before.y.copy())
        X, y = (np.asarray(part, kind) for part, kind in zip(found, (float, np.intp), strict=True))
        problem = _problem_of(X, y, before)
    except Exception as error:  # whatever the code of others raises
        problem = _said(error)
    if problem:
        counts = ", ".join(str(n) for _, n in sorted(training_set.counts.items()))
        raise EvenomicsError(
            f"arm {name!r} ({training_set.place}): {path} failed on classes of {counts} samples: "
            f"{problem}; change its parameters, or leave the arm out"
        )
    return Samples(X, y), ""


def _problem_of(X: np.ndarray, y: np.ndarray, before: Samples) -> str:
    """Say what is wrong with resampled samples; empty if nothing is."""
    if X.shape != (len(y), before.X.shape[1]):
        return f"it returned samples of shape {X.shape} and {len(y)} classes"
    if not np.isfinite(X).all():
        return "it returned values that are missing or infinite"
    if {*y.tolist()} != {*before.y.tolist()}:
        return f"it returned samples of the classes {sorted(Counter(y.tolist()))} only"
    return ""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
