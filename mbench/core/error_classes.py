"""Why a run or a job did not end `ok`, in classes whose text stands in results."""

from typing import Final, NamedTuple, NewType

ErrorClass = NewType("ErrorClass", str)
"""One of the classes below, or `crash:SIGNAL`."""

LAUNCH: Final = ErrorClass("launch")
"""The program did not start."""

USAGE: Final = ErrorClass("usage")
"""It did not take its command line as given."""

MODEL: Final = ErrorClass("model")
"""It refused the file."""

DELEGATE: Final = ErrorClass("delegate")
"""What was asked to execute the graph did not."""

INVOKE: Final = ErrorClass("invoke")
"""An inference failed."""

IO: Final = ErrorClass("io")
"""A file that it was to write is missing or short."""

KILLED: Final = ErrorClass("killed")
"""SIGKILL or SIGTERM from outside."""

TIMEOUT: Final = ErrorClass("timeout")
"""Our deadline."""

TRANSPORT: Final = ErrorClass("transport")
"""The way to the device."""

OUTPUT: Final = ErrorClass("output")
"""Text that is not benchmark_model's, or contradicts itself."""

BUILD: Final = ErrorClass("build")
"""No artifact."""

ENVIRONMENT: Final = ErrorClass("environment")
"""The device's state: disk full, changed files."""

BUDGET: Final = ErrorClass("budget")
"""The time of a night: its window ended, or was not expected to hold it."""

QUARANTINE: Final = ErrorClass("quarantine")
"""The device was left out on purpose: held, or in quarantine for what it did in earlier nights."""

BUSY: Final = ErrorClass("busy")
"""Somebody else uses the device."""

OTHER_ENDS: Final = (
    LAUNCH,
    USAGE,
    MODEL,
    DELEGATE,
    INVOKE,
    IO,
    KILLED,
    TIMEOUT,
    TRANSPORT,
    OUTPUT,
    BUILD,
    ENVIRONMENT,
    BUDGET,
    QUARANTINE,
    BUSY,
)
"""Every class but crashes."""


def crash(signal: str) -> ErrorClass:
    """Return the class of a program that died of a signal, such as `SIGSEGV`."""
    return ErrorClass(f"crash:{signal}")


class Failure(NamedTuple):
    """Why a run is not to be believed.

    Attributes:
        lasting: whether it does not pass by waiting, so that another try would be in vain, or do harm.
    """

    error_class: ErrorClass
    message: str
    lasting: bool = False
