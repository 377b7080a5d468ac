"""Our files on a phone: models and binaries by content, a folder per session, and what is left of dead sessions."""

import logging
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mbench.core.errors import NoDevice, TransportError
from mbench.core.ports import Transport
from mbench.core.processes.run_marks import COMMAND
from mbench.devices.android.journal import journal_path, known_journals
from mbench.devices.android.script import ask
from mbench.devices.android.settings import restore_left_behind
from mbench.devices.lease.on_phone import LEASE_FILE
from mbench.devices.own_folders import session_part
from mbench.workflows.home import home

_LOG = logging.getLogger(__name__)

SHORT_S = 30.0

_END = """
for file in sessions/{session}/run/loop.pid sessions/{session}/run/pid.txt; do
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
"""
"""Ends what a session left running; what does not end is printed.

A recorded number is a leftover's if its command line names our folder and its environment, where the phone shows that,
bears the mark of our commands: an earlier mbench left no other.
"""

_CLEAR = f"""
cd {{root}} 2>/dev/null || exit 0
{_END}
rm -rf sessions
rm -f *.part.* models/*.part.* binaries/*/*.part.* {{shared}}/{LEASE_FILE}.????????????????
"""
"""Ends what dead sessions left running; removes their folders, and what a killed push left of a file."""

_CLEAR_ONE = f"""
cd {{root}} 2>/dev/null || exit 0
{_END}
rm -rf sessions/{{session}}
"""
"""Ends what is left of one session, and removes its folder."""

_LEFT = """
cd {root} 2>/dev/null &&
for each in sessions/* *.part.* models/*.part.* binaries/*/*.part.*; do [ ! -e "$each" ] || echo "$each"; done
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
        text = _CLEAR_ONE.format(root=transport.root, session=PurePosixPath(folder).name, mark=COMMAND)
        try:
            transport.run(("sh", "-c", text), deadline_s=SHORT_S)
        except TransportError as error:
            _LOG.warning("%s: %s stays on it until the next session: %s", transport.serial, folder, error)


def clear_leftovers(transport: Transport) -> None:
    """End and remove what sessions that died have left; for who holds the phone's lease only.

    Raises:
        NoDevice: a process of theirs does not end: beside it nothing can be measured.
        TransportError: the phone does not answer.
    """
    text = _CLEAR.format(root=transport.root, shared=shared_folder(transport), session="*", mark=COMMAND)
    said = transport.run(("sh", "-c", text), deadline_s=SHORT_S)
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


def left_behind(transport: Transport) -> tuple[str, ...]:
    """Return what a session that died has left on a phone and the next one puts right; nothing is changed.

    Raises:
        TransportError: the phone does not answer.
    """
    return parse_left(
        ask(transport, left_questions(transport), what="what was left on it", deadline_s=SHORT_S), transport
    )


def left_questions(transport: Transport) -> dict[str, str]:
    """Return shell commands, by name, that ask a phone what `parse_left` takes."""
    journal = f"cat {shlex.quote(journal_path(transport))}"
    return {"journal": journal, "files": f"({_LEFT.format(root=transport.root)})"}


def parse_left(said: Mapping[str, str], transport: Transport) -> tuple[str, ...]:
    """Return what a session that died has left on a phone, by its answers to `left_questions`."""
    kept = known_journals(said["journal"].encode(), transport, journals())
    changed = dict.fromkeys(change.knob for journal in kept for change in journal.changes)
    settings = (f"changed settings ({', '.join(changed)})",) if changed else ()
    names = said["files"].split()
    return (*settings, *((f"files ({', '.join(names)})",) if names else ()))


def clean(transport: Transport) -> tuple[str, ...]:
    """Remove everything of ours from a phone, after putting back the settings that a killed session has left changed.

    For who holds the phone's lease only.

    Returns:
        What was left, and why; nothing is well.

    Raises:
        NoDevice: a process of a dead session does not end.
        TransportError: the phone does not answer.
    """
    clear_leftovers(transport)
    back = restore_left_behind(transport, journals())
    if back.refused:  # what names them stays with them
        return tuple(f"{one.knob} could not be put back: {one.words}" for one in back.refused)
    transport.remove(transport.root)
    return ()


def remove_shared(transport: Transport) -> tuple[str, ...]:
    """Remove the folder that all users of mbench share, once nobody's lease lies in it; return what others keep there.

    Raises:
        TransportError: the phone does not answer.
    """
    text = 'rmdir "$1" 2>/dev/null || ls "$1" 2>/dev/null'
    said = transport.run(("sh", "-c", text, "sh", shared_folder(transport)), deadline_s=SHORT_S)
    return tuple(said.stdout.decode("utf-8", "replace").split())
