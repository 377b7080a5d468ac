"""What can be read off this machine: identity, cores and their order of preference, and its conditions."""

import os
import platform
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psutil

from mbench.core.errors import UsageError
from mbench.core.ports import utc_now
from mbench.core.processes.core_lists import parse_cores
from mbench.core.results import Conditions, DeviceFacts

_CPU = Path("/sys/devices/system/cpu")

LEAST_LOOK_S: Final = 0.05
"""Five ticks of a core's clock: a share of less says nothing."""


@cache
def machine_name() -> str:
    """Return the machine's network name: its serial."""
    return platform.node() or "host"


def read_facts() -> DeviceFacts:
    """Return this machine's facts; what it does not say is None."""
    return DeviceFacts(
        serial=machine_name(),
        profile="host",
        model=_product(),
        soc=_processor(),
        os=_system(),
        build=platform.release(),
        abi=platform.machine(),
        cores=psutil.cpu_count(),
        memory_kib=psutil.virtual_memory().total // 1024,
    )


def allowed_cpus() -> tuple[int, ...] | None:
    """Return the cores that a run may use, best first; None where the system cannot pin.

    Fastest cores first (cpufreq's maximum), one hardware thread of each core before its sibling, and core 0 late,
    because it serves most interrupts.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    siblings = {cpu: _first_sibling(cpu) for cpu in allowed}
    return tuple(
        sorted(allowed, key=lambda cpu: (siblings[cpu] != cpu, -(_number(cpu, "cpuinfo_max_freq") or 0), -cpu))
    )


def fastest_clock_khz() -> int | None:
    """Return the highest clock that cpufreq names for any core, None where there is no cpufreq."""
    found = [_number(cpu, "cpuinfo_max_freq") for cpu in range(psutil.cpu_count() or 0)]
    return max((one for one in found if one is not None), default=None)


def parse_cpus(text: str, *, allowed: Sequence[int] | None) -> tuple[int, ...]:
    """Return the cores of a list such as `4-7,2`, in the order given.

    Args:
        text: the list.
        allowed: cores that there are; None where nothing can be pinned.

    Raises:
        UsageError: not such a list, a core twice, or one that is not there.
    """
    cpus = parse_cores(text)
    if cpus is None:
        raise UsageError(f"--cpus {text!r} is no list of cores; one looks like 4-7 or 0,2.")
    if not cpus or len(set(cpus)) != len(cpus):
        raise UsageError(f"--cpus {text!r} names no core, or one twice.")
    if allowed is None:
        raise UsageError("--cpus: processes cannot be pinned to cores there; leave it out.")
    if missing := sorted(set(cpus) - set(allowed)):
        raise UsageError(f"--cpus {text!r}: core {missing[0]} is not there; there are {sorted(allowed)}.")
    return cpus


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuSeconds:
    """Seconds since boot.

    Attributes:
        total, busy: of each core, by its number; stolen ones are busy.
        ours: used by this process and its children.
    """

    total: Mapping[int, float]
    busy: Mapping[int, float]
    ours: float


class HostConditions:
    """Reads this machine's state; each reading's shares of load cover the time since the reading before.

    What mbench and its own children used is left out: the rest is somebody else's. Of a few cores, where part of that
    was used is not known: all of it is left out there too, so that their share is too low rather than too high.
    """

    def __init__(self) -> None:
        self._before = read_cpu_seconds()

    def read(self, *, cpus: Collection[int] | None = None) -> Conditions:
        """Return the state now; what the machine does not say is None.

        Args:
            cpus: cores that a run was pinned to since the reading before; None: none were.
        """
        before, now = self._before, read_cpu_seconds()
        self._before = now
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
        return Conditions(
            taken_at=utc_now(),
            load_1m=os.getloadavg()[0],
            busy_share=others_share(before, now, None),
            pinned_busy_share=others_share(before, now, cpus) if cpus else None,
            governors=_governors(),
            frequency_khz=_frequencies("scaling_cur_freq"),
            frequency_max_khz=_frequencies("scaling_max_freq"),
            frequency_hardware_khz=_frequencies("cpuinfo_max_freq"),
            temperature_c=_temperature(),
            power=None if battery is None else ("mains" if battery.power_plugged else "battery"),
            battery_percent=None if battery is None else battery.percent,
            memory_available_kib=psutil.virtual_memory().available // 1024,
        )


def others_share(before: CpuSeconds, now: CpuSeconds, cpus: Collection[int] | None) -> float | None:
    """Return the share of the given cores (None: of all) that others kept busy; None where too little time passed."""
    cores = [core for core in now.total if core in before.total and (cpus is None or core in cpus)]
    total = sum(now.total[core] - before.total[core] for core in cores)
    busy = sum(now.busy[core] - before.busy[core] for core in cores)
    if total <= LEAST_LOOK_S:
        return None
    return round(min(1.0, max(0.0, (busy - (now.ours - before.ours)) / total)), 3)


def read_cpu_seconds() -> CpuSeconds:
    """Return what the cores have done until now."""
    listed = psutil.cpu_times(percpu=True)
    cores = dict(zip(_online(len(listed)), listed, strict=True))
    total = {core: sum(times[:8]) for core, times in cores.items()}
    own = os.times()
    return CpuSeconds(
        total=total,
        busy={core: total[core] - times.idle - getattr(times, "iowait", 0.0) for core, times in cores.items()},
        ours=own.user + own.system + own.children_user + own.children_system,
    )


def _online(count: int) -> tuple[int, ...]:
    """Return the numbers of the cores that are switched on; the first ones where the system does not list so many."""
    with suppress(OSError):
        online = parse_cores((_CPU / "online").read_text(encoding="ascii").strip())
        if online is not None and len(online) == count:
            return online
    return tuple(range(count))


def _product() -> str | None:
    """Return what the maker calls this machine, as its firmware or device tree says."""
    for path in ("/sys/class/dmi/id/product_name", "/proc/device-tree/model"):
        with suppress(OSError):
            name = Path(path).read_text(encoding="utf-8", errors="replace").strip("\0 \n")
            if name:
                return name
    return None


def _processor() -> str | None:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in {"model name", "Model"} and value.strip():
                return " ".join(value.split())
    return platform.processor() or None


def _system() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{platform.system()} {platform.release()}"


def _first_sibling(cpu: int) -> int:
    with suppress(OSError, ValueError):
        text = (_CPU / f"cpu{cpu}/topology/thread_siblings_list").read_text(encoding="ascii")
        return int(text.replace("-", ",").split(",")[0])
    return cpu


def _number(cpu: int, name: str) -> int | None:
    with suppress(OSError, ValueError):
        return int((_CPU / f"cpu{cpu}/cpufreq/{name}").read_text(encoding="ascii"))
    return None


def _governors() -> tuple[str, ...] | None:
    paths = sorted(_CPU.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    with suppress(OSError):
        return tuple(sorted({path.read_text(encoding="ascii").strip() for path in paths})) or None
    return None


def _frequencies(name: str) -> tuple[int | None, ...] | None:
    """Return one of cpufreq's numbers of each core, in core order; None where no core has it."""
    found = [_number(cpu, name) for cpu in range(psutil.cpu_count() or 0)]
    return tuple(found) if any(one is not None for one in found) else None


def _temperature() -> float | None:
    if not hasattr(psutil, "sensors_temperatures"):
        return None
    zones = [zone.current for group in psutil.sensors_temperatures().values() for zone in group]
    return max(zones, default=None)
