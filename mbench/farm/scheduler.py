"""The scheduler of a farm: distributed's, which also says which mbench it is, and passes on that a part shall end.

It keeps nothing: a scheduler that is started again learns everything anew from agents and drivers.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import dask

from mbench import __version__
from mbench.core.errors import NoDevice
from mbench.farm.addresses import Address
from mbench.farm.door import ABSENT_S, Scheduler, Status, security_of
from mbench.farm.phone_worker import DRAIN, STOP_PART, lent
from mbench.farm.tls import Certificate

_LOG = logging.getLogger(__name__)

VERSION_OF: Final = "farm_version"
PHONES_OF: Final = "farm_phones"
STOP: Final = "farm_stop"
HOSTS_OF: Final = "farm_hosts"
DRAIN_HOST: Final = "farm_drain"

HEARTBEAT_S: Final = 5.0
"""Of each phone's worker; one is given up when it has been silent (`worker-ttl`), or its connection breaks."""

_UNBEGUN: Final = frozenset({"released", "waiting", "queued", "no-worker"})


class FarmScheduler(Scheduler):
    """Binds parts to phones; without pages, and with five questions of our own."""

    def __init__(
        self, address: Address, certificate: Certificate | None, *, folder: Path, absent_s: float = ABSENT_S
    ) -> None:
        own = {"distributed.scheduler.no-workers-timeout": f"{absent_s}s", "temporary-directory": str(folder)}
        with dask.config.set(own):
            super().__init__(
                host=address.host,
                port=address.port,
                protocol=address.protocol,
                security=security_of(certificate),
                dashboard=False,
            )
        self.handlers |= {
            VERSION_OF: self.farm_version,
            PHONES_OF: self.farm_phones,
            STOP: self.farm_stop,
            HOSTS_OF: self.farm_hosts,
            DRAIN_HOST: self.farm_drain,
        }

    def start_http_server(self, *_: object, **__: object) -> None:
        """Serve no pages: they would be open to everybody who reaches the port."""

    def heartbeat_worker(self, **fields: Any) -> dict[str, Any]:
        """Let workers be heard of less often than distributed does: 20 idle ones took 2.4 % of a core by that."""
        answer: dict[str, Any] = super().heartbeat_worker(**fields)
        if "heartbeat-interval" in answer:
            answer["heartbeat-interval"] = max(HEARTBEAT_S, answer["heartbeat-interval"])
        return answer

    async def farm_version(self) -> str:
        """Return which mbench this is."""
        return __version__

    async def farm_phones(self) -> dict[str, str]:
        """Return the hosts of the phones that are lent, by serial."""
        found = (lent(worker.resources) for worker in self.workers.values())
        return dict(each for each in found if each is not None)

    async def farm_hosts(self) -> list[tuple[str, str, bool, bool]]:
        """Return serial and host of each phone that is lent, whether it has a part, and whether its host is drained."""
        found = []
        for worker in self.workers.values():
            if (each := lent(worker.resources)) is not None:
                found.append((*each, bool(worker.processing), worker.status is Status.paused))
        return found

    async def farm_drain(self, host: str) -> int:
        """Ask a host to take no new part, and to end after those that run; return how many phones it lends."""
        phones = 0
        for worker in self.workers.values():
            each = lent(worker.resources)
            if each is not None and each[1] == host:
                self.stream_comms[worker.address].send({"op": DRAIN})
                phones += 1
        return phones

    async def farm_stop(self, keys: Sequence[str]) -> list[str]:
        """Tell the hosts that run tasks to end them after the run at hand; return the tasks that no host has yet."""
        waiting = []
        for key in keys:
            task = self.tasks.get(key)
            if task is not None and task.processing_on is not None:
                self.stream_comms[task.processing_on.address].send({"op": STOP_PART, "key": key})
            elif task is not None and task.state in _UNBEGUN:
                waiting.append(key)
        return waiting


async def serve(
    address: Address,
    certificate: Certificate | None,
    *,
    folder: Path,
    absent_s: float,
    until: asyncio.Event,
    ready: Callable[[str], Any] = lambda address: None,
) -> None:
    """Serve until asked to end.

    Args:
        address: where to listen.
        certificate: None on loopback alone.
        folder: for distributed's own files.
        absent_s: how long a part waits for a phone that nobody lends.
        until: set when it shall end.
        ready: gets the address once it listens.

    Raises:
        NoDevice: the port is taken, or is not this machine's.
    """
    try:
        scheduler = await FarmScheduler(address, certificate, folder=folder, absent_s=absent_s)
    except (OSError, RuntimeError) as error:
        reason = error.__cause__ or error
        raise NoDevice(f"cannot listen at {address}: {getattr(reason, 'strerror', None) or reason}.") from None
    try:
        ready(str(scheduler.address))
        await until.wait()
    finally:
        await scheduler.close()
