"""How an armed fault changes what a benchmark prints, and how it lets it end; nothing here writes or dies."""

from dataclasses import dataclass
from typing import Final

_TRIGGER: Final = b"Running benchmark"
_RESULT: Final = b"count="
_GARBAGE: Final = b"\0\xff\xfe cou\x80nt=nan first= \x1b[31mlowmemorykiller\n"

DEATHS: Final = frozenset({"kill", "abort", "segfault", "hang"})
"""Ends of a benchmark that has begun; the others spoil what it prints."""

LEAVE: Final = "leave"
"""Be gone at once, with status 0."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is written in the place of a piece of output, and what happens then: a death, `LEAVE`, or nothing."""

    data: bytes
    then: str | None = None


class Ending:
    """One benchmark's ending; `end` is a value of `FaultKind`, None for a benchmark that ends well."""

    def __init__(self, end: str | None) -> None:
        self._end = end
        self._blocks = 0

    @property
    def at_once(self) -> bool:
        """Whether nothing is printed at all."""
        return self._end == "silence"

    def spoil(self, data: bytes) -> Said:
        """Return what becomes of the next piece of output."""
        self._blocks += _TRIGGER in data
        if self._end == "garbage" and _RESULT in data:
            return Said(_GARBAGE)
        if self._end == "half_line" and self._blocks == 2 and _RESULT in data:
            return Said(data[: len(data) // 2], LEAVE)
        if self._end in DEATHS and self._blocks:
            return Said(data, self._end)
        return Said(data)
