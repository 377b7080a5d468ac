"""Benching: one process of the benchmark program on one device, with the device's state read before and after."""

from collections.abc import Mapping
from pathlib import Path

from mbench.core.errors import TransportError
from mbench.core.ports import Clock
from mbench.core.results import Conditions, MeasurementWarning, Pass, Run, WarningCode
from mbench.core.variants import Quantization, parse_variant
from mbench.core.workloads import ArtifactFacts, Workload
from mbench.runner.runs import RunRequest, run_once
from mbench.workflows.measuring import RawFiles
from mbench.workflows.phone_files import evict_oldest
from mbench.workflows.stations import Station

MOST_LOSSES = 3
"""Times that a run is begun again because the way to the device broke; each time is recorded."""


class DeviceBench:
    """Runs workloads of one session on one device; `files` tells where each artifact lies on this host."""

    def __init__(
        self,
        station: Station,
        *,
        clock: Clock,
        files: Mapping[str, Path],
        cpus: tuple[int, ...] | None,
        work_dir: str,
    ) -> None:
        self._station, self._clock, self._files, self._cpus = station, clock, files, cpus
        self._work_dir = work_dir
        self._models = station.models or f"{work_dir}/models"
        self._state = station.read_conditions()

    def push(self) -> None:
        """Bring every artifact to the device, once per content; old ones make room where it is short.

        Raises:
            TransportError: one could not be pushed.
        """
        for sha256 in self._files:
            self._push(sha256)

    def _push(self, sha256: str) -> None:
        transport = self._station.transport
        keep = frozenset(f"{each}.tflite" for each in self._files)
        while True:
            try:
                transport.push(self._files[sha256], self._model_path(sha256), sha256=sha256)
            except TransportError:
                if self._station.models is None or not evict_oldest(transport, keep=keep):
                    raise
            else:
                return

    def __call__(
        self, workload: Workload, purpose: Pass, *, job: str, index: int, block: int, position: int
    ) -> tuple[Run, RawFiles]:
        """Run once; a run that was lost on the way is begun again when the device is back, and says so.

        Raises:
            TransportError: the device did not come back.
        """
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
        losses: list[MeasurementWarning] = []
        while True:
            before = self._state
            run, files = run_once(self._station.transport, self._clock, self._station.instrument, request)
            if run.error_class != "transport" or self._station.recover is None or len(losses) == MOST_LOSSES:
                break
            losses.append(self._wait_for_device(workload))
        self._state = self._read_state(run)
        known = {
            "conditions_before": before,
            "conditions_after": self._state,
            "files": tuple(sorted(files)),
            "warnings": (*run.warnings, *losses),
        }
        return run.model_copy(update=known), files

    def _wait_for_device(self, workload: Workload) -> MeasurementWarning:
        assert self._station.recover is not None
        said = self._station.recover()
        self._push(workload.artifact.sha256 or "")
        self._state = self._station.read_conditions()
        return MeasurementWarning(
            code=WarningCode.LOST,
            message=f"the device {said}; the run at hand was begun again",
            advice="check the cable",
        )

    def _read_state(self, run: Run) -> Conditions:
        """Read the state after a run; where the device is lost just then, it is known no better than before."""
        try:
            return self._station.read_conditions()
        except TransportError:
            if run.error_class == "transport" or self._station.recover is None:
                return self._state
            self._station.recover()
            return self._station.read_conditions()

    def _model_path(self, sha256: str) -> str:
        return f"{self._models}/{sha256}.tflite"


def _builtin_accepted(artifact: ArtifactFacts) -> bool:
    """Whether a run without XNNPACK is right: a user's own file may be all builtin, and int16x8 has no such kernels."""
    if artifact.name.startswith("file:"):
        return True
    return parse_variant(artifact.name).quantization is Quantization.INT16X8
