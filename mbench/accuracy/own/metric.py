"""Evaluates a file by a user's own metric, `--metric FILE.py:NAME`, which a worker process runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.host.evaluator import Evaluation, Evaluator, Outputs, Rows
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.pool import HostPool, WorkerDied
from mbench.accuracy.host.worker import Tensor, without_batch
from mbench.accuracy.own.array_examples import ArrayExamples
from mbench.accuracy.own.calling import MetricCall, StoredOutput, call_metric
from mbench.accuracy.tasks.class_metrics import share_metric
from mbench.core.builds.own_recipes import PythonName
from mbench.core.choices import MetricBetter
from mbench.core.errors import ArtifactError, UnsupportedModel, UsageError
from mbench.core.examples import Examples, Task
from mbench.core.means import mean_interval
from mbench.core.plain_text import whole_mib
from mbench.core.scores import RESERVED_METRICS, EvaluationSpec, Metric, OwnMetric
from mbench.files.places import expanded
from mbench.files.python_source import find_python
from mbench.files.scratch import scratch_folder

OPTION: Final = "--metric"

WITH_LABELS: Final = (Task.OWN, Task.CLASSIFICATION, Task.ATTRIBUTES)
"""Tasks whose truths are numbers, or the user's own labels."""

MOST_OUTPUT_BYTES: Final = 4 << 30
"""Of all asked examples' outputs, which are held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMetric:
    """A user's metric as it was found.

    Attributes:
        code: the function.
        facts: what scores say of it.
        timeout_s: for each call.
        logs: folder for what it prints.
    """

    code: PythonName
    facts: OwnMetric
    timeout_s: float
    logs: Path


def open_metric(spec: EvaluationSpec, *, home: Path) -> OpenMetric:
    """Return a user's metric, by content; none of it is run.

    Raises:
        UsageError: no such file or function, or a name that means something else in tables.
    """
    assert spec.metric is not None
    code = find_python(str(expanded(spec.metric)), option=OPTION)
    if code.name in RESERVED_METRICS or code.name.startswith(("within_", "val_at_far_")):
        raise UsageError(f"{OPTION} {spec.metric}: {code.name} is a column of mbench's own; rename your function.")
    facts = OwnMetric(
        name=code.name,
        source=Path(code.source).name,
        sha256=code.sha256,
        better=spec.metric_better,
        unit=spec.metric_unit,
    )
    return OpenMetric(code=code, facts=facts, timeout_s=spec.metric_timeout_s, logs=home / "build_logs")


def whole(outputs: Outputs) -> Outputs:
    """Keep all of the outputs that are judged."""
    return outputs


def metric_evaluator(opened: OpenedFile, examples: Examples, metric: OpenMetric, *, asked: int | None) -> Evaluator:
    """Return the evaluator of a file by a user's metric.

    Args:
        opened: the file.
        examples: whose labels the metric gets.
        metric: the user's.
        asked: how many examples; None: all.

    Raises:
        UnsupportedModel: its outputs have open sizes, or take too much memory.
    """
    output = None if opened.output is None else opened.judged_output()
    judged = opened.tensors.outputs if output is None else (opened.tensors.outputs[output],)
    count = min(asked or len(examples), len(examples))
    needed = count * sum(int(np.prod(each.shape)) * np.dtype(each.dtype).itemsize for each in judged)
    if needed > MOST_OUTPUT_BYTES:
        raise UnsupportedModel(
            f"its outputs for {count} examples take {whole_mib(needed)}, more than {whole_mib(MOST_OUTPUT_BYTES)}; "
            "score fewer by --examples N."
        )
    if bad := [each.name for each in judged if each.open_sizes]:
        raise UnsupportedModel(f"its output {bad[0]!r} has no fixed size, so a metric cannot have a row an example.")

    def weigh(kept: Outputs, answered: NDArray[np.bool_], rows: Rows) -> Evaluation:
        said = _called(metric, judged, kept, _labels(examples, rows), rows)
        return _worth(metric, said, answered, lambda row: examples.name(int(rows[row])))

    return Evaluator(keep=whole, weigh=weigh, output=output, own_metric=metric.facts)


def _labels(examples: Examples, rows: Rows) -> NDArray[Any] | Path:
    if isinstance(examples, ArrayExamples):
        return examples.labels
    return np.array([examples.truth(int(row)) for row in rows])


def _called(
    metric: OpenMetric, judged: Sequence[Tensor], kept: Outputs, labels: NDArray[Any] | Path, rows: Rows
) -> NDArray[Any]:
    with scratch_folder("metric") as folder:
        stored = [
            _stored(tensor, array, folder / f"output{place}.npy")
            for place, (tensor, array) in enumerate(zip(judged, kept, strict=True))
        ]
        task = MetricCall(
            code=metric.code,
            outputs=tuple(stored),
            labels=labels,
            rows=tuple(map(int, rows)),
            log=metric.logs / f"metric-{metric.code.name}-{metric.code.sha256[:12]}.log",
            timeout_s=metric.timeout_s,
        )
        try:
            with HostPool(1) as pool:
                ((_, said),) = pool.run(call_metric, [task])
        except WorkerDied as error:
            raise ArtifactError(f"{OPTION} {metric.code}: the process that ran it {error}.") from error
    return said


def _stored(tensor: Tensor, array: NDArray[Any], path: Path) -> StoredOutput:
    np.save(path, array)
    return StoredOutput(
        name=tensor.aliases[0] if tensor.aliases else tensor.name,
        path=path,
        shape=without_batch(np.array(tensor.shape)),
        scale=tensor.scale,
        zero_point=tensor.zero_point or 0,
    )


def _worth(
    metric: OpenMetric, said: NDArray[Any], answered: NDArray[np.bool_], name: Callable[[int], str]
) -> Evaluation:
    """Return what a metric says: a share of right answers, or a mean of values."""
    facts, count = metric.facts, len(said)
    if said.dtype.kind == "b":
        if facts.unit is not None or facts.better is not MetricBetter.HIGHER:
            raise ArtifactError(
                f"{OPTION} {metric.code} says whether answers are right, of which more are better: leave --metric-unit "
                "and --metric-better out."
            )
        hits = (said & answered).tolist()
        return Evaluation(metrics=(share_metric(facts.name, sum(hits), count),), hits=hits)
    if not answered.all():
        row = int(np.flatnonzero(~answered)[0])
        raise UnsupportedModel(
            f"{int((~answered).sum())} of {count} examples have no answer, the first of them {name(row)}: there is no "
            f"value of {facts.name} for them."
        )
    if not np.isfinite(said).all():
        row = int(np.flatnonzero(~np.isfinite(said))[0])
        raise ArtifactError(
            f"{OPTION} {metric.code} gives {said[row]} for example {name(row)}; return a number for each."
        )
    values = said.tolist()
    interval = mean_interval(values)
    return Evaluation(
        metrics=(
            Metric(
                name=facts.name,
                value=float(said.mean()),
                low=None if interval is None else interval.low,
                high=None if interval is None else interval.high,
                interval=None if interval is None else "student",
                examples=count,
                kind="value",
                unit=facts.unit,
                better=facts.better,
            ),
        ),
        values=values,
    )
