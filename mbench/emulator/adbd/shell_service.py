"""adbd's shell: and exec: services.

`shell,v2,…:` carries packets of one byte id, four bytes length, data (AOSP adb/shell_service.h); the exit packet goes
out when stdout and stderr have reached their ends, so a background child that keeps them holds the shell.
`shell:` is a raw terminal with both streams mixed and no exit status; `exec:` the same over pipes.
"""

import asyncio
import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mbench.emulator.adbd.connection import LinkLost, Stream
from mbench.emulator.adbd.pipes import read_some, write_all
from mbench.emulator.processes.processes import Command

_PACKET = struct.Struct("<BI")
STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2
EXIT: Final = 3
CLOSE_STDIN: Final = 4
WINDOW_SIZE: Final = 5

Launcher = Callable[[str, list[int], bool, str | None], Command]
"""Starts a command text on descriptors 0, 1, 2 (closed by it), with a terminal or not, of a TERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellRequest:
    """What a service name asks for."""

    command: str
    v2: bool
    terminal: bool
    raw: bool
    term: str | None = None


def parse_shell(name: str) -> ShellRequest | None:
    """Return what `shell:ls`, `shell,v2,TERM=xterm,pty:` or `exec:ls` ask for, None for another service."""
    head, colon, command = name.partition(":")
    kind, *options = head.split(",")
    if not colon or kind not in {"shell", "exec"}:
        return None
    v2 = "v2" in options
    terminal = kind == "shell" and ("pty" in options or ("raw" not in options and (not v2 or not command)))
    term = next((option.removeprefix("TERM=") for option in options if option.startswith("TERM=")), None)
    return ShellRequest(command=command, v2=v2, terminal=terminal, raw=bool(command), term=term)


async def serve_shell(stream: Stream, request: ShellRequest, launch: Launcher) -> None:
    """Run a command and carry its streams."""
    if request.terminal:
        await _serve_terminal(stream, request, launch)
    elif request.v2:
        await _serve_packets(stream, request, launch)
    else:
        await _serve_pipes(stream, request, launch)


async def _serve_packets(stream: Stream, request: ShellRequest, launch: Launcher) -> None:
    in_theirs, in_ours = os.pipe()
    out_ours, out_theirs = os.pipe()
    err_ours, err_theirs = os.pipe()
    command = launch(request.command, [in_theirs, out_theirs, err_theirs], False, request.term)
    stdin = _Input(in_ours)
    _unblock(in_ours, out_ours, err_ours)
    reading = asyncio.ensure_future(_take_packets(stream, stdin, None))
    try:
        finished = await _until_gone(
            stream,
            _pump(out_ours, lambda data: stream.write(_PACKET.pack(STDOUT, len(data)) + data)),
            _pump(err_ours, lambda data: stream.write(_PACKET.pack(STDERR, len(data)) + data)),
            _status(command),
        )
        if finished:
            await stream.write(_PACKET.pack(EXIT, 1) + bytes([command.exit.result() & 0xFF]))
        else:
            command.hang_up()
    finally:
        await _stop(reading)
        stdin.close()
        os.close(out_ours)
        os.close(err_ours)


async def _serve_pipes(stream: Stream, request: ShellRequest, launch: Launcher) -> None:
    in_theirs, in_ours = os.pipe()
    out_ours, out_theirs = os.pipe()
    launch(request.command, [in_theirs, out_theirs, os.dup(out_theirs)], False, request.term)
    stdin = _Input(in_ours)
    _unblock(in_ours, out_ours)
    reading = asyncio.ensure_future(_take_bytes(stream, stdin.write))
    try:
        await _until_gone(stream, _pump(out_ours, stream.write))
    finally:
        # The client's CLSE is the end of the input; what came before it must still arrive.
        with suppress(LinkLost, OSError):
            if stream.gone.is_set():
                await reading
        await _stop(reading)
        stdin.close()
        os.close(out_ours)


async def _serve_terminal(stream: Stream, request: ShellRequest, launch: Launcher) -> None:
    ours, theirs = pty.openpty()
    if request.raw:
        tty.setraw(theirs)
    command = launch(request.command, [theirs, os.dup(theirs), os.dup(theirs)], True, request.term)
    _unblock(ours)
    stdin = _Input(os.dup(ours))
    if request.v2:
        reading = asyncio.ensure_future(_take_packets(stream, stdin, ours))
        pump = _pump(ours, lambda data: stream.write(_PACKET.pack(STDOUT, len(data)) + data))
    else:
        reading = asyncio.ensure_future(_take_bytes(stream, stdin.write))
        pump = _pump(ours, stream.write)
    try:
        finished = await _until_gone(stream, pump, _status(command))
        if not finished:
            command.hang_up()
        elif request.v2:
            await stream.write(_PACKET.pack(EXIT, 1) + bytes([command.exit.result() & 0xFF]))
    finally:
        await _stop(reading)
        stdin.close()
        os.close(ours)


class _Input:
    """A process' standard input; data for one that reads no more is swallowed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    async def write(self, data: bytes) -> None:
        if self._descriptor is not None:
            try:
                await write_all(self._descriptor, data)
            except OSError:
                self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


async def _take_packets(stream: Stream, stdin: _Input, terminal: int | None) -> None:
    rest = b""
    while (data := await stream.receive()) is not None:
        rest += data
        while len(rest) >= _PACKET.size:
            kind, length = _PACKET.unpack_from(rest)
            if len(rest) < _PACKET.size + length:
                break
            body, rest = rest[_PACKET.size : _PACKET.size + length], rest[_PACKET.size + length :]
            if kind == STDIN:
                await stdin.write(body)
            elif kind == CLOSE_STDIN and terminal is None:
                stdin.close()
            elif kind == WINDOW_SIZE and terminal is not None:
                _resize(terminal, body)
        await stream.consumed()


async def _take_bytes(stream: Stream, write: Callable[[bytes], Awaitable[None]]) -> None:
    while (data := await stream.receive()) is not None:
        await write(data)
        await stream.consumed()


def _resize(terminal: int, body: bytes) -> None:
    """Obey `24x80,0x0`: rows, columns, width and height in pixels."""
    with suppress(ValueError, OSError):
        cells, pixels = body.rstrip(b"\0").decode().split(",")
        rows, columns = (int(number) for number in cells.split("x"))
        width, height = (int(number) for number in pixels.split("x"))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("<4H", rows, columns, width, height))


async def _pump(descriptor: int, write: Callable[[bytes], Awaitable[None]]) -> None:
    while data := await read_some(descriptor):
        await write(data)


async def _status(command: Command) -> None:
    await asyncio.wait([command.exit])


async def _until_gone(stream: Stream, *work: Awaitable[None]) -> bool:
    """Do all the work; False if the client went away before its end.

    However it ends, nothing of it goes on: a pump that did would still be registered in the event loop for a descriptor
    that the caller closes, and whoever is given that number next would never hear of its bytes.
    """
    tasks = [asyncio.ensure_future(one) for one in work]
    worked = asyncio.ensure_future(asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION))
    gone = asyncio.ensure_future(stream.gone.wait())
    either: list[asyncio.Future[Any]] = [worked, gone]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*either, *tasks):
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if end is not None and not isinstance(end, (LinkLost, asyncio.CancelledError)):
            raise end
    return not any(ends)


async def _stop(task: "asyncio.Future[None]") -> None:
    task.cancel()
    with suppress(LinkLost, asyncio.CancelledError):
        await task


def _unblock(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.set_blocking(descriptor, False)
