"""Results and table values onto stdout, in the format that was asked for."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mbench.cli.options import Format

if TYPE_CHECKING:
    from mbench.core.results import JobResult
    from mbench.report.text_table import TableValues


def print_results(results: "Sequence[JobResult]", shape: Format, *, by_session: bool = False) -> None:
    """Print results as one answer."""
    from mbench.report.rows import row_of

    match shape:
        case Format.MD:
            from mbench.report.markdown import report_markdown

            write(report_markdown(results, by_session=by_session))
        case Format.CSV:
            from mbench.report.delimited import as_csv

            write(as_csv([row_of(result) for result in results]))
        case Format.JSON:
            from mbench.report.delimited import as_json

            write(as_json([row_of(result) for result in results]))
        case Format.TABLE:
            from mbench.report.operators import operator_tables
            from mbench.report.result_table import result_tables

            for table in (*result_tables(results, by_session=by_session), *operator_tables(results)):
                print_table(table)


def write(text: str) -> None:
    """Write text to stdout, ending with one newline."""
    print(text, end="" if text.endswith("\n") else "\n")


def print_table(table: "TableValues") -> None:
    """Print table values as a table for the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mbench.report.text_table import Style

    styles = {Style.STRONG: "bold", Style.BAD: "red"}
    shown = Table(title=table.title or None, title_justify="left", title_style="bold")
    for column in table.columns:
        shown.add_column(Text(column.header), justify="right" if column.align == "right" else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(cell.text, style=styles.get(cell.style, "")) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 200, soft_wrap=False)
    console.print(shown)
    for line in (*table.footnotes, *table.foot):
        console.print(line, markup=False, highlight=False, style="dim")
