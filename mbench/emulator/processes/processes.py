"""The emulator's side of `init_process.py`: starts a phone's processes and hears of their ends."""

import array
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_PACKAGE_PARENT = Path(__file__).resolve().parents[3]
_MESSAGE_BYTES = 200_000
_START_S = 20.0

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
        self._unsent: list[tuple[bytes, list[int]]] = []
        self._ask_plan: Callable[[int, list[str]], None]
        self._ended: asyncio.Future[None] | None = None

    def attach(self, ask_plan: Callable[[int, list[str]], None]) -> None:
        """Listen to the phone in the running event loop.

        Args:
            ask_plan: is told of each invented benchmark, by a number and its arguments, and answers by `plan`.
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
        self._send(json.dumps(message).encode(), list(descriptors))
        return command

    def plan(self, question: int, plan: Mapping[str, Any]) -> None:
        """Say how a benchmark is to run."""
        self.tell({"op": "plan", "question": question, "plan": plan})

    async def kill_all(self) -> None:
        """End every process of the phone, whatever session it has made for itself."""
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
        self._send(json.dumps(message).encode(), [])

    def close(self) -> None:
        """Let go of the phone, which then kills its processes and ends."""
        if self._socket.fileno() < 0:
            return
        with suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        for command in self._commands.values():
            _settle(command, 128 + signal.SIGKILL)
        for future in self._killed:
            if not future.done():
                future.set_result(None)

    def _send(self, data: bytes, descriptors: list[int]) -> None:
        self._unsent.append((data, descriptors))
        self._flush()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._unsent:
            data, descriptors = self._unsent[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            try:
                self._socket.sendmsg([data], rights)
            except BlockingIOError:
                loop.add_writer(self._socket, self._flush)
                return
            except OSError:
                if self._socket.fileno() < 0:
                    self._unsent.clear()
            for descriptor in descriptors:
                os.close(descriptor)
            if self._unsent:
                self._unsent.pop(0)
        if self._socket.fileno() >= 0:
            loop.remove_writer(self._socket)

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
