"""Concluding a night: a document for every cell, also where it has no number, and how the night ended."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from mbench.core.conclusions import conclude as conclude_job
from mbench.core.conclusions import latency_samples_us
from mbench.core.ends import NO_NUMBER, OWN_FAULT, code_of
from mbench.core.error_classes import BUDGET, ENVIRONMENT
from mbench.core.nights.nights import Ending, Night, NightEnd
from mbench.core.results import JobResult, MeasurementWarning, Status, WarningCode
from mbench.store.nights import is_cancelled, save_end
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.user_profile import user_profile
from mbench.workflows.run.measure_loop import agreement_db


def leave_out(store: SessionStore, night: Night, *, now: datetime) -> None:
    """Write the documents of the jobs that a night's window is not expected to hold.

    Raises:
        StoreError: one could not be written.
    """
    for result in store.results():
        if result.job in night.left_out and store.result(result.job) is None:
            _save_missing(store, result, _left_out_message(night, result.job), at=now)


def _left_out_message(night: Night, job: str) -> str:
    window_s, expected_s = (night.until - night.begun_at).total_seconds(), night.expected_s.get(job)
    if expected_s is not None and expected_s > window_s:
        return (
            f"it takes {expected_s:.0f} s by earlier nights, and the whole window has {window_s:.0f} s: make the "
            "window longer, or its runs fewer"
        )
    expected = "" if expected_s is None else f", {expected_s:.0f} s by earlier nights,"
    return (
        f"the night's window was not expected to hold it{expected} beside the other cells of its device; it comes "
        "first in the next night"
    )


def conclude(store: SessionStore, night: Night, *, now: datetime, why: str | None = None) -> NightEnd:
    """Write a document for every cell that has none, and how the night ended; nothing is measured after that.

    Args:
        store: the night's session.
        night: the night.
        now: aware.
        why: the night ends before its window does, as a clause; None: it was cancelled, or its time is over.

    Raises:
        StoreError: something could not be written.
    """
    cancelled = is_cancelled(store.path)
    for result in store.results():
        if store.result(result.job) is not None:
            continue
        measured = _measured_so_far(store, result, now)
        if measured is not None:
            store.save_job(measured)
        else:
            _save_missing(store, result, _message(store, night, result, now, cancelled=cancelled, why=why), at=now)
    results = store.results()
    codes = [code_of(result) for result in results]
    missing = codes.count(NO_NUMBER)
    partial = Ending.PARTIAL if missing else Ending.COMPLETE
    end = NightEnd(
        session=night.session,
        ended_at=now,
        end=Ending.CANCELLED if cancelled and missing else partial,
        planned=len(results),
        measured=sum(result.status is Status.OK for result in results),
        failed=codes.count(OWN_FAULT),
        missing=missing,
    )
    save_end(store.path, end)
    return end


def _measured_so_far(store: SessionStore, result: JobResult, now: datetime) -> JobResult | None:
    """Return the document of a cell that has as many good runs as its rules want at least, None of any other.

    More would have narrowed its interval, for which there was no time.
    """
    part = store.plan.part_of(result.job)
    samples = latency_samples_us(result.runs)
    if len(samples) < part.rules.min_runs or any(run.status is not Status.OK for run in result.runs):
        return None
    job = next(job for job in part.jobs if job.id == result.job)
    concluded = conclude_job(
        store.plan,
        part,
        job,
        result.runs,
        canary=store.runs(part.canary_job),
        busy_limit=user_profile(part.device.profile).limits.busy_share,
        agreement_db=agreement_db(part, job, store),
        tried_before=store.tried_before(result.job),
        finished_at=now,
    )
    limited = MeasurementWarning(
        code=WarningCode.TIME_LIMITED, message=f"the night ended after {len(samples)} runs, before it needed no more"
    )
    return concluded.model_copy(update={"warnings": (*concluded.warnings, limited)})


def _message(
    store: SessionStore, night: Night, result: JobResult, now: datetime, *, cancelled: bool, why: str | None
) -> str:
    """Return why a cell has no number: its device's reason, else the night's end."""
    runs = len(result.runs)
    ending = store.ending(result.device.serial)
    if ending is not None:
        reason = ending.message.removeprefix(f"{ending.serial}: ").rstrip(".")
    elif cancelled:
        reason = "the night was cancelled"
    elif why is not None and now < night.until:
        reason = why
    elif now >= night.until:
        reason = f"the night's window ended at {night.until:%H:%M} UTC"
    else:
        reason = "the night was ended"
    return f"{reason}; ended after {runs} runs" if runs else reason


def _save_missing(store: SessionStore, derived: JobResult, message: str, *, at: datetime) -> None:
    """Keep a cell without a number: what was derived of it, as `skipped`, with why."""
    ending = store.ending(derived.device.serial)
    known = ending.error_class or ENVIRONMENT if ending is not None else None
    store.save_job(
        derived.model_copy(
            update={
                "status": Status.SKIPPED,
                "error_class": known or BUDGET,
                "message": message,
                "finished_at": at,
            }
        )
    )


def reasons(results: Iterable[JobResult]) -> Mapping[str, tuple[JobResult, ...]]:
    """Return the cells without a number by why, the most frequent reason first."""
    found: dict[str, list[JobResult]] = {}
    for result in results:
        if code_of(result) == NO_NUMBER:
            found.setdefault(result.message or str(result.error_class or result.status), []).append(result)
    return {reason: tuple(cells) for reason, cells in sorted(found.items(), key=lambda each: -len(each[1]))}
