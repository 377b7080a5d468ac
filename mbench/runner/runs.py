"""One run of benchmark_model on one device, from its request to its result; nothing in here is tried twice."""

import hashlib
import math
from dataclasses import dataclass

from mbench.core.error_classes import Failure
from mbench.core.errors import ArtifactError, RunFailed
from mbench.core.ports import Clock, Transport
from mbench.core.results import DelegateCoverage, MeasurementWarning, OperatorTime, Pass, Run, Status, WarningCode
from mbench.core.workloads import Workload
from mbench.runner.command import Command, RunPaths, command_of, settings_of
from mbench.runner.delegate_proof import delegate_doubts
from mbench.runner.device_run import (
    OUTPUT_FILE,
    PROFILE_FILE,
    RUNTIME_INFO_FILE,
    STDERR_FILE,
    STDOUT_FILE,
    Course,
    run_on_device,
)
from mbench.runner.evidence import Evidence, delegate_proof, find_failure, proved_delegates
from mbench.runner.instrument import Instrument
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText
from mbench.runner.output.protos import count_nodes, read_profile, read_runtime_info
from mbench.runner.script import deadline_s, init_allowance_s, late_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What one run shall be.

    Attributes:
        model: the artifact's absolute path on the device, where it has been pushed; its SHA-256 is proved.
        work_dir: a directory on the device for this run alone, absolute; it is made, and removed afterwards.
        cpus: cores to pin it to, None to leave it alone.
        builtin_accepted: whether a `cpu` row is right without XNNPACK, as int16x8 ones are.
        init_allowance_s: for loading and preparing the model, before the run counts as hanging; None: as its delegate
            needs.
        longest_s: after which it counts as hanging at the latest, where earlier ones show how long one takes.
        usual_s: what the longest such run took so far; None: there was none.
    """

    job: str
    workload: Workload
    purpose: Pass
    index: int
    block: int
    position: int
    model: str
    work_dir: str
    cpus: tuple[int, ...] | None = None
    builtin_accepted: bool = False
    init_allowance_s: float | None = None
    longest_s: float | None = None
    usual_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run.

    Attributes:
        run: its own `files` are empty: whoever stores the raw files names them there.
        files: raw bytes by name: `stdout.txt`, `stderr.txt`, `rt.pb`, `prof.pb` and `output.bin`, the last one holding
            the output tensors of the last inference.
        lasting: whether what failed it does not pass by waiting, so that another try would be in vain, or do harm.
    """

    run: Run
    files: dict[str, bytes]
    lasting: bool


def run_once(transport: Transport, clock: Clock, instrument: Instrument, request: RunRequest) -> Outcome:
    """Run the program once; return what came of it.

    Raises:
        UsageError: the program lacks a flag that the run needs.
        ArtifactError: the workload's artifact was never built. Everything else becomes a failed run.
    """
    paths = RunPaths(work_dir=request.work_dir, model=request.model)
    command = command_of(request.workload, request.purpose, paths, instrument)
    settings = settings_of(request.workload.settings, request.purpose)
    allowance_s = request.init_allowance_s
    if allowance_s is None:
        allowance_s = init_allowance_s(request.workload.delegate)
    course = run_on_device(
        transport,
        clock,
        command,
        paths,
        hashes=_hashes(instrument, request),
        environment=dict(instrument.environment),
        cpus=request.cpus,
        deadline_s=min(
            deadline_s(settings, init_allowance_s=allowance_s),
            math.inf if request.longest_s is None else request.longest_s,
        ),
        late_s=late_s(settings, usual_s=request.usual_s),
    )
    run = _result(instrument, request, command, paths, course)
    return Outcome(run=run, files=course.files, lasting=course.failure is not None and course.failure.lasting)


def _hashes(instrument: Instrument, request: RunRequest) -> dict[str, str]:
    artifact = request.workload.artifact
    if artifact.sha256 is None:
        raise ArtifactError(f"{artifact.name} was not built, so it cannot be run; see why its build failed.")
    paths = RunPaths(work_dir=request.work_dir, model=request.model)
    hashes = {request.model: artifact.sha256}
    hashes |= {paths.values(each): each for one in request.workload.inputs if (each := one.values_sha256) is not None}
    if instrument.path is not None:
        hashes[instrument.path] = instrument.sha256
    return hashes | dict(instrument.companions)


