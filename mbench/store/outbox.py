"""The outbox of a host: session folders whose files are durable here, and are sent as soon as the store takes them.

A job counts as done when its document is in the folder; that folder outlives the process, the host's power and the
store. What was sent is noted beside it, and what is not noted is sent, by whoever works with the folder next.
"""

import logging
import shutil
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.results import DevicePlan
from mbench.store.files import storing
from mbench.store.objects import Objects, StoreAway
from mbench.store.session import list_sessions, open_session
from mbench.store.session_store import SessionStore
from mbench.store.shared import get_part, items_of, packed, part_prefix, put_ending

_LOG = logging.getLogger(__name__)

KEPT_DAYS: Final = 14
"""How long a host keeps what the store has."""

_NOTES: Final = ".sent-"


class Outbox:
    """Sends what session folders hold; safe for several threads.

    Args:
        objects: the store.
        folder: of the sessions.
    """

    def __init__(self, objects: Objects, folder: Path) -> None:
        self.objects, self.folder = objects, folder
        self._guard = threading.Lock()
        self._sent: dict[Path, set[str]] = {}

    def bring(self, store: SessionStore, part: DevicePlan) -> None:
        """Bring what the store has of a part, after having sent what it lacks.

        Raises:
            StoreAway: the store is not reached.
            StoreError: an object is damaged, or the disk is full.
        """
        self.send(store, part)
        self.receive(store, part)

    def receive(self, store: SessionStore, part: DevicePlan) -> None:
        """Bring what the store has of a part, and the folder lacks.

        Raises:
            StoreAway: the store is not reached.
            StoreError: an object is damaged, or the disk is full.
        """
        for item in get_part(self.objects, store, part):
            self._note(store, part, item)

    def send(self, store: SessionStore, part: DevicePlan) -> int:
        """Send what of a part was not sent yet; return how many objects that was.

        Raises:
            StoreAway: the store does not take it; what it took is noted.
            StoreError: a file cannot be read.
        """
        sent = self._notes(store, part)
        new = [item for item in items_of(store, part) if item not in sent]
        for item in new:
            name, data = f"{part_prefix(store.plan.session, part)}{item}", packed(store, part, item)
            if not self.objects.put_new(name, data) and self.objects.get(name) != data:
                _LOG.warning(
                    "%s: %s is in the store by another host; ours stays in %s", part.device.serial, name, store.path
                )
            self._note(store, part, item)
        return len(new)

    def finish(self, store: SessionStore, part: DevicePlan) -> None:
        """Send all of a part, and how it ended.

        Raises:
            StoreAway: the store does not take it.
            StoreError: a file cannot be read.
        """
        self.send(store, part)
        put_ending(self.objects, store, part)

    def send_all(self) -> int:
        """Send what any session folder here still holds; return how many objects that was.

        Raises:
            StoreAway: the store does not take it.
        """
        count = 0
        for session in list_sessions(self.folder):
            try:
                store = open_session(self.folder / session)
                count += sum(self.send(store, part) for part in store.plan.devices)
            except StoreAway:
                raise
            except StoreError as error:
                _LOG.warning("outbox: %s", error)
        return count

    def remove_sent(self, *, before: datetime, kept_days: int = KEPT_DAYS) -> None:
        """Remove sessions that were begun long ago and that the store has whole; only for who alone works here."""
        for session in list_sessions(self.folder):
            try:
                store = open_session(self.folder / session)
                old = store.plan.created_at < before - timedelta(days=kept_days)
                if old and all(set(items_of(store, part)) <= self._notes(store, part) for part in store.plan.devices):
                    shutil.rmtree(store.path, ignore_errors=True)
            except StoreError as error:
                _LOG.warning("outbox: %s", error)

    def _notes(self, store: SessionStore, part: DevicePlan) -> set[str]:
        path = _notes_path(store, part)
        with self._guard:
            if path not in self._sent:
                with storing("read", path):
                    self._sent[path] = set(path.read_text().splitlines()) if path.is_file() else set()
            return self._sent[path]

    def _note(self, store: SessionStore, part: DevicePlan, item: str) -> None:
        sent, path = self._notes(store, part), _notes_path(store, part)
        with self._guard, storing("write", path):
            if item not in sent:
                with path.open("a") as file:  # not flushed: what is sent twice has the same name and bytes
                    file.write(f"{item}\n")
                sent.add(item)


def _notes_path(store: SessionStore, part: DevicePlan) -> Path:
    _, _, device = part.canary_job.partition("@")
    return store.path / f"{_NOTES}{device or 'device'}"
