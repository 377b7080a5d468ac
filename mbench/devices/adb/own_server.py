"""The adb server that mbench starts where none runs, shared by the mbench processes of a machine.

It runs on the port that the user's own adb would use, so that both see the same phones: over USB only one server can
hold a phone. The last mbench process that uses it ends it. A server of somebody else is used and left alone.
"""

import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mbench.core.errors import LockHeld, NoDevice
from mbench.core.numbers.numerals import whole
from mbench.devices.adb.servers import (
    AdbServer,
    configured_server,
    kill_server,
    parse_server,
    protocol_of,
    require_protocol,
    require_servers,
)
from mbench.files.locks import is_locked, locked

START_S = 60.0
"""Longest wait for a server that lives; one that dies is not waited for.

Looking for USB devices takes 3 s of a quiet machine where there are none, and many times that where others want its
cores.
"""
_VERSION_S = 15.0
_END_S = 3.0
_POLL_S = 0.02
_MARK_VARIABLE = "MBENCH_ADB_SERVER"
"""In the environment of a server that mbench started: the folder that keeps its record."""
_VERSION = re.compile(r"^Version (\S+)", re.MULTILINE)
_PROTOCOL = re.compile(r"^Android Debug Bridge version \d+\.\d+\.(\d{1,6})$", re.MULTILINE)
"""`Android Debug Bridge version 1.0.41`, `Version 36.0.0-13206524`, where it is installed, for which system."""


class AdbServers:
    """The servers of a session.

    Attributes:
        addresses: where they are.
    """

    def __init__(self, addresses: tuple[AdbServer, ...], own: "OwnServer | None" = None) -> None:
        self.addresses = addresses
        self._own = own

    def revive(self) -> None:
        """Start our own server again where it has died; do nothing where the servers are somebody else's.

        Raises:
            NoDevice: it does not start.
        """
        if self._own is not None:
            self._own.revive()


@contextmanager
def open_servers(
    given: Sequence[str],
    *,
    state: Path,
    environment: Mapping[str, str] | None = None,
    usb: bool = True,
    start_s: float = START_S,
) -> Iterator[AdbServers]:
    """Yield the servers to use: the given ones, else the user's running one, else our own, ended afterwards.

    Args:
        given: addresses (`HOST:PORT`) that the user named.
        state: our folder, for the log and the record of our own server.
        environment: variables, those of this process by default.
        usb: whether phones on USB are wanted.
        start_s: seconds that a server of ours may take to its first answer, as long as it lives.

    Raises:
        UsageError: an address that is none.
        NoDevice: no server answers and none could be started, or one of another protocol is there.
    """
    environment = dict(os.environ if environment is None else environment)
    if given:
        named = tuple(dict.fromkeys(parse_server(text) for text in given))
        require_servers(named)
        yield AdbServers(named)
        return
    server = configured_server(environment)
    own = OwnServer(server, state=state, environment=environment, usb=usb, start_s=start_s)
    own.join()
    try:
        yield AdbServers((server,), own)
    finally:
        own.leave()


