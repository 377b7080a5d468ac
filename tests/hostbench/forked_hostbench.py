"""Processes of hostbench that begin where its modules are imported: forked from one process for all tests of a worker.

Each is a process of its own, with its folder, environment, streams and status; only the imports, most of what a short
run takes, are not made again. How hostbench starts, what it loads and how it ends by a signal is shown by tests that
start it anew.
"""

import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


class ForkedHostbench:
    """The process that is forked; use `close` at the end."""

    def __init__(self) -> None:
        self._shared = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def run(
        self, flags: Sequence[str | bytes], *, folder: Path | None, environment: Mapping[str, str]
    ) -> tuple[int, bytes, bytes]:
        """Return status (below zero: the signal that ended it), stdout and stderr of `mbench.hostbench FLAGS`."""
        assert self._shared.stdin is not None
        assert self._shared.stdout is not None
        with tempfile.TemporaryDirectory() as streams:
            out, err = Path(streams) / "out", Path(streams) / "err"
            asked = {
                "flags": [os.fsdecode(flag) for flag in flags],
                "folder": str(folder or Path.cwd()),
                "environment": dict(environment),
                "streams": [str(out), str(err)],
            }
            self._shared.stdin.write(json.dumps(asked).encode() + b"\n")
            self._shared.stdin.flush()
            status = int(self._shared.stdout.readline())
            return status, out.read_bytes(), err.read_bytes()

    def close(self) -> None:
        """End the process."""
        self._shared.communicate(timeout=60)


def serve() -> None:
    """Fork for each line of stdin, and say how the fork ended; a fork leaves this function as hostbench ends."""
    import mbench.hostbench.benchmark  # noqa: F401 - what forks need not import again

    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            be_hostbench(**json.loads(line))
            return
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def be_hostbench(flags: list[str], folder: str, environment: dict[str, str], streams: list[str]) -> None:
    """Be `python -m mbench.hostbench FLAGS`."""
    for number, path in enumerate((os.devnull, *streams)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = flags
    runpy.run_module("mbench.hostbench", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
