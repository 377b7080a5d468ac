"""Accuracy for searches that build files: `mbench.workflows.build.float_evaluator` by this host's scores."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.accuracy.host.sampling import count_askable
from mbench.accuracy.own.metric import WITH_LABELS
from mbench.artifacts.inspection import inspect_bytes
from mbench.core.builds.own_recipes import EvaluatedOn
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError, MbenchError, UsageError
from mbench.core.examples import Task
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.scores import EvaluationSpec, Score
from mbench.files.scratch import scratch_folder
from mbench.workflows.build.float_evaluator import AskFile
from mbench.workflows.score.on_host import scoring_one_by_one
from mbench.workflows.score.open_evaluation_spec import OpenSpec, open_spec

ASKED: Final = 500
"""Examples of a search unless the user names a number: where 1 % of the answers differ, the difference is known to ± 1
point, and a network of 10 ms takes 5 s for them, of each of up to 60 files."""

OPTION: Final = "--keep-float auto:acc"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEvaluator:
    """Asks files on this host; a plain value, which opens the data set where it is asked.

    Attributes:
        spec: with the number of examples.
        home: folder whose `datasets`, `arrays`, `prepared` and `scores` are used.
        workers: processes; None: one per core.
    """

    spec: EvaluationSpec
    home: Path
    workers: int | None
    evaluated_on: EvaluatedOn

    @contextmanager
    def opened(self) -> Iterator[AskFile]:
        """Yield what asks files, as long as the block runs.

        Raises:
            ArtifactError: the data set cannot be read any more.
        """
        try:
            opening = open_spec(self.spec, cache=self.home)
        except MbenchError as error:
            raise ArtifactError(f"{OPTION}: {error}") from error
        scoring = scoring_one_by_one(
            opening, Delegate.CPU, cache=self.home, workers=self.workers, progress=SilentProgress()
        )
        with scratch_folder("evaluated") as folder, scoring as score:

            def ask(data: bytes) -> Score:
                sha256 = hashlib.sha256(data).hexdigest()
                path = folder / f"{sha256}.tflite"
                path.write_bytes(data)
                try:
                    facts = inspect_bytes(data, name=f"file:{sha256[:12]}").facts()
                    built = facts.model_copy(update={"recipe": sha256})  # built here: no other scaling is looked for
                    found = score(built, path)
                except MbenchError as error:
                    raise ArtifactError(f"{OPTION}: {error}") from error
                if isinstance(found, Unscored):
                    raise ArtifactError(f"{OPTION}: {found.reason}")
                return found

            yield ask


def host_evaluator(opening: OpenSpec, *, home: Path, workers: int | None) -> HostEvaluator:
    """Return what evaluates the files of a search on a data set.

    Args:
        opening: what the command asks files.
        home: see `HostEvaluator`.
        workers: likewise.

    Raises:
        UsageError: answers to its task are not right or wrong, each by itself.
        DatasetError: its files are not of the format.
    """
    spec, task = opening.spec, opening.dataset.task
    if opening.metric is None and task is not Task.CLASSIFICATION:
        other = "name a --metric FILE.py:NAME, or " if task in WITH_LABELS else ""
        raise UsageError(
            f"{OPTION} compares files example by example, and {spec.dataset}, a data set of {task}, is scored as a "
            f"whole: {other}write auto:DB to go by signal to noise."
        )
    facts = opening.examples.facts
    asked = min(spec.examples or ASKED, count_askable(opening.examples))
    asks = {
        "preprocessing": opening.recipe.name,
        "label_offset": spec.label_offset,
        "labels": None if opening.labels is None else opening.labels.sha256,
        "layout": spec.layout,
        "output": spec.output,
        "metric": None if opening.metric is None else opening.metric.facts.model_dump_json(),
    }
    return HostEvaluator(
        spec=spec.model_copy(update={"examples": asked, "delegate": Delegate.CPU}),
        home=home,
        workers=workers,
        evaluated_on=EvaluatedOn(
            dataset=f"{facts.name} {facts.split}",
            sha256=facts.sha256,
            asked=asked,
            seed=spec.seed,
            asks=tuple(sorted((name, str(value)) for name, value in asks.items() if value is not None)),
        ),
    )
