"""`taskset` on an emulated phone: what its processes are really bound to, and what they read about that.

A phone has cores that its host has not. A phone's core is bound to one of the host's, counted round, from another one
for each phone; and `/proc/PID/status` shows the phone's own cores, by a file that is mounted over it: as it was when
the mask was set, but for the process' life only. In the rewriting view the shell that reads it is led to that file.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mbench.emulator.processes import namespaces


class Pinning:
    """The masks of one phone's processes.

    Args:
        status: the folder of the files that are shown.
        mounted: whether they can be mounted over those of /proc.
        first: host core, among those allowed here, that the phone's core 0 is.
    """

    def __init__(self, status: str, *, mounted: bool, first: int) -> None:
        self._status, self._mounted = status, mounted
        host = sorted(os.sched_getaffinity(0))
        self._host = host[first % len(host) :] + host[: first % len(host)]

    def pin(self, pid: int, mask: int) -> str:
        """Bind a process to the cores of a mask and return shell text that tells what its children are to know.

        Raises:
            ProcessLookupError: it is gone.
        """
        cores = [core for core in range(mask.bit_length()) if mask >> core & 1]
        os.sched_setaffinity(pid, {self._host[core % len(self._host)] for core in cores})
        shown = format_cores(cores)
        path = f"{self._status}/{pid}"
        Path(path).write_text(_shown(Path(f"/proc/{pid}/status").read_text(), shown, mask))
        if self._mounted:
            with suppress(OSError):  # it has gone meanwhile
                namespaces.bind(path, f"/proc/{pid}/status")
        return f"MBENCH_MASK={mask:x} MBENCH_CPUS={shown} MBENCH_CPU_COUNT={len(cores)} MBENCH_STATUS='{path}'"


def format_cores(cores: Iterable[int]) -> str:
    """Return cores as the kernel lists them: 4, 5, 7 are `4-5,7`."""
    runs: list[list[int]] = []
    for core in cores:
        if runs and core == runs[-1][1] + 1:
            runs[-1][1] = core
        else:
            runs.append([core, core])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _shown(status: str, cores: str, mask: int) -> str:
    lines = [
        f"Cpus_allowed:\t{mask:x}"
        if line.startswith("Cpus_allowed:")
        else (f"Cpus_allowed_list:\t{cores}" if line.startswith("Cpus_allowed_list:") else line)
        for line in status.splitlines()
    ]
    return "\n".join([*lines, ""])
