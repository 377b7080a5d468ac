"""Which fault is due at which benchmark, or at which other command, of a phone."""

from typing import Final

from mbench.emulator.phone import faults
from mbench.emulator.phone.faults import Fault

DEAD: Final = "dead"
"""Killed before it says anything."""


class BenchmarkPlans:
    """Counts a phone's benchmarks and holds the faults that wait for one of them.

    Attributes:
        count: benchmarks started so far.
        helps_to_kill: calls of `--help` that are still to be killed.
    """

    def __init__(self) -> None:
        self.count = 0
        self.helps_to_kill = 0
        self._due: list[tuple[int, Fault]] = []
        self._commands: list[Fault] = []

    def of_command(self, text: str) -> Fault | None:
        """Return the fault that is due at a command, which it then is no more; None where none is."""
        due = next((fault for fault in self._commands if fault.command is not None and fault.command in text), None)
        if due is not None:
            self._commands.remove(due)
        return due

    def waits(self, fault: Fault) -> bool:
        """Keep a fault that is for a benchmark or a command to come; False for one that is for now."""
        if fault.command is not None:
            self._commands.append(fault)
            return True
        if fault.run is None and fault.kind not in faults.ENDINGS:
            return False
        self._due.append((self.count + (fault.run or 1), fault))
        return True

    def clear(self) -> None:
        """Forget the faults that wait."""
        self._due.clear()
        self._commands.clear()
        self.helps_to_kill = 0

    def begin_help(self) -> str | None:
        """Return how a call of `--help`, which counts for no benchmark, is to end (None: well)."""
        if not self.helps_to_kill:
            return None
        self.helps_to_kill -= 1
        return DEAD

    def begin(self) -> tuple[str | None, list[Fault]]:
        """Count a benchmark; return how it is to end (None: well) and the other faults that are due."""
        self.count += 1
        due = [fault for at, fault in self._due if at == self.count]
        self._due = [(at, fault) for at, fault in self._due if at > self.count]
        endings = [str(fault.kind) for fault in due if fault.kind in faults.ENDINGS]
        return (endings[-1] if endings else None), [fault for fault in due if fault.kind not in faults.ENDINGS]
