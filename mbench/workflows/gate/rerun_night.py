"""What measuring suspects again knows of its night."""

import threading
from dataclasses import dataclass
from pathlib import Path

from mbench.core.ports import Clock
from mbench.store.session_store import SessionStore
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.gate.old_files import EarlierResults


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunNight:
    """A night whose suspects are measured again.

    Attributes:
        budget_s: of each phone.
        adb_servers: whose phones; none: the user's own server's.
        binary: the user's own program; None: the library's.
        command: as it was typed.
        stop: set where the night is to end.
    """

    store: SessionStore
    measured: MeasuredCells
    earlier: EarlierResults
    budget_s: float
    adb_servers: tuple[str, ...]
    binary: Path | None
    command: tuple[str, ...]
    stop: threading.Event
    clock: Clock
