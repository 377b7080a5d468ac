"""Runs the tests of a mutant in a fork of a process that has imported already what the mutant cannot change.

A new process for each mutant imports pytest, pydantic and half of mbench again: a second, where a fork takes a tenth.
Cosmic Ray hands out the mutants and keeps what came of them; this is one of its distributors.
"""

import difflib
import gc
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import IO

from cosmic_ray.distribution.distributor import Distributor
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

MEMORY_BYTES = 8 * 1024**3
"""Of address space, for the tests: `**` in the place of `*` soon makes a number that fills the machine."""

_REPORT_MODULES = """
import sys
import pytest
status = pytest.main(sys.argv[1:])
print(*sys.modules, sep="\\n", file=sys.stderr)
sys.exit(status)
"""


class ForkDistributor(Distributor):
    """Tests one mutant after the other, each in a fork of this process."""

    def __call__(self, pending_work, test_command, timeout, distributor_config, on_task_complete):
        """Test the mutants against `tests` of the settings.

        Raises:
            RuntimeError: in a fork the tests fail without a mutant.
        """
        module, options = Path(distributor_config["module"]), list(distributor_config["options"])
        _import_all_but(module, list(distributor_config["imports"]))
        outcome, output = _run_forked(options, timeout)
        if outcome is not TestOutcome.SURVIVED:
            raise RuntimeError(f"the tests fail in a fork, without a mutant: {output.strip().splitlines()[-1:]}")
        for item in pending_work:
            on_task_complete(item.job_id, _try(item.mutations[0], options, timeout))


def test_options(tests: Sequence[str]) -> list[str]:
    """Return pytest's options: nothing of the project's defaults but what is marked slow stays out."""
    ignored = "ignore::pytest.PytestAssertRewriteWarning"  # of plug-ins that are imported before the fork
    plugins = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    return ["-o", "addopts=", "-m", "not slow", *plugins, "-W", ignored, "-q", "-x", *tests]


def run_and_list_modules(tests: Sequence[str]) -> list[str]:
    """Return the command that runs the tests and prints on stderr what they imported."""
    return [sys.executable, "-c", _REPORT_MODULES, *test_options(tests)]


def _import_all_but(module: Path, names: Sequence[str]) -> None:
    """Import what the tests need and what does not import the module itself; that is left to each fork."""
    mutated = ".".join(module.with_suffix("").parts)
    own = Path.cwd() / "tests"
    sys.modules[mutated] = None  # whoever imports it fails, and is left out
    for name in names:
        try:
            imported = import_module(name)
        except ImportError:
            continue
        if Path(getattr(imported, "__file__", None) or "/").is_relative_to(own):
            del sys.modules[name]
    del sys.modules[mutated]
    gc.freeze()  # a fork's collections leave alone what all share
    sys.dont_write_bytecode = True


def _try(mutation: MutationSpec, options: Sequence[str], timeout: float) -> WorkResult:
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    with use_mutation(mutation.module_path, operator, mutation.occurrence) as (before, after):
        if after is None:
            return WorkResult(worker_outcome=WorkerOutcome.NO_TEST)
        # a mutant of the same second and size must not run in the place of this one
        Path(cache_from_source(str(mutation.module_path))).unlink(missing_ok=True)
        outcome, output = _run_forked(options, timeout)
    diff = "\n".join(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm=""))
    return WorkResult(worker_outcome=WorkerOutcome.NORMAL, test_outcome=outcome, output=output, diff=diff)


def _run_forked(options: Sequence[str], timeout_s: float) -> tuple[TestOutcome, str]:
    """Return whether the tests pass in a fork, and the end of their output; `timeout` where they took too long."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            _be_the_tests(options, printed)
        status = _wait(child, timeout_s)
        if status is None:
            return TestOutcome.KILLED, "timeout"
        printed.seek(0)
        output = printed.read().decode(errors="replace")[-2000:]
    return TestOutcome.SURVIVED if status == 0 else TestOutcome.KILLED, output


def _be_the_tests(options: Sequence[str], printed: IO[bytes]) -> None:
    """Run pytest in the fork and end it; never returns, whatever a mutant does."""
    status = 99
    try:
        os.setsid()
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        import pytest

        status = int(pytest.main(list(options)))
        sys.stdout.flush()
    finally:
        os._exit(status)


def _wait(child: int, timeout_s: float) -> int | None:
    """Return the status that the child ended with; None where it was killed, all its own children with it, for time."""
    ends = time.monotonic() + timeout_s
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > ends:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.005)
