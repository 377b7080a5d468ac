"""What is read of a phone to judge its health: one command, and nothing is changed on it.

Beside the conditions of a measurement: battery's health, room, battery saver, whether somebody has unlocked it since
its start, its clock against this host's, its start and build.
"""

import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from mbench.core.numbers.bounds import Amount, Count, Moment, Reading
from mbench.core.numbers.numerals import real, whole
from mbench.core.ports import Transport, utc_now
from mbench.core.results import Conditions
from mbench.core.workloads import Document
from mbench.devices.android import conditions as android_conditions
from mbench.devices.android.conditions import NOTHING_DECLARED, parse_reading, to_conditions
from mbench.devices.android.dumps import BatteryHealth, UserState, parse_battery, parse_screen, parse_user_state
from mbench.devices.android.script import ask

Connection = Literal["usb", "network", "loopback"]
"""How adb reaches a phone; `loopback` is an address of the adb server's own machine, such as an emulated phone's."""

_SERVICE_S: Final = 10
"""For one of Android's services, which answer within a second on a slow phone; one that hangs is then unknown."""

_READ_S: Final = 90.0
"""For all of it, also where every service hangs."""

_SERVICES: Final = frozenset({"battery", "thermal", "power", "doze", "saver", "user"})
_BASE: Final = "/data/local/tmp"

_CLOCK: Final = "date +%s.%N"
_TIME: Final = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?(?!\d)")
"""`1795348800.123456789`; where date knows no %N, whole seconds and something else behind them."""

_FIRST_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BOOT_ID: Final = re.compile(r"[0-9a-fA-F-]{1,64}")
_SAVER: Final[Mapping[str, bool]] = {"1": True, "0": False, "null": False}
"""What `settings get global low_power` says; never set is off (android.provider.Settings.Global.LOW_POWER_MODE)."""

_LONGEST_WORD: Final = 200
_LARGEST_KIB: Final = 1 << 40
"""A pebibyte; who claims more shows no size."""


class PhoneReadings(Document):
    """What was read of one phone at one moment; None is unknown, never fine.

    Attributes:
        taken_at: when it was asked, by this host's clock.
        answers: whether it answered; else nothing below is known, and `refusal` says why.
        connection: how adb reaches it.
        conditions: as they are read for a measurement; others' load is not.
        battery_health: Android's word.
        battery_faked: whether somebody has put faked values in, so that the true ones are unknown.
        storage_free_bytes: of the file system that holds /data/local/tmp.
        battery_saver: whether it is on.
        wakefulness: `Awake`, `Asleep`, `Dreaming`, `Dozing`.
        user_state: of its first user: `RUNNING_LOCKED` until somebody has unlocked it once after its start.
        booted: whether Android has come up entirely.
        clock_offset_s: seconds that its clock is ahead of this host's.
        clock_uncertainty_s: how far that may be wrong either way, by the time that asking took.
        uptime_s: seconds since its start.
        boot_id: random text that changes with every start.
        build: fingerprint of its system.
        left: what sessions of mbench that died have left on it; None also while one uses it.
        used_by: who uses it now, in words; None: nobody, or nobody looked.
    """

    serial: str
    taken_at: Moment
    emulated: bool = False
    answers: bool = True
    refusal: str | None = None
    connection: Connection | None = None
    conditions: Conditions | None = None
    battery_health: BatteryHealth | None = None
    battery_faked: bool | None = None
    storage_free_bytes: Count | None = None
    storage_bytes: Count | None = None
    battery_saver: bool | None = None
    wakefulness: str | None = None
    user_state: UserState | None = None
    booted: bool | None = None
    clock_offset_s: Reading | None = None
    clock_uncertainty_s: Amount | None = None
    uptime_s: Amount | None = None
    boot_id: str | None = None
    build: str | None = None
    left: tuple[str, ...] | None = None
    used_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A phone's answers by the questions' names, and when it was asked by this host's clock."""

    texts: Mapping[str, str]
    asked_at: datetime
    took_s: float


class ClockOffset(NamedTuple):
    """Seconds that a clock is ahead of this host's, and how far that may be wrong either way."""

    offset_s: float
    uncertainty_s: float


def questions() -> dict[str, str]:
    """Return the shell commands whose answers `to_readings` takes, in the order in which they are to be asked.

    The phone's clock comes first and last: what passes between is the phone's work and not the way to it.
    """
    asked = {
        **android_conditions.questions(window=False),
        "storage": f"df -k {_BASE}",
        "saver": "settings get global low_power",
        "user": "am get-started-user-state 0 2>&1 | grep RUNNING || dumpsys user | grep -m1 State:",
        "booted": "getprop sys.boot_completed",
        "build": "getprop ro.build.fingerprint",
        "uptime": "cat /proc/uptime",
        "boot_id": "cat /proc/sys/kernel/random/boot_id",
    }
    return {
        "clock": _CLOCK,
        **{name: _bounded(question) if name in _SERVICES else question for name, question in asked.items()},
        "clock_after": _CLOCK,
    }


