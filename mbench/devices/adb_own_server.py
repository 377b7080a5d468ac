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
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from mbench.core.errors import NoDevice
from mbench.devices.adb_servers import (
    AdbServer,
    configured_server,
    kill_server,
    parse_server,
    protocol_of,
    require_protocol,
    require_servers,
)

_START_S = 15.0
"""Looking for USB devices takes 3 s where there are none."""
_END_S = 3.0
_POLL_S = 0.02
_VERSION = re.compile(r"^Version (\S+)", re.MULTILINE)
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
    given: Sequence[str], *, state: Path, environment: Mapping[str, str] | None = None, usb: bool = True
) -> Iterator[AdbServers]:
    """Yield the servers to use: the given ones, else the user's running one, else our own, ended afterwards.

    Args:
        given: addresses (`HOST:PORT`) that the user named.
        state: our folder, for the log and the record of our own server.
        environment: variables, those of this process by default.
        usb: whether phones on USB are wanted.

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
    own = OwnServer(server, state=state, environment=environment, usb=usb)
    own.join()
    try:
        yield AdbServers((server,), own)
    finally:
        own.leave()


class OwnServer:
    """One port's server, started by the first mbench process that finds none and ended by the last one."""

    def __init__(self, server: AdbServer, *, state: Path, environment: Mapping[str, str], usb: bool) -> None:
        self._server = server
        self._environment = environment
        self._usb = usb
        self._folder = state / f"adb-{server.port}"
        self._record = self._folder / "server.json"
        self._presence: FileLock | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def join(self) -> None:
        """Use the server that answers, or start one.

        Raises:
            NoDevice: it does not start, or one of another protocol is there.
        """
        protocol = protocol_of(self._server)
        if protocol is not None:
            require_protocol(self._server, protocol)
            if not self._record.exists():
                return
        if not self._server.local:
            if protocol is None:
                require_servers([self._server])
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if protocol_of(self._server) is None:
                self._start()
            if self._process() is not None and self._presence is None:
                presence = FileLock(self._folder / f"user-{os.getpid()}-{secrets.token_hex(4)}.lock")
                presence.acquire(timeout=0)
                self._presence = presence

    def revive(self) -> None:
        """Start it again if it does not answer."""
        if self._server.local and protocol_of(self._server) is None:
            self.join()

    def leave(self) -> None:
        """End the server if it is mbench's and no other mbench process uses it."""
        if self._presence is None:
            return
        with self._alone():
            self._presence.release()
            with suppress(OSError):
                Path(self._presence.lock_file).unlink()
            self._presence = None
            if not self._used():
                self._end()
            elif self._child is not None:
                # It goes on for others: Python is not to warn of a child that was forgotten.
                self._child.returncode = 0

    def _alone(self) -> FileLock:
        return FileLock(self._folder / "starting.lock", timeout=2 * _START_S)

    def _used(self) -> bool:
        for path in self._folder.glob("user-*.lock"):
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return True
            lock.release()
            with suppress(OSError):
                path.unlink()
        return False

    def _start(self) -> None:
        self._reap()
        log = self._folder / "server.log"
        with log.open("wb") as file:
            self._child = subprocess.Popen(
                [str(adb_program()), "-P", str(self._server.port), "nodaemon", "server"],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._server_environment(),
                start_new_session=True,
            )
        self._record.write_text(json.dumps({"pid": self._child.pid}), encoding="utf-8")
        until = time.monotonic() + _START_S
        while (protocol := protocol_of(self._server)) is None:
            if self._child.poll() is not None or time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                self._end()
                raise NoDevice(
                    f"no adb server could be started at {self._server}: {said[-1] if said else 'it said nothing'}. "
                    f"The log is {log}."
                )
            time.sleep(_POLL_S)
        try:
            require_protocol(self._server, protocol)
        except NoDevice:
            self._end()
            raise

    def _server_environment(self) -> dict[str, str]:
        foreign = {"ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS", "ANDROID_ADB_SERVER_PORT"}
        kept = {name: value for name, value in self._environment.items() if name not in foreign}
        # Without this it answers multicast on every interface of the machine.
        kept["ADB_MDNS"] = "0"
        return kept if self._usb else {**kept, "ADB_LIBUSB": "0"}

    def _process(self) -> psutil.Process | None:
        """Return the process of the server that mbench started on this port, None where there is none."""
        try:
            process = psutil.Process(json.loads(self._record.read_text(encoding="utf-8"))["pid"])
            command = process.cmdline()
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        return process if command[1:] == ["-P", str(self._server.port), "nodaemon", "server"] else None

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


def adb_version(program: Path) -> str:
    """Return the release that an adb program names, such as `36.0.0-13206524`.

    Raises:
        NoDevice: it does not start, or is no adb.
    """
    try:
        said = subprocess.run([str(program), "version"], capture_output=True, text=True, timeout=_START_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoDevice(f"{program} does not start: {error}. Install Android's platform-tools.") from error
    found = _VERSION.search(said.stdout)
    if found is None:
        words = (said.stderr or said.stdout).strip().splitlines()
        raise NoDevice(f"{program} is no adb: it says {words[0] if words else 'nothing'!r}.")
    return found[1]
