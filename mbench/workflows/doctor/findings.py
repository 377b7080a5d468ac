"""Findings of a checkup, as values."""

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "doubtful", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: what was looked at, what was found, and the remedy where something is wrong."""

    what: str
    state: State
    found: str
    remedy: str | None = None
