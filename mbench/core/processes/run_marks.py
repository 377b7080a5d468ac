"""The mark of a run's processes: the folder that they work in, in their environment, which their children inherit.

A process number says nothing of whose a process is, for numbers are given again; nor does its working directory, for
anybody may go there. What is to be ended is known by this.
"""

from collections.abc import Mapping
from typing import Final

RUN_FOLDER: Final = "MBENCH_RUN_FOLDER"
"""The variable; its value ends with a slash, so that no folder is the beginning of another one's name."""

COMMAND: Final = "MBENCH_COMMAND"
"""The variable by which a command on a phone, and what it starts, is known; its value is drawn for each command."""


def marked(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the environment of a process that works for the run in `folder`."""
    return {**environment, RUN_FOLDER: _value(folder)}


def unmarked(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the marks of others: mbench may have been started by a run's program itself."""
    return {name: value for name, value in environment.items() if name not in (RUN_FOLDER, COMMAND)}


def mark(folder: str) -> str:
    """Return the entry of such an environment: `MBENCH_RUN_FOLDER=/data/local/tmp/mbench/alice/sessions/s/run/`."""
    return f"{RUN_FOLDER}={_value(folder)}"


def _value(folder: str) -> str:
    return f"{folder.rstrip('/')}/"
