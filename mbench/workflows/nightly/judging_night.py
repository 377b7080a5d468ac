"""A night's verdict: judged by its project's past, suspects measured again while the window lasts, outputs written."""

import shlex
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from mbench.core.errors import MbenchError
from mbench.core.nights.nights import Night
from mbench.core.nights.verdict_document import KeptDecision
from mbench.core.nights.verdicts import NightVerdict
from mbench.core.ports import Progress
from mbench.core.results import DevicePlan, JobResult, Status
from mbench.gate.settled import is_measured_again
from mbench.report.exports.cell_rows import cell_rows
from mbench.report.exports.otava import NightRows
from mbench.report.verdicts.commands import CommandPlace
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.own_programs import keep_own_program
from mbench.workflows.devices.planned_program import OURS
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.gate.command_place import command_place
from mbench.workflows.gate.judging import GateRequest, Judgement
from mbench.workflows.gate.night_gate import Judged, cells_of, judge_stored, pin_good_files
from mbench.workflows.gate.old_files import EarlierResults
from mbench.workflows.gate.rerun_night import RerunNight
from mbench.workflows.gate.rerunning import measure_suspects_again
from mbench.workflows.gate.stored import night_of
from mbench.workflows.nightly.attempts import NightRequest
from mbench.workflows.nightly.earlier_rows import earlier_rows
from mbench.workflows.nightly.farm_file import FarmFile, Hosts
from mbench.workflows.nightly.lent_phones import measure_lent
from mbench.workflows.nightly.night_page import PageRequest, night_page_of
from mbench.workflows.nightly.outputs import JudgedNight, remove_outputs, write_outputs
from mbench.workflows.nightly.summary import exit_codes


def gate_request(file: FarmFile, session: str) -> GateRequest:
    """Return how a farm file wants a session of its project to be judged."""
    return GateRequest(
        root=file.results,
        session=session,
        accepted=file.resolved(file.farm.gate.accepted),
        renamed=file.farm.renamed,
        against=file.farm.gate.against,
    )


def place_of(
    file: FarmFile, verdict: NightVerdict, measured: MeasuredCells, *, session: str | None = None
) -> CommandPlace:
    """Return where the commands of a verdict on a session of a farm file are typed."""
    return command_place(
        verdict,
        measured,
        root=file.results,
        farm=file.path,
        project=file.farm.project,
        branch=file.farm.branch,
        accepted=file.resolved(file.farm.gate.accepted),
        session=session,
        lent=file.farm.hosts is not None,
    )


def judge_or_note(
    request: NightRequest, store: SessionStore, night: Night, stop: threading.Event | None, progress: Progress
) -> Judged | None:
    """Judge a concluded night as `judge_night` does; None where that failed, which is noted and loses nothing."""
    try:
        return judge_night(request, store, night, stop, progress)
    except MbenchError as error:
        again = shlex.join(["mbench", "gate", night.session, "--farm", str(request.file.path)])
        progress.note(f"the night was not judged to its end: {str(error).rstrip('.')}. Once that is mended: {again}")
        return None


def judge_night(
    request: NightRequest, store: SessionStore, night: Night, stop: threading.Event | None, progress: Progress
) -> Judged:
    """Judge a concluded night, and write what the farm file names.

    Args:
        request: what `mbench nightly` was asked for.
        store: of the night.
        night: the night.
        stop: set where the night is to end; None: nothing is measured again.
        progress: reports how far it is, and what could not be measured again.

    Raises:
        MbenchError: it could not be judged, or its outputs not be written; what was measured is kept.
    """
    file = request.file
    remove_outputs(file.farm.outputs, resolved=file.resolved)
    wanted = gate_request(file, night.session)
    results = store.results()
    judged = judge_stored(
        wanted,
        store,
        codes=lambda verdict: exit_codes(results, interrupted=False, verdict=verdict),
        again=None if stop is None else partial(_again, request, store, night, stop, progress),
        progress=progress,
    )
    try:
        pin_good_files(judged, store, cells_of(wanted, store), owner=file.name)
        _keep_program(file, results)
    except MbenchError as error:
        progress.note(f"the files of this night are not kept out of reach of the cache's quota: {error}")
    judged = replace(judged, place=place_of(file, judged.verdict, cells_of(wanted, store)))
    for path in write_judged(judged, store, file, note=progress.note):
        progress.note(f"wrote {path}")
    return judged