def _result(instrument: Instrument, request: RunRequest, command: Command, paths: RunPaths, course: Course) -> Run:
    """Return everything that the files say, accepted or not."""
    files = course.files
    parsed = parse_text(_text(files, STDOUT_FILE), _text(files, STDERR_FILE), exit_code=course.exit_code)
    info, operators, unreadable = _protos(files, parsed)
    counted = all(warning.code is not WarningCode.NODES_UNKNOWN for warning in parsed.warnings)
    stored = {paths.runtime_info: RUNTIME_INFO_FILE, paths.profile: PROFILE_FILE, paths.output: OUTPUT_FILE}
    evidence = Evidence(
        workload=request.workload,
        tool=instrument.tool,
        parsed=parsed,
        exit_code=course.exit_code,
        command=command,
        graph=paths.model,
        runtime_info=info,
        cpus=request.cpus,
        affinity=course.affinity,
        sizes={path: len(files[stored[path]]) if stored[path] in files else None for path in command.writes},
        proofs=course.proofs,
        output=paths.output,
        nodes=count_nodes(files[RUNTIME_INFO_FILE]) if info is not None and counted else None,
        builtin_accepted=request.builtin_accepted,
    )
    failure = course.failure or find_failure(evidence) or unreadable
    proof = delegate_proof(evidence)
    doubts = () if failure else delegate_doubts(proof)
    output = files.get(OUTPUT_FILE)
    return Run(
        job=request.job,
        purpose=request.purpose,
        index=request.index,
        block=request.block,
        position=request.position,
        started_at=course.started_at,
        wall_s=course.wall_s,
        cpu_s=course.cpu_s,
        argv=command.argv,
        exit_code=course.exit_code,
        status=Status.OK if failure is None else Status.FAILED,
        error_class=failure.error_class if failure else None,
        message=failure.message if failure else None,
        warmup=parsed.warmup,
        measured=parsed.measured,
        init_us=parsed.init_us,
        first_us=parsed.first_us,
        memory=parsed.memory,
        delegates=tuple(
            each if counted else each.model_copy(update={"total": None}) for each in proved_delegates(evidence)
        ),
        nodes=evidence.nodes,
        gpu_api=proof.gpu_api,
        operators=operators,
        parameters=parsed.parameters,
        cpus=course.affinity,
        output_sha256=hashlib.sha256(output).hexdigest() if output else None,
        warnings=(*parsed.warnings, *_missing_memory(request.purpose, parsed), *doubts),
    )


def _protos(
    files: dict[str, bytes], parsed: ParsedText
) -> tuple[tuple[DelegateCoverage, ...] | None, tuple[OperatorTime, ...] | None, Failure | None]:
    """Return the delegates and operators that the proto files show, and why one of them cannot be read."""
    info: tuple[DelegateCoverage, ...] | None = None
    operators: tuple[OperatorTime, ...] | None = None
    try:
        if data := files.get(RUNTIME_INFO_FILE):
            info = read_runtime_info(data)
        if (data := files.get(PROFILE_FILE)) and parsed.measured is not None:
            operators = read_profile(data, runs=parsed.measured.count).operators
    except RunFailed as error:
        return info, operators, Failure(error.error_class, str(error))
    return info, operators, None


def _missing_memory(purpose: Pass, parsed: ParsedText) -> tuple[MeasurementWarning, ...]:
    if purpose is not Pass.MEMORY or parsed.memory is not None or parsed.status is not Status.OK:
        return ()
    return (
        MeasurementWarning(
            code=WarningCode.NO_MEMORY,
            message="the program prints no memory on this device",
            advice="benchmark_model reads memory on Linux, Android and macOS only.",
        ),
    )


def _text(files: dict[str, bytes], name: str) -> str:
    return files.get(name, b"").decode("utf-8", "replace")
