"""The archive: points of many sessions in Parquet files, brought up to date with the documents that they come from.

RESULTS/archive/manifest.json             what it holds, replaced whole
RESULTS/archive/2026-11-0123456789ab.parquet   points of sessions that began in a month, sorted by cell
RESULTS/archive/.lock                     held by the one process that writes

A writer writes new files under names of their own, then the manifest, then removes what that does not name any more.
Killed at any moment it leaves the archive of before or of after, and files that the next writer removes.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mbench.core.errors import StoreError
from mbench.files.disk import OTHER_RESULTS, disk_errors
from mbench.files.locks import locked
from mbench.files.whole import remove_leftovers
from mbench.history.deletions import NOTHING_DELETED, Deletions
from mbench.history.manifest import ArchivedNight, Kept, Manifest, read_manifest, write_manifest
from mbench.history.points import Point
from mbench.history.segments import Without, merge, write_points

_LOG = logging.getLogger(__name__)

FOLDER: Final = "archive"

MOST_OF_A_MONTH: Final = 8
"""Files, before they become one."""

POINTS_TOGETHER: Final = 200_000
"""That are gathered before they are written: some 300 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read of a source.

    Attributes:
        nights: that its points are of.
        note: what could not be read; None: nothing.
    """

    nights: tuple[ArchivedNight, ...]
    points: tuple[Point, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A session, or an import.

    Attributes:
        mark: changes with its documents; cheap to have.
        read: reads the documents.
    """

    mark: str
    read: Callable[[], Read]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive in a folder, as it was when it was opened."""

    folder: Path
    manifest: Manifest = field(default_factory=Manifest)

    @property
    def segments(self) -> tuple[Path, ...]:
        """The files of its points."""
        return tuple(self.folder / name for name in sorted(self.manifest.segments))

    @property
    def nights(self) -> tuple[ArchivedNight, ...]:
        """All nights and sessions, in the order of time by their hosts' clocks; ties by name."""
        gone = {line.removeprefix("project ") for line in self.manifest.deleted.splitlines() if line[:8] == "project "}
        kept = self.manifest.sources.values()
        found = (night for each in kept for night in each.nights if night.project not in gone)
        return tuple(sorted(found, key=lambda night: (night.begun_at, night.session)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read of its sources."""
        return tuple(kept.note for _, kept in sorted(self.manifest.sources.items()) if kept.note is not None)


def open_archive(folder: Path) -> Archive:
    """Return an archive as it stands; an empty one where there is none.

    Raises:
        StoreError: the disk refused, or a link stands for the folder: its writer removes what it does not know.
    """
    if folder.is_symlink():
        raise StoreError(
            f"{folder} is a symbolic link: nothing is read or written there, since files would be removed elsewhere. "
            "Remove it; mbench history makes the archive again."
        )
    return Archive(folder=folder, manifest=_sound(folder, read_manifest(folder)))


def updated(
    folder: Path,
    sources: Mapping[str, Source],
    *,
    deleted: Deletions = NOTHING_DELETED,
    note: Callable[[str], None] = _LOG.info,
) -> Archive:
    """Return an archive that holds what its sources hold now; only what is new or has changed is read.

    Args:
        folder: of the archive; made where it is not there.
        sources: by name; what the archive holds of others goes.
        deleted: what is not to be kept, whatever the sources hold of it.
        note: gets where another writer is waited for.

    Raises:
        StoreError: the disk refused; the archive is as it was.
    """
    found = open_archive(folder)
    if _is_current(found.manifest, sources, deleted):
        return found
    waiting = "another process writes the archive; it is waited for"
    with locked(folder / ".lock", wait_s=None, waiting=lambda: note(waiting), otherwise=OTHER_RESULTS):
        found = open_archive(folder)  # the other writer may have done it
        if not _is_current(found.manifest, sources, deleted):
            found = _Writer(found, deleted).brought_up_to(sources)
    return found


def emptied(folder: Path) -> None:
    """Forget all that an archive holds: it is made again by the next `updated`.

    Raises:
        StoreError: the disk refused.
    """
    with locked(folder / ".lock", wait_s=None, otherwise=OTHER_RESULTS):
        write_manifest(folder, Manifest())


def _is_current(manifest: Manifest, sources: Mapping[str, Source], deleted: Deletions) -> bool:
    marks = {name: kept.mark for name, kept in manifest.sources.items()}
    return manifest.deleted == deleted.mark and marks == {name: source.mark for name, source in sources.items()}


def _sound(folder: Path, manifest: Manifest) -> Manifest:
    """Return a manifest without the sources whose file is gone or cut off: they are read again."""
    with disk_errors("read", folder, otherwise=OTHER_RESULTS):
        sizes = {path.name: path.stat().st_size for path in folder.glob("*.parquet")} if folder.is_dir() else {}
    broken = [name for name, size in manifest.segments.items() if sizes.get(name) != size]
    if not broken:
        return manifest
    _LOG.warning("the archive in %s lacks %s; it is made again from documents", folder, ", ".join(broken))
    return manifest.without(source for name in broken for source in manifest.of_segment(name))


class _Writer:
    """The one process that writes; what is written counts once the manifest is."""

    def __init__(self, archive: Archive, deleted: Deletions) -> None:
        self._folder, self._manifest, self._deleted = archive.folder, archive.manifest, deleted

    def brought_up_to(self, sources: Mapping[str, Source]) -> Archive:
        """Return the archive with what sources hold now."""
        remove_leftovers(self._folder)
        self._drop([name for name, kept in self._manifest.sources.items() if _is_other(kept, sources.get(name))])
        if self._manifest.deleted != self._deleted.mark:
            self._delete()
        missing = [(name, source) for name, source in sources.items() if name not in self._manifest.sources]
        for month, batch in _batches(missing):
            self._add(month, batch)
        self._compact()
        write_manifest(self._folder, self._manifest)
        self._sweep()
        return Archive(folder=self._folder, manifest=self._manifest)

    def _drop(self, sources: Sequence[str]) -> None:
        """Take out what sources held before; files that hold others, too, are written anew without it."""
        gone: dict[str, list[str]] = {}
        for name in sources:
            if (segment := self._manifest.sources[name].segment) is not None:
                gone.setdefault(segment, []).append(name)
        sessions = {
            segment: {night.session for name in names for night in self._manifest.sources[name].nights}
            for segment, names in gone.items()
        }
        self._manifest = self._manifest.without(sources)
        for segment in gone:
            if segment in self._manifest.segments:  # with points of other sources
                self._rewrite([segment], Without(sessions=sessions[segment]))

    def _delete(self) -> None:
        """Take out what was deleted; what was deleted before and is not any more is read again."""
        without = self._deleted.points()
        if not self._deleted.extends(self._manifest.deleted):
            self._manifest = Manifest()
        elif without:
            for segment in list(self._manifest.segments):
                self._rewrite([segment], without)
        self._manifest = self._manifest.model_copy(update={"deleted": self._deleted.mark})

    def _add(self, month: str, batch: Sequence[tuple[str, str, Read]]) -> None:
        """Write the points of sources of one month."""
        points = [point for _, _, read in batch for point in read.points if self._deleted.keeps(point)]
        segment = None
        if points:
            segment = _new_name(month)
            write_points(self._folder / segment, points, temporary=self._folder)
        held: dict[str, int] = {}
        for point in points:
            held[point.session] = held.get(point.session, 0) + 1
        kept = {
            name: Kept(
                mark=mark,
                segment=segment,
                points=sum(held.get(night.session, 0) for night in read.nights),
                nights=read.nights,
                note=read.note,
            )
            for name, mark, read in batch
        }
        self._keep(kept, [] if segment is None else [segment], [])

    def _compact(self) -> None:
        """Make one file of a month's where they are many."""
        months: dict[str, list[str]] = {}
        for name in self._manifest.segments:
            months.setdefault(name[:7], []).append(name)
        for segments in months.values():
            if len(segments) > MOST_OF_A_MONTH:
                self._rewrite(segments, Without())

    def _rewrite(self, segments: Sequence[str], without: Without) -> None:
        """Write files of one month as one, without some points."""
        name = _new_name(segments[0][:7])
        paths = [self._folder / segment for segment in segments]
        merge(self._folder / name, paths, without=without, temporary=self._folder)
        moved = {
            source: kept.model_copy(update={"segment": name})
            for segment in segments
            for source, kept in self._manifest.of_segment(segment).items()
        }
        self._keep(moved, [name], segments)

    def _keep(self, sources: Mapping[str, Kept], new: Iterable[str], old: Iterable[str]) -> None:
        gone = set(old)
        sizes = {name: size for name, size in self._manifest.segments.items() if name not in gone}
        with disk_errors("read", self._folder, otherwise=OTHER_RESULTS):
            sizes |= {name: (self._folder / name).stat().st_size for name in new}
        self._manifest = self._manifest.model_copy(
            update={"sources": self._manifest.sources | dict(sources), "segments": sizes}
        )

    def _sweep(self) -> None:
        """Remove files that the manifest does not name."""
        with disk_errors("remove", self._folder, otherwise=OTHER_RESULTS):
            for path in self._folder.glob("*.parquet"):
                if path.name not in self._manifest.segments:
                    path.unlink(missing_ok=True)


def _is_other(kept: Kept, source: Source | None) -> bool:
    return source is None or source.mark != kept.mark


def _batches(sources: Sequence[tuple[str, Source]]) -> Iterator[tuple[str, list[tuple[str, str, Read]]]]:
    """Yield what sources hold, month by month, as much together as memory bears."""
    waiting: dict[str, list[tuple[str, str, Read]]] = {}
    count = 0
    for name, source in sources:
        read = source.read()
        month = f"{read.nights[0].begun_at:%Y-%m}" if read.nights else "0000-00"
        waiting.setdefault(month, []).append((name, source.mark, read))
        count += len(read.points)
        if count >= POINTS_TOGETHER:
            yield from waiting.items()
            waiting, count = {}, 0
    yield from waiting.items()


def _new_name(month: str) -> str:
    return f"{month}-{secrets.token_hex(6)}.parquet"


def read_or_note(read: Callable[[], Read], what: str) -> Read:
    """Return what a source holds; what cannot be read is a note of it, and no end of all others."""
    try:
        return read()
    except StoreError as error:
        return Read(nights=(), points=(), note=f"{what} is not in the archive: {error}")
