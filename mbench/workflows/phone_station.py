"""A phone made ready to measure on: leased, set, with the program on it; given back as it was found."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from mbench.binaries.advice import advice
from mbench.binaries.library import BinaryLibrary
from mbench.core.errors import NoDevice, UsageError
from mbench.core.ports import Clock, Progress
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts
from mbench.devices.adb_own_server import AdbServers
from mbench.devices.adb_recovery import wait_for_device
from mbench.devices.adb_transport import AdbTransport
from mbench.devices.android_conditions import AndroidConditions
from mbench.devices.android_facts import Hardware, to_device_facts
from mbench.devices.android_readiness import Decision, wait_until_ready
from mbench.devices.android_settings import borrowed
from mbench.devices.lease_records import this_process
from mbench.devices.leases import lease
from mbench.devices.profile_matching import refuse_contradictions
from mbench.devices.profiles import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.home import home
from mbench.workflows.instruments import pushed_instrument
from mbench.workflows.phone_files import clear_leftovers, session_folder, shared_folder
from mbench.workflows.phones import Phone
from mbench.workflows.stations import Station

BACK_WITHIN_S = 120.0
READY_WITHIN_S = 600.0
LEASE_S = 3600.0


@contextmanager
def phone_station(
    phone: Phone,
    profile: Profile,
    *,
    servers: AdbServers,
    binary: Path | None,
    session: str,
    progress: Progress,
    clock: Clock | None = None,
) -> Iterator[Station]:
    """Yield a phone, ready; it is nobody else's until the end, and then as it was before.

    Raises:
        NoDevice: it is not what its profile declares, is busy, too hot or too empty, or has no program.
        TransportError: it does not answer.
    """
    clock = clock or SystemClock()
    transport, hardware = _open(phone)
    refuse_contradictions(profile, hardware)
    state = home() / "phones"
    with ExitStack() as stack:
        held = stack.enter_context(
            lease(
                transport,
                transport.serial,
                folder=state / "leases",
                holder=this_process(session),
                limit_s=LEASE_S,
                clock=clock,
                device_folder=shared_folder(transport),
            )
        )
        clear_leftovers(transport)
        stack.enter_context(borrowed(transport, host_folder=state / "journals"))
        instrument, facts = phone_instrument(transport, hardware, binary)
        conditions = AndroidConditions(transport)

        def read_conditions() -> Conditions:
            held.renew()
            return conditions.read()

        # An emulated phone's load is this host's, and waiting does not end what made it.
        limits = profile.limits.model_copy(update={"busy_share": None}) if transport.emulated else profile.limits
        ready = wait_until_ready(read_conditions, limits, clock, progress, READY_WITHIN_S)
        if ready.verdict.decision is not Decision.ACCEPT:
            raise NoDevice(f"{transport.serial} is not ready to be measured: {ready.verdict.reason}.")
        yield Station(
            transport=transport,
            instrument=instrument,
            binary=facts,
            facts=to_device_facts(hardware, profile.name, emulated=transport.emulated),
            profile=profile,
            cpus=phone.cores(profile),
            read_conditions=read_conditions,
            work_folder=lambda name: session_folder(transport, name),
            models=f"{transport.root}/models",
            recover=lambda: _recover(transport, servers, clock),
        )


def identify(phone: Phone, profile: Profile, binary: Path | None) -> tuple[Instrument, BinaryFacts, DeviceFacts]:
    """Return the program on a phone and the phone's facts, for planning; the phone is not taken for it.

    Raises:
        NoDevice: it is not what its profile declares, or there is no program for it.
        TransportError: it does not answer.
        UsageError: `binary` is no benchmark_model.
    """
    transport, hardware = _open(phone)
    refuse_contradictions(profile, hardware)
    instrument, facts = phone_instrument(transport, hardware, binary)
    return instrument, facts, to_device_facts(hardware, profile.name, emulated=transport.emulated)


def phone_instrument(
    transport: AdbTransport, hardware: Hardware, binary: Path | None
) -> tuple[Instrument, BinaryFacts]:
    """Return the program for a phone, pushed and proved: the user's, the library's, or the emulated phone's stand-in.

    Raises:
        NoDevice: there is none for the phone's ABI; the message says how to get one.
        UsageError: the user's file is no benchmark_model.
    """
    abi = to_device_facts(hardware, "", emulated=transport.emulated).abi or "arm64-v8a"
    if binary is not None:
        if not binary.is_file():
            raise UsageError(f"--binary {binary}: no such file.")
        return pushed_instrument(transport, binary)
    library = BinaryLibrary(home() / "binaries")
    record = library.find(abi, "tflite", system=None if transport.emulated else "android")
    if record is not None:
        instrument, facts = pushed_instrument(transport, library.path_of(record))
        return instrument, facts.model_copy(update={"path": record.source})
    if transport.emulated:
        return _stand_in(transport, abi)
    raise NoDevice(f"{transport.serial}: {advice(abi, 'tflite')}")


def _stand_in(transport: AdbTransport, abi: str) -> tuple[Instrument, BinaryFacts]:
    from mbench.emulator.binaries import emulated_binary

    path = home() / "phones" / f"emulated_{abi}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(emulated_binary(abi))
    instrument, facts = pushed_instrument(transport, path)
    return replace(instrument, tool="hostbench"), facts.model_copy(
        update={"tool": "hostbench", "path": "the emulated phone's own"}
    )


def _open(phone: Phone) -> tuple[AdbTransport, Hardware]:
    if phone.transport is None or phone.hardware is None:
        raise NoDevice(f"{phone.serial} cannot be used: {phone.attached.remedy or phone.attached.state}")
    return phone.transport, phone.hardware


def _recover(transport: AdbTransport, servers: AdbServers, clock: Clock) -> str:
    """Wait for a lost phone, and say how it came back.

    Raises:
        TransportError: it does not come back.
    """
    back = wait_for_device(transport, limit_s=BACK_WITHIN_S, clock=clock, revive=servers.revive)
    restarted = " after a restart" if back.rebooted else ""
    return f"was lost and came back{restarted} within {back.waited_s:.0f} s"
