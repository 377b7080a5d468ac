"""The process that an emulated phone's benchmark_model becomes where it really runs: hostbench, with a fault if armed.

Run as a file by the phone's own scripts, from its root of host directories (views.py):

    benchmark_process.py ask HOOK REQUEST
    benchmark_process.py benchmark HOOK PREFIX CWD NAME ARGUMENTS…

HOOK is the folder of the emulator's socket; PREFIX, in the rewriting view, what is taken out of the output's paths.
It asks the emulator what to do, so that the emulator counts the benchmarks and arms their faults.
"""

import importlib
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_COMM_BYTES = 15
_DUTY_S = 0.004

Write = Callable[[int, bytes], int]


def ask(hook: str, request: dict[str, Any]) -> Any:
    """Return the emulator's answer to a request, {} where it does not answer."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(hook)  # the name of a Unix socket may have 107 bytes, a folder's more
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.connect("hook")
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as answer:
                return json.loads(answer.readline() or b"{}")
    except OSError:
        return {}
    finally:
        os.fchdir(here)
        os.close(here)


def benchmark(hook: str, prefix: str, cwd: str, name: str, arguments: list[str]) -> NoReturn:
    """Run one benchmark as the emulator wants it."""
    os.chdir(cwd)
    _call_myself(Path(name).name)
    plan = ask(hook, {"op": "benchmark", "pid": os.getpid(), "name": name, "argv": arguments})
    if plan.get("end") == "idle":
        _die("hang")
    if plan.get("end") == "dead":
        _die("kill")
    if plan.get("slowdown", 1.0) > 1.0:
        _throttle(plan["slowdown"])
    sys.path[:] = plan.get("sys_path", sys.path)
    _arm(importlib.import_module("mbench.emulator.synthetic.endings").Ending(plan.get("end")), prefix)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    main: Callable[[list[str]], int] = importlib.import_module("mbench.hostbench.program").main
    sys.argv = [name, *arguments]
    sys.exit(main(sys.argv))


def _call_myself(name: str) -> None:
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name[:_COMM_BYTES])


def _throttle(slowdown: float) -> None:
    """Be stopped for a share of the time by a child, so that everything takes `slowdown` times as long."""
    parent = os.getpid()
    if os.fork() != 0:
        return
    os.closerange(0, 64)
    _call_myself("throttle")
    running_s = _DUTY_S / slowdown
    with suppress(ProcessLookupError):
        while os.getppid() == parent:
            time.sleep(running_s)
            os.kill(parent, signal.SIGSTOP)
            time.sleep(_DUTY_S - running_s)
            os.kill(parent, signal.SIGCONT)
    os._exit(0)


def _arm(ending: Any, prefix: str) -> None:
    """Put a fault (an `endings.Ending`), and the phone's own names for paths, between hostbench and its streams."""
    really: Write = os.write
    strip = prefix.encode()

    def write(descriptor: int, data: bytes) -> int:
        if descriptor > 2:
            return really(descriptor, data)
        said = ending.spoil(bytes(data).replace(strip, b"") if strip else bytes(data))
        written = really(descriptor, said.data)
        if written < len(said.data):
            return written
        if said.then is not None:
            _die(said.then)
        return len(data)

    if ending.at_once:
        os._exit(0)
    os.write = write  # type: ignore[assignment]  # the only way into a program that is not to know of it


def _die(end: str) -> None:
    if end == "leave":
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif end == "abort":
        os.abort()
    elif end == "segfault":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        ask(sys.argv[2], {"op": sys.argv[3]})
    else:
        benchmark(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6:])