class OwnServer:
    """One port's server, started by the first mbench process that finds none and ended by the last one."""

    def __init__(
        self, server: AdbServer, *, state: Path, environment: Mapping[str, str], usb: bool, start_s: float
    ) -> None:
        self._server = server
        self._environment = environment
        self._usb = usb
        self._start_s = start_s
        self._folder = state / f"adb-{server.port}"
        self._record = self._folder / "server.json"
        self._mark = str(self._folder.resolve())
        self._presence: ExitStack | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def join(self) -> None:
        """Use the server that answers, or start one.

        Raises:
            NoDevice: it does not start, or one of another protocol is there.
        """
        if not self._server.local:
            require_servers([self._server])
            return
        # One that mbench is just starting takes connections and does not answer yet: then the lock is waited for first.
        if not self._record.exists() and (protocol := protocol_of(self._server)) is not None:
            require_protocol(self._server, protocol)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            protocol = protocol_of(self._server)
            if protocol is None:
                self._start()
            else:
                require_protocol(self._server, protocol)
            if self._process() is not None and self._presence is None:
                name, presence = f"user-{os.getpid()}-{secrets.token_hex(4)}.lock", ExitStack()
                presence.enter_context(locked(self._folder / name, removed=True))
                self._presence = presence

    def revive(self) -> None:
        """Start it again if it does not answer."""
        if self._server.local and protocol_of(self._server) is None:
            self.join()

    def leave(self) -> None:
        """End the server if it is mbench's and no other mbench process uses it."""
        if self._presence is None:
            return
        with suppress(NoDevice), self._alone():  # who holds that lock for so long ends the server in our place
            self._presence.close()
            self._presence = None
            if not self._used():
                self._end()
            elif self._child is not None:
                # It goes on for others: Python is not to warn of a child that was forgotten.
                self._child.returncode = 0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of those that start or end this port's server.

        Raises:
            NoDevice: others hold it for longer than a start may take.
        """
        limit_s = self._start_s + 2 * _END_S
        with ExitStack() as held:
            try:
                held.enter_context(locked(self._folder / "starting.lock", wait_s=limit_s))
            except LockHeld:
                raise NoDevice(
                    f"another mbench has been starting or ending the adb server at {self._server} for {limit_s:g} s. "
                    "Try again; if that stays so, choose another port by ANDROID_ADB_SERVER_PORT."
                ) from None
            yield

    def _used(self) -> bool:
        for path in self._folder.glob("user-*.lock"):
            if is_locked(path):
                return True
            with suppress(OSError):
                path.unlink()
        return False

    def _start(self) -> None:
        self._reap()
        program, log = adb_program(), self._folder / "server.log"
        try:
            with log.open("wb") as file:
                self._child = subprocess.Popen(
                    [str(program), "-P", str(self._server.port), "nodaemon", "server"],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=self._server_environment(),
                    start_new_session=True,
                )
        except OSError as error:
            raise _does_not_start(program, error) from error
        self._record.write_text(json.dumps({"pid": self._child.pid}), encoding="utf-8")
        try:
            require_protocol(self._server, self._first_answer(self._child, log))
        except BaseException:  # Ctrl-C among them
            self._end()
            raise

    def _first_answer(self, child: "subprocess.Popen[bytes]", log: Path) -> int:
        """Return the protocol of the server that was just started, once it answers.

        Raises:
            NoDevice: it died, or does not answer in time; with its own words.
        """
        until = time.monotonic() + self._start_s
        while True:
            ended = child.poll()
            with suppress(NoDevice):  # it listens, and has not come to answering yet
                if (protocol := protocol_of(self._server)) is not None:
                    return protocol
            if ended is not None or time.monotonic() > until:
                words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                how = (
                    f"it has not answered within {self._start_s:g} s"
                    if ended is None
                    else f"it ended with status {ended}"
                )
                said = f"its last words are {words[-1]!r}" if words else "it said nothing"
                raise NoDevice(f"no adb server could be started at {self._server}: {how}, {said}. The log is {log}.")
            time.sleep(_POLL_S)

    def _server_environment(self) -> dict[str, str]:
        foreign = {"ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS", "ANDROID_ADB_SERVER_PORT"}
        kept = {name: value for name, value in self._environment.items() if name not in foreign}
        # Without this it answers multicast on every interface of the machine.
        kept["ADB_MDNS"] = "0"
        kept[_MARK_VARIABLE] = self._mark
        return kept if self._usb else {**kept, "ADB_LIBUSB": "0"}

    def _process(self) -> psutil.Process | None:
        """Return the process of the server that mbench started on this port, None where there is none.

        After a restart of the machine the recorded number may be another one's, of a server that the user started too.
        """
        try:
            process = psutil.Process(json.loads(self._record.read_text(encoding="utf-8"))["pid"])
            command, marked_by = process.cmdline(), process.environ().get(_MARK_VARIABLE)
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        ours = marked_by == self._mark and command[1:] == ["-P", str(self._server.port), "nodaemon", "server"]
        return process if ours else None

    def _end(self) -> None:
        process = self._process()
        if process is not None:
            with suppress(OSError):
                kill_server(self._server)
            try:
                process.wait(timeout=_END_S)
            except psutil.TimeoutExpired:
                with suppress(psutil.Error):
                    process.kill()
        elif self._child is not None:  # it is not a server yet, and is not to become one when nobody waits any more
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
        self._reap()
        self._record.unlink(missing_ok=True)

    def _reap(self) -> None:
        """Take note of the end of the server that this very process has started."""
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=_END_S)
            self._child = None


def adb_program() -> Path:
    """Return the adb program: `ADBUTILS_ADB_PATH`, else the one that adbutils carries, else the one on PATH.

    Raises:
        NoDevice: there is none.
    """
    if chosen := os.environ.get("ADBUTILS_ADB_PATH"):
        return Path(chosen)
    spec = importlib.util.find_spec("adbutils")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        carried = Path(folder) / "binaries" / ("adb.exe" if os.name == "nt" else "adb")
        if carried.is_file():
            return carried
    if found := shutil.which("adb"):
        return Path(found)
    raise NoDevice("there is no adb program. Install Android's platform-tools, or name one by ADBUTILS_ADB_PATH.")


def _does_not_start(program: Path, error: Exception) -> NoDevice:
    return NoDevice(f"{program} does not start: {error}. Install Android's platform-tools.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdbVersion:
    """What an adb program says of itself: its release, and the number that adbs compare; None where it names none."""

    release: str
    protocol: int | None


def adb_version(program: Path) -> str:
    """Return the release that an adb program names, such as `36.0.0-13206524`.

    Raises:
        NoDevice: it does not start, or is no adb.
    """
    return adb_versions(program).release


def adb_versions(program: Path) -> AdbVersion:
    """Return the release and the protocol that an adb program names.

    Raises:
        NoDevice: it does not start, or is no adb.
    """
    try:
        said = subprocess.run(
            [str(program), "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _does_not_start(program, error) from error
    found = _VERSION.search(said.stdout)
    if found is None:
        words = (said.stderr or said.stdout).strip().splitlines()
        raise NoDevice(f"{program} is no adb: it says {words[0] if words else 'nothing'!r}.")
    protocol = _PROTOCOL.search(said.stdout)
    return AdbVersion(release=found[1], protocol=None if protocol is None else whole(protocol[1]))
