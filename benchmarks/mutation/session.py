"""One module's mutants, made and tested by Cosmic Ray in a copy of the checkout, which never holds a mutant itself.

Cosmic Ray's session file is kept in the work folder under a name of its own for each state of the module and its
tests: a run that was interrupted goes on where it was, and what has changed starts again.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult
from filelock import FileLock, Timeout

from benchmarks.mutation.survivors import Mutant, parse_diff

ROOT = Path(__file__).parents[2]
TIMEOUT_FLOOR_S = 20.0
TIMEOUT_FACTOR = 8.0
"""Of the tests' own time without a mutant: other work on the machine must not look like an endless loop."""

MEMORY_KIB = 8 * 1024**2
"""Of address space, for the tests: `**` in the place of `*` soon makes a number that fills the machine."""

_PLUGIN = "[cosmic_ray.operator_providers]\nmbench = benchmarks.mutation.scale_number:Provider\n"


class MutationError(Exception):
    """Mutants could not be made or tested; the message says why, in one line."""


def run_session(module: str, tests: Sequence[str], work: Path) -> tuple[float, list[Mutant]]:
    """Return the seconds of the tests and all mutants of `module`, tested against `tests`.

    Raises:
        MutationError: the tests fail without a mutant, another process has the session, or Cosmic Ray failed.
    """
    if not tests:
        raise MutationError(f"{module}: no tests are listed for it in benchmarks/mutation/modules.toml")
    work.mkdir(parents=True, exist_ok=True)
    session = work / f"{module.removesuffix('.py').replace('/', '.')}-{_state(module, tests)}.sqlite"
    try:
        with FileLock(f"{session}.lock", timeout=0), _copied_checkout() as copy:
            seconds = _time_tests(module, tests, copy)
            config = _write_config(module, tests, TIMEOUT_FLOOR_S + TIMEOUT_FACTOR * seconds, copy)
            with use_db(session) as database:
                begun = database.num_work_items > 0
            if not begun:
                _cosmic_ray("init", config, session, copy)
            _cosmic_ray("exec", config, session, copy)
    except Timeout as error:
        raise MutationError(f"{module}: another process has {session}; wait for it or give another --work") from error
    return seconds, _read_mutants(session)


def _state(module: str, tests: Sequence[str]) -> str:
    """Return a hash of the module, its tests, what lies beside them, and the tool."""
    beside = {path for test in tests for path in (ROOT / test).parent.glob("*.py") if not path.name.startswith("test_")}
    paths = [
        ROOT / module,
        *(ROOT / test for test in tests),
        *sorted(beside),
        Path(__file__).with_name("scale_number.py"),
    ]
    digest = hashlib.sha256(version("cosmic-ray").encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _copied_checkout() -> Iterator[Path]:
    """Yield a folder with a copy of all files that git knows or would add; the copy ends with the block."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with tempfile.TemporaryDirectory(prefix="mbench-mutation-") as folder:
        copy = Path(folder)
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        plugin = copy / "mutation_operators-0.dist-info"
        plugin.mkdir()
        (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: mutation-operators\nVersion: 0\n")
        (plugin / "entry_points.txt").write_text(_PLUGIN)
        yield copy


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(copy)}


def _test_command(tests: Sequence[str]) -> list[str]:
    limited = ["sh", "-c", f'ulimit -v {MEMORY_KIB}; exec "$@"', "tests"]
    options = ["-o", "addopts=", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-x"]
    return [*limited, sys.executable, "-m", "pytest", *options, *tests]


def _time_tests(module: str, tests: Sequence[str], copy: Path) -> float:
    """Return how long the tests take; the first run compiles the copy, the second one counts."""
    place = subprocess.run(
        [sys.executable, "-c", "import mbench; print(mbench.__file__)"],
        cwd=copy,
        env=_environment(copy),
        capture_output=True,
        text=True,
        check=True,
    )
    if Path(place.stdout.strip()) != copy / "mbench/__init__.py":
        raise MutationError(f"{module}: its tests would import {place.stdout.strip()}, not the copy in {copy}")
    seconds = 0.0
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(_test_command(tests), cwd=copy, env=_environment(copy), capture_output=True, text=True)
        seconds = time.monotonic() - began
        if done.returncode != 0:
            last = (done.stdout.strip() or done.stderr.strip() or "no output").splitlines()[-1]
            raise MutationError(f"{module}: its tests fail without a mutant ({' '.join(tests)}): {last}")
    return seconds


def _write_config(module: str, tests: Sequence[str], timeout_s: float, copy: Path) -> Path:
    config = copy / "cosmic-ray.toml"
    config.write_text(
        "[cosmic-ray]\n"
        f"module-path = {json.dumps(module)}\n"
        f"timeout = {timeout_s:.1f}\n"
        "excluded-modules = []\n"
        f"test-command = {json.dumps(shlex.join(_test_command(tests)))}\n"
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    return config


def _cosmic_ray(verb: str, config: Path, session: Path, copy: Path) -> None:
    command = [sys.executable, "-m", "cosmic_ray.cli", verb, str(config), str(session.resolve())]
    done = subprocess.run(command, cwd=copy, env=_environment(copy), capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise MutationError(f"{config.name}: cosmic-ray {verb} ended with status {done.returncode}: {last}")


def _read_mutants(session: Path) -> list[Mutant]:
    with use_db(session, WorkDB.Mode.open) as database:
        pending = len(database.pending_work_items)
        done = database.completed_work_items
    if pending:
        raise MutationError(f"{session}: {pending} mutants were not tested; run again to go on")
    return [_mutant(item.mutations[0], result, session) for item, result in done]


def _mutant(mutation: MutationSpec, result: WorkResult, session: Path) -> Mutant:
    if result.test_outcome not in (TestOutcome.KILLED, TestOutcome.SURVIVED):
        last = (result.output or "no output").strip().splitlines()[-1]
        raise MutationError(f"{session}: a mutant of line {mutation.start_pos[0]} could not be tested: {last}")
    before, after = parse_diff(result.diff or "")
    return Mutant(
        line=mutation.start_pos[0],
        function=mutation.definition_name or "",
        operator=mutation.operator_name.rpartition("/")[2],
        before=before,
        after=after,
        killed=result.test_outcome is TestOutcome.KILLED,
        timed_out=result.output == "timeout",
    )
