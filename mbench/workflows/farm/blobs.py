"""What travels by its SHA-256: models, inputs' values, programs; to the store once, and from there once to a host."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.binaries.records import BinaryRecord
from mbench.core.errors import ArtifactError, StoreError
from mbench.core.results import BinaryFacts, Plan, PlannedJob
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.scratch import scratch_folder
from mbench.store.objects import Objects, patiently
from mbench.store.shared import blob_name
from mbench.workflows.devices.own_programs import (
    OWN_PROGRAM,
    own_program_file,
    programs_folder,
    remove_unused,
    use_own_program,
    write_program,
)
from mbench.workflows.devices.planned_program import OURS, absent, hash_of_named, is_kept, kept_binaries
from mbench.workflows.home import home
from mbench.workflows.run.one_run import files_of

BRING_S: Final = 1800.0
"""Longest wait for another part of this host that brings the same."""


def put_blobs(plan: Plan, objects: Objects, *, binary: Path | None) -> None:
    """Put all that a plan's hosts need, and the store lacks, into it.

    Of the old side of a re-run what is at hand: a host may have the rest itself, or says what it lacks.

    Args:
        plan: of a session.
        objects: the store.
        binary: the user's own benchmark_model, where it is not among the kept ones.

    Raises:
        StoreAway: the store does not take it.
        ArtifactError: a model is no longer in this host's cache.
        StoreError: a program is not at hand.
    """
    spared = frozenset[str]() if plan.pairing is None else plan.pairing.spared_jobs
    needed = _models(job for job in plan.jobs if job.id not in spared)
    for name, sha256 in sorted(_models(plan.jobs)):
        if not objects.has(blob_name(sha256)):
            path = ArtifactCache(home() / "cache").find_file(sha256)
            if path is None and (name, sha256) not in needed:
                continue
            if path is None:
                raise ArtifactError(f"{name} ({sha256[:12]}) is no longer in the cache; start a new run.")
            objects.put_new(blob_name(sha256), path.read_bytes())
    for facts in {part.binary.sha256: part.binary for part in plan.devices}.values():
        put_program(facts, objects, given=binary)
    for facts in {each.sha256: each for part in plan.devices for each in part.other_binaries}.values():
        with suppress(StoreError):
            put_program(facts, objects, given=own_program_file(facts.sha256))


def put_program(facts: BinaryFacts, objects: Objects, *, given: Path | None) -> None:
    """Put a program, and what lies beside it, into a store, unless that has it all; hostbench is on every host.

    Raises:
        StoreAway: the store does not take it.
        StoreError: it is not at hand.
    """
    wanted = {facts.sha256, *facts.companions.values()}
    if facts.tool == "hostbench" or all(objects.has(blob_name(sha256)) for sha256 in wanted):
        return
    for sha256, path in _program_files(facts, given):
        objects.put_new(blob_name(sha256), path.read_bytes())


def bring_models(jobs: Iterable[PlannedJob], objects: Objects, *, stop: threading.Event, subject: str) -> None:
    """Bring what jobs need into this host's cache: once a host, verified.

    Raises:
        PartInterrupted: stopped while the store was away.
        StoreError: the store lacks a file, or holds another one under its name.
    """
    cache = ArtifactCache(home() / "cache")
    for name, sha256 in sorted(_models(jobs)):
        with locked(cache.folder / "locks" / f"{sha256}.lock", wait_s=BRING_S):
            if not cache.has_file(sha256) or cache.find_file(sha256) is None:
                cache.keep_file(_blob(objects, sha256, name, stop=stop, subject=subject))


def bring_program(facts: BinaryFacts, objects: Objects, *, stop: threading.Event, subject: str) -> None:
    """Bring a planned program, with what lies beside it, among this host's kept binaries; hostbench is there already.

    Raises:
        PartInterrupted: stopped while the store was away.
        StoreError: the store lacks a file, or holds another one under its name.
    """
    if facts.tool == "hostbench":
        return
    library = kept_binaries()
    with locked(library.folder / ".bringing.lock", wait_s=BRING_S), scratch_folder("program") as folder:
        if any(_is(facts, record) for record in library.records()):
            return
        paths = {}
        for name, sha256 in {"benchmark_model": facts.sha256, **facts.companions}.items():
            paths[name] = folder / name
            paths[name].write_bytes(_blob(objects, sha256, name, stop=stop, subject=subject))
        program = paths.pop("benchmark_model")
        library.add(program, flavour=facts.tool, abi=None, source="the farm's store", companions=paths)


def put_own_program(path: Path, objects: Objects) -> str:
    """Put the user's own program where all hosts find it; return its SHA-256.

    Raises:
        StoreAway: the store does not take it.
        UsageError: there is no such file, or none that can be read.
    """
    sha256 = hash_of_named(path)
    if not objects.has(blob_name(sha256)):
        objects.put_new(blob_name(sha256), path.read_bytes())
    return sha256


def bring_own_program(sha256: str, objects: Objects, *, stop: threading.Event, subject: str) -> Path:
    """Return a user's own program on this host, where it is brought once, verified; the kept ones stay as they are.

    Raises:
        PartInterrupted: stopped while the store was away.
        StoreError: the store lacks it, or holds another file under its name.
        DiskError: this host's disk does not take it.
    """
    folder = programs_folder()
    with locked(folder / ".bringing.lock", wait_s=BRING_S), disk_errors("keep a program in", folder):
        path = own_program_file(sha256)
        if path is None:
            path = write_program(sha256, _blob(objects, sha256, OWN_PROGRAM, stop=stop, subject=subject))
        use_own_program(sha256)
        remove_unused()
    return path


def bring_other_program(facts: BinaryFacts, objects: Objects, *, stop: threading.Event, subject: str) -> None:
    """Bring the program of a re-run's old files, unless this host has it: as a user's own, or with what lies beside it.

    Raises:
        PartInterrupted: stopped while the store was away.
        StoreError: neither this host nor the store has it.
        DiskError: this host's disk does not take it.
    """
    if facts.tool == OURS or is_kept(facts):
        return
    if facts.companions:
        bring_program(facts, objects, stop=stop, subject=subject)
    else:
        bring_own_program(facts.sha256, objects, stop=stop, subject=subject)


def _models(jobs: Iterable[PlannedJob]) -> set[tuple[str, str]]:
    return {named for job in jobs if job.build_error is None for named in files_of(job.workload).items()}


def _is(facts: BinaryFacts, record: BinaryRecord) -> bool:
    beside = {each.name: each.sha256 for each in record.companions}
    return (record.sha256, beside) == (facts.sha256, facts.companions)


def _program_files(facts: BinaryFacts, given: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield SHA-256 and file of a planned program and of what lies beside it."""
    library = kept_binaries()
    record = next((each for each in library.records() if _is(facts, each)), None)
    if record is not None:
        yield record.sha256, library.path_of(record)
        yield from zip(
            (each.sha256 for each in record.companions),
            (path for _, path in library.companions_of(record)),
            strict=True,
        )
    elif given is not None and not facts.companions and hash_of_named(given) == facts.sha256:
        yield facts.sha256, given
    else:
        raise StoreError(absent(facts))


def _blob(objects: Objects, sha256: str, name: str, *, stop: threading.Event, subject: str) -> bytes:
    data = patiently(lambda: objects.get(blob_name(sha256)), stop=stop, subject=subject)
    if data is None:
        raise StoreError(f"{subject}: the store lacks {name} ({sha256[:12]}); publish the session once more.")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StoreError(
            f"{subject}: {name} in the store is not {sha256[:12]}; remove {blob_name(sha256)} and publish."
        )
    return data
