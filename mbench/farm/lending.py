"""Lending: what cannot be pickled (progress, locks, the stop sign) reaches the parts of this process by a token.

A token is a string, so it may stand among a part's arguments. It is good inside the `lent` block alone.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Loan:
    value: object
    stop: threading.Event


_LOANS: Final[dict[str, _Loan]] = {}
"""By token; one assignment or removal of a dict is atomic."""


@contextmanager
def lent(value: object, *, stop: threading.Event | None = None) -> Iterator[str]:
    """Yield the token under which `borrowed` and `stop_requested` find `value` and `stop` for the block.

    Args:
        value: anything; a frozen dataclass where it is several things.
        stop: the event that `run_parts` gets as well, and sets when the session is interrupted.
    """
    token = secrets.token_hex(8)
    _LOANS[token] = _Loan(value, threading.Event() if stop is None else stop)
    try:
        yield token
    finally:
        del _LOANS[token]


def borrowed(token: str, kind: type[T]) -> T:
    """Return what is lent under a token.

    Raises:
        LookupError: no session of this process lends anything under it (any more).
        TypeError: it is of another kind.
    """
    try:
        value = _LOANS[token].value
    except KeyError:
        raise LookupError(f"nothing is lent under {token}: its session has ended, or is another process's.") from None
    if not isinstance(value, kind):
        raise TypeError(f"what is lent under {token} is a {type(value).__name__}, not a {kind.__name__}.")
    return value


def stop_requested(token: str) -> bool:
    """Whether a part should end after its current run: its session was interrupted, or is over."""
    loan = _LOANS.get(token)
    return loan is None or loan.stop.is_set()
