"""`mbench farm scheduler`: what hosts and drivers meet at."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mbench.farm.addresses import Address, refuse_plain
from mbench.farm.scheduler import serve
from mbench.files.scratch import scratch_folder
from mbench.workflows.farm.certify import certificate_in


def serve_scheduler(
    host: str, port: int, *, tls: Path | None, absent_s: float, ready: Callable[[str], Any] = lambda address: None
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        host: address to listen at.
        port: 0 for any free one.
        tls: folder of the scheduler's certificate; None on loopback alone.
        absent_s: how long a part waits for a phone that no host lends.
        ready: gets the address once it listens.

    Raises:
        UsageError: another machine could reach it without a certificate, or the certificate cannot be used.
        NoDevice: it cannot listen there.
    """
    if tls is None:
        refuse_plain(host)
    certificate = certificate_in(tls)
    address = Address(protocol="tcp" if certificate is None else "tls", host=host, port=port)

    async def until_stopped(folder: Path) -> None:
        until, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, until.set)
        await serve(address, certificate, folder=folder, absent_s=absent_s, until=until, ready=ready)

    with scratch_folder("scheduler") as folder:
        asyncio.run(until_stopped(folder))
