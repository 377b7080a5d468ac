"""What Android's services say of the phone's state: the texts of `dumpsys`, pure.

Forms: AOSP frameworks/base services/core/java/com/android/server/BatteryService.java, power/PowerManagerService.java,
power/ThermalManagerService.java (Android 10 and later) and DeviceIdleController.java.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mbench.core.numbers.numerals import integer, real
from mbench.devices.android.kernel import plausible_celsius

PowerSource = Literal["ac", "usb", "wireless", "dock", "none"]
Charging = Literal["charging", "discharging", "not_charging", "full"]

_CHARGING: Final[dict[str, Charging]] = {"2": "charging", "3": "discharging", "4": "not_charging", "5": "full"}
"""android.os.BatteryManager.BATTERY_STATUS_*; 1 is unknown."""

BatteryHealth = Literal["good", "overheat", "dead", "over_voltage", "unspecified_failure", "cold"]

_HEALTH: Final[dict[str, BatteryHealth]] = {
    "2": "good",
    "3": "overheat",
    "4": "dead",
    "5": "over_voltage",
    "6": "unspecified_failure",
    "7": "cold",
}
"""android.os.BatteryManager.BATTERY_HEALTH_*; 1 is unknown."""

UserState = Literal["BOOTING", "RUNNING_LOCKED", "RUNNING_UNLOCKING", "RUNNING_UNLOCKED", "STOPPING", "SHUTDOWN"]
"""Of Android's first user (com.android.server.am.UserState.stateToString)."""

_USER_STATES: Final = get_args(UserState)

_TEMPERATURE = re.compile(
    r"^\s*Temperature\{mValue=(-?\d+(?:\.\d+)?(?:E-?\d+)?), mType=(-?\d+|\w+), mName=([^,}]+), mStatus=-?\d+\}", re.M
)
_SKIN: Final = 3
_DEGREES: Final = frozenset({0, 1, 2, _SKIN, 4, 5, 9, 10, 11, 12, 13, 14, 15})
"""Kinds of android.os.Temperature that are temperatures: 6, 7, 8 are the battery's voltage, current and charge."""

_KINDS: Final = {
    "CPU": 0,
    "GPU": 1,
    "BATTERY": 2,
    "SKIN": _SKIN,
    "USB_PORT": 4,
    "POWER_AMPLIFIER": 5,
    "BCL_VOLTAGE": 6,
    "BCL_CURRENT": 7,
    "BCL_PERCENTAGE": 8,
    "NPU": 9,
    "TPU": 10,
    "DISPLAY": 11,
    "MODEM": 12,
    "SOC": 13,
    "WIFI": 14,
    "CAMERA": 15,
}
"""Names of the kinds (android.os.Temperature.TYPE_SKIN); one maker shifts the numbers by one, and not the names."""

_USER_STATE = re.compile(rf"\b(?:{'|'.join(_USER_STATES)})\b")

_LOWEST_PERCENT, _HIGHEST_PERCENT = 0.0, 100.0

