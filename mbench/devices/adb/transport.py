"""A phone as a device: commands and files through an adb server."""

import getpass
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Final

from mbench.core.errors import ChangedFiles, CommandTimeout, DeviceLost, TransportError
from mbench.core.plain_text import shown_command
from mbench.core.ports import CommandResult, FilesRead
from mbench.devices.adb.door import AdbDoor
from mbench.devices.adb.errors import at_the_door
from mbench.devices.adb.identity import Identity, identify
from mbench.devices.adb.pull import (
    HEAD_BYTES,
    NO_FILE,
    TOO_LARGE,
    can_be_listed,
    hash_script,
    parse_hash,
    parse_pulled,
    parse_together,
    pull_script,
    together_script,
)
from mbench.devices.adb.remedies import REMEDIES
from mbench.devices.adb.sending import AdbSender
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.shell import (
    CANNOT_SEE,
    command_line,
    end_script,
    new_mark,
    refuse_unstarted,
    run_script,
    says_changed,
)
from mbench.devices.adb.streams import NotOpened
from mbench.devices.adb.sync import SMALL_S, UNKNOWN_FILE_S, hash_s, quoted_path, transfer_s
from mbench.devices.own_folders import refuse_outside

_LOG = logging.getLogger(__name__)

_BASE: Final = "/data/local/tmp/mbench"
"""The one place of a phone that is ours to write and from which programs may be started."""

_END_S: Final = 8.0
_LATE_S: Final = 6.0
"""For a command of which nobody has said how long it takes."""
ECHO_S: Final = 5.0
"""In which a phone answers an echo, also a busy one."""
_BETWEEN_ECHOES_S: Final = 10.0
_WORDS_BYTES: Final = 4096


def open_device(server: AdbServer, address: str, *, timeout_s: float = 10.0, user: str | None = None) -> "AdbTransport":
    """Return the transport of the device that a server calls `address`, with its work folder made.

    Args:
        server: the adb server.
        address: USB serial, or HOST:PORT of a device that is connected.
        timeout_s: seconds for the device to say who it is.
        user: whose work folder, of those who share the phone; this system's user by default.

    Raises:
        DeviceLost: it does not answer.
        TransportError: it does not let us in, or is too old.
    """
    transport = AdbTransport(server, address, identify(server, address, timeout_s=timeout_s), user=user)
    transport.make_root()
    return transport


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without names
        return f"uid{os.getuid()}"


