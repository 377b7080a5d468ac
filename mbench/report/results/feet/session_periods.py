"""Which sessions were measured in several periods, and from when to when each was."""

from collections.abc import Iterator, Sequence

from mbench.core.results import JobResult
from mbench.report.results.conditions.periods import Span, joined_spans, listed, moment_text, pause_text
from mbench.report.results.rows.run_facts import periods


def period_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield a line for each session of these results that was measured in several periods: from when to when each."""
    sessions: dict[str, list[Span]] = {}
    for result in results:
        sessions.setdefault(result.session, []).extend(periods(result))
    for session, found in sessions.items():
        spans = joined_spans(found)  # of each job's periods: those of all runs
        if len(spans) > 1:
            said = listed([f"{moment_text(began_at)} to {moment_text(ended_at)}" for began_at, ended_at in spans])
            apart = f"{len(spans)} periods, {pause_text(spans)} apart"
            yield f"Session {session} was measured in {apart}: {said} (UTC)."
