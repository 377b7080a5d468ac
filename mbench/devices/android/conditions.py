"""A phone's conditions, read in one command.

Others' load is what all cores did since the reading before, less what our own run did, where that is known: the few
hundredths of a second that hashing and fetching take count as others'. Where nobody knows what we did, the reading
takes a tenth of a second longer than the phone needs to answer: a window in which nothing of ours runs.
"""

import logging
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mbench.core.errors import CommandTimeout
from mbench.core.ports import Transport, utc_now
from mbench.core.results import Conditions
from mbench.devices.android.dumps import BatteryState, ThermalState, parse_battery, parse_doze, parse_screen
from mbench.devices.android.dumps import parse_thermal as parse_thermal_service
from mbench.devices.android.kernel import (
    CpuTime,
    Policy,
    busy_share,
    cpufreq_question,
    parse_cpu_time,
    parse_load,
    parse_memory,
    parse_policies,
    parse_zones,
    per_core,
    zones_question,
)
from mbench.devices.android.script import ask
from mbench.devices.android.staleness import StoppedSensors

_LOG = logging.getLogger(__name__)

_WINDOW_S: Final = 0.1
"""Ten ticks of /proc/stat on each core: on eight cores a resolution of 1.25 %."""

_LEAST_INTERVAL_S: Final = 1.0
"""Between two readings, for our own hashing and fetching to be small beside it."""

_TICKS_PER_S: Final = 100
"""Of /proc/stat (USER_HZ, proc(5))."""

NOTHING_DECLARED: Final[Mapping[int, int]] = {}

_READ_S: Final = 20.0
_SERVICE_S: Final = 5.0
"""For one service alone, which answers within a second on a slow phone."""
_SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "battery": ("battery", "charge and cable are"),
    "thermal": ("thermalservice", "thermal status and its sensors are"),
    "power": ("power", "the screen is"),
    "doze": ("deviceidle", "deep idle is"),
}
"""Questions that Android's services answer, which may hang: what `dumpsys` calls them, and what they report."""
_ALONG: Final = "along"
_SAID_NONE: Final = "1"
_TOOL: Final = "benchmark_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one reading's texts say, before it is judged by the ones before.

    Attributes:
        before, after: at the beginning and at the end of the window in which nothing of ours ran; without one, at the
            beginning and at the end of the reading.
        zones: of the kernel; None where it shows none.
    """

    before: CpuTime | None
    after: CpuTime | None
    load_1m: float | None
    memory_available_kib: int | None
    policies: tuple[Policy, ...]
    zones: Mapping[str, float] | None
    thermal: ThermalState
    battery: BatteryState
    screen_on: bool | None
    stay_on: bool | None
    doze: bool | None
    other_benchmarks: int | None

    @property
    def temperatures(self) -> dict[str, float]:
        """Every sensor; where kernel and service both know one, the kernel's exact value."""
        return {**(self.thermal.celsius or {}), **(self.zones or {})}


class AndroidConditions:
    """Reads a phone's state again and again; knows a sensor that has stopped from the readings before.

    Args:
        transport: the way to the phone.
        monotonic: seconds on a steady clock.
        declared_khz: highest clock by core, of cores whose kernel does not name it.
        along: a file that is read along with each reading; None: none is.

    Attributes:
        read_along: what it held at the last reading; empty where there is none.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        declared_khz: Mapping[int, int] = NOTHING_DECLARED,
        along: str | None = None,
    ) -> None:
        self.read_along = ""
        self._along = {} if along is None else {_ALONG: f"cat {shlex.quote(along)}"}
        self._transport, self._monotonic, self._declared_khz = transport, monotonic, declared_khz
        self._sensors = StoppedSensors()
        self._hung: set[str] = set()
        self._last: tuple[float, CpuTime | None] | None = None

    def read(self, *, own_cpu_s: float | None = None, wait: bool = True) -> Conditions:
        """Return the state now; what the phone does not say is None.

        Args:
            own_cpu_s: CPU seconds that we have used on the phone since the reading before; None: not known.
            wait: whether to wait a moment for others' load where the time since the reading before does not tell it;
                else it is then unknown.

        Raises:
            TransportError: it cannot be asked.
        """
        ready = (
            own_cpu_s is not None
            and self._last is not None
            and self._last[1] is not None
            and self._monotonic() - self._last[0] >= _LEAST_INTERVAL_S
        )
        asked = questions(window=wait and not ready)
        answers = self._answers(asked | self._along)
        self.read_along = answers.get(_ALONG, "")
        reading, last = parse_reading(answers), self._last
        conditions = self._judged(reading, taken_at=utc_now())
        if "window" in asked:
            return conditions
        others = (
            busy_share(last[1], reading.before, own_ticks=_TICKS_PER_S * (own_cpu_s or 0.0)) if ready and last else None
        )
        return conditions.model_copy(update={"busy_share": others})

    def _answers(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Ask everything at once; where that hangs, find the services that do and go on without them.

        Such a service is not asked again: what it would report is unknown for as long as these conditions are read.
        """
        try:
            return self._ask(asked, deadline_s=_READ_S)
        except CommandTimeout:
            hanging = [name for name in _SERVICES if name not in self._hung and self._hangs(name, asked[name])]
            if not hanging:
                raise
        for name in hanging:
            service, unknown = _SERVICES[name]
            _LOG.warning(
                "%s: dumpsys %s did not answer within %g s: going on without it; %s not known.",
                *(self._transport.serial, service, _SERVICE_S, unknown),
            )
        self._hung.update(hanging)
        return self._ask(asked, deadline_s=_READ_S)

    def _ask(self, asked: Mapping[str, str], *, deadline_s: float) -> dict[str, str]:
        without = {name: ":" if name in self._hung else question for name, question in asked.items()}
        return ask(self._transport, without, what="its conditions", deadline_s=deadline_s)

    def _hangs(self, name: str, question: str) -> bool:
        try:
            self._ask({name: question}, deadline_s=_SERVICE_S)
        except CommandTimeout:
            return True
        return False

    def _judged(self, reading: Reading, *, taken_at: datetime) -> Conditions:
        now = self._monotonic()
        elapsed_s = None if self._last is None else now - self._last[0]
        busy = None if self._last is None else busy_share(self._last[1], reading.before)
        self._last = (now, reading.after)
        # An emulated phone's sensors are invented: they stand still until somebody arms heat.
        watched = {} if self._transport.emulated else reading.temperatures
        stopped = self._sensors.watch(watched, elapsed_s=elapsed_s, busy=busy)
        return to_conditions(reading, stopped=stopped, taken_at=taken_at, declared_khz=self._declared_khz)


