"""Write messages, warnings and errors of a script to the log of its rule."""

import errno
import logging
import os
import sys
from types import TracebackType

from evenomics.errors import EvenomicsError
from evenomics.processes import end_with


def log_to(path: str) -> None:
    """Log messages, warnings and the error that ends the script to a file.

    An `EvenomicsError`, which the user can fix, is logged as it is, any other with its traceback.
    What runs Snakemake shows it, after all else (see `snakemake_logger_plugin_evenomics`). A full
    disk is told on the terminal, since the log may be on it. The script ends with Snakemake.

    Parameters
    ----------
    path : str
        The log of the rule.
    """
    # Snakemake; between it and a script, a shell may stand, which does not end with it
    end_with(int(os.environ.get("EVENOMICS_RUNNER", os.getppid())))
    logging.raiseExceptions = False  # of a log that cannot be written
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
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            logging.error("%s", error)
            where = error.filename or path
            print(
                f"No space is left on the disk of {where}: make room, or name another folder as "
                "results_dir. The same command goes on from here.",
                file=sys.stderr,
            )
        else:
            logging.error("%s", error, exc_info=(kind, error, trace))

    sys.excepthook = log_error


def warn_loudly(message: str) -> None:
    """Log a warning and print it on the terminal, where the user sees it at once."""
    logging.warning("%s", message)
    # on a terminal, what may change stands below the cursor
    below = "\033[J" if sys.stderr.isatty() else ""
    print(f"{below}WARNING: {message}", file=sys.stderr)
