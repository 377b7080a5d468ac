"""Scores from the device itself: what a file answers there to the pictures that the host asked it about too.

Call it for a job after the latency runs of its part: scoring heats a phone, and takes no heed of its temperature.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluator, Outputs
from mbench.accuracy.host.inference import Answered, OpenedFile
from mbench.accuracy.host.prepared import Prepared
from mbench.accuracy.pictures.input_form import picture_encoder
from mbench.accuracy.pictures.recipes import PreprocessingRecipe
from mbench.accuracy.tasks.top_k import top_k
from mbench.core.errors import DiskError, NoSpace, RunFailed, UsageError
from mbench.core.examples import Examples
from mbench.core.plain_text import without_name
from mbench.core.ports import Clock, Progress
from mbench.core.reasons import Unscored
from mbench.core.scores import NAMED_FAILURES, Agreement, Score, pack_answers, pack_hits, pack_values
from mbench.core.workloads import OutputFacts, Workload
from mbench.devices.host.facts import machine_name
from mbench.devices.own_folders import session_part
from mbench.files.disk import disk_errors
from mbench.runner.device_scoring.answer import DeviceAnswers, answer_on_device
from mbench.runner.device_scoring.device import AnswerRequest
from mbench.runner.device_scoring.kept import KeptAnswers
from mbench.workflows.devices.device import TakenDevice
from mbench.workflows.home import home

DEVICE_EXAMPLES: Final = 500
"""Asked on a device unless the user names a number: a process each, of 10 to 60 ms on a phone besides its inference."""

MOST_UNANSWERED: Final = 0.05
"""Share of the examples that a device may leave without an answer: the interval of 500 has half a width of 4 %."""

LEASE_RENEWED_S: Final = 600.0
_ROWS_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvaluation:
    """What a file is asked.

    Attributes:
        prepared: the asked examples' pictures, of the file's height and width.
        examples: that they are of, for their names.
        recipe: that they were prepared by.
        opened: the file.
        host: the host's answers to the same pictures, the judged outputs whole (`keep=None`), by the kernels of
            `host_twin`.
        evaluator: of the file's answers.
    """

    prepared: Prepared
    examples: Examples
    recipe: PreprocessingRecipe
    opened: OpenedFile
    doubts: tuple[str, ...] = ()
    host: Answered
    evaluator: Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlace:
    """Where a file is asked, as it was timed there.

    Attributes:
        device: that it was timed on, still taken.
        model: the file's path on the device, where it has been pushed.
        cpus: cores that runs were pinned to; None: none.
        builtin_accepted: whether delegate `cpu` is right without XNNPACK.
    """

    device: TakenDevice
    model: str
    cpus: tuple[int, ...] | None = None
    builtin_accepted: bool = False


def answers_folder(session: str) -> Path:
    """Return where a session's answers of devices are kept until their scores are stored."""
    return home() / "device_answers" / session_part(session, serial=machine_name())


def forget_answers(session: str) -> None:
    """Remove what is kept of a session: its scores are stored."""
    shutil.rmtree(answers_folder(session), ignore_errors=True)


