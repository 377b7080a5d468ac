"""A host's own health: adb as it is installed there, and faults that all of its phones show at once.

What befalls most phones of a host in the same moment is no phone's fault: a hub without power, an adb server that died,
warm air, a power cut. It is one message, and costs no phone its credit.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from mbench.core.numbers.bounds import Amount, Count, Moment
from mbench.core.workloads import Document
from mbench.devices.health.check import Check, CheckName, CheckState, failed, failing, named, ok, warning

LEAST_PHONES: Final = 3
"""Of a host with the same fault, for it to be the host's; two are a coincidence."""

LEAST_SHARE: Final = 0.5
"""Of the host's phones."""


class AdbProgram(Document):
    """An adb program of the host.

    Attributes:
        release: such as `36.0.0-13206524`.
        protocol: the last number of `1.0.41`: an adb with another one kills a server that it meets.
    """

    path: str
    release: str | None = None
    protocol: Count | None = None


class AdbServerReading(Document):
    """An adb server; `protocol` is None where none answers."""

    address: str
    protocol: Count | None = None


class HostReadings(Document):
    """What was read of a host.

    Attributes:
        uptime_s: seconds since its start.
        boot_id: random text that changes with every start; None where the system shows none.
        programs: the adb that mbench uses first, then the one on PATH where that is another one.
        servers: the adb servers whose phones are meant.
    """

    name: str
    taken_at: Moment
    uptime_s: Amount | None = None
    boot_id: str | None = None
    programs: tuple[AdbProgram, ...] = ()
    servers: tuple[AdbServerReading, ...] = ()


class Cause(StrEnum):
    """What can befall all phones of a host at once."""

    GONE = "gone"
    WARM = "warm"
    UNFED = "not charging"
    LOCKED = "locked"
    TIME = "wrong time"


class _Kind(NamedTuple):
    """What is known of a cause.

    Attributes:
        checks: those that show it.
        remedy: what to do about it.
        follow: checks that end badly because of it, and do not show it by themselves.
    """

    checks: frozenset[CheckName]
    remedy: str
    follow: frozenset[CheckName] = frozenset()


_KINDS: Final[Mapping[Cause, _Kind]] = {
    Cause.GONE: _Kind(
        frozenset({CheckName.ANSWER}),
        "Look at its adb server (mbench doctor), its hub and the hub's supply.",
    ),
    Cause.WARM: _Kind(
        frozenset(
            {
                *(CheckName.BATTERY_TEMPERATURE, CheckName.THERMAL_STATUS),
                *(CheckName.SKIN_TEMPERATURE, CheckName.ZONE_TEMPERATURE),
            }
        ),
        "Look at the air there: cooling, sun, a cabinet that is closed.",
        follow=frozenset({CheckName.CLOCKS}),
    ),
    Cause.UNFED: _Kind(frozenset({CheckName.CHARGING, CheckName.CHARGE_KEPT}), "Look at the hub and its supply."),
    Cause.LOCKED: _Kind(
        frozenset({CheckName.LOCK}),
        "Was there a power cut? Unlock each by hand; without a PIN they come up by themselves.",
    ),
    Cause.TIME: _Kind(frozenset({CheckName.TIME}), "Set the host's own clock, by which theirs are judged."),
}


class HostFault(Document):
    """A fault of a host.

    Attributes:
        serials: the phones that show it.
        of: how many phones the host has.
        checks: those that show it, or end badly because of it.
        message: the one that stands for all.
    """

    cause: Cause
    serials: tuple[str, ...]
    of: Count
    checks: tuple[CheckName, ...]
    message: str
    remedy: str


def check_host(readings: HostReadings) -> tuple[Check, ...]:
    """Return the checks of a host's adb."""
    return (_versions(readings), _servers(readings))


def host_faults(phones: Mapping[str, Sequence[Check]]) -> tuple[HostFault, ...]:
    """Return what most phones of one host show at once; fewer than three, or than half of them, show their own faults.

    Args:
        phones: the checks of all phones of the host, by serial.
    """
    found = []
    for cause, kind in _KINDS.items():
        shown = {serial: hit for serial, checks in phones.items() if (hit := _hit(checks, kind.checks))}
        if len(shown) >= max(LEAST_PHONES, LEAST_SHARE * len(phones)):
            shared = frozenset({*kind.checks, *kind.follow})
            names = {check.name for serial in shown for check in _hit(phones[serial], shared)}
            found.append(
                HostFault(
                    cause=cause,
                    serials=tuple(sorted(shown)),
                    of=len(phones),
                    checks=tuple(name for name in CheckName if name in names),
                    message=f"{len(shown)} of {len(phones)} phones of this host are {cause} at once: the host's fault.",
                    remedy=kind.remedy,
                )
            )
    return tuple(found)


def own_faults(phones: Mapping[str, Sequence[Check]]) -> dict[str, tuple[Check, ...]]:
    """Return the failed checks that are each phone's own, by serial: those of a fault of the host's are left out.

    Args:
        phones: the checks of all phones of the host, by serial.
    """
    excused = {serial: set[CheckName]() for serial in phones}
    for fault in host_faults(phones):
        for serial in fault.serials:
            excused[serial].update(fault.checks)
    return {
        serial: tuple(check for check in failed(checks) if check.name not in excused[serial])
        for serial, checks in phones.items()
    }


def _hit(checks: Sequence[Check], names: frozenset[CheckName]) -> tuple[Check, ...]:
    bad = {CheckState.WARNING, CheckState.FAILED}
    return tuple(check for check in checks if check.name in names and check.state in bad)


def _versions(readings: HostReadings) -> Check:
    """Check whether every adb of the host leaves the others' servers alive."""
    limit = "one protocol"
    known = {program.protocol for program in readings.programs} - {None}
    figure = "; ".join(f"{one.path} {one.release or '?'} (protocol {one.protocol or '?'})" for one in readings.programs)
    if len(known) > 1:
        remedy = "Keep one: whichever runs kills the other's server, and every phone is gone for a moment."
        return named(CheckName.ADB_VERSIONS, failing(figure, limit, remedy))
    if not known:
        return Check(name=CheckName.ADB_VERSIONS, state=CheckState.UNKNOWN, figure=figure or None, limit=limit)
    return named(CheckName.ADB_VERSIONS, ok(figure, limit))


def _servers(readings: HostReadings) -> Check:
    """Check whether the adb servers speak the protocol of the adb that mbench uses."""
    ours = readings.programs[0].protocol if readings.programs else None
    limit = None if ours is None else f"protocol {ours}"
    silent = [server.address for server in readings.servers if server.protocol is None]
    figure = "; ".join(f"{one.address} protocol {one.protocol or '?'}" for one in readings.servers)
    if silent:
        remedy = "mbench starts one of this machine by itself; start another machine's there: adb -a start-server."
        return named(CheckName.ADB_SERVER, warning(f"none answers at {', '.join(silent)}", limit, remedy))
    if ours is None or not readings.servers:
        return Check(name=CheckName.ADB_SERVER, state=CheckState.UNKNOWN, figure=figure or None, limit=limit)
    if any(server.protocol != ours for server in readings.servers):
        return named(CheckName.ADB_SERVER, failing(figure, limit, "Update the adb that started it."))
    return named(CheckName.ADB_SERVER, ok(figure, limit))
