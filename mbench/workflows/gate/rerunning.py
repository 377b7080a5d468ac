"""Suspects, and growths of memory, measured again: old files and new ones in turn on the phone that found them.

Phones measure side by side, each within the same budget; a phone that fails takes no other along, and its suspects stay
what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import fmean
from typing import Final

from mbench.core.errors import MbenchError, PartInterrupted
from mbench.core.nights.verdict_document import KeptDecision
from mbench.core.nights.verdicts import Decision, Finding, NightVerdict
from mbench.core.ports import Progress
from mbench.gate.common_cause import decide_alike
from mbench.gate.confirm import REPEATS, Confirmation
from mbench.gate.plan import plan_reruns
from mbench.gate.settled import is_measured_again
from mbench.report.render.number_format import count_of
from mbench.store.session_store import SessionStore
from mbench.workflows.compare.rerun import RerunRequest, lack, measure_again, reruns_of, unknown_side
from mbench.workflows.devices.device import Device
from mbench.workflows.gate.cells import MeasuredCells
from mbench.workflows.gate.rerun_night import RerunNight
from mbench.workflows.gate.rerunning_lent import MeasureLent, measure_lent_again
from mbench.workflows.gate.suspects import Deciding, Suspect, by_purpose, purpose_of, suspects_of
from mbench.workflows.run.find_devices import find_devices

_UNKNOWN_PAIR_S: Final = 30.0
"""Of a cell whose runs say nothing of their duration."""


def measure_suspects_again(
    night: RerunNight, verdict: NightVerdict, *, progress: Progress, lent: MeasureLent | None = None
) -> tuple[KeptDecision, ...]:
    """Measure the suspects of a verdict again, and return what that decided.

    Args:
        night: what they are measured in.
        verdict: before.
        progress: reports how far it is, and what could not be measured.
        lent: measures on phones that other hosts lend; None: all are this host's.
    """
    plan = plan_reruns(verdict.findings, budget_s=night.budget_s, pair_s=partial(_pair_s, night.measured))
    if plan.left_out:
        progress.note(
            f"{count_of(len(plan.left_out), 'suspect')} not measured again: the budget, {night.budget_s:.0f} s a "
            "phone, holds no more"
        )
    if not plan.reruns:
        return ()
    lacking = lack if lent is None else unknown_side
    by_serial = suspects_of(plan.reruns, night.measured, night.earlier, lacking)
    progress.note(
        f"measuring {count_of(len(plan.reruns), 'suspect')} again on {count_of(len(by_serial), 'device')}, "
        "old files and new ones in turn"
    )
    if lent is None:
        decided = _on_all(night, by_serial, progress)
    else:
        decided = measure_lent_again(night, by_serial, lent, progress)
    session = night.store.plan.session
    decisions = [_numberless(finding, confirmation) for finding, confirmation in decided]
    alike = decide_alike(verdict.findings, decisions)
    since_of = {(one.cell, one.kind): one.since for one in verdict.findings if is_measured_again(one)}
    return tuple(
        KeptDecision(
            cell=one.cell,
            since=since_of[one.cell, one.kind],
            night=session,
            standing=one.standing,
            rerun=one.rerun,
            because=one.because,
            kind=one.kind,
        )
        for one in alike
    )


def _numberless(finding: Finding, confirmation: Confirmation) -> Decision:
    """Return a decision whose nights have no index yet: they are kept by name."""
    return Decision(
        cell=finding.cell,
        since=0,
        night=0,
        standing=confirmation.standing,
        rerun=confirmation.rerun,
        because=confirmation.because,
        kind=finding.kind,
    )


def _on_all(
    night: RerunNight, by_serial: Mapping[str, Sequence[Suspect]], progress: Progress
) -> list[tuple[Finding, Confirmation]]:
    profiles = [suspects[0].result.device.profile for suspects in by_serial.values()]
    decided: list[tuple[Finding, Confirmation]] = []
    try:
        with find_devices(profiles, night.adb_servers) as devices, ThreadPoolExecutor(len(by_serial)) as pool:
            bars = {serial: progress.of(serial) if len(by_serial) > 1 else progress for serial in by_serial}
            found = {
                serial: pool.submit(
                    _on_device,
                    night,
                    partial(devices.of_plan, night.store.plan, serial, binary=night.binary),
                    suspects,
                    bars[serial],
                )
                for serial, suspects in by_serial.items()
            }
            try:
                for each in found.values():
                    decided += each.result()
            except BaseException:
                night.stop.set()  # the others end after the run at hand
                raise
    except MbenchError as error:
        progress.note(f"suspects could not be measured again: {error}")
    return decided


def _on_device(
    night: RerunNight, device_of: Callable[[], Device], suspects: Sequence[Suspect], progress: Progress
) -> list[tuple[Finding, Confirmation]]:
    """Measure one device's suspects again: first as many pairs as a clear case needs, then the others to their end."""
    until = night.clock.monotonic() + night.budget_s
    decidings = [Deciding(each) for each in by_purpose(suspects).values()]
    try:
        for deciding in decidings:
            if deciding.alone:
                _measure(night, device_of(), deciding, deciding.alone, REPEATS, until, progress)
            while not _over(night, until) and (round_of := deciding.next_round())[0]:
                _measure(night, device_of(), deciding, *round_of, until, progress)
    except MbenchError as error:
        progress.note(f"measuring again ended early: {error}")
    return [each for deciding in decidings for each in deciding.decided]


def _over(night: RerunNight, until: float) -> bool:
    return night.stop.is_set() or night.clock.monotonic() >= until


def _measure(
    night: RerunNight,
    device: Device,
    deciding: Deciding,
    suspects: Sequence[Suspect],
    pairs: int,
    until: float,
    progress: Progress,
) -> None:
    """Measure some pairs of each suspect, and decide by them: by what there is, where it ends early.

    Raises:
        MbenchError: the device could not be measured to the end.
    """
    first = suspects[0]
    rules = night.store.plan.part_of(first.result.job).rules
    sessions = list(dict.fromkeys(each.before.session for each in suspects if each.before is not None))
    request = RerunRequest(
        cells=tuple(each.what for each in suspects),
        rules=rules,
        old_from=", ".join(sessions[:3]) or "nothing earlier",
        pairs=pairs,
        binary_sha256=first.result.binary.sha256,
        purpose=first.purpose,
        results=night.store.path.parent,
        command=night.command,
    )
    begun: list[SessionStore] = []
    try:
        measure_again(
            device,
            request,
            progress=progress,
            started=begun.append,
            stop_requested=lambda: _over(night, until),
        )
    except PartInterrupted:
        pass  # the night or the budget has ended
    finally:
        if begun:
            found = reruns_of(begun[0])
            deciding.add(zip(suspects, found.cells, found.reasons, strict=False))


def _pair_s(measured: MeasuredCells, finding: Finding) -> float:
    """Return what a run of the old file and one of the new are expected to take, by tonight's runs."""
    result, purpose = measured.of(finding.cell), purpose_of(finding)
    walls = [] if result is None else [run.wall_s for run in result.runs if run.purpose is purpose]
    return 2 * fmean(walls) if walls else _UNKNOWN_PAIR_S
