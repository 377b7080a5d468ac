"""A comparison's cells as CSV, under the names that they have in JSON."""

from typing import Final

from mbench.report.compare.comparison import ComparedCell, Comparison
from mbench.report.results.delimited import csv_text

_OF_A_SIDE: Final = ("old", "new")


def comparison_csv(comparison: Comparison) -> str:
    """Return a line a cell with a header line; what is of one side begins with `old_` or `new_`."""
    lines = [_flat(cell) for cell in comparison.cells]
    header = list(lines[0]) if lines else ["variant"]
    return csv_text([header, *(line.values() for line in lines)])


def _flat(cell: ComparedCell) -> dict[str, object]:
    fields = cell.model_dump(mode="json")
    sides = {f"{side}_{name}": value for side in _OF_A_SIDE for name, value in fields.pop(side).items()}
    return fields | sides
