"""Settings: Dask as it has to be for threads that wait for phones; each line cures something that was measured.

Left alone, 20 idle workers of one host burn a fifth of a core, and a laptop that slept has its running parts begun
again. Nothing of a user's own Dask settings (`~/.config/dask`, `DASK_…`) is used.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

CURES: Final[Mapping[str, Any]] = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "1h",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.nvml": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.allowed-failures": 1000,  # one dead host is many dead workers
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.no-workers-timeout": "15s",  # a part for a phone without a worker would wait for ever
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": None,  # a host that slept for minutes has lost no worker
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.monitor-interval": "10s",
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.use-file-locking": False,
}

_CHATTER: Final = r"(distributed|dask|tornado)(\..*)?"
_SLOW_DISK: Final = "Creating scratch directories"
"""A warning of Dask's that Python takes for one of its own `contextlib`."""


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Have Dask imported, set and silent for the block; the import takes a third of a second."""
    import dask
    import distributed  # noqa: F401 - its import adds its defaults to Dask's

    for name in ("distributed", "tornado", "bokeh"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(("distributed.", "tornado."))]:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    own = dask.config.merge(*dask.config.defaults)
    with (
        tempfile.TemporaryDirectory(prefix="mbench-farm-", ignore_cleanup_errors=True) as scratch,
        warnings.catch_warnings(),
        dask.config.set(own),
        dask.config.set({**CURES, "temporary-directory": scratch}),
    ):
        warnings.filterwarnings("ignore", module=_CHATTER)
        warnings.filterwarnings("ignore", message=_SLOW_DISK)
        yield
