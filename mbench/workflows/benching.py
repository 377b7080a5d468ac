"""Benching: one process of the benchmark program on one device, with the device's state read before and after."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mbench.core.ports import Clock, Transport
from mbench.core.results import Conditions, Pass, Run
from mbench.core.variants import Quantization, parse_variant
from mbench.core.workloads import ArtifactFacts, Workload
from mbench.runner.instrument import Instrument
from mbench.runner.runs import RunRequest, run_once
from mbench.workflows.measuring import RawFiles


class DeviceBench:
    """Runs workloads of one session on one device; `files` tells where each artifact lies on this host."""

    def __init__(
        self,
        transport: Transport,
        *,
        instrument: Instrument,
        clock: Clock,
        read_conditions: Callable[[], Conditions],
        files: Mapping[str, Path],
        cpus: tuple[int, ...] | None,
        work_dir: str,
    ) -> None:
        self._transport, self._instrument, self._clock = transport, instrument, clock
        self._read_conditions, self._files = read_conditions, files
        self._cpus, self._work_dir = cpus, work_dir
        self._state = read_conditions()

    def push(self) -> None:
        """Bring every artifact to the device, once per content."""
        for sha256, path in self._files.items():
            self._transport.push(path, self._model_path(sha256), sha256=sha256)

    def __call__(
        self, workload: Workload, purpose: Pass, *, job: str, index: int, block: int, position: int
    ) -> tuple[Run, RawFiles]:
        """Run once; see `mbench.runner.runs.run_once`."""
        request = RunRequest(
            job=job,
            workload=workload,
            purpose=purpose,
            index=index,
            block=block,
            position=position,
            model=self._model_path(workload.artifact.sha256 or ""),
            work_dir=f"{self._work_dir}/run",
            cpus=None if self._cpus is None else self._cpus[: workload.threads],
            builtin_accepted=_builtin_accepted(workload.artifact),
        )
        before = self._state
        run, files = run_once(self._transport, self._clock, self._instrument, request)
        self._state = self._read_conditions()
        known = {"conditions_before": before, "conditions_after": self._state, "files": tuple(sorted(files))}
        return run.model_copy(update=known), files

    def _model_path(self, sha256: str) -> str:
        return f"{self._work_dir}/models/{sha256}.tflite"


def _builtin_accepted(artifact: ArtifactFacts) -> bool:
    """Whether a run without XNNPACK is right: a user's own file may be all builtin, and int16x8 has no such kernels."""
    if artifact.name.startswith("file:"):
        return True
    return parse_variant(artifact.name).quantization is Quantization.INT16X8
