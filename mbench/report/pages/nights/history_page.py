"""The page of a history: every cell as a row and as a small picture, and one of them large with all its phones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mbench.core.nights.summaries import SeriesSummary
from mbench.core.results import FORMAT_VERSION
from mbench.report.history.history_table import change_text
from mbench.report.pages.nights.history_table import Course, course_of, history_columns, history_rows, worst_first
from mbench.report.pages.nights.packed_history import history_data
from mbench.report.pages.packed import pack
from mbench.report.pages.templates import render_page
from mbench.report.render.number_format import count_of
from mbench.report.results.feet.footnotes import first_few

FIRST_ROWS: Final = 200
"""Rows that the page with its script shows at first; without it, all."""

LARGE_BYTES: Final = 5_000_000
"""Beyond, a page takes seconds to open: it says so, and which smaller ones there are."""


class Facet(NamedTuple):
    """What rows can be filtered by: its name in the page's address, its label, and the values there are."""

    name: str
    label: str
    choices: tuple[str, ...]


class Said(NamedTuple):
    """A line of what is to be known first: its class, the word in front, the sentence, and the row that it is about."""

    kind: str
    word: str
    text: str
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """What a page shows.

    Attributes:
        nights: name and local date of each night, oldest first; all points are of one of them.
        against: another branch whose levels stand beside; None: none does.
        notes: sentences about the whole.
        command: that makes the page again.
    """

    project: str
    branch: str
    nights: Sequence[tuple[str, str]]
    series: Sequence[SeriesSummary]
    notes: Sequence[str]
    against: str | None
    command: str


def history_page(asked: HistoryPage, *, smaller: Callable[[int], Sequence[str]] = lambda _: ()) -> bytes:
    """Return the page of a history; equal series give equal bytes.

    Args:
        asked: what it shows.
        smaller: commands of pages that hold parts of it, by how many bytes it takes; asked where it is large.
    """
    found = worst_first(asked.series)
    packed = pack(history_data(found, asked.nights))
    page = _rendered(asked, found, packed, ())
    if len(page) <= LARGE_BYTES:
        return page
    return _rendered(asked, found, packed, (len(page), smaller(len(page))))


def _rendered(
    asked: HistoryPage, found: Sequence[SeriesSummary], packed: str, large: tuple[()] | tuple[int, Sequence[str]]
) -> bytes:
    columns = history_columns(found, asked.against)
    facets = _facets(found)
    places = [{choice: place for place, choice in enumerate(facet.choices)} for facet in facets]

    def facets_of(one: SeriesSummary) -> list[int]:
        return [where[value] for where, value in zip(places, _facet_values(one), strict=True)]

    rows = history_rows(found, columns, facets_of)
    return render_page(
        "history.html",
        {
            "title": f"History of {asked.project}, branch {asked.branch}",
            "command": asked.command,
            "format_version": FORMAT_VERSION,
            "verdict": _verdict(found),
            "measured": _facts(asked),
            "notes": asked.notes,
            "columns": columns,
            "facets": facets,
            "parts": [part for part in (rows[:FIRST_ROWS], rows[FIRST_ROWS:]) if part],
            "large": large,
            "packed": packed if found else "",
        },
        scripts=("history_chart.js", "history.js"),
        styles=("history.css",),
    )


def _verdict(found: Sequence[SeriesSummary]) -> list[Said]:
    """Return what is to be known first."""
    if not found:
        return [Said("", "note", "No cells: nothing was measured.")]
    counts = Counter(map(course_of, found))
    lines = []
    if slower := counts[Course.SLOWER]:
        place = next(place for place, one in enumerate(found) if course_of(one) is Course.SLOWER)
        worst = found[place]
        said = f"most {worst.cell}, {change_text(worst.changes[-1])}."
        lines.append(Said("failed", "slower", f"{count_of(slower, 'cell')} since their last change, {said}", place))
    if faster := counts[Course.FASTER]:
        lines.append(Said("ok", "faster", f"{count_of(faster, 'cell')} since their last change."))
    if counts[Course.EPOCH]:
        said = f"{count_of(counts[Course.EPOCH], 'cell')} whose levels before cannot be compared."
        lines.append(Said("doubt", "new epoch", said))
    if steady := counts[Course.STEADY]:
        lines.append(Said("ok", "no change", f"{count_of(steady, 'cell')} on one level all the time."))
    if missing := counts[Course.NO_NUMBER]:
        lines.append(Said("doubt", "no number", f"{count_of(missing, 'cell')} the last time that they were planned."))
    return lines


def _facts(asked: HistoryPage) -> tuple[tuple[str, str], ...]:
    """Return what was measured where: names with texts."""
    series = asked.series
    models: dict[str, set[str]] = {}
    for one in series:
        models.setdefault(one.model, set()).add(one.cell.serial)
    devices = [
        f"{model} ×{len(serials)}" if len(serials) > 1 else f"{next(iter(serials))}: {model}"
        for model, serials in models.items()
    ]
    days = [day for _, day in asked.nights]
    when = f", {days[0]} to {days[-1]}" if len(days) > 1 else "".join(f", {day}" for day in days)
    points = sum(len(one.points) for one in series)
    return (
        ("Project", f"{asked.project}, branch {asked.branch}"),
        ("Nights", f"{len(days)}{when}"),
        ("Cells", f"{len(series)}, {count_of(points, 'planned night')} of them"),
        ("Workloads", first_few([*dict.fromkeys(one.cell.workload for one in series)])),
        ("Devices" if len(devices) > 1 else "Device", first_few(devices)),
        ("Delegates", first_few([*dict.fromkeys(one.cell.delegate for one in series)])),
    )


def _facets(found: Sequence[SeriesSummary]) -> tuple[Facet, ...]:
    named: Mapping[str, str] = {"status": "Course", "device": "Device", "delegate": "Delegate", "model": "Model"}
    values = [*zip(*map(_facet_values, found), strict=True)] or [()] * len(named)
    return tuple(
        Facet(name, label, tuple(sorted(set(different))))
        for (name, label), different in zip(named.items(), values, strict=True)
    )


def _facet_values(one: SeriesSummary) -> tuple[str, ...]:
    """Return what a row can be filtered by, as the page's script names it."""
    return course_of(one).value, one.cell.serial, one.cell.delegate, one.model
