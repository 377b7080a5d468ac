"""The emulator's side of `init_process.py`: starts a phone's processes and hears of their ends."""

import array
import asyncio
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKAGE_PARENT = Path(__file__).resolve().parents[3]
_MESSAGE_BYTES = 200_000
_START_S = 20.0
_NOT_EXECUTED = 126

COMMAND_LIMIT_BYTES = 100_000
"""A longer command is refused, as the kernel refuses an argument of 128 KiB."""


class Nursery:
    """The small process that forks one more for each phone.

    Attributes:
        namespace: whether phones live in mount namespaces.
        reason: why not, where they do not.
    """

    def __init__(self, *, namespace: bool) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            program = ("-S", "-P", "-X", "utf8", "-m", "mbench.emulator.processes.init_process")
            self._process = subprocess.Popen(
                [sys.executable, *program, str(theirs.fileno()), "namespace" if namespace else "rewrite"],
                env={"PYTHONPATH": str(_PACKAGE_PARENT)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = ours
        ours.settimeout(_START_S)
        answer = json.loads(ours.recv(_MESSAGE_BYTES))
        self.namespace: bool = answer["namespace"]
        self.reason: str | None = answer["reason"]

    def boot(self, **phone: Any) -> "Processes":
        """Fork a phone; `phone` are the fields of `init_process.Boot`, without its namespace.

        Raises:
            OSError: a mount failed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            message = {**phone, "namespace": self.namespace}
            socket.send_fds(self._socket, [json.dumps(message).encode()], [theirs.fileno()])
        ours.settimeout(_START_S)
        answer = json.loads(ours.recv(_MESSAGE_BYTES))
        if answer["error"] is not None:
            ours.close()
            raise OSError(answer["error"])
        ours.setblocking(False)
        return Processes(ours)

    def close(self) -> None:
        """End it; phones end by themselves when their sockets close."""
        self._socket.close()
        self._process.wait(timeout=_START_S)


@dataclass(frozen=True, slots=True)
class _Unsent:
    """A message to a phone: its descriptors, which are closed when it has gone, and the command that it starts."""

    data: bytes
    descriptors: Sequence[int] = ()
    number: int | None = None

    def send(self, sock: socket.socket) -> None:
        """Send it whole.

        Raises:
            OSError: BlockingIOError where there is no room now; EMSGSIZE where there never will be.
        """
        if len(self.data) > _MESSAGE_BYTES:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", self.descriptors))]
        sock.sendmsg([self.data], rights if self.descriptors else [])

    def say(self, text: str) -> None:
        """Write to what was to be the command's stderr."""
        with suppress(OSError):
            os.write(self.descriptors[2], text.encode())

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)


class Command:
    """One command that runs on a phone."""

    def __init__(self, processes: "Processes", number: int) -> None:
        loop = asyncio.get_running_loop()
        self._processes, self._number = processes, number
        self.pid: asyncio.Future[int] = loop.create_future()
        self.exit: asyncio.Future[int] = loop.create_future()
        """The exit status as a shell says it: 128 + signal for a killed one."""

    def hang_up(self) -> None:
        """Its client is gone."""
        self._processes.tell({"op": "hangup", "id": self._number})

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._processes.tell({"op": "signal", "id": self._number, "signal": int(signal.SIGKILL)})


class Processes:
    """All processes of one phone."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._commands: dict[int, Command] = {}
        self._count = 0
        self._killed: list[asyncio.Future[None]] = []
        self._unsent: list[_Unsent] = []
        self._ask_plan: Callable[[int, list[str]], None]
        self._ended: asyncio.Future[None] | None = None

    def attach(self, ask_plan: Callable[[int, list[str]], None]) -> None:
        """Listen to the phone in the running event loop.

        Args:
            ask_plan: gets each synthetic benchmark, by a number and its arguments, and answers by `plan`.
        """
        self._ask_plan = ask_plan
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        descriptors: Sequence[int],
        pty: bool = False,
    ) -> Command:
        """Start a process whose descriptors 0, 1, 2 are the given ones, which are closed here."""
        self._count += 1
        command = self._commands[self._count] = Command(self, self._count)
        message = {
            "op": "spawn",
            "id": self._count,
            "argv": list(argv),
            "env": dict(environment),
            "pty": pty,
        }
        self._send(_Unsent(json.dumps(message).encode(), list(descriptors), self._count))
        return command

    def plan(self, question: int, plan: Mapping[str, Any]) -> None:
        """Say how a benchmark is to run."""
        self.tell({"op": "plan", "question": question, "plan": plan})

    async def kill_all(self) -> None:
        """End every process of the phone, whatever session it has made for itself."""
        if self._socket.fileno() < 0:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._killed.append(done)
        self.tell({"op": "kill_all"})
        await done

    async def end(self) -> None:
        """Let the first process kill all others and end, and wait for that: its mounts go with it."""
        self._ended = asyncio.get_running_loop().create_future()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        if self._socket.fileno() >= 0:
            await self._ended

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message without descriptors."""
        self._send(_Unsent(json.dumps(message).encode()))

    def close(self) -> None:
        """Let go of the phone, which then kills its processes and ends."""
        if self._socket.fileno() < 0:
            return
        with suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket)
            asyncio.get_running_loop().remove_writer(self._socket)
        self._socket.close()
        while self._unsent:
            self._refuse(self._unsent.pop(0), 128 + signal.SIGKILL)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        for command in self._commands.values():
            _settle(command, 128 + signal.SIGKILL)
        for future in self._killed:
            if not future.done():
                future.set_result(None)

    def _send(self, message: "_Unsent") -> None:
        self._unsent.append(message)
        self._flush()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._unsent:
            try:
                self._unsent[0].send(self._socket)
            except BlockingIOError:
                loop.add_writer(self._socket, self._flush)
                return
            except OSError as error:
                message = self._unsent.pop(0)
                if error.errno == errno.EMSGSIZE:
                    message.say("/system/bin/sh: Argument list too long\n")
                self._refuse(message, _NOT_EXECUTED if error.errno == errno.EMSGSIZE else 128 + signal.SIGKILL)
            else:
                self._unsent.pop(0).close()
        if self._socket.fileno() >= 0:
            loop.remove_writer(self._socket)

    def _refuse(self, message: "_Unsent", status: int) -> None:
        """Let what the phone will never hear of end for whoever waits for it."""
        message.close()
        if message.number is not None and (command := self._commands.pop(message.number, None)) is not None:
            _settle(command, status)

    def _hear(self) -> None:
        while True:
            try:
                data = self._socket.recv(_MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.close()
                return
            self._take(json.loads(data))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("op") == "killed":
            self._killed.pop(0).set_result(None)
            return
        if message.get("op") == "benchmark":
            self._ask_plan(message["question"], message["argv"])
            return
        command = self._commands.get(message["id"])
        if command is None:
            return
        if "pid" in message:
            command.pid.set_result(message["pid"])
        else:
            del self._commands[message["id"]]
            _settle(command, message["exit"] if message["exit"] >= 0 else 128 - message["exit"])


def _settle(command: Command, status: int) -> None:
    if not command.pid.done():
        command.pid.cancel()
    if not command.exit.done():
        command.exit.set_result(status)
