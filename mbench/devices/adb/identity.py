"""Who answers at an address: the phone's own serial, its boot, its properties; all in one command."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adbutils import AdbError

from mbench.core.errors import DeviceLost, TransportError
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.properties import EMULATED, named, parse_properties
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.shell import ShellEnd, run_script
from mbench.devices.adb.streams import Client

_SCRIPT: Final = "cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo; exec getprop"
_LIMIT_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a phone says of itself.

    Attributes:
        serial: its own serial (`ro.serialno`), the same by every cable; the address where it names none.
        boot_id: random text that changes with every start of the system; None where it is not readable.
        booted: whether Android has come up entirely (`sys.boot_completed`).
        emulated: whether it is one of mbench's emulated phones.
    """

    serial: str
    boot_id: str | None
    booted: bool
    emulated: bool
    properties: Mapping[str, str]


def identify(server: AdbServer, address: str, *, timeout_s: float) -> Identity:
    """Ask the device at an address who it is, which also proves that it is alive.

    Raises:
        DeviceLost: it does not answer in time, or not at all.
        TransportError: it does not let us, or is too old for exit statuses.
    """
    try:
        with at_the_door(address, "read its properties"):
            end = run_script(server, address, _SCRIPT, until=time.monotonic() + timeout_s, limit_bytes=_LIMIT_BYTES)
    except DeviceLost as error:
        if _refused(error):
            _require_shell(server, address)
        raise
    if end.exit_code != 0:
        raise TransportError(f"{address}: could not read its properties: {end.words}. Is it an Android device?")
    identity = _identity(end, address)
    if not identity.properties:
        raise TransportError(f"{address}: its getprop printed no property. Is it an Android device?")
    return identity


def _identity(end: ShellEnd, address: str) -> Identity:
    boot_id, _, text = end.stdout.decode("utf-8", "replace").partition("\n")
    properties = parse_properties(text)
    return Identity(
        serial=named(properties, "ro.serialno", "ro.boot.serialno") or address,
        boot_id=boot_id.strip() or None,
        booted=properties.get("sys.boot_completed") == "1",
        emulated=bool(properties.get(EMULATED)),
        properties=properties,
    )


def _refused(error: DeviceLost) -> bool:
    return isinstance(error.__cause__, AdbError) and str(error.__cause__) == "closed"


def _require_shell(server: AdbServer, address: str) -> None:
    """Raise if the device's adbd has no shell protocol that tells exit statuses.

    Raises:
        TransportError: it has not.
    """
    with at_the_door(address, "read the features of its adbd"):
        features = Client(server).features(address)
    if "shell_v2" not in features:
        raise TransportError(
            f"{address}: its adbd cannot tell exit statuses (no shell_v2: Android 6 or older). Use Android 7 or later."
        )
