"""A phone as a device: leased, set, with the program on it while a session has it; given back as it was found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from mbench.core.clocks import caps
from mbench.core.errors import DamagedFile, DeviceLost, NoDevice, NoSpace
from mbench.core.plain_text import whole_seconds, without_name
from mbench.core.ports import Clock, Progress, Transport
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Pass, Run
from mbench.devices.adb.patient import PatientTransport
from mbench.devices.adb.recovery import wait_for_device
from mbench.devices.adb.transport import AdbTransport
from mbench.devices.android.conditions import AndroidConditions
from mbench.devices.android.facts import Hardware, to_device_facts
from mbench.devices.android.knobs import FIXED_PERFORMANCE, GOVERNOR, Refusal
from mbench.devices.android.readiness import CAPPED_S, Decision, verdict, wait_for_clocks, wait_until_ready
from mbench.devices.android.settings import Borrowed, Wanted, borrowed, foreseen_refusals, set_again
from mbench.devices.lease.lease import Lease, LeaseLost
from mbench.devices.limits import Limits
from mbench.devices.profiles.matching import refuse_contradictions
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.attached_phones import Fleet, Phone
from mbench.workflows.devices.benchmark_program import Program, ProgramWish
from mbench.workflows.devices.device import Folders, Identity
from mbench.workflows.devices.phone_files import (
    clear_leftovers,
    evict_oldest,
    journals,
    session_folder,
)
from mbench.workflows.devices.phone_lease import leased
from mbench.workflows.devices.phone_program import phone_program

Made = TypeVar("Made")

UNKNOWN_ABI: Final = "arm64-v8a"
"""Of a phone that does not say its own."""

MOST_LOSSES: Final = 3
"""Times that a phone is made ready, a run or a push begun again because it was lost, or a file was damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """Waits for a lost phone.

    Attributes:
        profile: says for how long, where the fleet does not.
    """

    transport: AdbTransport
    fleet: Fleet
    profile: Profile
    clock: Clock

    def wait(self) -> str:
        """Return how the phone came back.

        Raises:
            TransportError: it does not come back.
        """
        back = wait_for_device(
            self.transport,
            limit_s=self.profile.patience.return_s if self.fleet.return_s is None else self.fleet.return_s,
            clock=self.clock,
            revive=self.fleet.servers.revive,
        )
        restarted = " after a restart" if back.rebooted else ""
        return f"was lost and came back{restarted} within {whole_seconds(back.waited_s)}"


