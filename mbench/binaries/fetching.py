"""From a published address to a kept binary: downloaded, compared with its pin, read as ELF, and only then added."""

import hashlib
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.binaries.elf import read_elf
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.pins import read_pins, write_pin
from mbench.binaries.published import ACCELERATOR_NAME, BASE_URLS, LATEST, Published, describe_published, find_published
from mbench.binaries.records import BinaryRecord, Flavour, System
from mbench.core.errors import ArtifactError, DiskError, UsageError
from mbench.core.ports import Progress, SilentProgress, utc_now
from mbench.files.disk import disk_errors
from mbench.files.downloads import Download, Timeouts, default_opener, download, drop_part
from mbench.files.locks import locked

BUSY_S: Final = 1800.0
"""Longest wait for another process that fetches the same address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetch:
    """What all files of one fetch have in common."""

    place: Published
    library: BinaryLibrary
    accept_new: bool
    opener: urllib.request.OpenerDirector
    timeouts: Timeouts
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """A whole, pinned file, not in the library yet or there already.

    Attributes:
        part: where it lies as a download; None where the library holds it.
    """

    path: Path
    part: Path | None


def fetch(
    *,
    abi: str,
    flavour: Flavour,
    version: str = LATEST,
    library: BinaryLibrary,
    system: System | None = None,
    accelerator: bool = False,
    accept_new: bool = False,
    base_urls: Mapping[Flavour, str] = BASE_URLS,
    opener: urllib.request.OpenerDirector | None = None,
    timeouts: Timeouts | None = None,
    progress: Progress | None = None,
) -> BinaryRecord:
    """Fetch a published binary into the library, where it is then the newest.

    The first fetch of an address pins its bytes; later ones must give the same. An unchanged file that the library
    holds is not sent again.

    Args:
        abi: Android's name of the processor.
        flavour: which of the two programs.
        version: `latest`; for litert also `nightly` or a release such as `2.2.0`.
        library: where it is kept, and pinned.
        system: None means Android's binary where one is published for this ABI, else Linux'.
        accelerator: fetch litert's GPU accelerator library too, as the binary's companion.
        accept_new: take, and pin, other bytes than the address gave before.
        base_urls: folders of each flavour, for mirrors.
        opener: None means urllib's own, with the proxies that the environment names.
        timeouts: how long a slow server is borne.
        progress: gets KiB.

    Raises:
        UsageError: nothing is published so.
        ArtifactError: it could not be fetched, is not what is pinned, or is no whole program for this ABI.
    """
    place = find_published(abi=abi, flavour=flavour, version=version, system=system, base_urls=base_urls)
    if accelerator and place.accelerator_url is None:
        raise UsageError(f"{flavour} has no accelerator library; its GPU delegate is part of the binary.")
    job = _Fetch(
        place=place,
        library=library,
        accept_new=accept_new,
        opener=opener or default_opener(),
        timeouts=timeouts or Timeouts(),
        progress=progress or SilentProgress(),
    )
    folder = library.folder
    with (
        disk_errors("fetch a binary into", folder),
        locked(
            _lock_path(folder, place.url),
            wait_s=BUSY_S,
            waiting=lambda: job.progress.note(f"waiting for another process to fetch {place.url}"),
        ),
    ):
        return _fetch_alone(job, accelerator_url=place.accelerator_url if accelerator else None)


def _fetch_alone(job: _Fetch, *, accelerator_url: str | None) -> BinaryRecord:
    place = job.place
    program = _obtain(job, place.url, is_program=True)
    beside = {} if accelerator_url is None else {ACCELERATOR_NAME: _obtain(job, accelerator_url, is_program=False)}
    try:
        return job.library.add(
            program.path,
            flavour=place.flavour,
            abi=place.abi,
            source=place.url,
            version=place.version,
            companions={name: arrived.path for name, arrived in beside.items()},
        )
    finally:
        for arrived in (program, *beside.values()):
            if arrived.part is not None:
                drop_part(arrived.part)


def _obtain(job: _Fetch, url: str, *, is_program: bool) -> _Arrived:
    """Return an address' file, verified and pinned."""
    folder = job.library.folder
    pin = read_pins(folder).pins.get(url)
    held = None if pin is None else job.library.whole_file(pin.sha256)
    part = folder / "downloads" / f"{_key(url)}.part"
    arrived = download(
        Download(
            url=url,
            part=part,
            what="a benchmark_model",
            published=describe_published(job.place.flavour),
            by_hand="Fetch the file by hand and add it: mbench binary add FILE.",
            pin=None if pin is None or job.accept_new else pin.sha256,
            accept="give --accept-new if the file may have moved"
            + ("." if pin is None else f" since {pin.pinned_at:%Y-%m-%d}."),
            known=None if pin is None or held is None else pin.validators,
            opener=job.opener,
            timeouts=job.timeouts,
            progress=job.progress,
        )
    )
    if arrived is None:
        assert held is not None  # nothing is known of what is not held
        return _Arrived(path=held, part=None)
    try:
        _check_program(job.place, url, part, is_program=is_program)
        write_pin(  # before it is added: what is in the library is always pinned
            folder,
            url,
            sha256=arrived.sha256,
            size_bytes=arrived.size_bytes,
            validators=arrived.validators,
            now=utc_now(),
        )
    except (ArtifactError, DiskError):
        drop_part(part)
        raise
    return _Arrived(path=part, part=part)


def _check_program(place: Published, url: str, part: Path, *, is_program: bool) -> None:
    elf = read_elf(part, name=url)
    if elf.abi != place.abi or elf.system not in (place.system, None):
        raise ArtifactError(
            f"{url} is for {elf.abi} on {elf.system}, not for {place.abi} on {place.system}; it is not kept."
        )
    if is_program != elf.is_program:
        expected = "a program" if is_program else "a shared library"
        raise ArtifactError(f"{url} is not {expected}; it is not kept.")


def _lock_path(folder: Path, url: str) -> Path:
    return folder / "locks" / f"fetch-{_key(url)}.lock"


def _key(url: str) -> str:
    """Return a file name for an address."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]
