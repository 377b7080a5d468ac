"""One module's mutants, made and tested by Cosmic Ray in a copy of the checkout, which never holds a mutant itself.

Cosmic Ray's session file is kept in the work folder under a name of its own for each state of the module, with a hash
of the tests beside it: a run that was interrupted goes on where it was, and what has changed starts again.
"""

import hashlib
import json
import os
import shutil
import sqlite3
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

from benchmarks.mutation.forked_tests import run_and_list_modules, test_options
from benchmarks.mutation.survivors import Mutant, parse_diff

ROOT = Path(__file__).parents[2]
TIMEOUT_FLOOR_S = 20.0
TIMEOUT_FACTOR = 8.0
"""Of the tests' own time without a mutant: other work on the machine must not look like an endless loop."""

_PLUGINS = """
[cosmic_ray.operator_providers]
mbench = benchmarks.mutation.scale_number:Provider
[cosmic_ray.distributors]
fork = benchmarks.mutation.forked_tests:ForkDistributor
"""


class MutationError(Exception):
    """Mutants could not be made or tested; the message says why, in one line."""


def run_session(module: str, tests: Sequence[str], work: Path, *, added: bool = False) -> tuple[float, list[Mutant]]:
    """Return the seconds of the tests and all mutants of `module`, tested against `tests`.

    Args:
        module: its path from the checkout.
        tests: test files, likewise.
        work: folder of the sessions.
        added: tests have only been added since the session began: what was killed stays so, survivors are tried again.

    Raises:
        MutationError: the tests fail without a mutant, another process has the session, or Cosmic Ray failed.
    """
    if not tests:
        raise MutationError(f"{module}: no tests are listed for it in benchmarks/mutation/modules.toml")
    work.mkdir(parents=True, exist_ok=True)
    session = work / f"{module.removesuffix('.py').replace('/', '.')}-{_hash_module(module)}.sqlite"
    try:
        with FileLock(f"{session}.lock", timeout=0), _copied_checkout() as copy:
            seconds, imports = _time_tests(module, tests, copy)
            config = _write_config(module, tests, imports, TIMEOUT_FLOOR_S + TIMEOUT_FACTOR * seconds, copy)
            _prepare(session, _hash_tests(tests), added=added)
            with use_db(session) as database:
                begun = database.num_work_items > 0
            if not begun:
                _cosmic_ray("init", config, session, copy)
            _cosmic_ray("exec", config, session, copy)
    except Timeout as error:
        raise MutationError(f"{module}: another process has {session}; wait for it or give another --work") from error
    return seconds, _read_mutants(session)


def _prepare(session: Path, tests_hash: str, *, added: bool) -> None:
    """Take out of a session what other tests have found: everything, or the survivors alone."""
    taken = session.with_suffix(".tests")
    if session.exists() and (not taken.exists() or taken.read_text() != tests_hash):
        if added:
            with sqlite3.connect(session) as database:
                database.execute("delete from work_results where test_outcome <> 'KILLED'")
        else:
            session.unlink()
    taken.write_text(tests_hash)


def _hash_module(module: str) -> str:
    """Return a hash of the module and of what makes its mutants."""
    return _hash([ROOT / module, Path(__file__).with_name("scale_number.py")], version("cosmic-ray"))


def _hash_tests(tests: Sequence[str]) -> str:
    """Return a hash of the tests and of the modules without tests beside them."""
    beside = {path for test in tests for path in (ROOT / test).parent.glob("*.py") if not path.name.startswith("test_")}
    return _hash([*(ROOT / test for test in tests), *sorted(beside)], "")


def _hash(paths: Sequence[Path], more: str) -> str:
    digest = hashlib.sha256(more.encode())
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
        (plugin / "entry_points.txt").write_text(_PLUGINS)
        yield copy


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(copy)}


def _time_tests(module: str, tests: Sequence[str], copy: Path) -> tuple[float, list[str]]:
    """Return how long the tests take and what they import; the first run compiles the copy, the second one counts."""
    _check_imports(module, copy)
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(
            run_and_list_modules(tests), cwd=copy, env=_environment(copy), capture_output=True, text=True
        )
        seconds = time.monotonic() - began
        if done.returncode != 0:
            last = (done.stdout.strip() or "no output").splitlines()[-1]
            raise MutationError(f"{module}: its tests fail without a mutant ({' '.join(tests)}): {last}")
    return seconds, [name for name in done.stderr.splitlines() if name.isascii() and " " not in name]


def _check_imports(module: str, copy: Path) -> None:
    """Make sure that tests in the copy import the copy."""
    command = [sys.executable, "-c", "import mbench; print(mbench.__file__)"]
    done = subprocess.run(command, cwd=copy, env=_environment(copy), capture_output=True, text=True, check=True)
    if Path(done.stdout.strip()) != copy / "mbench/__init__.py":
        raise MutationError(f"{module}: its tests would import {done.stdout.strip()}, not the copy in {copy}")


def _write_config(module: str, tests: Sequence[str], imports: Sequence[str], timeout_s: float, copy: Path) -> Path:
    config = copy / "cosmic-ray.toml"
    config.write_text(
        "[cosmic-ray]\n"
        f"module-path = {json.dumps(module)}\n"
        f"timeout = {timeout_s:.1f}\n"
        "excluded-modules = []\n"
        'test-command = "see the distributor"\n'
        '[cosmic-ray.distributor]\nname = "fork"\n'
        "[cosmic-ray.distributor.fork]\n"
        f"module = {json.dumps(module)}\n"
        f"options = {json.dumps(test_options(tests))}\n"
        f"imports = {json.dumps(imports)}\n"
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
