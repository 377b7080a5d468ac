"""What is known of a planned job that has no document yet: derived on reading, never written."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mbench.core.error_classes import BUILD
from mbench.core.results import JobResult, MeasuringRules, Plan, PlannedJob, Run, Status


def unfinished_job(plan: Plan, planned: PlannedJob, runs: Sequence[Run], *, holder: str | None) -> JobResult:
    """Return the result of a job that was never concluded, with the runs that it got so far.

    Args:
        plan: the session's plan.
        planned: the job.
        runs: its kept runs in order.
        holder: who drives the session right now; None where nobody does.
    """
    part = plan.part_of(planned.id)
    build_failed = planned.build_error is not None
    return JobResult(
        session=plan.session,
        job=planned.id,
        workload=planned.workload,
        device=part.device,
        binary=part.binary,
        rules=part.rules,
        provenance=plan.provenance,
        finished_at=_last_moment(plan, runs),
        status=Status.FAILED if build_failed else Status.ABORTED,
        error_class=BUILD if build_failed else None,
        message=planned.build_error or _message(plan.session, part.rules, len(runs), holder),
        runs=tuple(runs),
        scores=planned.scores,
    )


def _message(session: str, rules: MeasuringRules, count: int, holder: str | None) -> str:
    least = rules.min_runs + rules.memory_runs + int(rules.profile_ops)
    progress = f"{count} of {least} runs" if count < least else f"{count} runs"
    if holder is not None:
        return f"not finished: {progress} so far; {holder} is at work on it"
    return f"interrupted after {progress}; mbench run --resume {session} goes on"


def _last_moment(plan: Plan, runs: Sequence[Run]) -> datetime:
    return max((run.started_at + timedelta(seconds=run.wall_s) for run in runs), default=plan.created_at)
