"""Ports: what the wings ask of the outside, as protocols that `workflows` fill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Protocol

from mbench.core.parts import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """One command's end: exit status (128 + signal where it died of one), both streams apart, seconds it took."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """What one look at a device found, by path: bytes of the files that were pulled, SHA-256 of those that were hashed.

    Each is None where there is no such file.
    """

    contents: Mapping[str, bytes | None]
    hashes: Mapping[str, str | None]


class Transport(Protocol):
    """Carries commands and files to one device.

    Every method raises only `TransportError` and its kinds. Paths on the device are POSIX strings.
    """

    @property
    def serial(self) -> str:
        """The device's identity."""

    @property
    def emulated(self) -> bool:
        """Whether timings are the host's although the device looks like a phone."""

    @property
    def root(self) -> str:
        """Our own directory on the device; it exists."""

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Write the file whole or not at all, and verify it by the `sha256` read on the device.

        `sent` hears 0 when sending begins, then the number of further bytes as they go; nothing where the content is
        there already.
        """

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        """Write a few bytes (a script) whole or not at all."""

    def sha256(self, path: str) -> str | None:
        """Return the SHA-256 read on the device, None where there is no such file."""

    def pull(self, path: str, *, limit_bytes: int) -> bytes | None:
        """Return a file's bytes, None where there is none; more than `limit_bytes` is an error."""

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        """Pull files and hash others, in one command where the way to the device is slow.

        All that is pulled together may have `limit_bytes`; more is an error. After a reading that did not fail on the
        device, `then_remove`, a directory, is removed as far as that can be.
        """

    def remove(self, path: str) -> None:
        """Remove a file or a directory with all it holds; nothing there is no error."""

    def run(
        self,
        argv: Sequence[str],
        *,
        deadline_s: float,
        environment: Mapping[str, str] | None = None,
        cpus: Sequence[int] | None = None,
        limit_bytes: int = 1 << 20,
        unchanged: Mapping[str, str] | None = None,
        late_s: float | None = None,
    ) -> CommandResult:
        """Run a command, pinned to `cpus`, to its end or to the deadline, which is a total one.

        After `late_s` (None: some seconds) a device that can be lost is asked now and then whether it is alive, so that
        a frozen one is noticed long before the deadline.

        Output beyond `limit_bytes` a stream is dropped. Raises `CommandTimeout` after having ended the command and
        all it started, and `ChangedFiles`, without having started it, where a path of `unchanged` has not its SHA-256.
        """

    def properties(self) -> Mapping[str, str]:
        """Return the device's facts by name (Android: getprop)."""

    def alive(self, *, timeout_s: float) -> bool:
        """Whether a command gets an answer in time."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """Return the aware UTC wall-clock time, which may jump."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Progress(Protocol):
    """Tells a person how far the work is."""

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        """Begin a stage of `total` steps (None: unknown), or of another unit, such as seconds."""

    def step(self, label: str, count: int = 0) -> None:
        """`count` more steps are done; `label` is going on now."""

    def grow(self, extra: int) -> None:
        """`extra` more steps will be needed than was said."""

    def finish(self) -> None:
        """End the stage."""

    def note(self, text: str) -> None:
        """Say one line that stays."""

    def of(self, device: str) -> "Progress":
        """Return the progress of one device among several; it may be called from another thread."""


class SilentProgress:
    """Progress that nobody sees: the default."""

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        """Do nothing."""

    def step(self, label: str, count: int = 0) -> None:
        """Do nothing."""

    def grow(self, extra: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def of(self, device: str) -> Progress:
        """Return this."""
        return self


def utc_now() -> datetime:
    """Return the aware UTC time of the system's clock."""
    return datetime.now(UTC)


class Engine(Protocol):
    """Runs the parts of a session; the store is the truth, not the engine."""

    def run(
        self, parts: Sequence[Part], *, on_end: Callable[[str, Exception | None], None], stop: Event
    ) -> dict[str, Exception | None]:
        """Run parts, those of different devices at the same time, and return how each device's ended: None is well.

        A part that fails takes no other along. Where `stop` is set, or on KeyboardInterrupt, no further part begins,
        and the running ones, which ask `stop` between their runs, get a stated time to end.

        Args:
            parts: what to run.
            on_end: called in this thread with the device and its error as each part ends.
            stop: set by whoever wants the session to end; set here on KeyboardInterrupt.

        Returns:
            By device; of one with several parts that failed, the first error.

        Raises:
            KeyboardInterrupt: after the running parts have ended, or their time has.
        """
