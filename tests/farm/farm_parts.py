"""Functions that the farm's tests run as parts: of a module, so that an import path leads to them."""

import sys
import threading
import time
from pathlib import Path

from mbench.core.errors import RunFailed
from mbench.farm.lending import borrowed, stop_requested


class Rendezvous:
    """Cannot be pickled: it holds a lock."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties)


def write_name(folder: str, name: str) -> None:
    with (Path(folder) / name).open("x") as file:  # fails where it is run twice
        file.write(threading.current_thread().name)


def sleep_for(seconds: float) -> None:
    time.sleep(seconds)


def nothing() -> None:
    pass


def meet(token: str) -> None:
    borrowed(token, Rendezvous).barrier.wait(timeout=20)


def fail(message: str) -> None:
    raise RunFailed(message, error_class="launch")


def leave() -> None:
    sys.exit(3)


def interrupt_itself() -> None:
    raise KeyboardInterrupt


def append(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def runs_until_stopped(token: str, path: str) -> None:
    for number in range(200):
        append(path, f"run {number} begun")
        time.sleep(0.1)
        append(path, f"run {number} ended")
        if stop_requested(token):
            append(path, "stopped")
            return


def wait_for(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)


def return_much() -> bytes:
    return bytes(1000)
