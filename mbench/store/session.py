"""Sessions under one results folder: creating them, finding them, opening them.

Many processes, on many hosts with one network disk and with clocks that jump, may create sessions in one folder at
once: names never collide, and nothing is read from their order. `LATEST` names the session that was the last to begin
measuring.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mbench.core.errors import NoSession, StoreError
from mbench.core.results import Plan
from mbench.core.suggestions import did_you_mean
from mbench.files import regular
from mbench.store.documents import format_document, parse_document, read_document
from mbench.store.files import refuse_links, storing, write_new_folder
from mbench.store.identity import refuse_plan
from mbench.store.packs import packed_sessions, unpacked
from mbench.store.session_store import LATEST_FILE, PLAN_FILE, SessionStore

ATTEMPTS: Final = 100
"""Names tried: of 65536 endings, a hundred fail only where thousands of sessions began in the same second."""

LONGEST_PART: Final = 40


def _four_hex() -> str:
    return secrets.token_hex(2)


def create_session(
    root: Path,
    *,
    device: str,
    what: str,
    now: datetime,
    plan_of: Callable[[str], Plan],
    ending: Callable[[], str] = _four_hex,
) -> SessionStore:
    """Create a session folder that holds its plan from the first moment; its first run makes it the latest.

    Args:
        root: the results folder; made where it does not exist.
        device: profile or serial, for the name.
        what: what is measured, in a word or two, for the name.
        now: aware time of creation, for the name.
        plan_of: makes the plan for the session's name; called again where a name is taken.
        ending: makes the end of a name: 4 hexadecimal digits.

    Raises:
        StoreError: the folder could not be written, or the plan could not be read again; nothing is left of the
            session.
    """
    for _ in range(ATTEMPTS):
        name = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{name_part(device)}-{name_part(what)}-{ending()}"
        data = format_document(plan_of(name))
        plan = parse_document(data, Plan, source=f"the plan of session {name}")
        refuse_plan(plan, folder=name, source=f"the plan of session {name}")
        if write_new_folder(root / name, {PLAN_FILE: data}):
            return SessionStore(path=root / name, plan=plan)
    raise StoreError(f"cannot create a session in {root}: {ATTEMPTS} names were taken, the last {name}. Try again.")


def open_session(path: Path) -> SessionStore:
    """Return the session in a folder.

    Raises:
        NewerFormat: written by a newer mbench.
        StoreError: no session there, or its plan is damaged, or that of another folder.
    """
    file = path / PLAN_FILE
    if not os.path.lexists(file):
        raise StoreError(f"{path} is no session: it holds no {PLAN_FILE}.")
    refuse_links(path, file)
    plan = read_document(file, Plan)
    refuse_plan(plan, folder=path.resolve().name, source=str(file))
    return SessionStore(path=path, plan=plan)


def list_sessions(root: Path) -> tuple[str, ...]:
    """Return the names of all sessions in a results folder, in alphabetical order; none where it does not exist.

    Packed ones are among them (`mbench.store.packs`). One whose plan is a pipe or a link counts: who opens it says so,
    and does not pass it over.

    Raises:
        StoreError: the folder cannot be read.
    """
    return tuple(sorted({*session_folders(root), *packed_sessions(root)}))


def session_folders(root: Path) -> tuple[str, ...]:
    """Return the names of the sessions that have a folder in a results folder, in alphabetical order.

    Raises:
        StoreError: the folder cannot be read.
    """
    with storing("read", root):
        names = [each.name for each in root.iterdir()] if root.is_dir() else []
    return tuple(
        sorted(name for name in names if not name.startswith(".") and os.path.lexists(root / name / PLAN_FILE))
    )


def session_folder(root: Path, name: str) -> Path:
    """Return where a session of a results folder can be read: its folder, or a temporary one where it is packed.

    Raises:
        StoreError: its pack is damaged.
    """
    folder = root / name
    return folder if os.path.lexists(folder / PLAN_FILE) else unpacked(root, name)


def find_session(root: Path, name: str | None) -> Path:
    """Return a session's folder.

    Args:
        root: the results folder.
        name: a session's name, the beginning of exactly one, or a path to its folder; None for the latest.

    Raises:
        NoSession: none, or several; the message names what there is.
    """
    if name is None:
        return _latest(root)
    known = list_sessions(root)
    if name in known:
        return session_folder(root, name)
    if name and os.path.lexists(Path(name) / PLAN_FILE):
        return Path(name)
    matches = [each for each in known if name and each.startswith(name)]
    if len(matches) == 1:
        return session_folder(root, matches[0])
    if matches:
        raise NoSession(f"{len(matches)} sessions in {root} begin with {name!r}: {_some(matches)}.")
    if not known:
        raise NoSession(f"no session {name!r}: {root} holds none. mbench run makes one.")
    nearest = did_you_mean(name, known) if len(known) <= 5 else did_you_mean(name, known).partition(" Choose")[0]
    raise NoSession(f"no session {name!r} in {root}.{nearest or f' There are {_some(known)}.'}")


def _latest(root: Path) -> Path:
    pointer = root / LATEST_FILE
    if not os.path.lexists(pointer):
        known = list_sessions(root)
        there = f"name one of {_some(known)}." if known else "mbench run makes one."
        raise NoSession(f"no latest session: {pointer} does not exist; {there}")
    with storing("read", pointer):
        name = regular.read_regular(pointer, limit_bytes=regular.MIB).decode("utf-8", errors="replace").strip()
    if name in (known := list_sessions(root)):
        return session_folder(root, name)
    there = f"name one of {_some(known)}." if known else "mbench run makes one."
    raise NoSession(f"{pointer} names {name!r}, which is not there any more; {there}")


def name_part(text: str) -> str:
    """Return text fit for a part of a file name on every system."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text)[:LONGEST_PART].strip("-.") or "unnamed"


def _some(names: list[str] | tuple[str, ...], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[-limit:]) + more
