"""R in this process, through rpy2 (optional extra ``r``)."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from evenomics.errors import CohortError, ConfigError

_R = Path(__file__).with_name("rdata.R")


def embedded_r() -> ModuleType:
    """Start R in this process, unless it runs, and return ``rpy2.robjects``.

    ``LD_LIBRARY_PATH`` stays as it was. rpy2 sets it to R's, where a Python that is started from
    this process (a worker of joblib, say) may find another libpython than its own.

    Raises
    ------
    Exception
        Of many kinds, without R or rpy2.
    """
    rpy2_logger = logging.getLogger("rpy2")
    rpy2_logger.setLevel(logging.ERROR)  # how it finds R is of no interest while it does
    before = os.environ.get("LD_LIBRARY_PATH")
    try:
        from rpy2 import robjects
    finally:
        os.environ.pop("LD_LIBRARY_PATH", None)
        if before is not None:
            os.environ["LD_LIBRARY_PATH"] = before
    rpy2_logger.setLevel(logging.WARNING)  # warnings of R
    return robjects


@contextmanager
def session(place: str) -> Iterator[Any]:
    """Give the functions of ``rdata.R``.

    Parameters
    ----------
    place : str
        What is read, for messages.

    Yields
    ------
    SimpleNamespace
        Besides these functions ``integers`` and ``strings``, which make R vectors, and ``parts``,
        which gives the members of an R list as they are.

    Raises
    ------
    ConfigError
        Without R or rpy2.
    CohortError
        For an error of R itself inside the block.
    """
    try:
        robjects = embedded_r()
    except Exception as error:
        raise ConfigError(
            f"{place} holds R objects, and R or rpy2 cannot be loaded ({error}); install R, then "
            "`pip install '.[r]'` (`make run` does the latter by itself)"
        ) from error
    from rpy2 import rinterface
    from rpy2.rinterface_lib.embedded import RRuntimeError
    from rpy2.robjects import numpy2ri
    from rpy2.robjects.conversion import localconverter

    with localconverter(robjects.default_converter):
        functions = robjects.r(_R.read_text(encoding="utf-8"))
        r = SimpleNamespace(**dict(zip(functions.names, functions, strict=True)))
        r.integers, r.strings = robjects.IntVector, robjects.StrVector
        r.parts = rinterface.ListSexpVector  # as they are: rpy2 asks S4 objects for their packages
        in_r = r.numbers

        def numbers(values: Any) -> np.ndarray:
            with localconverter(robjects.default_converter + numpy2ri.converter):
                return np.array(in_r(values), dtype=float)

        r.numbers = numbers
        try:
            yield r
        except RRuntimeError as error:
            raise CohortError(f"{place}: R says: {str(error).strip()}") from error
