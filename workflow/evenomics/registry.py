"""The code behind the names of the config.

A name has one entry in ``config/schema/names.yaml`` and one file of code, which registers itself.
Nothing else has to know of it.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from evenomics.config.names import names

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """The code behind the names of one kind, in the order of ``schema/names.yaml``.

    Code is imported on access: the module of that name, if there is one, else all modules of the
    package. Code that needs only the names uses `evenomics.config.names`.

    Parameters
    ----------
    kind : str
        Kind of names, see `evenomics.config.names.names`.
    package : str
        Package whose modules register the code.

    Examples
    --------
    >>> from evenomics.evaluation.metric import METRICS
    >>> METRICS["auroc"].title
    'AUROC'
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._found: dict[str, T] = {}

    def register(self, name: str, code: T) -> T:
        """Register the code behind a name.

        Parameters
        ----------
        name : str
            A name of the kind.
        code : object

        Returns
        -------
        object
            `code` itself.

        Raises
        ------
        ValueError
            If the kind does not have the name, or the name is registered already.
        """
        if name not in names(self.kind):
            raise ValueError(f"{name!r} is not among the {self.kind} of config/schema/names.yaml")
        if name in self._found:
            raise ValueError(f"{name!r} is registered twice among the {self.kind}")
        self._found[name] = code
        return code

    def _load(self, name: str = "") -> None:
        folder = importlib.import_module(self.package).__path__
        modules = [module.name for module in pkgutil.iter_modules(folder)]
        for module in [name] if name in modules else modules:
            importlib.import_module(f"{self.package}.{module}")

    def __getitem__(self, name: str) -> T:
        """Return the code behind a name; KeyError if there is none."""
        if name not in self._found and name in names(self.kind):
            self._load(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names with code."""
        self._load()
        return (name for name in names(self.kind) if name in self._found)

    def __len__(self) -> int:
        """Return the number of names with code."""
        return sum(1 for _ in self)
