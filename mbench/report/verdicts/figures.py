"""A finding's figures as text: how much, and from what to what; units change here."""

import math
import re
from typing import Final

from mbench.core.nights.verdicts import Finding
from mbench.report.render.number_format import (
    KIB_PER_MIB,
    MILLION,
    UNKNOWN,
    change_number,
    milliseconds,
    significant,
    value_numbers,
)

_ODD: Final = re.compile(r"[^\w %°/²³·().+-]")
"""What no name or unit of a metric needs, and what others obey: the rest of a line is mbench's own."""


def change(finding: Finding) -> str:
    """Return how much it changed: `+10.2 %`, `-1.3 points`, `-0.31`, `33 to 12 nodes`; `?` where that is not known."""
    if finding.unit == "nodes":
        return levels(finding)
    if finding.unit == "%" or finding.own_metric:
        if finding.before is None or finding.now is None:
            return UNKNOWN
        difference = finding.now - finding.before
        return change_number(difference, None) if finding.own_metric else f"{difference:+.1f} points"
    ratio = finding.ratio
    return UNKNOWN if ratio is None or not math.isfinite(ratio) else percent(ratio)


def interval(finding: Finding) -> str:
    """Return the 95 % interval of now / before with a blank in front: ` [+8.9, +11.5]`; nothing where it is unknown."""
    if finding.low is None or finding.high is None:
        return ""
    return f" [{100 * (finding.low - 1):+.1f}, {100 * (finding.high - 1):+.1f}]"


def levels(finding: Finding) -> str:
    """Return from what to what: `13.0 to 14.3 ms`."""
    if finding.before is None and finding.now is None:
        return ""
    if finding.own_metric:
        before, now = value_numbers(finding.before, finding.now)
        return f"{before} to {now} {_ODD.sub('?', finding.unit)}"
    before, unit = _level(finding.before, finding.unit)
    now, _ = _level(finding.now, finding.unit)
    return f"{before} to {now} {unit}".rstrip()


def percent(ratio: float) -> str:
    """Return a ratio as a change in percent: `+10.2 %`."""
    return f"{100 * (ratio - 1):+.1f} %"


def _level(value: float | None, unit: str) -> tuple[str, str]:
    if unit == "µs":
        return milliseconds(value), "ms"
    if unit == "bytes":
        return significant(value, scale=MILLION), "MB"
    if unit == "KiB":
        return significant(value, scale=KIB_PER_MIB), "MiB"
    if unit == "nodes":
        return UNKNOWN if value is None else f"{value:.0f}", unit
    return UNKNOWN if value is None else f"{value:.1f}", "%" if unit == "%" else ""
