"""Functions that the engine's tests run as parts: of a module, so that an import path leads to them."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mbench.core.errors import RunFailed
from mbench.core.parts import Part
from mbench.workflows.run.thread_engine import GRACE_S, ThreadEngine

ENGINE_VARIABLE = "MBENCH_TEST_ENGINE"
"""Which engine a program of a test runs its parts by."""


def run_parts(
    parts: Sequence[Part],
    *,
    on_end: Callable[[str, Exception | None], None],
    stop: threading.Event | None = None,
    context: object = None,
    grace_s: float = GRACE_S,
    engine: str | None = None,
) -> dict[str, Exception | None]:
    """Run parts by the engine of one host, or by that of many, whose hosts are in this process."""
    stop = threading.Event() if stop is None else stop
    if (engine or os.environ.get(ENGINE_VARIABLE)) != "dask":
        return ThreadEngine(stop if context is None else context, grace_s=grace_s).run(parts, on_end=on_end, stop=stop)
    from local_farm import LocalFarm, own_stop

    made = own_stop if context is None else lambda serial, stop: context
    with LocalFarm({part.device for part in parts}, made) as farm:
        dask = farm.engine(grace_s=grace_s)
        try:
            return dask.run(parts, on_end=on_end, stop=stop)
        finally:
            dask.close()


class Rendezvous:
    """Cannot travel: it holds a lock."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties)


def write_name(context: object, folder: str, name: str) -> None:
    with (Path(folder) / name).open("x") as file:  # fails where it is run twice
        file.write(threading.current_thread().name)


def sleep_for(context: object, seconds: float) -> None:
    time.sleep(seconds)


def nothing(context: object) -> None:
    pass


def meet(context: Rendezvous) -> None:
    context.barrier.wait(timeout=120)


def fail(context: object, message: str) -> None:
    raise RunFailed(message, error_class="launch")


def leave(context: object) -> None:
    sys.exit(3)


def interrupt_itself(context: object) -> None:
    raise KeyboardInterrupt


def append(context: object, path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def runs_until_stopped(context: threading.Event, path: str) -> None:
    for number in range(200):
        append(context, path, f"run {number} begun")
        time.sleep(0.1)
        append(context, path, f"run {number} ended")
        if context.is_set():
            append(context, path, "stopped")
            return


def wait_for(context: object, path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)


def begin_and_wait_for(context: object, begun: str, path: str) -> None:
    Path(begun).touch()
    wait_for(context, path)


def return_much(context: object) -> bytes:
    return bytes(1000)
