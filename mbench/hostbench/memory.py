"""The process's memory, in the figures that benchmark_model prints.

All are resident set sizes of this process. The tool reads `ru_maxrss` (TFLite `tflite/profiling/memory_info.cc`), a
high-water mark that Linux keeps across exec: started by a large process, it would report that process. `VmHWM` is the
same mark of this program alone, so it is preferred where /proc has it.
"""

import mmap
import resource
import sys
import threading
from pathlib import Path


def read_peak_rss_kib() -> int:
    """Returns the largest resident set size so far, in units of 1024 bytes."""
    try:
        with Path("/proc/self/status").open("rb") as status:
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def read_rss_status_mib() -> tuple[int, int, int] | None:
    """Returns resident, anonymous and file plus shared memory in whole MiB, or None where /proc is missing."""
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return None
    resident, shared = (int(field) * mmap.PAGESIZE >> 20 for field in fields[1:3])
    return resident, resident - shared, shared


class PeakMemoryMonitor:
    """Reads the resident set size now and then, in a thread of its own."""

    def __init__(self, *, interval_ms: int) -> None:
        self._interval_s = interval_ms / 1000
        self._stopped = threading.Event()
        self._peak_kib = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def stop(self) -> float:
        """Ends and returns the peak in MiB."""
        self._stopped.set()
        self._thread.join()
        return max(self._peak_kib, read_peak_rss_kib()) / 1024

    def _watch(self) -> None:
        while True:
            self._peak_kib = max(self._peak_kib, read_peak_rss_kib())
            if self._stopped.wait(self._interval_s):
                return
