"""What `mbench history` asks: which project, which cells, and what becomes of imports and deletions."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import AcceptedChange
from mbench.core.nights.cell_names import HOST
from mbench.core.nights.summaries import SeriesSummary
from mbench.core.suggestions import did_you_mean
from mbench.files.regular import read_regular
from mbench.history.archive import Archive
from mbench.history.deletions import FILE as DELETED_FILE
from mbench.history.deletions import read_deletions, write_deletions
from mbench.history.imports.bencher import parse_bencher
from mbench.history.imports.csv_file import MOST_BYTES, parse_csv
from mbench.history.imports.kept import FOLDER as IMPORTS
from mbench.history.imports.kept import keep_import
from mbench.history.past import Past, PastCell, PastNight, projects_of
from mbench.history.points import MAIN
from mbench.history.segments import distinct
from mbench.report.render.number_format import count_of
from mbench.workflows.accepting.accept_file import read_accepted
from mbench.workflows.history.archives import asked, current_archive
from mbench.workflows.history.facts import with_accepted, with_facts
from mbench.workflows.history.summarize import summaries, with_levels


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """What `mbench history` was asked for.

    Attributes:
        filters: words; each is in a cell's workload, delegate, device or model, or fits it as a pattern.
        project: None: the only one that there is.
        branch: None: `main`, or the only one of the project.
        against: a branch whose levels stand beside.
        renamed: new names of workloads by old ones.
        nights: how many of the last ones; None: all.
        facts: whether points should have labels, reasons and what was measured.
        accepted: file of accepted changes; None: there is none.
    """

    root: Path
    filters: tuple[str, ...] = ()
    project: str | None = None
    branch: str | None = None
    against: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    nights: int | None = None
    facts: bool = False
    accepted: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What it found.

    Attributes:
        nights: those that were asked for, also such as never began.
        profiles: of phones, by their serials.
        notes: sentences that stand below the table.
        unread: what of the documents could not be read.
    """

    project: str
    branch: str
    series: tuple[SeriesSummary, ...]
    nights: tuple[PastNight, ...]
    profiles: Mapping[str, str]
    notes: tuple[str, ...]
    unread: tuple[str, ...]


def history(request: HistoryRequest, *, note: Callable[[str], None]) -> History:
    """Return the past of the cells that were asked for.

    Raises:
        StoreError: documents or the archive cannot be read.
        UsageError: no such project or branch, or nothing fits the filters.
    """
    entries = () if request.accepted is None else read_accepted(request.accepted)
    return asked(request.root, lambda archive: _history(archive, request, entries), note=note)


def _history(archive: Archive, request: HistoryRequest, entries: Sequence[AcceptedChange]) -> History:
    project, branch = chosen_project(archive, request.project, request.branch)
    past = Past(archive, project, branch, request.renamed)
    since = max(len(past.nights) - request.nights, 0) if request.nights is not None else 0

    def wanted(one: PastCell) -> bool:
        return all(_fits(one, word) for word in request.filters)

    found = summaries(past, wanted, since=since)
    if not found and request.filters:
        raise UsageError(f"no cell of {project} fits {' '.join(request.filters)}; leave words out to see all.")
    if request.against is not None:
        _, other = chosen_project(archive, project, request.against)
        found = with_levels(found, summaries(Past(archive, project, other, request.renamed), wanted, since=since))
    if request.facts:
        found = with_accepted(with_facts(past, found, since=since), entries)
    nights = past.nights[since:]
    began = sum(night.session is not None for night in nights)
    notes = [f"{project}, branch {branch}: {count_of(began, 'night')}"]
    if missed := [str(night.day) for night in nights if night.session is None]:
        notes.append(f"nights that were due and never began: {', '.join(missed)}")
    return History(
        project=project,
        branch=branch,
        series=tuple(found),
        nights=nights,
        profiles={one.serial: one.profile for one in past.cells if one.profile != HOST},
        notes=tuple(f"{text}." for text in notes),
        unread=archive.notes,
    )


def chosen_project(archive: Archive, project: str | None, branch: str | None) -> tuple[str, str]:
    """Return a project and a branch that an archive has: those that are named, or the only ones.

    Raises:
        UsageError: there are none of that name, or several to choose from.
    """
    known = projects_of(archive)
    if not known:
        raise UsageError(f"{archive.folder.parent} holds no sessions; mbench run and mbench nightly make some.")
    names = list(dict.fromkeys(name for name, _ in known))
    if project is None and len(names) > 1:
        raise UsageError(f"several projects have a past here; name one: --project {' or '.join(names)}.")
    chosen = names[0] if project is None else project
    if chosen not in names:
        raise UsageError(f"no past of project {chosen!r}.{did_you_mean(chosen, names)}")
    branches = [each for name, each in known if name == chosen]
    if branch is None:
        branch = MAIN if MAIN in branches or len(branches) > 1 else branches[0]
    if branch not in branches:
        raise UsageError(f"project {chosen} has no branch {branch!r}.{did_you_mean(branch, branches)}")
    return chosen, branch


def _fits(one: PastCell, word: str) -> bool:
    cell, word = one.cell, word.casefold()
    texts = [text.casefold() for text in (cell.workload, cell.delegate, cell.serial, one.model)]
    if any(mark in word for mark in "*?["):
        return any(fnmatch.fnmatchcase(text, word) for text in texts)
    return any(word in text for text in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What `mbench history import` was asked for.

    Attributes:
        columns: our columns by those of the file, joined by `+`.
        device: that all rows are of.
        time: of a file without times.
    """

    root: Path
    file: Path
    project: str
    branch: str
    columns: Mapping[str, str]
    device: str | None
    time: datetime | None


def import_file(request: ImportRequest) -> str:
    """Keep what a file holds beside the sessions; return what came of it, in a sentence.

    Raises:
        UsageError: it cannot be read, or something in it cannot be.
        StoreError: the disk refused.
    """
    if request.project in read_deletions(request.root).projects:
        raise UsageError(
            f"project {request.project} was deleted; take it out of {request.root / DELETED_FILE} to have it again."
        )
    try:
        text = read_regular(request.file, limit_bytes=MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"could not read {request.file}: {getattr(error, 'strerror', None) or error}.") from error
    constants = {} if request.device is None else {"device": request.device}
    source, project, branch = str(request.file), request.project, request.branch
    if text.lstrip().startswith(("{", "[")):
        if request.device is None or request.time is None:
            raise UsageError(f"{source}: Bencher's format has neither device nor time; say --device and --time.")
        found = parse_bencher(
            text, source=source, project=project, branch=branch, time=request.time, constants=constants
        )
    else:
        found = parse_csv(
            text, source=source, project=project, branch=branch, columns=request.columns, constants=constants
        )
    new, known, other = keep_import(request.root, found.rows)
    cells = count_of(len({row.cell for row in found.rows}), "cell")
    said = [f"{count_of(new, 'point')} of {cells} {'is' if new == 1 else 'are'} new in {project}, branch {branch}"]
    said += [f"{count_of(known, 'point')} there before"] if known else []
    if other:
        said.append(
            f"{count_of(other, 'point')} there before with other values, which stay as they were; to have those of "
            f"this file, remove the file of {request.root / IMPORTS} that holds the old ones"
        )
    return "; ".join((*said, *found.notes)) + "."


def delete(root: Path, *, phones: Sequence[str], projects: Sequence[str], note: Callable[[str], None]) -> str:
    """Take phones and projects out of the archive for good; return what was done, in a sentence.

    Raises:
        UsageError: the archive has no such phone or project.
        StoreError: the disk refused.
    """
    known = {name for name, _ in projects_of(current_archive(root, note=note))}
    if not known:
        raise UsageError(f"{root} holds no sessions, and so no past to delete.")
    deleted = read_deletions(root)
    for name in projects:
        if name not in known and name not in deleted.projects:
            raise UsageError(f"no past of project {name!r}.{did_you_mean(name, sorted(known))}")
        deleted = deleted.with_more(project=name)
    serials = asked(root, _serials, note=note)
    for serial in phones:
        if serial not in serials and serial not in deleted.phones:
            raise UsageError(f"no past of a phone {serial!r}.{did_you_mean(serial, sorted(serials))}")
        deleted = deleted.with_more(phone=serial)
    write_deletions(root, deleted)
    current_archive(root, note=note)
    names = [*(f"phone {name}" for name in phones), *(f"project {name}" for name in projects)]
    return (
        f"{', '.join(names)}: gone from the archive, also when it is made again ({root / DELETED_FILE} says so). "
        "Documents of sessions stay where they are; remove those folders by hand."
    )


def _serials(archive: Archive) -> set[str]:
    return distinct(archive.segments, "serial")
