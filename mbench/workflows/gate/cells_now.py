"""What cells of earlier verdicts are called now: workloads are renamed, and two phones may bear one serial."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdict_document import VerdictDocument
from mbench.core.nights.verdicts import Finding
from mbench.history.past import Past


class CellsNow:
    """Finds cells of a branch by what they were called when an earlier verdict was made."""

    def __init__(self, cells: Iterable[Cell], renamed: Mapping[str, str], branch: str) -> None:
        """Know cells as they are called now, and new names of workloads by old ones."""
        self._renamed, self._branch = renamed, branch
        self._alike: dict[Cell, list[Cell]] = {}
        for cell in cells:
            self._alike.setdefault(_any_phone(replace(cell, branch=branch)), []).append(replace(cell, branch=branch))

    def of(self, cell: Cell) -> tuple[Cell, ...]:
        """Return the cells that one may be now, itself alone where that is known."""
        workload = self._renamed.get(cell.workload, cell.workload)
        now = replace(cell, workload=workload, branch=self._branch)
        alike = self._alike.get(_any_phone(now), [])
        return (now,) if now in alike or not alike else tuple(alike)

    def document(self, document: VerdictDocument) -> VerdictDocument:
        """Return a verdict with its findings' cells as they are called now."""
        findings, unseen = (
            tuple(replace(one, cell=self._of_finding(one)) for one in of)
            for of in (document.verdict.findings, document.unseen)
        )
        verdict = replace(document.verdict, findings=findings)
        return document.model_copy(update={"verdict": verdict, "unseen": unseen})

    def _of_finding(self, finding: Finding) -> Cell:
        found = self.of(finding.cell)
        serial = finding.cell.serial.partition(" (")[0]
        own = [cell for cell in found if cell.serial in (serial, f"{serial} ({finding.model})")]
        return (own or found)[0]


def cells_now(past: Past, renamed: Mapping[str, str], branch: str) -> CellsNow:
    """Return the cells of a past.

    Raises:
        StoreError: the archive cannot be read.
    """
    return CellsNow((each.cell for each in past.cells), renamed, branch)


def _any_phone(cell: Cell) -> Cell:
    """Return a cell without what tells two phones of one serial apart."""
    return replace(cell, serial=cell.serial.partition(" (")[0])
