"""Suspects measured again on phones that other hosts lend: in sessions of all phones, which their hosts measure.

What a phone needs of the old side (file, program) its host has in its own cache, or gets from the farm's store, where
earlier nights and the driver put it. A host that cannot have it measures the new side alone, and says so.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from mbench.core.errors import MbenchError
from mbench.core.job_pairs import JobPair, Pairing
from mbench.core.nights.verdicts import Finding, Rerun
from mbench.core.ports import Progress, utc_now
from mbench.core.results import DevicePlan, Pass, Plan
from mbench.gate.confirm import REPEATS, Confirmation
from mbench.store.session import create_session
from mbench.store.session_store import SessionStore
from mbench.workflows.compare.rerun import RERUNS, rerun_jobs, rerun_rules, reruns_of, unknown_side
from mbench.workflows.gate.rerun_night import RerunNight
from mbench.workflows.gate.suspects import Deciding, Suspect, by_purpose
from mbench.workflows.run.plan import choose_canary, serial_part
from mbench.workflows.run.provenance import provenance

MeasureLent = Callable[[SessionStore, Sequence[DevicePlan], threading.Event], None]
"""Measures parts of a session on the hosts that lend their phones, and brings what comes of it into its folder."""

_LOOK_S: Final = 0.2

Round = Mapping[str, tuple[Sequence[Suspect], int]]
"""Suspects, and runs of either side, by the serial of their phone."""


def measure_lent_again(
    night: RerunNight, by_serial: Mapping[str, Sequence[Suspect]], measure: MeasureLent, progress: Progress
) -> list[tuple[Finding, Confirmation]]:
    """Measure suspects of lent phones again, and return what that says of each.

    Args:
        night: what they are measured in; its budget is that of each phone.
        by_serial: suspects by the serial of their phone.
        measure: measures parts of a session where their phones are.
        progress: reports what could not be measured.
    """
    purposes = {serial: by_purpose(suspects) for serial, suspects in by_serial.items()}
    decided: list[Deciding] = []
    with _until(night) as ended:
        try:
            for purpose in (Pass.LATENCY, Pass.MEMORY):
                found = {serial: each[purpose] for serial, each in purposes.items() if purpose in each}
                deciding = {serial: Deciding(suspects) for serial, suspects in found.items()}
                decided += deciding.values()
                _decide(night, deciding, measure, ended)
        except MbenchError as error:
            progress.note(f"measuring again ended early: {error}")
    return [each for one in decided for each in one.decided]


def _decide(night: RerunNight, deciding: Mapping[str, Deciding], measure: MeasureLent, ended: threading.Event) -> None:
    """Measure round by round, all phones at the same time, until all is decided or the budget has ended."""
    alone = {serial: (one.alone, REPEATS) for serial, one in deciding.items() if one.alone}
    _measure(night, alone, deciding, measure, ended)
    while not ended.is_set():
        found = {serial: one.next_round() for serial, one in deciding.items()}
        in_pairs = {serial: each for serial, each in found.items() if each[0]}
        if not in_pairs:
            return
        _measure(night, in_pairs, deciding, measure, ended)


def _measure(
    night: RerunNight,
    asked: Round,
    deciding: Mapping[str, Deciding],
    measure: MeasureLent,
    ended: threading.Event,
) -> None:
    """Measure one round, and decide by it; what hosts have sent when it ends early counts all the same."""
    if not asked or ended.is_set():
        return
    store = _session(night, asked)
    try:
        with store.lock():
            measure(store, store.plan.devices, ended)
    finally:
        _take(store, asked, deciding)


def _take(store: SessionStore, asked: Round, deciding: Mapping[str, Deciding]) -> None:
    found = reruns_of(store)
    suspects = [(serial, suspect) for serial, (of, _) in asked.items() for suspect in of]
    for (serial, suspect), rerun, reason in zip(suspects, found.cells, found.reasons, strict=True):
        measured: tuple[Suspect, Rerun, str | None] = (suspect, rerun, reason)
        deciding[serial].add([measured])


def _session(night: RerunNight, asked: Round) -> SessionStore:
    """Return a session of a round: a part for each phone, as the night planned it."""
    parts, pairs = list[DevicePlan](), list[JobPair]()
    for serial, (suspects, runs) in asked.items():
        planned = next(part for part in night.store.plan.devices if part.device.serial == serial)
        jobs, paired = rerun_jobs((each.what for each in suspects), lack=unknown_side, at=f"@{serial_part(serial)}")
        pairs += paired
        parts.append(
            DevicePlan(
                device=planned.device,
                binary=suspects[0].result.binary,
                rules=rerun_rules(planned.rules, runs, suspects[0].purpose),
                canary=choose_canary(jobs),
                canary_job=f"canary@{serial_part(serial)}",
                jobs=jobs,
            )
        )
    sessions = dict.fromkeys(
        each.before.session for suspects, _ in asked.values() for each in suspects if each.before is not None
    )
    created_at, made_by = utc_now(), provenance(night.command)
    return create_session(
        night.store.path.parent / RERUNS,
        device="night",
        what="rerun",
        now=created_at,
        plan_of=lambda session: Plan(
            session=session,
            created_at=created_at,
            provenance=made_by,
            devices=tuple(parts),
            pairing=Pairing(
                purpose="rerun", old_from=", ".join([*sessions][:3]) or "nothing earlier", pairs=tuple(pairs)
            ),
        ),
    )


@contextmanager
def _until(night: RerunNight) -> Iterator[threading.Event]:
    """Yield an event that is set when the budget, or the night, ends."""
    until, ended, over = night.clock.monotonic() + night.budget_s, threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if night.stop.is_set() or night.clock.monotonic() >= until:
                ended.set()
                return

    thread = threading.Thread(target=watch, name="budget of re-runs", daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()
