"""What the kernel of a phone says in /proc and /sys, as texts that one `grep -sH ""` prints.

Lines look like `/sys/devices/system/cpu/cpufreq/policy4/cpuinfo_max_freq:2419200`. Forms: Linux
Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/driver-api/thermal/sysfs-api.rst and proc(5).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mbench.core.numbers.numerals import WHOLE, integer, real, whole
from mbench.core.processes.core_lists import core_number, parse_cores

_CPU_FOLDER: Final = "/sys/devices/system/cpu"
_FILES: Final = ("related_cpus", "cpuinfo_max_freq", "scaling_cur_freq", "scaling_max_freq", "scaling_governor")
_POLICY_LINE = re.compile(r"/(?:policy(\d+)|cpu(\d+)/cpufreq)/(\w+):(.*)$")
_ZONE_LINE = re.compile(r"/(thermal_zone\d+)/(type|temp):(.*)$")
_NO_TEMPERATURE = re.compile(r"bcl|ibat|vbat|vdroop|vph|-lvl|voltage|current|percent|step|^soc$|batoilo", re.IGNORECASE)
_COLDEST_C, _HOTTEST_C = -30.0, 150.0
_LOWEST_RAW: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One cpufreq policy: cores that share a clock. What was not readable is None.

    Attributes:
        cores: all of them, those that are switched off included.
        max_khz: what the hardware can.
        allowed_khz: what it is allowed now.
    """

    cores: tuple[int, ...]
    max_khz: int | None
    current_khz: int | None
    allowed_khz: int | None
    governor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTime:
    """Jiffies of all cores since boot: in all, and busy."""

    total: int
    busy: int


def cpufreq_question() -> str:
    """Return the shell command whose answer `parse_policies` takes.

    Kernels before 4.3 have no policy folders; there the cores' own folders are asked.
    """
    folders = (f"{_CPU_FOLDER}/cpufreq/policy[0-9]*", f"{_CPU_FOLDER}/cpu[0-9]*/cpufreq")
    asked = (" ".join(f"{folder}/{name}" for name in _FILES) for folder in folders)
    return " || ".join(f'grep -sH "" {files}' for files in asked)


def parse_policies(text: str) -> tuple[Policy, ...]:
    """Return the policies in the order of their first cores."""
    found: dict[int, dict[str, str]] = {}
    for line in text.splitlines():
        if match := _POLICY_LINE.search(line):
            number = core_number(match[1] or match[2])
            if number is None:
                continue
            # Some kernels answer of a core that is switched off with an error's text.
            found.setdefault(number, {})[match[3]] = match[4].strip()
    policies = {policy.cores: policy for policy in (_policy(number, files) for number, files in found.items())}
    return tuple(sorted(policies.values(), key=lambda policy: policy.cores))


def per_core(policies: tuple[Policy, ...], attribute: str) -> tuple[int | None, ...] | None:
    """Return one number of every core from 0 to the last that is known, in core order; None where none is.

    Kernels take away the files of cores that they switch off: of these the number is None, and the others count.
    """
    values = {core: getattr(policy, attribute) for policy in policies for core in policy.cores}
    known = [core for core, value in values.items() if value is not None]
    return tuple(values.get(core) for core in range(max(known) + 1)) if known else None


def zones_question() -> str:
    """Return the shell command whose answer `parse_zones` takes."""
    folder = "/sys/class/thermal/thermal_zone[0-9]*"
    return f'grep -sH "" {folder}/type {folder}/temp'


def parse_zones(text: str) -> dict[str, float] | None:
    """Return degrees Celsius of the thermal zones by their type; None where the phone shows none.

    Zones that are no temperature (currents and levels of the battery, by their names), that are not fitted (0) and that
    give no plausible one are left out. A kernel's zone is in thousandths of a degree; a smaller number than 1000 is an
    old driver's own unit, and so unknown. Of several zones of one type the hottest counts.
    """
    raw: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if match := _ZONE_LINE.search(line):
            raw.setdefault(match[1], {})[match[2]] = match[3].strip()
    zones: dict[str, float] = {}
    for zone in raw.values():
        name, value = zone.get("type", ""), integer(zone.get("temp", ""))
        if not name or value is None or abs(value) < _LOWEST_RAW or _NO_TEMPERATURE.search(name):
            continue
        celsius = plausible_celsius(value / 1000)
        if celsius is not None:
            zones[name] = max(celsius, zones.get(name, celsius))
    return zones or None


def plausible_celsius(value: float | None) -> float | None:
    """Return a temperature that a phone can have; None for what sensors say that have none, such as -3.4e38."""
    return value if value is not None and _COLDEST_C < value < _HOTTEST_C else None


def parse_cpu_time(text: str) -> CpuTime | None:
    """Return the first line of /proc/stat: `cpu  user nice system idle iowait irq softirq steal guest guest_nice`."""
    fields = next((line.split()[1:] for line in text.splitlines() if line.startswith("cpu ")), [])
    read = [whole(field) for field in fields[:8]]
    numbers = [number for number in read if number is not None]
    if len(numbers) < 5:
        return None
    return CpuTime(total=sum(numbers), busy=sum(numbers) - numbers[3] - numbers[4])


def busy_share(
    before: CpuTime | None, after: CpuTime | None, *, own_ticks: float = 0.0, fewest_jiffies: int = 5
) -> float | None:
    """Return the share of all cores that was busy between two readings, less what we did ourselves.

    None where too little time passed.
    """
    if before is None or after is None or after.total - before.total < fewest_jiffies:
        return None
    return round(min(1.0, max(0.0, (after.busy - before.busy - own_ticks) / (after.total - before.total))), 3)


def parse_load(text: str) -> float | None:
    """Return the load of the last minute from /proc/loadavg: `0.52 0.58 0.59 2/1411 22158`."""
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return real(first) if re.fullmatch(r"\d+\.\d+", first) else None


def parse_memory(text: str) -> Mapping[str, int]:
    """Return KiB by name from /proc/meminfo: `MemTotal:        5713888 kB`."""
    return {name: int(kib) for name, kib in re.findall(rf"^(\w+):\s+({WHOLE}) kB$", text, re.MULTILINE)}


def parse_core_list(text: str) -> tuple[int, ...] | None:
    """Return the cores of `0-3,6`; None where it is no such list."""
    return parse_cores(text.strip())


def _policy(number: int, files: Mapping[str, str]) -> Policy:
    related = [core_number(core) for core in files.get("related_cpus", "").split()]
    cores = [core for core in related if core is not None]
    return Policy(
        cores=tuple(sorted(cores)) if cores and len(cores) == len(related) else (number,),
        max_khz=_positive(files.get("cpuinfo_max_freq", "")),
        current_khz=_positive(files.get("scaling_cur_freq", "")),
        allowed_khz=_positive(files.get("scaling_max_freq", "")),
        governor=files.get("scaling_governor") or None,
    )


def _positive(text: str) -> int | None:
    value = integer(text)
    return value if value is not None and value > 0 else None
