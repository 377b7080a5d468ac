"""The columns of a comparison's page: what each shows, and the exact value under its machine-readable name."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from mbench.report.compare.accuracy_texts import Kind, accuracy_text, change_header, compared_kinds, kind_of
from mbench.report.compare.compared_accuracy import ComparedAccuracy
from mbench.report.compare.comparison import ComparedCell, ComparedSide
from mbench.report.compare.table import doubts_of_cell, side_latency
from mbench.report.pages.comparison.change_text import change_text
from mbench.report.pages.page_table import NOTHING, Value
from mbench.report.render.number_format import ABSENT, KIB_PER_MIB, MILLION, UNKNOWN, milliseconds, significant

FOREST: Final = "forest"
"""The column of pictures."""

VERDICT_MARKS: Final = {"slower": "▲", "faster": "▼", "no difference shown": "○", "incomparable": "✕"}
"""What stands before each word, and as a mark in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonColumn:
    """A column.

    Attributes:
        name: in the page's address and in copied CSV: that of `--format csv` where there is one.
        value: None of words and pictures.
        shown: whether it is there at first.
        interval: whether a value has bounds.
        turns: what the page's script does where the baseline is exchanged: `ratio`, `points`, `values` or `verdict`.
    """

    name: str
    header: str
    text: Callable[[ComparedCell], str]
    value: Callable[[ComparedCell], Value] | None = None
    shown: bool = True
    interval: bool = False
    turns: str | None = None

    @property
    def picture(self) -> bool:
        """Whether it is one of pictures, which nobody sorts by or copies."""
        return self.name == FOREST


def comparison_columns(cells: Sequence[ComparedCell]) -> tuple[ComparisonColumn, ...]:
    """Return all columns, of which those are shown at first that these cells need."""
    several = len({(cell.old.device, cell.new.device) for cell in cells}) > 1 or any(_moved(cell) for cell in cells)
    delegates = len({(cell.delegate, cell.threads) for cell in cells}) > 1
    noted = any(_notes(cell) for cell in cells)
    both = [cell for cell in cells if cell.ratio is not None]
    return (
        ComparisonColumn(name="variant", header="Variant", text=lambda cell: cell.variant),
        ComparisonColumn(name="device", header="Device", text=_device, shown=several),
        ComparisonColumn(name="delegate", header="Delegate", text=_delegate, shown=delegates),
        _CHANGE,
        ComparisonColumn(name=FOREST, header="Faster or slower", text=lambda _: ""),
        ComparisonColumn(name="verdict", header="Verdict", text=_verdict, turns="verdict"),
        _number("old_median_us", "Old (ms)", lambda cell: cell.old.median_us, lambda cell: side_latency(cell.old)),
        _number("new_median_us", "New (ms)", lambda cell: cell.new.median_us, lambda cell: side_latency(cell.new)),
        *_accuracies(cells),
        *_both("size_bytes", "file (MB)", lambda side: side.size_bytes, MILLION, both),
        *_both(
            "peak_memory_kib", "peak memory (MiB)", lambda side: side.peak_memory_kib, KIB_PER_MIB, both, never=True
        ),
        *_both("init_us", "init (ms)", lambda side: side.init_us, None, both, never=True),
        *_words("delegate_nodes", "delegated nodes", lambda side: side.delegate_nodes, both),
        *_both("runs", "runs", lambda side: len(side.samples_us), 1, both),
        _number("p_value", "p", lambda cell: cell.p_value, _p_text, shown=False),
        _number("blocks", "Blocks", lambda cell: cell.blocks, lambda cell: str(cell.blocks), shown=False),
        ComparisonColumn(name="notes", header="Notes", text=_notes, shown=noted),
    )


def verdict_of(cell: ComparedCell) -> str:
    """Return the word, and that it rests on few runs where it does."""
    few = cell.ratio is not None and cell.ratio_ci is None
    return f"{cell.verdict} (too few runs)" if few else cell.verdict


def _change_value(cell: ComparedCell) -> Value:
    return NOTHING if cell.ratio is None else Value(cell.ratio, *(cell.ratio_ci or (None, None)))


def _change_text(cell: ComparedCell) -> str:
    return ABSENT if cell.ratio is None else change_text(cell.ratio, cell.ratio_ci)


