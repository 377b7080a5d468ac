"""Work on many devices at the same time, before a session: what takes long there is waiting for each."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_LOOK_S = 0.2
"""A wait without an end does not hear Ctrl-C everywhere."""


def together(work: Callable[[Item], Made], items: Sequence[Item], *, most: int) -> list[Made]:
    """Return what comes of each item, in their order; `work` raises what ends all of it.

    On Ctrl-C nobody is waited for: the threads are daemons.

    Args:
        work: is called in another thread.
        items: its arguments.
        most: of them are worked on at a time.
    """
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Made | None, BaseException | None]] = queue.SimpleQueue()
    for index in range(len(items)):
        todo.put(index)

    def serve() -> None:
        while True:
            try:
                index = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, work(items[index]), None))
            except BaseException as error:  # it is raised where all of it was asked for
                done.put((index, None, error))

    for number in range(min(most, len(items))):
        threading.Thread(target=serve, name=f"prepare {number}", daemon=True).start()
    made: dict[int, Made] = {}
    while len(made) < len(items):
        try:
            index, value, error = done.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        made[index] = value  # type: ignore[assignment]  # there is one where there is no error
    return [made[index] for index in range(len(items))]
