"""Processes that end with another one, even where that one was killed."""

import os
import threading
import time


def end_with(process: int) -> None:
    """End this process within a second of the end of another one, e.g. of its parent.

    A process that is killed cannot end those that it has started. They would go on, for hours,
    beside those of the next run, and write to the same files.

    Parameters
    ----------
    process : int
        Its number.
    """
    # of a parent: the number of a killed one stays until somebody asks for its exit status
    is_parent = os.getppid() == process

    def watch() -> None:
        while os.getppid() == process if is_parent else _runs(process):
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
