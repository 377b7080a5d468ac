"""Columns of a table of results: their names, headers and texts, and which of them rows need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.results import Status
from mbench.report.render.number_format import ABSENT, KIB_PER_MIB, MILLION, UNKNOWN, milliseconds, significant
from mbench.report.render.text_table import Align
from mbench.report.results.columns.accuracy_columns import accuracy_columns
from mbench.report.results.columns.latency_text import latency_text, status_text
from mbench.report.results.rows.row import Row

LATENCY: Final = "Latency (ms)"
DEVICE: Final = "Device"
ACCURACY: Final = "accuracy"
ALL: Final = "all"
"""What `--columns` calls every column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultColumn:
    """A column and where its texts come from.

    Attributes:
        name: what `--columns` calls it; several columns of accuracy share one name.
        shown: whether these rows need it; what none need is shown on request alone.
        of_file: whether its text is a property of the file, the same on every device.
        spare: how soon a narrow terminal does without it, the highest first; 0: never.
        definition: a foot line where it is shown; empty where the foot's other lines explain it.
    """

    name: str
    header: str
    text: Callable[[Row], str]
    align: Align = Align.RIGHT
    shown: Callable[[Sequence[Row]], bool] = lambda rows: True
    of_file: bool = False
    spare: int = 0
    definition: str = ""


def columns_of(rows: Sequence[Row]) -> list[ResultColumn]:
    """Return the columns that a table of these rows has, in their order."""
    return [column for column in (*_WHAT, *_accuracies(rows), *_HOW_FAST) if column.shown(rows)]


def chosen_columns(rows: Sequence[Row], names: Sequence[str]) -> list[ResultColumn]:
    """Return the columns with the given names, in their order, each once; for `all` those that the rows need.

    Rows of several devices name theirs, asked or not.
    """
    if ALL in names:
        return [*columns_of(rows), STATUS]
    known = (*_WHAT, *_accuracies(rows), *_HOW_FAST, STATUS)
    device = [DEVICE_NAME] if DEVICE_NAME not in names and _DEVICE.shown(rows) else []
    return [column for name in dict.fromkeys((*device, *names)) for column in known if column.name == name]


def varying_columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the names of the columns that distinguish these rows: the variant, and what else differs."""
    distinguishing = (column for column in _WHAT if not column.of_file)
    return tuple(column.name for column in distinguishing if column.shown(rows))


def column_names() -> tuple[str, ...]:
    """Return the names that `--columns` takes."""
    return (ALL, *(each.name for each in _WHAT), ACCURACY, *(each.name for each in _HOW_FAST), STATUS.name)


def _accuracies(rows: Sequence[Row]) -> list[ResultColumn]:
    return [
        ResultColumn(name=ACCURACY, header=each.header, text=each.text, spare=each.spare)
        for each in accuracy_columns(rows)
    ]


def _varies(name: str) -> Callable[[Sequence[Row]], bool]:
    return lambda rows: len({getattr(row, name) for row in rows}) > 1


def counted(count: int | None, least: int | None) -> str:
    """Return millions, `at least 58.2` where not all could be counted; `?` where nothing could."""
    if count is None and least is not None:
        return f"at least {significant(least, scale=MILLION)}"
    return significant(count, scale=MILLION)


def _of_file(name: str, header: str, text: Callable[[Row], str], *, spare: int) -> ResultColumn:
    return ResultColumn(name=name, header=header, text=text, of_file=True, spare=spare)


def _measured(text: Callable[[Row], str]) -> Callable[[Row], str]:
    """Return a text that does not exist where the job has no latency and did not end well."""
    return lambda row: ABSENT if row.latency_median_us is None and row.status is not Status.OK else text(row)


def _on_request(name: str, header: str, text: Callable[[Row], str], *, definition: str) -> ResultColumn:
    return ResultColumn(
        name=name, header=header, text=_measured(text), shown=lambda rows: False, spare=8, definition=definition
    )


DEVICE_NAME: Final = "device"

STATUS: Final = ResultColumn(name="status", header="Status", text=status_text, align=Align.LEFT, spare=1)

_DEVICE: Final = ResultColumn(
    name=DEVICE_NAME, header=DEVICE, text=lambda row: row.device, align=Align.LEFT, shown=_varies("device")
)

_WHAT: Final = (
    ResultColumn(name="variant", header="Variant", text=lambda row: row.label, align=Align.LEFT),
    _DEVICE,
    ResultColumn(
        name="delegate",
        header="Delegate",
        text=lambda row: row.delegate,
        align=Align.LEFT,
        shown=_varies("delegate"),
    ),
    ResultColumn(name="threads", header="Threads", text=lambda row: str(row.threads), shown=_varies("threads")),
    _of_file("params", "Params (M)", lambda row: counted(row.parameters, row.least_parameters), spare=6),
    _of_file("mult-adds", "Mult-adds (M)", lambda row: counted(row.mult_adds, row.least_mult_adds), spare=4),
    _of_file("size", "File (MB)", lambda row: significant(row.size_bytes, scale=MILLION), spare=3),
)

_HOW_FAST: Final = (
    ResultColumn(name="latency", header=LATENCY, text=latency_text),
    ResultColumn(name="p95", header="p95 (ms)", text=_measured(lambda row: milliseconds(row.latency_p95_us)), spare=7),
    _on_request(
        "mean",
        "Mean (ms)",
        lambda row: milliseconds(row.latency_mean_us),
        definition="Mean: over all inferences of all runs that ended well, the slow ones among them.",
    ),
    ResultColumn(name="init", header="Init (ms)", text=_measured(lambda row: milliseconds(row.init_us)), spare=8),
    _on_request(
        "first",
        "First (ms)",
        lambda row: milliseconds(row.first_us),
        definition="First: median over runs of the first inference, the warm-up's.",
    ),
    ResultColumn(
        name="memory",
        header="Peak memory (MiB)",
        text=_measured(lambda row: significant(row.peak_memory_kib, scale=KIB_PER_MIB)),
        spare=5,
    ),
    ResultColumn(
        name="nodes",
        header="Delegated nodes",
        text=_measured(lambda row: row.delegate_nodes or UNKNOWN),
        spare=6,
    ),
    ResultColumn(name="runs", header="Runs", text=lambda row: str(row.runs), spare=7),
)
