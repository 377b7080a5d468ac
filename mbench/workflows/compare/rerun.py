"""Suspects measured again: new files and old ones in turn, on the same device, in a session of their own.

Nothing here judges: what is returned are the numbers, with the session in which the runs are kept. It uses the plan and
the loop of every run, so that such a session is stored, and can be resumed, like any other.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.core.conclusions import block_pairs_kib, block_pairs_us, latency_samples_us, memory_samples_kib
from mbench.core.errors import OtherDevice
from mbench.core.job_pairs import OLD_JOB, JobPair, Pairing
from mbench.core.nights.verdicts import Rerun
from mbench.core.numbers.comparisons import ratio_of_pairs
from mbench.core.ports import Progress, utc_now
from mbench.core.results import BinaryFacts, DevicePlan, JobResult, MeasuringRules, Pass, Plan, PlannedJob, Status
from mbench.core.workloads import ArtifactFacts, Workload
from mbench.store.session import create_session, open_session
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.device import Device
from mbench.workflows.devices.planned_program import OURS, is_kept
from mbench.workflows.home import home
from mbench.workflows.run.measuring_rules import wanted_settings
from mbench.workflows.run.one_device import NEVER
from mbench.workflows.run.plan import choose_canary, job_name
from mbench.workflows.run.provenance import provenance
from mbench.workflows.run.session import measure_session

RERUNS: Final = "reruns"
"""Folder of such sessions below the results folder: no night, and never its latest session."""

PAIRS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunCell:
    """What is measured again.

    Attributes:
        new: the workload of tonight.
        old: the file that it is compared with, which may be the same; None: none is known.
        old_binary: the program that runs the old file; None: the same.
    """

    new: Workload
    old: ArtifactFacts | None
    old_binary: BinaryFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """What is measured again on one device.

    Attributes:
        cells: all of the device's suspects that are to be measured in one go.
        rules: the night's, of this device: pinning, clocks and seed are as they were.
        old_from: where the old files come from, such as a night's session.
        pairs: runs of either file; without the old file as many of the new one.
        binary_sha256: the program that must time both; None: whatever the device has.
        purpose: what is measured: latency, or the peak of memory.
        results: the results folder of the night.
        command: as provenance has it.
    """

    cells: tuple[RerunCell, ...]
    rules: MeasuringRules
    old_from: str
    pairs: int = PAIRS
    binary_sha256: str | None = None
    purpose: Pass = Pass.LATENCY
    results: Path
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reruns:
    """What became of it.

    Attributes:
        path: of the session.
        cells: in order of the request, each with the session as `mbench compare` takes it, `reruns/NAME`; without
            samples of the new file where it could not be measured.
        reasons: why a cell has no samples of the new file, or none of the old one; None of others.
    """

    path: Path
    cells: tuple[Rerun, ...]
    reasons: tuple[str | None, ...]


def measure_again(
    device: Device,
    request: RerunRequest,
    *,
    progress: Progress,
    started: Callable[[SessionStore], None] = lambda store: None,
    stop_requested: Callable[[], bool] = NEVER,
) -> Reruns:
    """Measure new and old files in turn on a device, and return the samples of the blocks in which both were timed.

    An old file, or program, that this host has no more is left out, and that is said.

    Args:
        device: on which the night measured them.
        request: what is measured.
        progress: reports how far it is.
        started: gets the session once it exists, for `go_on` where the call raises.
        stop_requested: asked before each run, such as whether a budget has ended.

    Raises:
        OtherDevice: the device has another program than must be used.
        PartInterrupted: a stop was requested; what was measured is kept.
        MbenchError: the device could not be measured; what was measured is kept, and can be resumed.
    """
    identity = device.identify(wanted=wanted_settings(request.rules), progress=progress)
    if request.binary_sha256 not in (None, identity.binary.sha256):
        raise OtherDevice(
            f"{identity.facts.serial}: the night was measured by benchmark program {request.binary_sha256}, here is "
            f"{identity.binary.sha256}: suspects are not measured again by another one."
        )
    jobs, pairs = rerun_jobs(request.cells, lack=lack)
    part = DevicePlan(
        device=identity.facts,
        binary=identity.binary,
        rules=rerun_rules(request.rules, request.pairs, request.purpose),
        canary=choose_canary(jobs),
        jobs=jobs,
    )
    created_at, made_by = utc_now(), provenance(request.command)
    store = create_session(
        request.results / RERUNS,
        device=device.profile.name,
        what="rerun",
        now=created_at,
        plan_of=lambda session: Plan(
            session=session,
            created_at=created_at,
            provenance=made_by,
            devices=(part,),
            pairing=Pairing(purpose="rerun", old_from=request.old_from, pairs=pairs),
        ),
    )
    found, lacks = _measured(store, device, progress, started, stop_requested), map(lack, request.cells)
    alone = [None if why is None else f"{why}: the new one was measured again alone" for why in lacks]
    reasons = tuple(reason or why for reason, why in zip(found.reasons, alone, strict=True))
    return replace(found, reasons=reasons)


def go_on(path: Path, device: Device, *, progress: Progress, stop_requested: Callable[[], bool] = NEVER) -> Reruns:
    """Go on with such a session where it stopped, and return the same.

    Raises:
        MbenchError: as `measure_again`.
    """
    return _measured(open_session(path), device, progress, lambda store: None, stop_requested)


def reruns_of(store: SessionStore) -> Reruns:
    """Return what such a session has measured so far.

    Raises:
        StoreError: a document cannot be read.
    """
    results = {result.job: result for result in store.results()}
    pairing = store.plan.pairing
    old_of = {pair.new: pair.old for pair in pairing.pairs} if pairing else {}
    new = [result for job, result in results.items() if job not in old_of.values()]
    session = f"{RERUNS}/{store.plan.session}"
    made = [_rerun(result, results.get(old_of.get(result.job, "")), session) for result in new]
    return Reruns(path=store.path, cells=tuple(rerun for rerun, _ in made), reasons=tuple(reason for _, reason in made))


def _measured(
    store: SessionStore,
    device: Device,
    progress: Progress,
    started: Callable[[SessionStore], None],
    stop_requested: Callable[[], bool],
) -> Reruns:
    measure_session(store, lambda _: device, progress, started, stop_requested=stop_requested)
    return reruns_of(store)


def rerun_rules(rules: MeasuringRules, runs: int, purpose: Pass) -> MeasuringRules:
    """Return a night's rules of a device, with which so many runs of each job are made for one purpose.

    A job has at least one latency run: those of memory have one that nobody counts.
    """
    timed, peaks = (1, runs) if purpose is Pass.MEMORY else (runs, 0)
    changes = {"min_runs": timed, "max_runs": timed, "memory_runs": peaks, "profile_ops": False}
    return rules.model_copy(update=changes)


def rerun_jobs(
    cells: Iterable[RerunCell], *, lack: Callable[[RerunCell], str | None], at: str = ""
) -> tuple[tuple[PlannedJob, ...], tuple[JobPair, ...]]:
    """Return the jobs of cells, each new one with its old one behind it where that can be had, and which are pairs.

    Args:
        cells: what is measured.
        lack: says what of a cell's old side cannot be had.
        at: end of each name, which says the device where there are several.
    """
    jobs, pairs = list[PlannedJob](), list[JobPair]()
    for cell in cells:
        name = job_name(cell.new)
        new = PlannedJob(id=f"{name}{at}", workload=cell.new)
        jobs.append(new)
        if cell.old is None or lack(cell) is not None:
            continue
        workload = cell.new.model_copy(update={"artifact": cell.old})
        old = PlannedJob(id=f"{name}{OLD_JOB}{at}", workload=workload, binary=cell.old_binary)
        jobs.append(old)
        pairs.append(JobPair(old=old.id, new=new.id))
    return tuple(jobs), tuple(pairs)


def lack(cell: RerunCell) -> str | None:
    """Return what this host lacks to measure a cell's old side, in a clause; None where it has all of it."""
    if (why := unknown_side(cell)) is not None or cell.old is None or cell.old.sha256 is None:
        return why
    if ArtifactCache(home() / "cache").find_file(cell.old.sha256) is None:
        return f"the old file ({cell.old.sha256[:12]}) is not in the cache"
    if cell.old_binary is not None and not is_kept(cell.old_binary):
        return f"the old benchmark program ({cell.old_binary.sha256[:12]}) is kept no more"
    return None


