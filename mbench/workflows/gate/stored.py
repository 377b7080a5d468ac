"""Sessions as the gate reads them: a night's, or any other one."""

import os
from pathlib import Path

from mbench.store.nights import NIGHT_FILE, StoredNight, read_night


def night_of(path: Path) -> StoredNight | None:
    """Return the night of a session's folder, None where it is outside of nights.

    Raises:
        StoreError: it is damaged.
    """
    return read_night(path) if os.path.lexists(path / NIGHT_FILE) else None
