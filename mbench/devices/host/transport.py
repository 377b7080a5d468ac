"""This machine as a device: the transport that phones are reached by, without a cable."""

import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from mbench.core.errors import ChangedFiles, CommandTimeout, HostDiskError, TransportError
from mbench.core.plain_text import shown_command
from mbench.core.ports import CommandResult, FilesRead
from mbench.core.processes.run_marks import unmarked
from mbench.core.processes.search_path import others_environment
from mbench.devices.host.facts import machine_name
from mbench.devices.own_folders import refuse_outside
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.whole import write_whole

_BLOCK = 1 << 20
_disk_errors = partial(disk_errors, error=HostDiskError)

_GONE_S = 5.0
"""A killed process that is still there after this long hangs in the kernel."""


class HostTransport:
    """Runs commands as child processes and copies files below `root`, which is made if it is not there.

    Keeps the promises of `mbench.core.ports.Transport`.
    """

    emulated = False

    def __init__(self, root: Path) -> None:
        self._root = root
        with _disk_errors("make the work folder", root):
            root.mkdir(parents=True, exist_ok=True)

    @property
    def serial(self) -> str:
        """The machine's name."""
        return machine_name()

    @property
    def root(self) -> str:
        """Our folder on this machine."""
        return str(self._root)

    def push(
        self,
        source: Path,
        target: str,
        *,
        sha256: str,
        executable: bool = False,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Copy a file, unless its content is there already, and verify what was written by reading it back."""
        if self.sha256(target) == sha256:
            return
        if sent is not None:
            sent(0)
        with _disk_errors("copy", source):
            data = source.read_bytes()
        self.write(target, data, executable=executable)
        if sent is not None:
            sent(len(data))
        if (found := self.sha256(target)) != sha256:
            raise TransportError(
                f"{self.serial}: {target} reads back as SHA-256 {found}, not {sha256}; the disk or {source} is damaged."
            )

    def write(self, target: str, data: bytes, *, executable: bool = False) -> None:
        """Write a file whole or not at all."""
        with _disk_errors("write", target):
            write_whole(Path(target), data, fsync=False, mode=0o755 if executable else 0o644)

    def sha256(self, path: str) -> str | None:
        """Return the SHA-256 of a file as it is on the disk now."""
        with _disk_errors("read", path):
            try:
                return hash_file(Path(path), limit_bytes=None)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def pull(self, path: str, *, limit_bytes: int) -> bytes | None:
        """Return a file's bytes, None where there is none."""
        with _disk_errors("read", path):
            try:
                with Path(path).open("rb") as file:
                    data = file.read(limit_bytes + 1)
            except (FileNotFoundError, NotADirectoryError):
                return None
        if len(data) > limit_bytes:
            raise TransportError(f"{self.serial}: {path} is larger than {limit_bytes} bytes; it was not read.")
        return data

    def read_together(
        self,
        *,
        pulled: Sequence[str] = (),
        hashed: Sequence[str] = (),
        limit_bytes: int,
        then_remove: str | None = None,
    ) -> FilesRead:
        """Pull files and hash others, one after the other."""
        contents: dict[str, bytes | None] = {}
        for path in pulled:
            contents[path] = data = self.pull(path, limit_bytes=limit_bytes)
            limit_bytes -= len(data or b"")
        found = FilesRead(contents=contents, hashes={path: self.sha256(path) for path in hashed})
        if then_remove is not None:
            with suppress(TransportError):
                self.remove(then_remove)
        return found

    def remove(self, path: str) -> None:
        """Remove a file or a folder below `root`; one that a link below it leads to is refused."""
        refuse_outside(path, self.root, serial=self.serial)
        with _disk_errors("remove", path):
            real = Path(path).parent.resolve() / Path(path).name
            refuse_outside(str(real), str(self._root.resolve()), serial=self.serial)
        with _disk_errors("remove", path), suppress(FileNotFoundError):
            if Path(path).is_dir() and not Path(path).is_symlink():
                shutil.rmtree(path)
            else:
                Path(path).unlink()

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
        """Run a command in a session of its own, pinned to `cpus`, to its end or to the total deadline."""
        found = {path: self.sha256(path) for path in unchanged or ()}
        if found != (unchanged or {}):
            raise ChangedFiles(f"{self.serial}: did not start {argv[0]}: files have changed.", hashes=found)
        begun = time.monotonic()
        process = self._start(tuple(argv), environment, cpus)
        try:
            stdout, stderr = _read_streams(process, until=begun + deadline_s, limit_bytes=limit_bytes)
            exit_code = process.wait(timeout=max(0.0, begun + deadline_s - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise CommandTimeout(
                f"{self.serial}: {shown_command(argv)} was still running after {deadline_s:g} s and has been ended.",
                argv=tuple(argv),
                deadline_s=deadline_s,
            ) from None
        finally:
            _end_tree(process)
        return CommandResult(
            exit_code=exit_code if exit_code >= 0 else 128 - exit_code,
            stdout=stdout,
            stderr=stderr,
            wall_s=time.monotonic() - begun,
        )

    def properties(self) -> Mapping[str, str]:
        """Return the environment-independent facts by the names that `uname` gives them."""
        system = os.uname()
        return {"system": system.sysname, "node": system.nodename, "release": system.release, "machine": system.machine}

    def alive(self, *, timeout_s: float) -> bool:
        """Whether a child process answers in time."""
        try:
            return self.run(("echo", "alive"), deadline_s=timeout_s).stdout == b"alive\n"
        except TransportError:
            return False

    def _start(
        self, argv: tuple[str, ...], environment: Mapping[str, str] | None, cpus: Sequence[int] | None
    ) -> "subprocess.Popen[bytes]":
        try:
            with _pinned(cpus):
                return subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env={**unmarked(others_environment()), **(environment or {})},
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TransportError(f"{self.serial}: could not start {argv[0]}: {reason}.") from error


class _pinned:  # noqa: N801 - reads as a clause: with _pinned(cpus)
    """Let children that this thread starts inherit an affinity, which on Linux belongs to the thread."""

    def __init__(self, cpus: Sequence[int] | None) -> None:
        self._cpus = cpus
        self._before: set[int] | None = None

    def __enter__(self) -> None:
        if self._cpus is None:
            return
        if not hasattr(os, "sched_setaffinity"):
            raise TransportError(f"{machine_name()}: this system cannot pin processes to cores; leave --cpus out.")
        self._before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, set(self._cpus))

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            os.sched_setaffinity(0, self._before)


def _read_streams(process: "subprocess.Popen[bytes]", *, until: float, limit_bytes: int) -> tuple[bytes, bytes]:
    """Return stdout and stderr, each cut at `limit_bytes`; raise TimeoutError at `until` (steady clock)."""
    assert process.stdout is not None
    assert process.stderr is not None
    kept: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in kept:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in selector.select(left):
                data = os.read(key.fd, _BLOCK)
                if not data:
                    selector.unregister(key.fd)
                room = limit_bytes - len(kept[key.fd])
                kept[key.fd] += data[: max(0, room)]
    stdout, stderr = kept.values()
    return bytes(stdout), bytes(stderr)


def _end_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a command and of all that it started, and close its pipes."""
    left: list[psutil.Process] = []
    if process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(process.pid)
            left = [*parent.children(recursive=True), parent]
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    if left:
        process.wait(timeout=_GONE_S)
        psutil.wait_procs(left, timeout=_GONE_S)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
