"""One run as it happens on the device: proofs, script, files, proofs again, and the directory removed."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from mbench.core.error_classes import DELEGATE, ENVIRONMENT, TIMEOUT, TRANSPORT, Failure
from mbench.core.errors import ChangedFiles, CommandTimeout, MissingTool, NoSpace, TransportError
from mbench.core.ports import Clock, CommandResult, Transport
from mbench.core.processes.run_marks import marked
from mbench.runner import script
from mbench.runner.command import Command, RunPaths
from mbench.runner.evidence import Proof, changed
from mbench.runner.output.exit_status import SIGKILL_STATUS, TIMEOUT_STATUS, signal_end
from mbench.runner.output.lines import shortened

_LOG = logging.getLogger(__name__)

STDOUT_FILE = "stdout.txt"
STDERR_FILE = "stderr.txt"
RUNTIME_INFO_FILE = "rt.pb"
PROFILE_FILE = "prof.pb"
OUTPUT_FILE = "output.bin"

_TRANSPORT_MARGIN_S = 20.0
"""After the device's own deadline, for starting the script and for killing what is left."""
_SHORT_S = 15.0
_ALIVE_S = 3.0
_SMALL_BYTES = 4096
_TEXT_LIMIT_BYTES = 4 << 20
"""The longest real text is an operator profile of some 100 kB; one beyond this is cut, and so incomplete."""


@dataclass(slots=True, kw_only=True)
class Course:
    """What has come of a run; filled as it goes, so that a run that breaks off keeps what it had.

    Attributes:
        files: raw bytes by the name that they are known by on this side.
        affinity: cores that the kernel allowed, in its own words.
        cpu_s: CPU seconds of the script and all that it waited for; None where its shell does not tell.
        failure: what went wrong outside of the program's own doing.
        scripted: whether the script was started.
        leftover: process of the program that was still there after its end, as the script noted it; None: none was.
        removed: whether the run's directory has been removed.
    """

    started_at: datetime
    wall_s: float = 0.0
    files: dict[str, bytes] = field(default_factory=dict)
    exit_code: int | None = None
    affinity: str | None = None
    cpu_s: float | None = None
    proofs: tuple[Proof, ...] = ()
    failure: Failure | None = None
    scripted: bool = False
    leftover: str | None = None
    removed: bool = False


def run_on_device(
    transport: Transport,
    clock: Clock,
    command: Command,
    paths: RunPaths,
    *,
    hashes: Mapping[str, str],
    environment: Mapping[str, str],
    cpus: tuple[int, ...] | None,
    deadline_s: float,
    late_s: float | None = None,
) -> Course:
    """Run a command and fetch what it left; every trouble on the way becomes the course's failure.

    Args:
        transport: the way to the device.
        clock: its steady time measures the run.
        command: what is run.
        paths: where it is run.
        hashes: SHA-256 by path of the files that must be the same before and after.
        environment: variables that the program needs.
        cpus: cores to pin it to, None to leave it alone.
        deadline_s: seconds after which the device itself ends the program.
        late_s: seconds after which it is late, and the device is asked for signs of life.
    """
    course = Course(started_at=clock.now())
    began_s = clock.monotonic()
    try:
        course.failure = _unreadable(transport, command.reads)
        if course.failure is None:
            text = script.device_script(paths.work_dir, command.argv, deadline_s=deadline_s, removes=command.writes)
            began_s = clock.monotonic()
            course.scripted = True
            course.proofs = _proofs(hashes, before={})
            course.failure = _run_script(transport, clock, text, paths, course, environment, cpus, deadline_s, late_s)
    except ChangedFiles as error:
        course.scripted = False
        course.proofs = _proofs(hashes, before=error.hashes)
        course.failure = changed(course.proofs, when="before")
    except (MissingTool, NoSpace) as error:
        lasting = isinstance(error, MissingTool)
        course.failure = course.failure or Failure(ENVIRONMENT, str(error), lasting=lasting)
    except TransportError as error:
        course.failure = course.failure or Failure(TRANSPORT, str(error))
    finally:
        course.wall_s = course.wall_s or clock.monotonic() - began_s
        _clean_up(transport, paths, course)
    return course


def _proofs(hashes: Mapping[str, str], *, before: Mapping[str, str | None]) -> tuple[Proof, ...]:
    return tuple(Proof(path=path, expected=want, before=before.get(path)) for path, want in hashes.items())


def _unreadable(transport: Transport, paths: tuple[str, ...]) -> Failure | None:
    """Say which path a delegate would be loaded from in vain: an external one then crashes without a word."""
    for path in paths:
        result = transport.run(("sh", "-c", 'test -r "$1"', "sh", path), deadline_s=_SHORT_S)
        if result.exit_code != 0:
            return Failure(
                DELEGATE, f"{path} cannot be read on {transport.serial}; put the delegate's library there (adb push)."
            )
    return None


