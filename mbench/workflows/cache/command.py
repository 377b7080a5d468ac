"""What is kept, shown; and removed by age, by size, or whole: `mbench cache`."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mbench.artifacts.cache import CacheEntry
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.report.render.number_format import ABSENT, MILLION, significant
from mbench.report.render.text_table import Cell, Column, TableValues, right_column
from mbench.workflows.cache.interrupted import ended_sessions
from mbench.workflows.cache.kinds import Artifacts, Kind, kinds, size_of
from mbench.workflows.home import home

DAY_S: Final = 86_400
_SIZE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([KMGT])B", re.ASCII | re.IGNORECASE)
_POWER: Final = {"K": 3, "M": 6, "G": 9, "T": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindUse:
    """What one kind takes.

    Attributes:
        oldest_s: when the entry was last used that was not used for longest, in seconds since 1970; None: no entry.
        pinned: entries that are not pruned.
    """

    kind: str
    what: str
    entries: int
    size_bytes: int
    oldest_s: float | None
    pinned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of the entries of one kind that were to go; `names` are those that went, `pinned` those left."""

    kind: str
    names: frozenset[str]
    removed: int
    removed_bytes: int
    in_use: int
    pinned: int = 0


def parse_size(text: str) -> int:
    """Return the bytes of `20GB` or `1.5 MB`: powers of 1000, as in all of mbench's tables.

    Raises:
        UsageError: it is not a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"--size {text!r} is not a size; write a number with KB, MB, GB or TB, such as 20GB.")
    return int(float(found[1]) * 10 ** _POWER[found[2].upper()])


def chosen_kinds(names: str | None) -> tuple[Kind, ...]:
    """Return the kinds that the text of `--kind` names, by commas; all for None.

    Raises:
        UsageError: an unknown one.
    """
    known = {kind.name: kind for kind in kinds(home())}
    if names is None:
        return tuple(known.values())
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise UsageError(f"unknown kind {name!r}.{did_you_mean(name, list(known))}")
    return tuple(kind for name, kind in known.items() if name in wanted)


def uses(of: Sequence[Kind]) -> tuple[KindUse, ...]:
    """Return what each kind takes."""
    return tuple(_use(kind, kind.entries()) for kind in of)


def prune(of: Sequence[Kind], *, older_than_days: float | None, size_bytes: int | None) -> tuple[Removal, ...]:
    """Remove what was not used for so many days, then what was not used for longest, until the rest is small enough.

    What a process uses stays, whatever its age and size, and so does what is pinned.

    Raises:
        UsageError: neither an age nor a size, or an age that is not a number.
        DiskError: the disk refused.
    """
    if older_than_days is None and size_bytes is None:
        raise UsageError("prune what? Name an age, such as --older-than 30, or a size, such as --size 20GB.")
    if older_than_days is not None and not math.isfinite(older_than_days):
        raise UsageError(f"--older-than must be a finite number, not {older_than_days}.")
    before_s = -math.inf if older_than_days is None else datetime.now(UTC).timestamp() - older_than_days * DAY_S
    return _remove(of, before_s=before_s, most_bytes=math.inf if size_bytes is None else size_bytes)


def empty(of: Sequence[Kind], *, pinned: bool = False) -> tuple[Removal, ...]:
    """Remove all that no process uses, and, where that is said, what is pinned too.

    Raises:
        DiskError: the disk refused.
    """
    return _remove(of, before_s=math.inf, most_bytes=0, pinned_too=pinned)


def as_table(found: Sequence[KindUse]) -> TableValues:
    """Return a row per kind, and what else lies in the same folder."""
    total = sum(use.size_bytes for use in found)
    others = "; ".join(f"{what} {_megabytes(size)} ({remedy})" for what, size, remedy in _others(total) if size)
    return TableValues(
        columns=(
            Column(header="Kind"),
            right_column("Entries"),
            right_column("Size (MB)"),
            Column(header="Oldest use"),
            Column(header="What", spare=1),
        ),
        rows=tuple(
            (
                Cell(use.kind),
                Cell(str(use.entries)),
                Cell(significant(use.size_bytes, scale=MILLION) if use.entries else ABSENT),
                Cell(ABSENT if use.oldest_s is None else f"{datetime.fromtimestamp(use.oldest_s, UTC):%Y-%m-%d}"),
                Cell(use.what),
            )
            for use in found
        ),
        foot=(
            f"{home()} holds {_megabytes(total)} of cache, all of which can be made or fetched again.",
            *(f"{use.pinned} {use.kind} pinned: mbench cache prune leaves them." for use in found if use.pinned),
            *((f"It also holds what mbench cache never removes: {others}.",) if others else ()),
        ),
    )


def as_json(found: Sequence[KindUse]) -> str:
    """Return a JSON list with an object per kind."""
    return json.dumps(
        [
            {
                "kind": use.kind,
                "entries": use.entries,
                "size_bytes": use.size_bytes,
                "pinned": use.pinned,
                "oldest_use": None if use.oldest_s is None else datetime.fromtimestamp(use.oldest_s, UTC).isoformat(),
            }
            for use in found
        ],
        indent=1,
    )


def removal_lines(removals: Iterable[Removal], *, results: Path) -> tuple[str, ...]:
    """Return a line per kind of which something was to go, one for all, and one for each session that this ends."""
    touched = [each for each in removals if each.removed or each.in_use or each.pinned]
    lines = [
        f"{each.kind}: {each.removed} removed, {_megabytes(each.removed_bytes)}"
        + (f"; {each.in_use} in use by a running process, left" if each.in_use else "")
        + (f"; {each.pinned} pinned, left (mbench cache empty --pinned removes them too)" if each.pinned else "")
        for each in touched
    ]
    freed = sum(each.removed_bytes for each in touched)
    gone = frozenset().union(*(each.names for each in touched if each.kind == Artifacts.name))
    return (
        *lines,
        f"{_megabytes(freed)} freed." if any(each.removed for each in touched) else "nothing was removed.",
        *(
            f"session {name} of {results} was interrupted and can no longer be resumed: its artifacts are removed."
            for name in ended_sessions(results, gone)
        ),
    )


def question(found: Sequence[KindUse]) -> str:
    """Return what is asked before all of it goes."""
    what = ", ".join(use.kind for use in found if use.entries)
    return f"Remove {_megabytes(sum(use.size_bytes for use in found))} of {what} from {home()}?"


def _remove(of: Sequence[Kind], *, before_s: float, most_bytes: float, pinned_too: bool = False) -> tuple[Removal, ...]:
    """Remove what was last used before a time, and the oldest of the rest until that is small enough."""
    entries = [(kind, entry) for kind in of for entry in kind.entries()]
    total = sum(entry.size_bytes for _, entry in entries)
    removed: dict[str, list[CacheEntry]] = {kind.name: [] for kind in of}
    in_use, pinned = dict.fromkeys(removed, 0), dict.fromkeys(removed, 0)
    for kind, entry in sorted(entries, key=lambda each: (each[1].used_s, each[1].name)):
        if entry.used_s >= before_s and total <= most_bytes:
            continue
        if entry.pinned is not None and not pinned_too:
            pinned[kind.name] += 1
        elif kind.remove(entry):
            removed[kind.name].append(entry)
            total -= entry.size_bytes
        else:
            in_use[kind.name] += 1
    return tuple(
        Removal(
            kind=name,
            names=frozenset(entry.name for entry in gone),
            removed=len(gone),
            removed_bytes=sum(entry.size_bytes for entry in gone),
            in_use=in_use[name],
            pinned=pinned[name],
        )
        for name, gone in removed.items()
    )


def _use(kind: Kind, entries: Sequence[CacheEntry]) -> KindUse:
    return KindUse(
        kind=kind.name,
        what=kind.what,
        entries=len(entries),
        size_bytes=sum(entry.size_bytes for entry in entries),
        oldest_s=min((entry.used_s for entry in entries), default=None),
        pinned=sum(entry.pinned is not None for entry in entries),
    )


def _others(cache_bytes: int) -> Iterable[tuple[str, int, str]]:
    """Yield what else lies in the home: its name, its bytes, and how it is removed."""
    folder = home()
    binaries = size_of(folder / "binaries" / "files")
    trained = sum(map(size_of, (folder / "weights").glob("*.npz"))) + size_of(folder / "trainings")
    yield "kept binaries", binaries, "mbench binary remove"
    yield "trained weights and their records", trained, "folders weights and trainings"
    yield "the rest", max(size_of(folder) - cache_bytes - binaries - trained, 0), "profiles, suites, journals, locks"


def _megabytes(size: int) -> str:
    return f"{significant(size, scale=MILLION)} MB"
