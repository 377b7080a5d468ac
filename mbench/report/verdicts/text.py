"""A verdict as text for a terminal or a log: the verdict in its first line, at most 40 lines."""

from collections.abc import Iterator
from typing import Final

from mbench.core.nights.verdict_changes import VerdictChanges
from mbench.core.nights.verdicts import NightVerdict
from mbench.report.verdicts.commands import HERE, CommandPlace
from mbench.report.verdicts.fitting import fitted
from mbench.report.verdicts.pieces import as_text
from mbench.report.verdicts.sections import VerdictSections, in_sections

MOST_LINES: Final = 40

VERDICT_FILE: Final = "verdict.json"
"""Of a judged session's folder."""


def verdict_text(verdict: NightVerdict, changes: VerdictChanges | None = None, place: CommandPlace = HERE) -> str:
    """Return a verdict for people; ends with a newline.

    Args:
        verdict: of a night.
        changes: against the last night's; None where there is none.
        place: where its commands are typed.
    """
    return "".join(f"{line}\n" for line in _lines(in_sections(verdict, changes, place)))


def _lines(whole: VerdictSections) -> Iterator[str]:
    yield as_text(whole.first)
    yield as_text(whole.counts)
    folded = 1 if whole.folded else 0
    for section in fitted(whole.sections, MOST_LINES - 2 - folded):
        yield f"{section.title}:"
        for line, below in section.blocks:
            yield f"  {as_text(line)}"
            yield from (f"      {as_text(each)}" for each in below)
        if section.left_out:
            yield f"  and {section.left_out} more"
    if whole.folded:
        yield f"Near misses and withdrawn suspects: {len(whole.folded)}; {VERDICT_FILE} has them."
