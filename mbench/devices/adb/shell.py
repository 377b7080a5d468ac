"""Commands on a device: the line that adbd's shell gets, and adbd's shell protocol, version 2 (Android 7 and later).

That protocol (AOSP packages/modules/adb, shell_protocol.h) carries packets of one byte of kind, four of length (little
endian) and data; the exit status is a packet of its own, so that a cut link cannot be taken for a command's end.

Every command bears a mark in its environment, which all that it starts inherit: by it they are found and ended.
"""

import os
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.errors import MissingTool, TransportError
from mbench.core.processes.run_marks import COMMAND
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.streams import DeviceStream, Watch

_SERVICE: Final = "shell,v2,raw:"
_STDOUT, _STDERR, _EXIT = 1, 2, 3
_HEADER_BYTES = 5
_LONGEST_LINE: Final = 60_000
"""Bytes; the server's framing ends at 65535 (four hexadecimal digits)."""

_MISSING_STATUS = 127
WAYS_ROUND: Final[Mapping[str, str]] = {
    "taskset": "which pins runs to cores. Run with --cpus none, unpinned, or install a toybox that has it.",
    "sha256sum": "which verifies pushed files. Install a toybox that has it, or use a phone with Android 6 or later.",
    "wc": "which reports the sizes of files. Install a toybox that has it.",
    "printf": "which mbench's scripts print with. Install a toybox that has it.",
}
"""What phones were seen without, and what helps."""
_CHANGED_STATUS = 126
_TASKSET = re.compile(r"taskset: .*")

CANNOT_SEE: Final = 3
STILL_THERE: Final = 4
_END_TEMPLATE = """{variable}=self sh -c 'grep -qs {variable}=self /proc/$$/environ' || exit {cannot_see}
for round in 1 2 3 4 5 6 7 8 9 10; do
  found=
  for file in $(grep -ls {variable}={mark} /proc/[0-9]*/environ); do
    pid=${{file#/proc/}}
    kill -9 "${{pid%/environ}}" 2>/dev/null && found=1
  done
  [ -z "$found" ] && exit 0
  [ "$round" -gt 2 ] && sleep 0.2
done
exit {still_there}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellEnd:
    """How a shell ended: exit status and what was kept of both streams."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def words(self) -> str:
        """The last line of stderr, else of stdout, as text."""
        for stream in (self.stderr, self.stdout):
            if lines := stream.decode("utf-8", "replace").strip().splitlines():
                return lines[-1].strip().rstrip(".")
        return f"exit status {self.exit_code} and no word"