def _keep_program(file: FarmFile, results: Iterable[JobResult]) -> None:
    """Keep the user's own program that a night was measured by: a later night's is compared with it.

    Raises:
        DiskError: it could not be kept.
    """
    program = file.farm.program.binary
    if program is None:
        return
    for sha256 in {one.binary.sha256 for one in results if one.status is Status.OK and one.binary.tool != OURS}:
        keep_own_program(file.resolved(program), sha256)


def write_judged(
    judged: Judged, store: SessionStore, file: FarmFile, *, note: Callable[[str], None]
) -> tuple[str, ...]:
    """Write a judged session to the files that a farm file names, and return them.

    Args:
        judged: the session.
        store: of it.
        file: the farm file.
        note: gets what of earlier nights could not be read.

    Raises:
        DiskError: one could not be written; those before it are.
        StoreError: the session's documents cannot be read.
    """
    verdict, stored = judged.verdict, night_of(store.path)
    names: Mapping[str, str] = store.plan.names if stored is None else stored.night.names
    rows = cell_rows(
        store.results(), project=verdict.project, branch=verdict.branch, names=names, renamed=file.farm.renamed
    )
    earlier: tuple[NightRows, ...] = ()
    if file.farm.outputs.otava is not None:
        earlier = earlier_rows(file.results, verdict.night, rows, file.farm.renamed, note=note)
    asked = PageRequest(
        root=file.results, file=file, options=("--farm", str(file.path)), hide_serials=file.farm.outputs.hide_serials
    )
    night = JudgedNight(
        verdict=verdict,
        changes=judged.changes,
        rows=rows,
        earlier=earlier,
        place=judged.place,
        page=lambda: night_page_of(judged, store, asked, note=note),
    )
    return tuple(map(str, write_outputs(file.farm.outputs, night, resolved=file.resolved)))


def _again(
    request: NightRequest,
    store: SessionStore,
    night: Night,
    stop: threading.Event,
    progress: Progress,
    measured: MeasuredCells,
    judgement: Judgement,
) -> tuple[KeptDecision, ...]:
    """Measure a night's suspects again in what is left of its window, within the budget."""
    file, clock = request.file, request.clock
    suspects = [one for one in judgement.verdict.findings if is_measured_again(one) and one.accepted is None]
    if not suspects:
        return ()
    window_s, left_s = (night.until - night.begun_at).total_seconds(), (night.until - clock.now()).total_seconds()
    program = file.farm.program.binary
    rerun = RerunNight(
        store=store,
        measured=measured,
        earlier=EarlierResults(file.results, judgement.nights, measured, progress.note),
        budget_s=max(0.0, min(file.farm.gate.budget_s(window_s), left_s)),
        adb_servers=request.adb_servers,
        binary=None if program is None else file.resolved(program),
        command=request.command,
        stop=stop,
        clock=clock,
    )
    lent = None if file.farm.hosts is None else partial(_measure_lent, file, file.farm.hosts, progress)
    return measure_suspects_again(rerun, judgement.verdict, progress=progress, lent=lent)


def _measure_lent(
    file: FarmFile,
    hosts: Hosts,
    progress: Progress,
    store: SessionStore,
    parts: Sequence[DevicePlan],
    stop: threading.Event,
) -> None:
    """Measure parts of a session of re-runs on the hosts that lend their phones."""

    def expected_s(part: DevicePlan) -> float:
        return float(len(part.jobs) * part.rules.min_runs)  # they all begin at once: an order is enough

    measure_lent(file, hosts, store, parts, expected_s, progress=progress, stop=stop)
