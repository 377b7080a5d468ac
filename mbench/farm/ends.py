"""How a part ended, as it travels from a host to the driver: the kind of error, its class and its one line.

An exception itself does not travel: it may hold what cannot be pickled, and one of a newer mbench could not be read.
"""

from mbench.core import errors
from mbench.core.error_classes import TRANSPORT, ErrorClass
from mbench.core.errors import MbenchError, PartInterrupted, RunFailed


class PartFailed(Exception):
    """A part's error: its kind's name, its message, its error class or None. These three are what is pickled."""

    def __init__(self, kind: str, message: str, error_class: str | None) -> None:
        super().__init__(kind, message, error_class)
        self.kind, self.message, self.error_class = kind, message, error_class


def failure_of(error: BaseException, device: str, host: str) -> PartFailed:
    """Return what travels of an error that ended a part of `device` on `host`."""
    if isinstance(error, MbenchError):
        return PartFailed(type(error).__name__, str(error), error.error_class)
    if isinstance(error, KeyboardInterrupt):
        return PartFailed(PartInterrupted.__name__, f"{device}: its part was interrupted on {host}.", None)
    if isinstance(error, Exception):
        what = f"this is a defect of mbench on {host}: {type(error).__name__}: {error}"
    else:
        what = f"its part ended itself on {host} by {error!r}"
    return PartFailed(MbenchError.__name__, f"{device}: {what}.", None)


def error_of(failed: PartFailed) -> MbenchError:
    """Return the error that was reported, of its own kind or the next above that needs no more than a message."""
    found = getattr(errors, failed.kind, None)
    kind: type[MbenchError] = found if isinstance(found, type) and issubclass(found, MbenchError) else MbenchError
    if issubclass(kind, RunFailed):
        return RunFailed(failed.message, error_class=ErrorClass(failed.error_class or TRANSPORT))
    error: MbenchError = next(one for one in kind.__mro__ if _takes_a_message(one))(failed.message)
    if failed.error_class is not None:
        error.error_class = ErrorClass(failed.error_class)
    return error


def _takes_a_message(kind: type) -> bool:
    return not any("__init__" in vars(base) for base in kind.__mro__ if issubclass(base, MbenchError))
