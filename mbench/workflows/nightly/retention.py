"""Retention: raw evidence of old nights goes, and their documents are packed by month."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from mbench.store.nights import StoredNight, list_nights
from mbench.store.packs import RAW, pack, remove_raw
from mbench.workflows.nightly.farm_file import FarmFile, Keep

_MONTH: Final = "%Y-%m"


def outlived(nights: Sequence[StoredNight], keep: Keep) -> tuple[list[StoredNight], list[StoredNight]]:
    """Return the nights whose raw evidence goes, and those that are packed; both in order.

    Args:
        nights: of one farm file, in order.
        keep: of the farm file.
    """
    raw, packed = list[StoredNight](), list[StoredNight]()
    for ago, night in enumerate(reversed(nights)):
        if night.end is None:
            continue
        well = not night.end.failed and not night.end.missing
        if ago >= (keep.raw_nights if well else keep.raw_nights_failed):
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
    raw, packed = outlived(list_nights(file.results, file.name), file.farm.keep)
    raw = [night for night in raw if (night.path / RAW).is_dir()]
    for night in raw:
        remove_raw(night.path)
    for month, nights in groupby(packed, key=lambda night: f"{night.night.date:{_MONTH}}"):
        pack(file.results, month, [night.path for night in nights])
    said = [f"raw evidence of {len(raw)} nights removed"] if raw else []
    said += [f"{len(packed)} nights packed"] if packed else []
    return ", ".join(said) or None
