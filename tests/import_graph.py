"""Who imports whom: the modules of the library, and the packages that a script needs in the end."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

from snakemake_runs import ROOT, SCRIPTS

PACKAGE = ROOT / "workflow/evenomics"
#: Name of a module of the library, as a registry has it.
DOTTED = re.compile(r"evenomics(\.\w+)+")


@cache
def modules() -> dict[str, Path]:
    """Every module of the library by its name below `evenomics`."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE or path.name != "__init__.py"
    }


def imported(path: Path) -> set[str]:
    """Full names of what a module imports, whether at its top or within functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def of_library(name: str) -> list[str]:
    """Return the modules of the library that an import runs, the one that it names as the last."""
    parts = name.split(".")
    below = [".".join(parts[1:end]) for end in range(2, len(parts) + 1)]
    return [module for module in below if module in modules()] if parts[0] == "evenomics" else []


def arrows() -> dict[str, set[str]]:
    """Which modules of the library each of them imports."""
    return {
        module: {named for name in imported(path) for named in of_library(name)[-1:]} - {module}
        for module, path in modules().items()
    }


def packages_of(script: Path) -> set[str]:
    """Return the packages that a script needs, itself or by what it comes to import.

    Of Python by the names that are imported, and `python`; of R in lower case, and `base`.
    """
    files, packages = [script], set()
    for path in files:  # grows on the way
        found, further = (_needs_in_r if path.suffix == ".R" else _needs_in_python)(path)
        packages |= found
        files += [file for file in further if file not in files]
    return packages


@cache
def _needs_in_python(path: Path) -> tuple[set[str], set[Path]]:
    """Return packages and further files; of a package that is named in quotes, all modules."""
    names = imported(path)
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    quoted = {text.removeprefix("evenomics.") + "." for text in texts if DOTTED.fullmatch(text)}
    reached = {module for name in names for module in of_library(name)}
    reached |= {module for module in modules() for name in quoted if f"{module}.".startswith(name)}
    beside = {path.with_name(text) for text in texts if re.fullmatch(r"\w+\.R", text)}
    if path.parent == SCRIPTS:
        beside |= {path.with_name(f"{name.split('.')[0]}.py") for name in names}
    files = {file for file in beside if file.is_file()}
    own = {"evenomics", *(file.stem for file in files)}
    packages = {name.split(".")[0] for name in names} - sys.stdlib_module_names - own
    return {"python", *packages}, {modules()[module] for module in reached} | files


@cache
def _needs_in_r(path: Path) -> tuple[set[str], set[Path]]:
    """Return packages and further files."""
    text = path.read_text(encoding="utf-8")
    named = re.findall(r'\b(?:need|library|require|requireNamespace)\(\s*"([\w.]+)"', text)
    named += re.findall(r"\b([\w.]+):::?\w", re.sub(r'"(?:\\.|[^"\\])*"|#.*', "", text))
    comes_with_r = {"base", "datasets", "grDevices", "graphics", "methods", "stats", "utils"}
    sourced = {path.with_name(name) for name in re.findall(r'\bsource\("([\w.]+)"\)', text)}
    return {"base", *(name.lower() for name in {*named} - comes_with_r)}, sourced - {path}