def score_on_device(
    place: DevicePlace,
    workload: Workload,
    evaluation: DeviceEvaluation,
    *,
    kept_in: Path,
    clock: Clock,
    progress: Progress,
    stop_here: Callable[[], None] = lambda: None,
) -> Score | Unscored:
    """Return what a file scores on a device, or why it has no score there.

    Args:
        place: the device, ready, with the file on it.
        workload: file, delegate and threads, as they were timed.
        evaluation: what is asked.
        kept_in: where answers are kept on this host; what is there of the same evaluation is not asked again.
        clock: time.
        progress: gets how far it is, and by the first examples how long it will take.
        stop_here: called between steps; what it raises ends the scoring.

    Raises:
        TransportError: the device did not come back; its answers so far are kept, and the next call goes on.
        StoreError: this host could not keep its answers.
        UnsupportedModel: its answers show that it does not fit the examples.
    """
    artifact = workload.artifact
    if artifact.sha256 is None or artifact.outputs is None:
        return Unscored(
            f"{artifact.name} has outputs without a fixed size, which cannot be told apart in a device's file."
        )
    about = _about(place.device, workload, evaluation)
    folder = kept_in / hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]
    try:
        with _StoredInputs(folder, evaluation) as inputs:
            request = _request(place, workload, inputs, artifact.outputs)
            answers = answer_on_device(
                place.device.transport,
                clock,
                place.device.identity.instrument,
                request,
                KeptAnswers(folder, about=about, row_bytes=request.answer_bytes),
                progress=progress,
                recover=place.device.recover if place.device.retries else None,
                between=_keeping_lease(place.device, clock, stop_here),
            )
    except (RunFailed, NoSpace, UsageError) as error:
        serial = place.device.transport.serial
        return Unscored(f"not scored on {serial} by {workload.delegate}: {without_name(str(error), serial)}")
    if len(answers.failed) > MOST_UNANSWERED * len(inputs):
        return Unscored(_too_few(place.device.transport.serial, workload, answers, asked=len(inputs)))
    return _score(artifact.sha256, workload, evaluation, answers)


def _too_few(serial: str, workload: Workload, answers: DeviceAnswers, *, asked: int) -> str:
    number, why = next(iter(sorted(answers.failed.items())))
    return (
        f"{len(answers.failed)} of {asked} examples have no answer from {serial} by {workload.delegate}, more than "
        f"{MOST_UNANSWERED:.0%}: counted as wrong they would decide the accuracy. The first, number {number}, {why}."
    )


def agreement(device: Outputs, host: Outputs, both: NDArray[np.bool_], name: Callable[[int], str]) -> Agreement:
    """Compare two sets of answers to the same examples.

    The first answer is the index of an example's highest value in the first output, the lowest of equal ones.

    Args:
        device: each output (examples, elements).
        host: likewise.
        both: (examples,): which of them were answered by both.
        name: of an example, by its row.
    """
    rows = np.flatnonzero(both)
    if not len(rows):
        return Agreement(examples=0, same_top1=0)
    pairs = [(ours[rows], theirs.reshape(len(theirs), -1)[rows]) for ours, theirs in zip(device, host, strict=True)]
    first, second = (top_k(scores, 1)[:, 0] for scores in pairs[0])
    largest = max(float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max()) for ours, theirs in pairs)
    return Agreement(
        examples=len(rows),
        same_top1=int((first == second).sum()),
        largest_step=largest if np.isfinite(largest) else None,
        differing=tuple(name(int(row)) for row in rows[first != second][:NAMED_FAILURES]),
    )


def _request(
    place: DevicePlace, workload: Workload, inputs: NDArray[Any], outputs: tuple[OutputFacts, ...]
) -> AnswerRequest:
    return AnswerRequest(
        workload=workload,
        inputs=inputs,
        input_shape=(1, *inputs.shape[1:]),
        outputs=outputs,
        model=place.model,
        folder=place.device.folders.work_dir,
        cpus=place.cpus,
        builtin_accepted=place.builtin_accepted,
        init_allowance_s=place.device.profile.patience.start_s,
    )


def _keeping_lease(device: TakenDevice, clock: Clock, stop_here: Callable[[], None]) -> Callable[[], None]:
    """Return what is to be done between steps: hear whether to stop, and now and then read the state, as runs do."""
    renewed_s = clock.monotonic()

    def between() -> None:
        nonlocal renewed_s
        stop_here()
        if clock.monotonic() - renewed_s > LEASE_RENEWED_S:
            device.conditions()
            renewed_s = clock.monotonic()

    return between