def ask_phone(
    transport: Transport,
    *,
    also: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answers:
    """Ask a phone everything in one command.

    Args:
        transport: the way to it.
        also: further questions by name, asked along.
        now: wall-clock time of this host.
        monotonic: seconds on a steady clock.

    Raises:
        TransportError: it does not answer, or not whole.
    """
    *first, last = questions().items()
    asked = dict([*first, *(also or {}).items(), last])
    asked_at, begun = now(), monotonic()
    texts = ask(transport, asked, what="its health", deadline_s=_READ_S)
    return Answers(texts=texts, asked_at=asked_at, took_s=monotonic() - begun)


def to_readings(
    answers: Answers,
    *,
    serial: str,
    emulated: bool = False,
    connection: Connection | None = None,
    declared_khz: Mapping[int, int] = NOTHING_DECLARED,
    left: tuple[str, ...] | None = None,
    used_by: str | None = None,
) -> PhoneReadings:
    """Return what the answers say, as a document.

    Args:
        answers: of `ask_phone`.
        serial: the phone.
        emulated: whether it is one of mbench's.
        connection: how it is reached.
        declared_khz: highest clock by core, of cores whose kernel does not name it.
        left: what dead sessions have left on it.
        used_by: who uses it.
    """
    texts = answers.texts
    battery = parse_battery(texts["battery"])
    free, size = parse_storage(texts["storage"])
    clock = clock_offset(texts["clock"], texts["clock_after"], asked_at=answers.asked_at, took_s=answers.took_s)
    seen = to_conditions(
        parse_reading(texts), stopped=frozenset(), taken_at=answers.asked_at, declared_khz=declared_khz
    )
    wakefulness = parse_screen(texts["power"]).wakefulness
    build = texts["build"].strip()[:_LONGEST_WORD]
    return PhoneReadings(
        serial=serial,
        taken_at=answers.asked_at,
        emulated=emulated,
        connection=connection,
        conditions=seen.model_copy(update={"busy_share": None}),
        battery_health=battery.health,
        battery_faked=battery.faked,
        storage_free_bytes=free,
        storage_bytes=size,
        battery_saver=_SAVER.get(texts["saver"].strip()),
        wakefulness=None if wakefulness is None else wakefulness[:_LONGEST_WORD],
        user_state=parse_user_state(texts["user"]),
        booted=True if texts["booted"].strip() == "1" else (False if build else None),
        clock_offset_s=None if clock is None else round(clock.offset_s, 3),
        clock_uncertainty_s=None if clock is None else round(clock.uncertainty_s, 3),
        uptime_s=_uptime_s(texts["uptime"]),
        boot_id=_boot_id(texts["boot_id"]),
        build=build or None,
        left=None if used_by is not None else left,
        used_by=used_by,
    )


def silent_readings(
    serial: str,
    *,
    taken_at: datetime,
    refusal: str,
    emulated: bool = False,
    connection: Connection | None = None,
) -> PhoneReadings:
    """Return the readings of a phone that could not be asked.

    Args:
        serial: the phone, or how adb calls it.
        taken_at: when that was found.
        refusal: why, and what to do about it.
        emulated: whether it is one of mbench's.
        connection: how it is reached.
    """
    return PhoneReadings(
        serial=serial,
        taken_at=taken_at,
        emulated=emulated,
        answers=False,
        refusal=refusal,
        connection=connection,
    )


def parse_storage(text: str) -> tuple[int | None, int | None]:
    """Return free bytes and size of what `df -k PATH` shows; None where it shows none.

    `/dev/block/dm-9  110000000 40000000  69000000  37% /data` (toybox df.c: Available is the fourth column of six).
    """
    fields = text.strip().splitlines()[-1].split() if text.strip() else []
    if len(fields) < 6:
        return None, None
    size, free = _bytes(fields[-5]), _bytes(fields[-3])
    return free, size


def clock_offset(first: str, last: str, *, asked_at: datetime, took_s: float) -> ClockOffset | None:
    """Return a phone's clock against this host's, by its times at the beginning and the end of an exchange.

    As NTP does (RFC 5905, section 8): the middle of both differences, wrong by at most half of the time that was spent
    on the way. A clock that tells whole seconds alone adds half a second.

    Args:
        first: what `date +%s.%N` said first.
        last: what it said last.
        asked_at: when this host asked.
        took_s: seconds until it had the answer.
    """
    begun, ended = _time(first), _time(last)
    if begun is None or ended is None:
        return None
    (begun_s, doubt_s), (ended_s, _) = begun, ended
    asked_s = (asked_at - _FIRST_DAY) / timedelta(seconds=1)
    offset_s = ((begun_s - asked_s) + (ended_s - (asked_s + took_s))) / 2
    return ClockOffset(offset_s, max(0.0, took_s - (ended_s - begun_s)) / 2 + doubt_s)


def _bytes(kib: str) -> int | None:
    found = whole(kib)
    return None if found is None or found > _LARGEST_KIB else found * 1024


def _time(text: str) -> tuple[float, float] | None:
    """Return seconds since 1970, and how far they may be wrong either way."""
    found = _TIME.match(text.strip())
    if found is None:
        return None
    return (int(found[1]) + 0.5, 0.5) if found[2] is None else (float(found[0]), 0.0)


def _uptime_s(text: str) -> float | None:
    """Return the first number of /proc/uptime: `353245.93 2801003.50` (proc(5))."""
    fields = text.split()
    value = real(fields[0]) if fields else None
    return value if value is not None and value >= 0 else None


def _boot_id(text: str) -> str | None:
    return text.strip() if _BOOT_ID.fullmatch(text.strip()) else None


def _bounded(question: str) -> str:
    """Return a question that says nothing where it is not answered in time."""
    quoted = shlex.quote(question)
    return f"if command -v timeout >/dev/null; then timeout {_SERVICE_S} sh -c {quoted}; else sh -c {quoted}; fi"
