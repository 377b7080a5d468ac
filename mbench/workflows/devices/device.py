"""Devices as workflows see them: one that can be planned with, and the same one taken for a session."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mbench.core.ports import Progress, Transport
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Run
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Profile
from mbench.runner.instrument import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a device is, and which program it has."""

    facts: DeviceFacts
    instrument: Instrument
    binary: BinaryFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where a session has its models on a device, and where it works."""

    models: str
    work_dir: str


class TakenDevice(Protocol):
    """A device while a session has it: fit to be measured, set as wanted, and nobody else's."""

    @property
    def transport(self) -> Transport:
        """The way to it."""

    @property
    def identity(self) -> Identity:
        """What it is, and the program on it."""

    @property
    def profile(self) -> Profile:
        """What is declared about it."""

    @property
    def folders(self) -> Folders:
        """Where this session's files lie on it."""

    @property
    def found(self) -> Conditions:
        """Its state when it was taken; it need not be read again at once."""

    @property
    def retries(self) -> int:
        """How often a run or a push is begun again because the device was lost; 0 where it cannot be lost."""

    def push(self, source: Path, *, sha256: str, needed: frozenset[str], sent: Callable[[int], None]) -> None:
        """Bring a model to it, once per content; where space is short, models that are not needed may go.

        Args:
            source: the file.
            sha256: its content, by which it lies there.
            needed: SHA-256 of the models that must stay.
            sent: as of `Transport.push`; copies on this host are not announced.

        Raises:
            TransportError: it could not be pushed.
        """

    def other_program(self, planned: BinaryFacts) -> Instrument:
        """Return another program than its own, brought and verified by its hash.

        Raises:
            NoDevice: it does not start there.
            StoreError: it is not at hand.
            TransportError: it could not be pushed.
        """

    def bring_program(self) -> None:
        """See to it that its program, and others that were asked for, are there as they were identified.

        Raises:
            TransportError: it could not be pushed.
        """

    def conditions(self) -> Conditions:
        """Return its state now.

        Raises:
            TransportError: it does not answer.
        """

    def conditions_after(self, run: Run) -> Conditions:
        """Return its state after a run, whose own CPU time is none of the others' load.

        Raises:
            TransportError: it does not answer.
        """

    def make_ready(self, seen: Conditions, *, cpus: Sequence[int] | None) -> Conditions:
        """Wait, where the state that was seen is not fit for measuring, until it is, and return the state then.

        Clocks that are capped on `cpus`, cores that the run is pinned to (None: any), are waited for once, for a while.

        Raises:
            NoDevice: it does not become so.
            TransportError: it does not answer.
        """

    def unfit(self, after: Conditions) -> tuple[str, ...]:
        """Return why its state after a run was not fit for measuring; others' load is doubted elsewhere."""

    def recover(self) -> str:
        """Wait for the device that was lost, and return how it came back.

        Raises:
            TransportError: it does not come back, or cannot be lost.
        """


class Device(Protocol):
    """One device, known well enough to plan with."""

    @property
    def profile(self) -> Profile:
        """What is declared about it."""

    @property
    def cpus(self) -> tuple[int, ...] | None:
        """Cores that runs may be pinned to, best first; None where nothing is pinned."""

    @property
    def known(self) -> DeviceFacts:
        """What is known of it without asking it again: of one that cannot be asked, how it is called."""

    def folders(self, session: str) -> Folders:
        """Return where a session's files are going to lie on it."""

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        """Return what it is, with its program, which is pushed if it is not there.

        Args:
            wanted: how it is going to be set.
            progress: gets news of a device that has to be waited for.
            only_look: whether nothing may be written to it; a program that is not there has all flags that its file may
                have.

        Raises:
            NoDevice: there is no program for it, it is not what its profile declares, or will not be set as wanted.
            TransportError: it does not answer.
            UsageError: the user's program is not a benchmark_model, or of another flavour, or the device has no such
                settings.
        """

    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> AbstractContextManager[TakenDevice]:
        """Take the device for a session, and give it back as it was found, whatever happens.

        A program that was identified before is verified by its hash, and not asked for its flags again.

        Raises:
            NoDevice: it is busy, does not become fit for measuring, or does not take a setting.
            StoreError: the program that the session was begun with is not at hand.
            TransportError: it does not answer.
        """
