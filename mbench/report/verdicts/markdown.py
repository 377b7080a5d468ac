"""A verdict as markdown: for a job's summary, and for a comment that is updated night by night."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.nights.verdict_changes import VerdictChanges
from mbench.core.nights.verdicts import NightVerdict
from mbench.report.verdicts.commands import HERE, CommandPlace
from mbench.report.verdicts.fitting import ShownSection, fitted
from mbench.report.verdicts.pieces import Line, as_markdown
from mbench.report.verdicts.sections import VerdictSections, in_sections

MOST_LINES: Final = 40
"""Of what is not folded."""

COMMENT_CHARACTERS: Final = 65_536
"""GitHub refuses a comment that is as long as this, or longer."""

SUMMARY_BYTES: Final = 1 << 20
"""GitHub refuses the summary of a step that is larger than 1 MiB."""

_SUMMARY_LINES: Final = 2_000
"""Of a job's summary, where everything can be looked up."""


def verdict_markdown(verdict: NightVerdict, changes: VerdictChanges | None = None, place: CommandPlace = HERE) -> str:
    """Return a verdict as markdown, at most 40 lines before what is folded; ends with a newline."""
    return _document(in_sections(verdict, changes, place), most_lines=MOST_LINES, most_bytes=COMMENT_CHARACTERS - 1)


def job_summary(verdict: NightVerdict, changes: VerdictChanges | None = None, place: CommandPlace = HERE) -> str:
    """Return what is appended to `$GITHUB_STEP_SUMMARY`: all there is to say, in less than 1 MiB."""
    return _document(
        in_sections(verdict, changes, place), most_lines=_SUMMARY_LINES, most_bytes=SUMMARY_BYTES - 1, unbounded=True
    )


def comment_body(verdict: NightVerdict, changes: VerdictChanges | None = None, place: CommandPlace = HERE) -> str:
    """Return the body of a comment, fewer than 65,536 characters, with the mark by which it is found again."""
    mark = comment_mark(verdict.project, verdict.branch)
    room = COMMENT_CHARACTERS - 1 - len(mark) - 1
    return f"{mark}\n{_document(in_sections(verdict, changes, place), most_lines=MOST_LINES, most_bytes=room)}"


def comment_mark(project: str, branch: str) -> str:
    """Return the hidden line that a project's and branch's comment begins with; equal every night."""
    name = re.sub(r"[^A-Za-z0-9._/+]+", "-", f"{project} {branch}")[:200]
    return f"<!-- mbench verdict {name.strip('-')} -->"


def _document(whole: VerdictSections, *, most_lines: int, most_bytes: int, unbounded: bool = False) -> str:
    """Return the text; where it is too large, with half of the lines, and so on: no line is cut, none says a lie."""
    folded_lines = len(whole.folded)
    while True:
        text = "\n".join(_lines(whole, most_lines, folded_lines, unbounded=unbounded)) + "\n"
        if len(text.encode("utf-8")) <= most_bytes or (most_lines <= 2 and not folded_lines):
            return text
        if folded_lines:
            folded_lines //= 2
        else:
            most_lines //= 2


def _lines(whole: VerdictSections, most_lines: int, folded_lines: int, *, unbounded: bool) -> Iterator[str]:
    yield f"**{as_markdown(whole.first)}**"
    yield ""
    yield as_markdown(whole.counts)
    yield ""
    for section in fitted(whole.sections, most_lines - 5, unbounded=unbounded):
        yield from _section(section)
    if whole.folded:
        yield ""
        yield from _details(whole.folded, folded_lines)


def _section(section: ShownSection) -> Iterator[str]:
    yield f"- **{section.title}**"
    for line, below in section.blocks:
        yield f"  - {as_markdown(line)}"
        yield from (f"    - {as_markdown(each)}" for each in below)
    if section.left_out:
        yield f"  - and {section.left_out} more"


def _details(folded: Sequence[Line], shown: int) -> Iterator[str]:
    yield f"<details><summary>Near misses and withdrawn suspects: {len(folded)}</summary>"
    yield ""
    yield from (f"- {as_markdown(line)}" for line in folded[:shown])
    if shown < len(folded):
        yield f"- and {len(folded) - shown} more"
    yield ""
    yield "</details>"
