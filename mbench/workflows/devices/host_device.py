"""This machine as a device: one session at a time has it; it has no settings of ours, and cannot be lost."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mbench.core.errors import DeviceLost, NoDevice, UsageError
from mbench.core.ports import Progress
from mbench.core.processes.core_lists import parse_cores
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Run
from mbench.devices.android.settings import Wanted
from mbench.devices.host.facts import HostConditions, allowed_cpus, read_facts
from mbench.devices.host.folders import remove_stale, work_folder
from mbench.devices.host.transport import HostTransport
from mbench.devices.lease.host_turn import host_turn
from mbench.devices.lease.records import this_process
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.benchmark_program import Program, ProgramWish, host_program
from mbench.workflows.devices.device import Folders, Identity
from mbench.workflows.home import home

HOST = "host"
ALIVE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenHost:
    """This machine while a session has its folder on it; see `mbench.workflows.devices.device.TakenDevice`."""

    transport: HostTransport
    program: Program
    identity: Identity
    profile: Profile
    folders: Folders
    reader: HostConditions
    found: Conditions
    retries: int = 0
    others: list[Program] = field(default_factory=list)

    def push(self, source: Path, *, sha256: str, needed: frozenset[str], sent: Callable[[int], None]) -> None:
        """Copy a model into the session's folder."""
        self.transport.push(source, f"{self.folders.models}/{sha256}.tflite", sha256=sha256)

    def other_program(self, planned: BinaryFacts) -> Instrument:
        """Copy another program, and ask it for its flags."""
        program = host_program(self.transport, ProgramWish(planned=planned))
        self.others.append(program)
        return program.instrument

    def bring_program(self) -> None:
        """Copy what of the programs is not there as it was."""
        for program in (self.program, *self.others):
            program.bring(self.transport)

    def conditions(self) -> Conditions:
        """Return this machine's state now."""
        return self.reader.read()

    def conditions_after(self, run: Run) -> Conditions:
        """Return this machine's state now, with others' load on the run's own cores."""
        return self.reader.read(cpus=parse_cores(run.cpus or ""))

    def make_ready(self, seen: Conditions, *, cpus: Sequence[int] | None) -> Conditions:
        """Return the state that was seen: nothing is waited for."""
        return seen

    def unfit(self, after: Conditions) -> tuple[str, ...]:
        """Return nothing: this machine has no limits that it is waited for by."""
        return ()

    def recover(self) -> str:
        """Refuse: there is no way to this machine that could break.

        Raises:
            DeviceLost: always.
        """
        raise DeviceLost(f"{self.transport.serial} is this host, which cannot be lost and waited for.")


@dataclass(eq=False)
class HostDevice:
    """This machine; see `mbench.workflows.devices.device.Device`."""

    profile: Profile
    wish: ProgramWish
    cpus: tuple[int, ...] | None = field(default_factory=allowed_cpus, init=False)
    _known: tuple[HostTransport, Program, Identity] | None = field(default=None, init=False)

    @property
    def known(self) -> DeviceFacts:
        """This machine's facts."""
        return read_facts()

    def folders(self, session: str) -> Folders:
        """Return where a session's files are going to lie."""
        return _folders(str(home() / "host" / f"work-{session}"))

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        """Return this machine's facts and its program."""
        if wanted.fixed_performance or wanted.governor is not None:
            option = "--fixed-performance" if wanted.fixed_performance else "--governor"
            raise UsageError(
                f"{option} is for phones, whose settings are put back; set this host yourself and leave it out."
            )
        _, _, identity = self._identified()
        return identity

    @contextmanager
    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> Iterator[TakenHost]:
        """Yield this machine with a folder for the session, once no other session has it."""
        again = self._known is not None
        transport, program, identity = self._identified()
        if again:
            program.bring(transport)
        turn = host_turn(
            _root() / "turns",
            holder=this_process(session),
            limit_s=self.profile.patience.ready_s,
            clock=SystemClock(),
            progress=progress.of(transport.serial),
        )
        with turn, work_folder(_root(), session) as work_dir:
            reader = HostConditions()
            yield TakenHost(
                transport=transport,
                program=program,
                identity=identity,
                profile=self.profile,
                folders=_folders(work_dir),
                reader=reader,
                found=reader.read(),
            )

    def _identified(self) -> tuple[HostTransport, Program, Identity]:
        """Return the way to this machine, its program and its facts, found once.

        Raises:
            NoDevice: it does not run a command in time, or the program does not start.
            UsageError: the program is not a benchmark_model, or of another flavour.
        """
        if self._known is None:
            remove_stale(_root())
            transport = HostTransport(_root())
            if not transport.alive(timeout_s=ALIVE_S):
                raise NoDevice(
                    f"{transport.serial} does not run a shell command within {ALIVE_S:g} s; look at its load."
                )
            program = host_program(transport, self.wish)
            identity = Identity(facts=read_facts(), instrument=program.instrument, binary=program.facts)
            self._known = transport, program, identity
        return self._known


def _root() -> Path:
    """Return our folder on this host, absolute: marks of processes name it, and a later session may start elsewhere."""
    return (home() / "host").absolute()


def _folders(work_dir: str) -> Folders:
    return Folders(models=f"{work_dir}/models", work_dir=work_dir)
