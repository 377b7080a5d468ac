"""Values of each example by a user's metric, of tonight and of earlier nights: read where a mean fell."""

from collections.abc import Mapping
from pathlib import Path

from mbench.core.errors import StoreError
from mbench.core.means import ComparedMeans, compared_means
from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import NightName
from mbench.core.scores import Score
from mbench.history.points import kept_score
from mbench.store.session import list_sessions, open_session, session_folder
from mbench.workflows.gate.cells import MeasuredCells, measured_cells
from mbench.workflows.gate.stored import night_of


class EarlierValues:
    """Compares a cell's values with those of an earlier night, whose documents are read once."""

    def __init__(
        self, root: Path, tonight: MeasuredCells, names: Mapping[int, NightName], renamed: Mapping[str, str]
    ) -> None:
        """Take the results folder, the night that is judged, what nights are called, and renamed workloads."""
        self._root, self._tonight, self._names, self._renamed = root, tonight, names, renamed
        self._read: dict[int, MeasuredCells | None] = {}

    def __call__(self, cell: Cell, night: int) -> ComparedMeans | None:
        """Return how tonight's values compare with those of a night, by index; None where either is not known."""
        if night not in self._read:
            self._read[night] = self._cells(night)
        earlier = self._read[night]
        new, old = _score(self._tonight, cell), None if earlier is None else _score(earlier, cell)
        return None if new is None or old is None else compared_means(new, old)

    def _cells(self, night: int) -> MeasuredCells | None:
        session = self._names[night].id
        if session not in list_sessions(self._root):  # an import, or deleted since
            return None
        try:
            path = session_folder(self._root, session)
            store = open_session(path)
            return measured_cells(store.results(), night_of(path), store.plan.names, self._renamed)
        except StoreError:
            return None


def _score(measured: MeasuredCells, cell: Cell) -> Score | None:
    result = measured.of(cell)
    return None if result is None else kept_score(result.scores)