def unknown_side(cell: RerunCell) -> str | None:
    """Return why no host at all can measure a cell's old side, in a clause; None where one may."""
    if cell.old is None or cell.old.sha256 is None:
        return "no earlier file is known"
    if cell.old_binary is not None and cell.old_binary.tool == OURS:
        return f"the old benchmark program was hostbench of another mbench ({cell.old_binary.sha256[:12]})"
    return None


def _rerun(new: JobResult, old: JobResult | None, session: str) -> tuple[Rerun, str | None]:
    """Return a cell's samples, and why it has not those of both files."""
    memory = new.rules.memory_runs > 0  # which a re-run of latency has none of
    before: tuple[float, ...]
    if old is None or old.status is Status.SKIPPED:
        before = ()
        after = tuple(memory_samples_kib(new.runs) if memory else latency_samples_us(new.runs))
        p_value, reason = None, new.message or (None if old is None else old.message)
    else:
        blocks = block_pairs_kib(old.runs, new.runs) if memory else block_pairs_us(old.runs, new.runs)
        before, after = tuple(each for each, _ in blocks), tuple(each for _, each in blocks)
        ratio = ratio_of_pairs(blocks)
        p_value, reason = None if ratio is None else ratio.p_value, new.message or old.message
    rerun = Rerun(old_us=before, new_us=after, p_value=p_value, session=session)
    if memory:
        rerun = replace(rerun, old_us=(), new_us=(), old_kib=before, new_kib=after)
    return rerun, reason
