"""Readers in a child process, watched from outside: how each input ended, and whether that is a finding."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Final, Self

import psutil

from benchmarks.fuzz.limits import children_environment
from benchmarks.fuzz.reader import Reader

_LOOK_S: Final = 0.05
_LAST_WORDS_S: Final = 1.0
_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_FRAME: Final = re.compile(r'File "([^"]*/mbench/[^"]*)", line (\d+) in (\S+)')
_FATAL: Final = re.compile(r"Fatal Python error: (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What reading one input may take.

    Attributes:
        cpu_s: of the process and those that it started; not of the clock, since others may use the machine.
        idle_s: in a stretch in which it waits and computes nothing.
        memory_bytes: by which its address space may grow.
    """

    cpu_s: float = 5.0
    idle_s: float = 5.0
    memory_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an input ended.

    Attributes:
        outcome: `read`, `refused`; `exception`, `memory`, `hang` or `crash` for a finding.
        what: the exception's class, or what ended the process.
        where: the innermost line of mbench.
    """

    outcome: str
    what: str = ""
    where: str = ""
    message: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether it must not be."""
        return self.outcome not in {"read", "refused"}

    @property
    def kind(self) -> tuple[str, str, str]:
        """What findings with one cause have in common; where a bound is met within a function is chance."""
        by_chance = self.outcome in {"hang", "memory"}
        return self.outcome, self.what, re.sub(r":\d+ ", " ", self.where) if by_chance else self.where


_WARM_UP: Final = Bounds(cpu_s=60.0, idle_s=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a process, and those that it started, are seen to have done: a disk is no idleness."""

    moment_s: float
    cpu_s: float
    runnable: bool

    @classmethod
    def at(cls, process: "subprocess.Popen[bytes]") -> Self:
        ticks, runnable = 0, False
        for pid in (process.pid, *_started_by(process.pid)):
            stats = [_stat(Path(f"/proc/{pid}/stat")), *map(_stat, Path(f"/proc/{pid}/task").glob("*/stat"))]
            if stats[0]:
                ticks += sum(map(int, stats[0][11:15]))
            runnable |= any(stat[0] in {"R", "D"} for stat in stats if stat)
        return cls(moment_s=time.monotonic(), cpu_s=ticks / os.sysconf("SC_CLK_TCK"), runnable=runnable)

    def busier_than(self, before: Self) -> bool:
        """Whether it computed since, or would have, had the machine let it."""
        return self.runnable or self.cpu_s > before.cpu_s


def _started_by(pid: int) -> list[int]:
    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _stat(path: Path) -> list[str]:
    """Return the fields behind the name: state first, utime, stime, and both of those that ended, from 11 (proc(5))."""
    try:
        return path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


class Watched:
    """A child that readers run in, started anew after each end; use as a context manager."""

    def __init__(self, catalogue: str, bounds: Bounds) -> None:
        self._catalogue, self._bounds = catalogue, bounds
        self._folder = Path(tempfile.mkdtemp(prefix="mbench-fuzz-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._warm: set[str] = set()
        readers: tuple[Reader, ...] = import_module(catalogue).READERS
        self._own_s = {reader.name: reader.own_processes_s for reader in readers}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, reader: str, data: bytes) -> Answer:
        """Let a reader read an input; one that this child has not run yet reads its honest inputs first."""
        if self._process is None or reader not in self._warm:
            honest = self._exchanged({"reader": reader}, b"", _WARM_UP)
            if honest.outcome != "read":
                return honest
            self._warm.add(reader)
        own_s = self._own_s[reader]
        bounds = self._bounds if own_s is None else replace(self._bounds, cpu_s=own_s, idle_s=own_s)
        return self._exchanged({"reader": reader, "size": len(data)}, data, bounds)

    def _exchanged(self, header: dict[str, object], data: bytes, bounds: Bounds) -> Answer:
        process = self._running()
        began = seen = _Look.at(process)
        lines: list[bytes] = []
        request = json.dumps(header).encode() + b"\n" + data
        waiting = threading.Thread(target=self._exchange, args=(process, request, lines), daemon=True)
        waiting.start()
        waiting.join(_LOOK_S)
        while waiting.is_alive():
            now = _Look.at(process)
            if now.busier_than(seen):
                seen = now
            if now.cpu_s - began.cpu_s > bounds.cpu_s or now.moment_s - seen.moment_s > bounds.idle_s:
                return self._hung(process, bounds)
            waiting.join(_LOOK_S)
        if not lines or not lines[0]:
            return self._crashed(process)
        answer = Answer(**json.loads(lines[0]))
        if answer.outcome == "memory":
            self._end()
        return answer

    @staticmethod
    def _exchange(process: "subprocess.Popen[bytes]", request: bytes, lines: list[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
            lines.append(process.stdout.readline())
        except (OSError, ValueError):  # it has ended, or was ended
            return

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            (self._folder / "work").mkdir(exist_ok=True)
            with self._note().open("ab") as stderr:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.fuzz.child", self._catalogue],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    cwd=self._folder / "work",
                    env=self._environment(),
                    start_new_session=True,
                )
            assert self._process.stdout is not None
            self._process.stdout.readline()  # "ready", or nothing where it could not start
        return self._process

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]),
            "TMPDIR": str(self._folder / "work"),
            "MBENCH_HOME": str(self._folder / "home"),
            "MALLOC_ARENA_MAX": "1",  # an arena for each thread would look like memory in use
            "OPENBLAS_NUM_THREADS": "1",
            **children_environment(self._bounds.memory_bytes),
        }

    def _hung(self, process: "subprocess.Popen[bytes]", bounds: Bounds) -> Answer:
        """Let the child say where it is, then end it."""
        self._note().write_bytes(b"")
        process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + _LAST_WORDS_S
        while not _FRAME.search(self._said()) and time.monotonic() < until:
            time.sleep(_LOOK_S)
        where = _place(self._said())
        self._end()
        return Answer(
            outcome="hang",
            what="no end",
            where=where,
            message=f"after {bounds.cpu_s:g} s of computing or {bounds.idle_s:g} s of waiting",
        )

    def _crashed(self, process: "subprocess.Popen[bytes]") -> Answer:
        status = process.wait()
        said = self._said()
        self._end()
        fatal = _FATAL.search(said)
        what = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return Answer(outcome="crash", what=what, where=_place(said), message=fatal[1] if fatal else "")

    def _note(self) -> Path:
        return self._folder / "stderr"

    def _said(self) -> str:
        return self._note().read_text(encoding="utf-8", errors="replace")

    def _end(self) -> None:
        process, self._process = self._process, None
        self._warm.clear()
        if process is None:
            return
        started = _started_by(process.pid)
        process.kill()
        process.wait()
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            try:
                stream.close()
            except OSError:
                continue
        shutil.rmtree(self._folder / "work", ignore_errors=True)


def _place(said: str) -> str:
    """Return the innermost line of mbench in what faulthandler wrote."""
    found = [each for each in _FRAME.finditer(said) if "/site-packages/" not in each[1]]
    if not found:
        return ""
    path, line, name = found[0].groups()
    return f"{'/'.join(Path(path).parts[-3:])}:{line} {name}"
