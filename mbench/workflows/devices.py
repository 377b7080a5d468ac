"""Devices: `mbench devices`: what is attached, in which state, and what to do about it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mbench.core.errors import TransportError, UsageError
from mbench.devices.adb_discovery import AttachedState
from mbench.devices.android_conditions import AndroidConditions
from mbench.devices.android_readiness import Decision, verdict
from mbench.devices.profile_check import check_profile
from mbench.devices.profile_draft import draft_profile
from mbench.report.text_table import Cell, Column, Style, TableValues
from mbench.workflows.phone_files import clean
from mbench.workflows.phones import Phone, adb_servers, choose, find_phones, holder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """One attached phone; the names are stable. What is not known is None.

    Attributes:
        state: `ready`, `busy`, `not ready` (too hot, too empty), or adb's word for why it cannot be asked.
        remedy: what to do where it is not ready.
    """

    serial: str
    address: str
    profile: str | None
    state: str
    model: str | None
    soc: str | None
    android: str | None
    abi: str | None
    busy_by: str | None
    battery: float | None
    thermal_status: int | None
    remedy: str | None
    build: str | None = None
    emulated: bool = False


def list_statuses(servers: Sequence[str]) -> tuple[DeviceStatus, ...]:
    """Return every attached phone.

    Raises:
        NoDevice: no adb server could be used.
        TransportError: an adb server does not answer.
    """
    with adb_servers(servers) as adb:
        return tuple(_status(phone) for phone in find_phones(adb))


def clean_devices(servers: Sequence[str], wanted: str, *, every: bool) -> tuple[str, ...]:
    """Remove everything of ours from the chosen phones, and return their serials.

    Raises:
        NoDevice: no such phone.
        UsageError: several have that profile, or a phone is busy.
        TransportError: one does not answer.
    """
    with adb_servers(servers) as adb:
        chosen = choose(find_phones(adb), wanted, every=every, at_most=None)
        for phone in chosen:
            assert phone.transport is not None
            if holder := holder_of(phone):
                raise UsageError(f"{phone.serial} is in use by {holder}; clean it when that has ended.")
            clean(phone.transport)
        return tuple(phone.serial for phone in chosen)


def draft(servers: Sequence[str], wanted: str) -> str:
    """Return a profile drafted from an attached phone, as TOML.

    Raises:
        NoDevice: no such phone.
        TransportError: it does not answer.
    """
    with adb_servers(servers) as adb:
        (phone,) = choose(find_phones(adb), wanted, every=False, at_most=None)
        assert phone.transport is not None
        return draft_profile(phone.transport)


def faults_of(path: Path) -> tuple[str, ...]:
    """Return what is wrong with a profile file, a line each; nothing where it is right.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {path}: {getattr(error, 'strerror', None) or error}.") from error
    return check_profile(text, source=str(path))


def as_json(statuses: Sequence[DeviceStatus]) -> str:
    """Return a JSON list."""
    return json.dumps([asdict(status) for status in statuses], indent=1)


def as_table(statuses: Sequence[DeviceStatus]) -> TableValues:
    """Return a row per phone; remedies stand below."""
    headers = ("Serial", "State", "Profile", "Model", "SoC", "Android", "ABI", "Battery", "Thermal", "Address")
    marked = [status for status in statuses if status.remedy]
    return TableValues(
        columns=tuple(Column(header=header) for header in headers),
        rows=tuple(tuple(_cells(status)) for status in statuses),
        footnotes=tuple(f"{status.serial}: {status.remedy}" for status in marked),
    )


def _cells(status: DeviceStatus) -> list[Cell]:
    battery = "?" if status.battery is None else f"{status.battery:.0f} %"
    thermal = "?" if status.thermal_status is None else str(status.thermal_status)
    state = f"{status.state} ({status.busy_by})" if status.busy_by else status.state
    profile = status.profile or "?"
    texts = (profile, status.model, status.soc, status.android, status.abi, battery, thermal, status.address)
    return [
        Cell(f"{status.serial}{' (emulated)' if status.emulated else ''}"),
        Cell(state, Style.PLAIN if status.state == "ready" else Style.BAD),
        *(Cell(text or "?") for text in texts),
    ]


def _status(phone: Phone) -> DeviceStatus:
    attached = phone.attached
    state, remedy, busy_by, battery, thermal = str(attached.state), attached.remedy, None, None, None
    profile = None if phone.match is None else " or ".join(one.name for one in phone.match.profiles) or None
    if phone.transport is not None and attached.state is AttachedState.DEVICE:
        state = "ready"
        with suppress(TransportError):
            conditions = AndroidConditions(phone.transport).read()
            battery, thermal = conditions.battery_percent, conditions.thermal_status
            busy_by = holder_of(phone)
            if phone.match is not None and phone.match.profiles:
                limits = phone.match.profiles[0].limits
                if attached.emulated:  # its load is this host's
                    limits = limits.model_copy(update={"busy_share": None})
                said = verdict(conditions, limits)
                if said.decision is not Decision.ACCEPT:
                    state, remedy = "not ready", f"{said.reason}; mbench run waits until that has passed."
        if busy_by:
            state, remedy = "busy", f"in use by {busy_by}; wait until that has ended."
    return DeviceStatus(
        serial=phone.serial,
        address=", ".join(address.name for address in attached.addresses),
        profile=profile,
        state=state,
        model=attached.model,
        soc=attached.soc,
        android=attached.android,
        abi=attached.abis[0] if attached.abis else None,
        busy_by=busy_by,
        battery=battery,
        thermal_status=thermal,
        remedy=remedy,
        build=attached.build,
        emulated=attached.emulated,
    )
