"""The operator profile of jobs: where an inference spends its time, by kind of operator and one by one."""

from collections.abc import Sequence

from mbench.core.results import JobResult, OperatorTime, Pass, Status
from mbench.report.text_table import Align, Cell, Column, TableValues

NOTE = (
    "Operator profile: from a run of its own, whose latency is not quoted because profiling slows it; shares are of "
    "the sum over all operators."
)


def operator_tables(results: Sequence[JobResult], *, one_by_one: bool = False) -> tuple[TableValues, ...]:
    """Return a table per job that has an operator profile; none for jobs without.

    Args:
        results: the jobs.
        one_by_one: a row per operator in order of execution, not per kind, the slowest first.
    """
    tables = []
    for result in results:
        operators = _operators(result)
        if operators:
            title = f"{result.workload.label}: operators"
            tables.append(_each(title, operators) if one_by_one else _by_kind(title, operators))
    return tuple(tables)


def _operators(result: JobResult) -> tuple[OperatorTime, ...]:
    profiled = [run for run in result.runs if run.purpose is Pass.OPS and run.status is Status.OK]
    return profiled[-1].operators or () if profiled else ()


def _by_kind(title: str, operators: Sequence[OperatorTime]) -> TableValues:
    kinds: dict[str, list[OperatorTime]] = {}
    for operator in operators:
        kinds.setdefault(operator.node_type, []).append(operator)
    spent = {kind: sum(each.us_per_inference for each in members) for kind, members in kinds.items()}
    total = sum(spent.values())
    rows = [
        (Cell(kind), Cell(str(len(kinds[kind]))), Cell(f"{time:.0f}"), Cell(_share(time, total)))
        for kind, time in sorted(spent.items(), key=lambda pair: -pair[1])
    ]
    columns = (Column(header="Kind"), _right("Operators"), _right("Time (µs)"), _right("Share (%)"))
    return TableValues(title=title, columns=columns, rows=tuple(rows), foot=(NOTE,))


def _each(title: str, operators: Sequence[OperatorTime]) -> TableValues:
    total = sum(each.us_per_inference for each in operators)
    rows = [
        (
            Cell(str(each.run_order)),
            Cell(each.node_type),
            Cell(each.name),
            Cell(f"{each.us_per_inference:.1f}"),
            Cell(_share(each.us_per_inference, total)),
        )
        for each in sorted(operators, key=lambda each: each.run_order)
    ]
    columns = (_right("#"), Column(header="Kind"), Column(header="Name"), _right("Time (µs)"), _right("Share (%)"))
    return TableValues(title=title, columns=columns, rows=tuple(rows), foot=(NOTE,))


def _share(time: float, total: float) -> str:
    return f"{100 * time / total:.1f}" if total else "?"


def _right(header: str) -> Column:
    return Column(header=header, align=Align.RIGHT)
