"""Models on disk: safetensors with a JSON header. Loading a model runs no code."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from evenomics.config.experiments import DrawId
from evenomics.errors import TrainingError
from evenomics.files import replacing
from evenomics.gan.generator import Generator, Noise
from evenomics.gan.networks import Weights

FORMAT = "2"

# before the names of the arrays of a generator whose output is set
_CALIBRATED = "calibrated."


def _save(path: Path, arrays: Mapping[str, Any], header: Mapping[str, Any]) -> None:
    # a single key: safetensors writes several in an order that differs every time
    metadata = {"evenomics": json.dumps({"format": FORMAT, **header})}
    with replacing(path) as temporary:
        temporary.write_bytes(save(dict(arrays), metadata))


def _load(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with safe_open(path, framework="np") as file:
            header = json.loads((file.metadata() or {}).get("evenomics", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, FileNotFoundError) as error:
        raise TrainingError(f"{path} is not a model of this program: {error}") from None
    if header.get("format") != FORMAT:
        raise TrainingError(
            f"{path}: model format {header.get('format')!r}, this version reads {FORMAT!r}"
        )
    return arrays, header


def save_generator(path: Path, generator: Generator, header: Mapping[str, Any]) -> None:
    """Write a generator in float32, with the one whose output is set, if there is one.

    Parameters
    ----------
    path : Path
    generator : Generator
    header : mapping
        What a reader of the file should know (class, alpha, choices); JSON.
    """
    shape = {"n_features": generator.n_features, "hidden": list(generator.hidden)}
    _save(path, _arrays(generator), {**header, "shape": shape})


def _arrays(generator: Generator, prefix: str = "") -> dict[str, NDArray[np.float32]]:
    arrays = {"parameters": generator.parameters}
    if generator.noise is not None:
        arrays |= {"noise_factor": generator.noise.factor, "noise_sd": np.array(generator.noise.sd)}
    named = {prefix + name: array.astype(np.float32) for name, array in arrays.items()}
    if generator.calibrated is not None:
        named |= _arrays(generator.calibrated, _CALIBRATED)
    return named


def load_generator(path: Path) -> Generator:
    """Read what `save_generator` wrote.

    Raises
    ------
    TrainingError
        If the file is missing, damaged, or of another format.
    """
    arrays, header = _load(path)
    shape = header["shape"]

    def generator(prefix: str, calibrated: Generator | None = None) -> Generator:
        own = {
            name.removeprefix(prefix): array.astype(np.float64)
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        noise = Noise(own["noise_factor"], float(own["noise_sd"])) if "noise_sd" in own else None
        return Generator(
            shape["n_features"], tuple(shape["hidden"]), own["parameters"], noise, calibrated
        )

    is_set = any(name.startswith(_CALIBRATED) for name in arrays)
    return generator("", generator(_CALIBRATED) if is_set else None)


def generator_path(training: Path, draw: DrawId, gan: str, fold: int | None = None) -> Path:
    """Return where a generator of a draw, or of one of its folds, lies in the folder of all."""
    of_draw = training / draw.name
    return (of_draw if fold is None else of_draw / f"fold{fold}") / f"{gan}.safetensors"


def load_generators(
    training: Path, draw: DrawId, gans: Iterable[str], fold: int | None = None
) -> dict[str, Generator]:
    """Read the generators of a training draw.

    Parameters
    ----------
    training : Path
        Folder of all generators of a study and selection.
    draw : DrawId
    gans : iterable of str
        Names of the GANs.
    fold : int, optional
        Of the draw's cross-validation, from 1; by default those of the whole draw.

    Returns
    -------
    dict of str to Generator
        By name of the GAN.

    Raises
    ------
    TrainingError
        With every generator that is missing, damaged, or of another format.
    """
    generators, problems = {}, []
    for gan in gans:
        path = generator_path(training, draw, gan, fold)
        try:
            generators[gan] = load_generator(path)
        except TrainingError as error:
            problems.append(str(error) if path.exists() else f"{path} is missing")
    if problems:
        raise TrainingError(
            f"{training}: {len(problems)} of {len(problems) + len(generators)} generators for the "
            f"draw {draw.name!r} cannot be read; {make_anew(training)}:",
            problems,
        )
    return generators


def make_anew(folder: Path) -> str:
    """Say how to mend a folder that a rule makes as a whole: a single file is not missed."""
    return (
        f"delete the whole folder {folder} and run again, which makes it anew from the checkpoints "
        "(or trains anew, where these are gone)"
    )


def save_weights(path: Path, weights: Weights) -> None:
    """Write both networks in the precision of their training, to go on from there."""
    header = {
        "n_features": weights.n_features,
        "hidden": list(weights.hidden),
        "critic_hidden": list(weights.critic_hidden),
    }
    _save(path, {"generator": weights.generator, "critic": weights.critic}, header)


def load_weights(path: Path) -> Weights:
    """Read what `save_weights` wrote (errors as in `load_generator`)."""
    arrays, header = _load(path)
    hidden = header["hidden"]
    # a file of an earlier version does not say it
    critic_hidden = header.get("critic_hidden", hidden[::-1])
    return Weights(
        header["n_features"],
        tuple(hidden),
        tuple(critic_hidden),
        arrays["generator"],
        arrays["critic"],
    )
