"""One session's folder: its plan, its runs as they end, its jobs when they are done.

SESSION/plan.json                           written first
SESSION/runs/JOB/PURPOSE-INDEX/run.json     as each run ends, with the raw files beside it
SESSION/jobs/JOB.json                       once, when the job is done
SESSION/report.md                           the table, whenever `mbench run` ends
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.core.results import JobResult, Plan, PlannedJob, Run
from mbench.files.regular import read_regular
from mbench.store.documents import MOST_BYTES, RunDocument, format_document, read_document
from mbench.store.files import remove_leftovers, replace_file, storing, write_new_file, write_new_folder
from mbench.store.lock import held, holder_of
from mbench.store.unfinished import unfinished_job

PLAN_FILE: Final = "plan.json"
RUN_FILE: Final = "run.json"
REPORT_FILE: Final = "report.md"

_RUN_FOLDER = re.compile(r"[a-z]+-\d+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_+@-][A-Za-z0-9._+@-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStore:
    """A session that exists on disk. Reading needs no lock; `save_…` belongs inside `lock()`."""

    path: Path
    plan: Plan

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one process that drives this session, for the block.

        Raises:
            StoreError: another process drives it; the message names that one.
        """
        with held(self._lock_path):
            remove_leftovers(self.path)
            yield

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
            if name == RUN_FILE or not _PLAIN_NAME.fullmatch(name):
                raise StoreError(f"cannot keep a raw file called {name!r} beside a run; give it a plain name.")
        if run.files and set(run.files) != set(files):
            raise StoreError(f"{run.job} {run.purpose} {run.index} names files {run.files}, but came with {[*files]}.")
        named = run.model_copy(update={"files": tuple(sorted(files))})
        document = RunDocument(session=self.plan.session, run=named)
        if not write_new_folder(self.run_path(run), {**files, RUN_FILE: format_document(document)}):
            raise StoreError(f"run {self.run_path(run)} is kept already; a kept run is never edited.")

    def runs(self, job: str) -> tuple[Run, ...]:
        """Return the kept runs of a job (or of `canary`) in the order in which they ran.

        Raises:
            StoreError: one cannot be read.
        """
        folder = self.path / "runs" / job
        with storing("read", folder):
            names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        kept = [
            read_document(folder / name / RUN_FILE, RunDocument).run for name in names if _RUN_FOLDER.fullmatch(name)
        ]
        return tuple(sorted(kept, key=lambda run: (run.position, run.purpose, run.index)))

    def raw(self, run: Run, name: str) -> bytes | None:
        """Return a raw file that a kept run left, None where it left none of that name.

        Raises:
            StoreError: it is there and cannot be read.
        """
        path = self.run_path(run) / name
        with storing("read", path):
            return read_regular(path, limit_bytes=MOST_BYTES) if path.exists() else None

    def run_path(self, run: Run) -> Path:
        """Return the folder of a run: `run.json` and the raw files named in `run.files`."""
        return self.path / "runs" / run.job / f"{run.purpose}-{run.index}"

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

    def result(self, job: str) -> JobResult | None:
        """Return what became of a planned job; None where that is not written yet.

        Raises:
            StoreError: never planned here, or the document cannot be read.
        """
        self._planned(job)
        path = self._job_path(job)
        return read_document(path, JobResult) if path.exists() else None

    def results(self) -> tuple[JobResult, ...]:
        """Return what `each_result` yields."""
        return tuple(self.each_result())

    def each_result(self) -> Iterator[JobResult]:
        """Yield one result per planned job, in the plan's order.

        A job whose document is not written gets a derived one (`mbench.store.unfinished`), which stays in memory.
        Who needs of ten thousand results no more than a row each should not hold them all: reading them is then a
        question of Python's garbage collector, not of the disk.

        Raises:
            StoreError: a document cannot be read.
        """
        paths = [(planned, self._job_path(planned.id)) for planned in self.plan.jobs]
        missing = {planned.id for planned, path in paths if not path.exists()}
        holder = holder_of(self._lock_path) if missing else None
        for planned, path in paths:
            if planned.id in missing:
                yield unfinished_job(self.plan, planned, self.runs(planned.id), holder=holder)
            else:
                yield read_document(path, JobResult)

    def save_report(self, text: str) -> None:
        """Keep the table of the session as `report.md`, in the place of an older one: it is derived, not a document.

        Raises:
            StoreError: it could not be written.
        """
        replace_file(self.path / REPORT_FILE, text.encode())

    @property
    def _lock_path(self) -> Path:
        return self.path / ".lock"

    def _job_path(self, job: str) -> Path:
        return self.path / "jobs" / f"{job}.json"

    def _canaries(self) -> set[str]:
        return {part.canary_job for part in self.plan.devices}

    def _planned(self, job: str) -> PlannedJob:
        for planned in self.plan.jobs:
            if planned.id == job:
                return planned
        raise StoreError(f"job {job!r} is not in the plan of session {self.plan.session}.")


def check_job_names(plan: Plan) -> None:
    """Refuse a plan whose jobs cannot be told apart as files, also where a disk ignores case.

    Raises:
        StoreError: two names meet, or one is hidden or reserved.
    """
    seen = {part.canary_job.casefold() for part in plan.devices}
    for planned in plan.jobs:
        if planned.id.startswith("."):
            raise StoreError(f"job {planned.id!r} cannot name a file: it starts with a dot.")
        if planned.id.casefold() in seen:
            raise StoreError(f"job {planned.id!r} cannot name a file: the name is taken by another job or the canary.")
        seen.add(planned.id.casefold())
