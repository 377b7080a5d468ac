"""Build: `mbench build`."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from mbench.core.builds.sweeps import Axis
from mbench.core.errors import DiskError, UsageError
from mbench.core.plain_text import one_line
from mbench.core.ports import Progress
from mbench.core.scores import EvaluationSpec
from mbench.files.disk import disk_errors
from mbench.files.targets import refuse_taken_folder
from mbench.files.whole import place, unfinished
from mbench.workflows.build.gather_artifacts import build_own, build_variants
from mbench.workflows.build.obtain_artifacts import Artifact, BuildFailure
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection, refuse_idle, select

Outcome = Artifact | BuildFailure


def build(
    selection: Selection,
    build_inputs: BuildInputs,
    *,
    dataset: str | None = None,
    output: Path | None,
    workers: int | None,
    progress: Progress,
) -> tuple[Outcome, ...]:
    """Return what became of each chosen variant; copies go to `output` as `VARIANT.tflite`.

    Args:
        selection: what to build.
        build_inputs: what from.
        dataset: that networks are for; trained weights and pictures to calibrate on come from it.
        output: folder for copies; None: files stay in the cache.
        workers: processes; None: as many as this machine carries.
        progress: gets news of each file.

    Raises:
        MbenchError: nothing could be built, or `output` is no folder.
    """
    if output is not None:
        refuse_taken_folder(output, option="--output")
    refuse_idle(selection)
    if selection.files and not selection.quantized:
        raise UsageError(f"{selection.files[0]} is built already; name a --quantization for it, or measure it by run.")
    for axis in (*(text.partition("=")[0] for text in selection.sweeps), *selection.lists):
        if axis in (Axis.THREADS, Axis.DELEGATE):
            raise UsageError(f"{axis} has no meaning for a file that is built; sweep {axis} with mbench run.")
    if dataset is not None:
        from mbench.workflows.score.run_accuracy import Accuracy, Scoring

        accuracy = Accuracy(spec=EvaluationSpec(dataset=dataset), places=())
        learning = Scoring(accuracy, workers=workers, progress=progress)
        selection, build_inputs = learning.suited(selection, build_inputs)
        build_inputs = learning.learned(select(selection), build_inputs)
    selected = select(selection)
    variants = dict.fromkeys(one.variant for one in selected if one.variant is not None)
    builds = dict.fromkeys(one.own for one in selected if one.own is not None)
    outcomes = (
        *build_variants(list(variants), build_inputs, workers=workers, progress=progress).values(),
        *build_own(list(builds), build_inputs, workers=workers, progress=progress).values(),
    )
    return outcomes if output is None else tuple(_copied(outcome, output) for outcome in outcomes)


def _copied(outcome: Outcome, output: Path) -> Outcome:
    if isinstance(outcome, BuildFailure):
        return outcome
    target = output / f"{outcome.facts.name}.tflite"
    try:
        with disk_errors("write", target, otherwise="name another folder with --output"), unfinished(output) as part:
            shutil.copyfile(outcome.path, part)
            place(part, target, fsync=False)
    except DiskError as error:  # the other copies are listed all the same
        return BuildFailure(name=outcome.facts.name, reason=str(error))
    return Artifact(facts=outcome.facts, path=target)


def as_text(outcomes: Sequence[Outcome]) -> str:
    """Return a line per artifact: name, hash, size, signal-to-noise ratio, path."""
    lines = []
    for outcome in outcomes:
        if isinstance(outcome, Artifact):
            facts = outcome.facts
            snr = "SNR not comparable" if facts.snr_db is None else f"SNR {facts.snr_db:.1f} dB"
            lines.append(f"{facts.name}  {(facts.sha256 or '')[:12]}  {facts.size_bytes} bytes  {snr}  {outcome.path}")
    return "\n".join(map(one_line, lines))


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return a JSON list: the facts of each artifact with its path, or its name with the reason."""
    return json.dumps(
        [
            outcome.facts.model_dump() | {"path": str(outcome.path), "error": None}
            if isinstance(outcome, Artifact)
            else {"name": outcome.name, "path": None, "error": outcome.reason}
            for outcome in outcomes
        ],
        indent=1,
    )
