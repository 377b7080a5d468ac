"""What a night came to, in a few lines: the verdict on its completeness first, then what is missing and why."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mbench.core.ends import NO_NUMBER, OWN_FAULT, code_of
from mbench.core.nights.nights import Night, NightEnd
from mbench.core.nights.verdicts import FindingClass, NightVerdict
from mbench.core.results import JobResult
from mbench.workflows.nightly.conclude import reasons
from mbench.workflows.nightly.past import lasting_name

if TYPE_CHECKING:
    from mbench.core.results import DevicePlan
    from mbench.workflows.nightly.plan_night import PlannedNight

WORSE: Final = 1
"""Exit code of a regression that is certain or confirmed, and that nobody accepted."""

MOST_NAMED: Final = 5
"""Cells or devices that a line names."""


def summary_lines(night: Night, end: NightEnd | None, results: Sequence[JobResult]) -> Iterator[str]:
    """Yield how a night ended, what never began before it, and each reason why cells have no number.

    Args:
        night: the night.
        end: None where it goes on, or can be gone on with.
        results: of all its cells.
    """
    yield f"Night of {night.date} · {night.farm} ({night.project}, {night.branch}): {end.end if end else 'not ended'}"
    codes = [code_of(result) for result in results]
    missing, failed = codes.count(NO_NUMBER), codes.count(OWN_FAULT)
    measured = len(codes) - missing - failed
    yield f"{len(codes)} cells: {measured} measured, {failed} failed, {missing} missing."
    if night.missed:
        yield f"No night began on {', '.join(map(str, night.missed))}, although one was due."
    for reason, cells in reasons(results).items():
        yield f"Missing: {_cells(night, cells)}: {reason.rstrip('.')}."


def _cells(night: Night, cells: Sequence[JobResult]) -> str:
    """Return which cells they are: of a device all that it was to measure, or by their names."""
    devices = list(dict.fromkeys(result.device.serial for result in cells))
    names = list(dict.fromkeys(lasting_name(result, night.names) for result in cells))
    return f"{_counted(names, 'workload')} on {_counted(devices, 'device')}"


def _counted(names: Sequence[str], what: str) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{len(names)} {what}s ({', '.join(names[:MOST_NAMED])}, …)"


def exit_codes(
    results: Sequence[JobResult], *, interrupted: bool, verdict: NightVerdict | None = None, unjudged: bool = False
) -> tuple[int, ...]:
    """Return all exit codes that apply to a night, the one that it ends with first; 0 alone where all is well.

    A failure that is accepted counts as well: nothing is said of it, so that a code would be a riddle.

    Args:
        results: of all its cells.
        interrupted: whether it can be gone on with.
        verdict: None where it was not judged.
        unjudged: whether it should have been judged and could not be.
    """
    codes = [code_of(result) for result in results]
    found = () if verdict is None else verdict.findings
    meant = sum(one.kind is FindingClass.FAILED and one.accepted is not None for one in found)
    wanted = (
        (130, interrupted),
        (WORSE, verdict is not None and bool(verdict.alarms)),
        (OWN_FAULT, codes.count(OWN_FAULT) > meant),
        (NO_NUMBER, unjudged or NO_NUMBER in codes),
    )
    return tuple(code for code, applies in wanted if applies) or (0,)


def as_object(
    night: Night, end: NightEnd | None, rows: list[Any], codes: Sequence[int], *, path: str
) -> dict[str, Any]:
    """Return a night as a JSON object: its facts, how it ended, all exit codes that apply, and its rows.

    Args:
        night: the night.
        end: None where it has not ended.
        rows: as `mbench report --format json` prints them.
        codes: of `exit_codes`.
        path: of the session's folder.
    """
    facts = night.model_dump(mode="json", exclude={"format_version", "kind", "expected_s"})
    counts = {"ended_at", "planned", "measured", "failed", "missing"}
    ended = {} if end is None else end.model_dump(mode="json", include=counts)
    return {
        **facts,
        "end": None if end is None else str(end.end),
        **ended,
        "exit_codes": list(codes),
        "path": path,
        "rows": rows,
    }


def plan_lines(planned: "PlannedNight", night: Night) -> Iterator[str]:
    """Yield a night's plan: its window, and for each device its cells with what they are expected to take."""
    yield f"night of {night.date} of {night.farm} ({night.project}, {night.branch}), until {_moment(night.until)}"
    if night.missed:
        yield f"no night began on {', '.join(map(str, night.missed))}, although one was due"
    for each in planned.devices:
        part = each.part
        yield f"device {part.device.serial} ({part.device.profile}): {_minutes(planned, part)}"
        if each.unfit is not None:
            yield f"  cannot be used: {each.unfit}"
        for job in part.jobs:
            yield f"  {job.id}: {_expected(planned, job.id, job.build_error)}"
        for sentence in each.left_out:
            yield f"  note: {sentence}"


def _expected(planned: "PlannedNight", job: str, build_error: str | None) -> str:
    if build_error is not None:
        return f"failed: build: {build_error}"
    if job in planned.left_out:
        return "left out tonight: the window is not expected to hold it"
    if job in planned.expected_s:
        return f"{planned.expected_s[job]:.0f} s by earlier nights"
    return f"not measured before; some {planned.guessed_s[job]:.0f} s by its settings"


def _minutes(planned: "PlannedNight", part: "DevicePlan") -> str:
    some = "some " if any(job.id in planned.guessed_s for job in part.jobs) else ""
    return f"{len(part.jobs)} cells, {some}{planned.seconds(part) / 60:.1f} min"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M %Z}"
