"""Old files that new ones are timed in turn with: those of an earlier session, out of the cache, or one named file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import LostFile, UsageError
from mbench.core.job_pairs import Pairing
from mbench.core.results import BinaryFacts, DevicePlan, JobResult
from mbench.core.suggestions import did_you_mean
from mbench.core.workloads import ArtifactFacts
from mbench.store.session import find_session, open_session
from mbench.workflows.build.selection import Candidate
from mbench.workflows.home import home

PAIRS: Final = 10
"""Runs of either file. Six pairs are the fewest of which a signed-rank test can say anything at 95 %."""

LAST: Final = "last"
"""Names the latest session."""

_SHORT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OldFiles:
    """What new files are compared with.

    Attributes:
        source: where the old files come from, as plans and tables say it.
        of: the old file of each new thing, by `Candidate.thing`.
        binaries: the programs that timed them then; none of a file that is named.
    """

    source: str
    of: Mapping[str, Candidate]
    binaries: tuple[BinaryFacts, ...] = ()

    def notes(self, parts: Sequence[DevicePlan]) -> Iterator[str]:
        """Yield what else differs from then: both files are timed by one program, that of now."""
        then = {binary.sha256 for binary in self.binaries}
        for binary in {part.binary.sha256: part.binary for part in parts}.values():
            if then and binary.sha256 not in then:
                yield (
                    f"{self.source} was timed by another {self.binaries[0].tool} ({self.binaries[0].sha256[:_SHORT]}); "
                    f"old and new files are both timed by {binary.tool} {binary.sha256[:_SHORT]} now"
                )


def paired_rules(asked: Mapping[str, float]) -> Mapping[str, float]:
    """Return the rules by which pairs are measured: ten of each, unless the user says how many."""
    if "min_runs" in asked:
        return asked
    most = asked.get("max_runs", PAIRS)
    return {**asked, "min_runs": min(PAIRS, most), "max_runs": most}


def beside_new(selected: Sequence[Candidate], old: OldFiles) -> tuple[Candidate, ...]:
    """Return what is to be run, each with its old file beside it, which the same delegate and threads run."""
    return tuple(
        each
        for one in selected
        for each in (
            one,
            replace(old.of[one.thing], delegate=one.delegate, threads=one.threads, old_of=one.thing),
        )
    )


def old_files(against: str, selected: Sequence[Candidate], *, results: Path) -> OldFiles:
    """Return the old file of each new thing.

    Args:
        against: a `.tflite` file, which then is the old file of all, or a session by name, beginning of one or path, or
            `last`.
        selected: what is new.
        results: the results folder.

    Raises:
        LostFile: a file of the session is no longer in the cache.
        NoSession: no session is called so.
        UsageError: there is no such file, or the session has none for something new, or several.
    """
    things = dict.fromkeys(one.thing for one in selected)
    path = Path(against)
    if path.suffix == ".tflite" or path.is_file():
        if not path.is_file():
            raise UsageError(f"--against {against}: no such file; name a .tflite file or a session.")
        if against in things:
            raise UsageError(f"--against {against} is the very file that is run; name another one.")
        return OldFiles(source=f"file {path.name}", of=dict.fromkeys(things, Candidate(file=path)))
    store = open_session(find_session(results, None if against == LAST else against))
    kept = _files_of(store.results(), store.plan.pairing)
    if not kept:
        raise UsageError(f"--against {against}: session {store.plan.session} has no file; choose another session.")
    named = {one.thing: _name_of(one) for one in selected}
    chosen = {thing: _chosen(named[thing], kept, store.plan.session, alone=len(things) == 1) for thing in things}
    cache = ArtifactCache(home() / "cache")
    for facts in chosen.values():
        if facts.sha256 is None or cache.find_file(facts.sha256) is None:
            raise LostFile(
                f"{facts.name} ({(facts.sha256 or '')[:_SHORT]}) of session {store.plan.session} is no longer in the "
                f"cache {cache.folder}. Give the file itself, as --against FILE.tflite, or build and time both anew."
            )
    binaries = {part.binary.sha256: part.binary for part in store.plan.devices if part.binary.identified}
    return OldFiles(
        source=f"files of session {store.plan.session}",
        of={thing: Candidate(kept=facts) for thing, facts in chosen.items()},
        binaries=tuple(binaries.values()),
    )


def _name_of(one: Candidate) -> str:
    return f"file:{one.file.stem}" if one.file is not None else one.thing


def _files_of(results: Sequence[JobResult], pairing: Pairing | None) -> dict[str, dict[str, ArtifactFacts]]:
    """Return the files of a session by name and hash; of one that compared files, those that were new."""
    old = frozenset() if pairing is None else pairing.old_jobs
    found: dict[str, dict[str, ArtifactFacts]] = {}
    for result in results:
        facts = result.workload.artifact
        if facts.sha256 is not None and result.job not in old:
            found.setdefault(facts.bare_name, {})[facts.sha256] = facts
    return found


def _chosen(name: str, kept: Mapping[str, Mapping[str, ArtifactFacts]], session: str, *, alone: bool) -> ArtifactFacts:
    """Return the old file of something new: that of its name, or the only one where there is one new thing.

    Raises:
        UsageError: there is none, or several.
    """
    files = kept.get(name)
    if files is None and alone and len(kept) == 1:
        (files,) = kept.values()
    if files is None:
        raise UsageError(f"session {session} has no {name} to compare with.{did_you_mean(name, list(kept))}")
    if len(files) > 1:
        hashes = ", ".join(sorted(sha256[:_SHORT] for sha256 in files))
        raise UsageError(
            f"session {session} has {len(files)} files called {name}: {hashes}; give the one that is meant itself, as "
            "--against FILE.tflite."
        )
    (facts,) = files.values()
    return facts
