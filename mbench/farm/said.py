"""A log that can be read after a night: a change is said once, then counted."""

import logging
from collections import Counter
from typing import Final

_AGAIN_AT: Final = frozenset({10, 100, 1_000, 10_000, 100_000})


class Said:
    """Says a line about something when it happens for the first time, and then how often at 10, 100, 1000 times."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._times: Counter[tuple[str, str]] = Counter()

    def say(self, subject: str, text: str, *, level: int = logging.INFO) -> None:
        """Say what happened to something, or count it."""
        self._times[subject, text] += 1
        times = self._times[subject, text]
        if times == 1:
            self._log.log(level, "%s: %s", subject, text)
        elif times in _AGAIN_AT:
            self._log.log(level, "%s: %s (%d times by now)", subject, text, times)

    def forget(self, subject: str) -> None:
        """Let what happens to something from now on be said again."""
        for key in [key for key in self._times if key[0] == subject]:
            del self._times[key]
