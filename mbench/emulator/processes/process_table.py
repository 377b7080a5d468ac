"""Who started whom, read from /proc, and signals for whole families; for `init_process.py`."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_LISTED = Path(f"/proc/self/task/{os.getpid()}/children").exists()  # CONFIG_PROC_CHILDREN

_SIGNALS_OF_BACKGROUND = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGQUIT - 1)


def descendants(pid: int) -> list[int]:
    """Return the children of a process, theirs, and so on."""
    found, todo = [], [pid]
    while todo:
        for child in _children(todo.pop()):
            found.append(child)
            todo.append(child)
    return found


def hang_up(pid: int) -> None:
    """Send SIGHUP as mksh does when adbd hangs up: the shell and its foreground jobs get it, the others live on."""
    todo = [pid]
    while todo:
        one = todo.pop()
        if one != pid and (_in_background(one) or _session(one) != pid):
            continue
        todo.extend(_children(one))
        send_signal(one, signal.SIGHUP)


def send_signal(pid: int, number: int) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _children(pid: int) -> list[int]:
    """Return a process' children, by what the kernel lists, or, of one built without such lists, by all that run."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a thousand of these are a second with pathlib
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    except ProcessLookupError:
        pass
    except FileNotFoundError:
        if not _LISTED:
            return [child for child, parent in _parents() if parent == pid]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Yield every process and its parent."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError, IndexError, ValueError):
            yield int(folder.name), int((folder / "stat").read_bytes().rsplit(b")", 1)[1].split()[1])


def _in_background(pid: int) -> bool:
    """Whether a shell without job control started it with `&`: such a child ignores SIGINT and SIGQUIT (POSIX sh)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        ignored = next(int(line.split()[1], 16) for line in lines if line.startswith("SigIgn:"))
    except (OSError, StopIteration):
        return False
    return ignored & _SIGNALS_OF_BACKGROUND == _SIGNALS_OF_BACKGROUND


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1