class _StoredInputs:
    """The model's inputs of all decoded examples, as a file of this host while they are asked; a context manager."""

    def __init__(self, folder: Path, evaluation: DeviceEvaluation) -> None:
        self._path, self._evaluation = folder / "inputs.bin", evaluation

    def __enter__(self) -> NDArray[Any]:
        evaluation = self._evaluation
        rows = np.flatnonzero(evaluation.prepared.readable())
        pictures = evaluation.prepared.pictures()
        tensor, form = evaluation.opened.picture_input(), evaluation.opened.picture_form()
        encode = picture_encoder(form, evaluation.recipe.scaling, tensor)
        dtype = np.dtype(tensor.dtype).newbyteorder("<")
        try:
            with disk_errors("write the inputs to", self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("wb") as file:  # not through a mapping: a full disk would kill the process
                    for start in range(0, len(rows), _ROWS_AT_ONCE):
                        chosen = np.ascontiguousarray(pictures[rows[start : start + _ROWS_AT_ONCE]])
                        encode(chosen).astype(dtype, copy=False).tofile(file)
                return np.memmap(self._path, dtype, "r", shape=(len(rows), *tensor.shape[1:]))
        except DiskError:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


def _about(device: TakenDevice, workload: Workload, evaluation: DeviceEvaluation) -> dict[str, object]:
    """Return all that answers depend on: where one of it differs, they are other answers."""
    identity, opened, record = device.identity, evaluation.opened, evaluation.prepared.record
    tensor = opened.picture_input()
    return {
        "artifact_sha256": workload.artifact.sha256,
        "binary_sha256": identity.binary.sha256,
        "companions": dict(identity.binary.companions),
        "delegate": str(workload.delegate),
        "threads": workload.threads,
        "device": identity.facts.serial,
        "build": identity.facts.build,
        "dataset": record.dataset.name,
        "dataset_sha256": record.dataset.sha256,
        "pictures_sha256": record.sha256,
        "asked": record.asked,
        "seed": record.seed,
        "preprocessing": evaluation.recipe.name,
        "input": [tensor.dtype, tensor.scale, tensor.zero_point, str(opened.picture_form().layout)],
    }


def _score(artifact_sha256: str, workload: Workload, evaluation: DeviceEvaluation, answers: DeviceAnswers) -> Score:
    """Return the score of what was answered; an example without an answer counts as wrong."""
    record = evaluation.prepared.record
    asked = np.flatnonzero(evaluation.prepared.readable())
    answered = np.zeros(record.asked, np.bool_)
    answered[asked] = True
    answered[asked[list(answers.failed)]] = False
    judged = evaluation.evaluator.judged(answers.outputs)
    outputs = tuple(np.zeros((record.asked, output.shape[1]), output.dtype) for output in judged)
    for whole, output in zip(outputs, judged, strict=True):
        whole[asked] = output
        if whole.dtype.kind == "f":
            answered &= ~np.isnan(whole).any(axis=1)
    for whole in outputs:
        whole[~answered] = 0

    def name(row: int) -> str:
        return evaluation.examples.name(int(evaluation.prepared.indices[row]))

    form = evaluation.opened.picture_form()
    worth = evaluation.evaluator.evaluate(outputs, answered, evaluation.prepared.indices)
    return Score(
        artifact_sha256=artifact_sha256,
        place="device",
        delegate=str(workload.delegate),
        dataset=record.dataset,
        preprocessing=evaluation.recipe.name,
        label_offset=evaluation.evaluator.label_offset,
        cells_sha256=evaluation.evaluator.cells_sha256,
        labels_sha256=evaluation.evaluator.labels_sha256,
        layout=form.layout,
        gray=form.gray,
        output=evaluation.opened.scored_output(evaluation.evaluator.output),
        asked=record.asked,
        scored=int(answered.sum()),
        failed=tuple(name(int(row)) for row in np.flatnonzero(~answered)[:NAMED_FAILURES]),
        selection_seed=record.seed,
        metrics=worth.metrics,
        hits=None if worth.hits is None else pack_hits(worth.hits),
        first_answers=None if worth.first_answers is None else pack_answers(worth.first_answers),
        own_metric=evaluation.evaluator.own_metric,
        values=None if worth.values is None else pack_values(worth.values),
        confusion=worth.confusion,
        doubts=(*evaluation.doubts, *worth.doubts),
        agreement=agreement(outputs, evaluation.host.outputs, answered & evaluation.host.answered, name),
        seconds=round(answers.seconds, 3),
    )
