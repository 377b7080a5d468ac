"""The program that starts and ends phones' processes: one small process for all phones, and one for each.

Run as `python -S -P -m mbench.emulator.processes.init_process FD namespace|rewrite`; it imports little, so that
fifty of them are cheap. FD is a SOCK_SEQPACKET socket. The nursery takes the fields of `Boot` on it, with a socket as a
file descriptor, and forks a phone, which takes on that socket:

    {"op": "spawn", "id", "argv", "env", "pty"} and descriptors 0, 1, 2: answered by {"id", "pid"}, and at the end by
                                  {"id", "exit"}
    {"op": "hangup", "id"}        the client is gone: SIGHUP to the command and its foreground children
    {"op": "signal", "id", "signal"}
    {"op": "kill_all"}            every process of the phone dies, also those with a session of their own
    {"op": "limit", "bytes"}      a /data/local of its own takes so many bytes more; null: as many as it ever could
    {"op": "plan", "question", "plan"}   how an invented benchmark is to run, which asks by
                                         {"op": "benchmark", "question", "argv"}

The phone is a subreaper, so nothing that it started escapes; when its socket closes it kills them all and ends. That
the children are started here and not by the emulator also gives them default signals, whatever the emulator ignores.
It is in the phone's own root, and answers what the phone's commands ask (lines.py): masks, and invented benchmarks.
"""

import errno
import fcntl
import json
import os
import select
import signal
import socket
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbench.emulator.processes import namespaces
from mbench.emulator.processes.pinning import Pinning
from mbench.emulator.processes.process_table import descendants, hang_up, send_signal
from mbench.emulator.processes.request_pipes import Lines
from mbench.emulator.processes.requests import Desk
from mbench.emulator.synthetic.script import rehearse

_MESSAGE_BYTES = 200_000
_KILLS = 100
_KILL_PAUSE_S = 0.005
_NOT_EXECUTED = 126
STORAGE = "/data/local"

_RESET = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM),
    *(signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP),
)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What a phone is, as its processes are concerned.

    Attributes:
        root: its folder.
        steps: mounts (namespaces.take_steps).
        state: the folder of its own files (views.STATE), as its processes see it.
        cwd: where commands begin.
        prefix: what is taken out of paths that an invented benchmark prints.
        number: of the phone among its fellows, from 0; the host's cores are dealt out by it.
        storage_bytes: of a /data/local of its own, None where it has none.
        drop: whether file modes bind its commands.
        invents: whether its benchmarks are invented.
    """

    root: str
    namespace: bool
    steps: list[list[str]]
    state: str
    cwd: str
    prefix: str
    number: int
    storage_bytes: int | None
    drop: bool
    invents: bool


class Phone:
    """One phone's processes."""

    def __init__(self, sock: socket.socket, boot: Boot) -> None:
        self._socket, self._storage_bytes = sock, boot.storage_bytes
        self._by_id: dict[int, int] = {}
        self._by_pid: dict[int, int] = {}
        self._poll = select.poll()
        self._desk = Desk(
            Lines(boot.state),
            Pinning(f"{boot.state}/status", mounted=boot.namespace, first=boot.number),
            self._poll,
            cwd=boot.cwd,
            prefix=boot.prefix,
            ask=lambda message: _send(self._socket, message),
        )

    def run(self) -> None:
        """Obey until the socket closes."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(reader, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in self._poll.poll(self._desk.next_ms())]
            if reader in ready:
                with suppress(BlockingIOError):
                    os.read(reader, 4096)
                self._reap()
            if self._socket.fileno() in ready:
                message, descriptors = _receive(self._socket)
                if message is None:
                    break
                self._obey(message, descriptors)
            self._desk.work(ready)
        self._kill_all()

    def _obey(self, message: Message, descriptors: list[int]) -> None:
        pid = self._by_id.get(message.get("id", 0))
        match message["op"]:
            case "spawn":
                self._spawn(message, descriptors)
            case "plan":
                self._desk.play(message["question"], message["plan"])
            case "limit" if self._storage_bytes is not None:
                limit_storage(message["bytes"], self._storage_bytes)
            case "kill_all":
                self._kill_all()
                _send(self._socket, {"op": "killed"})
            case "hangup" if pid is not None:
                hang_up(pid)
            case "signal" if pid is not None:
                send_signal(pid, message["signal"])

    def _spawn(self, message: Message, descriptors: list[int]) -> None:
        try:
            start = _start_on_terminal if message["pty"] else _start
            pid = start(message["argv"], message["env"], descriptors)
        except OSError as error:
            reason = "Argument list too long" if error.errno == errno.E2BIG else error.strerror
            os.write(descriptors[2], f"/system/bin/sh: {reason}\n".encode())
            _send(self._socket, {"id": message["id"], "exit": _NOT_EXECUTED})
        else:
            self._by_id[message["id"]] = pid
            self._by_pid[pid] = message["id"]
            _send(self._socket, {"id": message["id"], "pid": pid})
        for descriptor in descriptors:
            os.close(descriptor)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (known := self._by_pid.pop(pid, None)) is not None:
                self._by_id.pop(known, None)
                _send(self._socket, {"id": known, "exit": os.waitstatus_to_exitcode(status)})

    def _kill_all(self) -> None:
        """Kill again and again, as the dying may still fork."""
        for _ in range(_KILLS):
            left = descendants(os.getpid())
            if not left:
                return
            for pid in left:
                send_signal(pid, signal.SIGKILL)
            time.sleep(_KILL_PAUSE_S)
            self._reap()


def _start(argv: list[str], environment: dict[str, str], descriptors: list[int]) -> int:
    """Start a process with these as descriptors 0, 1, 2; three times as cheap as a fork of Python."""
    streams = [(os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(descriptors)]
    return os.posix_spawn(argv[0], argv, environment, file_actions=streams, setsid=True, setsigdef=_RESET)


def _start_on_terminal(argv: list[str], environment: dict[str, str], descriptors: list[int]) -> int:
    """Start a process whose descriptors are one terminal, which becomes its controlling one."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        os.setsid()
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.execve(argv[0], argv, environment)
    finally:
        os._exit(_NOT_EXECUTED)


