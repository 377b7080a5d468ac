"""A private adb server: a port, a home and a key of its own, no mDNS, no USB, no scan for Google's emulators.

It touches no other server, and ends only the process that it has started.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from mbench.core.errors import NoDevice
from mbench.files.scratch import ScratchFolder

ADB_VARIABLE = "ADBUTILS_ADB_PATH"
_START_S = 60.0
"""Longest wait for a server that lives; one that dies is not waited for."""
_STOP_S = 10.0


def find_adb(given: str | None = None) -> str:
    """Return the adb program: the given one, $ADBUTILS_ADB_PATH, adb on PATH, or the one inside the adbutils package.

    Raises:
        NoDevice: there is none.
    """
    for candidate in (given, os.environ.get(ADB_VARIABLE)):
        if candidate:
            return candidate
    if (found := shutil.which("adb")) is not None:
        return found
    package = importlib.util.find_spec("adbutils")
    if package is not None and package.origin is not None:
        path = Path(package.origin).with_name("binaries") / "adb"
        if path.is_file():
            return str(path)
    raise NoDevice(
        f"No adb program: none on PATH, none in the package adbutils. Install adbutils or set {ADB_VARIABLE}."
    )


class AdbServer:
    """A running adb server; a context manager.

    Attributes:
        adb: the program.
        port: where it listens, on the loopback interface alone.
    """

    def __init__(self, adb: str | None = None, *, port: int | None = None) -> None:
        self.adb = find_adb(adb)
        self.port = _free_port() if port is None else port
        self._scratch = ScratchFolder("adb")
        self._home = self._scratch.path
        self._log = (self._home / "server.log").open("wb")
        self._process = subprocess.Popen(
            [self.adb, "-P", str(self.port), "nodaemon", "server"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait_until_it_listens()

    def __enter__(self) -> "AdbServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables by which any adb client, adbutils included, uses this server and no other."""
        named = ((name, os.environ.get(name)) for name in list(os.environ))  # another thread may change one meanwhile
        return {
            **{name: value for name, value in named if value is not None and not name.startswith(("ADB_", "ANDROID_"))},
            "HOME": str(self._home),
            "ANDROID_ADB_SERVER_PORT": str(self.port),
            ADB_VARIABLE: self.adb,
            "ADB_MDNS": "0",
            "ADB_MDNS_OPENSCREEN": "0",
            "ADB_LIBUSB": "0",
            "ADB_EMU": "0",
            "ADB_REJECT_KILL_SERVER": "1",
        }

    def run(
        self, *arguments: str, stdin: bytes | None = b"", timeout_s: float = 60.0
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run `adb ARGUMENTS…` against this server, whatever its exit status.

        Raises:
            subprocess.TimeoutExpired: it was still running; it has been killed.
        """
        return subprocess.run(
            [self.adb, *arguments], env=self.environment, input=stdin, capture_output=True, timeout=timeout_s
        )

    def connect(self, address: str, *, timeout_s: float = 20.0) -> str:
        """Return what `adb connect` says."""
        return self.run("connect", address, timeout_s=timeout_s).stdout.decode().strip()

    def stop(self) -> None:
        """End the server that this object has started."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_STOP_S)
        self._log.close()
        self._scratch.close()

    def _wait_until_it_listens(self) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        said = (self._home / "server.log").read_text(errors="replace").strip()
        self.stop()
        raise NoDevice(f"{self.adb} did not start a server on port {self.port}: {said[-500:] or 'it said nothing'}.")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
