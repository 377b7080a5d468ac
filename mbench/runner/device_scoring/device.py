"""What scoring does on a device, one step at a time; nothing in here is tried twice, and nothing kept."""

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mbench.core.error_classes import ENVIRONMENT, TRANSPORT, Failure
from mbench.core.errors import CommandTimeout, DeviceLost, NoSpace, RunFailed, TransportError, UsageError
from mbench.core.ports import Clock, Transport
from mbench.core.processes.run_marks import marked
from mbench.core.workloads import OutputFacts, Workload
from mbench.runner.command import RunPaths
from mbench.runner.device_run import run_on_device
from mbench.runner.device_scoring import script as scripts
from mbench.runner.device_scoring.command import answer_command
from mbench.runner.device_scoring.script import ANSWERED, ShardOnDevice
from mbench.runner.device_scoring.verification import Proven, prove
from mbench.runner.evidence import Proof, changed
from mbench.runner.instrument import Instrument
from mbench.runner.output.lines import shortened
from mbench.runner.output_agreement import DTYPES
from mbench.runner.script import NO_DIRECTORY, init_allowance_s

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

_LOG = logging.getLogger(__name__)

LOOP_BYTES: Final = 32 << 20
"""Of the outputs of one loop: they are fetched in one piece."""

_SLOWER: Final = 20
"""A process that takes so many times as long as the one that was looked at hangs."""
_SHORTEST_DEADLINE_S: Final = 30
_MARGIN_S: Final = 20.0
_SHORT_S: Final = 30.0
_WORDS_BYTES: Final = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """What is to be answered, and where.

    Attributes:
        inputs: (examples, …) of the model's own input type, little-endian; may be a memory map.
        input_shape: of the model's only input, the batch of 1 included.
        outputs: of the model, in its order.
        model: the artifact's absolute path on the device, where it has been pushed.
        folder: our own folder on the device, absolute; what is put there is removed in the end.
        cpus: cores that processes are pinned to; None: none.
        builtin_accepted: whether delegate `cpu` is right without XNNPACK.
        init_allowance_s: for loading and preparing the model; None: as its delegate needs.
    """

    workload: Workload
    inputs: "npt.NDArray[Any]"
    input_shape: tuple[int, ...]
    outputs: tuple[OutputFacts, ...]
    model: str
    folder: str
    cpus: tuple[int, ...] | None = None
    builtin_accepted: bool = False
    init_allowance_s: float | None = None

    @property
    def answer_bytes(self) -> int:
        """Of one example's outputs.

        Raises:
            UsageError: an output's type is none of those whose bytes can be read.
        """
        if strange := [output.dtype for output in self.outputs if output.dtype not in DTYPES]:
            raise UsageError(f"outputs of type {strange[0]} cannot be read from a device; score on the host.")
        return sum(output.elements * int(DTYPES[output.dtype][1:]) for output in self.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What came of a loop.

    Attributes:
        statuses: of its examples, as far as they have been dealt with, in the words of `shards_script`.
        answers: output bytes of those that are `ANSWERED`, one after the other.
        words: what the first failing process said.
    """

    statuses: tuple[str, ...]
    answers: bytes
    words: str | None


class ShardDevice:
    """One device that answers one request.

    Attributes:
        answer_bytes: of one example's outputs.
    """

    def __init__(self, transport: Transport, clock: Clock, instrument: Instrument, request: AnswerRequest) -> None:
        """Make the command lines; nothing is run.

        Raises:
            UsageError: the program has no flags for it, or the outputs are of a strange type.
        """
        self._transport, self._clock, self._instrument, self._request = transport, clock, instrument, request
        self._paths = RunPaths(work_dir=f"{request.folder}/run", model=request.model)
        self._command, self._proof_command = (
            answer_command(
                request.workload, self._paths, instrument, input_shape=request.input_shape, evidence=evidence
            )
            for evidence in (False, True)
        )
        self.answer_bytes = request.answer_bytes

    def look_at(self, shard: ShardOnDevice, example: int) -> Proven:
        """Answer an example by a process that leaves evidence.

        Raises:
            RunFailed: no process would give an answer.
            NoSpace: the device has none.
            TransportError: the way to the device broke.
        """
        text = scripts.slice_script(self._paths.work_dir, shard, example)
        self.refuse(self._transport.run(("sh", "-c", text), deadline_s=_SHORT_S).exit_code)
        course = run_on_device(
            self._transport,
            self._clock,
            self._proof_command,
            self._paths,
            hashes=self._hashes(),
            environment=dict(self._instrument.environment),
            cpus=self._request.cpus,
            deadline_s=self._allowance_s() + _MARGIN_S,
        )
        if course.failure is not None and course.failure.error_class == TRANSPORT:
            raise DeviceLost(course.failure.message)
        return prove(
            course,
            self._proof_command,
            self._paths,
            self._request.workload,
            tool=self._instrument.tool,
            cpus=self._request.cpus,
            answer_bytes=self.answer_bytes,
            builtin_accepted=self._request.builtin_accepted,
        )

    def loop(self, shard: ShardOnDevice, proven: Proven, first: int, end: int) -> int | None:
        """Let the device answer the examples `first` to `end` (exclusive); `fetch` tells what came of it.

        Returns:
            the loop's exit status; None where it had to be ended.

        Raises:
            TransportError: the way to the device broke; the loop may still be running.
        """
        longest_s = max(_SHORTEST_DEADLINE_S, math.ceil(_SLOWER * proven.wall_s))
        total_s = longest_s + math.ceil((end - first) * _SLOWER * proven.wall_s)
        argv = scripts.loop_argv(
            self._paths.work_dir,
            self._command,
            shard,
            first=first,
            end=end,
            answer_bytes=self.answer_bytes,
            delegated=proven.delegated,
            deadline_s=longest_s,
            total_s=total_s,
        )
        environment = marked(dict(self._instrument.environment), self._paths.work_dir)
        try:
            return self._transport.run(
                argv, deadline_s=total_s + _MARGIN_S, environment=environment, cpus=self._request.cpus
            ).exit_code
        except CommandTimeout as error:
            _LOG.warning("%s", error)
            return None

    def end_loop(self) -> None:
        """See to it that nothing of a loop runs any more.

        Raises:
            TransportError: it does, or the device does not answer.
        """
        text = scripts.end_script(self._paths.work_dir)
        self.refuse(self._transport.run(("sh", "-c", text), deadline_s=_SHORT_S).exit_code)

    def fetch(self, first: int) -> Loop:
        """Return what a loop that began with the example `first` has left; what an earlier one has left is nothing.

        Raises:
            TransportError: the way to the device broke, or what is there does not fit together.
        """
        where = [f"{self._paths.work_dir}/{name}" for name in (scripts.STATUSES, scripts.ANSWERS, scripts.WORDS)]
        left = self._transport.read_together(pulled=where, limit_bytes=2 * LOOP_BYTES + self.answer_bytes).contents
        text, answers, words = (left[path] or b"" for path in where)
        statuses = scripts.parse_statuses(text.decode("utf-8", "replace"), first=first)
        whole = statuses.count(ANSWERED) * self.answer_bytes
        if whole > len(answers):
            raise TransportError(
                f"{self._transport.serial}: {where[1]} has {len(answers)} bytes, not the {whole} that {where[0]} tells "
                "of; the device's storage loses data."
            )
        return Loop(statuses=statuses, answers=answers[:whole], words=_decisive(words))

    def changed_files(self, shard: dict[str, str]) -> Failure | None:
        """Return which of the files that answered is not what it was, None where all are.

        Args:
            shard: SHA-256 by path of the inputs.

        Raises:
            TransportError: the way to the device broke.
        """
        hashes = {**self._hashes(), **shard}
        found = self._transport.read_together(hashed=tuple(hashes), limit_bytes=0).hashes
        proofs = [Proof(path=path, expected=want, before=want, after=found[path]) for path, want in hashes.items()]
        return changed(proofs, when="after")

    def clean_up(self) -> None:
        """Remove what was put on the device, besides the shard.

        Raises:
            TransportError: the way to the device broke.
        """
        self._transport.remove(self._paths.work_dir)

    def _allowance_s(self) -> float:
        allowance_s = self._request.init_allowance_s
        return init_allowance_s(self._request.workload.delegate) if allowance_s is None else allowance_s

    def _hashes(self) -> dict[str, str]:
        """Return what must stay the same, by path: the model, and the program with its libraries."""
        hashes = {self._request.model: self._request.workload.artifact.sha256 or ""}
        if self._instrument.path is not None:
            hashes[self._instrument.path] = self._instrument.sha256
        return hashes | dict(self._instrument.companions)

    def refuse(self, status: int | None) -> None:
        """Raise what the exit status of a script stands for, where it stands for something.

        Raises:
            NoSpace: something could not be written.
            RunFailed: our folder, or the shard in it, is not there.
            TransportError: a process does not die.
        """
        serial, folder = self._transport.serial, self._request.folder
        if status == scripts.NO_ROOM:
            raise NoSpace(f"{serial}: {folder} cannot be written; free some storage on the device.")
        if status == scripts.NO_SHARD:
            raise RunFailed(f"{serial}: the inputs in {folder} are gone; start again.", error_class=ENVIRONMENT)
        if status == NO_DIRECTORY:
            raise RunFailed(f"{serial}: {folder} cannot be made.", error_class=ENVIRONMENT)
        if status == scripts.STUCK:
            raise TransportError(f"{serial}: a process of the scoring could not be ended; restart the device.")


def _decisive(words: bytes) -> str | None:
    """Return the line that tells most of what a failing process wrote."""
    lines = words[:_WORDS_BYTES].decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return None
    return shortened(next((line for line in lines if line.startswith(("FATAL", "ERROR"))), lines[-1]))
