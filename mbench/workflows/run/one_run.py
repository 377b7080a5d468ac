"""One process of the benchmark program on one device, with the device's state read before and after."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mbench.core.builds.variants import Quantization, parse_variant
from mbench.core.error_classes import ENVIRONMENT, KILLED, TRANSPORT
from mbench.core.errors import DamagedFile, DeviceLost, TransportError, UsageError
from mbench.core.plain_text import ended
from mbench.core.ports import Clock, Progress, SilentProgress
from mbench.core.results import Conditions, MeasurementWarning, Pass, Run, Status, WarningCode
from mbench.core.workloads import ArtifactFacts, Workload
from mbench.devices.lease.lease import LeaseLost
from mbench.runner.instrument import Instrument
from mbench.runner.runs import RunRequest, run_once
from mbench.workflows.devices.device import TakenDevice
from mbench.workflows.run.measure_loop import RawFiles
from mbench.workflows.run.push_progress import PushProgress

SLOW_CANARY: Final = 10.0
"""Times the longest good run of the canary after which another one hangs; a throttled phone takes two or three."""

LEAST_CANARY_S: Final = 15.0
"""For a phone that is busy for a moment."""

TRIED_ONCE_MORE: Final = frozenset({KILLED, ENVIRONMENT})
"""What may be over in a moment, unless it lasts: memory that was low, storage that was full, a replaced file."""

ONCE_MORE_AFTER_S: Final = 3.0


class DeviceBench:
    """Runs workloads of one session on one device; `files` says where each artifact lies on this host.

    `programs` has those of jobs, by name, that another one than the device's own runs.

    A run is only good while every cluster has the governor that was set, where one was. One that has ended is returned
    whatever its device then lacks (storage, a file): only a device that stays away, or is another's, ends the part.
    """

    def __init__(
        self,
        device: TakenDevice,
        *,
        clock: Clock,
        files: Mapping[str, Path],
        cpus: tuple[int, ...] | None,
        governor: str | None = None,
        programs: Mapping[str, Instrument] = MappingProxyType({}),
    ) -> None:
        self._device, self._clock, self._files, self._cpus = device, clock, files, cpus
        self._governor, self._programs = governor, programs
        self._state = device.found
        self._losses: list[MeasurementWarning] = []
        self._away = False
        self._usual_s: dict[tuple[str, Pass], float] = {}

    def push(self, progress: Progress) -> None:
        """Bring every artifact to the device, once per content.

        A push that broke off or was damaged on the way is begun again, and the next run says so.

        Raises:
            TransportError: one could not be pushed.
        """
        pushed = PushProgress(progress, self._clock)
        for sha256 in self._files:
            self._push(sha256, pushed)
        pushed.finish()

    def _push(self, sha256: str, pushed: PushProgress, also: Callable[[], None] = lambda: None) -> None:
        needed, tries = frozenset(self._files), 0
        while True:
            try:
                also()
                with pushed.file() as sent:
                    self._device.push(self._files[sha256], sha256=sha256, needed=needed, sent=sent)
            except (DamagedFile, DeviceLost) as error:
                tries += 1
                if tries > self._device.retries:
                    raise
                self._losses.append(self._begun_again(error))
            else:
                return

    def _begun_again(self, error: DamagedFile | DeviceLost) -> MeasurementWarning:
        """Return what is said of a push that is begun again; a damaged file is not a lost device."""
        if isinstance(error, DamagedFile):
            return _lost(f"{error} It was pushed again")
        return _lost(f"{error} The device {self._recovered()}; the push was begun again")

    def _recovered(self) -> str:
        """Wait for the lost device, and return how it came back.

        Raises:
            TransportError: it does not come back as it was; `_away` then says so.
        """
        self._away = True
        words = self._device.recover()
        self._away = False
        return words

    def __call__(
        self, workload: Workload, purpose: Pass, *, job: str, index: int, block: int, position: int
    ) -> tuple[Run, RawFiles]:
        """Run once; a run that was lost on the way is begun again when the device is back, and says so.

        Raises:
            TransportError: the device did not come back.
        """
        usual_s = self._usual_s.get((job, purpose))
        request = RunRequest(
            job=job,
            workload=workload,
            purpose=purpose,
            index=index,
            block=block,
            position=position,
            model=self.model_path(workload.artifact.sha256 or ""),
            work_dir=f"{self._device.folders.work_dir}/run",
            cpus=None if self._cpus is None else self._cpus[: workload.threads],
            builtin_accepted=builtin_accepted(workload.artifact),
            init_allowance_s=self._device.profile.patience.start_s,
            usual_s=usual_s,
            longest_s=_longest_s(purpose, usual_s),
        )
        program = self._programs.get(job, self._device.identity.instrument)
        tries = 0
        files: RawFiles
        first: tuple[Run, RawFiles] | None = None
        while True:
            before = self._state = self._device.make_ready(self._state, cpus=request.cpus)
            outcome = run_once(self._device.transport, self._clock, program, request)
            run, files = outcome.run, outcome.files
            if run.error_class == TRANSPORT and tries < self._device.retries:
                tries += 1
                lost = ended(run.message or "the run was lost")
                hindrance = self._returned(workload, f"{lost} The device", "the run at hand was begun again")
                if hindrance is not None:
                    run = _not_again(run, "begun again", hindrance)
                    break
            elif first is None and run.error_class in TRIED_ONCE_MORE and not outcome.lasting:
                if (hindrance := self._mend(workload)) is not None:
                    run = _not_again(run, "tried once more", hindrance)
                    break
                first = run, files
            else:
                break
        if first is not None:
            run, files = _second(run, files, first)
        after = self._read_state(workload, run)
        self._state = after or self._state
        known: dict[str, object] = {
            "conditions_before": before,
            "conditions_after": after,
            "files": tuple(sorted(files)),
            "warnings": (*run.warnings, *self._losses, *self._unfit(after)),
        }
        self._losses.clear()
        if run.status is Status.OK:
            self._usual_s[job, purpose] = max(run.wall_s, usual_s or 0.0)
            known |= self._governed(before, after)
        return run.model_copy(update=known), files

    def _mend(self, workload: Workload) -> TransportError | None:
        """See to what may have failed a run for a moment; return what keeps the run from being tried once more.

        Raises:
            TransportError: the device did not come back, or somebody else has it.
        """
        self._clock.sleep(ONCE_MORE_AFTER_S)
        return self._hindrance(lambda: self._bring_all(workload))

    def _returned(self, workload: Workload, lost: str, then: str) -> TransportError | None:
        """Wait for a lost device as `_wait_for_device` does; return what keeps the next run from its files there.

        Raises:
            TransportError: the device did not come back, or somebody else has it.
        """
        return self._hindrance(lambda: self._wait_for_device(workload, lost, then))

    def _hindrance(self, bring: Callable[[], None]) -> TransportError | None:
        """Return why a device that is there does not have what it was brought.

        Raises:
            TransportError: the device did not come back, or somebody else has it.
        """
        try:
            bring()
        except (DeviceLost, LeaseLost):
            raise
        except TransportError as error:
            if self._away:
                raise
            return error
        return None

    def _bring_all(self, workload: Workload) -> None:
        """Bring what is not any more as the run needs it, and read the state then."""
        for sha256 in files_of(workload).values():
            self._push(sha256, PushProgress(SilentProgress(), self._clock), self._device.bring_program)
        try:
            self._state = self._device.conditions()
        except DeviceLost as error:
            self._wait_for_device(workload, f"{error} Before the second try, the device", "the run was tried once more")

    def _governed(self, before: Conditions, after: Conditions | None) -> dict[str, object]:
        """Return what fails a run during which somebody changed the governor that was set; nothing where it stayed."""
        seen = {name for state in (before, after) if state is not None for name in state.governors or ()}
        foreign = sorted(seen - {self._governor})
        if self._governor is None or not foreign:
            return {}
        return {
            "status": Status.FAILED,
            "error_class": ENVIRONMENT,
            "message": f"somebody changed cpufreq's governor, {self._governor} as asked, to {', '.join(foreign)}: "
            "stop what does so on the device (a power manager, an app that sets clocks), and measure again.",
        }

    def _wait_for_device(self, workload: Workload, lost: str, then: str) -> None:
        """Wait until the device is back, see to what the next run needs on it, and note that it was away."""
        back, place = f"{lost} {self._recovered()}", len(self._losses)
        self._losses.append(_lost(back))
        for sha256 in files_of(workload).values():
            self._push(sha256, PushProgress(SilentProgress(), self._clock))
        self._state = self._device.conditions()
        self._losses[place] = _lost(f"{back}; {then}")

    def _read_state(self, workload: Workload, run: Run) -> Conditions | None:
        """Return the state after a run; of a device lost just then that of its return, None where it was not read.

        Raises:
            TransportError: the device did not come back, or somebody else has it.
        """
        try:
            return self._device.conditions_after(run)
        except LeaseLost:
            raise
        except TransportError as error:
            if run.error_class == TRANSPORT or not self._device.retries:
                return None
            hindrance = self._returned(workload, f"{error} After a run, the device", "that run had ended")
            return self._state if hindrance is None else None

    def _unfit(self, after: Conditions | None) -> tuple[MeasurementWarning, ...]:
        """Say that a device which is waited for had left its limits when a run had ended."""
        return tuple(
            MeasurementWarning(
                code=WarningCode.CONDITIONS,
                message=f"after a run the device was not fit for measuring: {reason}",
                advice="what it measured then may be slow; see the conditions kept with each run",
            )
            for reason in (() if after is None else self._device.unfit(after))
        )

    def model_path(self, sha256: str) -> str:
        """Return where an artifact lies on the device."""
        return f"{self._device.folders.models}/{sha256}.tflite"


def _longest_s(purpose: Pass, usual_s: float | None) -> float | None:
    """Return when a canary hangs at the latest, by those before: it is there to be quick."""
    return None if purpose is not Pass.CANARY or usual_s is None else max(LEAST_CANARY_S, SLOW_CANARY * usual_s)


def files_of(workload: Workload) -> dict[str, str]:
    """Return the SHA-256 of what a run reads, by what people call it: the model, and the values of its inputs."""
    artifact = workload.artifact
    files = {} if artifact.sha256 is None else {artifact.name: artifact.sha256}
    values = {f"values of {each.name}": each.values_sha256 for each in workload.inputs}
    return files | {name: sha256 for name, sha256 in values.items() if sha256 is not None}


def _second(run: Run, files: RawFiles, first: tuple[Run, RawFiles]) -> tuple[Run, dict[str, bytes]]:
    """Return the second try at a run, which reports the first one and keeps its raw files."""
    earlier, left = first
    said = f"it was tried once more: at first {(earlier.message or 'it failed').rstrip('.')}"
    if run.status is Status.OK:
        warning = MeasurementWarning(
            code=WarningCode.RETRIED, message=said, advice="see what else runs on the device, and its storage"
        )
        run = run.model_copy(update={"warnings": (*run.warnings, warning)})
    else:
        run = run.model_copy(update={"message": f"{ended(run.message or 'it failed')} This was the second try; {said}"})
    return run, {**files, **{f"first-{name}": data for name, data in left.items()}}


def _not_again(run: Run, what: str, hindrance: TransportError) -> Run:
    """Return a failed run, which says what kept it from being begun again, or tried once more."""
    said = f"{ended(run.message or 'it failed')} It could not be {what}: {hindrance}"
    return run.model_copy(update={"message": said})


def _lost(message: str) -> MeasurementWarning:
    return MeasurementWarning(code=WarningCode.LOST, message=message, advice="check the cable")


def builtin_accepted(artifact: ArtifactFacts) -> bool:
    """Whether a run without XNNPACK is right: a user's network may be all builtin, and int16x8 has no such kernels."""
    try:
        return parse_variant(artifact.name).quantization is Quantization.INT16X8
    except UsageError:
        return True
