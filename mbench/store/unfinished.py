"""What is known of a planned job that has no document yet: derived on reading, never written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mbench.core.error_classes import BUILD
from mbench.core.results import JobResult, MeasuringRules, PartEnding, Plan, PlannedJob, Run, Status


def unfinished_job(
    plan: Plan, planned: PlannedJob, runs: Sequence[Run], *, holder: str | None, ending: PartEnding | None = None
) -> JobResult:
    """Return the result of a job that was never concluded, with the runs that it got so far.

    Args:
        plan: the session's plan.
        planned: the job.
        runs: its kept runs in order.
        holder: who drives the session right now; None where nobody does.
        ending: why the last attempt at its device's part did not get to its end; None where nothing is known of it.
    """
    part = plan.part_of(planned.id)
    build_failed = planned.build_error is not None
    return JobResult(
        session=plan.session,
        job=planned.id,
        workload=planned.workload,
        device=part.device,
        binary=part.binary_of(planned),
        rules=part.rules,
        provenance=plan.provenance,
        finished_at=_last_moment(plan, runs),
        status=Status.FAILED if build_failed else Status.ABORTED,
        error_class=planned.build_error_class or BUILD if build_failed else ending and ending.error_class,
        message=planned.build_error or _message(plan.session, part.rules, len(runs), holder, ending),
        runs=tuple(runs),
        scores=planned.scores,
    )


def _message(session: str, rules: MeasuringRules, count: int, holder: str | None, ending: PartEnding | None) -> str:
    least = rules.min_runs + rules.memory_runs + int(rules.profile_ops)
    progress = f"{count} of {least} runs" if count < least else f"{count} runs"
    if holder is not None and ending is None:
        return f"not finished: {progress} so far; {holder} is at work on it"
    resume = f"mbench run --resume {session} goes on"
    if ending is None:
        return f"interrupted after {progress}; {resume}"
    reason = ending.message.removeprefix(f"{ending.serial}: ").rstrip(".")
    return f"{reason}; ended after {progress}; {resume}"


def _last_moment(plan: Plan, runs: Sequence[Run]) -> datetime:
    return max((run.started_at + timedelta(seconds=run.wall_s) for run in runs), default=plan.created_at)
