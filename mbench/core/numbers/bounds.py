"""Bounds: what numbers, times and names in documents can be, so that nonsense is never taken for a measurement.

What any benchmark, phone or clock says in earnest lies far inside (`mbench.core.numbers.limits`). Outside, arithmetic
goes wrong (dates that overflow, sums that are infinite) or a number is nonsense (a negative time, a size below 0).
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints

from mbench.core.numbers.limits import (
    LARGEST,
    LARGEST_SEED,
    LONGEST_NAME,
    LONGEST_S,
    LONGEST_SETTING_S,
    MOST_CORES,
    MOST_RUNS,
)

Count = Annotated[int, Field(ge=0, le=10**18)]
"""How many: inferences, nodes, bytes, whole microseconds."""

Amount = Annotated[float, Field(ge=0, le=LARGEST)]
"""How much, where a part of one can be: microseconds, kibibytes."""

Reading = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
"""What a sensor says, which may lie below zero."""

PositiveReading = Annotated[float, Field(gt=0, le=LARGEST)]
"""A reading that something is divided by."""

Share = Annotated[float, Field(ge=0, le=1 + 1e-6)]
"""A sum of parts may end a little above the whole."""

Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]

Setting = Annotated[float, Field(ge=0, le=LONGEST_SETTING_S)]
"""Seconds that a phase of a run is asked to last."""

Place = Annotated[int, Field(ge=0, le=MOST_RUNS)]
"""Index, block or position of a run."""

Core = Annotated[int, Field(ge=0, lt=MOST_CORES)]

Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]

JOB_NAME: Final = r"^[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*$"
"""Of jobs, which name files and folders: no separator, and none that is hidden, `.` or `..`."""

SESSION_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"

FILE_NAME: Final = r"^[A-Za-z0-9_+@-][A-Za-z0-9._+@-]*$"
"""Of raw files beside a run, and of libraries beside a program."""

JobName = Annotated[str, StringConstraints(pattern=JOB_NAME, max_length=LONGEST_NAME)]
SessionName = Annotated[str, StringConstraints(pattern=SESSION_NAME, max_length=LONGEST_NAME)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME, max_length=LONGEST_NAME)]
WORD: Final = r"^[A-Za-z0-9][A-Za-z0-9._/+-]{0,79}$"
"""Of projects, branches, groups and names that last: fit for a table, a path below a folder and a URL."""

Word = Annotated[str, StringConstraints(pattern=WORD)]

LABEL: Final = r"^[!-~](?:[ -~]{0,118}[!-~])?$"
"""What a user calls a state of what is measured, such as a git commit: printable ASCII, no blank at its ends."""

Label = Annotated[str, StringConstraints(pattern=LABEL)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

_FIRST = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)  # a clock that was never set, in any time zone
_LAST = datetime(9000, 1, 1, tzinfo=UTC)

Moment = Annotated[AwareDatetime, Field(ge=_FIRST, le=_LAST)]
"""A time that can be added to and shown in any time zone."""