def questions(*, window: bool = True) -> dict[str, str]:
    """Return the shell commands whose answers `parse_reading` takes. Load comes first: the rest causes some."""
    stat = _first_line("/proc/stat")
    quiet = {"window": f"sleep {_WINDOW_S}", "stat_after": stat} if window else {}
    asked = {
        "load": _first_line("/proc/loadavg"),
        "stat": stat,
        **quiet,
        "others": f"pidof {_TOOL}; echo status=$?",
        "cpufreq": cpufreq_question(),
        "zones": zones_question(),
        "memory": "cat /proc/meminfo",
        "battery": "dumpsys battery",
        "thermal": "dumpsys thermalservice",
        # The whole of it is thousands of lines.
        "power": "dumpsys power | grep -E 'mWakefulness=|mStayOn=|Display Power: state='",
        "doze": "dumpsys deviceidle get deep",
    }
    return asked if window else {**asked, "stat_after": stat}


def _first_line(path: str) -> str:
    """Return a question that the shell answers itself: each program it starts costs a phone milliseconds."""
    return f'read -r line <{path} && echo "$line"'


def parse_reading(answers: Mapping[str, str]) -> Reading:
    """Return what the answers say."""
    screen = parse_screen(answers["power"])
    return Reading(
        before=parse_cpu_time(answers["stat"]),
        after=parse_cpu_time(answers["stat_after"]),
        load_1m=parse_load(answers["load"]),
        memory_available_kib=parse_memory(answers["memory"]).get("MemAvailable"),
        policies=parse_policies(answers["cpufreq"]),
        zones=parse_zones(answers["zones"]),
        thermal=parse_thermal_service(answers["thermal"]),
        battery=parse_battery(answers["battery"]),
        screen_on=screen.on,
        stay_on=screen.stays_on,
        doze=parse_doze(answers["doze"]),
        other_benchmarks=parse_others(answers["others"]),
    )


def parse_others(text: str) -> int | None:
    """Return how many processes `pidof` found: `4711 4712`, `status=0`; None where there is no pidof."""
    found, _, status = text.rpartition("status=")
    if found.strip():
        return len(found.split())
    return 0 if status.strip() == _SAID_NONE else None


def to_conditions(
    reading: Reading,
    *,
    stopped: frozenset[str],
    taken_at: datetime,
    declared_khz: Mapping[int, int] = NOTHING_DECLARED,
) -> Conditions:
    """Return the reading as a document, without the sensors that have stopped.

    Where all of a phone's sensors have stopped, its thermal status is unknown too: it comes from them.
    """
    temperatures = reading.temperatures
    zones = {name: value for name, value in temperatures.items() if name not in stopped}
    thermal = reading.thermal
    if temperatures and not zones:
        thermal = replace(thermal, status=None)
    battery = reading.battery
    governors = {policy.governor for policy in reading.policies if policy.governor}
    return Conditions(
        taken_at=taken_at,
        load_1m=reading.load_1m,
        busy_share=busy_share(reading.before, reading.after),
        governors=tuple(sorted(governors)) or None,
        frequency_khz=per_core(reading.policies, "current_khz"),
        frequency_max_khz=per_core(reading.policies, "allowed_khz"),
        frequency_hardware_khz=_hardware_khz(reading.policies, declared_khz),
        temperature_c=max(zones.values(), default=None),
        zone_temperatures_c=zones or None,
        skin_temperature_c=max((zones[name] for name in thermal.skin if name in zones), default=None),
        thermal_status=thermal.status,
        power=None if battery.powered_by is None else ("battery" if battery.powered_by == "none" else "mains"),
        powered_by=battery.powered_by,
        charging=battery.charging,
        battery_percent=battery.percent,
        battery_temperature_c=battery.temperature_c,
        memory_available_kib=reading.memory_available_kib,
        screen_on=reading.screen_on,
        stay_on=reading.stay_on,
        doze=reading.doze,
        other_benchmarks=reading.other_benchmarks,
    )


def _hardware_khz(policies: tuple[Policy, ...], declared_khz: Mapping[int, int]) -> tuple[int | None, ...] | None:
    """Return each core's highest clock by the kernel, else as declared."""
    read = per_core(policies, "max_khz") or ()
    count = max(len(read), *(core + 1 for core in declared_khz), 0)
    known = [read[core] if core < len(read) and read[core] else declared_khz.get(core) for core in range(count)]
    return tuple(known) or None
