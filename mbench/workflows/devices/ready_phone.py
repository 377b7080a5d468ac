"""A phone made ready to measure on: leased, set, with the program on it; given back as it was found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from mbench.core.errors import DamagedFile, DeviceLost, NoDevice
from mbench.core.ports import Clock, Progress
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Pass, Run
from mbench.devices.adb.recovery import wait_for_device
from mbench.devices.adb.transport import AdbTransport
from mbench.devices.android.conditions import AndroidConditions
from mbench.devices.android.facts import Hardware, to_device_facts
from mbench.devices.android.knobs import FIXED_PERFORMANCE, GOVERNOR, Refusal
from mbench.devices.android.readiness import Decision, verdict, wait_until_ready
from mbench.devices.android.settings import Wanted, borrowed, foreseen_refusals, set_again
from mbench.devices.lease.lease import lease
from mbench.devices.lease.records import this_process
from mbench.devices.limits import Limits
from mbench.devices.profiles.matching import refuse_contradictions
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.devices.phone_files import clear_leftovers, journals, session_folder, shared_folder
from mbench.workflows.devices.phone_program import ProgramWish, phone_instrument
from mbench.workflows.devices.ready_device import Station
from mbench.workflows.home import home

Made = TypeVar("Made")

LEASE_S = 3600.0
MOST_LOSSES = 3
"""Times that a phone is made ready again because it was lost, or a file was damaged on the way, meanwhile."""


@contextmanager
def phone_station(
    phone: Phone,
    profile: Profile,
    *,
    fleet: Fleet,
    wish: ProgramWish,
    wanted: Wanted,
    session: str,
    progress: Progress,
    clock: Clock | None = None,
) -> Iterator[Station]:
    """Yield a phone, ready and set as wanted; it is nobody else's until the end, and then as it was before.

    Raises:
        NoDevice: it is not what its profile declares, is busy, too hot or too empty, has no program, or does not take
            a setting that was asked for.
        TransportError: it does not answer.
    """
    making = _Making(phone, profile, fleet=fleet, progress=progress, clock=clock or SystemClock())
    with ExitStack() as stack:
        yield making.patiently(lambda undo: making.station(undo, wish, wanted, session), stack)


class _Making:
    """Makes one phone ready, again where it was lost meanwhile."""

    def __init__(
        self,
        phone: Phone,
        profile: Profile,
        *,
        fleet: Fleet,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self._transport, self._hardware = _open(phone)
        refuse_contradictions(profile, self._hardware)
        self._phone, self._profile = phone, profile
        self._fleet, self._progress, self._clock = fleet, progress, clock
        # An emulated phone's load is this host's, and waiting does not end what made it.
        free = {"busy_share": None} if self._transport.emulated else {}
        self._limits = profile.limits.model_copy(update=free)

    def patiently(self, make: Callable[[ExitStack], Made], stack: ExitStack) -> Made:
        """Return what is made, made again where the phone was lost meanwhile; the stack undoes it afterwards."""
        for left in reversed(range(MOST_LOSSES + 1)):
            try:
                with ExitStack() as making:
                    made = make(making)
                    stack.enter_context(making.pop_all())
                    return made
            except (DamagedFile, DeviceLost) as error:
                if not left:
                    raise
                self._progress.note(f"{error} Waiting for it.")
                self._progress.note(f"{self._transport.serial}: {self._recover()}")
        raise AssertionError("the last try returns or raises")

    def program(self, wish: ProgramWish) -> tuple[Instrument, BinaryFacts]:
        """Return the program on the phone; see `phone_instrument`."""
        return phone_instrument(self._transport, self.facts.abi or "arm64-v8a", wish)

    @property
    def facts(self) -> DeviceFacts:
        """What was read off the phone."""
        return to_device_facts(self._hardware, self._profile.name, emulated=self._transport.emulated)

    def station(self, stack: ExitStack, wish: ProgramWish, wanted: Wanted, session: str) -> Station:
        """Return the phone as a station; what is to be undone afterwards goes into the stack."""
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
        settings = stack.enter_context(borrowed(transport, host_folder=journals(), wanted=wanted))
        _refuse_unset(transport, settings.refused, wanted)
        instrument, facts = self.program(wish)
        conditions = AndroidConditions(transport)

        def read_conditions() -> Conditions:
            held.renew()
            return conditions.read()

        def read_after(run: Run) -> Conditions:
            held.renew()
            return conditions.read(own_cpu_s=run.cpu_s, wait=run.purpose is Pass.LATENCY)

        def recover() -> str:
            said = self._recover()
            set_again(transport, settings)
            return said

        state = self._wait(read_conditions, self._limits)
        # Others' load rises for a moment after every run: between runs it is told, not waited for.
        between = self._limits.model_copy(update={"busy_share": None})
        return Station(
            transport=transport,
            instrument=instrument,
            binary=facts,
            facts=self.facts,
            profile=self._profile,
            cpus=self._phone.cores(self._profile),
            read_conditions=read_conditions,
            state=state,
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
            limit_s=self._profile.patience.return_s if self._fleet.return_s is None else self._fleet.return_s,
            clock=self._clock,
            revive=self._fleet.servers.revive,
        )
        restarted = " after a restart" if back.rebooted else ""
        return f"was lost and came back{restarted} within {back.waited_s:.0f} s"


def identify(
    phone: Phone, profile: Profile, wish: ProgramWish, wanted: Wanted, *, fleet: Fleet, progress: Progress
) -> tuple[Instrument, BinaryFacts, DeviceFacts]:
    """Return the program on a phone and the phone's facts, for planning; the phone is not taken for it.

    A push that breaks off is begun again when the phone is back, so many times as in a session.

    Raises:
        NoDevice: it is not what its profile declares, there is no program for it, or it will not be set as wanted.
        TransportError: it does not answer.
        UsageError: the user's program is none.
    """
    making = _Making(phone, profile, fleet=fleet, progress=progress, clock=SystemClock())
    with ExitStack() as stack:
        instrument, binary = making.patiently(lambda _: making.program(wish), stack)
    transport, _ = _open(phone)
    _refuse_unset(transport, foreseen_refusals(transport, wanted), wanted)
    return instrument, binary, making.facts


def _refuse_unset(transport: AdbTransport, refusals: Sequence[Refusal], wanted: Wanted) -> None:
    """Refuse a phone that does not take what the user asked for; that it stays awake is a wish of ours alone.

    Raises:
        NoDevice: the first setting, in the phone's words.
    """
    for refusal in refusals:
        if refusal.knob == FIXED_PERFORMANCE:
            option = "--fixed-performance"
        elif refusal.knob.startswith(GOVERNOR):
            option = f"--governor {wanted.governor}"
        else:
            continue
        raise NoDevice(
            f"{transport.serial}: {option} cannot be had, {refusal.knob}: {refusal.words}. Run without it there."
        )


def _open(phone: Phone) -> tuple[AdbTransport, Hardware]:
    if phone.transport is None or phone.hardware is None:
        raise NoDevice(f"{phone.serial} cannot be used: {phone.attached.remedy or phone.attached.state}")
    return phone.transport, phone.hardware
