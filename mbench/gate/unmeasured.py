"""`lab`, `missing`, `failed`: planned cells without a number, and for how many nights. They need no statistics."""

from typing import Final

import numpy as np

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import Finding, FindingClass
from mbench.gate.tonight import Tonight

_KINDS: Final = {
    PointState.LAB: FindingClass.LAB,
    PointState.MISSING: FindingClass.MISSING,
    PointState.FAILED: FindingClass.FAILED,
}
_WORDS: Final = {
    PointState.LAB: "phone, cable, host or budget left no number",
    PointState.MISSING: "the night left no document of it",
    PointState.FAILED: "model or program failed",
}


def judge_unmeasured(tonight: Tonight, error_class: str | None, message: str | None = None) -> tuple[Finding, ...]:
    """Return what kept a cell from having a number tonight, since when it does; nothing where it has one.

    A cell fails since the first night of the same kind in a row: two nights of a broken cable before a failure of its
    own are another finding.
    """
    kind = _KINDS.get(tonight.state)
    if kind is None:
        return ()
    states = tonight.series.state
    others = np.flatnonzero(states != states[-1])
    since = int(others[-1]) + 1 if others.size else 0
    nights = len(np.unique(tonight.series.night[since:]))
    words = _WORDS[tonight.state] + (f", {nights} nights in a row" if nights > 1 else "")
    words += f": {error_class}" if error_class else ""
    found = tonight.finding(
        kind, since=since, before=None, now=None, unit="", because=words, error_class=error_class, message=message
    )
    return (found,)
