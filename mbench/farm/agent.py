"""The agent of a host: lends its phones to a farm, one worker each, and comes back by itself whatever goes away."""

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from mbench.core.errors import MbenchError, NoDevice, UsageError
from mbench.farm.addresses import Address
from mbench.farm.door import security_of
from mbench.farm.hello import OtherVersion, greet
from mbench.farm.phone_worker import DEATH_S, ContextOf, PhoneWorker
from mbench.farm.said import Said
from mbench.farm.tls import Certificate

_LOG = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""Between two looks at the phones: one request to each adb server."""

_START_S: Final = DEATH_S + 10.0
_AT_ONCE: Final = 8
_CLOSE_S: Final = 0.5

Attached = Callable[[], Collection[str]]
"""Returns the serials of the phones that can be used now."""


class Agent:
    """One host's phones on a farm.

    Args:
        address: of the scheduler.
        certificate: the host's; None on loopback alone.
        name: of the host.
        attached: the phones to lend; asked in a thread of its own.
        context_of: makes what a part gets.
        folder: for distributed's own files.
        look_s: seconds between two looks at the phones.
    """

    def __init__(
        self,
        address: Address,
        certificate: Certificate | None,
        *,
        name: str,
        attached: Attached,
        context_of: ContextOf,
        folder: Path,
        look_s: float = LOOK_S,
    ) -> None:
        self._address, self._certificate, self._name = address, certificate, name
        self._attached, self._context_of, self._folder, self._look_s = attached, context_of, folder, look_s
        self._workers: dict[str, PhoneWorker] = {}
        self._said = Said(_LOG)
        self._connected = self._was_connected = self._draining = False
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @property
    def lent(self) -> frozenset[str]:
        """Serials of the phones that are lent now."""
        return frozenset(serial for serial, worker in self._workers.items() if worker.alive)

    @property
    def draining(self) -> bool:
        """Whether somebody asked this host to take no new part."""
        return self._draining

    @property
    def at_work(self) -> frozenset[str]:
        """Serials of the phones that have a part."""
        return frozenset(serial for serial, worker in self._workers.items() if worker.running is not None)

    async def run(self, until: asyncio.Event) -> None:
        """Lend phones until asked to end; then what runs is asked to end after the run at hand, and is left behind.

        A host that is drained ends by itself, when the parts that run have ended.

        Raises:
            UsageError: a certificate cannot be used; only before the scheduler was reached for the first time.
            OtherVersion: the scheduler is of another mbench.
        """
        try:
            while not until.is_set():
                await self._look()
                if self._draining and not self._workers:
                    self._said.say("drained", "its last part has ended; this host ends")
                    return
                try:
                    await asyncio.wait_for(until.wait(), self._look_s)
                except TimeoutError:
                    continue
        finally:
            await asyncio.gather(*(self._close(worker) for worker in self._workers.values()))

    async def _look(self) -> None:
        """Bring what is lent to what is attached."""
        for worker in self._workers.values():
            worker.stop_released()
        if not self._draining and any(worker.draining for worker in self._workers.values()):
            self._draining = True
            self._said.say("drained", f"takes no new part; {len(self.at_work)} parts are at work")
        gone = [serial for serial, worker in self._workers.items() if not worker.alive]
        if gone and self._connected:
            self._connected = False
            self._said.say("scheduler", "gone; looking for it", level=logging.WARNING)
        for serial in gone:  # one whose part still ends its run at hand stays, so that no second one begins beside it
            if self._workers[serial].running is None:
                del self._workers[serial]
        if self._draining:
            await asyncio.gather(*(self._end_drained(serial) for serial in [*self._workers]))
            return
        serials = await self._serials()
        if serials is None:
            return
        await asyncio.gather(*(self._take_back(serial) for serial in [*self._workers] if serial not in serials))
        new = sorted(serials - self._workers.keys())
        if (new or not self._connected) and await self._reach():
            await asyncio.gather(*(self._lend(serial) for serial in new))

    async def _serials(self) -> frozenset[str] | None:
        """Return the attached phones, None where nobody knows them now: what is lent then stays lent."""
        try:
            found = frozenset(await asyncio.to_thread(self._attached))
        except MbenchError as error:
            self._said.say("phones", str(error), level=logging.WARNING)
            return None
        self._said.forget("phones")
        return found

    async def _reach(self) -> bool:
        """Whether the scheduler answers and is ours."""
        if self._connected:
            return True
        try:
            await greet(self._address, self._certificate)
        except OtherVersion:
            raise
        except (NoDevice, UsageError) as error:
            if isinstance(error, UsageError) and not self._was_connected:
                raise
            self._said.say("scheduler", str(error), level=logging.WARNING)
            return False
        self._said.forget("scheduler")
        self._said.say("scheduler", f"reached at {self._address}")
        self._connected = self._was_connected = True
        return True

    async def _lend(self, serial: str) -> None:
        async with self._slots:
            worker = PhoneWorker(
                self._address,
                serial=serial,
                host_name=self._name,
                security=security_of(self._certificate),
                context_of=self._context_of,
                folder=str(self._folder),
            )
            try:
                await asyncio.wait_for(worker, _START_S)
            except (OSError, TimeoutError, RuntimeError, ValueError) as error:
                _LOG.debug("%s: %s", serial, error)
                self._said.say("scheduler", "does not take a phone in time; tried again", level=logging.WARNING)
                await self._close(worker)
                return
        self._workers[serial] = worker
        self._said.say(serial, "lent")

    async def _take_back(self, serial: str) -> None:
        """Lend a phone that has gone no longer; with a part it stays, since that one waits for a lost phone itself."""
        worker = self._workers[serial]
        if worker.idle:
            self._said.say(serial, "gone", level=logging.WARNING)
            await self._close(worker)
            self._workers.pop(serial, None)

    async def _end_drained(self, serial: str) -> None:
        """Lend a phone of a host that is drained no longer, once its part has ended."""
        worker = self._workers[serial]
        if worker.drained or not worker.alive:
            await self._close(worker)
            self._workers.pop(serial, None)

    async def _close(self, worker: PhoneWorker) -> None:
        try:
            await asyncio.wait_for(worker.close(timeout=_CLOSE_S, reason="taken back"), _START_S)
        except (OSError, TimeoutError, RuntimeError) as error:
            _LOG.debug("%s: closing its worker: %s", worker.serial, error)
