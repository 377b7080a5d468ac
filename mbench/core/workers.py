"""Worker processes: how they are started, and their end when the process that started them was killed.

An executor's workers would else wait for work for ever.
"""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext

from mbench.core.search_path import keep_children_safe


def spawning() -> SpawnContext:
    """Return multiprocessing's way to start processes anew, whose modules do not come from the working directory."""
    keep_children_safe()
    return multiprocessing.get_context("spawn")  # noqa: TID251 - the one place


def end_with_parent() -> None:
    """Let this process end, at once and without cleaning up, when the process that started it is gone.

    Nothing happens in a process that `multiprocessing` did not start.
    """
    threading.Thread(target=_watch, name="end-with-parent", daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
