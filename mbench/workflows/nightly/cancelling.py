"""`mbench farm cancel`: an end to a night that goes on, or that nobody drives any more."""

import sys
from dataclasses import dataclass

from mbench.core.errors import MbenchError
from mbench.core.ports import Clock, Progress
from mbench.report.results.report import report_markdown
from mbench.store.nights import StoredNight, ask_to_cancel, driver_of, driving, list_nights, shown_results
from mbench.store.session import open_session
from mbench.workflows.nightly.after import run_after
from mbench.workflows.nightly.attempts import NightRequest
from mbench.workflows.nightly.conclude import conclude
from mbench.workflows.nightly.farm_file import FarmFile
from mbench.workflows.nightly.judging_night import judge_or_note
from mbench.workflows.nightly.lent_phones import send
from mbench.workflows.nightly.night import EndedNight


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What became of a wish to cancel.

    Attributes:
        message: a line that says so.
        failed: why the user's command at the end did not end well; None where it did, or was not run here.
    """

    message: str
    failed: str | None = None


def cancel(file: FarmFile, *, clock: Clock, progress: Progress) -> Cancelled:
    """End the night of a farm file that goes on, or was interrupted.

    One that nobody drives is concluded here, as its driver would have: documents, table, store, and the user's command.

    Raises:
        StoreError: it cannot be read, or the wish not be written.
    """
    going = [one for one in list_nights(file.results, file.name) if one.end is None]
    if not going:
        return Cancelled(message=f"{file.name}: no night goes on.")
    night = going[-1]
    ask_to_cancel(night.path)
    if (driver := driver_of(file.results, file.name)) is not None:
        return Cancelled(message=f"{file.name}: {driver} ends the night of {night.night.date} after the runs at hand.")
    with driving(file.results, file.name):
        return _concluded(file, night, clock, progress)


def _concluded(file: FarmFile, night: StoredNight, clock: Clock, progress: Progress) -> Cancelled:
    store = open_session(night.path)
    with store.lock():
        end = conclude(store, night.night, now=clock.now())
        store.save_report(report_markdown(shown_results(store)))
        request = NightRequest(file=file, command=("mbench", *sys.argv[1:]), clock=clock)
        judged = judge_or_note(request, store, night.night, None, progress)
    if file.farm.hosts is not None:
        try:
            send(file, file.farm.hosts, store)
        except MbenchError as error:  # the night itself is well, and its documents are here
            progress.note(f"after the night: {error}")
    failed = None
    if file.farm.after is not None:
        ended = EndedNight(store=store, night=night.night, end=end, judged=judged)
        code = ended.exit_codes[0]
        failed = run_after(file.farm.after, ended, exit_code=code, folder=file.path.resolve().parent)
    return Cancelled(
        message=f"{file.name}: the night of {night.night.date} is {end.end}; {end.missing} of {end.planned} cells are "
        "missing.",
        failed=failed,
    )
