"""`size`: the file grew. Bytes are exact, so there is no noise; what is small is metadata."""

from typing import Final

import numpy as np

from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.tonight import Tonight, known_places

RELATIVE: Final = 0.01
"""Growth of a file from which on it is reported: below lie changes of metadata and of padding."""

ABSOLUTE_BYTES: Final = 4096
"""A page of a file system: a file of some kilobytes may grow by a hundredth when its description does."""


def judge_size(tonight: Tonight) -> tuple[Finding, ...]:
    """Return that a file is larger than it was, and since when; small growths add up, since the level is an anchor.

    The level is the size when the last change in either direction was taken for one; a file that grows by less every
    night is an alarm on the night on which the sum is enough.
    """
    series = tonight.series
    places = known_places(series.size_bytes > 0)
    if places is None:
        return ()
    sizes = series.size_bytes[places]
    level, since = int(sizes[0]), -1
    for place in np.flatnonzero(sizes[1:] != sizes[:-1]) + 1:
        size = int(sizes[place])
        if size - level < max(RELATIVE * level, ABSOLUTE_BYTES):
            level, since = min(level, size), -1
        elif since < 0 or size - sizes[place - 1] >= max(RELATIVE * sizes[place - 1], ABSOLUTE_BYTES):
            since = int(place)
    if since < 0:
        return ()
    now = int(sizes[-1])
    words = f"{now} bytes, {level} before: {now / level - 1:+.1%}, at least {RELATIVE:.0%} and {ABSOLUTE_BYTES} bytes"
    return (
        tonight.finding(
            FindingClass.SIZE,
            since=int(places[since]),
            before=float(level),
            now=float(now),
            unit="bytes",
            because=words,
        ),
    )
