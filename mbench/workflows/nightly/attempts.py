"""Attempts at a night's devices, until nothing is left, the window ends, or nothing comes of trying any more."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from mbench.core.error_classes import BUSY, QUARANTINE
from mbench.core.errors import DeviceInUse, DiskError, MbenchError
from mbench.core.nights.nights import Night
from mbench.core.ports import Clock, Progress
from mbench.core.results import DevicePlan
from mbench.store.nights import is_cancelled
from mbench.store.session_store import SessionStore
from mbench.workflows.clock import SystemClock
from mbench.workflows.nightly.farm_file import FarmFile
from mbench.workflows.nightly.health import NightHealth, left_out
from mbench.workflows.nightly.lent_phones import measure_lent
from mbench.workflows.nightly.roster import LACKING
from mbench.workflows.nightly.turns import Turn, turns_of
from mbench.workflows.run.find_devices import Devices, find_devices
from mbench.workflows.run.many_devices import measure_at_once
from mbench.workflows.run.one_device import note_ending

LOOK_S: Final = 1.0
"""How often the end of the window, and a wish to cancel, are looked for."""

AGAIN_S: Final = 60.0
"""Between two attempts at devices that failed or are away."""

SAY_S: Final = 5.0
"""How often a night says which phones it still wants, for nights of lower priority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightRequest:
    """What `mbench nightly` was asked for.

    Attributes:
        adb_servers: whose phones; none: the user's own server's.
        workers: processes that build; None: one per core.
        command: as it was typed.
        label: what the user calls what is measured tonight, such as a git commit; a night that goes on keeps its own.
    """

    file: FarmFile
    adb_servers: tuple[str, ...] = ()
    workers: int | None = None
    command: tuple[str, ...]
    label: str | None = None
    clock: Clock = field(default_factory=SystemClock)


