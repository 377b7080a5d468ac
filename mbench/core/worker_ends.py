"""The end of a worker process whose parent was killed: an executor's workers would else wait for work for ever."""

import os
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """Let this process end, at once and without cleaning up, when the process that started it is gone.

    Nothing happens in a process that `multiprocessing` did not start.
    """
    threading.Thread(target=_watch, name="end-with-parent", daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
