"""The search: time shared over the readers, findings kept once each."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.fuzz.mutating import inputs
from benchmarks.fuzz.reader import Reader
from benchmarks.fuzz.smallest import smallest
from benchmarks.fuzz.watching import Answer, Watched

_SMALLER_S: Final = 5.0
"""Spent on making a finding's input smaller."""
_LEAST_INPUTS: Final = 25
"""Of each reader in which nothing is found, however little time there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a reader must not do, and the input that makes it do it."""

    reader: str
    answer: Answer
    path: Path
    size_bytes: int

    def __str__(self) -> str:
        answer = self.answer
        said = f": {answer.message}" if answer.message else ""
        where = f" at {answer.where}" if answer.where else ""
        return f"{self.reader}: {answer.outcome}: {answer.what}{where}{said}; {self.size_bytes} bytes: {self.path}"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of one reader's inputs."""

    reader: str
    inputs: int = 0
    read: int = 0
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        refused = self.inputs - self.read - sum(1 for _ in self.findings)
        return f"{self.reader:<22} {self.inputs:>7} inputs  {self.read:>7} read  {refused:>7} refused" + (
            f"  {len(self.findings)} FOUND" if self.findings else ""
        )


def search(
    readers: Sequence[Reader],
    watched: Watched,
    *,
    seed: int,
    seconds: float,
    folder: Path,
    said: Callable[[str], None],
) -> list[Finding]:
    """Give each reader its share of the time; return one finding of each kind.

    The inputs of a reader depend on the seed and its name alone; how many there are, on the time.

    Args:
        readers: who reads.
        watched: where.
        seed: of all inputs.
        seconds: for all readers together.
        folder: where the inputs of findings are kept; made when there is one.
        said: takes lines on how it goes.
    """
    until, found = time.monotonic() + seconds, []
    for place, reader in enumerate(readers):
        share = (until - time.monotonic()) / (len(readers) - place)
        tally = _search_one(reader, watched, seed=seed, until=time.monotonic() + share, folder=folder, said=said)
        said(str(tally))
        found += tally.findings
    return found


def _search_one(
    reader: Reader, watched: Watched, *, seed: int, until: float, folder: Path, said: Callable[[str], None]
) -> Tally:
    tally, kinds = Tally(reader=reader.name), set()
    for data in inputs(reader.form, reader.seeds(), Random(f"{seed} {reader.name}")):
        if (tally.findings or tally.inputs >= _LEAST_INPUTS) and time.monotonic() > until:
            return tally
        answer = watched.ask(reader.name, data)
        tally.inputs += 1
        tally.read += answer.outcome == "read"
        if answer.is_finding and answer.kind not in kinds:
            kinds.add(answer.kind)
            tally.findings.append(_kept(reader, watched, data, answer, folder))
            said(str(tally.findings[-1]))
    raise AssertionError("inputs never end")


def _kept(reader: Reader, watched: Watched, data: bytes, answer: Answer, folder: Path) -> Finding:
    """Keep the smallest input that shows a finding."""

    def shows(shorter: bytes) -> bool:
        return watched.ask(reader.name, shorter).kind == answer.kind

    if answer.outcome == "exception" and answer.what != "honest input":
        data = smallest(data, shows, seconds=_SMALLER_S)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{reader.name}-{hashlib.sha256(data).hexdigest()[:8]}"
    path.write_bytes(data)
    return Finding(reader=reader.name, answer=answer, path=path, size_bytes=len(data))
