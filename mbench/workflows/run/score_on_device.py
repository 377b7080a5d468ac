"""Asking on the device: each job's file of one part, about the data set that the plan names."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.tasks.predictions import Recorder
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.ports import Progress
from mbench.core.reasons import Unscored
from mbench.core.results import PlannedJob
from mbench.core.scores import EvaluationSpec, Score
from mbench.files import in_use
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import TakenDevice
from mbench.workflows.home import home
from mbench.workflows.run.device_score import (
    DEVICE_EXAMPLES,
    DeviceEvaluation,
    DevicePlace,
    answers_folder,
    score_on_device,
)
from mbench.workflows.run.one_run import DeviceBench, builtin_accepted
from mbench.workflows.score.on_host import has_first_answers, host_twin, other_scaling
from mbench.workflows.score.open_evaluation_spec import OpenSpec, check_input, open_spec
from mbench.workflows.score.predictions import FilePredictions, predictions_csv

INVENTED: Final = "its latencies are invented by a law, and no model runs on it."


class DeviceAsking:
    """Scores the files of one part on its device; kept answers are not asked for again."""

    def __init__(
        self,
        device: TakenDevice,
        bench: DeviceBench,
        spec: EvaluationSpec,
        *,
        session: str,
        keep: Callable[[str, str], None] | None = None,
        files: Mapping[str, Path],
        cpus: tuple[int, ...] | None,
        progress: Progress,
        stop_here: Callable[[], None],
    ) -> None:
        """Take what the part is measured with.

        `files` tells where each artifact lies on this host. `keep` gets of each job what its file answered to each
        example, as CSV; None: nobody wants it.
        """
        self._device, self._bench, self._spec, self._session = device, bench, spec, session
        self._keep = keep
        self._files, self._cpus = files, cpus
        self._progress, self._stop_here = progress, stop_here

    @cached_property
    def _opened(self) -> OpenSpec:
        return open_spec(self._spec, cache=home())

    def __call__(self, job: PlannedJob) -> Score | Unscored:
        """Return the score of a job's file by the device's own answers, or why there is none.

        Raises:
            TransportError: the device did not come back.
            DatasetError: the data set cannot be read.
            StoreError: this host could not keep what it needs for it.
        """
        facts = self._device.identity.facts
        if facts.invented:
            return Unscored(f"{facts.serial} cannot be asked: {INVENTED}")
        try:
            asked, recorder = self._device_evaluation(job)
            score = self._score(job, asked)
        except (UnsupportedModel, ArtifactError) as error:
            return Unscored(str(error))
        if isinstance(score, Unscored):
            return score
        if recorder is not None and self._keep is not None:
            self._keep(job.id, self._predictions(job, recorder))
        return self._opened.described(score, job.workload.artifact)

    def _score(self, job: PlannedJob, asked: DeviceEvaluation) -> Score | Unscored:
        sha256, threads = job.workload.artifact.sha256 or "", job.workload.threads
        kept_in = answers_folder(self._session)
        in_use.hold(kept_in.parent, kept_in.name)
        return score_on_device(
            DevicePlace(
                device=self._device,
                model=self._bench.model_path(sha256),
                cpus=None if self._cpus is None else self._cpus[:threads],
                builtin_accepted=builtin_accepted(job.workload.artifact),
            ),
            job.workload,
            asked,
            kept_in=kept_in,
            clock=SystemClock(),
            progress=self._progress,
            stop_here=self._stop_here,
        )

    def _predictions(self, job: PlannedJob, recorder: Recorder) -> str:
        artifact = job.workload.artifact
        found = FilePredictions(
            name=artifact.name,
            sha256=artifact.sha256 or "",
            place="device",
            delegate=str(job.workload.delegate),
            device=self._device.identity.facts.serial,
            class_names=self._opened.examples.class_names,
            predictions=recorder.predictions,
        )
        return predictions_csv([found])

    def _device_evaluation(self, job: PlannedJob) -> tuple[DeviceEvaluation, Recorder | None]:
        """Prepare the pictures, and let the host answer them first, by kernels most like the device's.

        The recorder, where answers are to be kept, sees those of the device.
        """
        spec = self._spec
        asking = self._opened
        examples = asking.examples
        recipe, doubts = asking.recipe_for(job.workload.artifact)
        asked = spec.examples or DEVICE_EXAMPLES
        with HostPool() as pool:
            opened = open_file(
                self._files[job.workload.artifact.sha256 or ""],
                delegate=host_twin(job.workload.delegate),
                pool=pool,
                layout=spec.layout,
                output=spec.output,
            )
            evaluator, form = asking.evaluator(opened, self._progress.note, asked=asked), opened.picture_form()
            recorder = None if self._keep is None else Recorder(opened, examples, evaluator)
            check_input(recipe, opened)
            prepared = prepare(
                examples,
                recipe,
                form.height,
                width=form.width,
                asked=asked,
                seed=spec.seed,
                folder=home() / "prepared",
                pool=pool,
                progress=self._progress,
            )
            name = job.workload.artifact.name
            self._progress.start(f"asking {name} on this host", prepared.record.asked, unit="examples")
            try:
                host = answer(
                    opened,
                    prepared,
                    recipe.scaling,
                    keep=None,
                    output=evaluator.output,
                    pool=pool,
                    progress=self._progress,
                )
            finally:
                self._progress.finish()
            if job.workload.artifact.recipe is None and has_first_answers(asking):
                right = evaluator.evaluate(host.outputs, host.answered, prepared.indices).hits
                silent = asking.evaluator(opened, lambda _: None, asked=asked)  # what it noted has been said
                doubts = (*doubts, *other_scaling(opened, prepared, recipe, silent, right, pool=pool))
        evaluation = DeviceEvaluation(
            prepared=prepared,
            examples=examples,
            recipe=recipe,
            opened=opened,
            doubts=(*prepared.doubts(recipe), *doubts),
            host=host,
            evaluator=evaluator if recorder is None else recorder.evaluator,
        )
        return evaluation, recorder
