"""The page of a comparison: what got slower or faster first, what differs besides, a forest plot, and all runs."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from mbench.core.plain_text import one_line
from mbench.core.results import FORMAT_VERSION
from mbench.report.compare.accuracy_texts import change_methods
from mbench.report.compare.comparison import ComparedCell, Comparison
from mbench.report.compare.inverted import inverted
from mbench.report.compare.table import method_line
from mbench.report.pages.comparison.comparison_columns import ComparisonColumn, comparison_columns
from mbench.report.pages.comparison.comparison_summary import alone, comparison_lines, differing
from mbench.report.pages.comparison.forest import HEIGHT, MIDDLE, WIDTH, Forest, forest_marks, forest_of
from mbench.report.pages.packed import pack
from mbench.report.pages.page_table import NOTHING
from mbench.report.pages.session_page import FIRST_ROWS, Facet
from mbench.report.pages.templates import Markup, cell_attributes, joined, render_page, table_cell
from mbench.report.render.number_format import legend
from mbench.report.render.text_table import cell_text

_VERDICTS: Final = ("slower", "faster", "no difference shown", "incomparable")
_ACCURACIES: Final = ("worse", "better", "no difference shown")


class _Line(NamedTuple):
    number: int
    facets: str
    look: str
    first: str
    others: str
    texts: tuple[str, ...]


def comparison_page(comparison: Comparison, *, command: str) -> bytes:
    """Return the page of a comparison; equal comparisons give equal bytes.

    Args:
        comparison: any.
        command: that makes the same page again.
    """
    cells = comparison.cells
    columns, facets, forest = comparison_columns(cells), _facets(cells), forest_of(cells)
    lines = [_line(number, cell, columns, facets, forest) for number, cell in enumerate(cells)]
    differs, more = differing(comparison)
    return render_page(
        "comparison.html",
        {
            "title": f"{comparison.old} → {comparison.new}",
            "command": command,
            "format_version": FORMAT_VERSION,
            "comparison": comparison,
            "method": method_line(comparison) if any(cell.ratio for cell in cells) else None,
            "verdicts": (("old", comparison_lines(comparison)), ("new", comparison_lines(inverted(comparison)))),
            "differs": differs,
            "more_differs": more,
            "alone": alone(comparison),
            "columns": columns,
            "facets": facets,
            "facet_names": " ".join(facet.name for facet in facets),
            "parts": [part for part in (lines[:FIRST_ROWS], lines[FIRST_ROWS:]) if part],
            "foot": _foot(comparison, lines),
            "forest": {"ticks": forest.ticks(), "width": WIDTH, "height": HEIGHT, "middle": MIDDLE},
            "packed": pack(_clean({"comparison": comparison.model_dump(mode="json")})) if cells else "",
        },
        scripts=("comparison.js",),
        styles=("comparison.css",),
    )


def _facets(cells: Sequence[ComparedCell]) -> tuple[Facet, ...]:
    verdicts = {cell.verdict for cell in cells}
    turned = verdicts | ({"slower", "faster"} if verdicts & {"slower", "faster"} else set())
    accuracies = {cell.accuracy.verdict for cell in cells if cell.accuracy}
    both = accuracies | ({"worse", "better"} if accuracies & {"worse", "better"} else set())
    return (
        Facet("verdict", "Verdict", tuple(each for each in _VERDICTS if each in turned)),
        Facet("device", "Device", tuple(sorted({cell.device for cell in cells}))),
        Facet("delegate", "Delegate", tuple(sorted({cell.delegate for cell in cells}))),
        Facet("threads", "Threads", tuple(map(str, sorted({cell.threads for cell in cells})))),
        Facet("accuracy", "Accuracy", tuple(each for each in _ACCURACIES if each in both)),
    )


def _line(
    number: int, cell: ComparedCell, columns: Sequence[ComparisonColumn], facets: Sequence[Facet], forest: Forest
) -> _Line:
    values = (
        *(cell.verdict, cell.device, cell.delegate, str(cell.threads)),
        None if cell.accuracy is None else cell.accuracy.verdict,
    )
    texts = tuple(column.text(cell) for column in columns)
    return _Line(
        number=number,
        facets=" ".join(
            str(facet.choices.index(value)) if value in facet.choices else "-"
            for facet, value in zip(facets, values, strict=True)
        ),
        look=_look(cell.verdict),
        first=cell_text(texts[0]),
        others=joined(
            _picture(forest, cell) if column.picture else _cell(cell, column, text)
            for column, text in zip(columns[1:], texts[1:], strict=True)
        ),
        texts=texts,
    )


def _cell(cell: ComparedCell, column: ComparisonColumn, text: str) -> Markup:
    value = NOTHING if column.value is None else column.value(cell)
    kind = "n" if column.value else "w" if column.name == "notes" else "v" if column.name == "verdict" else ""
    attributes = cell_attributes(value.exact, value.low, value.high, kind, not column.shown)
    return table_cell(attributes, text, column.name == "verdict" and cell.verdict in {"slower", "faster"})


def _picture(forest: Forest, cell: ComparedCell) -> Markup:
    """Return the cell of a picture, which says nothing that the cells beside it do not say in words."""
    drawn = forest_marks(forest, cell)
    if not drawn:
        return Markup('<td class="f"></td>')
    return Markup(f'<td class="f"><svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{drawn}</svg></td>')


def _look(verdict: str) -> str:
    return {"slower": "slower", "faster": "faster", "incomparable": "refused"}.get(verdict, "")


def _foot(comparison: Comparison, lines: Sequence[_Line]) -> tuple[str, ...]:
    order = "At first the rows stand by how far they changed beyond their noise; what cannot be compared is last."
    repeated = f"Earlier results of the same cells left out, since the last one counts: {comparison.repeated}."
    return (
        order,
        *change_methods(comparison.cells),
        *([repeated] if comparison.repeated else []),
        *legend(text for line in lines for text in line.texts),
    )


def _clean(value: Any) -> Any:
    """Return a value of JSON in which each text is free of what would turn or hide what stands beside it."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() and "\\" not in value else one_line(value)
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value
