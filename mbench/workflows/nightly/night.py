"""A night: planned whole, measured until its window ends, and concluded with a document for every cell."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from mbench import __version__
from mbench.core.errors import MbenchError, NoDevice, StoreError, TransportError, UsageError
from mbench.core.nights.nights import Night, NightEnd
from mbench.core.ports import Clock, Progress
from mbench.core.results import DevicePlan, Plan
from mbench.devices.android.settings import Wanted
from mbench.files.scratch import sweep
from mbench.report.results.report import report_markdown
from mbench.store.nights import StoredNight, driving, is_cancelled, list_nights, read_night, save_night, shown_results
from mbench.store.session import create_session, open_session
from mbench.store.session_store import SessionStore
from mbench.store.verdicts import VERDICT_FILE
from mbench.workflows.gate.night_gate import Judged
from mbench.workflows.nightly.asked import FarmRequest, expand_farm
from mbench.workflows.nightly.attempts import Attempts, NightRequest, until_end
from mbench.workflows.nightly.conclude import conclude, leave_out
from mbench.workflows.nightly.farm_file import FarmFile, local_date, zone_name
from mbench.workflows.nightly.health import NightHealth, left_out
from mbench.workflows.nightly.judging_night import judge_or_note
from mbench.workflows.nightly.lent_health import end_lent
from mbench.workflows.nightly.lent_phones import lent_phones
from mbench.workflows.nightly.past import EarlierNights, earlier_nights
from mbench.workflows.nightly.plan_night import Phones, PlannedNight, plan_night
from mbench.workflows.nightly.retention import prune
from mbench.workflows.nightly.said_once import SaidOnce
from mbench.workflows.nightly.summary import exit_codes
from mbench.workflows.nightly.windows import missed_dates, window_end
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.one_device import note_ending
from mbench.workflows.run.provenance import provenance

Started = Callable[[SessionStore, Night], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedNight:
    """A night that is over, or was interrupted.

    Attributes:
        end: None where it was interrupted before its window ended; the same command goes on with it.
        judged: what it is judged to be; None where it was interrupted, or could not be judged.
    """

    store: SessionStore
    night: Night
    end: NightEnd | None
    judged: Judged | None = None

    @property
    def exit_codes(self) -> tuple[int, ...]:
        """All that apply, the one to end with first; a night that could not be judged is not well."""
        verdict = None if self.judged is None else self.judged.verdict
        unjudged = self.end is not None and self.judged is None
        return exit_codes(self.store.results(), interrupted=self.end is None, verdict=verdict, unjudged=unjudged)


def run_night(request: NightRequest, *, progress: Progress, started: Started) -> EndedNight:
    """Begin tonight's night, or go on with it, and return it when it has ended.

    A night of the same farm file that was never concluded is gone on with while its window lasts, and concluded where
    that is over, or where another version of mbench began it.

    Args:
        request: what was asked for.
        progress: reports how far it is.
        started: gets the night once its plan is kept, or it is gone on with.

    Raises:
        KeyboardInterrupt: after every device has ended the run at hand; the night is not concluded.
        MbenchError: nothing could be planned. A device that fails is no error here: its cells say so.
    """
    file, clock = request.file, request.clock
    with driving(file.results, file.name):
        sweep()
        for left in _unconcluded(file):
            store = open_session(left.path)
            other = _begun_by_another(store)
            if clock.now() < left.night.until and not is_cancelled(left.path) and other is None:
                progress.note(f"going on with the night of {left.night.date}, session {left.night.session}")
                if left.night.farm_sha256 != file.sha256:
                    progress.note(
                        f"{file.path} was changed since that night began: it goes on as it was planned, and the next "
                        "night is of the file as it is now"
                    )
                return _measured(request, store, left.night, {}, progress, started)
            with store.lock():
                end = conclude(store, left.night, now=clock.now(), why=other)
                _save_table(store)
                judge_or_note(request, store, left.night, None, progress)
            if other is not None:
                progress.note(other)
            progress.note(f"the night of {left.night.date} had not been concluded: it is {end.end}")
        _judge_left(request, progress)
        farm = expand_farm(
            file,
            command=request.command,
            adb_servers=request.adb_servers,
            workers=request.workers,
            progress=progress,
        )
        past = earlier_nights(file)
        try:
            with _planned(request, farm, past, progress, learn=True) as (planned, night):
                store, night = _created(request, farm, night, planned.parts)
        except (NoDevice, TransportError) as error:
            if not past.nights:
                raise
            progress.note(str(error))
            return _without_devices(request, farm, past, error, progress, started)
        _note_plan(planned, night, progress)
        with store.lock():
            leave_out(store, night, now=clock.now())
        return _measured(request, store, night, planned.unfit, progress, started)


def _judge_left(request: NightRequest, progress: Progress) -> None:
    """Judge the last night where its driver was killed after it had ended: later nights need its verdict."""
    for last in list_nights(request.file.results, request.file.name)[-1:]:
        if last.end is not None and not os.path.lexists(last.path / VERDICT_FILE):
            store = open_session(last.path)
            with store.lock():
                judge_or_note(request, store, last.night, None, progress)


def _begun_by_another(store: SessionStore) -> str | None:
    """Return that another mbench began a night, as a clause; None: this one did. Runs of two are never one cell's."""
    theirs = store.plan.provenance.mbench
    if theirs == __version__:
        return None
    return f"it was begun by mbench {theirs}, and mbench {__version__} does not go on with it but begins a night anew"


