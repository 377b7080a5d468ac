"""Annotations of a GitHub job: lines of its log that GitHub shows at the top of a run and beside a pull request."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from mbench.core.nights.verdicts import FindingClass, NightVerdict, Standing
from mbench.report.verdicts.groups import Group, by_reason, by_workload
from mbench.report.verdicts.pieces import Line, as_text
from mbench.report.verdicts.sentences import details, reason, summary

MOST_OF_A_KIND: Final = 10
"""GitHub shows so many errors, warnings and notices of a step, and drops the others without a word."""

Kind = Literal["error", "warning", "notice"]


def annotations(verdict: NightVerdict) -> str:
    """Return workflow commands, one a line, the worst of a kind first; nothing where there is nothing to say.

    Errors are regressions and failures, warnings what is not sure or has no number, notices improvements.
    """
    findings = [finding for finding in verdict.findings if finding.accepted is None]
    failed = [each for each in findings if each.kind is FindingClass.FAILED]
    unmeasured = [each for each in findings if each.kind in {FindingClass.LAB, FindingClass.MISSING}]
    better = [each for each in findings if each.kind is FindingClass.IMPROVED]
    sorted_out = {id(each) for each in (*failed, *unmeasured, *better, *verdict.alarms)}
    unsure = [each for each in findings if id(each) not in sorted_out and each.standing is not Standing.WITHDRAWN]
    errors = [*map(_finding, by_workload(verdict.alarms)), *map(_reason, by_reason(failed))]
    warnings = [*map(_reason, by_reason(unmeasured)), *map(_finding, by_workload(unsure))]
    notices = [*map(_finding, by_workload(better))]
    return "".join((*_commands("error", errors), *_commands("warning", warnings), *_commands("notice", notices)))


def _finding(group: Group) -> tuple[str, Line]:
    below = details(group)[:1]
    return f"{group.worst.kind} {group.worst.standing}".replace("_", " "), (
        *summary(group),
        *(("; ", *below[0]) if below else ()),
    )


def _reason(group: Group) -> tuple[str, Line]:
    return str(group.worst.kind), reason(group)


def _commands(kind: Kind, found: Sequence[tuple[str, Line]]) -> Iterator[str]:
    shown = found if len(found) <= MOST_OF_A_KIND else found[: MOST_OF_A_KIND - 1]
    for title, line in shown:
        yield f"::{kind} title={_property(f'mbench: {title}')}::{_data(as_text(line))}\n"
    if len(shown) < len(found):
        yield f"::{kind} title=mbench::and {len(found) - len(shown)} more\n"


def _data(text: str) -> str:
    """Return a command's message (actions/toolkit, `packages/core/src/command.ts`, `escapeData`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return a command's property (likewise, `escapeProperty`)."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
