"""Emulated phones in one process: start them, break them, stop them.

with PhoneFarm() as farm:
    phone = farm.start(pixel4("FA7A1"))
    phone.arm(Fault(kind=FaultKind.KILL, run=2))
    ... # adb connect {phone.address}
"""

import asyncio
import errno
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from mbench.core.errors import MbenchError
from mbench.emulator.phone.commands import Commands
from mbench.emulator.phone.facts import PhoneFacts, numbered_serial, pixel4
from mbench.emulator.phone.faults import Fault
from mbench.emulator.phone.phone import PhoneCore
from mbench.emulator.processes.processes import Nursery
from mbench.files.scratch import ScratchFolder

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

_ANSWER_S = 60.0
_BIND_TRIES, _BIND_PAUSE_S = 10, 0.1
VIEW_VARIABLE = "MBENCH_EMULATOR_VIEW"
"""`rewrite` or `namespace`; see views.py."""


class Phone:
    """A running emulated phone, to be used from any thread."""

    def __init__(self, farm: "PhoneFarm", core: PhoneCore) -> None:
        self._farm, self._core = farm, core

    @property
    def facts(self) -> PhoneFacts:
        """What it says of itself."""
        return self._core.facts

    @property
    def serial(self) -> str:
        """Its own serial (ro.serialno), not its address."""
        return self._core.facts.serial

    @property
    def address(self) -> str:
        """What `adb connect` takes, and the serial that adb knows it by."""
        return f"127.0.0.1:{self._core.port}"

    @property
    def folder(self) -> Path:
        """The folder that holds its files."""
        return self._core.folder.root

    @property
    def benchmarks(self) -> int:
        """How many benchmarks it has started."""
        return self._core.plans.count

    @property
    def services(self) -> int:
        """How many of adbd's services it was asked for: commands, file transfers."""
        return self._core.services

    def path(self, path: str) -> Path:
        """Return where a path of the phone lies on this host."""
        return self._core.folder.locate(path)

    def arm(self, fault: Fault) -> None:
        """Let a fault happen, now or when its time comes."""
        self._farm.call(self._core.arm(fault))

    def disarm(self) -> None:
        """Forget the faults that have not happened yet."""
        self._farm.call(self._core.disarm())

    def stop(self) -> None:
        """Switch it off for good."""
        self._farm.stop_phone(self)


class PhoneFarm:
    """All emulated phones of a process, carried by one thread; a context manager.

    Args:
        folder: where the phones' folders are made; None: a temporary folder.
        view: `namespace` or `rewrite`; None: $MBENCH_EMULATOR_VIEW, else namespaces where the system has them.

    Raises:
        MbenchError: this system cannot carry emulated phones.
    """

    def __init__(self, folder: Path | None = None, *, view: str | None = None) -> None:
        if not sys.platform.startswith("linux"):
            raise MbenchError(f"Emulated phones need Linux, not {sys.platform}: processes are found in /proc.")
        self._scratch = None
        if folder is None:
            self._scratch = ScratchFolder("phones")
            folder = self._scratch.path
        self._folder = folder.resolve()
        wanted = view or os.environ.get(VIEW_VARIABLE, "namespace")
        usr_merged = Path("/bin").is_symlink()
        self._nursery = Nursery(namespace=wanted == "namespace" and usr_merged)
        if not self._nursery.namespace:
            _LOG.info("phones' paths are rewritten in commands, not mounted: %s", self._nursery.reason)
        self._commands = Commands(self._folder / "commands", namespace=self._nursery.namespace)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="emulated phones", daemon=True)
        self._thread.start()
        self._phones: list[Phone] = []
        self._cores: dict[Phone, PhoneCore] = {}
        self._count = 0

    def __enter__(self) -> "PhoneFarm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def namespace(self) -> bool:
        """Whether phones' paths are mounted; else they are rewritten."""
        return self._nursery.namespace

    @property
    def phones(self) -> tuple[Phone, ...]:
        """The running phones."""
        return tuple(self._phones)

    def start(self, facts: PhoneFacts, *, port: int = 0) -> Phone:
        """Start a phone on a port of its own (0: a free one)."""
        self._count += 1
        folder = self._folder / f"{self._count}-{facts.serial.replace('/', '_')}"
        core = self.call(self._start(facts, folder, self._count - 1, port))
        phone = Phone(self, core)
        self._phones.append(phone)
        self._cores[phone] = core
        return phone

    def start_many(self, count: int, make: Callable[[str], PhoneFacts] = pixel4) -> list[Phone]:
        """Start phones whose facts `make` gives by serial: the lowest of EMULATED01, … that no running phone has."""
        borne = {phone.serial for phone in self._phones}
        free = (serial for serial in map(numbered_serial, numbers(1)) if serial not in borne)
        return [self.start(make(serial)) for serial in islice(free, count)]

    def stop_phone(self, phone: Phone) -> None:
        """Switch one phone off; one that is off already stays so."""
        core = self._cores.pop(phone, None)
        if core is not None:
            self._phones.remove(phone)
            self.call(core.stop())

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the phones' thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_ANSWER_S)

    def close(self) -> None:
        """Stop all phones and remove their folders."""
        if self._loop.is_closed():
            return
        cores = [self._cores.pop(phone) for phone in self._phones]
        self._phones.clear()
        self.call(_stop_all(cores))
        self.call(_finish_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ANSWER_S)
        self._loop.close()
        self._nursery.close()
        if self._scratch is not None:
            self._scratch.close()

    async def _start(self, facts: PhoneFacts, folder: Path, number: int, port: int) -> PhoneCore:
        commands = self._commands.folder(rooted=facts.rooted)
        for left in reversed(range(_BIND_TRIES)):
            try:
                core = PhoneCore(facts, folder, commands, self._nursery, number=number, port=port)
            except OSError as error:
                # The system may have lent a port to somebody's short outgoing connection.
                if error.errno != errno.EADDRINUSE or not left:
                    raise
                await asyncio.sleep(_BIND_PAUSE_S)
            else:
                await core.start()
                return core
        raise AssertionError("the last try returns or raises")


async def _stop_all(cores: Sequence[PhoneCore]) -> None:
    await asyncio.gather(*(core.stop() for core in cores))


async def _finish_tasks() -> None:
    """Let closing connections end, so that nothing is left pending in the loop."""
    others: Sequence[asyncio.Task[Any]] = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
