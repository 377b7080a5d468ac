"""Benching: one process of the benchmark program on one device, with the device's state read before and after."""

from collections.abc import Mapping
from pathlib import Path

from mbench.core.errors import DamagedFile, DeviceLost, NoSpace, TransportError
from mbench.core.ports import Clock, Progress
from mbench.core.results import Conditions, MeasurementWarning, Pass, Run, WarningCode
from mbench.core.variants import Quantization, parse_variant
from mbench.core.workloads import ArtifactFacts, Workload
from mbench.devices.android.readiness import verdict
from mbench.runner.runs import RunRequest, run_once
from mbench.workflows.devices.phone_files import evict_oldest
from mbench.workflows.devices.ready_device import Station
from mbench.workflows.run.measure_loop import RawFiles
from mbench.workflows.run.push_progress import PushProgress

MOST_LOSSES = 3
"""Times that a run or a push is begun again because the way to the device broke; each time is recorded."""


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
        self._state = station.state or station.read_conditions()
        self._losses: list[MeasurementWarning] = []

    def push(self, progress: Progress) -> None:
        """Bring every artifact to the device, once per content; old ones make room where it is short.

        A push that broke off or was damaged on the way is begun again, and the next run says so. A host's own copies
        are not worth a word.

        Raises:
            TransportError: one could not be pushed.
        """
        told = PushProgress(progress, self._clock)
        for sha256 in self._files:
            self._push(sha256, told if self._station.recover else None)
        told.finish()

    def _push(self, sha256: str, told: PushProgress | None = None) -> None:
        transport = self._station.transport
        keep = frozenset(f"{each}.tflite" for each in self._files)
        tries = 0
        while True:
            try:
                self._push_once(sha256, told)
            except NoSpace:
                if self._station.models is None or not evict_oldest(transport, keep=keep):
                    raise
            except (DamagedFile, DeviceLost) as error:
                tries += 1
                if self._station.recover is None or tries > MOST_LOSSES:
                    raise
                self._losses.append(_lost(f"{error} The device {self._station.recover()}; the push was begun again"))
            else:
                return

    def _push_once(self, sha256: str, told: PushProgress | None) -> None:
        try:
            sent = None if told is None else told.sent
            self._station.transport.push(self._files[sha256], self.model_path(sha256), sha256=sha256, sent=sent)
        finally:
            if told is not None:
                told.end_file()

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
            model=self.model_path(workload.artifact.sha256 or ""),
            work_dir=f"{self._work_dir}/run",
            cpus=None if self._cpus is None else self._cpus[: workload.threads],
            builtin_accepted=builtin_accepted(workload.artifact),
            init_allowance_s=self._station.profile.patience.start_s,
        )
        tries = 0
        while True:
            if self._station.ready is not None:
                self._state = self._station.ready(self._state)
            before = self._state
            run, files = run_once(self._station.transport, self._clock, self._station.instrument, request)
            if run.error_class != "transport" or self._station.recover is None or tries == MOST_LOSSES:
                break
            tries += 1
            self._wait_for_device(workload, f"{run.message} The device", "the run at hand was begun again")
        after = self._read_state(workload, run)
        self._state = after or self._state
        known = {
            "conditions_before": before,
            "conditions_after": after,
            "files": tuple(sorted(files)),
            "warnings": (*run.warnings, *self._losses, *self._unfit(after)),
        }
        self._losses.clear()
        return run.model_copy(update=known), files

    def _wait_for_device(self, workload: Workload, lost: str, then: str) -> None:
        """Wait until the device is back, see to what the next run needs on it, and note that it was away."""
        assert self._station.recover is not None
        self._losses.append(_lost(f"{lost} {self._station.recover()}; {then}"))
        self._push(workload.artifact.sha256 or "")
        self._state = self._station.read_conditions()

    def _read_state(self, workload: Workload, run: Run) -> Conditions | None:
        """Read the state after a run; of a device lost just then that of its return, None where it stays away."""
        try:
            return self._station.read_after(run) if self._station.read_after else self._station.read_conditions()
        except TransportError as error:
            if run.error_class == "transport" or self._station.recover is None:
                return None
            self._wait_for_device(workload, f"{error} After a run, the device", "that run had ended")
            return self._state

    def _unfit(self, after: Conditions | None) -> tuple[MeasurementWarning, ...]:
        """Say that a device that is waited for had left its limits when a run had ended; others' load is told apart."""
        if self._station.ready is None or after is None:
            return ()
        limits = self._station.profile.limits.model_copy(update={"busy_share": None})
        return tuple(
            MeasurementWarning(
                code=WarningCode.CONDITIONS,
                message=f"after a run the device was not fit for measuring: {reason}",
                advice="what it measured then may be slow; see the conditions kept with each run",
            )
            for reason in verdict(after, limits).reasons
        )

    def model_path(self, sha256: str) -> str:
        """Return where an artifact lies on the device."""
        return f"{self._models}/{sha256}.tflite"


def _lost(message: str) -> MeasurementWarning:
    return MeasurementWarning(code=WarningCode.LOST, message=message, advice="check the cable")


def builtin_accepted(artifact: ArtifactFacts) -> bool:
    """Whether a run without XNNPACK is right: a user's own file may be all builtin, and int16x8 has no such kernels."""
    if artifact.name.startswith("file:"):
        return True
    return parse_variant(artifact.name).quantization is Quantization.INT16X8
