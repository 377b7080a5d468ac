"""Answers of a device: benchmark_model run once per example, in loops on the device, over any transport.

Each example is a process of its own with one inference: exactly the graph and the delegate that were timed. The
inputs come as shards. The first process on each shard is looked at like a latency run; without its evidence nothing
counts. The others run in a loop on the device that carries nothing over the cable, and must have delegated the same
nodes. After each loop, and after each loss of the device, what is done is fetched and kept on this host.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mbench.core.error_classes import DELEGATE, INVOKE, KILLED
from mbench.core.errors import CommandTimeout, NoSpace, RunFailed, TransportError
from mbench.core.ports import Clock, Progress, Transport
from mbench.core.workloads import OutputFacts
from mbench.runner.device_scoring import script as scripts
from mbench.runner.device_scoring.device import LOOP_BYTES, AnswerRequest, ShardDevice
from mbench.runner.device_scoring.kept import KeptAnswers
from mbench.runner.device_scoring.script import ANSWERED, ShardOnDevice
from mbench.runner.device_scoring.shards import Shards
from mbench.runner.device_scoring.verification import Proven
from mbench.runner.instrument import Instrument
from mbench.runner.output.exit_status import signal_end
from mbench.runner.output_agreement import DTYPES

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

_LOG = logging.getLogger(__name__)

MOST_LOSSES: Final = 3
"""Times in a row that a lost device is gone on with although no example came of it."""
MOST_FAILURES: Final = 10
"""Failures in a row after which no example can be expected to do better."""

FIRST_LOOP: Final = 10
"""Examples of the first loop, which tells how long one takes."""
LOOP_S: Final = 15.0
"""What a loop should take: so often it is reported how far it is, and asked whether to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswers:
    """What a device answered.

    Attributes:
        outputs: per output tensor (examples, elements) of its own type; zeros where there is no answer.
        failed: why an example has none, by its number.
        seconds: that all of them took, with pushes and the way to the device, in all sessions.
        losses: how the device was lost and came back, in this one.
    """

    outputs: "tuple[npt.NDArray[Any], ...]"
    failed: Mapping[int, str]
    seconds: float
    losses: tuple[str, ...] = ()


def answer_on_device(
    transport: Transport,
    clock: Clock,
    instrument: Instrument,
    request: AnswerRequest,
    kept: KeptAnswers,
    *,
    progress: Progress,
    recover: Callable[[], str] | None = None,
    between: Callable[[], None] = lambda: None,
) -> DeviceAnswers:
    """Let a device answer what it has not yet, and return all its answers.

    Examples whose process was killed from outside are asked once more.

    Args:
        transport: the way to the device.
        clock: its steady time measures.
        instrument: the program on the device.
        request: what is answered.
        kept: the answers so far, of `request.answer_bytes` each.
        progress: gets how far it is, and by the first loop how long it will take.
        recover: waits for a lost device and says how it came back; None where a device cannot be lost.
        between: called before each step; what it raises ends the scoring, and the answers so far are kept.

    Raises:
        RunFailed: no process would give an answer, such as where the delegate is not there.
        NoSpace: the device has none for one example.
        UsageError: the program has no flags for it, or the outputs are of a strange type.
        TransportError: the device did not come back; the answers so far are kept.
        StoreError: the answers could not be kept.
    """

    def ask(request: AnswerRequest, kept: KeptAnswers) -> tuple[str, ...]:
        """Let the device answer, and return how it was lost."""
        device = ShardDevice(transport, clock, instrument, request)
        shards = Shards(transport, request.inputs, path=f"{request.folder}/shard.bin", part=kept.folder / "shard.part")
        answering = _Answering(transport.serial, clock, device, request, shards, kept, progress=progress)
        answering.to_the_end(recover, between)
        return tuple(answering.losses)

    losses = ask(request, kept)
    outputs = _arrays(kept.rows(), request.outputs, len(request.inputs))
    statuses, seconds = dict(enumerate(kept.statuses)), kept.seconds
    if killed := [number for number, status in statuses.items() if _was_killed(status)]:
        again = _kept_again(kept, killed, request.answer_bytes)
        try:
            losses += ask(replace(request, inputs=request.inputs[killed]), again)
        except RunFailed as error:  # they are killed every time: what has no answer is reported by itself
            _LOG.warning("%s: examples whose process was killed were asked again: %s", transport.serial, error)
        for place, status in enumerate(again.statuses):
            statuses[killed[place]] = status
        for whole, part in zip(outputs, _arrays(again.rows(), request.outputs, again.done), strict=True):
            whole[killed[: again.done]] = part
        seconds += again.seconds
    return DeviceAnswers(
        outputs=outputs,
        failed={number: _reason(status) for number, status in statuses.items() if status != ANSWERED},
        seconds=seconds,
        losses=losses,
    )


