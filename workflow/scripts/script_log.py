"""Write messages, warnings and errors of a script to the log of its rule."""

import logging
import sys
from types import TracebackType

from evenomics.errors import EvenomicsError


def log_to(path: str) -> None:
    """Log messages, warnings and the error that ends the script to a file.

    An `EvenomicsError`, which the user can fix, is logged as it is, any other with its traceback.

    Parameters
    ----------
    path : str
        The log of the rule.
    """
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.captureWarnings(True)

    def log_error(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, EvenomicsError):
            logging.error("%s", error)
            print(error, file=sys.stderr)
        else:
            logging.error("%s", error, exc_info=(kind, error, trace))
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = log_error


def warn_loudly(message: str) -> None:
    """Log a warning and print it on the terminal, where the user sees it at once."""
    logging.warning("%s", message)
    print(f"WARNING: {message}", file=sys.stderr)
