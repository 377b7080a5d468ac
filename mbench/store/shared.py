"""Sessions in a store that many hosts share: what a session folder holds, as objects.

STORE/sessions/SESSION/plan.json                                  put first, by whoever planned it
STORE/sessions/SESSION/examples/SPLIT.txt                         names of the examples of splits
STORE/sessions/SESSION/parts/DEVICE/runs/JOB/PURPOSE-INDEX.zip    a run: run.json and its raw files, whole
STORE/sessions/SESSION/parts/DEVICE/jobs/JOB.json                 a job's document, put once
STORE/sessions/SESSION/parts/DEVICE/ending.json                   why a part did not get to its end; may be replaced
STORE/sessions/SESSION/parts/DEVICE/attempts/…                    one for each attempt that has begun and not ended
STORE/sessions/SESSION/health/DEVICE.json                         what its host has seen of a phone; may be replaced
STORE/blobs/SHA256                                                models, inputs' values, programs

A host that measures a part keeps the same files in a session folder of its own first. That folder is also the outbox:
what of it is not noted in SESSION/.sent-DEVICE is sent.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mbench.core.errors import StoreError
from mbench.core.numbers.bounds import FILE_NAME
from mbench.core.results import DevicePlan, Plan
from mbench.core.workloads import Document
from mbench.store.documents import format_document, parse_document
from mbench.store.files import read_regular, storing, write_new_file, write_new_folder
from mbench.store.identity import refuse_plan
from mbench.store.objects import Objects
from mbench.store.session import open_session
from mbench.store.session_store import EXAMPLES_FOLDER, PLAN_FILE, RUN_FILE, SessionStore

SESSIONS: Final = "sessions"
BLOBS: Final = "blobs"
ENDING: Final = "ending.json"

MOST_FILES: Final = 64
"""Of one run; ours have six at most."""
MOST_BYTES: Final = 256 << 20
"""Of one run, unpacked."""

_RUN = re.compile(r"runs/(?P<job>[^/]+)/(?P<run>[a-z]+-\d+)\.zip")
_JOB = re.compile(r"jobs/(?P<job>[^/]+)\.json")
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error),
    *(EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError),  # RuntimeError: encrypted
)
"""What the standard library's reader of zip archives raises."""
_THEN: Final = (1980, 1, 1, 0, 0, 0)
"""In every zip, so that the same run has the same bytes."""


def session_prefix(session: str) -> str:
    """Return where a session's objects lie."""
    return f"{SESSIONS}/{session}/"


def file_name(serial: str) -> str:
    """Return a serial, such as `10.0.0.5:5555`, as a name fit for an object; no two have the same."""
    return quote(serial, safe="").replace("%", "+")


def part_prefix(session: str, part: DevicePlan) -> str:
    """Return where the objects of a device's part lie."""
    _, _, device = part.canary_job.partition("@")  # of several devices: fit for a file name
    return f"{session_prefix(session)}parts/{device or 'device'}/"


def blob_name(sha256: str) -> str:
    """Return where bytes lie by their SHA-256."""
    return f"{BLOBS}/{sha256}"


def put_plan(store: SessionStore, objects: Objects) -> None:
    """Put a session's plan, and the names of its examples, into a store.

    Raises:
        StoreAway: the store does not take it.
        StoreError: another session of this name is there.
    """
    prefix, data = session_prefix(store.plan.session), format_document(store.plan)
    folder = store.path / EXAMPLES_FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        objects.put_new(f"{prefix}{EXAMPLES_FOLDER}/{path.name}", read_regular(path, limit_bytes=MOST_BYTES))
    if not objects.put_new(f"{prefix}{PLAN_FILE}", data) and objects.get(f"{prefix}{PLAN_FILE}") != data:
        raise StoreError(f"the store holds another session {store.plan.session}; its plan differs. Start a new run.")


def get_session(objects: Objects, session: str, folder: Path) -> SessionStore:
    """Return a session of a store as a folder below `folder`; only its plan is brought.

    Raises:
        StoreAway: the store is not reached.
        StoreError: no such session is there, or its plan is damaged.
    """
    path = folder / session
    if not (path / PLAN_FILE).is_file():
        data = objects.get(f"{session_prefix(session)}{PLAN_FILE}")
        if data is None:
            raise StoreError(f"the store of this host holds no session {session}; is it the one that was published to?")
        source = f"the plan of session {session} in the store"
        plan = parse_document(data, Plan, source=source)
        refuse_plan(plan, folder=session, source=source)
        write_new_folder(path, {PLAN_FILE: data})
    return open_session(path)


def get_examples(objects: Objects, store: SessionStore) -> None:
    """Bring the names of a session's examples.

    Raises:
        StoreAway: the store is not reached.
    """
    prefix = f"{session_prefix(store.plan.session)}{EXAMPLES_FOLDER}/"
    files = {name.removeprefix(prefix): objects.get(name) or b"" for name in objects.names(prefix)}
    if files and all(re.fullmatch(FILE_NAME, name) for name in files):
        write_new_folder(store.path / EXAMPLES_FOLDER, files)


