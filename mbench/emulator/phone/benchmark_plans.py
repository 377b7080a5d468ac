"""Which fault is due at which benchmark of a phone."""

from mbench.emulator.phone import faults
from mbench.emulator.phone.faults import Fault


class BenchmarkPlans:
    """Counts a phone's benchmarks and holds the faults that wait for one of them.

    Attributes:
        count: benchmarks started so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._due: list[tuple[int, Fault]] = []

    def waits(self, fault: Fault) -> bool:
        """Keep a fault that is for a benchmark to come; False for one that is for now."""
        if fault.run is None and fault.kind not in faults.ENDINGS:
            return False
        self._due.append((self.count + (fault.run or 1), fault))
        return True

    def clear(self) -> None:
        """Forget the faults that wait."""
        self._due.clear()

    def begin(self) -> tuple[str | None, list[Fault]]:
        """Count a benchmark; return how it is to end (None: well) and the other faults that are due."""
        self.count += 1
        due = [fault for at, fault in self._due if at == self.count]
        self._due = [(at, fault) for at, fault in self._due if at > self.count]
        endings = [str(fault.kind) for fault in due if fault.kind in faults.ENDINGS]
        return (endings[-1] if endings else None), [fault for fault in due if fault.kind not in faults.ENDINGS]
