"""The health of attached phones and of this host: read, and judged. Nothing is changed on any phone.

A phone that a session of this host uses is not asked at all: even a look costs it a moment of a measurement.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Final

import psutil

from mbench.core.errors import MbenchError, NoDevice, TransportError
from mbench.core.plain_text import without_name
from mbench.core.ports import Transport, utc_now
from mbench.devices.adb.discovery import AdbAddress
from mbench.devices.adb.own_server import AdbServers, adb_program, adb_versions
from mbench.devices.adb.servers import AdbServer, protocol_of
from mbench.devices.health.check import Check
from mbench.devices.health.checks import check_phone
from mbench.devices.health.credit import PhoneRecord, unusable
from mbench.devices.health.host import (
    AdbProgram,
    AdbServerReading,
    HostFault,
    HostReadings,
    check_host,
    host_faults,
)
from mbench.devices.health.readings import Connection, PhoneReadings, ask_phone, silent_readings, to_readings
from mbench.devices.host.facts import machine_name
from mbench.devices.profiles.profile import Profile
from mbench.files.regular import KIB, read_regular
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.attached_phones import Phone, adb_servers, choose, find_phones
from mbench.workflows.devices.phone_device import PhoneDevice
from mbench.workflows.devices.phone_files import left_questions, parse_left
from mbench.workflows.devices.phone_lease import holder_on, holder_question, parse_holder
from mbench.workflows.farm.phone_records import PhoneRecords
from mbench.workflows.home import home

_AT_ONCE: Final = 64
"""Phones that are asked at the same time: each is waited for more than it is worked for."""

_HOLDER: Final = "holder"
_LOOPBACK: Final = ("127.0.0.1:", "localhost:", "[::1]:")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneHealth:
    """One phone's health.

    Attributes:
        profile: its name; None where none or several fit.
        left_out: why no night takes it, as a clause; None where nights may.
        quarantined: whether that is for its failures.
    """

    readings: PhoneReadings
    checks: tuple[Check, ...]
    profile: str | None
    left_out: str | None
    quarantined: bool = False

    @property
    def serial(self) -> str:
        """Of the phone."""
        return self.readings.serial


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHealth:
    """A host's health, and that of its phones by serial."""

    readings: HostReadings
    checks: tuple[Check, ...]
    faults: tuple[HostFault, ...]
    phones: tuple[PhoneHealth, ...]


def read_phone(device: Phone | PhoneDevice, *, ours: bool = False) -> PhoneReadings:
    """Return what a phone shows of its health; one that cannot be asked says why.

    Args:
        device: the phone.
        ours: whether we hold its lease; else nobody's session is disturbed: of a phone that one of this host uses
            nothing is known but that.
    """
    phone = device.phone if isinstance(device, PhoneDevice) else device
    attached, taken_at = phone.attached, utc_now()
    connection = _connection(attached.addresses)
    if phone.transport is None:
        refusal = without_name(attached.remedy or str(attached.state), phone.serial)
        return silent_readings(
            phone.serial,
            taken_at=taken_at,
            refusal=f"{attached.state}: {refusal}",
            emulated=attached.emulated,
            connection=connection,
        )
    if not ours and (holder := holder_on(None, phone.serial, clock=SystemClock())):
        emulated = attached.emulated
        return PhoneReadings(
            serial=phone.serial, taken_at=taken_at, emulated=emulated, connection=connection, used_by=holder
        )
    try:
        return _asked(phone.transport, profile_of(phone), connection=connection, ours=ours)
    except TransportError as error:
        return silent_readings(
            phone.serial,
            taken_at=taken_at,
            refusal=without_name(str(error), phone.serial),
            emulated=attached.emulated,
            connection=connection,
        )


def profile_of(phone: Phone) -> Profile | None:
    """Return the profile of a phone; None where none fits, or several do."""
    try:
        return phone.profile()
    except MbenchError:
        return None


def check_phones(servers: AdbServers, *, wanted: Sequence[str] = ()) -> HostHealth:
    """Return the health of this host and of its attached phones, all read at the same time.

    Args:
        servers: whose phones.
        wanted: serials, addresses or profiles of those that are meant; none: all.

    Raises:
        NoDevice: no phone is attached, or none that is called so.
        StoreError: what is kept of a phone cannot be read.
        UsageError: nothing is called so.
    """
    attached = find_phones(servers)
    if not attached:
        raise NoDevice("no phone is attached; mbench devices says how to attach one.")
    chosen = _chosen(attached, wanted)
    # Cheap phones share serials, and so a lease's lock: two looks at once would take each other for its holder.
    alike = [tuple(phones) for _, phones in groupby(chosen, key=lambda phone: phone.serial)]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(alike))) as pool:
        readings = list(chain.from_iterable(pool.map(lambda phones: [*map(read_phone, phones)], alike)))
    records, now = PhoneRecords(home()), utc_now()
    phones = tuple(
        _judged(one, profile_of(phone), records.get(one.serial), now)
        for phone, one in zip(chosen, readings, strict=True)
    )
    host = read_host(servers)
    return HostHealth(readings=host, checks=check_host(host), faults=host_faults(_by_serial(phones)), phones=phones)


