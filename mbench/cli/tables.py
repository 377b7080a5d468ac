"""Results and table values onto stdout, in the format that was asked for."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mbench.cli.options import Format
from mbench.cli.streams import write, write_json, write_styled

WITHOUT_TERMINAL = 200
"""Columns of what is piped or kept in a file; a wider table takes what it needs."""

if TYPE_CHECKING:
    from mbench.core.results import JobResult
    from mbench.report.render.text_table import TableValues


def print_results(results: "Sequence[JobResult]", shape: Format, *, by_session: bool = False) -> None:
    """Print results as one answer."""
    from mbench.report.results.rows import row_of

    match shape:
        case Format.MD:
            from mbench.report.results.report import report_markdown

            write(report_markdown(results, by_session=by_session))
        case Format.CSV:
            from mbench.report.results.delimited import as_csv

            write(as_csv([row_of(result) for result in results]))
        case Format.JSON:
            from mbench.report.results.delimited import as_json

            write_json(as_json([row_of(result) for result in results]))
        case Format.TABLE:
            from mbench.report.model_files.operators import operator_tables
            from mbench.report.results.tables import result_tables

            for table in (*result_tables(results, by_session=by_session), *operator_tables(results)):
                print_table(table)


def print_table(table: "TableValues") -> None:
    """Print table values as a table for the terminal, as wide as that is; nothing is left out where there is none."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mbench.report.render.fitting import fit_table, table_width
    from mbench.report.render.text_table import Align, Style, cleaned

    table = cleaned(table)
    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    fitted = fit_table(table, Console().width if limited else None)
    width = max(Console().width if limited else WITHOUT_TERMINAL, table_width(fitted))
    styles = {Style.STRONG: "bold", Style.BAD: "red"}
    shown = Table(title=Text(table.title, style="bold") if table.title else None, title_justify="left")
    for column in fitted.columns:
        shown.add_column(Text(column.header), justify="right" if column.align is Align.RIGHT else "left", no_wrap=True)
    for row in fitted.rows:
        shown.add_row(*(Text(cell.text, style=styles.get(cell.style, "")) for cell in row))
    console = Console(width=width, soft_wrap=False)
    with console.capture() as laid_out:  # rich would end the process where the reader of stdout has gone
        console.print(shown)
        for line in (*fitted.footnotes, *fitted.foot):
            console.print(Text(line), style="dim")  # neither markup nor the names of emoji
    write_styled(laid_out.get())
