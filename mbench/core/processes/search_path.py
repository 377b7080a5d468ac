"""Where Python looks for modules: never in the folder that the user happens to be in.

`python -c` and `python -m` look there first, and so do multiprocessing's workers and its resource tracker, which are
started so: a user's own `signal.py` or `random.py` would be taken for Python's. Python leaves that folder out where
`PYTHONSAFEPATH` is set, or `-P` given (https://docs.python.org/3/using/cmdline.html#cmdoption-P). What else steers
Python stays the user's choice: `PYTHONPATH` may be how mbench was installed, and variables such as `PYTHONHOME` or
`LD_PRELOAD` steer the user's own processes in the same way.

Nothing is imported here but what Python has loaded before it looks anywhere.
"""

import os
import sys

import mbench

VARIABLE = "PYTHONSAFEPATH"
_OURS = "mbench"
"""Python asks whether it is set; by this value we know that the user has not done it."""


def leave_out_working_directory() -> None:
    """Take the folder that `python -m` has put first out of this process, unless it is where mbench itself lies."""
    if not sys.flags.safe_path and sys.path[0] in {"", _working_directory()} and not _holds_mbench(sys.path[0]):
        del sys.path[0]


def keep_children_safe() -> None:
    """Let Python processes that are started from now on leave their working directory out."""
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = _OURS


def others_environment() -> dict[str, str]:
    """Return the variables for a program that is not mbench's: it may be a script with modules beside it."""
    return {name: value for name, value in os.environ.items() if (name, value) != (VARIABLE, _OURS)}


def _working_directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib imports what might be a module of that folder
    except FileNotFoundError:  # it has been removed
        return None


def _holds_mbench(folder: str) -> bool:
    return mbench.__file__ == f"{folder}{os.sep}mbench{os.sep}__init__.py"