def check_attached(servers: Sequence[str], *, wanted: Sequence[str] = ()) -> HostHealth:
    """Return `check_phones` of the adb servers that the user named, else of the running one, else of our own.

    Raises:
        NoDevice: no adb server could be used, or no phone is attached.
        StoreError: what is kept of a phone cannot be read.
        UsageError: nothing is called so.
    """
    with adb_servers(servers) as adb:
        return check_phones(adb, wanted=wanted)


def read_host(servers: AdbServers) -> HostReadings:
    """Return what this host shows of its adb, and when it was started."""
    taken_at = utc_now()
    return HostReadings(
        name=machine_name(),
        taken_at=taken_at,
        uptime_s=max(0.0, round(taken_at.timestamp() - psutil.boot_time(), 1)),
        boot_id=_boot_id(),
        programs=_programs(),
        servers=tuple(_server(server) for server in servers.addresses),
    )


def _judged(readings: PhoneReadings, profile: Profile | None, record: PhoneRecord, now: datetime) -> PhoneHealth:
    return PhoneHealth(
        readings=readings,
        checks=check_phone(readings, profile),
        profile=None if profile is None else profile.name,
        left_out=unusable(record, now),
        quarantined=record.quarantined,
    )


def _asked(
    transport: Transport, profile: Profile | None, *, connection: Connection | None, ours: bool
) -> PhoneReadings:
    also = left_questions(transport) | ({} if ours else {_HOLDER: holder_question(transport)})
    answers = ask_phone(transport, also=also)
    return to_readings(
        answers,
        serial=transport.serial,
        emulated=transport.emulated,
        connection=connection,
        declared_khz={} if profile is None else profile.declared_khz,
        left=None if ours else parse_left(answers.texts, transport),
        used_by=None if ours else parse_holder(answers.texts[_HOLDER], transport),
    )


def _chosen(attached: Sequence[Phone], wanted: Sequence[str]) -> tuple[Phone, ...]:
    """Return the meant phones, each once, in the order in which they are attached; also those that cannot be used."""
    if not wanted:
        return tuple(attached)
    meant: list[Phone] = []
    for name in wanted:
        called = [phone for phone in attached if name in (phone.serial, *phone.ways)]
        meant += called or choose(attached, name, every=True, at_most=None)
    return tuple(phone for phone in attached if phone in meant)


def _by_serial(phones: Sequence[PhoneHealth]) -> dict[str, tuple[Check, ...]]:
    """Return the checks by serial; phones that share one are numbered, so that each counts."""
    seen: Counter[str] = Counter()
    found = {}
    for phone in phones:
        seen[phone.serial] += 1
        number = seen[phone.serial]
        found[phone.serial if number == 1 else f"{phone.serial} ({number})"] = phone.checks
    return found


def _connection(addresses: Sequence[AdbAddress]) -> Connection | None:
    if not addresses:
        return None
    if addresses[0].usb:
        return "usb"
    return "loopback" if addresses[0].name.startswith(_LOOPBACK) else "network"


def _programs() -> tuple[AdbProgram, ...]:
    """Return the adb that mbench uses, then the one on PATH where that is another file."""
    found: list[Path] = []
    with suppress(NoDevice):
        found.append(adb_program())
    if on_path := shutil.which("adb"):
        found.append(Path(on_path))
    return tuple(map(_program, {path.resolve(): path for path in found}.values()))


def _program(path: Path) -> AdbProgram:
    try:
        version = adb_versions(path)
    except NoDevice:
        return AdbProgram(path=str(path))
    return AdbProgram(path=str(path), release=version.release, protocol=version.protocol)


def _server(server: AdbServer) -> AdbServerReading:
    try:
        protocol = protocol_of(server)
    except NoDevice:
        protocol = None
    return AdbServerReading(address=str(server), protocol=protocol)


def _boot_id() -> str | None:
    try:
        return read_regular(_BOOT_ID, limit_bytes=KIB).decode("ascii", "replace").strip() or None
    except OSError:  # not Linux
        return None
