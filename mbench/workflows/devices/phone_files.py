"""Our files on a phone: models and binaries by content, a folder per session, and what is left of dead sessions."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from mbench.core.errors import NoDevice, TransportError
from mbench.core.ports import Transport
from mbench.core.run_marks import COMMAND
from mbench.devices.android.settings import restore_left_behind
from mbench.devices.own_folders import session_part
from mbench.workflows.home import home

SHORT_S = 30.0

_CLEAR = """
cd {root} 2>/dev/null || exit 0
for file in sessions/*/run/loop.pid sessions/*/run/pid.txt; do
  [ -f "$file" ] || continue
  read -r pid <"$file"
  for second in 1 2 3 4 5; do
    case "$(tr '\\0' ' ' </proc/$pid/cmdline 2>/dev/null)" in *{root}/*) ;; *) continue 2 ;; esac
    if [ -r "/proc/$pid/environ" ]; then grep -qs {mark}= "/proc/$pid/environ" || continue 2; fi
    kill -9 "$pid"
    sleep "0.$second"
  done
  echo "$pid"
done
rm -rf sessions
"""
"""Ends what a killed session left running, and removes its folder; what does not end is printed.

A recorded number is a leftover's if its command line names our folder and its environment, where the phone shows that,
bears the mark of our commands: an earlier mbench left no other.
"""


def journals() -> Path:
    """Return the folder on this host of the journals of what was changed on phones."""
    return home() / "phones" / "journals"


def shared_folder(transport: Transport) -> str:
    """Return the folder on a phone that all users of mbench share: where the lease lies."""
    return str(PurePosixPath(transport.root).parent)


_OLDEST_FIRST = "ls -1tr {root}/models 2>/dev/null"


@contextmanager
def session_folder(transport: Transport, session: str) -> Iterator[str]:
    """Yield a session's folder on the phone; it is gone afterwards, or with the next session if the phone is lost.

    Raises:
        TransportError: the session's name would lead out of our folder.
    """
    folder = f"{transport.root}/sessions/{session_part(session, serial=transport.serial)}"
    try:
        yield folder
    finally:
        with suppress(TransportError):
            transport.remove(folder)


def clear_leftovers(transport: Transport) -> None:
    """End and remove what sessions that died have left; for who holds the phone's lease only.

    Raises:
        NoDevice: a process of theirs does not end: beside it nothing can be measured.
        TransportError: the phone does not answer.
    """
    said = transport.run(("sh", "-c", _CLEAR.format(root=transport.root, mark=COMMAND)), deadline_s=SHORT_S)
    if left := said.stdout.decode("utf-8", "replace").split():
        raise NoDevice(f"{transport.serial}: process {left[0]}, which a dead session left, does not end; restart it.")


def evict_oldest(transport: Transport, *, keep: frozenset[str]) -> bool:
    """Remove the model that was pushed longest ago, none of `keep` (file names); say whether there was one.

    Raises:
        TransportError: the phone does not answer.
    """
    listing = transport.run(("sh", "-c", _OLDEST_FIRST.format(root=transport.root)), deadline_s=SHORT_S)
    for name in listing.stdout.decode("utf-8", "replace").split():
        if name not in keep:
            transport.remove(f"{transport.root}/models/{name}")
            return True
    return False


def clean(transport: Transport) -> None:
    """Remove everything of ours from a phone, after putting back the settings that a killed session has left changed.

    Raises:
        NoDevice: a process of a dead session does not end.
        TransportError: the phone does not answer.
    """
    clear_leftovers(transport)
    restore_left_behind(transport, journals())
    transport.remove(transport.root)