_DEEP_IDLE: Final = frozenset({"IDLE", "IDLE_MAINTENANCE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState:
    """What `dumpsys battery` says; None throughout while somebody has put faked values in.

    Attributes:
        faked: whether somebody has (`dumpsys battery set`); None where the service says nothing at all.
    """

    percent: float | None = None
    temperature_c: float | None = None
    powered_by: PowerSource | None = None
    charging: Charging | None = None
    health: BatteryHealth | None = None
    faked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalState:
    """What `dumpsys thermalservice` says.

    Attributes:
        status: 0 (none) to 6 (shutdown); None where the phone has no such service, its hardware layer does not answer,
            or somebody has overridden it.
        celsius: by sensor's name.
        skin: names of the sensors that Android calls skin.
    """

    status: int | None = None
    celsius: dict[str, float] | None = None
    skin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenState:
    """What `dumpsys power` says of the screen.

    Attributes:
        wakefulness: Android's word: `Awake`, `Asleep`, `Dreaming`, `Dozing`.
    """

    on: bool | None = None
    stays_on: bool | None = None
    wakefulness: str | None = None


def parse_battery(text: str) -> BatteryState:
    """Return the battery's state; `UPDATES STOPPED` (values set by `dumpsys battery set`) makes all of it unknown."""
    fields = dict(re.findall(r"^\s+([A-Za-z][\w ]*?): (\S+)\s*$", text, re.MULTILINE))
    if not fields:
        return BatteryState()
    if "UPDATES STOPPED" in text:
        return BatteryState(faked=True)
    level, scale, temperature = (_number(fields.get(name)) for name in ("level", "scale", "temperature"))
    percent = None if level is None or not scale else round(100 * level / scale, 1)
    return BatteryState(
        percent=percent if percent is not None and _LOWEST_PERCENT <= percent <= _HIGHEST_PERCENT else None,
        temperature_c=plausible_celsius(temperature / 10) if temperature else None,
        powered_by=_power_source(fields),
        charging=_CHARGING.get(fields.get("status", "")),
        health=_HEALTH.get(fields.get("health", "")),
        faked=False,
    )


def parse_thermal(text: str) -> ThermalState:
    """Return the thermal service's state, by what its hardware layer says now and not by what is cached.

    A sensor that reads exactly 0 is not fitted, and one without a reading says the lowest float that there is. Of
    several sensors with one name the hottest counts.
    """
    status = re.search(r"^Thermal Status: (\d)\s*$", text, re.MULTILINE)
    if status is None or "HAL Ready: false" in text:
        return ThermalState()
    overridden = re.search(r"^IsStatusOverride: true", text, re.MULTILINE) is not None
    _, found, current = text.partition("Current temperatures from HAL:")
    readings = _TEMPERATURE.findall(re.split(r"^\S", current, maxsplit=1, flags=re.MULTILINE)[0]) if found else []
    read = [(name, _kind(kind, name), plausible_celsius(real(value))) for value, kind, name in readings]
    usable = [(name, kind, value) for name, kind, value in read if kind in _DEGREES and value]
    celsius: dict[str, float] = {}
    for name, _, value in usable:
        celsius[name] = max(value, celsius.get(name, value))
    return ThermalState(
        status=None if overridden or int(status[1]) > 6 else int(status[1]),
        celsius=celsius or None,
        skin=tuple(dict.fromkeys(name for name, kind, _ in usable if kind == _SKIN)),
    )


def parse_screen(text: str) -> ScreenState:
    """Return the screen's state: `Display Power: state=ON` before `mWakefulness=Awake`, which is no proof of light."""
    display = re.search(r"Display Power: state=(\w+)", text)
    wakefulness = re.search(r"\bmWakefulness=(\w+)", text)
    stays = re.search(r"\bmStayOn=(true|false)\b", text)
    on = None
    if display is not None:
        on = display[1] == "ON"
    elif wakefulness is not None:
        on = wakefulness[1] == "Awake"
    return ScreenState(
        on=on,
        stays_on=None if stays is None else stays[1] == "true",
        wakefulness=None if wakefulness is None else wakefulness[1],
    )


def parse_doze(text: str) -> bool | None:
    """Return whether `dumpsys deviceidle get deep` names a state of deep idle; None where it names no state."""
    word = text.strip()
    return word in _DEEP_IDLE if re.fullmatch(r"[A-Z_]+", word) else None


def parse_user_state(text: str) -> UserState | None:
    """Return the state that a text names first.

    `RUNNING_UNLOCKED` (`am get-started-user-state 0`), `    State: RUNNING_LOCKED` (`dumpsys user`).
    """
    found = _USER_STATE.search(text)
    return None if found is None else _USER_STATES[_USER_STATES.index(found[0])]


def _kind(number: str, name: str) -> int | None:
    """Return what a sensor measures: by the kind's name, where its kind or its own name is one; else by the number.

    A sensor's own name is a kind's only as `TYPE_SKIN`, or `SKIN`: one that is called `soc` gives the battery's charge.
    """
    named = name.strip().upper()
    word = number.upper().removeprefix("TYPE_")
    if word not in _KINDS and (named.startswith("TYPE_") or named == "SKIN"):
        word = named.removeprefix("TYPE_")
    return _KINDS.get(word, integer(number))


def _power_source(fields: dict[str, str]) -> PowerSource | None:
    sources: tuple[tuple[str, PowerSource], ...] = (
        ("AC powered", "ac"),
        ("USB powered", "usb"),
        ("Wireless powered", "wireless"),
        ("Dock powered", "dock"),
    )
    if not any(name in fields for name, _ in sources):
        return None
    return next((source for name, source in sources if fields.get(name) == "true"), "none")


def _number(text: str | None) -> float | None:
    return real(text) if text is not None and re.fullmatch(r"-?\d+(\.\d+)?", text) else None
