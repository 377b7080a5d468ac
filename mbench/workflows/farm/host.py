"""`mbench farm host`: this host lends its phones to a farm until it is asked to end."""

import asyncio
import logging
import re
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from mbench.core.errors import MbenchError, TransportError, UsageError
from mbench.devices.adb.discovery import AttachedState, list_devices
from mbench.devices.adb.own_server import AdbServers
from mbench.devices.adb.servers import listed_devices
from mbench.farm.addresses import parse_address
from mbench.farm.agent import Agent
from mbench.files.locks import locked
from mbench.files.scratch import scratch_folder
from mbench.store.objects import open_objects, patiently
from mbench.store.outbox import Outbox
from mbench.workflows.devices.attached_phones import adb_servers
from mbench.workflows.farm.certify import certificate_in
from mbench.workflows.farm.host_context import HostContext
from mbench.workflows.home import home

_LOG = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")  # of a folder and of objects, too

LEAVE_S: Final = 120.0
"""How long the runs at hand have when a host is asked to end; a second signal ends the wait."""

ASK_AGAIN_LOOKS: Final = 30
"""Looks at what adb lists after which phones that could not be used are asked again, although nothing has changed."""


class AttachedSerials:
    """The phones that a host's adb servers show; they are asked who they are only when something has changed."""

    def __init__(self, servers: AdbServers) -> None:
        self._servers = servers
        self._listed: object = None
        self._found: frozenset[str] = frozenset()
        self._looks_left = 0

    def __call__(self) -> frozenset[str]:
        """Return the serials of the phones that can be used, and that no other phone here shares.

        Raises:
            TransportError: an adb server does not answer.
            NoDevice: our own does not start again.
        """
        try:
            listed = [listed_devices(server) for server in self._servers.addresses]
        except (OSError, EOFError, ValueError) as error:
            self._listed = None
            self._servers.revive()
            raise TransportError(f"an adb server does not answer: {error}.") from None
        self._looks_left -= 1
        if listed != self._listed or self._looks_left <= 0:
            devices = list_devices(self._servers.addresses)
            usable = Counter(device.serial for device in devices if device.state is AttachedState.DEVICE)
            self._found = frozenset(serial for serial, count in usable.items() if count == 1)
            self._listed, self._looks_left = listed, ASK_AGAIN_LOOKS
        return self._found


def lend(
    address: str,
    *,
    tls: Path | None,
    name: str,
    store: str,
    servers: Sequence[str],
    wait_s: float | None = None,
) -> None:
    """Lend this host's phones until SIGTERM or Ctrl-C; then the runs at hand end, and what they measured is sent.

    Args:
        address: of the scheduler.
        tls: folder of this host's certificate; None on loopback alone.
        name: of this host.
        store: URL of the farm's store, or a folder that all hosts share.
        servers: adb servers to ask; none: the user's own.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.

    Raises:
        UsageError: the address, the store or a certificate cannot be used.
        NoDevice: no adb server could be used.
        StoreError: another agent of this name runs in this home.
        MbenchError: the scheduler is of another version.
    """
    where = parse_address(address, tls=tls is not None)
    certificate = certificate_in(tls)
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a host; --name takes letters, digits, dots, hyphens and underscores.")
    folder = home() / "farm" / name
    outbox = Outbox(open_objects(store), folder / "sessions")
    with locked(folder / "agent.lock"), adb_servers(servers) as asked, scratch_folder("farm") as scratch:
        outbox.remove_sent(before=datetime.now(UTC))

        def context_of(serial: str, stop: threading.Event) -> HostContext:
            return HostContext(
                host=name, serial=serial, outbox=outbox, adb_servers=tuple(servers), stop=stop, wait_s=wait_s
            )

        asyncio.run(
            _lend(
                partial(
                    Agent,
                    where,
                    certificate,
                    name=name,
                    attached=AttachedSerials(asked),
                    context_of=context_of,
                    folder=scratch,
                ),
                outbox,
            )
        )


async def _lend(make: "partial[Agent]", outbox: Outbox) -> None:
    until, hurry, leave = asyncio.Event(), asyncio.Event(), threading.Event()

    def on_signal() -> None:
        (hurry if until.is_set() else until).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    sending = threading.Thread(target=_send_left, args=(outbox, leave), name="outbox", daemon=True)
    sending.start()
    agent = make()
    try:
        await agent.run(until)  # a host that is drained ends it, too
        for _ in range(int(LEAVE_S * 10)):
            if not agent.at_work or hurry.is_set():
                break
            await asyncio.sleep(0.1)
        if agent.at_work:
            _LOG.warning("left while at work: %s", ", ".join(sorted(agent.at_work)))
    finally:
        leave.set()


def _send_left(outbox: Outbox, stop: threading.Event) -> None:
    """Send what the agent before this one has measured and not sent."""
    try:
        if count := patiently(outbox.send_all, stop=stop, subject="outbox"):
            _LOG.info("outbox: %d objects of before were sent", count)
    except MbenchError as error:
        _LOG.warning("outbox: %s", error)
