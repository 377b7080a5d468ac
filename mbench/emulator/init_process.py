"""The program that starts and ends phones' processes: one small process for all phones, and one for each.

Run as `python -S -P -m mbench.emulator.init_process FD namespace|rewrite`; it imports little, so that fifty of them are
cheap. FD is a SOCK_SEQPACKET socket. The nursery takes `{"root", "namespace", "steps"}` on it, with a socket as a file
descriptor, and forks a phone, which takes on that socket:

    {"op": "spawn", "id", "argv", "env", "cwd", "pty", "drop"} and descriptors 0, 1, 2: answered by {"id", "pid"}, and
                                  at the end by {"id", "exit"}
    {"op": "hangup", "id"}        the client is gone: SIGHUP to the command and its foreground children
    {"op": "signal", "id", "signal"}
    {"op": "kill_all"}            every process of the phone dies, also those with a session of their own

The phone is a subreaper, so nothing that it started escapes; when its socket closes it kills them all and ends. That
the children are started here and not by the emulator also gives them default signals, whatever the emulator ignores.
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
from typing import Any, NoReturn

from mbench.emulator import namespaces
from mbench.emulator.process_table import descendants, hang_up, send_signal

_MESSAGE_BYTES = 200_000
_KILLS = 100
_KILL_PAUSE_S = 0.005
_NOT_EXECUTED = 126

_RESET = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM),
    *(signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP),
)

Message = dict[str, Any]


class Phone:
    """One phone's processes."""

    def __init__(self, sock: socket.socket, root: str, *, namespace: bool) -> None:
        self._socket, self._root, self._namespace = sock, root, namespace
        self._by_id: dict[int, int] = {}
        self._by_pid: dict[int, int] = {}

    def run(self) -> None:
        """Obey until the socket closes."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(reader, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if reader in ready:
                with suppress(BlockingIOError):
                    os.read(reader, 4096)
                self._reap()
            if self._socket.fileno() in ready:
                message, descriptors = _receive(self._socket)
                if message is None:
                    break
                self._obey(message, descriptors)
        self._kill_all()

    def _obey(self, message: Message, descriptors: list[int]) -> None:
        pid = self._by_id.get(message.get("id", 0))
        match message["op"]:
            case "spawn":
                self._spawn(message, descriptors)
            case "kill_all":
                self._kill_all()
                _send(self._socket, {"op": "killed"})
            case "hangup" if pid is not None:
                hang_up(pid)
            case "signal" if pid is not None:
                send_signal(pid, message["signal"])

    def _spawn(self, message: Message, descriptors: list[int]) -> None:
        pid = os.fork()
        if pid == 0:
            self._become(message, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._by_id[message["id"]] = pid
        self._by_pid[pid] = message["id"]
        _send(self._socket, {"id": message["id"], "pid": pid})

    def _become(self, message: Message, descriptors: list[int]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            os.setsid()
            for number in _RESET:
                signal.signal(number, signal.SIG_DFL)
            for target, descriptor in enumerate(descriptors):
                os.dup2(descriptor, target)
            if message["pty"]:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.closerange(3, 1024)
            if self._namespace:
                os.chroot(self._root)
            os.chdir(message["cwd"])
            os.umask(0)
            if message["drop"]:
                namespaces.drop_capabilities()
            os.execve(message["argv"][0], message["argv"], message["env"])
        except OSError as error:
            reason = "Argument list too long" if error.errno == errno.E2BIG else error.strerror
            os.write(2, f"/system/bin/sh: {reason}\n".encode())
        finally:
            os._exit(_NOT_EXECUTED)

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


def run_phone(message: Message, sock: socket.socket) -> None:
    """Be one phone, to its end."""
    try:
        if message["namespace"]:
            namespaces.enter_mount_namespace()
        namespaces.take_steps(message["steps"])
        namespaces.become_subreaper()
    except OSError as error:
        _send(sock, {"op": "booted", "error": str(error)})
        return
    _send(sock, {"op": "booted", "error": None})
    Phone(sock, message["root"], namespace=message["namespace"]).run()


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
        if os.fork() == 0:
            sock.close()
            try:
                run_phone(message, socket.socket(fileno=descriptors[0]))
            finally:
                os._exit(0)
        os.close(descriptors[0])


def _receive(sock: socket.socket) -> tuple[Message | None, list[int]]:
    data, descriptors, _, _ = socket.recv_fds(sock, _MESSAGE_BYTES, 4)
    return (json.loads(data) if data else None), list(descriptors)


def _send(sock: socket.socket, message: Message) -> None:
    with suppress(OSError):  # the emulator is gone; its end of the socket says so at the next reading
        sock.send(json.dumps(message).encode())


if __name__ == "__main__":
    main()
