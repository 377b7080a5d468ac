"""Running: `mbench run`, from what was typed to a session folder whose every job has its document."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType

from mbench.core.errors import LostFile, MbenchError, StoreError, UsageError
from mbench.core.job_pairs import Pairing
from mbench.core.ports import Progress, utc_now
from mbench.core.results import JobResult, Plan, PlannedJob, Status
from mbench.files.scratch import sweep
from mbench.report.results.report import report_markdown
from mbench.store.session import create_session, find_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.build.gather_artifacts import gather
from mbench.workflows.build.selection import Selection
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import Device
from mbench.workflows.run.find_devices import find_devices
from mbench.workflows.run.foreign_code import refuse_foreign_delegates, refuse_foreign_metric, refuse_other_binary
from mbench.workflows.run.late_devices import identify_late
from mbench.workflows.run.make_plan import PlannedDevice, make_plan
from mbench.workflows.run.many_devices import measure_parts
from mbench.workflows.run.one_device import NEVER, DeviceOf, note_ending, refuse_lost_files
from mbench.workflows.run.provenance import provenance
from mbench.workflows.run.request import RunRequest, expand_request

Started = Callable[[SessionStore], None]

Shown = Callable[[str], None]
"""Shows a table, as markdown, of what has been measured so far."""


def _nowhere(_: str) -> None:
    """Show nothing."""


def run(request: RunRequest, *, progress: Progress, started: Started, shown: Shown = _nowhere) -> SessionStore:
    """Find the devices, build what is missing, plan, measure, and return the finished session.

    Args:
        request: what was typed.
        progress: reports how far it is.
        started: gets the session once it exists.
        shown: shows the table of the devices that have ended, while a few others hold them up.

    Raises:
        MbenchError: nothing could be measured. A job that fails is no error here: it has its document.
    """
    _refuse_place(request.predictions)
    expanded = expand_request(request, progress)
    build = partial(gather, workers=request.workers, progress=progress, asked=request.inputs)
    with find_devices(request.devices, request.adb_servers, wait_s=request.wait_s) as devices:
        chosen = devices.choose(request)
        spares = partial(devices.spares, request, chosen)
        planned = make_plan(expanded, chosen, build, learn=True, progress=progress, spares=spares).devices
        for said in expanded.old.notes([each.part for each in planned]) if expanded.old else ():
            progress.note(said)
        created_at, made_by = utc_now(), provenance(request.command, label=request.label)
        store = create_session(
            request.results,
            device="-".join(dict.fromkeys(each.device.profile.name for each in planned)),
            what=request.title or _what(request.selection),
            now=created_at,
            plan_of=lambda session: Plan(
                session=session,
                created_at=created_at,
                provenance=made_by,
                devices=tuple(each.part for each in planned),
                question=request.accuracy.spec if request.accuracy else None,
                ask_devices=request.accuracy is not None and "device" in request.accuracy.places,
                keep_predictions=request.predictions is not None,
                pairing=None
                if expanded.old is None
                else Pairing(
                    purpose="against",
                    old_from=expanded.old.source,
                    pairs=tuple(pair for each in planned for pair in each.pairs),
                ),
                names=_lasting_names(request, planned),
            ),
        )
        if expanded.scoring is not None:
            store.save_examples(expanded.scoring.listed_examples())
            for name, text in expanded.scoring.predictions().items():
                store.save_predictions("host", name, text)
        by_serial = {each.part.device.serial: each.device for each in planned}
        unfit = {each.part.device.serial: each.unfit for each in planned if each.unfit is not None}
        with _predicted(store, request.predictions):
            measure_session(store, by_serial.__getitem__, progress, started, unfit=unfit, shown=shown)
    return store


def resume(
    name: str | None,
    *,
    results: Path,
    adb_servers: Sequence[str],
    progress: Progress,
    started: Started,
    wait_s: float | None = None,
    binary: Path | None = None,
    delegates: str | None = None,
    metric: str | None = None,
    failed: bool = False,
    predictions: Path | None = None,
    shown: Shown = _nowhere,
) -> SessionStore:
    """Go on with a session where it stopped: nothing is measured twice.

    The folder may be anybody's: what is kept in it is compared with its plan, and code that the plan names is started
    only where it is named here too (`mbench.workflows.run.foreign_code`).

    Args:
        name: of the session; None: the latest.
        results: the results folder.
        adb_servers: the servers to ask; none: the user's own.
        progress: reports how far it is.
        started: gets the session once it is opened.
        wait_s: seconds that a phone which is lost is waited for; None: as its profile says.
        binary: the user's own benchmark_model that the session was begun with.
        delegates: those of the plan that are loaded from a path, as `--delegate` takes them.
        metric: that of the plan, which judges devices' answers.
        failed: whether failed jobs are tried again; else it is noted that they are left.
        predictions: CSV file for what each file answers to each example, of a session that keeps it; None: none.
        shown: as of `run`.

    Raises:
        MbenchError: the device, the program or a file is not the one that the session was begun with.
    """
    store = open_session(find_session(results, name))
    store.refuse_other_runs()
    _refuse_place(predictions)
    if predictions is not None and not store.plan.keep_predictions:
        raise UsageError(
            f"session {store.plan.session} was begun without --predictions and keeps no answers; start a new run."
        )
    refuse_foreign_delegates(store, delegates)
    refuse_foreign_metric(store, metric)
    refuse_other_binary(store, binary)
    _refuse_without_files(store, again=failed)
    profiles = [part.device.profile for part in store.plan.devices]
    with find_devices(profiles, adb_servers, wait_s=wait_s) as devices:
        late = identify_late(store, devices, binary=binary, progress=progress)
        store = late.store

        def device_of(serial: str) -> Device:
            return late.devices.get(serial) or devices.of_plan(store.plan, serial, binary=binary)

        first = partial(_failed_jobs, store, progress, again=failed)
        with _predicted(store, predictions):
            measure_session(store, device_of, progress, started, unfit=late.unfit, first=first, shown=shown)
    return store


def _refuse_without_files(store: SessionStore, *, again: bool) -> None:
    """Refuse to go on where no device has all files of what it is to measure; failed jobs then stay as they are.

    Raises:
        LostFile: it names what is gone.
    """
    refused: list[LostFile] = []
    for part in store.plan.devices:
        jobs = [job for job in part.jobs if (result := store.result(job.id)) is None or (again and _able(job, result))]
        try:
            refuse_lost_files(store.plan.session, jobs)
        except LostFile as error:
            refused.append(error)
        else:
            if jobs:
                return
    if refused:
        raise refused[0]


def _able(job: PlannedJob, result: JobResult) -> bool:
    """Whether a job failed and may be tried again; what has no file stays without."""
    return result.status is Status.FAILED and job.build_error is None


def _failed_jobs(store: SessionStore, progress: Progress, *, again: bool) -> None:
    """Let the failed jobs of a session be tried again, or note that they are left; what has no file stays without."""
    store.finish_setting_aside()
    results = [result for result in store.results() if result.status is Status.FAILED]
    unbuilt = {job.id for job in store.plan.jobs if job.build_error is not None}
    able = [result.job for result in results if result.job not in unbuilt]
    if again:
        for job in able:
            store.set_aside(job)
    elif able:
        progress.note(f"{len(able)} failed jobs are left as they are; beside --resume, --failed tries them again.")
    if left := len(results) - len(able):
        progress.note(f"{left} jobs whose files could not be built are left as they are; start a new run for them.")


def keep_or_drop(store: SessionStore) -> bool:
    """Return whether a session holds anything that was measured; one that does not is removed."""
    if store.has_runs():
        return True
    with suppress(OSError):  # one that cannot be removed holds nothing that anybody would miss
        shutil.rmtree(store.path)
    return False


def measure_session(
    store: SessionStore,
    device_of: DeviceOf,
    progress: Progress,
    started: Started,
    *,
    unfit: Mapping[str, MbenchError] = MappingProxyType({}),
    first: Callable[[], None] = lambda: None,
    shown: Shown = _nowhere,
    stop_requested: Callable[[], bool] = NEVER,
) -> None:
    """Measure what is left of every part, and keep the table, however that ends.

    Args:
        store: the session.
        device_of: leads from a serial to the device.
        progress: reports how far it is.
        started: gets the session once it has begun.
        unfit: why devices cannot be used, by serial; they are not tried.
        first: done before anything is measured, by the one who drives the session.
        shown: as of `run`.
        stop_requested: asked before each run, of a session on one device.

    Raises:
        MbenchError: one device only, and it could not be measured.
    """
    sweep()
    with store.lock(), _reported(store):
        first()
        for serial, error in unfit.items():
            note_ending(store, serial, error, SystemClock())
        started(store)
        so_far = partial(_show_so_far, progress=progress, shown=shown)
        measure_parts(store, device_of, progress=progress, without=unfit, so_far=so_far, stop_requested=stop_requested)
        if store.plan.ask_devices:
            from mbench.workflows.run.device_score import forget_answers

            forget_answers(store.plan.session)


def _show_so_far(store: SessionStore, waited_for: Sequence[str], *, progress: Progress, shown: Shown) -> None:
    """Show, and keep, the table of the devices that have ended; the others are named."""
    progress.note(f"still at work: {', '.join(waited_for)}; the others' table so far:")
    with suppress(StoreError):  # the end of the session says what is wrong with the disk
        done = tuple(result for result in store.results() if result.device.serial not in waited_for)
        table = report_markdown(done)
        store.save_report(table)
        shown(table)


@contextmanager
def _reported(store: SessionStore) -> Iterator[None]:
    """Keep the table beside the results, however measuring ends; a disk that is full then has its own error already."""
    try:
        yield
    except BaseException:
        with suppress(StoreError):
            store.save_report(report_markdown(store.results()))
        raise
    store.save_report(report_markdown(store.results()))


@contextmanager
def _predicted(store: SessionStore, path: Path | None) -> Iterator[None]:
    """Write what files answered, however the block, which measures, ends; its own error goes before one of writing."""
    if path is None:
        yield
        return
    from mbench.workflows.score.predictions import (  # a run without a data set needs none of it
        joined,
        write_predictions,
    )

    try:
        yield
    except BaseException:
        with suppress(StoreError):
            write_predictions(path, joined([*store.predictions().values()]))
        raise
    write_predictions(path, joined([*store.predictions().values()]))


def _refuse_place(predictions: Path | None) -> None:
    """Refuse a file where predictions would replace something else, before anything is measured.

    Raises:
        UsageError: it says what is there.
    """
    if predictions is None:
        return
    if str(predictions) == "-":
        raise UsageError("--predictions - is of mbench evaluate: stdout has the table of a run; name a file.")
    from mbench.workflows.score.predictions import refuse_place

    refuse_place(predictions)


def _lasting_names(request: RunRequest, planned: Sequence[PlannedDevice]) -> dict[str, str]:
    """Return the names that last of the user's own files, by job."""
    return {
        job.id: request.names[one.file]
        for each in planned
        for one, job in zip(each.candidates, each.part.jobs, strict=True)
        if one.file is not None and one.file in request.names
    }


def _what(selection: Selection) -> str:
    axes = [sweep.partition("=")[0] for sweep in selection.sweeps]
    return "-".join(axes) or ("model" if selection.files else "run")