def _was_killed(status: str) -> bool:
    """Whether something outside ended a process, such as a phone that needs memory: the example may have an answer."""
    ended = signal_end(int(status)) if status.isdecimal() else None
    return ended is not None and ended.error_class == KILLED


def _kept_again(kept: KeptAnswers, numbers: Sequence[int], row_bytes: int) -> KeptAnswers:
    """Return where the second answers to these examples are kept, beside the first ones.

    Raises:
        StoreError: the folder cannot be written.
    """
    named = hashlib.sha256(",".join(map(str, numbers)).encode()).hexdigest()[:12]
    return KeptAnswers(kept.folder / f"again-{named}", about={"examples": list(numbers)}, row_bytes=row_bytes)


class _Answering:
    """One scoring while it goes on."""

    def __init__(
        self,
        serial: str,
        clock: Clock,
        device: ShardDevice,
        request: AnswerRequest,
        shards: Shards,
        kept: KeptAnswers,
        *,
        progress: Progress,
    ) -> None:
        self._serial, self._clock, self._device, self._shards = serial, clock, device, shards
        self._kept, self._progress = kept, progress
        self._label, self._count = request.workload.label, len(request.inputs)
        self._proven: tuple[ShardOnDevice, Proven] | None = None
        self._under_way: int | None = None
        self._unproved_from: int | None = None
        self._each_s: float | None = None
        self._words: str | None = None
        self._reported_s = 0.0
        self.losses: list[str] = []

    def to_the_end(self, recover: Callable[[], str] | None, between: Callable[[], None]) -> None:
        """Go on until every example has been dealt with; the device is left without our files."""
        losses, done = 0, -1
        self._progress.start(f"scoring {self._label}", self._count - self._kept.done, unit="examples")
        try:
            while self._more():
                between()
                try:
                    self._step()
                except NoSpace as error:
                    self._proven = None
                    if not self._shards.shrink():
                        raise self._with_what_is_kept(error) from error
                except TransportError as error:
                    losses = losses + 1 if self._kept.done == done else 1
                    done = self._kept.done
                    if recover is None or losses > MOST_LOSSES:
                        raise self._with_what_is_kept(error) from error
                    self._come_back(error, recover)
            self._clean_up()
        except (NoSpace, RunFailed):
            self._clean_up()
            raise
        finally:
            self._progress.finish()

    def _more(self) -> bool:
        unfinished = self._under_way is not None or self._unproved_from is not None
        return unfinished or self._kept.done < self._count

    def _step(self) -> None:
        """Do the next thing: fetch what a loop has left that was cut off, prove a shard, look at a process, or loop."""
        self._reported_s = self._clock.monotonic()
        example = self._kept.done
        if self._under_way is not None:
            self._device.end_loop()
            self._fetch()
        elif self._unproved_from is not None and self._at_an_end(example):
            self._prove_files(self._unproved_from)
        elif self._proven is None or example >= self._proven[0].end:
            self._look_at(self._shards.holding(example), example)
        else:
            shard, proven = self._proven
            self._loop(self._shards.holding(shard.first), proven, example)

    def _at_an_end(self, example: int) -> bool:
        """Whether no more examples follow, or those of another shard."""
        return example == self._count or (self._proven is not None and example >= self._proven[0].end)

    def _prove_files(self, first: int) -> None:
        """Prove that what has answered was the same to the end; else forget the answers.

        Raises:
            RunFailed: it was not.
        """
        if failure := self._device.changed_files(self._shards.hashes):
            self._kept.forget_from(first)
            raise RunFailed(failure.message, error_class=failure.error_class)
        self._unproved_from = None

    def _look_at(self, shard: ShardOnDevice, example: int) -> None:
        """Answer an example by a process that leaves evidence."""
        self._note_unproved()
        proven = self._device.look_at(shard, example)
        texts = {name: data for name, data in proven.files.items() if name != "output.bin"}
        self._kept.save(f"example-{example}", texts)
        if proven.failure is None:
            self._proven = shard, proven
        else:
            self._words = proven.failure.message
        self._keep(proven.answer, (proven.status,))

    def _loop(self, shard: ShardOnDevice, proven: Proven, first: int) -> None:
        """Let the device answer some examples, and fetch what came of it."""
        end = min(shard.end, first + self._loop_length())
        self._note_unproved()
        self._under_way = first
        began_s = self._clock.monotonic()
        status = self._device.loop(shard, proven, first, end)
        looped_s = self._clock.monotonic() - began_s
        if status != 0:
            self._device.end_loop()
        self._fetch()
        self._device.refuse(status)
        done = self._kept.done - first
        if not done:
            raise TransportError(f"{self._serial}: a loop of examples ended with status {status} and did nothing.")
        self._tell_time(looped_s / done)

    def _note_unproved(self) -> None:
        if self._unproved_from is None:
            self._unproved_from = self._kept.done

    def _fetch(self) -> None:
        """Keep what a loop has left."""
        assert self._under_way is not None
        loop = self._device.fetch(self._under_way)
        self._under_way = None
        self._words = loop.words or self._words
        if loop.statuses:
            self._keep(loop.answers, loop.statuses)

    def _keep(self, answers: bytes, statuses: tuple[str, ...]) -> None:
        now_s = self._clock.monotonic()
        self._kept.add(answers, statuses, seconds=now_s - self._reported_s)
        self._reported_s = now_s
        self._progress.step(self._label, len(statuses))
        self._refuse_hopeless()

    def _refuse_hopeless(self) -> None:
        """Raise where examples fail one after the other: that is not the examples' fault.

        Raises:
            RunFailed: with what the program said.
        """
        last = self._kept.statuses[-MOST_FAILURES:]
        if len(last) == MOST_FAILURES and ANSWERED not in last:
            said = f": {self._words}" if self._words else ""
            raise RunFailed(
                f"{MOST_FAILURES} examples one after the other have no answer, the last one {_reason(last[-1])}{said}.",
                error_class=DELEGATE if last[-1] == scripts.DELEGATE else INVOKE,
            )

    def _loop_length(self) -> int:
        """Return how many examples the next loop may have."""
        wanted = FIRST_LOOP if self._each_s is None else round(LOOP_S / max(self._each_s, 1e-3))
        return max(1, min(wanted, LOOP_BYTES // self._device.answer_bytes))

    def _tell_time(self, each_s: float) -> None:
        """Say once, by the first loop, how long all will take."""
        left = self._count - self._kept.done
        if self._each_s is None and left:
            self._progress.note(
                f"{self._serial}: scoring {self._label} on the device: {left} more examples at {1e3 * each_s:.0f} ms "
                f"each take about {_duration(left * each_s)}."
            )
        self._each_s = each_s

    def _come_back(self, error: TransportError, recover: Callable[[], str]) -> None:
        """Wait for a lost device; its evidence and its shard are then proved anew.

        Raises:
            TransportError: it does not come back.
        """
        try:
            came_back = recover()
        except TransportError as lost:
            raise self._with_what_is_kept(lost) from lost
        said = f"{error} The device {came_back}; scoring goes on after {self._kept.done} of {self._count} examples."
        self._progress.note(said)
        self.losses.append(said)
        self._proven = None
        self._shards.doubt()

    def _with_what_is_kept(self, error: TransportError) -> TransportError:
        """Return the error that says, too, what is not lost."""
        words = f"{error} The answers to {self._kept.done} of {self._count} examples are kept in {self._kept.folder}."
        return TransportError(words) if isinstance(error, CommandTimeout) else type(error)(words)

    def _clean_up(self) -> None:
        """Leave nothing on the device; one that is lost now has given its answers."""
        try:
            self._shards.remove()
            self._device.clean_up()
        except TransportError as error:
            _LOG.info("%s: inputs may be left behind: %s", self._serial, error)


def _arrays(rows: bytes, outputs: tuple[OutputFacts, ...], count: int) -> "tuple[npt.NDArray[Any], ...]":
    """Return each output of all examples, (examples, elements)."""
    import numpy as np

    table = np.frombuffer(rows, np.uint8).reshape(count, -1)
    arrays, place = [], 0
    for output in outputs:
        dtype = np.dtype(f"<{DTYPES[output.dtype]}")
        end = place + output.elements * dtype.itemsize
        arrays.append(np.array(table[:, place:end], order="C").view(dtype))
        place = end
    return tuple(arrays)


def _reason(status: str) -> str:
    """Return a status of `shards_script` in words."""
    if status == scripts.DELEGATE:
        return "was executed by other delegates than the process that was looked at"
    if status == scripts.NO_TEXT:
        return "ended well, but what it printed is not benchmark_model's output"
    if status.startswith("size:"):
        return f"left outputs of {status.removeprefix('size:')} bytes, not those of the model"
    ended = signal_end(int(status))
    return f"ended with status {status}" + (f" ({ended.name})" if ended else "")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
