"""Runs a user's own Python in a process that is meant for it, and says in one line what became of it.

Never in a command's own process: such code may hang, print without end, or leave anything behind.
"""

import importlib
import importlib.util
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError
from mbench.core.processes.workers import end_if_cut_off

Value = TypeVar("Value")

PREFIX: Final = "mbench_own_"
"""Of a file's module: `random.py` shall not be taken for Python's own."""

GRACE_S: Final = 20.0
"""After its time, until code that lets no exception through is ended with its process."""

ENDED_HANGING: Final = 70
"""Status of a process that was so ended."""


LONGER: Final = "--build-timeout"


class _OutOfTime(BaseException):
    """Code ran for longer than it may; not an `Exception`, which that code may catch."""


def load_python(named: PythonName, *, timeout_s: float, longer: str = LONGER) -> Any:
    """Return what a user's file calls by a name; its folder stands behind everything else on the path.

    Raises:
        ArtifactError: it raised, hung, called for an exit, or does not know the name.
    """

    def load() -> Any:
        _look_in(named.folder)
        module = importlib.import_module(named.module) if "." in named.module else _module_of(named)
        return getattr(module, named.name)

    return call_python(load, what=str(named), timeout_s=timeout_s, longer=longer)


def call_python(function: Callable[[], Value], *, what: str, timeout_s: float, longer: str = LONGER) -> Value:
    """Return what a user's function answers.

    Args:
        function: called without arguments.
        what: it is called in messages.
        timeout_s: seconds after which it is given up.
        longer: the option that gives it longer.

    Raises:
        ArtifactError: it raised, hung, or called for an exit.
    """
    process = os.getpid()
    try:
        with _time_limit(timeout_s):
            return function()
    except _OutOfTime:
        raise ArtifactError(
            f"{what} was still running after {timeout_s:g} s and was ended; {longer} gives it longer."
        ) from None
    except SystemExit as error:
        raise ArtifactError(f"{what} called sys.exit({error.code!r}) instead of returning.") from error
    except ArtifactError:
        raise
    except BaseException as error:
        with suppress(OSError, ValueError):  # that code may have closed the stream
            traceback.print_exc()  # to the build log, where the whole of it is
        said = f"{what} raised {type(error).__name__}: {_one_line(error)}{_place(error)}"
        raise ArtifactError(f"{said}{_advice(error)}.") from error
    finally:
        if os.getpid() != process:
            os._exit(0)  # forked by that code: it would answer, too, and hold what this process's pool waits for
        end_if_cut_off()


_looked_in: list[str] = []
"""The folder of users' code that stands on the path, if one does."""


def _look_in(folder: str) -> None:
    """Put a folder at the end of the path, in the place of another network's, whose modules may have the same names."""
    if folder in sys.path:  # it is there still, or was before: of an installed package, or by PYTHONPATH
        return
    for other in _looked_in:
        sys.path[:] = [place for place in sys.path if place != other]  # the user's code may have changed it
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(other) in Path(file).parents and not name.startswith(PREFIX) and not _installed(file):
                del sys.modules[name]
    _looked_in[:] = [folder]
    sys.path.append(folder)


def _installed(file: str) -> bool:
    """Whether a module is found without the user's folder, too, such as where that is the folder of an environment."""
    return "site-packages" in file or any(Path(place) in Path(file).parents for place in sys.path if place)


def _module_of(named: PythonName) -> Any:
    """Return a file's module, run once in this process, under a name of its own."""
    name = f"{PREFIX}{named.module}_{named.sha256[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, named.source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{named.source} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _time_limit(timeout_s: float) -> Iterator[None]:
    """Raise in this thread when the time is over; end the process where the code does not let that through."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def out_of_time(*_: object) -> None:
        raise _OutOfTime

    last_resort = threading.Timer(timeout_s + GRACE_S, os._exit, (ENDED_HANGING,))
    last_resort.daemon = True
    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, timeout_s, 1.0)
    last_resort.start()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        last_resort.cancel()


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else "without a word").rstrip(".")[:300]


def _advice(error: BaseException) -> str:
    """Return what else to do about an error that is not the code's own fault; nothing where it is."""
    relative = isinstance(error, ImportError) and "attempted relative import" in str(error)
    return "; name a file of a package as package.module:NAME, in the folder of the package" if relative else ""


def _place(error: BaseException) -> str:
    """Return where in the user's own files it was raised: the last place outside of installed packages."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "site-packages" not in frame.filename and not frame.filename.startswith("<")
    ]
    ours = Path(__file__).parent.parent.parent
    frames = [frame for frame in frames if ours not in Path(frame.filename).parents]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
