"""Writes what a farm file's [outputs] name of a judged night, each file whole or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.core.nights.verdict_changes import VerdictChanges
from mbench.core.nights.verdicts import NightVerdict
from mbench.files.disk import disk_errors
from mbench.files.regular import read_regular
from mbench.files.whole import write_whole
from mbench.report.exports.cell_rows import CellRow
from mbench.report.exports.junit import junit_xml
from mbench.report.exports.otava import NightRows, otava_files
from mbench.report.exports.trackers import bencher_files, github_benchmark_json
from mbench.report.verdicts.annotations import annotations
from mbench.report.verdicts.commands import HERE, CommandPlace
from mbench.report.verdicts.markdown import comment_body, job_summary
from mbench.report.verdicts.text import verdict_text
from mbench.workflows.nightly.gate_tables import Outputs

_FILES: Final = ("text", "summary", "comment", "annotations", "junit", "github_benchmark", "page")

_LISTED: Final = ".written-by-mbench"
"""Of Bencher's folder: the names of the files that the last night wrote."""

_LIST_BYTES: Final = 1 << 20

_OTHERWISE: Final = "let [outputs] of the farm file name other places"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedNight:
    """A night as outputs show it.

    Attributes:
        changes: against the last judged night; None where there is none.
        rows: of all planned cells.
        earlier: rows of nights before, the oldest first, for formats of whole series.
        place: where the verdict's commands are typed.
        page: makes the night's page.
    """

    verdict: NightVerdict
    changes: VerdictChanges | None
    rows: tuple[CellRow, ...]
    earlier: tuple[NightRows, ...] = ()
    place: CommandPlace = HERE
    page: Callable[[], bytes] = bytes


def write_outputs(outputs: Outputs, night: JudgedNight, *, resolved: Callable[[str], Path]) -> tuple[Path, ...]:
    """Write all that is asked for, in place of what is there; return the files.

    Args:
        outputs: of a farm file.
        night: to be written.
        resolved: makes a path of what the farm file says.

    Raises:
        DiskError: one could not be written; those before it are.
    """
    written = []
    for path, data in _rendered(outputs, night, resolved):
        with disk_errors("write", path, otherwise=_OTHERWISE):
            write_whole(path, data, fsync=False)
        written.append(path)
    if outputs.bencher is not None:
        _list_written(resolved(outputs.bencher), written)
    return tuple(written)


def _list_written(folder: Path, written: Sequence[Path]) -> None:
    """Keep the names of what was written into a folder, which may hold files of others, too."""
    names = sorted(path.name for path in written if path.parent == folder)
    with disk_errors("write", folder / _LISTED, otherwise=_OTHERWISE):
        write_whole(folder / _LISTED, "".join(f"{name}\n" for name in names).encode(), fsync=False)


def _listed(folder: Path) -> Iterator[Path]:
    """Yield the files that an earlier night wrote into a folder: those of its list that lie in it."""
    path = folder / _LISTED
    if not path.is_file():
        return
    data = read_regular(path, limit_bytes=_LIST_BYTES)
    for name in data.decode("utf-8", errors="replace").splitlines():
        if Path(name).name == name and name.endswith(".json"):
            yield folder / name


def remove_outputs(outputs: Outputs, *, resolved: Callable[[str], Path]) -> None:
    """Remove the files that an earlier night was written to: nobody takes them for those of one that is not judged.

    Of Bencher's folder those that a night wrote, since whoever uploads takes all; Otava's are named by its own list.

    Raises:
        DiskError: one could not be removed.
    """
    for name in _FILES:
        if (said := getattr(outputs, name)) is not None:
            path = resolved(said)
            with disk_errors("remove", path, otherwise=_OTHERWISE):
                path.unlink(missing_ok=True)
    if outputs.bencher is not None:
        folder = resolved(outputs.bencher)
        with disk_errors("remove files of", folder, otherwise=_OTHERWISE):
            for path in _listed(folder):
                path.unlink(missing_ok=True)


def _rendered(outputs: Outputs, night: JudgedNight, resolved: Callable[[str], Path]) -> Iterator[tuple[Path, bytes]]:
    verdict, changes, place = night.verdict, night.changes, night.place
    files: Mapping[str, Callable[[], bytes]] = {
        "text": lambda: verdict_text(verdict, changes, place).encode(),
        "summary": lambda: job_summary(verdict, changes, place).encode(),
        "comment": lambda: comment_body(verdict, changes, place).encode(),
        "annotations": lambda: annotations(verdict).encode(),
        "junit": lambda: junit_xml(verdict, night.rows),
        "github_benchmark": lambda: github_benchmark_json(night.rows),
        "page": night.page,
    }
    folders: Mapping[str, Callable[[], Mapping[str, bytes]]] = {
        "bencher": lambda: bencher_files(night.rows),
        "otava": lambda: otava_files(_series(night)),
    }
    for name, render in files.items():
        if (said := getattr(outputs, name)) is not None:
            yield resolved(said), render()
    for name, render_all in folders.items():
        if (said := getattr(outputs, name)) is not None:
            yield from ((resolved(said) / file, data) for file, data in render_all().items())


def _series(night: JudgedNight) -> Sequence[NightRows]:
    return (*night.earlier, NightRows(night=night.verdict.night, rows=night.rows))
