"""Binaries: `mbench binary`."""

import json
from collections.abc import Sequence
from pathlib import Path

from mbench.binaries.contents import flavour_of
from mbench.binaries.fetching import fetch
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import BinaryRecord, Flavour
from mbench.core.errors import UsageError
from mbench.core.ports import Progress
from mbench.workflows.home import home


def library() -> BinaryLibrary:
    """Return the user's library."""
    return BinaryLibrary(home() / "binaries")


def add(path: Path, *, flavour: Flavour | None, abi: str | None, companions: Sequence[Path] = ()) -> BinaryRecord:
    """Keep a user's file, and libraries that belong beside it; see `BinaryLibrary.add`.

    Raises:
        UsageError: it is no benchmark_model, or of another flavour than the user says, or two libraries have one name.
    """
    beside = {companion.name: companion for companion in companions}
    if len(beside) < len(companions):
        raise UsageError("two libraries that are to lie beside a binary have one name; name each once.")
    shown = flavour_of(path)
    if None not in (shown, flavour) and shown != flavour:
        raise UsageError(f"{path} is the {shown} benchmark_model, not the {flavour} one.")
    return library().add(path, flavour=shown or flavour, abi=abi, source=str(path.absolute()), companions=beside)


def fetch_published(
    *, abi: str, flavour: Flavour, version: str, accelerator: bool, accept_new: bool, progress: Progress
) -> BinaryRecord:
    """Fetch a published one; see `mbench.binaries.fetching.fetch`."""
    return fetch(
        abi=abi,
        flavour=flavour,
        version=version,
        library=library(),
        accelerator=accelerator,
        accept_new=accept_new,
        progress=progress,
    )


def records() -> tuple[BinaryRecord, ...]:
    """Return all kept binaries, the oldest first."""
    return library().records()


def verify() -> tuple[str, ...]:
    """Return a line per kept file that is not what it was."""
    return tuple(finding.message for finding in library().verify())


def line(record: BinaryRecord) -> str:
    """Return a record as one line."""
    said = (record.sha256[:12], record.abi, record.system or "any system", record.flavour or "flavour not known")
    text = f"{'  '.join(said)}  {record.version or '-'}  {record.size_bytes} bytes  {record.source}"
    beside = ", ".join(f"{companion.name} {companion.sha256[:12]}" for companion in record.companions)
    return f"{text}  with {beside}" if beside else text


def as_json(kept: Sequence[BinaryRecord]) -> str:
    """Return a JSON list."""
    return json.dumps([record.model_dump(mode="json") for record in kept], indent=1)