class Attempts:
    """Attempts at the devices of a night: those that fail or are away are tried again while the night lasts."""

    def __init__(
        self,
        request: NightRequest,
        store: SessionStore,
        night: Night,
        stop: threading.Event,
        health: NightHealth,
        progress: Progress,
    ) -> None:
        self._request, self._store, self._night, self._stop = request, store, night, stop
        self._health, self._progress = health, progress
        self._patience_s = request.file.farm.retry_minutes * 60.0
        self._refused: set[str] = set()
        """Serials of lent phones that their hosts leave out."""
        self._turns = turns_of(store.plan.session, night.farm, request.file.farm.priority)

    def run(self, *, without: set[str]) -> None:
        """Measure until nothing is left, the night is to end, or nothing has come of trying again for some time.

        Args:
            without: serials of devices that were found to be of no use just now.
        """
        self._note_refused(without)
        if self._request.file.farm.hosts is not None:  # the farm's scheduler knows whose turn it is
            self._go_on(without)
            return
        with self._turns.taken(), again_and_again(self._say_turn, every_s=SAY_S):
            self._go_on(without)

    def _say_turn(self) -> None:
        """Say which phones this night still has to measure on; on a disk that is full nobody waits for it."""
        store = self._store
        with suppress(DiskError):
            self._turns.say(
                {
                    part.device.serial
                    for part in store.plan.devices
                    if LACKING not in part.device.serial and any(store.result(job.id) is None for job in part.jobs)
                }
            )

    def _go_on(self, without: set[str]) -> None:
        clock = self._request.clock
        progressed_at, measured = clock.monotonic(), self._measured()
        while left := self._left():
            if ready := self._in_turn([part for part in left if part.device.serial not in without]):
                self._attempt(ready)
                self._note_refused(part.device.serial for part in ready)
            without = set()
            if self._measured() > measured:
                progressed_at, measured = clock.monotonic(), self._measured()
            if not self._wait(progressed_at):
                return

    def _in_turn(self, parts: Sequence[DevicePlan]) -> list[DevicePlan]:
        """Return the parts but for those whose phones a night of higher priority waits for."""
        ahead: Mapping[str, Turn] = {} if self._request.file.farm.hosts is not None else self._turns.ahead()
        for part in parts:
            if (turn := ahead.get(part.device.serial)) is not None:
                busy = DeviceInUse(
                    f"{part.device.serial}: the night of {turn.farm}, of priority {turn.priority}, has it first."
                )
                self._progress.note(str(busy))
                note_ending(self._store, part.device.serial, busy, self._request.clock)
        return [part for part in parts if part.device.serial not in ahead]

    def _attempt(self, parts: Sequence[DevicePlan]) -> None:
        """Measure parts at the same time, each on its own device as it is attached, or lent, now."""
        plan, request, hosts = self._store.plan, self._request, self._request.file.farm.hosts
        program = request.file.farm.program.binary
        binary = None if program is None else request.file.resolved(program)
        try:
            if hosts is not None:
                measure_lent(
                    request.file,
                    hosts,
                    self._store,
                    parts,
                    self._expected_s,
                    progress=self._progress,
                    stop=self._stop,
                )
                return
            with find_devices([part.device.profile for part in parts], request.adb_servers) as devices:
                device_of = partial(devices.of_plan, plan, binary=binary)
                fit = self._fit(parts, devices)
                if fit:
                    measure_at_once(self._store, fit, device_of, progress=self._progress, stop=self._stop)
        except MbenchError as error:  # no adb server, say: a fault of this host, which may pass
            self._progress.note(str(error))
            self._health.blame_host(part.device.serial for part in parts)
            for part in parts:
                note_ending(self._store, part.device.serial, error, request.clock)

    def _expected_s(self, part: DevicePlan) -> float:
        """Return what is left of a part by earlier nights, in seconds; what nothing is known of counts for nothing."""
        left = (job.id for job in part.jobs if self._store.result(job.id) is None)
        return sum(self._night.expected_s.get(name, 0.0) for name in left)

    def _fit(self, parts: Sequence[DevicePlan], devices: Devices) -> list[DevicePlan]:
        """Return the parts whose phones are well; of the others it is kept why they are not."""
        if devices.fleet is None:
            return list(parts)
        unfit = self._health.unfit(devices.fleet, [part.device.serial for part in parts])
        for serial, error in unfit.items():
            self._progress.note(str(error))
            note_ending(self._store, serial, error, self._request.clock)
        return [part for part in parts if part.device.serial not in unfit]

    def _left(self) -> list[DevicePlan]:
        """Return the parts with something left to do, but for phones that are left out on purpose."""
        store, devices = self._store, self._store.plan.devices
        out: Collection[str] = self._refused
        if self._request.file.farm.hosts is None:
            out = left_out([part.device.serial for part in devices], self._request.clock, self._progress.note)
        there = [part for part in devices if part.device.serial not in out and LACKING not in part.device.serial]
        return [part for part in there if any(store.result(job.id) is None for job in part.jobs)]

    def _note_refused(self, serials: Iterable[str]) -> None:
        """Keep which lent phones their hosts leave out: they are not asked for again in this night."""
        if self._request.file.farm.hosts is not None:
            endings = ((serial, self._store.ending(serial)) for serial in serials)
            self._refused |= {serial for serial, end in endings if end is not None and end.error_class == QUARANTINE}

    def _measured(self) -> int:
        return sum(len(self._store.runs(job.id)) for part in self._left() for job in part.jobs) + sum(
            self._store.result(job.id) is not None for job in self._store.plan.jobs
        )

    def _wait(self, progressed_at: float) -> bool:
        """Return whether to try again, after a wait; said once for all devices that are waited for."""
        left = self._left()
        if not left or self._stop.is_set() or self._patience_s <= 0:
            return False
        endings = (self._store.ending(part.device.serial) for part in left)
        busy = any(ending is not None and ending.error_class == BUSY for ending in endings)
        if not busy and self._request.clock.monotonic() - progressed_at >= self._patience_s:
            names = ", ".join(part.device.serial for part in left)
            self._progress.note(f"nothing came of {self._patience_s / 60:.0f} minutes of trying again: {names}")
            return False
        return not self._stop.wait(AGAIN_S)


@contextmanager
def again_and_again(what: Callable[[], None], *, every_s: float) -> Iterator[None]:
    """Do something now, and every so often while the block goes on."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(every_s):
            what()

    what()
    thread = threading.Thread(target=work, name="turn of the night", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def until_end(night: Night, path: Path, clock: Clock) -> Iterator[threading.Event]:
    """Yield an event that is set when the window has ended, by the wall clock, or somebody cancels the night."""
    stop, done = threading.Event(), threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_S):
            if clock.now() >= night.until or is_cancelled(path):
                stop.set()
                return

    watcher = threading.Thread(target=watch, name="window of the night", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        done.set()
        watcher.join()
