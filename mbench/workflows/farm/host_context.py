"""What a part finds on the host that runs it."""

import threading
from dataclasses import dataclass

from mbench.store.outbox import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class HostContext:
    """What a part finds on the host that runs it; made there, and never sent.

    Attributes:
        host: its name.
        serial: of the phone.
        outbox: of the host's sessions.
        adb_servers: that the host's phones are reached through; none: the user's own.
        stop: set where the part shall end after the run at hand.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.
    """

    host: str
    serial: str
    outbox: Outbox
    adb_servers: tuple[str, ...]
    stop: threading.Event
    wait_s: float | None = None
