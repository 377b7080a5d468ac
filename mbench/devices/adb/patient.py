"""A transport for what must be done although the link flaps: each step is repeated when the phone is back.

For steps that may be repeated alone: those by which a phone is taken and given back as it was found. A run is none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mbench.core.errors import DeviceLost
from mbench.core.ports import CommandResult, FilesRead
from mbench.devices.adb.transport import AdbTransport

Answer = TypeVar("Answer")


class PatientTransport:
    """Keeps the promises of `mbench.core.ports.Transport`, and waits for a phone that is lost meanwhile.

    Args:
        transport: the way to the phone.
        wait: waits until it is back; raises DeviceLost where it stays away.
        most: times that one step is repeated.
    """

    def __init__(self, transport: AdbTransport, *, wait: Callable[[DeviceLost], object], most: int) -> None:
        self._transport, self._wait, self._most = transport, wait, most

    @property
    def serial(self) -> str:
        """The phone's own serial."""
        return self._transport.serial

    @property
    def emulated(self) -> bool:
        """Whether it is one of mbench's emulated phones."""
        return self._transport.emulated

    @property
    def root(self) -> str:
        """Our folder on the phone."""
        return self._transport.root

    def again(self, step: Callable[[], Answer]) -> Answer:
        """Return what a step returns, repeated when the phone was lost meanwhile and is back.

        Raises:
            DeviceLost: it stays away, has been given up before, or is lost too often.
        """
        left = self._most
        while True:
            try:
                return step()
            except DeviceLost as error:
                if not left or self._transport.given_up:
                    raise
                left -= 1
                self._wait(error)

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file, and prove it by its hash."""
        self.again(lambda: self._transport.push(source, target, sha256=sha256, executable=executable, sent=sent))

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        """Write a few bytes."""
        self.again(lambda: self._transport.write(target, data, executable=executable))

    def sha256(self, path: str) -> str | None:
        """Return the SHA-256 that the phone reads."""
        return self.again(lambda: self._transport.sha256(path))

    def pull(self, path: str, *, limit_bytes: int) -> bytes | None:
        """Return a file's bytes."""
        return self.again(lambda: self._transport.pull(path, limit_bytes=limit_bytes))

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        """Pull files and hash others; what is to be removed afterwards is so by a step of its own."""
        found = self.again(lambda: self._transport.read_together(pulled=pulled, hashed=hashed, limit_bytes=limit_bytes))
        if then_remove is not None:
            self.remove(then_remove)
        return found

    def remove(self, path: str) -> None:
        """Remove a file or a folder of mbench's."""
        self.again(lambda: self._transport.remove(path))

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
        """Run a command that may be run again."""
        return self.again(
            lambda: self._transport.run(
                argv,
                deadline_s=deadline_s,
                environment=environment,
                cpus=cpus,
                limit_bytes=limit_bytes,
                unchanged=unchanged,
                late_s=late_s,
            )
        )

    def properties(self) -> Mapping[str, str]:
        """Return what `getprop` says now."""
        return self.again(self._transport.properties)

    def alive(self, *, timeout_s: float) -> bool:
        """Whether an echo comes back in time."""
        return self._transport.alive(timeout_s=timeout_s)