def _without_devices(
    request: NightRequest,
    farm: FarmRequest,
    past: EarlierNights,
    error: MbenchError,
    progress: Progress,
    started: Started,
) -> EndedNight:
    """Begin a night in which no device can be used, so that it is no hole in the record: it is planned as the last one.

    Its devices are tried again as those of every night are.
    """
    last = past.nights[-1]
    parts = open_session(last.path).plan.devices
    night = _night(request, past, last.night.phones).model_copy(update={"names": last.night.names})
    store, night = _created(request, farm, night, parts)
    return _measured(request, store, night, {part.device.serial: error for part in parts}, progress, started)


@contextmanager
def planned_night(request: NightRequest, *, progress: Progress) -> Iterator[tuple[PlannedNight, Night]]:
    """Yield tonight's plan without writing anything; see `mbench nightly --dry-run`.

    Raises:
        MbenchError: nothing could be planned.
    """
    farm = expand_farm(
        request.file,
        command=request.command,
        adb_servers=request.adb_servers,
        workers=request.workers,
        progress=progress,
    )
    past = earlier_nights(request.file)
    with _planned(request, farm, past, progress, learn=False) as found:
        yield found


@contextmanager
def _planned(
    request: NightRequest, farm: FarmRequest, past: EarlierNights, progress: Progress, *, learn: bool
) -> Iterator[tuple[PlannedNight, Night]]:
    """Yield the plan of a night, and the night as it is kept but for its session's name, while devices are attached."""
    lent = request.file.farm.hosts is not None  # then their hosts say which are left out
    with _phones(request, only_look=not learn) as devices:
        begun = _night(request, past, {})
        planned = plan_night(
            farm,
            devices,
            past,
            now=begun.begun_at,
            until=begun.until,
            left_out=_nobody if lent else partial(left_out, clock=request.clock, note=progress.note),
            learn=learn,
            progress=progress,
        )
        changes = {
            "phones": dict(planned.phones),
            "names": dict(planned.names),
            "expected_s": dict(planned.expected_s),
            "left_out": planned.left_out,
        }
        yield planned, begun.model_copy(update=changes)


def _nobody(serials: Sequence[str]) -> Mapping[str, MbenchError]:
    return {}


@contextmanager
def _phones(request: NightRequest, *, only_look: bool) -> Iterator[Phones]:
    """Yield the phones that a night may have: this host's, or those that the hosts of its farm lend."""
    farm = request.file.farm
    if farm.hosts is not None:
        wanted = Wanted(fixed_performance=farm.settings.fixed_performance, governor=farm.settings.governor)
        with lent_phones(request.file, farm.hosts, wanted=wanted, only_look=only_look) as lent:
            yield lent
        return
    names = [group.device or group.profile or "" for group in farm.phones.values()]
    with find_devices(names, request.adb_servers) as devices:
        yield devices


def _night(request: NightRequest, past: EarlierNights, phones: Mapping[str, tuple[str, ...]]) -> Night:
    """Return a night that begins now, but for what its plan says."""
    file, window, begun_at = request.file, request.file.farm.window, request.clock.now()
    today = local_date(window, begun_at)
    return Night(
        session="unnamed",
        farm=file.name,
        project=file.farm.project,
        branch=file.farm.branch,
        date=today,
        zone=zone_name(window, begun_at),
        begun_at=begun_at,
        until=window_end(begun_at, until=window.until, hours=window.hours, zone=window.zone_info()),
        farm_sha256=file.sha256,
        phones=dict(phones),
        missed=missed_dates(past.last.date if past.last else None, today, due=file.farm.due),
    )


def _created(
    request: NightRequest, farm: FarmRequest, night: Night, parts: tuple[DevicePlan, ...]
) -> tuple[SessionStore, Night]:
    """Return the session of a night, with its plan and itself on the disk."""
    made_by = provenance(request.command, label=request.label)
    expanded = next(iter(farm.groups.values()))
    accuracy = expanded.request.accuracy
    store = create_session(
        request.file.results,
        device="night",
        what=request.file.name,
        now=night.begun_at,
        plan_of=lambda session: Plan(
            session=session,
            created_at=night.begun_at,
            provenance=made_by,
            devices=parts,
            question=accuracy.spec if accuracy else None,
            ask_devices=accuracy is not None and "device" in accuracy.places,
        ),
    )
    if expanded.scoring is not None:
        store.save_examples(expanded.scoring.listed_examples())
    night = night.model_copy(update={"session": store.plan.session})
    save_night(store.path, night)
    return store, night


