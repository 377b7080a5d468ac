"""Which phones are attached: asked of every adb server, and of every phone itself, all at the same time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mbench.core.errors import DeviceLost, TransportError
from mbench.core.numbers.numerals import whole
from mbench.core.plain_text import without_name
from mbench.devices.adb import properties as adb_properties
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.identity import Identity, identify
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.adb.servers import AdbServer, listed_devices

_AT_ONCE: Final = 64
PROBE_S: Final = 4.0
"""A phone that has not answered after this long is frozen; 50 emulated ones answered within half a second."""


class AttachedState(StrEnum):
    """What can be done with a phone; adb's own words, and the ones that only a probe can tell."""

    DEVICE = "device"
    FROZEN = "frozen"
    UNUSABLE = "unusable"
    UNAUTHORIZED = "unauthorized"
    AUTHORIZING = "authorizing"
    OFFLINE = "offline"
    NO_PERMISSIONS = "no permissions"
    RECOVERY = "recovery"
    SIDELOAD = "sideload"
    BOOTLOADER = "bootloader"
    OTHER = "other"


_REMEDIES: Final[Mapping[AttachedState, str]] = {
    AttachedState.UNAUTHORIZED: REMEDIES["unauthorized"],
    AttachedState.AUTHORIZING: REMEDIES["unauthorized"],
    AttachedState.OFFLINE: "Wait a few seconds; then plug it in again, or `adb disconnect` and `adb connect` it.",
    AttachedState.FROZEN: REMEDIES["frozen"],
    AttachedState.NO_PERMISSIONS: "Install android-sdk-platform-tools-common (udev rules), then plug it in again.",
    AttachedState.RECOVERY: "Restart it into Android: `adb reboot`.",
    AttachedState.SIDELOAD: "Restart it into Android: `adb reboot`.",
    AttachedState.BOOTLOADER: "Restart it into Android: `fastboot reboot`.",
    AttachedState.OTHER: "Plug it in again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdbAddress:
    """One way to a phone.

    Attributes:
        server: the adb server.
        name: the phone as that server calls it: its USB serial, or HOST:PORT.
        transport_id: the server's number for this connection, good until it is made anew.
        usb: whether it is a cable.
        model: what the server heard that the phone is called, with `_` for blanks; None where it has not heard.
        device: its code name, likewise.
    """

    server: AdbServer
    name: str
    transport_id: int | None = None
    usb: bool = False
    model: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedDevice:
    """A phone that some adb server lists; what it does not say is None.

    Attributes:
        serial: the phone's own serial; the address of one that cannot be asked.
        addresses: the ways to it, USB first.
        remedy: what to do about a phone that cannot be used.
        android: Android's release, such as `14`; `sdk` its API level.
        build: its fingerprint.
        boot_id: changes with every start of the system.
        abis: what kinds of programs it runs, best first.
        identity: all that it said of itself; None where it could not be asked.
    """

    serial: str
    addresses: tuple[AdbAddress, ...]
    state: AttachedState
    remedy: str | None = None
    model: str | None = None
    soc: str | None = None
    android: str | None = None
    sdk: int | None = None
    build: str | None = None
    abis: tuple[str, ...] = ()
    boot_id: str | None = None
    emulated: bool = False
    identity: Identity | None = None


def list_devices(servers: Sequence[AdbServer], *, probe_s: float = PROBE_S) -> tuple[AttachedDevice, ...]:
    """Return all phones, by serial; one that is attached twice is one phone with two addresses.

    Args:
        servers: the adb servers to ask.
        probe_s: seconds that each phone has for its answer.

    Raises:
        TransportError: a server does not answer.
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="adb-probe") as pool:
        listed = [entry for entries in pool.map(_listed, servers) for entry in entries]
        names = Counter((address.server, address.name) for address, _ in listed)
        found = list(
            pool.map(
                lambda entry: (
                    _examined(*entry, probe_s=probe_s)
                    if names[entry[0].server, entry[0].name] == 1
                    else _indistinct(entry[0])
                ),
                listed,
            )
        )
    return tuple(sorted(_merged(found), key=lambda device: device.serial))


def _listed(server: AdbServer) -> list[tuple[AdbAddress, str]]:
    """Return addresses with adb's word for the state of each."""
    with at_the_door(str(server), "list its devices"):
        return [
            (
                AdbAddress(
                    server=server,
                    name=device.name,
                    transport_id=device.transport_id,
                    usb=":" not in device.name and "._adb-tls-" not in device.name,
                    model=device.model,
                    device=device.device,
                ),
                device.state,
            )
            for device in listed_devices(server)
        ]


def _indistinct(address: AdbAddress) -> AttachedDevice:
    """Return a phone on a cable whose serial another one has: its server takes no serial that stands for two.

    A transport id would tell them apart only until a cable is touched, and then a session could go on with the other.
    """
    remedy = (
        f"{address.server} has another phone of this serial on a cable. Unplug one, or reach one by network: "
        f"`adb -t {address.transport_id} tcpip 5555`, `adb connect` it, then unplug both."
    )
    return AttachedDevice(serial=address.name, addresses=(address,), state=AttachedState.UNUSABLE, remedy=remedy)


def _examined(address: AdbAddress, word: str, *, probe_s: float) -> AttachedDevice:
    state = _state(word)
    if state is not AttachedState.DEVICE:
        remedy = _REMEDIES[state] if state is not AttachedState.OTHER else f"adb calls it {word!r}. {_REMEDIES[state]}"
        return AttachedDevice(serial=address.name, addresses=(address,), state=state, remedy=remedy)
    try:
        return _described(address, identify(address.server, address.name, timeout_s=probe_s))
    except DeviceLost as error:
        frozen = isinstance(error.__cause__, TimeoutError)
        state = AttachedState.FROZEN if frozen else AttachedState.OFFLINE
        return AttachedDevice(serial=address.name, addresses=(address,), state=state, remedy=_REMEDIES[state])
    except TransportError as error:
        remedy = without_name(str(error), address.name)
        return AttachedDevice(serial=address.name, addresses=(address,), state=AttachedState.UNUSABLE, remedy=remedy)


def _state(word: str) -> AttachedState:
    if word == "no":  # "no permissions (user is not in the plugdev group); see [...]", cut at the first blank
        return AttachedState.NO_PERMISSIONS
    try:
        return AttachedState(word)
    except ValueError:
        return AttachedState.OTHER


def _described(address: AdbAddress, identity: Identity) -> AttachedDevice:
    properties = identity.properties
    sdk = properties.get("ro.build.version.sdk", "")
    return AttachedDevice(
        serial=identity.serial,
        addresses=(address,),
        state=AttachedState.DEVICE,
        model=adb_properties.named(properties, "ro.product.model"),
        soc=adb_properties.soc(properties),
        android=adb_properties.named(properties, "ro.build.version.release"),
        sdk=whole(sdk),
        build=adb_properties.named(properties, "ro.build.fingerprint"),
        abis=adb_properties.abis(properties),
        boot_id=identity.boot_id,
        emulated=identity.emulated,
        identity=identity,
    )


def _merged(devices: Iterable[AttachedDevice]) -> list[AttachedDevice]:
    """Join entries of one phone: same serial and same boot, because cheap phones share serials.

    Phones that show no boot id are told apart by their addresses alone: one by two cables is better taken for two
    than two for one.
    """
    phones: dict[tuple[object, ...], AttachedDevice] = {}
    for device in devices:
        reached = device.state in (AttachedState.DEVICE, AttachedState.UNUSABLE)
        known = device.boot_id or (device.addresses[0] if reached else None)
        key = (device.serial, known, device.state)
        if key in phones:
            addresses = (*phones[key].addresses, *device.addresses)
            device = replace(device, addresses=tuple(sorted(addresses, key=lambda one: not one.usb)))
        phones[key] = device
    return list(phones.values())
