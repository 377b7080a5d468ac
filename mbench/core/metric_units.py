"""The unit of a user's own metric: short, and fit for the head of a table. No library is needed for it."""

import re
from typing import Final

from mbench.core.errors import UsageError

UNIT: Final = r"[^\s|<>`,;](?:[^|<>`,;\x00-\x1f]{0,18}[^\s|<>`,;])?"


def refuse_no_unit(unit: str | None) -> None:
    """Refuse a unit that does not fit the head of a table; None is no unit.

    Raises:
        UsageError: it does not.
    """
    if unit is not None and not re.fullmatch(UNIT, unit):
        raise UsageError(f"--metric-unit {unit!r}: a unit has 1 to 20 characters, none of them |<>`,; or a control.")
