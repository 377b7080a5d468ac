"""Readings of a phone that is well, made for tests; each changes what it is about."""

from datetime import UTC, datetime
from typing import Any

from mbench.core.results import Conditions
from mbench.devices.health.check import Check, CheckName
from mbench.devices.health.readings import PhoneReadings

AT = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)

WELL: dict[str, Any] = {
    "battery_health": "good",
    "battery_faked": False,
    "storage_free_bytes": 50 << 30,
    "storage_bytes": 100 << 30,
    "battery_saver": False,
    "wakefulness": "Awake",
    "user_state": "RUNNING_UNLOCKED",
    "booted": True,
    "clock_offset_s": 0.1,
    "clock_uncertainty_s": 0.05,
    "uptime_s": 86_400.0,
    "boot_id": "b00t",
    "build": "google/flame/flame:13/A/1:user/release-keys",
    "connection": "usb",
    "left": (),
}
STATE: dict[str, Any] = {
    "thermal_status": 0,
    "powered_by": "usb",
    "power": "mains",
    "charging": "charging",
    "battery_percent": 92.0,
    "battery_temperature_c": 25.0,
    "skin_temperature_c": 30.0,
    "temperature_c": 40.0,
    "frequency_max_khz": (1000, 2000),
    "frequency_hardware_khz": (1000, 2000),
    "other_benchmarks": 0,
    "stay_on": False,
}


def readings(*, serial: str = "PHX1", **changes: Any) -> PhoneReadings:
    """Return readings of a phone that is well but for what is named, a condition or another reading."""
    state = {name: changes.pop(name) for name in [*changes] if name in STATE}
    conditions = Conditions(taken_at=AT, **(STATE | state))
    return PhoneReadings(serial=serial, **({"taken_at": AT, "conditions": conditions} | WELL | changes))


def named(checks: tuple[Check, ...], name: CheckName) -> Check:
    """Return the one check of a name."""
    (found,) = [check for check in checks if check.name is name]
    return found
