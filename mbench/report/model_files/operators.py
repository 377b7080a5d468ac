"""The operator profile of jobs: where an inference spends its time, by kind of operator and one by one."""

import math
from collections.abc import Sequence
from typing import Final

from mbench.core.conclusions import COARSE_BELOW_US
from mbench.core.numbers.statistics import CLOCK_STEP_US
from mbench.core.results import JobResult, OperatorTime, Pass, Status
from mbench.report.render.number_format import UNKNOWN, legend, significant
from mbench.report.render.text_table import Cell, Column, TableValues, right_column

NOTE = (
    "Operator profile: from a run of its own, whose latency is not quoted because profiling slows it; shares are of "
    "the sum over all operators."
)

BELOW_CLOCK: Final = f"<{CLOCK_STEP_US:.0f}"
"""A time that the program's clock does not see: it is not 0."""


def operator_tables(results: Sequence[JobResult], *, one_by_one: bool = False) -> tuple[TableValues, ...]:
    """Return a table per job that has an operator profile; none for jobs without.

    Args:
        results: the jobs.
        one_by_one: a row per operator in order of execution, not per kind, the slowest first.
    """
    tables = []
    for result in results:
        operators = profiled_operators(result)
        if operators:
            title = f"{result.label}: operators"
            tables.append(_each(title, operators) if one_by_one else _by_kind(title, operators))
    return tuple(tables)


def profiled_operators(result: JobResult) -> tuple[OperatorTime, ...]:
    """Return the operators of the last profile that ended well; none without."""
    profiled = [run for run in result.runs if run.purpose is Pass.OPS and run.status is Status.OK]
    return profiled[-1].operators or () if profiled else ()


def _by_kind(title: str, operators: Sequence[OperatorTime]) -> TableValues:
    kinds: dict[str, list[OperatorTime]] = {}
    for operator in operators:
        kinds.setdefault(operator.node_type, []).append(operator)
    spent = {kind: sum(each.us_per_inference for each in members) for kind, members in kinds.items()}
    total = sum(spent.values())
    rows = [
        (Cell(kind), Cell(str(len(kinds[kind]))), Cell(_time(time, decimals=0)), Cell(_share(time, total)))
        for kind, time in sorted(spent.items(), key=lambda pair: -pair[1])
    ]
    columns = (Column(header="Kind"), right_column("Operators"), right_column("Time (µs)"), right_column("Share (%)"))
    return TableValues(title=title, columns=columns, rows=tuple(rows), foot=_foot(rows, total))


def _each(title: str, operators: Sequence[OperatorTime]) -> TableValues:
    total = sum(each.us_per_inference for each in operators)
    rows = [
        (
            Cell(str(each.run_order)),
            Cell(each.node_type),
            Cell(each.name),
            Cell(_time(each.us_per_inference, decimals=1)),
            Cell(_share(each.us_per_inference, total)),
        )
        for each in sorted(operators, key=lambda each: each.run_order)
    ]
    columns = (
        right_column("#"),
        Column(header="Kind"),
        Column(header="Name"),
        right_column("Time (µs)"),
        right_column("Share (%)"),
    )
    return TableValues(title=title, columns=columns, rows=tuple(rows), foot=_foot(rows, total))


def _time(time_us: float, *, decimals: int) -> str:
    return BELOW_CLOCK if time_us < CLOCK_STEP_US else f"{time_us:.{decimals}f}"


def _share(time_us: float, total_us: float) -> str:
    """Return percent of the sum; of a time below the clock what one step of the clock would be, rounded up."""
    if total_us < CLOCK_STEP_US:
        return UNKNOWN
    if time_us < CLOCK_STEP_US:
        return f"<{math.ceil(1000 * CLOCK_STEP_US / total_us) / 10:.1f}"
    return f"{100 * time_us / total_us:.1f}"


def _foot(rows: Sequence[tuple[Cell, ...]], total_us: float) -> tuple[str, ...]:
    texts = [cell.text for row in rows for cell in row]
    below = f"{BELOW_CLOCK}: below {CLOCK_STEP_US:.0f} µs, one step of the program's clock; not 0."
    together = f"less than {CLOCK_STEP_US:.0f}" if total_us < CLOCK_STEP_US else f"about {significant(total_us)}"
    coarse = (
        f"Coarse clock: the program counts whole microseconds, and all operators take {together} µs of an inference "
        "together: times and shares are of the clock's rounding as much as of the operators. A larger input makes "
        "longer inferences."
    )
    return (
        *([coarse] if total_us < COARSE_BELOW_US else []),
        NOTE,
        *([below] if BELOW_CLOCK in texts else []),
        *legend(texts),
    )