def new_mark() -> str:
    """Return a mark that no other command bears."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def command_line(
    argv: Sequence[str],
    *,
    mark: str,
    environment: Mapping[str, str] | None,
    cpus: Sequence[int] | None,
    unchanged: Mapping[str, str] | None = None,
) -> str:
    """Return the line for the device's shell that becomes the command, its input empty, marked and pinned.

    A missing program is reported on stderr by the mark and a word; so are files that `sha256sum` does not list
    with the hashes of `unchanged`.

    Raises:
        ValueError: longer than what adb carries, with a null byte, or with a variable that no shell can name.
    """
    if unnamed := [name for name in environment or {} if not name.isidentifier()]:
        raise ValueError(f"{unnamed[0]!r} is no name of an environment variable")
    variables = {**(environment or {}), COMMAND: mark}
    pinned: tuple[str, ...] = () if cpus is None else ("taskset", cpu_mask(cpus))
    hashing = ("sha256sum",) if unchanged else ()
    steps = [
        *(_presence_check(program, mark) for program in hashing),
        *([_hash_check(unchanged, mark)] if unchanged else ()),  # before LD_LIBRARY_PATH is another one
        "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items()),
        *(_presence_check(program, mark) for program in (*pinned[:1], argv[0])),
        f"exec {shlex.join([*pinned, *argv])} </dev/null",
    ]
    line = "; ".join(steps)
    if len(line.encode()) > _LONGEST_LINE:
        raise ValueError(f"the command line has {len(line.encode())} bytes; adb carries {_LONGEST_LINE}")
    if "\0" in line:
        raise ValueError("the command line holds a null byte")
    return line


def _presence_check(program: str, mark: str) -> str:
    missing = f"{{ echo {mark} missing {shlex.quote(program)} >&2; exit {_MISSING_STATUS}; }}"
    return f"command -v {shlex.quote(program)} >/dev/null || {missing}"


def _hash_check(unchanged: Mapping[str, str], mark: str) -> str:
    listed = f'"$({COMMAND}={mark} sha256sum {shlex.join(unchanged)} 2>/dev/null)"'
    wanted = shlex.quote("\n".join(f"{sha256}  {path}" for path, sha256 in unchanged.items()))
    return f"[ {listed} = {wanted} ] || {{ echo {mark} changed >&2; exit {_CHANGED_STATUS}; }}"


def says_changed(end: ShellEnd, *, mark: str) -> bool:
    """Whether the command line says that files had not the listed hashes, and that it so never became the command."""
    said = end.stderr.decode("utf-8", "replace").splitlines()
    return end.exit_code == _CHANGED_STATUS and f"{mark} changed" in said


def cpu_mask(cpus: Sequence[int]) -> str:
    """Return cores as `taskset` takes them: 4, 5, 6, 7 are `f0`."""
    return f"{sum(1 << cpu for cpu in set(cpus)):x}"


def end_script(mark: str) -> str:
    """Return a script that kills all that bears the mark until none is left.

    It ends with `CANNOT_SEE` where the device hides environments, with `STILL_THERE` where something does not die.
    """
    return _END_TEMPLATE.format(variable=COMMAND, mark=mark, cannot_see=CANNOT_SEE, still_there=STILL_THERE)


def run_script(
    server: AdbServer,
    address: str,
    text: str,
    *,
    until: float,
    stall_s: float | None = None,
    limit_bytes: int = 1 << 20,
    watch: Watch | None = None,
) -> ShellEnd:
    """Let a device's shell run a text to its end, on a connection of its own; see `DeviceStream`.

    Args:
        server: the adb server.
        address: the device as the server calls it.
        text: the script.
        until: `time.monotonic()` at which it ends in a TimeoutError.
        stall_s: seconds of silence after which it does so before.
        limit_bytes: how much of each stream is kept.
        watch: looks now and then whether the device is alive; what it raises ends the reading.

    Raises:
        AdbError: the server or adbd refused, in their words.
        EOFError: the connection ended before the exit status.
        OSError: TimeoutError among them.
        ValueError: an answer that is not the shell protocol.
    """
    with DeviceStream(server, address, f"{_SERVICE}{text}", until=until, stall_s=stall_s, watch=watch) as stream:
        return read_shell(stream, limit_bytes=limit_bytes)


def read_shell(stream: DeviceStream, *, limit_bytes: int) -> ShellEnd:
    """Read a shell to its exit status, keeping so many bytes of each stream.

    Raises:
        EOFError: the connection ended before the exit status.
        OSError: TimeoutError among them.
        ValueError: an answer that is not the shell protocol.
    """
    kept = {_STDOUT: bytearray(), _STDERR: bytearray()}
    while True:
        header = stream.read(_HEADER_BYTES)
        kind, length = header[0], int.from_bytes(header[1:], "little")
        if kind == _EXIT and length == 1:
            return ShellEnd(exit_code=stream.read(1)[0], stdout=bytes(kept[_STDOUT]), stderr=bytes(kept[_STDERR]))
        if kind not in kept:
            raise ValueError(f"adbd sent a packet of the unknown kind {kind} and {length} bytes")
        _keep(kept[kind], stream, length, limit_bytes)


def refuse_unstarted(end: ShellEnd, *, serial: str, mark: str, argv: Sequence[str], cpus: Sequence[int] | None) -> None:
    """Raise where the command line says that it never became the command.

    Raises:
        MissingTool: the device lacks what pins a run or verifies a file.
        TransportError: no such program, or no such cores.
    """
    said = end.stderr.decode("utf-8", "replace").strip()
    lacks = [line.removeprefix(f"{mark} missing ") for line in said.splitlines() if line.startswith(f"{mark} missing ")]
    if end.exit_code == _MISSING_STATUS and lacks:
        kind = MissingTool if lacks[0] in WAYS_ROUND and lacks[0] != argv[0] else TransportError
        raise kind(f"{serial}: {_missing(lacks[0], argv[0])}")
    if cpus is not None and end.exit_code == 1 and not end.stdout and _TASKSET.fullmatch(said):
        cores = ",".join(map(str, cpus))
        raise TransportError(
            f"{serial}: could not pin {argv[0]} to cores {cores}: {said}. Choose cores that the device has switched on."
        )


def _missing(program: str, wanted: str) -> str:
    if (way := WAYS_ROUND.get(program)) is not None and program != wanted:
        return f"could not start {wanted}: the device has no {program}, {way}"
    return f"could not start {program}: the device has no such program, or none that may be started."


def lacking_tool(words: str) -> str | None:
    """Return what is missing and the way round, where a shell's words say that a tool of ours is; else None.

    Shells say it their own ways: `sh: wc: inaccessible or not found`, `sh: 3: wc: not found`, `wc: command not found`.
    """
    if "not found" not in words:
        return None
    said = re.split(r"[\s:]+", words)
    tool = next((name for name in WAYS_ROUND if name in said), None)
    return None if tool is None else f"the device has no {tool}, {WAYS_ROUND[tool]}"


def _keep(kept: bytearray, stream: DeviceStream, length: int, limit_bytes: int) -> None:
    """Read a packet in pieces, because a broken length must not fill our memory."""
    while length:
        data = stream.read(min(length, 1 << 16))
        length -= len(data)
        kept += data[: max(0, limit_bytes - len(kept))]
