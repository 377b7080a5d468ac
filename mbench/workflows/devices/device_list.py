"""Devices: `mbench devices`: what is attached, in which state, and what to do about it."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain, groupby
from pathlib import Path

from mbench.core.errors import MbenchError, NoDevice, TransportError, UsageError
from mbench.devices.android.conditions import AndroidConditions
from mbench.devices.android.readiness import Decision, verdict
from mbench.devices.limits import Limits
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.draft import draft_profile
from mbench.files.texts import read_text
from mbench.report.render.text_table import Cell, Column, Style, TableValues
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.attached_phones import (
    AT_ONCE,
    Phone,
    adb_servers,
    choose,
    find_phones,
    holder_of,
    unusable,
)
from mbench.workflows.devices.phone_files import clean, left_behind, remove_shared, shared_folder
from mbench.workflows.devices.phone_lease import leased

READY = "ready"
_COLUMNS = (
    *(("Serial", 0), ("State", 0), ("Profile", 2), ("Model", 3), ("SoC", 5), ("Android", 6), ("ABI", 7)),
    *(("Battery", 4), ("Thermal", 4)),
)
"""Headers, and how soon a narrow terminal does without each: what one types after `--device` stays longest."""


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
    """Return every attached phone, in the order of serials, asked at the same time.

    Raises:
        NoDevice: no adb server could be used.
        TransportError: an adb server does not answer.
    """
    with adb_servers(servers) as adb:
        # Cheap phones share serials, and so a lease's lock: two looks at once would take each other for its holder.
        alike = [tuple(phones) for _, phones in groupby(find_phones(adb), key=lambda phone: phone.serial)]
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return tuple(chain.from_iterable(pool.map(_statuses, alike)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What came of cleaning one phone.

    Attributes:
        left: what is still there, and why; empty is well.
        error: why nothing could be done; None where something was.
    """

    serial: str
    left: tuple[str, ...] = ()
    error: MbenchError | None = None

    @property
    def said(self) -> str:
        """All of it in a line."""
        if self.error is not None:
            return str(self.error)
        return f"{self.serial}: clean" if not self.left else f"{self.serial}: clean, but for {'; '.join(self.left)}"


def clean_devices(servers: Sequence[str], wanted: str, *, every: bool) -> tuple[Cleaned, ...]:
    """Remove everything of ours from the chosen phones; of several, one that cannot be cleaned holds up no other.

    Raises:
        NoDevice: no such phone, or the only one that is meant is in use.
        UsageError: several have that profile.
        TransportError: the only one that is meant does not answer.
    """
    with adb_servers(servers) as adb:
        chosen = choose(find_phones(adb), wanted, every=every, at_most=None)
        ended = tuple(_cleaned(phone) for phone in chosen)
    if len(ended) == 1 and ended[0].error is not None:
        raise ended[0].error
    return ended


def _cleaned(phone: Phone) -> Cleaned:
    transport, serial = phone.transport, phone.serial
    if transport is None:
        remedy = phone.attached.remedy or phone.attached.state
        return Cleaned(serial=serial, error=NoDevice(f"{serial} cannot be used: {remedy}"))
    try:
        transport.make_root()
        with leased(transport, "cleaning", clock=SystemClock()):
            left = clean(transport)
        if not left and (others := remove_shared(transport)):
            left = (f"what others keep in {shared_folder(transport)}: {', '.join(others)}",)
    except MbenchError as error:
        return Cleaned(serial=serial, error=error)
    return Cleaned(serial=serial, left=left)


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
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {path}: {getattr(error, 'strerror', None) or error}.") from error
    return check_profile(text, source=str(path))


def as_json(statuses: Sequence[DeviceStatus]) -> str:
    """Return a JSON list."""
    return json.dumps([asdict(status) for status in statuses], indent=1)


def as_table(statuses: Sequence[DeviceStatus]) -> TableValues:
    """Return a row per phone; remedies stand below, and who uses one that is busy."""
    marked = [status for status in statuses if status.remedy]
    shared = len({status.serial for status in statuses}) < len(statuses)
    address = ("Address", 1 if shared else 8)  # where serials are shared, phones are named by it
    return TableValues(
        columns=tuple(Column(header=header, spare=spare) for header, spare in (*_COLUMNS, address)),
        rows=tuple(tuple(_cells(status)) for status in statuses),
        footnotes=tuple(f"{status.serial}: {status.remedy}" for status in marked),
    )


def _cells(status: DeviceStatus) -> list[Cell]:
    battery = "?" if status.battery is None else f"{status.battery:.0f} %"
    thermal = "?" if status.thermal_status is None else str(status.thermal_status)
    profile = status.profile or "?"
    texts = (profile, status.model, status.soc, status.android, status.abi, battery, thermal, status.address)
    return [
        Cell(f"{status.serial}{' (emulated)' if status.emulated else ''}"),
        Cell(status.state, Style.PLAIN if status.state == READY else Style.BAD),
        *(Cell(text or "?") for text in texts),
    ]


def _statuses(phones: Sequence[Phone]) -> list[DeviceStatus]:
    return [status_of(phone) for phone in phones]


def status_of(phone: Phone) -> DeviceStatus:
    """Return the row of a phone; one that stops answering on the way cannot be used."""
    if phone.transport is None:
        return _row(phone)
    limits = _limits(phone)
    try:
        # Others' load takes a moment of quiet to measure, and is read only where it decides.
        judged = limits is not None and limits.busy_share is not None
        conditions = AndroidConditions(phone.transport).read(wait=judged)
    except TransportError as error:
        return _row(unusable(phone.attached, error))
    state, remedy, busy_by = READY, None, None
    if limits is not None and (said := verdict(conditions, limits)).decision is not Decision.ACCEPT:
        state, remedy = "not ready", f"{said.reason}; mbench run waits until that has passed."
    with suppress(TransportError):
        busy_by = holder_of(phone)
        if busy_by is None and (left := left_behind(phone.transport)):
            repair = f"mbench devices clean {phone.serial}, and the next run, put it right"
            remedy = f"{remedy or ''} A session that died has left {' and '.join(left)}: {repair}.".lstrip()
    if busy_by:
        state, remedy = "busy", f"in use by {busy_by}; wait until that has ended."
    return replace(
        _row(phone),
        state=state,
        remedy=remedy,
        busy_by=busy_by,
        battery=conditions.battery_percent,
        thermal_status=conditions.thermal_status,
    )


def _limits(phone: Phone) -> Limits | None:
    """Return what a phone is judged by; None where no profile says so."""
    if phone.match is None or not phone.match.profiles:
        return None
    limits = phone.match.profiles[0].limits
    if phone.attached.emulated:  # its load is this host's
        return limits.model_copy(update={"busy_share": None})
    return limits


def _row(phone: Phone) -> DeviceStatus:
    """Return what is known of a phone without asking it anything."""
    attached = phone.attached
    return DeviceStatus(
        serial=phone.serial,
        address=", ".join(address.name for address in attached.addresses),
        profile=None if phone.match is None else " or ".join(one.name for one in phone.match.profiles) or None,
        state=str(attached.state),
        model=attached.model,
        soc=attached.soc,
        android=attached.android,
        abi=attached.abis[0] if attached.abis else None,
        busy_by=None,
        battery=None,
        thermal_status=None,
        remedy=attached.remedy,
        build=attached.build,
        emulated=attached.emulated,
    )
