"""Processes that end with the one that started them, even where that one was killed."""

import os
import threading
import time

#: Environment variable of the workflow's shell: the process of Snakemake. Between it and a script,
#: some shells stay, which do not end with it.
RUNNER = "EVENOMICS_RUNNER"


def end_with_parent() -> None:
    """End this process within a second of the end of its parent, or of Snakemake.

    A process that is killed cannot end those that it has started. They would go on, for hours,
    beside those of the next run, and write to the same files.
    """
    parent = os.getppid()
    runner = int(os.environ.get(RUNNER, parent))

    def watch() -> None:
        while os.getppid() == parent and _runs(runner):
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as another user
        return True
    return True
