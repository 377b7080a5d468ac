"""Feet of tables in a terminal, four lines at most, the last of which says where the whole foot is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from mbench.core.plain_text import one_line
from mbench.report.render.fitting import broken_text, fit_columns
from mbench.report.render.text_table import TableValues, cleaned

MOST_LINES: Final = 4
"""Lines of a terminal."""

_FOR_POINTER: Final = 2
_CUT: Final = " …"


def with_short_feet(tables: Sequence[TableValues], *, width: int, whole_foot: Sequence[str]) -> tuple[TableValues, ...]:
    """Return tables as wide as the terminal, their feet shortened; what all feet say stands under the last one alone.

    Where any of them is shortened, the last says where the whole feet are.

    Args:
        tables: any, whose feet begin with what must not be missed.
        width: columns of the terminal.
        whole_foot: where the whole feet are, the most precise first.
    """
    common = {line for line in tables[0].foot if all(line in each.foot for each in tables)} if len(tables) > 1 else ()
    own = [replace(table, foot=tuple(line for line in table.foot if line not in common)) for table in tables[:-1]]
    fitted = [fit_columns(cleaned(table), width) for table in (*own, *tables[-1:])]
    long = any(len(_all_lines(*each, width)) > MOST_LINES for each in fitted)
    return tuple(
        _with_short_foot(table, left_out, width, whole_foot if long and place == len(fitted) else ())
        for place, (table, left_out) in enumerate(fitted, start=1)
    )


def pointer_texts(whole_foot: Sequence[str], left_out: Sequence[str], *, more: bool) -> list[str]:
    """Return what says where more is, the longest first; a line break is one where not all of it fits on one line."""
    if not whole_foot:
        return []
    without = f"Left out at this width: {', '.join(left_out)}." if left_out else ""
    columns = "More columns: mbench report --columns all." if more else ""
    begins = dict.fromkeys((" ".join(filter(None, (without, columns))), without, ""))
    return [f"{begin}\nWhole foot: {place}".strip() for begin in begins for place in (*whole_foot, "--format md")]


def pointer_lines(texts: Sequence[str], width: int, *, fits: Callable[[int], bool]) -> list[str]:
    """Return the first text of at most two lines that leaves enough of them to what must be said; else the shortest.

    Args:
        texts: as `pointer_texts` gives them.
        width: columns of the terminal.
        fits: whether so many lines are enough for what must be said.
    """
    pointers = [_laid_out(text, width) for text in texts]
    for lines in pointers:
        if len(lines) <= _FOR_POINTER and fits(MOST_LINES - len(lines) - 1):
            return lines
    shortest = min(pointers, key=len, default=[])
    return shortest if len(shortest) <= _FOR_POINTER else []


def _with_short_foot(table: TableValues, left_out: Sequence[str], width: int, whole_foot: Sequence[str]) -> TableValues:
    """Return the table with the first lines of its foot; with `whole_foot` the last ones say where all of it is."""
    pointer = pointer_lines(pointer_texts(whole_foot, left_out, more=False), width, fits=lambda most: True)
    said = _texts(table, () if pointer else left_out)
    lines = [*_first_texts(said, width, most=MOST_LINES - len(pointer)), *pointer]
    return replace(table, footnotes=(), foot=tuple(lines))


def _texts(table: TableValues, left_out: Sequence[str]) -> list[str]:
    """Return what stands below a table, the most important first."""
    without = [f"Left out at this width: {', '.join(left_out)}."] if left_out else []
    return [*without, *table.foot, *table.footnotes]


def _all_lines(table: TableValues, left_out: Sequence[str], width: int) -> list[str]:
    return [line for text in _texts(table, left_out) for line in broken_text(one_line(text), width)]


def _first_texts(texts: Sequence[str], width: int, *, most: int) -> list[str]:
    """Return the first texts, as many as fit whole; of a first one that is too long, its beginning."""
    lines: list[str] = []
    for text in texts:
        more = broken_text(one_line(text), width)
        if not lines and len(more) > most:
            end = broken_text(more[most - 1], max(width - len(_CUT), 1))[0]
            return [*more[: most - 1], end + _CUT]
        if len(lines) + len(more) > most:
            break
        lines += more
    return lines


def _laid_out(text: str, width: int) -> list[str]:
    joined = broken_text(one_line(text.replace("\n", " ")), width)
    parts = (one_line(part) for part in text.split("\n"))
    return joined if len(joined) == 1 else [line for part in parts for line in broken_text(part, width)]