def _accuracies(cells: Sequence[ComparedCell]) -> Iterator[ComparisonColumn]:
    """Yield a column for each metric that any cell is compared by: top-1, or a user's own."""
    names: dict[str, int] = {}
    for kind, first in compared_kinds(cells).items():
        name = f"{re.sub(r'[^A-Za-z0-9_]+', '_', first.metric)}_change"
        names[name] = names.get(name, 0) + 1
        yield ComparisonColumn(
            name=name if names[name] == 1 else f"{name}_{names[name]}",
            header=change_header(first),
            text=partial(_accuracy_text, kind),
            value=partial(_accuracy_value, kind),
            interval=True,
            turns="points" if first.kind == "share" else "values",
        )


def _accuracy_of(kind: Kind, cell: ComparedCell) -> ComparedAccuracy | None:
    return cell.accuracy if cell.accuracy is not None and kind_of(cell.accuracy) == kind else None


def _accuracy_value(kind: Kind, cell: ComparedCell) -> Value:
    found = _accuracy_of(kind, cell)
    return NOTHING if found is None else Value(found.change, *found.change_ci)


def _accuracy_text(kind: Kind, cell: ComparedCell) -> str:
    found = _accuracy_of(kind, cell)
    return ABSENT if found is None else accuracy_text(found)


_CHANGE: Final = ComparisonColumn(
    name="ratio", header="Change (%)", text=_change_text, value=_change_value, interval=True, turns="ratio"
)


def _number(
    name: str,
    header: str,
    value: Callable[[ComparedCell], float | None],
    text: Callable[[ComparedCell], str],
    *,
    shown: bool = True,
) -> ComparisonColumn:
    return ComparisonColumn(name=name, header=header, text=text, value=lambda cell: Value(value(cell)), shown=shown)


def _both(
    name: str,
    header: str,
    of: Callable[[ComparedSide], float | None],
    scale: float | None,
    cells: Sequence[ComparedCell],
    *,
    never: bool = False,
) -> tuple[ComparisonColumn, ...]:
    """Return a column of the old side and one of the new one, at first only where they differ.

    Args:
        name: of the value in JSON.
        header: what it is, with its unit.
        of: the value of a side.
        scale: what values are divided by; None: they are µs, shown as ms; 1: counts.
        cells: those that decide whether they differ.
        never: whether they are there only where they are chosen.
    """

    def shown_text(side: ComparedSide) -> str:
        value = of(side)
        return milliseconds(value) if scale is None else str(value) if scale == 1 else significant(value, scale=scale)

    shown = not never and any(of(cell.old) != of(cell.new) for cell in cells)
    return (
        _number(
            f"old_{name}", f"Old {header}", lambda cell: of(cell.old), lambda cell: shown_text(cell.old), shown=shown
        ),
        _number(
            f"new_{name}", f"New {header}", lambda cell: of(cell.new), lambda cell: shown_text(cell.new), shown=shown
        ),
    )


def _words(
    name: str, header: str, of: Callable[[ComparedSide], str | None], cells: Sequence[ComparedCell]
) -> tuple[ComparisonColumn, ...]:
    shown = any(of(cell.old) != of(cell.new) for cell in cells)
    return (
        ComparisonColumn(
            name=f"old_{name}", header=f"Old {header}", text=lambda cell: of(cell.old) or UNKNOWN, shown=shown
        ),
        ComparisonColumn(
            name=f"new_{name}", header=f"New {header}", text=lambda cell: of(cell.new) or UNKNOWN, shown=shown
        ),
    )


def _moved(cell: ComparedCell) -> bool:
    return cell.old.device != cell.new.device


def _device(cell: ComparedCell) -> str:
    return f"{cell.old.device} → {cell.new.device}" if _moved(cell) else cell.device


def _delegate(cell: ComparedCell) -> str:
    return f"{cell.delegate} ×{cell.threads}"


def _verdict(cell: ComparedCell) -> str:
    return f"{VERDICT_MARKS[cell.verdict]} {verdict_of(cell)}"


def _p_text(cell: ComparedCell) -> str:
    return ABSENT if cell.p_value is None else f"{cell.p_value:.2g}"


def _notes(cell: ComparedCell) -> str:
    """Return why a cell is incomparable, or the kinds of its doubts with their sides."""
    sides: dict[str, dict[str, None]] = {}
    for kind, label, _ in doubts_of_cell(cell):
        sides.setdefault(kind, {}).setdefault(label)
    doubts = [f"{kind} ({' and '.join(labels)})" for kind, labels in sides.items()]
    phone = ["another phone of the same model"] if cell.other_phone else []
    return "; ".join((*([cell.reason] if cell.reason else []), *phone, *doubts))
