"""Where a phone's first process answers its commands: masks at once, invented benchmarks scene by scene."""

import os
import select
import time
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mbench.emulator.processes.pinning import Pinning
from mbench.emulator.processes.request_pipes import Lines, Request
from mbench.emulator.synthetic.script import Scene, compose_play

_AGAIN_S = 0.02
"""After which a shell that did not take its commands (it is stopped, say) is given them again."""


@dataclass(slots=True)
class _Caller:
    """Who asks: the line, a descriptor that tells of its death, and what it has still to do and when."""

    question: Request
    alive: int
    scenes: list[Scene] = field(default_factory=list)


class Desk:
    """All that a phone's commands are asking now.

    Args:
        lines: how they ask.
        pinning: for masks.
        poll: what the process waits on; descriptors to watch are registered there.
        cwd: of the process itself.
        prefix: see `compose_play`.
        ask: sends a message to the emulator, which answers a benchmark's by `play`.
    """

    def __init__(
        self,
        lines: Lines,
        pinning: Pinning,
        poll: "select.poll",
        *,
        cwd: str,
        prefix: str,
        ask: Callable[[dict[str, Any]], None],
    ) -> None:
        self._lines, self._pinning, self._poll = lines, pinning, poll
        self._cwd, self._prefix, self._ask = cwd, prefix, ask
        self._callers: dict[int, _Caller] = {}
        self._count = 0
        poll.register(lines.asks, select.POLLIN)

    def next_ms(self) -> float | None:
        """Return the milliseconds until the next message is due, None where nobody waits."""
        due = min((caller.scenes[0][0] for caller in self._callers.values() if caller.scenes), default=None)
        return None if due is None else max(0.0, 1e3 * (due - time.monotonic()))

    def work(self, ready: Container[int]) -> None:
        """Hear who asks and who has died, and tell what is due."""
        for number, caller in list(self._callers.items()):
            if caller.alive in ready:
                self._forget(number)
        if self._lines.asks in ready:
            for heard in self._lines.heard():
                if isinstance(heard, Request):
                    self._hear(heard)
                else:
                    self._give_back(heard)
        now = time.monotonic()
        for caller in self._callers.values():
            while caller.scenes and caller.scenes[0][0] <= now:
                if not self._lines.say(caller.question.line, caller.scenes[0][1]):
                    caller.scenes[0] = (now + _AGAIN_S, caller.scenes[0][1])
                    break
                caller.scenes.pop(0)

    def play(self, number: int, plan: dict[str, Any]) -> None:
        """Let a benchmark that asked begin, if it still lives."""
        caller = self._callers.get(number)
        if caller is None:
            return
        _, cwd, *argv = caller.question.words
        with suppress(OSError):
            os.chdir(cwd)
        began = time.monotonic()
        caller.scenes = [(began + at_s, text) for at_s, text in compose_play(argv, plan, prefix=self._prefix)]
        os.chdir(self._cwd)

    def _hear(self, question: Request) -> None:
        try:
            alive = os.pidfd_open(question.pid)
        except ProcessLookupError:
            self._lines.free(question.line)
            return
        self._count += 1
        self._callers[self._count] = _Caller(question, alive)
        self._poll.register(alive, select.POLLIN)
        if question.words[0] == "benchmark":
            self._ask({"op": "benchmark", "question": self._count, "argv": question.words[3:]})
        else:
            answer = f'{self._pinned(*question.words[1:])}; echo -{question.line} >"$S/asks"; return\n'
            self._lines.say(question.line, answer)

    def _pinned(self, mask: str, pid: str) -> str:
        try:
            return self._pinning.pin(int(pid), int(mask, 16))
        except ProcessLookupError:
            return "bad='No such process'"
        except OSError as error:
            return f"bad='{error.strerror}'"

    def _give_back(self, line: int) -> None:
        for number, caller in self._callers.items():
            if caller.question.line == line:
                self._forget(number)
                return

    def _forget(self, number: int) -> None:
        caller = self._callers.pop(number)
        self._poll.unregister(caller.alive)
        os.close(caller.alive)
        self._lines.free(caller.question.line)