def _measured(
    request: NightRequest,
    store: SessionStore,
    night: Night,
    unfit: Mapping[str, MbenchError],
    progress: Progress,
    started: Started,
) -> EndedNight:
    """Measure what is left of a night until its window ends, conclude it, and keep its table."""
    clock, progress = request.clock, SaidOnce(progress)
    with store.lock():
        try:
            for serial, error in unfit.items():
                note_ending(store, serial, error, clock)
            started(store, night)
            health = NightHealth(night, store, progress, clock)
            with until_end(night, store.path, clock) as stop:
                try:
                    Attempts(request, store, night, stop, health, progress).run(without=set(unfit))
                    end = conclude(store, night, now=clock.now())
                finally:
                    _save_table(store)
                judged = judge_or_note(request, store, night, stop, progress)
            _end_health(request, store, night, health, progress)
            _prune(request, progress)
        except KeyboardInterrupt:
            end = _concluded_all_the_same(store, night, clock, progress)
            judged = judge_or_note(request, store, night, None, progress)
    return EndedNight(store=store, night=night, end=end, judged=judged)


def _concluded_all_the_same(store: SessionStore, night: Night, clock: Clock, progress: Progress) -> NightEnd:
    """Return how a night that was interrupted ended, because it was over already.

    Raises:
        KeyboardInterrupt: it is not over, and can be gone on with.
    """
    end = read_night(store.path).end
    if end is None and clock.now() < night.until:
        raise KeyboardInterrupt
    if end is not None:
        progress.note("interrupted after the night had ended: its phones may not be checked, its past not be pruned")
    else:
        end = conclude(store, night, now=clock.now())
    _save_table(store)
    return end


def _prune(request: NightRequest, progress: Progress) -> None:
    """Remove what is not kept of earlier nights; the night itself is well whatever comes of that."""
    try:
        if (pruned := prune(request.file)) is not None:
            progress.note(pruned)
    except StoreError as error:
        progress.note(f"earlier nights were not pruned: {error}")


def _end_health(
    request: NightRequest, store: SessionStore, night: Night, health: NightHealth, progress: Progress
) -> None:
    """Read the phones once more, and count the night for or against each; it is well whatever comes of that."""
    names, hosts = [part.device.profile for part in store.plan.devices], request.file.farm.hosts
    try:
        if hosts is not None:  # their phones are their hosts' to check
            end_lent(request.file, hosts, store, night, excused=health.excused, progress=progress)
            return
        with find_devices(names, request.adb_servers) as devices:
            health.end(devices.fleet, store.results())
    except MbenchError as error:
        progress.note(f"after the night: {error}")


def _unconcluded(file: FarmFile) -> tuple[StoredNight, ...]:
    """Return the nights of a farm file that were never concluded.

    Raises:
        UsageError: one is of another project: two farm files of one name share a folder, or one was renamed.
    """
    found = tuple(one for one in list_nights(file.results, file.name) if one.end is None)
    for one in found:
        if one.night.project != file.farm.project:
            raise UsageError(
                f"{file.results} holds a night of another {file.name}, of project {one.night.project}, that goes on. "
                f"Give this farm file another name or results; or, where it was renamed, end that night: "
                f"mbench farm cancel {shlex.quote(str(file.path))}."
            )
    return found


def _note_plan(planned: PlannedNight, night: Night, progress: Progress) -> None:
    """Say what the plan leaves out, and which nights never began."""
    if night.missed:
        progress.note(f"no night began on {', '.join(map(str, night.missed))}, although one was due")
    if planned.left_out:
        progress.note(
            f"the window holds all but {len(planned.left_out)} cells, which come first in the next night: "
            f"{', '.join(planned.left_out)}"
        )
    longest = max(planned.devices, key=lambda each: planned.seconds(each.part))
    seconds = planned.seconds(longest.part)
    some = "some " if any(job.id in planned.guessed_s for job in longest.part.jobs) else ""
    ends = night.begun_at + timedelta(seconds=seconds)
    cells = sum(len(each.part.jobs) for each in planned.devices)
    progress.note(
        f"{_counted(len(planned.devices), 'device')}, {_counted(cells, 'cell')}; "
        f"the longest share takes {some}{seconds / 60:.1f} min, to {_local(ends)}; "
        f"the window ends at {_local(night.until)}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _local(at: datetime) -> str:
    return f"{at.astimezone():%H:%M}"


def _save_table(store: SessionStore) -> None:
    """Keep a night's table; on a disk that is full it is left out, which has its own error already."""
    with suppress(StoreError):
        store.save_report(report_markdown(shown_results(store)))