def _run_script(
    transport: Transport,
    clock: Clock,
    text: str,
    paths: RunPaths,
    course: Course,
    environment: Mapping[str, str],
    cpus: tuple[int, ...] | None,
    deadline_s: float,
    late_s: float | None,
) -> Failure | None:
    began_s = clock.monotonic()
    hashes = {proof.path: proof.expected for proof in course.proofs}
    try:
        result = transport.run(
            ("sh", "-c", text),
            deadline_s=deadline_s + _TRANSPORT_MARGIN_S,
            environment=marked(environment, paths.work_dir),
            cpus=cpus,
            unchanged=hashes,
            late_s=late_s,
        )
    except CommandTimeout as error:
        course.wall_s = clock.monotonic() - began_s
        with suppress(TransportError):
            _fetch(transport, paths, course, whole=False)
        return Failure(TIMEOUT, str(error))
    course.wall_s = clock.monotonic() - began_s
    course.proofs = _proofs(hashes, before=hashes)
    _fetch(transport, paths, course, whole=result.exit_code == 0)
    if course.exit_code is None:
        return _aborted(result)
    if course.exit_code in {SIGKILL_STATUS, TIMEOUT_STATUS} and course.wall_s >= deadline_s:
        return Failure(TIMEOUT, f"the program was still running after {deadline_s:g} s and has been ended.")
    return _left_behind(course.leftover)


def _left_behind(leftover: str | None) -> Failure | None:
    """Say that a process of the program outlived it: what it had computed by then, or took from others, is not known.

    `4711`, or `4711 stays` where it could not be killed.
    """
    if not leftover:
        return None
    process, _, stays = leftover.partition(" ")
    if stays:
        message = f"process {process} of the run is still there and does not die; restart the device."
        return Failure(ENVIRONMENT, message, lasting=True)
    return Failure(ENVIRONMENT, f"process {process} of the run was still there after its end and had to be killed.")


def _fetch(transport: Transport, paths: RunPaths, course: Course, *, whole: bool) -> None:
    """Pull what a run left behind into `course`, and hash again what must be the same as before.

    After a script that came to its end, nothing of the run's directory is needed any more.
    """
    left = {
        STDOUT_FILE: f"{paths.work_dir}/{script.STDOUT}",
        STDERR_FILE: f"{paths.work_dir}/{script.STDERR}",
        RUNTIME_INFO_FILE: paths.runtime_info,
        PROFILE_FILE: paths.profile,
        OUTPUT_FILE: paths.output,
    }
    status = f"{paths.work_dir}/{script.EXIT_CODE}"
    notes = [f"{paths.work_dir}/{name}" for name in (script.AFFINITY, script.CPU_TIMES, script.LEFTOVER)]
    found = transport.read_together(
        pulled=(*left.values(), status, *notes),
        hashed=tuple(proof.path for proof in course.proofs),
        limit_bytes=2 * script.FILE_LIMIT_BYTES,
        then_remove=paths.work_dir if whole else None,
    )
    course.removed = whole
    for name, path in left.items():
        if (data := found.contents[path]) is not None:
            course.files[name] = data[:_TEXT_LIMIT_BYTES] if name.endswith(".txt") else data
    course.affinity, times, course.leftover = (_short_text(found.contents[path]) for path in notes)
    course.exit_code = script.parse_exit_code(found.contents[status])
    course.cpu_s = None if times is None else script.parse_cpu_s(times)
    course.proofs = tuple(proof.ended_as(found.hashes[proof.path]) for proof in course.proofs)


def _short_text(data: bytes | None) -> str | None:
    return None if data is None else data[:_SMALL_BYTES].decode("utf-8", "replace").strip()


def _aborted(result: CommandResult) -> Failure:
    """Say why the script itself left no exit status behind."""
    words = result.stderr.decode("utf-8", "replace").strip().splitlines()
    said = shortened(words[-1]) if words else "it said nothing"
    if (ended := signal_end(result.exit_code)) is not None:
        return Failure(ended.error_class, f"the run's script was ended by {ended.name}: {said}")
    return Failure(ENVIRONMENT, f"the run's script ended with status {result.exit_code} and left no result: {said}")


def _clean_up(transport: Transport, paths: RunPaths, course: Course) -> None:
    """Kill what may still run and remove the run's directory; a device that is gone has been reported before.

    What stays now is removed by the next run or by giving the device back, which tells where it could not.
    """
    if course.removed:
        return
    if (
        course.failure is not None
        and course.failure.error_class == TRANSPORT
        and not transport.alive(timeout_s=_ALIVE_S)
    ):
        _LOG.info("%s: %s may be left behind: it does not answer", transport.serial, paths.work_dir)
        return  # a frozen one would hold each of the commands below to its own deadline
    try:
        if course.scripted and course.exit_code is None:
            end = transport.run(("sh", "-c", script.end_script(paths.work_dir)), deadline_s=_SHORT_S)
            if end.exit_code == script.STAYS:
                words = end.stdout.decode("utf-8", "replace").strip()
                message = f"{words} after a run that did not end; restart the device."
                course.failure = Failure(ENVIRONMENT, message, lasting=True)
        transport.remove(paths.work_dir)
    except TransportError as error:
        _LOG.info("%s: %s may be left behind: %s", transport.serial, paths.work_dir, error)
