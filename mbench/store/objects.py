"""Objects: files by name in a place that many hosts reach: a folder, or whatever fsspec has a driver for (s3://, gs://).

An object appears whole or not at all, and one that was put as new is never written over. Credentials are found by the
drivers in the environment; none stands in a URL, a plan, a log or an argument.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from mbench.core.errors import PartInterrupted, StoreError, UsageError
from mbench.files.whole import WRITING, write_new, write_whole

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0


class StoreAway(StoreError):
    """The store refused or was not reached: it is full, read-only, away. That may pass by waiting."""


class Objects(Protocol):
    """Files by name. Names are made of plain parts with `/` between them. Every method raises only `StoreAway`."""

    def put_new(self, name: str, data: bytes) -> bool:
        """Keep an object; return False, and touch nothing, where the name is taken."""

    def put(self, name: str, data: bytes) -> None:
        """Keep an object in place of what is there."""

    def get(self, name: str) -> bytes | None:
        """Return an object, None where there is none."""

    def has(self, name: str) -> bool:
        """Whether there is such an object."""

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names of all objects below a folder, in alphabetical order."""


def open_objects(url: str) -> Objects:
    """Return the store of a URL, or of a folder.

    Raises:
        UsageError: there is no driver for it, or it holds a name or a password.
    """
    scheme, there, rest = url.partition("://")
    if not there:
        return FolderObjects(Path(url).expanduser())
    if scheme in ("file", "local"):
        return FolderObjects(Path(rest))
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or parts.query:
        raise UsageError(
            f"the URL of a store at {parts.hostname} holds more than a place; credentials belong in the environment, "
            "where its driver finds them."
        )
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise UsageError(f"no driver for the store {url}: {error}") from None
    return UrlObjects(system, root)


class FolderObjects:
    """Objects as files in a folder, of this host or of a network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_new(self, name: str, data: bytes) -> bool:
        """See `Objects`."""
        with _away("write", self._folder / name):
            return write_new(self._folder / name, data, fsync=True)

    def put(self, name: str, data: bytes) -> None:
        """See `Objects`."""
        with _away("write", self._folder / name):
            write_whole(self._folder / name, data, fsync=True)

    def get(self, name: str) -> bytes | None:
        """See `Objects`."""
        with _away("read", self._folder / name), suppress(FileNotFoundError):
            return (self._folder / name).read_bytes()
        return None

    def has(self, name: str) -> bool:
        """See `Objects`."""
        with _away("read", self._folder / name):
            return (self._folder / name).is_file()

    def remove(self, name: str) -> None:
        """See `Objects`."""
        with _away("remove", self._folder / name):
            (self._folder / name).unlink(missing_ok=True)

    def names(self, folder: str) -> tuple[str, ...]:
        """See `Objects`."""
        with _away("list", self._folder / folder):
            found = [path for path in (self._folder / folder).rglob("*") if not path.name.startswith(WRITING)]
            return tuple(sorted(path.relative_to(self._folder).as_posix() for path in found if path.is_file()))


class UrlObjects:
    """Objects of a store that fsspec has a driver for.

    Args:
        system: fsspec's file system.
        root: the store's folder on it.
    """

    def __init__(self, system: Any, root: str) -> None:
        self._system, self._root = system, root.rstrip("/")

    def put_new(self, name: str, data: bytes) -> bool:
        """See `Objects`."""
        with _away("write", name):
            try:
                self._make_folder(name)
                self._system.pipe_file(self._path(name), data, mode="create")
            except FileExistsError:
                return False
        return True

    def put(self, name: str, data: bytes) -> None:
        """See `Objects`."""
        with _away("write", name):
            self._make_folder(name)
            self._system.pipe_file(self._path(name), data)

    def get(self, name: str) -> bytes | None:
        """See `Objects`."""
        with _away("read", name), suppress(FileNotFoundError):
            return bytes(self._system.cat_file(self._path(name)))
        return None

    def has(self, name: str) -> bool:
        """See `Objects`."""
        with _away("read", name), suppress(FileNotFoundError):
            return self._system.info(self._path(name)) is not None
        return False

    def remove(self, name: str) -> None:
        """See `Objects`."""
        with _away("remove", name), suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))

    def names(self, folder: str) -> tuple[str, ...]:
        """See `Objects`."""
        with _away("list", folder), suppress(FileNotFoundError):
            found = self._system.find(self._path(folder.rstrip("/")))
            return tuple(sorted(path[path.index(self._root) + len(self._root) + 1 :] for path in found))
        return ()

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _make_folder(self, name: str) -> None:
        """Make the folders of a name where the system has any; object stores have none."""
        parent = self._path(name).rpartition("/")[0]
        if "/" in parent:
            self._system.makedirs(parent, exist_ok=True)


@contextmanager
def _away(action: str, what: object) -> Any:
    """Turn whatever a store's driver raises into one error: each driver has errors of its own.

    Raises:
        StoreAway: it refused, or was not reached.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except Exception as error:  # botocore, aiohttp, google-auth, …
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StoreAway(f"the store could not {action} {what}: {reason}.") from error


class _Talk:
    """What a process says of its store: that it is away, once, however many wait for it; and once that it is back."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._failed_s: float | None = None

    def away(self, subject: str, error: StoreAway) -> None:
        """Take note of a failure, and say it where none has been said that still goes on."""
        with self._guard:
            new = self._failed_s is None or time.monotonic() - self._failed_s > 2 * LONGEST_PAUSE_S
            self._failed_s = time.monotonic()
        if new:
            _LOG.warning("%s: %s It is tried again until it is back.", subject, error)

    def back(self) -> None:
        """Take note that what failed before has been done."""
        with self._guard:
            new, self._failed_s = self._failed_s is not None, None
        if new:
            _LOG.warning("the store is back")


_TALK: Final = _Talk()


def patiently(work: Callable[[], _T], *, stop: threading.Event, subject: str) -> _T:
    """Do something with a store, again and again while it is away; that is said once, and that it is back.

    Args:
        work: what can be repeated.
        stop: ends the waiting.
        subject: whose it is, for the log.

    Raises:
        PartInterrupted: it was stopped meanwhile.
    """
    pause_s, tries = FIRST_PAUSE_S, 0
    while True:
        try:
            done = work()
        except StoreAway as error:
            tries += 1
            _TALK.away(subject, error)
            if stop.wait(pause_s):
                raise PartInterrupted(f"{subject}: interrupted while the store was away: {error}") from error
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            if tries:
                _TALK.back()
            return done
