"""Write messages, warnings and errors of a script to the log of its rule."""

import logging
import sys
from types import TracebackType

from evenomics.errors import EvenomicsError
from evenomics.processes import end_with_parent


def log_to(path: str) -> None:
    """Log messages, warnings and the error that ends the script to a file.

    An `EvenomicsError`, which the user can fix, is logged as it is, any other with its traceback.
    What runs Snakemake shows it, after all else (see `snakemake_logger_plugin_evenomics`). If
    Snakemake is killed, the script ends.

    Parameters
    ----------
    path : str
        The log of the rule.
    """
    end_with_parent()
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.captureWarnings(True)

    def log_error(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            logging.info("stopped")
        elif isinstance(error, EvenomicsError):
            logging.error("%s", error)
        else:
            logging.error("%s", error, exc_info=(kind, error, trace))

    sys.excepthook = log_error


def warn_loudly(message: str) -> None:
    """Log a warning and print it on the terminal, where the user sees it at once."""
    logging.warning("%s", message)
    # on a terminal, what may change stands below the cursor
    below = "\033[J" if sys.stderr.isatty() else ""
    print(f"{below}WARNING: {message}", file=sys.stderr)
