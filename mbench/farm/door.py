"""The one way in to distributed: imported here, after the settings that a farm needs, and nowhere else.

One agent holds a worker for each phone in one process, and a part's outcome lies in the store and never in a worker's
memory. distributed is made for the opposite, so most of these settings switch something off. Measured with 20 idle
phones on a host: 17 to 21 % of a core without them, 1.5 % with them.
"""

import logging
from typing import Any, Final

import dask

ATTEMPTS: Final = 1000
"""Deaths of hosts that a part outlives: every phone of a host dies with it, so that three deaths mean nothing; parts
count their own attempts."""

ABSENT_S: Final = 300.0
"""How long a part waits for a phone that no host lends, unless the scheduler was started with another."""

CLOSE_S: Final = 2.0
"""How long a driver that leaves waits for its scheduler to take note."""

SETTINGS: Final[dict[str, Any]] = {
    # what idle workers do all the time
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.low-level-log-length": 100,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "10s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.diagnostics.nvml": False,
    "distributed.diagnostics.computations.max-history": 1,
    # what is lost, and when that is noticed
    "distributed.scheduler.allowed-failures": ATTEMPTS,
    "distributed.scheduler.no-workers-timeout": f"{ABSENT_S}s",
    "distributed.scheduler.worker-ttl": "30s",  # and looked at as often: a silent host is given up after 30 to 60 s
    "distributed.scheduler.events-cleanup-delay": "60s",
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "30s",
    "distributed.comm.retry.count": 0,
    # nothing is moved, shown or loaded that is not ours
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.preload": [],
    "distributed.worker.preload": [],
    "distributed.client.preload": [],
    "distributed.client.security-loader": None,
    "distributed.scheduler.idle-timeout": None,
    "distributed.worker.lifetime.duration": None,
    "distributed.worker.resources": {},
}

dask.config.set(SETTINGS)  # for good: distributed reads its settings when it is imported, started, and all the time

from distributed import Client as _Client  # noqa: E402
from distributed import Scheduler, Security, Worker, get_worker, rpc  # noqa: E402
from distributed.client import Future  # noqa: E402
from distributed.core import Status  # noqa: E402
from distributed.scheduler import KilledWorker, NoValidWorkerError  # noqa: E402

__all__ = [
    "Client",
    "Future",
    "KilledWorker",
    "NoValidWorkerError",
    "Scheduler",
    "Security",
    "Status",
    "Worker",
    "get_worker",
    "rpc",
    "security_of",
]

from mbench.farm.tls import Certificate  # noqa: E402

for _name in ("distributed", "distributed.client", "distributed.gc"):  # whose levels it has just set one by one
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)  # what is lost is said by us, once


class Client(_Client):
    """distributed's client, whose thread and connections end with it: after a try that failed it leaves them going."""

    def start(self, **options: Any) -> None:
        """Be connected, or leave nothing behind."""
        try:
            super().start(**options)
        except BaseException:
            self._loop_runner.stop()
            raise

    def close(self, timeout: float | None = None) -> None:
        """Leave the scheduler, within so many seconds or at once."""
        try:
            super().close(timeout=CLOSE_S if timeout is None else timeout)
        finally:
            self._loop_runner.stop()


def security_of(certificate: Certificate | None) -> Security:
    """Return what distributed takes: mutual TLS by one certificate in every role, or plain TCP on loopback."""
    if certificate is None:
        return Security(require_encryption=False)
    own = {
        f"tls_{role}_{what}": str(path)
        for role in ("scheduler", "worker", "client")
        for what, path in (("cert", certificate.cert), ("key", certificate.key))
    }
    return Security(tls_ca_file=str(certificate.ca), require_encryption=True, **own)
