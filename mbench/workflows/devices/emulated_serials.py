"""Serials of emulated phones: each one another's, also where several `mbench emulate` run on this machine.

A serial is held by a lock below `MBENCH_HOME` for as long as its phone runs; the system frees it when the process
dies. What leases, journals and rows know a phone by is its serial, so it is unique on all adb servers of one home.
Phones that others have joined to the same adb server are asked for theirs. Only two that have homes of their own and
start in the same instant on one server can miss each other.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count as numbers
from pathlib import Path

from mbench.core.errors import LockHeld, UsageError
from mbench.emulator.phone.facts import numbered_serial
from mbench.files.locks import locked

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What adb's own list, a file name and a property can all hold; a blank would end a serial in adb's list."""


@contextmanager
def held_serials(
    count: int, wanted: Sequence[str], *, attached: Collection[str], folder: Path
) -> Iterator[tuple[str, ...]]:
    """Yield as many serials, this process' own until the end: the wanted ones, then the lowest that are free.

    Args:
        count: how many.
        wanted: those that the user named, at most so many.
        attached: serials that phones have already.
        folder: of the locks.

    Raises:
        UsageError: a wanted one is no serial, or is taken.
        DiskError: the folder cannot be written, or its file system has no locks.
    """
    with ExitStack() as held:
        serials = []
        for serial in wanted:
            if not _PLAIN.fullmatch(serial):
                raise UsageError(f"--serial {serial!r} is no serial: letters, digits, dots, dashes and underscores.")
            if serial in attached:
                raise UsageError(f"--serial {serial}: an attached phone has it already; choose another one.")
            if not _taken(serial, folder, held):
                raise UsageError(f"--serial {serial}: a running mbench emulate has it already; choose another one.")
            serials.append(serial)
        for number in numbers(1):
            if len(serials) == count:
                break
            serial = numbered_serial(number)
            if serial not in attached and _taken(serial, folder, held):
                serials.append(serial)
        yield tuple(serials)


def _taken(serial: str, folder: Path, held: ExitStack) -> bool:
    """Take the lock of a serial until the stack ends; say whether it was free."""
    try:
        held.enter_context(locked(folder / f"{serial}.lock"))
    except LockHeld:
        return False
    return True