def get_part(objects: Objects, store: SessionStore, part: DevicePlan) -> tuple[str, ...]:
    """Bring what a store has of a part and the folder lacks; return the names, within the part, of all it has.

    Raises:
        StoreAway: the store is not reached.
        StoreError: an object is damaged, or the disk is full.
    """
    prefix, found = part_prefix(store.plan.session, part), []
    for name in objects.names(prefix):
        item = name.removeprefix(prefix)
        target = _place(store, part, item)
        if target is None:
            continue
        found.append(item)
        if not target.exists() and (data := objects.get(name)) is not None:
            _unpack(target, data, source=name)
    return tuple(found)


def items_of(store: SessionStore, part: DevicePlan) -> Iterator[str]:
    """Yield the names, within a part, of what the folder has of it, runs before the jobs that hold them."""
    jobs = [job.id for job in part.jobs]
    for job in (part.canary_job, *jobs):
        folder = store.path / "runs" / job
        with storing("read", folder):
            names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        yield from (f"runs/{job}/{name}.zip" for name in names if re.fullmatch(r"[a-z]+-\d+", name))
    for job in jobs:
        if (store.path / "jobs" / f"{job}.json").is_file():
            yield f"jobs/{job}.json"


def packed(store: SessionStore, part: DevicePlan, item: str) -> bytes:
    """Return the bytes that an item has in a store.

    Raises:
        StoreError: it cannot be read.
    """
    place = _place(store, part, item)
    assert place is not None
    if not item.endswith(".zip"):
        return read_regular(place, limit_bytes=MOST_BYTES)
    buffer = io.BytesIO()
    with storing("read", place):
        names = sorted(each.name for each in place.iterdir())
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            data = read_regular(place / name, limit_bytes=MOST_BYTES)
            archive.writestr(zipfile.ZipInfo(name, _THEN), data, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def put_ending(objects: Objects, store: SessionStore, part: DevicePlan) -> None:
    """Let a store say of a part's end what the folder says.

    Raises:
        StoreAway: the store does not take it.
    """
    name, ending = f"{part_prefix(store.plan.session, part)}{ENDING}", store.ending(part.device.serial)
    if ending is not None:
        objects.put(name, format_document(ending))
    elif objects.has(name):
        objects.remove(name)


def get_ending(objects: Objects, store: SessionStore, part: DevicePlan) -> bytes | None:
    """Return what a store says of a part's end.

    Raises:
        StoreAway: the store is not reached.
    """
    return objects.get(f"{part_prefix(store.plan.session, part)}{ENDING}")


def put_health(objects: Objects, session: str, serial: str, note: Document) -> None:
    """Let a store say what was seen of a phone of a night.

    Raises:
        StoreAway: the store does not take it.
    """
    objects.put(_health_name(session, serial), note.model_dump_json().encode())


def get_health(objects: Objects, session: str, serial: str) -> bytes | None:
    """Return what a store says was seen of a phone of a night.

    Raises:
        StoreAway: the store is not reached.
    """
    return objects.get(_health_name(session, serial))


def _health_name(session: str, serial: str) -> str:
    return f"{session_prefix(session)}health/{file_name(serial)}.json"


def _place(store: SessionStore, part: DevicePlan, item: str) -> Path | None:
    """Return where an item lies in a session folder; None where it is no item of the part."""
    jobs = {job.id for job in part.jobs}
    if (run := _RUN.fullmatch(item)) and run["job"] in {part.canary_job, *jobs}:
        return store.path / "runs" / run["job"] / run["run"]
    if (job := _JOB.fullmatch(item)) and job["job"] in jobs:
        return store.path / "jobs" / f"{job['job']}.json"
    return None


def _unpack(target: Path, data: bytes, *, source: str) -> None:
    """Write an object where it lies in a session folder; another thread may have done so meanwhile."""
    if source.endswith(".zip"):
        write_new_folder(target, unpacked_run(data, source=source))
    else:
        write_new_file(target, data)


def unpacked_run(data: bytes, *, source: str) -> dict[str, bytes]:
    """Return the files of a run by name, from what a store holds of it.

    Raises:
        StoreError: it is damaged, or is not a run.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _refuse_odd(members, source)
            return {member.filename: archive.read(member) for member in members}
    except _DAMAGED as error:
        raise StoreError(f"{source} in the store is damaged: {error}. Remove it; its run is measured again.") from None


def _refuse_odd(members: Iterable[zipfile.ZipInfo], source: str) -> None:
    members = list(members)
    names = {member.filename for member in members}
    odd = (
        len(members) > MOST_FILES
        or sum(member.file_size for member in members) > MOST_BYTES
        or len(names) != len(members)
        or RUN_FILE not in names
        or not all(re.fullmatch(FILE_NAME, name) for name in names)
    )
    if odd:
        raise StoreError(f"{source} in the store is not a run of mbench. Remove it; its run is measured again.")
