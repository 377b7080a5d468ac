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
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, cast

import pytest
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

    def __call__(
        self,
        pending_work: Iterable[Any],
        test_command: str,
        timeout: float,
        distributor_config: Mapping[str, Any],
        on_task_complete: Callable[[str, WorkResult], None],
    ) -> None:
        """Test the mutants against `tests` of the settings.

        Raises:
            RuntimeError: in a fork the tests fail without a mutant, or pytest did not begin or was interrupted.
        """
        _import_all_but(Path(distributor_config["module"]), list(distributor_config["imports"]))
        forks = _Forks(pending_work, timeout, on_task_complete)
        status = pytest.main(list(distributor_config["options"]), plugins=[forks])
        if not forks.done:
            raise RuntimeError(f"pytest ended with status {int(status)} before all mutants were tested")


class _Forks:
    """A plug-in of pytest: where tests would be collected, it forks for each mutant, and the fork runs them."""

    def __init__(
        self, pending_work: Iterable[Any], timeout_s: float, on_task_complete: Callable[[str, WorkResult], None]
    ) -> None:
        self._pending = pending_work
        self._timeout_s = timeout_s
        self._on_task_complete = on_task_complete
        self.done = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        gc.freeze()  # a fork's collections leave alone what all share
        if _run_forked(session, self._timeout_s) is not TestOutcome.SURVIVED:
            pytest.exit("the tests fail in a fork, without a mutant", returncode=1)
        for item in self._pending:
            self._on_task_complete(item.job_id, _try(item.mutations[0], session, self._timeout_s))
        self.done = True
        pytest.exit("all mutants are tested", returncode=0)


def test_options(tests: Sequence[str]) -> list[str]:
    """Return pytest's options: nothing of the project's defaults but what is marked slow stays out."""
    ignored = "ignore::pytest.PytestAssertRewriteWarning"  # of plug-ins that are imported before the fork
    plugins = ["-p", "no:cacheprovider", "-p", "no:xdist", "--basetemp", "pytest-tmp"]
    return ["-o", "addopts=", "-m", "not slow", *plugins, "-W", ignored, "-q", "-x", *tests]


def run_and_list_modules(tests: Sequence[str]) -> list[str]:
    """Return the command that runs the tests and prints on stderr what they imported."""
    return [sys.executable, "-c", _REPORT_MODULES, *test_options(tests)]


def _import_all_but(module: Path, names: Sequence[str]) -> None:
    """Import what the tests need and what does not import the module itself; that is left to each fork."""
    mutated = ".".join(module.with_suffix("").parts)
    own = Path.cwd() / "tests"
    cast(dict[str, object], sys.modules)[mutated] = None  # whoever imports it fails, and is left out
    for name in names:
        try:
            imported = import_module(name)
        except ImportError:
            continue
        if Path(getattr(imported, "__file__", None) or "/").is_relative_to(own):
            del sys.modules[name]
    del sys.modules[mutated]
    sys.dont_write_bytecode = True


def _try(mutation: MutationSpec, session: pytest.Session, timeout_s: float) -> WorkResult:
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    with use_mutation(mutation.module_path, operator, mutation.occurrence) as (before, after):
        if after is None:
            return WorkResult(worker_outcome=WorkerOutcome.NO_TEST)
        # a mutant of the same second and size must not run in the place of this one
        Path(cache_from_source(str(mutation.module_path))).unlink(missing_ok=True)
        outcome = _run_forked(session, timeout_s)
    return WorkResult(
        worker_outcome=WorkerOutcome.NORMAL,
        test_outcome=TestOutcome.SURVIVED if outcome is TestOutcome.SURVIVED else TestOutcome.KILLED,
        output="timeout" if outcome is None else "",
        diff="\n".join(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="")),
    )


def _run_forked(session: pytest.Session, timeout_s: float) -> TestOutcome | None:
    """Return whether the tests notice anything in a fork; None where they took too long."""
    child = os.fork()
    if child == 0:
        _be_the_tests(session)
    status = _wait(child, timeout_s)
    if status is None:
        return None
    return TestOutcome.SURVIVED if status == 0 else TestOutcome.KILLED


def _be_the_tests(session: pytest.Session) -> None:
    """Collect and run the tests in the fork and end it; never returns, whatever a mutant does."""
    status = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        session.perform_collect()
        session.config.hook.pytest_runtestloop(session=session)
        status = int(session.testsfailed > 0 or session.testscollected == 0)
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
