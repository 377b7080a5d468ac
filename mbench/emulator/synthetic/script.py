"""An invented benchmark as a play: shell commands, each with its time, that one shell process executes as they come.

The shell is the benchmark: its is the process id that a deadline kills, its are the streams, the files and the exit
status. What it says is hostbench's own program (synthetic.py) run to its end beforehand, at no time's cost.
"""

import os
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from mbench.emulator.synthetic.endings import LEAVE, Ending
from mbench.emulator.synthetic.law import load_program, run_invented

_PRELUDE: Final = (
    "o() { printf \"$1\" 2>/dev/null || { echo 'ERROR: cannot write to file descriptor 1.' >&2; exit 1; }; }; "
    'e() { printf "$1" >&2 || exit 1; }\n'
)
_ABORTED: Final = "abort"
_LAST_WORDS: Final = {
    LEAVE: "exit 0\n",
    "kill": "kill -KILL $$\n",
    "abort": "ulimit -c 0; kill -ABRT $$\n",
    "segfault": "ulimit -c 0; kill -SEGV $$\n",
    "hang": "",  # it waits for a line that does not come
}
_PLAIN: Final = frozenset(range(0x20, 0x7F)) - frozenset(b"%\\'")


Scene = tuple[float, str]
"""Seconds since the beginning, and shell commands, a line each."""


def compose_play(argv: Sequence[str], plan: dict[str, Any], *, prefix: str) -> list[Scene]:
    """Return the scenes of one benchmark.

    Args:
        argv: its command line, name included; relative paths in it are this process' too.
        plan: what the emulator wants of it.
        prefix: what is taken out of the paths that it prints.
    """
    stage = _Stage(Ending(plan.get("end")), prefix.encode())
    if plan.get("end") == "idle":
        stage.end("hang")
    elif plan.get("end") == "dead":
        stage.end("kill")
    elif stage.ending.at_once:
        stage.end(LEAVE)
    else:
        stage.perform(argv, plan)
    return stage.scenes


def rehearse() -> None:
    """Import what plays need, in the process that all phones are forked from."""
    load_program()


class _Curtain(BaseException):
    """The play is over; not an Exception, so that no program catches it by the way."""


class _Stage:
    """Takes what hostbench's program writes, and the time it would have waited."""

    def __init__(self, ending: Ending, strip: bytes) -> None:
        self.ending, self._strip = ending, strip
        self.scenes: list[Scene] = []
        self._at_s = 0.0
        self._now: list[str] = [_PRELUDE]

    def perform(self, argv: Sequence[str], plan: dict[str, Any]) -> None:
        """Let the program run; it writes and aborts as any does, and this process has no other thread meanwhile."""
        really_write, really_abort = os.write, os.abort
        os.write, os.abort = self._write, self._abort  # type: ignore[assignment]
        try:
            self.end(f"exit {run_invented(argv, plan, self)}\n")
        except _Curtain:
            pass
        finally:
            os.write, os.abort = really_write, really_abort

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._close_scene()
        self._at_s += seconds

    def write_file(self, path: str, data: bytes) -> None:
        """Leave a file behind, or none where it cannot be made."""
        quoted = "'" + path.replace("'", "'\\''").replace("\n", "'\"\n\"'") + "'"
        self._now.append(f"{{ printf '{_escaped(data)}' >{quoted}; }} 2>/dev/null\n")

    def end(self, last_words: str) -> None:
        """Close the last scene with a command, or with a death by its name."""
        self._now.append(_LAST_WORDS.get(last_words, last_words))
        self._close_scene()

    def _write(self, descriptor: int, data: bytes) -> int:
        said = self.ending.spoil(bytes(data).replace(self._strip, b"") if self._strip else bytes(data))
        self._now.append(f"{'o' if descriptor == 1 else 'e'} '{_escaped(said.data)}'\n")
        if said.then is not None:
            self.end(said.then)
            raise _Curtain
        return len(data)

    def _abort(self) -> NoReturn:
        self.end(_ABORTED)
        raise _Curtain

    def _close_scene(self) -> None:
        if self._now:
            self.scenes.append((self._at_s, "".join(self._now)))
            self._now = []


def _escaped(data: bytes) -> str:
    """Return bytes as a format of printf(1) in single quotes."""
    return "".join(chr(byte) if byte in _PLAIN else ("%%" if byte == 0x25 else f"\\{byte:03o}") for byte in data)