@dataclass(slots=True, kw_only=True)
class PhoneState:
    """What is read of a phone's state, with its lease renewed each time; and waiting until it is fit for measuring.

    Attributes:
        limits: that it is waited for by.
        timeout_s: the longest wait.
        progress: shows what is waited for.
        again: repeats a step when the phone was lost meanwhile and is back.
        leave: lets no further command reach the phone.
        await_clocks: whether capped clocks are still to be waited for: once, since some power managers cap all day.
    """

    serial: str
    lease: Lease
    reader: AndroidConditions
    limits: Limits
    timeout_s: float
    clock: Clock
    progress: Progress
    again: Callable[[Callable[[], Conditions]], Conditions]
    leave: Callable[[], None]
    await_clocks: bool = True

    def read(self) -> Conditions:
        """Return the state now."""
        return self.again(lambda: self._read(self.reader.read))

    def read_after(self, run: Run) -> Conditions:
        """Return the state after a run."""
        return self._read(lambda: self.reader.read(own_cpu_s=run.cpu_s, wait=run.purpose is Pass.LATENCY))

    def _read(self, reading: Callable[[], Conditions]) -> Conditions:
        """Return a reading; the lease that is read along with it must be ours still.

        Raises:
            LeaseLost: somebody else has the phone, which is not touched any more.
        """
        try:
            self.lease.renew()
            conditions = reading()
            self.lease.heard(self.reader.read_along.encode())
        except LeaseLost:
            self.leave()
            raise
        return conditions

    @property
    def between_runs(self) -> Limits:
        """The limits without others' load: that rises for a moment after every run, and is reported, not waited for."""
        return self.limits.model_copy(update={"busy_share": None})

    def wait(self, limits: Limits) -> Conditions:
        """Wait until the phone is fit for measuring, and return its state then.

        Raises:
            NoDevice: it does not become so.
        """
        ready = wait_until_ready(self.read, limits, self.clock, self._stage, self.timeout_s)
        if ready.verdict.decision is not Decision.ACCEPT:
            raise NoDevice(f"{self.serial} is not ready to be measured: {ready.verdict.reason}.")
        return ready.conditions

    def fit(self, seen: Conditions) -> Conditions:
        """Return the state that was seen where a run may follow it, or wait for one.

        Raises:
            NoDevice: it does not become so.
        """
        limits = self.between_runs
        return seen if verdict(seen, limits).decision is Decision.ACCEPT else self.wait(limits)

    def fast(self, seen: Conditions, cpus: Sequence[int] | None) -> Conditions:
        """Return the state that was seen, or, once, the one after capped clocks have been waited for."""
        if not self.await_clocks or not caps(seen, cpus):
            return seen
        self.await_clocks = False
        return wait_for_clocks(self.read, seen, cpus, self.clock, self._stage, min(CAPPED_S, self.timeout_s))

    @property
    def _stage(self) -> Progress:
        """A stage of the phone's own, so that measuring keeps its place."""
        return self.progress.of(self.serial)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPhone:
    """A phone while a session has it; see `mbench.workflows.devices.device.TakenDevice`."""

    transport: Transport
    program: Program
    identity: Identity
    profile: Profile
    folders: Folders
    found: Conditions
    state: PhoneState
    way_back: WayBack
    settings: Borrowed
    patient: PatientTransport
    retries: int = MOST_LOSSES
    others: list[Program] = field(default_factory=list)

    def push(self, source: Path, *, sha256: str, needed: frozenset[str], sent: Callable[[int], None]) -> None:
        """Bring a model to the phone; old ones go where space is short."""
        keep = frozenset(f"{each}.tflite" for each in needed)
        while True:
            try:
                self.transport.push(source, f"{self.folders.models}/{sha256}.tflite", sha256=sha256, sent=sent)
            except NoSpace:
                if not evict_oldest(self.transport, keep=keep):
                    raise
            else:
                return

    def other_program(self, planned: BinaryFacts) -> Instrument:
        """Push another program, and ask it for its flags."""
        wish = ProgramWish(planned=planned)
        program = phone_program(self.transport, self.identity.facts.abi or UNKNOWN_ABI, wish)
        self.others.append(program)
        return program.instrument

    def bring_program(self) -> None:
        """Push what of the programs is not there as it was."""
        for program in (self.program, *self.others):
            program.bring(self.transport)

    def conditions(self) -> Conditions:
        """Return the phone's state now; its lease goes on."""
        return self.state.read()

    def conditions_after(self, run: Run) -> Conditions:
        """Return the phone's state after a run; its lease goes on."""
        return self.state.read_after(run)

    def make_ready(self, seen: Conditions, *, cpus: Sequence[int] | None) -> Conditions:
        """Return the state that was seen, or wait until the phone is fit for measuring."""
        return self.state.fit(self.state.fast(self.state.fit(seen), cpus))

    def unfit(self, after: Conditions) -> tuple[str, ...]:
        """Return which limits of its profile the phone had left."""
        return verdict(after, self.state.between_runs).reasons

    def recover(self) -> str:
        """Wait for the lost phone, and set it again as wanted."""
        words = self.way_back.wait()
        set_again(self.patient, self.settings)
        return words


