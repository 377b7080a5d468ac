"""What runs native code on foreign files, in the processes that mbench runs it in: hostbench, scorers, builders.

Such a process may die of a damaged file, or be ended by a limit of mbench's own. What is judged is what the user meets
then: a failed row or an error, of one line.
"""

import hashlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.fuzz.limits import growing_by, memory_bytes
from benchmarks.fuzz.reader import Form, Reader
from benchmarks.fuzz.readers_models import LAYERS, classifier, keras_archive, keras_h5, small_models
from mbench.artifacts.inspection import inspect_file, runnable_reason
from mbench.core.delegates import Delegate
from mbench.core.errors import ArtifactError
from mbench.core.ports import SilentProgress
from mbench.core.results import Pass, Run, Status
from mbench.core.scores import EvaluationSpec
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.devices.host.transport import HostTransport
from mbench.models.weights.weights import describe_file, load_weights
from mbench.runner.runs import RunRequest, run_once
from mbench.workflows.build.build_pool import answer_of, build_workers
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.benchmark_program import hostbench
from mbench.workflows.home import home
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

_SHORT: Final = RunSettings(warmup_runs=1, warmup_min_secs=0.0, num_runs=2, min_secs=0.01, max_secs=1.0)
_START_S: Final = 20.0
"""Of the clock, for a run to load its model, on a machine on which others work; behind it mbench ends the run."""
_ENDS_S: Final = 90.0
"""Behind each of mbench's own limits for these processes."""

_LONGEST_LINE: Final = 2000


def _run_model(data: bytes, folder: Path) -> object:
    """Time and score a file as `mbench run` does one of the user's own."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    inspection = inspect_file(path)
    if (reason := runnable_reason(inspection)) is not None:
        raise ArtifactError(reason)
    facts = inspection.facts()
    runs = [_run(facts, path, purpose) for purpose in (Pass.LATENCY, Pass.OPS)]
    spec = EvaluationSpec(dataset="digits", examples=2)
    opened = open_spec(spec, cache=home())
    return runs, score_files([(facts, path)], opened, spec.delegate, cache=home(), workers=1, progress=SilentProgress())


def _run(facts: ArtifactFacts, path: Path, purpose: Pass) -> Run:
    request = RunRequest(
        job="0",
        workload=Workload(artifact=facts, delegate=Delegate.CPU, threads=1, settings=_SHORT),
        purpose=purpose,
        index=0,
        block=0,
        position=0,
        model=str(path),
        work_dir=str(path.parent / "run"),
        builtin_accepted=True,
        init_allowance_s=_START_S,
    )
    run = run_once(HostTransport(path.parent), SystemClock(), hostbench().instrument, request).run
    said = run.message or ""
    if (run.status is Status.OK) != (not said) or "\n" in said or len(said) > _LONGEST_LINE:
        raise AssertionError(f"a run is {run.status} and says {said!r}")
    return run


class _Builders:
    """One build worker, started again when it died."""

    _pool: ProcessPoolExecutor | None = None

    @classmethod
    def answer(cls, function: Any, *arguments: Any) -> Any:
        """Return what it answers; raise as a build does."""
        pool = cls._pool = cls._pool or build_workers(1)
        future = pool.submit(function, *arguments)
        try:
            return answer_of(future, pool)
        except ArtifactError:
            pool.shutdown(wait=True)
            cls._pool = None
            raise


def _weights(name: str) -> Any:
    def read(data: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(data)
        return _Builders.answer(load_in_worker, str(path), hashlib.sha256(data).hexdigest())

    return read


def load_in_worker(path: str, sha256: str) -> int:
    """Load weights as a build does; runs in a build worker."""
    with growing_by(memory_bytes()):
        weights = describe_file(Path(path))
        assert weights.sha256 == sha256
        return len(load_weights(weights, LAYERS))


READERS: Final = (
    Reader(
        name="tflite-run",
        form=Form.BINARY,
        seeds=lambda: [*small_models(), classifier()],
        read=_run_model,
        own_processes_s=_ENDS_S,
    ),
    Reader(
        name="weights-h5",
        form=Form.BINARY,
        seeds=lambda: [keras_h5(old=False), keras_h5(old=True)],
        read=_weights("w.weights.h5"),
        own_processes_s=_ENDS_S,
    ),
    Reader(
        name="weights-keras",
        form=Form.ARCHIVE,
        seeds=lambda: [keras_archive()],
        read=_weights("w.keras"),
        own_processes_s=_ENDS_S,
    ),
)
