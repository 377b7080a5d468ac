"""Pairs of jobs of one session: an old file and a new one, timed in turn on one device so that they can be compared."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from mbench.core.numbers.bounds import JobName
from mbench.core.workloads import Document

OLD_JOB: Final = ".old"
"""Ends the name of an old file's job, which else is that of the new one's; of several devices their serial follows."""

_OLD: Final = re.compile(rf"(.*-t\d+){re.escape(OLD_JOB)}((?:@[^@]*)?)")


class JobPair(Document):
    """Two jobs of one device that differ in their file, or in the program that runs it, or in both."""

    old: JobName
    new: JobName


class Pairing(Document):
    """What a session compares.

    Attributes:
        purpose: `against`: a user asked for it; `rerun`: a suspect of a night is measured again.
        old_from: where the old files come from: a session's name, a file's, or a night's.
        pairs: none where the old files are not there any more, and the new ones are measured alone.
    """

    purpose: Literal["against", "rerun"]
    old_from: str
    pairs: tuple[JobPair, ...]

    @property
    def old_jobs(self) -> frozenset[str]:
        """The jobs of old files."""
        return frozenset(pair.old for pair in self.pairs)

    @property
    def spared_jobs(self) -> frozenset[str]:
        """The jobs without which the session goes on: a suspect's old side may be gone where its phone is."""
        return self.old_jobs if self.purpose == "rerun" else frozenset()


def new_of(job: str) -> str | None:
    """Return the job of the new file that an old one's is timed in turn with; None of any other job.

    A user may call a file `net.old`, too; its job has delegate and threads behind that.
    """
    found = _OLD.fullmatch(job)
    return None if found is None else found[1] + found[2]


def partners(job: str, pairs: Sequence[JobPair]) -> tuple[str, ...]:
    """Return the jobs that a job is paired with."""
    return tuple(pair.old if job == pair.new else pair.new for pair in pairs if job in (pair.old, pair.new))
