"""`mbench history --format html`: the page of what was asked for, and which smaller ones there are of a large one."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from mbench.core.nights.summaries import SeriesSummary
from mbench.report.history.hidden import summaries_without_serials
from mbench.report.pages.nights.history_page import LARGE_BYTES, HistoryPage, history_page
from mbench.report.results.hidden_serials import hiding, with_texts
from mbench.report.verdicts.commands import history_words, literal_filter
from mbench.workflows.history.command import History, HistoryRequest

MOST_PARTS: Final = 12
"""Smaller pages that are named."""


def history_page_of(
    found: History, request: HistoryRequest, *, where: Sequence[str], hide_serials: bool, tell: Callable[[str], None]
) -> bytes:
    """Return the page of a history.

    Args:
        found: what was asked for, with serials replaced where they should be.
        request: how it was asked for.
        where: options that name farm file and results.
        hide_serials: whether serials were replaced.
        tell: gets a line where the page is large.
    """

    def smaller(size_bytes: int) -> Sequence[str]:
        parts = [
            shlex.join(
                _words(found, replace(request, filters=filters), [*where, "-o", f"{place + 1}.html"], hide_serials)
            )
            for place, filters in enumerate(_parts(found, request, size_bytes))
        ]
        tell(f"the page takes {size_bytes / 1e6:.1f} MB and opens slowly; it says which smaller ones there are.")
        return parts

    asked = HistoryPage(
        project=found.project,
        branch=found.branch,
        nights=[(night.name, str(night.day)) for night in found.nights],
        series=found.series,
        notes=found.notes[1:],
        against=request.against,
        command=shlex.join(_words(found, request, where, hide_serials)),
    )
    return history_page(asked, smaller=smaller)


def without_serials(found: History) -> History:
    """Return a history in whose texts each serial of a phone is replaced by a name that lasts."""
    hidden = hiding(found.profiles)
    return replace(
        found,
        series=tuple(summaries_without_serials(found.series, hidden)),
        nights=with_texts(found.nights, hidden),
        unread=with_texts(found.unread, hidden),
    )


def _words(found: History, request: HistoryRequest, where: Sequence[str], hide_serials: bool) -> list[str]:
    """Return the words of the command that makes a page again."""
    filters = map(hiding(found.profiles), request.filters) if hide_serials else request.filters
    options = [*where, "--project", found.project, "--branch", found.branch]
    if request.against is not None:
        options += ["--against", request.against]
    if request.nights is not None:
        options += ["--nights", str(request.nights)]
    options += ["--format", "html"]
    if hide_serials:
        options.append("--hide-serials")
    return history_words(tuple(filters), options)


def _parts(found: History, request: HistoryRequest, size_bytes: int) -> Iterator[tuple[str, ...]]:
    """Yield filters of smaller pages: by what divides the cells into the fewest parts that are small enough."""
    share = LARGE_BYTES / size_bytes * len(found.series)
    kinds: list[dict[str, list[SeriesSummary]]] = []
    for key in (_model, _delegate, _workload):
        parts: dict[str, list[SeriesSummary]] = {}
        for one in found.series:
            parts.setdefault(key(one), []).append(one)
        kinds.append(parts)
    fitting = [parts for parts in kinds if max(map(len, parts.values())) <= share]
    best = min(fitting, key=len) if fitting else max(kinds, key=len)
    for name in [*best][:MOST_PARTS]:
        yield (*request.filters, literal_filter(name))


def _model(one: SeriesSummary) -> str:
    return one.model


def _delegate(one: SeriesSummary) -> str:
    return one.cell.delegate


def _workload(one: SeriesSummary) -> str:
    return one.cell.workload
