"""The smallest input that still shows a finding: what can be left out is left out, large pieces first."""

import time
from collections.abc import Callable
from typing import Final

_TRIES: Final = 400


def smallest(data: bytes, shows: Callable[[bytes], bool], *, seconds: float) -> bytes:
    """Return a part of an input that shows what the whole does.

    Args:
        data: the input.
        shows: whether another one shows it too.
        seconds: after which the smallest so far is good enough.
    """
    until, tries = time.monotonic() + seconds, 0
    piece = len(data)
    while piece:
        at = 0
        while at < len(data):
            if time.monotonic() > until or tries >= _TRIES:
                return data
            tries += 1
            shorter = data[:at] + data[at + piece :]
            if shows(shorter):
                data = shorter
            else:
                at += piece
        piece //= 2
    return data
