"""A phone made ready to measure on: leased, set, with the program on it; given back as it was found."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from mbench.binaries.advice import advice
from mbench.binaries.library import BinaryLibrary
from mbench.core.errors import DamagedFile, DeviceLost, NoDevice, UsageError
from mbench.core.ports import Clock, Progress
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Pass, Run
from mbench.devices.adb_own_server import AdbServers
from mbench.devices.adb_recovery import wait_for_device
from mbench.devices.adb_transport import AdbTransport
from mbench.devices.android_conditions import AndroidConditions
from mbench.devices.android_facts import Hardware, to_device_facts
from mbench.devices.android_readiness import Decision, verdict, wait_until_ready
from mbench.devices.android_settings import borrowed, set_again
from mbench.devices.lease_records import this_process
from mbench.devices.leases import lease
from mbench.devices.profile_matching import refuse_contradictions
from mbench.devices.profiles import Limits, Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.home import home
from mbench.workflows.instruments import pushed_instrument
from mbench.workflows.phone_files import clear_leftovers, journals, session_folder, shared_folder
from mbench.workflows.phones import Phone
from mbench.workflows.stations import Station

LEASE_S = 3600.0
MOST_LOSSES = 3
"""Times that a phone is made ready again because it was lost, or a file was damaged on the way, meanwhile."""


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
    transport, hardware = _open(phone)
    refuse_contradictions(profile, hardware)
    making = _Making(
        phone, transport, hardware, profile, servers=servers, progress=progress, clock=clock or SystemClock()
    )
    with ExitStack() as stack:
        yield making.patiently(stack, binary, session)


class _Making:
    """Makes one phone ready, again where it was lost meanwhile."""

    def __init__(
        self,
        phone: Phone,
        transport: AdbTransport,
        hardware: Hardware,
        profile: Profile,
        *,
        servers: AdbServers,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._phone, self._transport, self._hardware, self._profile = phone, transport, hardware, profile
        self._servers, self._progress, self._clock = servers, progress, clock
        # An emulated phone's load is this host's, and waiting does not end what made it.
        free = {"busy_share": None} if transport.emulated else {}
        self._limits = profile.limits.model_copy(update=free)

    def patiently(self, stack: ExitStack, binary: Path | None, session: str) -> Station:
        """Return the phone as a station; what is to be undone afterwards is in the stack."""
        for left in reversed(range(MOST_LOSSES + 1)):
            try:
                with ExitStack() as making:
                    station = self._station(making, binary, session)
                    stack.enter_context(making.pop_all())
                    return station
            except (DamagedFile, DeviceLost) as error:
                if not left:
                    raise
                self._progress.note(f"{error} Waiting for it.")
                self._progress.note(f"{self._transport.serial}: {self._recover()}")
        raise AssertionError("the last try returns or raises")

    def _station(self, stack: ExitStack, binary: Path | None, session: str) -> Station:
        transport = self._transport
        held = stack.enter_context(
            lease(
                transport,
                transport.serial,
                folder=home() / "phones" / "leases",
                holder=this_process(session),
                limit_s=LEASE_S,
                clock=self._clock,
                device_folder=shared_folder(transport),
            )
        )
        clear_leftovers(transport)
        settings = stack.enter_context(borrowed(transport, host_folder=journals()))
        instrument, facts = phone_instrument(transport, self._hardware, binary)
        conditions = AndroidConditions(transport)

        def read_conditions() -> Conditions:
            held.renew()
            return conditions.read()

        def read_after(run: Run) -> Conditions:
            held.renew()
            return conditions.read(own_cpu_s=run.cpu_s, wait=run.purpose in (Pass.LATENCY, Pass.CANARY))

        def recover() -> str:
            said = self._recover()
            set_again(transport, settings)
            return said

        self._wait(read_conditions, self._limits)
        # Others' load rises for a moment after every run: between runs it is told, not waited for.
        between = self._limits.model_copy(update={"busy_share": None})
        return Station(
            transport=transport,
            instrument=instrument,
            binary=facts,
            facts=to_device_facts(self._hardware, self._profile.name, emulated=transport.emulated),
            profile=self._profile,
            cpus=self._phone.cores(self._profile),
            read_conditions=read_conditions,
            read_after=read_after,
            work_folder=lambda name: session_folder(transport, name),
            models=f"{transport.root}/models",
            recover=recover,
            ready=lambda seen: (
                seen if verdict(seen, between).decision is Decision.ACCEPT else self._wait(read_conditions, between)
            ),
        )

    def _wait(self, read_conditions: Callable[[], Conditions], limits: Limits) -> Conditions:
        """Wait until the phone is fit for measuring, and return its state then.

        Raises:
            NoDevice: it does not become so.
        """
        patience_s = self._profile.patience.ready_s
        told = self._progress.of(self._transport.serial)  # a stage of its own, so that measuring keeps its place
        ready = wait_until_ready(read_conditions, limits, self._clock, told, patience_s)
        if ready.verdict.decision is not Decision.ACCEPT:
            raise NoDevice(f"{self._transport.serial} is not ready to be measured: {ready.verdict.reason}.")
        return ready.conditions

    def _recover(self) -> str:
        """Wait for a lost phone, and say how it came back.

        Raises:
            TransportError: it does not come back.
        """
        back = wait_for_device(
            self._transport,
            limit_s=self._profile.patience.return_s,
            clock=self._clock,
            revive=self._servers.revive,
        )
        restarted = " after a restart" if back.rebooted else ""
        return f"was lost and came back{restarted} within {back.waited_s:.0f} s"


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
