"""Send what a script says, and why it failed, to the log of its rule."""

import logging
import sys
from types import TracebackType

from evenomics.errors import EvenomicsError


def log_to(path: str) -> None:
    """Log messages and warnings to a file, and an error that ends the script as well.

    A problem that a user can mend is written as it is, anything else with its traceback.
    """
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.captureWarnings(True)

    def last_words(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, EvenomicsError):
            logging.error("%s", error)
            print(error, file=sys.stderr)
        else:
            logging.error("%s", error, exc_info=(kind, error, trace))
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = last_words


def warn_loudly(message: str) -> None:
    """Log a warning, and say it on the terminal as well: for what a user has to know at once."""
    logging.warning("%s", message)
    print(f"WARNING: {message}", file=sys.stderr)