def limit_storage(left_bytes: int | None, size_bytes: int) -> None:
    """Let /data/local take so many bytes more than it holds; None: as many as it ever could."""
    if left_bytes is not None:
        found = os.statvfs(STORAGE)
        size_bytes = (found.f_blocks - found.f_bfree) * found.f_frsize + left_bytes
    # In pages; a size of 0 would be no limit at all.
    namespaces.resize_tmpfs(STORAGE, max(size_bytes, 4096))


def run_phone(boot: Boot, sock: socket.socket) -> None:
    """Be one phone, to its end."""
    try:
        if boot.namespace:
            namespaces.enter_mount_namespace()
        namespaces.take_steps(boot.steps)
        namespaces.become_subreaper()
        namespaces.let_be_seen()
        if boot.namespace:
            os.chroot(boot.root)
        os.chdir(boot.cwd)
        os.umask(0)
        if boot.drop:
            namespaces.drop_capabilities()
        Path(boot.state, "init").write_text(f"{os.getpid()}\n")
        phone = Phone(sock, boot)
    except OSError as error:
        _send(sock, {"op": "booted", "error": str(error)})
        return
    _send(sock, {"op": "booted", "error": None})
    phone.run()


def main() -> None:
    """Be the nursery."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    reason = "not asked for" if sys.argv[2] == "rewrite" else namespaces.probe_namespaces()
    if reason is None:
        namespaces.enter_user_namespace()
    _send(sock, {"namespace": reason is None, "reason": reason})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors = _receive(sock)
        if message is None:
            return
        boot = Boot(**message)
        if boot.invents:
            rehearse()
        if os.fork() == 0:
            sock.close()
            try:
                run_phone(boot, socket.socket(fileno=descriptors[0]))
            finally:
                os._exit(0)
        os.close(descriptors[0])


def _receive(sock: socket.socket) -> tuple[Message | None, list[int]]:
    data, descriptors, _, _ = socket.recv_fds(sock, _MESSAGE_BYTES, 4)
    for descriptor in descriptors:  # recv_fds forgets its flags in Python 3.11
        os.set_inheritable(descriptor, False)
    return (json.loads(data) if data else None), list(descriptors)


def _send(sock: socket.socket, message: Message) -> None:
    with suppress(OSError):  # the emulator is gone; its end of the socket says so at the next reading
        sock.send(json.dumps(message).encode())


if __name__ == "__main__":
    main()
