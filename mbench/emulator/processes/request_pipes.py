"""How a phone's own commands ask its first process for something: through named pipes, as a shell can without a child.

A command takes a line by making the file `lines/N.taken`, which nobody else can make then, with its process id and its
words, each behind it a zero byte; writes `N` to the pipe `asks`; and obeys the pipe `lines/N`, whose every line is a
shell command that it executes as it comes. `-N` gives the line back, as does its death. One that finds all lines taken
writes `+`, and lines come free whose takers died, at a deadline say, before they had written their `N`.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COUNT: Final = 8
"""Commands of one phone that can ask at the same time; further ones wait."""

FOLDER: Final = "lines"
ASKS: Final = "asks"
_READ_BYTES: Final = 1 << 16
_TAKING_S: Final = 10.0
"""After which one that has made the file, and has not written its process id, is dead; both take no time."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, on which line, what."""

    line: int
    pid: int
    words: tuple[str, ...]


def make_pipes(state: Path) -> None:
    """Make the pipes in a phone's own folder."""
    (state / FOLDER).mkdir()
    for path in (state / ASKS, *(state / FOLDER / str(number) for number in range(COUNT))):
        os.mkfifo(path)


class Lines:
    """The first process' end of all lines of a phone.

    Attributes:
        asks: the descriptor that becomes readable when somebody asks.
    """

    def __init__(self, state: str) -> None:
        self._folder = f"{state}/{FOLDER}"
        # Open for both directions (pipe(7)): neither end ever waits for the other to come, or sees it go.
        self.asks = os.open(f"{state}/{ASKS}", os.O_RDWR | os.O_NONBLOCK)
        self._pipes = [os.open(f"{self._folder}/{number}", os.O_RDWR | os.O_NONBLOCK) for number in range(COUNT)]
        self._asking: set[int] = set()
        self._rest = b""

    def close(self) -> None:
        """Let go of all lines."""
        for descriptor in (self.asks, *self._pipes):
            os.close(descriptor)

    def heard(self) -> Iterator[Request | int]:
        """Yield the questions that have come, and the numbers of lines that are given back."""
        with suppress(BlockingIOError):
            self._rest += os.read(self.asks, _READ_BYTES)
        *words, self._rest = self._rest.split(b"\n")
        for word in words:
            if word.startswith(b"-"):
                yield int(word[1:])
            elif word == b"+":
                self._free_untold()
            elif (question := self._question(int(word))) is not None:
                self._asking.add(question.line)
                yield question

    def say(self, line: int, text: str) -> bool:
        """Let the one on a line execute commands, each on a line of its own; False if it does not keep up."""
        try:
            os.write(self._pipes[line], text.encode())
        except BlockingIOError:
            return False
        return True

    def free(self, line: int) -> None:
        """Let others have a line; what nobody has read of it is gone."""
        self._asking.discard(line)
        with suppress(BlockingIOError):
            while os.read(self._pipes[line], _READ_BYTES):
                pass
        with suppress(FileNotFoundError):
            os.unlink(f"{self._folder}/{line}.taken")  # noqa: PTH108 - pathlib costs ten times as much

    def _free_untold(self) -> None:
        for line in {*range(COUNT)} - self._asking:
            taken = Path(self._folder, f"{line}.taken")
            with suppress(FileNotFoundError):
                pid = taken.read_bytes().partition(b"\0")[0]
                alive = Path("/proc", os.fsdecode(pid)).exists() if pid else _age_s(taken) < _TAKING_S
                if not alive:
                    self.free(line)

    def _question(self, line: int) -> Request | None:
        try:
            with open(f"{self._folder}/{line}.taken", "rb") as file:  # noqa: PTH123 - as above
                pid, *words, _ = file.read().split(b"\0")
            return Request(line, int(pid), tuple(os.fsdecode(word) for word in words))
        except (OSError, ValueError):
            return None


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime
