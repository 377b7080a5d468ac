"""The past of one project and branch: its nights, its cells, and their series.

A batch of cells is loaded at a time, so that a farm of thousands of cells and a year of nights fits into memory: rows
are found by ranges of the cells' keys, which files are sorted by.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mbench.core.nights.nights import Ending
from mbench.core.nights.series import Cell, Series
from mbench.history.archive import Archive
from mbench.history.assemble import COLUMN_TEXTS, sort_columns, split_series, with_missed
from mbench.history.door import asking
from mbench.history.points import MAIN
from mbench.history.segments import table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

POINTS_TOGETHER: Final = 400_000
"""That are loaded at once, or those of one workload: some 50 MB, of a thousand cells of a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastNight:
    """One night, or one session outside of nights, of a project's branch.

    Attributes:
        index: its place among them, by the clocks of the hosts that measured; ties by session.
        session: None where a night was due and none began.
        day: local date on which it began, or was due.
        farm: name of the farm file; None outside of nights.
        end: how it ended; None where it was never concluded, and outside of nights.
    """

    index: int
    session: str | None
    day: date
    farm: str | None
    end: Ending | None

    @property
    def name(self) -> str:
        """What it is called: its session, or the date on which none began."""
        return self.session or f"{self.farm} of {self.day}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCell:
    """A cell that has a past.

    Attributes:
        model: of its device, as people call it; an emulated phone's begins with `emulated`, so that no two agree.
        keys: under which the archive has it: several where it was renamed, or its device's model was not known once.
        emulated: whether its device is an emulated phone.
        serial: of its device, as that says it; `cell` has its model behind it where two devices say the same.
        profile: of its device, the last one.
    """

    cell: Cell
    model: str
    keys: tuple[int, ...]
    emulated: bool
    serial: str
    profile: str


@dataclass(frozen=True)
class Past:
    """What an archive holds of a project's branch.

    Attributes:
        renamed: new names of workloads by old ones.
    """

    archive: Archive
    project: str
    branch: str = MAIN
    renamed: Mapping[str, str] | None = None

    @cached_property
    def nights(self) -> tuple[PastNight, ...]:
        """All nights in order, those among them that were due and never began."""
        return tuple(night for night, _ in self._nights)

    @cached_property
    def cells(self) -> tuple[PastCell, ...]:
        """All cells in order.

        Raises:
            StoreError: the archive cannot be read.
        """
        if not self.archive.segments:
            return ()
        with asking() as connection:
            found = connection.execute(
                "SELECT cell, any_value(workload), any_value(delegate), any_value(threads), any_value(serial), "
                "any_value(device_model), max(begun_at), any_value(emulated), any_value(profile) "
                f"FROM {table(self.archive.segments)} WHERE project = ? AND branch = ? GROUP BY cell",
                [self.project, self.branch],
            ).fetchall()
        return tuple(sorted(self._distinct(found), key=lambda each: _in_order(each.cell)))

    def batches(
        self, wanted: Callable[[PastCell], bool] = lambda _: True, *, since: int = 0, points: int = POINTS_TOGETHER
    ) -> Iterator[tuple[Series, ...]]:
        """Yield series, batch after batch; a workload's devices are never apart.

        Args:
            wanted: which cells.
            since: index of the first night that is loaded.
            points: so many, or a few more, of a batch.

        Raises:
            StoreError: the archive cannot be read.
        """
        with asking() as connection:
            self._tell_nights(connection)
            cells = max(points // max(len(self.nights) - since, 1), 1)
            for batch in _together([each for each in self.cells if wanted(each)], cells):
                yield self._load(connection, batch, since)

    def series(self, wanted: Callable[[PastCell], bool] = lambda _: True, *, since: int = 0) -> list[Series]:
        """Return series in the order of their cells; see `batches`.

        Raises:
            StoreError: the archive cannot be read.
        """
        found = [each for batch in self.batches(wanted, since=since) for each in batch]
        return sorted(found, key=lambda each: _in_order(each.cell))

    @cached_property
    def _nights(self) -> tuple[tuple[PastNight, int | None], ...]:
        """All nights; with those that never began, the index of the night before them of the same farm file."""
        found: list[tuple[PastNight, int | None]] = []
        last: dict[str | None, int] = {}
        for night in self.archive.nights:
            if (night.project, night.branch) != (self.project, self.branch):
                continue
            for day in night.missed if night.farm in last else ():
                missed = PastNight(index=len(found), session=None, day=day, farm=night.farm, end=None)
                found.append((missed, last[night.farm]))
            last[night.farm] = len(found)
            held = PastNight(index=len(found), session=night.session, day=night.day, farm=night.farm, end=night.end)
            found.append((held, None))
        return tuple(found)

    def _distinct(self, found: Sequence[tuple[object, ...]]) -> Iterator[PastCell]:
        """Yield the cells of what the archive has: renamed ones are one, and two phones of one serial are two."""
        rows = [_Row(*each) for each in found]  # type: ignore[arg-type]
        models: dict[str, dict[str, datetime]] = {}
        for row in rows:
            if row.model is not None:
                known = models.setdefault(row.serial, {})
                known[row.model] = max(row.last, known.get(row.model, row.last))
        keys: dict[tuple[Cell, str], list[_Row]] = {}
        for row in rows:
            known = models.get(row.serial, {})
            model = row.model or max(known, key=lambda name: known[name], default=row.profile)
            serial = f"{row.serial} ({model})" if len(known) > 1 else row.serial
            model = f"emulated {model}" if row.emulated else model
            workload = (self.renamed or {}).get(row.workload, row.workload)
            cell = Cell(
                project=self.project,
                branch=self.branch,
                workload=workload,
                delegate=row.delegate,
                threads=row.threads,
                serial=serial,
            )
            keys.setdefault((cell, model), []).append(row)
        for (cell, model), rows_of in keys.items():
            ordered = tuple(sorted(row.key for row in rows_of))
            last = max(rows_of, key=lambda row: row.last)
            yield PastCell(
                cell=cell,
                model=model,
                keys=ordered,
                emulated=any(row.emulated for row in rows_of),
                serial=last.serial,
                profile=last.profile,
            )

    def _tell_nights(self, connection: "DuckDBPyConnection") -> None:
        held = {night.session: night.index for night in self.nights if night.session is not None}
        connection.execute("CREATE TEMP TABLE nights (session VARCHAR, night INTEGER)")
        connection.execute("INSERT INTO nights SELECT unnest(?), unnest(?)", [list(held), list(held.values())])

    def _load(self, connection: "DuckDBPyConnection", batch: Sequence[PastCell], since: int) -> tuple[Series, ...]:
        keys = [(key, number) for number, each in enumerate(batch) for key in each.keys]
        connection.execute("CREATE OR REPLACE TEMP TABLE wanted (cell BIGINT, series INTEGER)")
        connection.execute("INSERT INTO wanted SELECT unnest(?), unnest(?)", list(map(list, zip(*keys, strict=True))))
        question = (
            f"SELECT series, night, {', '.join(COLUMN_TEXTS)} FROM {table(self.archive.segments)} "
            "JOIN wanted USING (cell) JOIN nights USING (session) WHERE cell BETWEEN ? AND ? AND night >= ?"
        )
        values = [min(key for key, _ in keys), max(key for key, _ in keys), min(self._before(since))]
        columns = connection.execute(question, values).fetchnumpy()
        if not sort_columns(columns):  # two points of a night: their jobs decide
            columns = connection.execute(f"{question} ORDER BY series, night, job", values).fetchnumpy()
        missed = {night.index: (before, night.day) for night, before in self._nights if before is not None}
        columns = with_missed(columns, missed, since=since)
        return tuple(split_series(columns, [(each.cell, each.model) for each in batch]))

    def _before(self, since: int) -> Iterator[int]:
        """Yield the nights that those are like which were due from an index on and never began."""
        yield since
        yield from (before for night, before in self._nights[since:] if before is not None)

    def changed(self, asked: Sequence[tuple[Cell, int, int]]) -> list[tuple[str, ...]]:
        """Return what changed of each cell between two nights by index, in words; nothing where it is not known.

        Raises:
            StoreError: the archive cannot be read.
        """
        from mbench.history.changes import changed_between

        by_cell = {each.cell: each for each in self.cells}
        known = [(by_cell[cell].keys if cell in by_cell else (), before, after) for cell, before, after in asked]
        return changed_between(self.archive.segments, known, {night.index: night.session for night in self.nights})


@dataclass(frozen=True, slots=True)
class _Row:
    key: int
    workload: str
    delegate: str
    threads: int | None
    serial: str
    model: str | None
    last: datetime
    emulated: bool
    profile: str


def projects_of(archive: Archive) -> Mapping[tuple[str, str], int]:
    """Return the projects and branches that an archive has nights of, with their number, in order."""
    found: dict[tuple[str, str], int] = {}
    for night in archive.nights:
        found[night.project, night.branch] = found.get((night.project, night.branch), 0) + 1
    return dict(sorted(found.items()))


def _together(cells: Sequence[PastCell], most: int) -> Iterator[list[PastCell]]:
    """Yield batches of cells: near each other in the archive, and all devices of a workload in one."""
    groups: dict[tuple[str, str, int | None], list[PastCell]] = {}
    for each in cells:
        groups.setdefault((each.cell.workload, each.cell.delegate, each.cell.threads), []).append(each)
    batch: list[PastCell] = []
    for group in sorted(groups.values(), key=lambda group: min(each.keys[-1] for each in group)):
        batch += group
        if len(batch) >= most:
            yield batch
            batch = []
    if batch:
        yield batch


def _in_order(cell: Cell) -> tuple[str, str, int, str]:
    return cell.workload, cell.delegate, cell.threads or 0, cell.serial
