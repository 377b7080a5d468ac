"""One example answered by a process that is looked at as closely as a latency run: the evidence for a whole shard."""

from collections.abc import Mapping
from dataclasses import dataclass

from mbench.core.error_classes import DELEGATE, ENVIRONMENT, IO, LAUNCH, MODEL, TIMEOUT, TRANSPORT, USAGE, Failure
from mbench.core.errors import RunFailed
from mbench.core.workloads import Workload
from mbench.runner.command import Command, RunPaths
from mbench.runner.device_run import OUTPUT_FILE, RUNTIME_INFO_FILE, STDERR_FILE, STDOUT_FILE, Course
from mbench.runner.device_scoring.script import ANSWERED, NO_TEXT, delegated_nodes
from mbench.runner.evidence import Evidence, find_failure
from mbench.runner.instrument import Tool
from mbench.runner.output.exit_status import SIGKILL_STATUS
from mbench.runner.output.parse import parse_text
from mbench.runner.output.protos import count_nodes, read_runtime_info

_WHOLE = frozenset({LAUNCH, USAGE, MODEL, DELEGATE, ENVIRONMENT, TRANSPORT})
"""Failures that no other example would escape; a crash, a hang or a failed inference may be the example's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What the process that was looked at shows.

    Attributes:
        status: `ANSWERED`, or why its example has no answer, in the words of `shards_script`.
        answer: the bytes of its outputs; empty without an answer.
        failure: what is wrong with it; None with an answer.
        delegated: the nodes that were delegated, as `delegated_nodes` says it.
        files: its raw files by name.
        wall_s: that it took, with the way to the device.
    """

    status: str
    answer: bytes
    failure: Failure | None
    delegated: str
    files: Mapping[str, bytes]
    wall_s: float


def prove(
    course: Course,
    command: Command,
    paths: RunPaths,
    workload: Workload,
    *,
    tool: Tool,
    cpus: tuple[int, ...] | None,
    answer_bytes: int,
    builtin_accepted: bool,
) -> Proven:
    """Evaluate the process that was looked at.

    Raises:
        RunFailed: no process would do better: another delegate ran, the command line was not taken, the program did not
            start, a file is another one.
    """
    files = course.files
    stdout, stderr = (files.get(name, b"").decode("utf-8", "replace") for name in (STDOUT_FILE, STDERR_FILE))
    stored = {paths.output: OUTPUT_FILE, paths.runtime_info: RUNTIME_INFO_FILE}
    info = files.get(RUNTIME_INFO_FILE)
    failure = course.failure or find_failure(
        Evidence(
            workload=workload,
            tool=tool,
            parsed=parse_text(stdout, stderr, exit_code=course.exit_code),
            exit_code=course.exit_code,
            command=command,
            graph=paths.model,
            runtime_info=read_runtime_info(info) if info else None,
            cpus=cpus,
            affinity=course.affinity,
            sizes={path: len(files[stored[path]]) if stored[path] in files else None for path in command.writes},
            proofs=course.proofs,
            nodes=count_nodes(info) if info else None,
            builtin_accepted=builtin_accepted,
        )
    )
    if failure is not None and (
        failure.error_class in _WHOLE or (course.exit_code is None and failure.error_class != TIMEOUT)
    ):
        raise RunFailed(failure.message, error_class=failure.error_class)
    answer = files.get(OUTPUT_FILE, b"")
    status = ANSWERED
    if course.exit_code != 0:
        status = str(SIGKILL_STATUS if course.exit_code is None else course.exit_code)
    elif len(answer) != answer_bytes:
        status = f"size:{len(answer)}"
        failure = Failure(IO, f"its outputs have {len(answer)} bytes, not the model's {answer_bytes}")
    elif failure is not None:
        status = NO_TEXT
    return Proven(
        status=status,
        answer=answer if status == ANSWERED else b"",
        failure=failure,
        delegated=delegated_nodes(stderr),
        files=files,
        wall_s=course.wall_s,
    )
