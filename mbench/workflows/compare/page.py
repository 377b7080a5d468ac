"""The page of a comparison: `mbench compare --format html`."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

from mbench.report.compare.cells import By
from mbench.report.compare.comparison import Comparison
from mbench.report.pages.comparison.comparison_page import comparison_page

_LONGEST_NAME: Final = 60
"""Characters that a file's name has of each side."""


def page_of_comparison(
    comparison: Comparison, sides: Sequence[str], within: Sequence[str], *, hide_serials: bool
) -> bytes:
    """Return the page of a comparison.

    Args:
        comparison: any, without serials where they were to be hidden.
        sides: as they were asked for; one of a session that timed old and new files in turn.
        within: the sessions that a value divides, likewise.
        hide_serials: whether serials were replaced.
    """
    return comparison_page(comparison, command=_command(comparison, sides, within, hide_serials=hide_serials))


def comparison_page_name(comparison: Comparison) -> str:
    """Return the name of the file that its page gets where none was named: that of its two sides."""
    sides = (_fit(comparison.old)[:_LONGEST_NAME], _fit(comparison.new)[:_LONGEST_NAME])
    return f"compare-{'-'.join(filter(None, sides))}.html"


def _command(comparison: Comparison, sides: Sequence[str], within: Sequence[str], *, hide_serials: bool) -> str:
    """Return the command that compares the same again: what was meant by `last` or by a name's beginning is named."""
    kind = "session" if comparison.by is By.NIGHT else str(comparison.by)
    labels = (comparison.new,) if len(sides) == 1 else (comparison.old, comparison.new)
    names = [label.removeprefix(f"{kind} ") for label in labels]
    divided = comparison.by not in (By.SESSION, By.NIGHT)
    if comparison.by is By.SESSION:  # a session elsewhere is named by its way
        ways = [side.rpartition("/")[0] for side in sides]
        names = [f"{way}/{name}" if way else name for way, name in zip(ways, names, strict=True)]
    sessions = [*dict.fromkeys(side.session for cell in comparison.cells for side in (cell.old, cell.new))] or within
    words = [
        *("mbench", "compare", *names),
        *(() if comparison.by is By.SESSION else ("--by", str(comparison.by))),
        *(word for name in sessions if divided for word in ("--in", name)),
        *("--format", "html"),
        *(("--hide-serials",) if hide_serials else ()),
    ]
    return shlex.join(words)


def _fit(text: str) -> str:
    """Return a text as the name of a file has it."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")
