"""Retention: raw evidence of old nights goes, and their documents are packed by month."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.store.nights import StoredNight, list_nights
from mbench.store.packs import RAW, pack, remove_raw
from mbench.store.session import open_session, session_folders
from mbench.store.verdicts import read_verdict
from mbench.workflows.compare.rerun import RERUNS
from mbench.workflows.nightly.farm_file import FarmFile, Keep

_MONTH: Final = "%Y-%m"


def has_alarm(night: StoredNight) -> bool:
    """Whether a night was judged to be worse; False where nobody can tell."""
    try:
        document = read_verdict(night.path)
    except StoreError:
        return False
    return document is not None and bool(document.verdict.alarms)


def outlived(
    nights: Sequence[StoredNight], keep: Keep, *, alarm: Callable[[StoredNight], bool] = has_alarm
) -> tuple[list[StoredNight], list[StoredNight]]:
    """Return the nights whose raw evidence goes, and those that are packed; both in order.

    Args:
        nights: of one farm file, in order.
        keep: of the farm file.
        alarm: whether a night was judged to be worse; asked only where it matters.
    """
    raw, packed = list[StoredNight](), list[StoredNight]()
    for ago, night in enumerate(reversed(nights)):
        if night.end is None:
            continue
        if ago < keep.raw_nights:
            continue
        if ago >= keep.raw_nights_failed or not (night.end.failed or night.end.missing or alarm(night)):
            raw.append(night)
            if ago >= keep.folder_nights:
                packed.append(night)
    return raw[::-1], packed[::-1]


def prune(file: FarmFile) -> str | None:
    """Remove what the farm file does not keep, and return what that was in a clause; None where it was nothing.

    Interrupted at any moment it loses nothing that is kept, and the next call ends it.

    Raises:
        StoreError: something could not be written or removed.
    """
    nights, keep = list_nights(file.results, file.name), file.farm.keep
    raw, packed = outlived(nights, keep)
    raw = [night for night in raw if (night.path / RAW).is_dir()]
    for night in raw:
        remove_raw(night.path)
    if len(nights) > keep.raw_nights_failed:
        for path in old_reruns(file.results / RERUNS, nights[-keep.raw_nights_failed].night.begun_at):
            remove_raw(path)
    for month, group in groupby(packed, key=lambda night: f"{night.night.date:{_MONTH}}"):
        pack(file.results, month, [night.path for night in group])
    said = [f"raw evidence of {len(raw)} nights removed"] if raw else []
    said += [f"{len(packed)} nights packed"] if packed else []
    return ", ".join(said) or None


def old_reruns(root: Path, before: datetime) -> Iterator[Path]:
    """Yield the sessions that measured suspects again before a moment and still have raw evidence.

    Raises:
        StoreError: one cannot be read.
    """
    for name in session_folders(root):
        if (root / name / RAW).is_dir() and open_session(root / name).plan.created_at < before:
            yield root / name
