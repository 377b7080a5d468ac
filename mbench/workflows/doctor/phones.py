"""Checkup of phones: adb and its server, the attached phones, profiles, and the binaries that phones need.

No server is started for it, which may take seconds, and no phone is changed. Where none runs, nobody has looked for
phones, and that is what it says.
"""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mbench.binaries.advice import advice
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import ABIS
from mbench.core.errors import MbenchError
from mbench.devices.adb.own_server import adb_program, adb_version
from mbench.devices.adb.servers import AdbServer, configured_server, listed_devices, protocol_of, require_protocol
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.profile import profile_files
from mbench.files.texts import read_text
from mbench.workflows.doctor.findings import Finding, State
from mbench.workflows.home import home

if TYPE_CHECKING:  # it brings adbutils, which nothing here has need of before a phone is attached
    from mbench.workflows.devices.device_list import DeviceStatus

_USABLE = ("ready", "busy")


def phone_findings() -> Iterator[Finding]:
    """Yield what was found, each check by itself."""
    yield _adb()
    server, found = _server()
    yield found
    phones: Sequence[DeviceStatus] = ()
    if server is None:
        remedy = "mbench devices looks: it starts one, and ends it" if found.state == "good" else None
        text = "not looked for, as there is no adb server to ask"
        yield Finding(what="phones", state="good", found=text, remedy=remedy)
    else:
        phones, checks = _phones(server)
        yield from checks
    yield from _profiles()
    yield from _binaries([phone for phone in phones if not phone.emulated])


def _adb() -> Finding:
    try:
        program = adb_program()
        return Finding(what="adb", state="good", found=f"{adb_version(program)} ({program})")
    except MbenchError as error:
        return Finding(what="adb", state="bad", found=str(error), remedy="pip install --force-reinstall adbutils")


def _server() -> tuple[AdbServer | None, Finding]:
    """Return the server that answers; None where none does, or one that cannot be used."""
    try:
        server = configured_server(os.environ)
        protocol = protocol_of(server)
        if protocol is None:
            text = f"none runs at {server}; mbench starts one when it is needed, and ends it"
            return None, Finding(what="adb server", state="good", found=text)
        require_protocol(server, protocol)
    except MbenchError as error:
        return None, Finding(what="adb server", state="bad", found=str(error))
    return server, Finding(what="adb server", state="good", found=f"answers at {server}")


def _phones(server: AdbServer) -> "tuple[Sequence[DeviceStatus], list[Finding]]":
    """Return the attached phones that answered, and what is said of them."""
    try:
        if not listed_devices(server):
            return (), [Finding(what="phones", state="good", found=f"none is attached to the adb server at {server}")]
        from mbench.workflows.devices.device_list import list_statuses

        phones = list_statuses([str(server)])
    except (MbenchError, OSError, EOFError, ValueError) as error:
        text = f"the adb server at {server} was asked in vain: {error}"
        return (), [
            Finding(what="phones", state="doubtful", found=text, remedy="look again; mbench devices tells more")
        ]
    return phones, [_phone(phone) for phone in phones]


def _phone(phone: "DeviceStatus") -> Finding:
    kind = " (emulated)" if phone.emulated else ""
    text = (
        f"{phone.serial}{kind}: {phone.state}, profile {phone.profile or 'not known'}, {phone.abi or 'ABI not known'}"
    )
    state: State = "good" if phone.state in _USABLE else "doubtful"
    return Finding(what="phone", state=state, found=text, remedy=phone.remedy)


def _profiles() -> Iterator[Finding]:
    try:
        files = profile_files(user_folder=home() / "device_profiles")
    except OSError as error:
        remedy = "make it readable, or let MBENCH_HOME name another folder"
        yield Finding(what="profiles", state="bad", found=f"{error.filename}: {error.strerror}", remedy=remedy)
        return
    faults: list[str] = []
    for path in files.values():
        try:
            faults += check_profile(read_text(path), source=str(path))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: {getattr(error, 'strerror', None) or error}")
    for fault in faults:
        remedy = "mend it (mbench devices profile check FILE) or remove it: no phone can be used before"
        yield Finding(what="profiles", state="bad", found=fault, remedy=remedy)
    if not faults:
        own = sum(path.parent == home() / "device_profiles" for path in files.values())
        yield Finding(what="profiles", state="good", found=f"{len(files)} are right, {own} of them your own")


def _binaries(phones: "Sequence[DeviceStatus]") -> Iterator[Finding]:
    """Yield what is wrong with kept binaries, whether there are any, and which attached phones have none."""
    library = BinaryLibrary(home() / "binaries")
    try:
        kept, faults = library.records(), [each for each in library.verify() if each.kind != "stray"]
    except (MbenchError, OSError) as error:
        yield Finding(what="binaries", state="bad", found=str(error))
        return
    for fault in faults:
        yield Finding(what="binaries", state="bad", found=fault.message)
    listed = ", ".join(f"{one.abi} {one.flavour or '?'} {one.sha256[:12]}" for one in kept)
    if not faults:
        none = "none is kept; for a phone: mbench binary fetch --abi arm64-v8a"
        yield Finding(what="binaries", state="good", found=f"whole: {listed}" if kept else none)
    wanted = {phone.abi for phone in phones if phone.abi in ABIS}
    for abi in sorted(wanted - {one.abi for one in kept if one.system != "linux"}):
        yield Finding(what="binaries", state="doubtful", found=f"none for {abi}", remedy=advice(abi, "tflite"))
