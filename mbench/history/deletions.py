"""Deletions: phones and projects whose past is not kept, whatever documents hold of it; a file beside the archive."""

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, ValidationError

from mbench.core.errors import StoreError
from mbench.core.workloads import Document
from mbench.files.disk import OTHER_RESULTS, disk_errors
from mbench.files.whole import write_whole
from mbench.history.points import Point
from mbench.history.segments import Without

FILE: Final = "history-deleted.json"


class Deletions(Document):
    """What was deleted.

    Attributes:
        phones: serials, `host:NAME` of hosts.
    """

    format_version: Literal[1] = 1
    phones: tuple[str, ...] = Field(default=())
    projects: tuple[str, ...] = Field(default=())

    @property
    def mark(self) -> str:
        """A text that is another one for other deletions; empty for none."""
        return "\n".join((*(f"phone {name}" for name in self.phones), *(f"project {name}" for name in self.projects)))

    def extends(self, mark: str) -> bool:
        """Whether all that was deleted where the mark was made is deleted here."""
        return set(mark.splitlines()) <= set(self.mark.splitlines())

    def points(self) -> Without:
        """Return which points go."""
        return Without(phones=self.phones, projects=self.projects)

    def keeps(self, point: Point) -> bool:
        """Whether a point stays."""
        return point.serial not in self.phones and point.project not in self.projects

    def with_more(self, *, phone: str | None = None, project: str | None = None) -> Self:
        """Return these and one more."""
        phones = {*self.phones, *([] if phone is None else [phone])}
        projects = {*self.projects, *([] if project is None else [project])}
        return self.model_copy(update={"phones": tuple(sorted(phones)), "projects": tuple(sorted(projects))})


NOTHING_DELETED: Final = Deletions()


def read_deletions(root: Path) -> Deletions:
    """Return what was deleted of a results folder.

    Raises:
        StoreError: the file cannot be read, or is damaged: what was deleted would come back.
    """
    path = root / FILE
    with disk_errors("read", path, otherwise=OTHER_RESULTS):
        if not path.exists():
            return NOTHING_DELETED
        data = path.read_bytes()
    try:
        return Deletions.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise StoreError(
            f"{path}: {first['msg']}. It names what was deleted from histories: restore it, or remove it to have all."
        ) from error


def write_deletions(root: Path, deletions: Deletions) -> None:
    """Write what was deleted.

    Raises:
        DiskError: the disk refused.
    """
    with disk_errors("write", root / FILE, otherwise=OTHER_RESULTS):
        write_whole(root / FILE, deletions.model_dump_json(indent=1).encode() + b"\n", fsync=True)
