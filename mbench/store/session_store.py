"""One session's folder: its plan, its runs as they end, its jobs when they are done.

SESSION/plan.json                           written first
SESSION/runs/JOB/PURPOSE-INDEX/run.json     as each run ends, with the raw files beside it
SESSION/jobs/JOB.json                       once, when the job is done
SESSION/set-aside/JOB/N/                    a failed job that was tried again: its document, and the runs that failed it
SESSION/endings/SERIAL.json                 while a device's part was tried and did not get to its end
SESSION/examples/train.txt, test.txt        names of the examples of splits that are drawn here, or lie in a folder
SESSION/predictions/host/DELEGATE-SHA.csv   what a file answered to each example, where that was to be kept
SESSION/predictions/device/JOB.csv          likewise on the device of a job
SESSION/report.md                           the table, whenever `mbench run` ends
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from mbench.core.errors import StoreError
from mbench.core.numbers.bounds import FILE_NAME
from mbench.core.results import DevicePlan, JobResult, PartEnding, Plan, PlannedJob, Run, Status
from mbench.files.whole import remove_leftovers
from mbench.store.documents import RunDocument, format_document, read_document
from mbench.store.files import (
    list_text,
    read_regular,
    refuse_links,
    replace_file,
    storing,
    write_new_file,
    write_new_folder,
)
from mbench.store.identity import REMEDY, refuse_job, refuse_other_runs, refuse_plan, refuse_run
from mbench.store.lock import held, holder_of
from mbench.store.unfinished import unfinished_job

PLAN_FILE: Final = "plan.json"
LATEST_FILE: Final = "LATEST"
"""Beside the sessions: names the one whose first run was kept last."""
RUN_FILE: Final = "run.json"
SET_ASIDE_FILE: Final = "job.json"
REPORT_FILE: Final = "report.md"
EXAMPLES_FOLDER: Final = "examples"
PREDICTIONS_FOLDER: Final = "predictions"

_RUN_FOLDER = re.compile(r"[a-z]+-\d+")
_RAW_BYTES: Final = 256 << 20
"""Of one raw file: twice what a run may write."""
_PREDICTIONS_BYTES: Final = 1 << 30
"""Of what one file answered: three million examples of 330 characters, as those of ImageNet have."""


@dataclass(frozen=True, slots=True)
class _Documents:
    """What was read of a session: a kept document is never edited, so that it is never read again.

    Attributes:
        results: by job.
        runs: by job and folder.
    """

    results: dict[str, JobResult] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStore:
    """A session that exists on disk. Reading needs no lock; `save_…` belongs inside `lock()`.

    Whatever is read is compared with the plan (`mbench.store.identity`), and nothing is read or written through links.
    """

    path: Path
    plan: Plan
    _documents: _Documents = field(default_factory=_Documents, init=False, repr=False, compare=False)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one process that drives this session, for the block.

        Raises:
            StoreError: another process drives it; the message names that one.
        """
        refuse_links(self.path, self._lock_path)
        with held(self._lock_path):
            remove_leftovers(self.path)
            yield

    def planned_anew(self, parts: Sequence[DevicePlan]) -> Self:
        """Keep what became known of devices that could not be asked when the session was planned, and return it then.

        Args:
            parts: each in the place of the part that has its jobs.

        Raises:
            StoreError: a part was of a known device, or has results; or the plan could not be written.
        """
        by_jobs = {tuple(job.id for job in part.jobs): part for part in parts}
        changed = [by_jobs.get(tuple(job.id for job in part.jobs), part) for part in self.plan.devices]
        plan = self.plan.model_copy(update={"devices": tuple(changed)})
        for before, after in zip(self.plan.devices, changed, strict=True):
            measured = any(self.result(job.id) is not None or self.runs(job.id) for job in before.jobs)
            if after != before and (before.binary.identified or measured):
                raise StoreError(
                    f"{before.device.serial} of session {plan.session} has been measured as it was planned."
                )
        refuse_plan(plan, folder=plan.session, source=f"the plan of session {plan.session}")
        replace_file(self._own(self.path / PLAN_FILE), format_document(plan))
        return replace(self, plan=plan)

    def save_run(self, run: Run, files: Mapping[str, bytes]) -> None:
        """Keep one run, whole or not at all, with its raw files.

        Args:
            run: of a planned job, or of the canary (`run.job == "canary"`); its `files` are the names of `files`, or
                empty, and are then filled in.
            files: raw bytes by plain name, such as `stdout.txt`.

        Raises:
            StoreError: this run is kept already, belongs to no planned job, or could not be written.
        """
        if run.job not in self._canaries():
            self._planned(run.job)
        for name in files:
            if name == RUN_FILE or not re.fullmatch(FILE_NAME, name):
                raise StoreError(f"cannot keep a raw file called {name!r} beside a run; give it a plain name.")
        if run.files and set(run.files) != set(files):
            raise StoreError(f"{run.job} {run.purpose} {run.index} names files {run.files}, but came with {[*files]}.")
        first = not (self.path / "runs").is_dir()
        named = run.model_copy(update={"files": tuple(sorted(files))})
        document = RunDocument(session=self.plan.session, run=named)
        if not write_new_folder(self.run_path(run), {**files, RUN_FILE: format_document(document)}):
            raise StoreError(f"run {self.run_path(run)} is kept already; a kept run is never edited.")
        if first:
            replace_file(self.path.parent / LATEST_FILE, f"{self.path.name}\n".encode())

    def has_runs(self) -> bool:
        """Whether any run of any job, or of a canary, is kept, by itself or in a document."""
        names = [job.id for job in self.plan.jobs]
        if any(self._run_folders(job) for job in (*self._canaries(), *names)):
            return True
        return any(result.runs for job in names if (result := self.result(job)) is not None)

    def runs(self, job: str) -> tuple[Run, ...]:
        """Return the kept runs of a job (or of `canary`) in the order in which they ran.

        Raises:
            StoreError: one cannot be read, or is not what its folder says.
        """
        kept = [self._read_run(job, name) for name in self._run_folders(job)]
        return tuple(sorted(kept, key=lambda run: (run.position, run.purpose, run.index)))

    def raw(self, run: Run, name: str) -> bytes | None:
        """Return a raw file that a kept run left, None where it left none of that name.

        Raises:
            StoreError: it is there and cannot be read.
        """
        path = self._own(self.run_path(run) / name)
        with storing("read", path):
            there = path.exists()
        return read_regular(path, limit_bytes=_RAW_BYTES) if there else None

    def run_path(self, run: Run) -> Path:
        """Return the folder of a run: `run.json` and the raw files named in `run.files`.

        Raises:
            StoreError: a link leads there.
        """
        return self._own(self.path / "runs" / run.job / f"{run.purpose}-{run.index}")

    def refuse_other_runs(self) -> None:
        """Refuse documents that hold other runs than are kept beside them; where none are kept, a document stands.

        Raises:
            StoreError: with the first difference.
        """
        for planned in self.plan.jobs:
            result, kept = self.result(planned.id), self.runs(planned.id)
            if result is not None and kept:
                refuse_other_runs(result, kept, source=str(self._job_path(planned.id)))

    def save_job(self, result: JobResult) -> None:
        """Keep what became of a job: once, whole or not at all.

        Raises:
            StoreError: it is kept already, was never planned here, or could not be written.
        """
        self._planned(result.job)
        if result.session != self.plan.session:
            raise StoreError(f"a result of session {result.session} does not belong into {self.path}.")
        if not write_new_file(self._job_path(result.job), format_document(result)):
            raise StoreError(f"result {self._job_path(result.job)} is kept already; a kept result is never edited.")

    def set_aside(self, job: str) -> None:
        """Put a failed job's document, and the runs that failed it, out of the way, so that it can be tried again.

        Nothing of them is changed. Its good runs stay, and count.

        Raises:
            StoreError: it has not failed, or its files could not be moved.
        """
        result = self.result(job)
        if result is None or result.status is not Status.FAILED:
            raise StoreError(f"job {job!r} of session {self.plan.session} has not failed; it is not tried again.")
        numbers = (int(name) for name in self._names(self._own(self.path / "set-aside" / job)) if name.isdecimal())
        folder = self._own(self.path / "set-aside" / job / str(max(numbers, default=0) + 1))
        with storing("write", folder):
            folder.mkdir(parents=True)
            self._job_path(job).rename(folder / SET_ASIDE_FILE)  # first: the rest is found by it after a kill
        self._documents.results.pop(job, None)
        self._put_beside(job)

    def finish_setting_aside(self) -> None:
        """Put the runs that failed a job out of the way, too, where a kill came between them and its document.

        Raises:
            StoreError: a document that was set aside cannot be read, or a run could not be moved.
        """
        for planned in self.plan.jobs:
            if self.result(planned.id) is None:
                self._put_beside(planned.id)

    def _put_beside(self, job: str) -> None:
        """Put the runs that failed a job beside the document that was set aside last; later runs stay."""
        for folder, result in self._set_aside(job)[-1:]:
            for run in result.runs:
                name = f"{run.purpose}-{run.index}"
                source, target = self._own(self.path / "runs" / job / name), folder / name
                if run.status is Status.OK or target.exists() or not source.exists():
                    continue
                with storing("write", target):
                    source.rename(target)
                self._documents.runs.pop((job, name), None)

    def tried_before(self, job: str) -> tuple[str, ...]:
        """Return why a job failed each time before it was tried again, in order.

        Raises:
            StoreError: a document that was set aside cannot be read.
        """
        return tuple(result.message or str(result.error_class) for _, result in self._set_aside(job))

    def _set_aside(self, job: str) -> list[tuple[Path, JobResult]]:
        """Return the documents of a job that were set aside, in order; a kill may have left a folder without one."""
        folder = self._own(self.path / "set-aside" / job)
        names = sorted((name for name in self._names(folder) if name.isdecimal()), key=int)
        paths = [self._own(folder / name / SET_ASIDE_FILE) for name in names]
        return [(path.parent, read_document(path, JobResult)) for path in paths if path.exists()]

    def result(self, job: str) -> JobResult | None:
        """Return what became of a planned job; None where that is not written yet.

        Raises:
            StoreError: never planned here, or the document cannot be read, or is of another job.
        """
        part, planned = self._planned(job)
        path = self._job_path(job)
        if job not in self._documents.results and path.exists():
            self._documents.results[job] = self._read_job(path, part, planned)
        return self._documents.results.get(job)

    def documents(self) -> Iterator[tuple[PlannedJob, JobResult | StoreError | None]]:
        """Yield each planned job with its document, why that cannot be read, or None where it is not written.

        Raises:
            StoreError: the folder cannot be read.
        """
        folder = self._own(self.path / "jobs")
        there = frozenset(self._names(folder))
        for part in self.plan.devices:
            for planned in part.jobs:
                found: JobResult | StoreError | None = self._documents.results.get(planned.id)
                if found is None and f"{planned.id}.json" in there:
                    try:
                        found = self._read_job(folder / f"{planned.id}.json", part, planned)
                    except StoreError as error:
                        found = error
                yield planned, found

    def results(self) -> tuple[JobResult, ...]:
        """Return one result per planned job, in the plan's order; documents that are read here stay in memory.

        A job whose document is not written gets a derived one (`mbench.store.unfinished`).

        Raises:
            StoreError: a document cannot be read, or is of another job.
        """
        folder = self._own(self.path / "jobs")
        there = frozenset(self._names(folder))
        files = [(part, planned, f"{planned.id}.json") for part in self.plan.devices for planned in part.jobs]
        holder = holder_of(self._lock_path) if any(name not in there for _, _, name in files) else None
        kept, found = self._documents.results, []
        for part, planned, name in files:
            if planned.id not in kept and name in there:
                kept[planned.id] = self._read_job(folder / name, part, planned)
            found.append(kept.get(planned.id) or self._unfinished(part, planned, holder))
        return tuple(found)

    def has_all_documents(self) -> bool:
        """Whether each planned job has its document, so that `results` derives none from runs.

        Raises:
            StoreError: the folder cannot be read.
        """
        there = frozenset(self._names(self._own(self.path / "jobs")))
        return all(f"{planned.id}.json" in there for planned in self.plan.jobs)

    def save_ending(self, ending: PartEnding) -> None:
        """Keep why a device's part did not get to its end, in the place of what was kept of an earlier attempt.

        Raises:
            StoreError: it could not be written.
        """
        path = self.ending_path(self._part(ending.serial))
        with storing("write", path):
            path.parent.mkdir(exist_ok=True)
        replace_file(path, format_document(ending))

    def remove_ending(self, serial: str) -> None:
        """Forget how the last attempt at a device's part ended: it is tried again.

        Raises:
            StoreError: it could not be removed.
        """
        path = self.ending_path(self._part(serial))
        with storing("remove", path):
            path.unlink(missing_ok=True)

    def ending(self, serial: str) -> PartEnding | None:
        """Return why the last attempt at a device's part did not get to its end; None where nothing is known of one.

        Raises:
            StoreError: the document cannot be read, or is of another part.
        """
        path = self.ending_path(self._part(serial))
        if not path.exists():
            return None
        ending = read_document(path, PartEnding)
        if (ending.session, ending.serial) != (self.plan.session, serial):
            raise StoreError(f"{path}: it is of {ending.serial} in session {ending.session}. {REMEDY}")
        return ending

    def save_report(self, text: str) -> None:
        """Keep the table of the session as `report.md`, in the place of an older one: it is derived, not a document.

        Raises:
            StoreError: it could not be written.
        """
        replace_file(self.path / REPORT_FILE, text.encode())

    def _unfinished(self, part: DevicePlan, planned: PlannedJob, holder: str | None) -> JobResult:
        ending = self.ending(part.device.serial)
        return unfinished_job(self.plan, planned, self.runs(planned.id), holder=holder, ending=ending)

    def save_examples(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Keep the names of the examples of each split beside the results; nothing where they are there already.

        Raises:
            StoreError: they could not be written.
        """
        if lists:
            files = {f"{split}.txt": list_text(names) for split, names in lists.items()}
            write_new_folder(self._own(self.path / EXAMPLES_FOLDER), files)

    def save_predictions(self, place: str, name: str, text: str) -> None:
        """Keep what a file answered to each example, in the place of an earlier attempt.

        Args:
            place: `host` or `device`.
            name: on the host delegate and hash of the file, `cpu-0123456789ab`; on a device the job.
            text: CSV, as `--predictions` writes it.

        Raises:
            StoreError: it could not be written.
        """
        path = self._own(self.path / PREDICTIONS_FOLDER / place / f"{name}.csv")
        with storing("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode())

    def predictions(self) -> Mapping[Path, str]:
        """Return what is kept of files' answers, by its file: the host's, then the devices', in the order of the jobs.

        Raises:
            StoreError: one cannot be read, or is not UTF-8.
        """
        hosts = [
            f"host/{score.delegate}-{score.artifact_sha256[:12]}"
            for job in self.plan.jobs
            for score in job.scores
            if score.place == "host"
        ]
        found = {}
        for name in dict.fromkeys([*hosts, *(f"device/{job.id}" for job in self.plan.jobs)]):
            path = self._own(self.path / PREDICTIONS_FOLDER / f"{name}.csv")
            with storing("read", path):
                there = path.exists()
            if there:
                found[path] = _text(read_regular(path, limit_bytes=_PREDICTIONS_BYTES), path)
        return found

    @property
    def _lock_path(self) -> Path:
        return self.path / ".lock"

    def ending_path(self, part: DevicePlan) -> Path:
        """Return where it is kept why a part did not get to its end.

        Raises:
            StoreError: a link leads there.
        """
        _, _, serial = part.canary_job.partition("@")  # of several devices: fit for a file name
        return self._own(self.path / "endings" / f"{serial or 'device'}.json")

    def _part(self, serial: str) -> DevicePlan:
        for part in self.plan.devices:
            if part.device.serial == serial:
                return part
        raise StoreError(f"device {serial!r} is not in the plan of session {self.plan.session}.")

    def _job_path(self, job: str) -> Path:
        return self._own(self.path / "jobs" / f"{job}.json")

    def _own(self, path: Path) -> Path:
        refuse_links(self.path, path)
        return path

    def _read_job(self, path: Path, part: DevicePlan, planned: PlannedJob) -> JobResult:
        result = read_document(path, JobResult)
        refuse_job(result, self.plan, part, planned, source=str(path))
        return result

    def _run_folders(self, job: str) -> list[str]:
        names = self._names(self._own(self.path / "runs" / job))
        return [name for name in names if _RUN_FOLDER.fullmatch(name)]

    def _names(self, folder: Path) -> list[str]:
        with storing("read", folder):
            return [each.name for each in folder.iterdir()] if folder.is_dir() else []

    def _read_run(self, job: str, folder: str) -> Run:
        if (job, folder) not in self._documents.runs:
            path = self._own(self.path / "runs" / job / folder / RUN_FILE)
            document = read_document(path, RunDocument)
            canary = job in self._canaries()
            refuse_run(document, self.plan, job=job, folder=folder, canary=canary, source=str(path))
            self._documents.runs[job, folder] = document.run
        return self._documents.runs[job, folder]

    def _canaries(self) -> set[str]:
        return {part.canary_job for part in self.plan.devices}

    def _planned(self, job: str) -> tuple[DevicePlan, PlannedJob]:
        for part in self.plan.devices:
            for planned in part.jobs:
                if planned.id == job:
                    return part, planned
        raise StoreError(f"job {job!r} is not in the plan of session {self.plan.session}.")


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: damaged: {error}. {REMEDY}") from error
