"""Checks of the files of a config, which Snakemake reads without them.

Of a key that is given twice, Snakemake silently takes the last value. For a file that is not YAML,
it names neither line nor column. ``python -m evenomics.config.file FILE CORES`` checks the
arguments of ``make run`` before Snakemake starts, and prints where the results go.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from evenomics.errors import ConfigError
from evenomics.messages import nearest


def file_problems(path: str | os.PathLike[str]) -> list[str]:
    """Return why a file cannot be a config, or which keys it gives twice.

    Parameters
    ----------
    path : path-like
        YAML or JSON.

    Returns
    -------
    list of str
        One line per problem, with the file, the line and the column; empty if there is none.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
        yaml.safe_load(text)
    except FileNotFoundError:
        folders = dict.fromkeys([path.parent, Path("config")])
        others = [str(other) for folder in folders for other in sorted(folder.glob("[!.]*.y*ml"))]
        hint = f"; {nearest(str(path), others)}" if others else ""
        return [f"{path}: there is no such file (paths start from {Path.cwd()}){hint}"]
    except IsADirectoryError:
        return [f"{path}: this is a folder; name a file in it"]
    except OSError as error:
        return [f"{path}: cannot be read ({error.strerror})"]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return [f"{path}, line {line}: not in UTF-8; save the file in this encoding"]
    except yaml.MarkedYAMLError as error:
        context = f" ({error.context})" if error.context else ""
        return [f"{_place(path, error.problem_mark)}: not YAML: {error.problem}{context}"]
    except (yaml.YAMLError, ValueError) as error:
        return [f"{path}: not YAML: {error}"]
    if not isinstance(tree, yaml.MappingNode):
        found = "no content" if tree is None else "no keys"
        return [f"{path}: has {found}; a config has keys, `studies:` among them"]
    return [f"{path}, {problem}" for problem in _repeated_keys(tree, "", set())]


def _repeated_keys(node: yaml.Node, place: str, seen: set[int]) -> Iterator[str]:
    """Find keys that are given twice in a section, or in a section below it."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            yield from _repeated_keys(part, f"{place}[{index}]", seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, part in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            here = f"{place}.{key.value}" if place else str(key.value)
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"lines {lines[key.value]} and {line}: {here} is given twice; keep one"
            lines.setdefault(key.value, line)
            yield from _repeated_keys(part, here, seen)


def _place(path: Path, mark: yaml.Mark | None) -> str:
    return f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)


def cores_problems(cores: str) -> list[str]:
    """Return what is wrong with a number of cores."""
    if cores == "all" or (cores.isascii() and cores.isdigit() and int(cores) > 0):
        return []
    return [f"cores: found {cores!r}; has to be `all` or a number >= 1"]


def check(path: str, cores: str) -> str:
    """Check the arguments of ``make run``; return the folder of the results.

    Parameters
    ----------
    path : str
        ``CONFIG``, the file of the config.
    cores : str
        ``CORES``, a number or ``all``.

    Returns
    -------
    str
        `results_dir` of the config.

    Raises
    ------
    ConfigError
        With all problems.
    """
    named = path.strip()
    problems: Iterable[str] = file_problems(path) if named else ["CONFIG: is empty; name a file"]
    if problems := [*problems, *cores_problems(cores.strip())]:
        raise ConfigError("nothing was run:", problems)
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    return str(config.get("results_dir", "results"))


if __name__ == "__main__":
    try:
        print(check(*sys.argv[1:]))
    except ConfigError as error:
        sys.exit(str(error))
