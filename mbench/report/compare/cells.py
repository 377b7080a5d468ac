"""Cells of two sides, paired: what is the same workload on the same device, before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mbench.core.results import JobResult


class By(StrEnum):
    """What distinguishes the two sides: sessions, or a value that divides the results of the same sessions."""

    SESSION = "session"
    NIGHT = "night"
    DEVICE = "device"
    DELEGATE = "delegate"
    THREADS = "threads"
    BINARY = "binary"
    BUILD = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two sides.

    Attributes:
        label: how people call it.
        results: of its jobs; those of old files of a session that compared some are not among them.
        names: the names that last, of users' own files, by session and job; others have their own.
    """

    label: str
    results: tuple[JobResult, ...]
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPair:
    """A cell on both sides.

    Attributes:
        name: of the workload, without the hash of a user's own file.
        blocks: (old, new) medians of runs that were timed in turn, in µs; none where they were not.
    """

    name: str
    old: JobResult
    new: JobResult
    blocks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The cells of both sides, and those of one alone.

    Attributes:
        repeated: how many results were left out because a later one of the same side is of the same cell.
    """

    pairs: tuple[CellPair, ...]
    only_old: tuple[JobResult, ...]
    only_new: tuple[JobResult, ...]
    repeated: int = 0


_Key = tuple[object, ...]


def match_cells(old: Side, new: Side, *, by: By) -> Matched:
    """Return the cells of two sides in pairs.

    Cells are paired on the same device first. What is left over is paired where its workload is left over on one
    device of a model on either side, then where it is on one device at all: another phone stands in for it.

    Args:
        old: one side.
        new: the other.
        by: what distinguishes them, which is no part of what is paired.
    """
    left, repeated = zip(*(_once_each(side, by) for side in (old, new)), strict=True)
    olds, news = left
    pairs: list[CellPair] = []
    for device in (_serial, _model, _any_device) if by is not By.DEVICE else (_any_device,):
        pairs += _paired(olds, news, device)
    order = {id(result): place for place, result in enumerate(new.results)}
    pairs.sort(key=lambda pair: order[id(pair.new)])
    return Matched(
        pairs=tuple(pairs),
        only_old=tuple(result for _, result in olds),
        only_new=tuple(result for _, result in news),
        repeated=sum(repeated),
    )


def cell_name(result: JobResult, names: Mapping[tuple[str, str], str]) -> str:
    """Return what a workload is called, whatever the bytes of its file are."""
    workload = result.workload
    name = names.get((result.session, result.job), workload.artifact.bare_name)
    return name if workload.signature is None else f"{name}#{workload.signature}"


def _once_each(side: Side, by: By) -> tuple[list[tuple[_Key, JobResult]], int]:
    """Return a side's results, each with what must agree, the last of those that agree in all and in their device."""
    bare = [_key(result, cell_name(result, side.names), by) for result in side.results]
    files: dict[_Key, set[str | None]] = {}
    for key, result in zip(bare, side.results, strict=True):
        files.setdefault((*key, _serial(result), result.session), set()).add(result.workload.artifact.sha256)
    found: dict[_Key, tuple[_Key, JobResult]] = {}
    for key, result in zip(bare, side.results, strict=True):
        if len(files[*key, _serial(result), result.session]) > 1:  # two files of one name: only their hashes say which
            key = _key(result, result.workload.name, by)
        whole = (*key, _serial(result))
        found.pop(whole, None)
        found[whole] = (key, result)
    return list(found.values()), len(side.results) - len(found)


def _key(result: JobResult, name: str, by: By) -> _Key:
    workload = result.workload
    return (
        name,
        None if by is By.DELEGATE else str(workload.delegate),
        None if by is By.THREADS else workload.threads,
    )


def _paired(
    olds: list[tuple[_Key, JobResult]], news: list[tuple[_Key, JobResult]], device: Callable[[JobResult], str | None]
) -> list[CellPair]:
    """Return the cells that are alone with their key and device on either side; they are taken out of both lists."""
    sides = []
    for each in (olds, news):
        groups: dict[_Key, list[JobResult]] = {}
        for key, result in each:
            groups.setdefault((*key, device(result)), []).append(result)
        sides.append(groups)
    before, after = sides
    pairs = [
        CellPair(name=str(key[0]), old=before[key][0], new=found[0])
        for key, found in after.items()
        if len(found) == 1 and len(before.get(key, ())) == 1 and key[-1] is not None
    ]
    for each, taken in ((olds, {id(pair.old) for pair in pairs}), (news, {id(pair.new) for pair in pairs})):
        each[:] = [(key, result) for key, result in each if id(result) not in taken]
    return pairs


def _serial(result: JobResult) -> str | None:
    return result.device.serial


def _model(result: JobResult) -> str | None:
    return result.device.model


def _any_device(_: JobResult) -> str | None:
    return ""