class PhoneDevice:
    """An attached phone; see `mbench.workflows.devices.device.Device`.

    Args:
        phone: the phone.
        profile: its profile.
        fleet: the phones that it is one of.
        wish: the program that is wanted on it.
    """

    def __init__(self, phone: Phone, profile: Profile, *, fleet: Fleet, wish: ProgramWish) -> None:
        self.profile, self.cpus = profile, phone.cores(profile)
        self._phone, self._fleet, self._wish, self._clock = phone, fleet, wish, SystemClock()
        self._program: Program | None = None

    @property
    def phone(self) -> Phone:
        """The phone as it is attached."""
        return self._phone

    @property
    def known(self) -> DeviceFacts:
        """The phone's facts; of one that cannot be asked its serial, or its address, and what adb says of it."""
        phone = self._phone
        if phone.transport is None or phone.hardware is None:
            attached = phone.attached
            return DeviceFacts(
                serial=phone.serial, profile=self.profile.name, emulated=attached.emulated, model=attached.model
            )
        return to_device_facts(phone.hardware, self.profile.name, emulated=phone.transport.emulated)

    def folders(self, session: str) -> Folders:
        """Return where a session's files are going to lie on the phone."""
        transport, _ = self._open()
        return _folders(transport, f"{transport.root}/sessions/{session}")

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        """Return the phone's facts and the program on it.

        Nobody else measures on it while the program is pushed and asked. A push that breaks off is begun again when the
        phone is back, so many times as in a session.
        """
        transport, hardware = self._open()
        refuse_contradictions(self.profile, hardware)
        if only_look:
            program = self._pushed_program(replace(self._wish, only_look=True))
        else:
            with ExitStack() as stack:
                program = self._patiently(lambda undo: self._prepared(undo, progress), stack, progress)
            self._program = program
        _refuse_unset(transport, foreseen_refusals(transport, wanted), wanted)
        return self._identity(program)

    @contextmanager
    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> Iterator[TakenPhone]:
        """Yield the phone, fit for measuring and set as wanted; it is as it was before afterwards."""
        refuse_contradictions(self.profile, self._open()[1])
        with ExitStack() as stack:
            yield self._patiently(lambda undo: self._taken(undo, session, wanted, progress), stack, progress)

    def _prepared(self, undo: ExitStack, progress: Progress) -> Program:
        """Return the program, pushed and asked for its flags while the phone is ours."""
        patient = self._patient(progress)
        patient.again(self._open()[0].make_root)
        undo.enter_context(leased(patient, "preparing", clock=self._clock))
        clear_leftovers(patient)
        return self._pushed_program(self._wish)

    def _taken(self, undo: ExitStack, session: str, wanted: Wanted, progress: Progress) -> TakenPhone:
        """Take the phone; what is to be undone afterwards goes into the stack."""
        transport, patient = self._open()[0], self._patient(progress)
        patient.again(transport.make_root)
        held = undo.enter_context(leased(patient, session, clock=self._clock))
        clear_leftovers(patient)
        settings = undo.enter_context(borrowed(patient, host_folder=journals(), wanted=wanted))
        _refuse_unset(transport, settings.refused, wanted)
        program = self._verified_program()
        state = PhoneState(
            serial=transport.serial,
            lease=held,
            reader=AndroidConditions(transport, declared_khz=self.profile.declared_khz, along=held.path),
            limits=self._limits(transport),
            timeout_s=self.profile.patience.ready_s,
            clock=self._clock,
            progress=progress,
            again=patient.again,
            leave=transport.gave_up,
            await_clocks=not wanted.fixed_performance,  # which caps them itself
        )
        return TakenPhone(
            transport=transport,
            program=program,
            identity=self._identity(program),
            profile=self.profile,
            found=state.wait(state.limits),
            folders=_folders(transport, undo.enter_context(session_folder(patient, session))),
            state=state,
            way_back=self._way_back(),
            settings=settings,
            patient=patient,
        )

    def _open(self) -> tuple[AdbTransport, Hardware]:
        """Return the way to the phone and what was read of it.

        Raises:
            NoDevice: it does not answer.
        """
        phone = self._phone
        if phone.transport is None or phone.hardware is None:
            why = phone.attached.remedy or phone.attached.state
            raise NoDevice(f"{phone.serial} cannot be used: {without_name(why, phone.serial)}")
        return phone.transport, phone.hardware

    def _identity(self, program: Program) -> Identity:
        self._open()
        return Identity(facts=self.known, instrument=program.instrument, binary=program.facts)

    def _pushed_program(self, wish: ProgramWish) -> Program:
        transport, _ = self._open()
        return phone_program(transport, self.known.abi or UNKNOWN_ABI, wish)

    def _verified_program(self) -> Program:
        """Return the program; one that is known is verified, and pushed again if it is gone since."""
        if self._program is None:
            self._program = self._pushed_program(self._wish)
        else:
            self._program.bring(self._open()[0])
        return self._program

    def _limits(self, transport: AdbTransport) -> Limits:
        """Return the profile's limits; an emulated phone's load is this host's, and waiting does not end its cause."""
        free = {"busy_share": None} if transport.emulated else {}
        return self.profile.limits.model_copy(update=free)

    def _way_back(self) -> WayBack:
        return WayBack(transport=self._open()[0], fleet=self._fleet, profile=self.profile, clock=self._clock)

    def _patient(self, progress: Progress) -> PatientTransport:
        """Return the way to the phone for what must be done although its link flaps."""

        def wait(error: DeviceLost) -> None:
            progress.note(f"{error} Waiting for it.")
            progress.note(f"{self._phone.serial}: {self._way_back().wait()}")

        return PatientTransport(self._open()[0], wait=wait, most=MOST_LOSSES)

    def _patiently(self, make: Callable[[ExitStack], Made], stack: ExitStack, progress: Progress) -> Made:
        """Return what is made, made again where the phone was lost meanwhile; the stack undoes it afterwards."""
        for left in reversed(range(MOST_LOSSES + 1)):
            try:
                with ExitStack() as making:
                    made = make(making)
                    stack.enter_context(making.pop_all())
                    return made
            except DamagedFile as error:
                if not left:
                    raise
                progress.note(f"{error} It is pushed again.")
            except DeviceLost as error:
                if not left:
                    raise
                progress.note(f"{error} Waiting for it.")
                progress.note(f"{self._phone.serial}: {self._way_back().wait()}")
        raise AssertionError("the last try returns or raises")


def _folders(transport: Transport, work_dir: str) -> Folders:
    return Folders(models=f"{transport.root}/models", work_dir=work_dir)


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