class AdbTransport:
    """Runs commands and moves files on one phone. Keeps the promises of `mbench.core.ports.Transport`.

    Args:
        server: the adb server that the phone is reached through.
        address: the phone as that server calls it.
        identity: what it says of itself.
        user: whose work folder, of those who share the phone; this system's user by default.
        slot: is held while a pushed file is sent, so that not all phones of a host are pushed to at once.
    """

    def __init__(
        self,
        server: AdbServer,
        address: str,
        identity: Identity,
        *,
        user: str | None = None,
        slot: AbstractContextManager[object] | None = None,
    ) -> None:
        self._door = AdbDoor(server, address, identity)
        self._sender = AdbSender(self._door, slot or nullcontext())
        self._root = f"{_BASE}/{re.sub(r'[^A-Za-z0-9._-]', '_', user or _user())}"

    @property
    def server(self) -> AdbServer:
        """The adb server that the phone is reached through."""
        return self._door.server

    @property
    def address(self) -> str:
        """The phone as that server calls it."""
        return self._door.address

    @property
    def serial(self) -> str:
        """The phone's own serial, the same over USB and TCP."""
        return self._door.serial

    @property
    def emulated(self) -> bool:
        """Whether it is one of mbench's emulated phones."""
        return self._door.identity.emulated

    @property
    def root(self) -> str:
        """Our folder on the phone."""
        return self._root

    @property
    def identity(self) -> Identity:
        """What the phone said of itself when it was opened, or when it last came back."""
        return self._door.identity

    def came_back(self, identity: Identity) -> None:
        """Take note of what the phone says of itself after it was away."""
        self._door.identity = identity
        self._door.given_up = False
        self.make_root()

    @property
    def given_up(self) -> bool:
        """Whether waiting for the phone has ended in vain."""
        return self._door.given_up

    def gave_up(self) -> None:
        """Take note that waiting for the phone has ended in vain: until it comes back, no command is tried on it.

        A frozen phone would else hold each command of a session's ending to its own timeout.
        """
        self._door.given_up = True

    def make_root(self) -> None:
        """Make our folder."""
        end = self._door.script(f"mkdir -p {quoted_path(self._root)}", f"make {self._root}")
        self._door.require(end, f"make {self._root}")

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Write a file, unless its content is there already, and verify it by its hash; `sent` hears of bytes."""
        self._sender.push(source, target, sha256=sha256, executable=executable, sent=sent)

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        """Write a few bytes under a temporary name, then rename."""
        self._sender.write(target, data, executable=executable)

    def sha256(self, path: str) -> str | None:
        """Return the SHA-256 that the phone reads, None where there is no such file."""
        end = self._door.script(hash_script(path), f"read {path}", timeout_s=UNKNOWN_FILE_S)
        if end.exit_code == NO_FILE:
            return None
        self._door.require(end, f"read {path}")
        return parse_hash(end.stdout)

    def pull(self, path: str, *, limit_bytes: int) -> bytes | None:
        """Return a file's bytes, verified by its length and hash; None where there is none."""
        text = pull_script(path, limit_bytes=limit_bytes)
        end = self._door.script(
            text,
            f"read {path}",
            timeout_s=transfer_s(limit_bytes),
            stall_s=hash_s(limit_bytes),
            limit_bytes=limit_bytes + HEAD_BYTES,
        )
        if end.exit_code == NO_FILE:
            return None
        if end.exit_code == TOO_LARGE:
            raise TransportError(f"{self.serial}: {path} is larger than {limit_bytes} bytes; it was not read.")
        self._door.require(end, f"read {path}")
        return parse_pulled(end, serial=self.serial, path=path)

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        """Pull files, each verified by its length and hash, hash others, and remove a directory, in one command."""
        if then_remove is not None:
            refuse_outside(then_remove, _BASE, serial=self.serial)
        paths = (*pulled, *hashed)
        if not can_be_listed(paths):
            contents = {path: self.pull(path, limit_bytes=limit_bytes) for path in pulled}
            found = FilesRead(contents=contents, hashes={path: self.sha256(path) for path in hashed})
            if then_remove is not None:
                with suppress(TransportError):
                    self.remove(then_remove)
            return found
        what = f"read {', '.join(paths)}"
        end = self._door.script(
            together_script(pulled, hashed, limit_bytes=limit_bytes, then_remove=then_remove),
            what,
            timeout_s=transfer_s(limit_bytes) + UNKNOWN_FILE_S,
            stall_s=max(hash_s(limit_bytes), UNKNOWN_FILE_S if hashed else 0.0),
            limit_bytes=limit_bytes + sum(HEAD_BYTES + 2 * len(path.encode()) for path in (*paths, "")),
        )
        if end.exit_code == TOO_LARGE:
            raise TransportError(
                f"{self.serial}: {', '.join(pulled)} are together larger than {limit_bytes} bytes; none was read."
            )
        self._door.require(end, what)
        return parse_together(end, pulled, hashed, serial=self.serial)

    def remove(self, path: str) -> None:
        """Remove a file or a folder of mbench's with all it holds."""
        refuse_outside(path, _BASE, serial=self.serial)
        self._door.remove(path)

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
        """Run a command, pinned to `cpus`, to its end or to the total deadline, at which all of it is killed.

        Hashing what has to be `unchanged` has a time of its own, besides the deadline. From `late_s` on the phone is
        asked for an echo now and then: one that gives none is frozen.
        """
        self._door.refuse_given_up(f"run {argv[0]}")
        if unchanged and not can_be_listed(unchanged):
            self._refuse_changed(argv, unchanged)
            unchanged = None
        begun = time.monotonic()
        mark = new_mark()
        with at_the_door(self.serial, f"run {argv[0]}"):
            line = command_line(argv, mark=mark, environment=environment, cpus=cpus, unchanged=unchanged)
            try:
                end = run_script(
                    self.server,
                    self.address,
                    line,
                    until=begun + deadline_s + self._hash_s(unchanged or ()),
                    limit_bytes=max(limit_bytes, _WORDS_BYTES),
                    watch=EchoWatch(self, argv[0], first_s=_LATE_S if late_s is None else late_s),
                )
            except NotOpened:
                raise
            except TimeoutError:
                end = None
            except KeyboardInterrupt:
                with suppress(TransportError):
                    self._end(mark, argv)
                raise
        if end is None:
            raise CommandTimeout(
                f"{self.serial}: {shown_command(argv)} was still running after {deadline_s:g} s "
                f"and {self._end(mark, argv)}.",
                argv=tuple(argv),
                deadline_s=deadline_s,
            )
        _LOG.debug("%s: %s ended with status %d", self.serial, argv, end.exit_code)
        if unchanged and says_changed(end, mark=mark):
            self._refuse_changed(
                argv, unchanged
            )  # comes back where the phone's sha256sum only words its list otherwise
            return self.run(
                argv,
                deadline_s=deadline_s,
                environment=environment,
                cpus=cpus,
                limit_bytes=limit_bytes,
                late_s=late_s,
            )
        refuse_unstarted(end, serial=self.serial, mark=mark, argv=argv, cpus=cpus)
        return CommandResult(
            exit_code=end.exit_code,
            stdout=end.stdout[:limit_bytes],
            stderr=end.stderr[:limit_bytes],
            wall_s=time.monotonic() - begun,
        )

    def properties(self) -> Mapping[str, str]:
        """Return what `getprop` says now."""
        return identify(self.server, self.address, timeout_s=SMALL_S).properties

    def alive(self, *, timeout_s: float) -> bool:
        """Whether an echo comes back in time; the state that adb shows says nothing about that."""
        mark = new_mark()
        with suppress(TransportError):
            return self._door.script(f"echo {mark}", "get an echo", timeout_s=timeout_s).stdout.split() == [
                mark.encode()
            ]
        return False

    def _refuse_changed(self, argv: Sequence[str], unchanged: Mapping[str, str]) -> None:
        found = self.read_together(hashed=tuple(unchanged), limit_bytes=0).hashes
        if found != unchanged:
            raise ChangedFiles(f"{self.serial}: did not start {argv[0]}: files have changed.", hashes=found)

    def _hash_s(self, paths: Iterable[str]) -> float:
        """Return the seconds after which reading files hangs."""
        return sum(hash_s(self._sender.sizes[path]) if path in self._sender.sizes else UNKNOWN_FILE_S for path in paths)

    def _end(self, mark: str, argv: Sequence[str]) -> str:
        """Kill all that bears a mark, and say how that went.

        Raises:
            DeviceLost: the phone does not answer any more.
        """
        try:
            end = self._door.script(end_script(mark), f"end {argv[0]}", timeout_s=_END_S)
        except DeviceLost as error:
            raise DeviceLost(
                f"{self.serial}: neither {shown_command(argv)} nor the command that was to end it got an answer: "
                f"{str(error.__cause__ or '').rstrip('.') or 'it is silent'}. {REMEDIES['frozen']}"
            ) from error
        if end.exit_code == 0:
            return "has been ended"
        if end.exit_code == CANNOT_SEE:
            return "may still be running: the device does not show what it runs"
        return f"could not be ended: {end.words}"


class EchoWatch:
    """Asks a phone for an echo while a command on it is late.

    Args:
        transport: the way to the phone.
        what: runs there, for the message.
        first_s: seconds after which it is late.
    """

    def __init__(self, transport: AdbTransport, what: str, *, first_s: float) -> None:
        self._transport, self._what = transport, what
        self._begun = time.monotonic()
        self.at = self._begun + first_s

    def look(self) -> None:
        """Ask for an echo, and once more where none comes.

        Raises:
            DeviceLost: none came either time.
        """
        if not any(self._transport.alive(timeout_s=ECHO_S) for _ in range(2)):
            late_s = time.monotonic() - self._begun
            raise DeviceLost(
                f"{self._transport.serial}: could not run {self._what}: after {late_s:.0f} s the phone does not "
                f"answer an echo either. {REMEDIES['frozen']}"
            )
        self.at = time.monotonic() + _BETWEEN_ECHOES_S
