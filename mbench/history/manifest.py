"""The manifest: which points the archive holds, from which documents, in which files. What it does not name is nothing.

It is replaced whole: whoever writes leaves the manifest of before, or the one of after.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from mbench.core.nights.nights import Ending
from mbench.core.numbers.bounds import Count, FileName, Moment, Word
from mbench.core.workloads import Document
from mbench.files.disk import OTHER_RESULTS, disk_errors
from mbench.files.whole import write_whole

ARCHIVE_VERSION: Final = 2
"""Goes up where points change: an archive of another version is made again."""

FILE: Final = "manifest.json"


class ArchivedNight(Document):
    """One session, or one moment of an import: the place of its points among others.

    Attributes:
        farm: name of the farm file; None outside of nights.
        begun_at: by the clock of the host that measured.
        end: of a night; None of others, and where it was never concluded.
        missed: dates on which a night was due before it and none began.
    """

    session: str
    project: Word
    branch: Word
    farm: str | None = None
    day: date
    begun_at: Moment
    end: Ending | None = None
    missed: tuple[date, ...] = ()


class Kept(Document):
    """What is kept of one source: of a session, or of an import.

    Attributes:
        mark: changes with its documents.
        segment: the file of its points; None where it has none.
        note: what of it could not be read; None: nothing.
    """

    mark: str
    segment: FileName | None
    points: Count
    nights: tuple[ArchivedNight, ...]
    note: str | None = None


class Manifest(Document):
    """What an archive holds.

    Attributes:
        deleted: mark of what was deleted, as it was when points were written.
        sources: by name.
        segments: sizes of the files, in bytes.
    """

    archive_version: Literal[2] = ARCHIVE_VERSION
    deleted: str = ""
    sources: dict[str, Kept] = Field(default_factory=dict)
    segments: dict[FileName, Count] = Field(default_factory=dict)

    def of_segment(self, name: str) -> Mapping[str, Kept]:
        """Return the sources whose points lie in a file."""
        return {source: kept for source, kept in self.sources.items() if kept.segment == name}

    def without(self, sources: Iterable[str]) -> "Manifest":
        """Return the manifest without sources, and without the files that only they had points in."""
        gone = set(sources)
        left = {name: kept for name, kept in self.sources.items() if name not in gone}
        used = {kept.segment for kept in left.values()}
        return self.model_copy(
            update={"sources": left, "segments": {name: size for name, size in self.segments.items() if name in used}}
        )


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an archive; an empty one where there is none that can be read.

    Raises:
        DiskError: the disk refused.
    """
    path = folder / FILE
    with disk_errors("read", path, otherwise=OTHER_RESULTS):
        if not path.is_file():
            return Manifest()
        data = path.read_bytes()
    try:
        return Manifest.model_validate_json(data)
    except ValidationError:  # cut off, damaged, or of another version: documents are the truth
        return Manifest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest in the place of the one before.

    Raises:
        DiskError: the disk refused; the one before is unchanged.
    """
    with disk_errors("write", folder / FILE, otherwise=OTHER_RESULTS):
        write_whole(folder / FILE, manifest.model_dump_json().encode(), fsync=True)
