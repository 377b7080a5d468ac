"""Results and table values onto stdout, in the format that was asked for."""

import locale
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mbench.cli.options.formats import Format
from mbench.cli.streams import write, write_json, write_styled
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean

WITHOUT_TERMINAL = 200
"""Columns of what is piped or kept in a file; a wider table takes what it needs."""

if TYPE_CHECKING:
    from mbench.core.results import JobResult
    from mbench.report.render.text_table import TableValues
    from mbench.report.results.columns.latency_bars import BarMarks
    from mbench.workflows.gate.night_gate import Judged


def print_results(
    results: "Sequence[JobResult]",
    shape: Format | None,
    *,
    by_session: bool = False,
    columns: Sequence[str] | None = None,
    whole_foot: Sequence[str] = (),
) -> None:
    """Print results as one answer.

    Args:
        results: in the order in which their rows shall stand.
        shape: the format; None: a table in a terminal, markdown elsewhere.
        by_session: whether rows of two sessions never share a table.
        columns: names of a table's columns; None: in a terminal the key columns, elsewhere all.
        whole_foot: where the whole foot of a terminal's table is, the most precise first.
    """
    from mbench.report.results.rows.job_rows import rows_of

    match format_or_default(shape):
        case Format.MD:
            from mbench.report.results.report import report_markdown

            write(report_markdown(results, by_session=by_session, columns=columns))
        case Format.CSV:
            from mbench.report.results.delimited import as_csv

            write(as_csv(rows_of(results)))
        case Format.JSON:
            from mbench.report.results.delimited import as_json

            write_json(as_json(rows_of(results)))
        case Format.TABLE:
            _print_tables(results, by_session=by_session, columns=columns, whole_foot=whole_foot)


def print_verdict(judged: "Judged", shape: Format | None) -> None:
    """Print a verdict: as text in a terminal, else as markdown or JSON."""
    match format_or_default(shape):
        case Format.JSON:
            write_json(judged.document.model_dump_json(indent=1))
        case Format.TABLE:
            from mbench.report.verdicts.text import verdict_text

            write(verdict_text(judged.verdict, judged.changes, judged.place))
        case Format.MD:
            from mbench.report.verdicts.markdown import verdict_markdown

            write(verdict_markdown(judged.verdict, judged.changes, judged.place))
        case Format.CSV:
            raise UsageError("a verdict is printed as md, table or json; [outputs] of a farm file has other formats.")


def format_or_default(shape: Format | None) -> Format:
    """Return the format that was asked for; else a table in a terminal, and markdown elsewhere."""
    return shape or (Format.TABLE if sys.stdout.isatty() else Format.MD)


def columns_named(text: str | None, shape: Format | None) -> tuple[str, ...] | None:
    """Return the names in the text of `--columns`; None without it.

    Raises:
        UsageError: an unknown name, or a format whose columns cannot be chosen.
    """
    if text is None:
        return None
    if shape in (Format.CSV, Format.JSON):
        raise UsageError(f"--columns chooses those of a table; leave it out, since {shape} always has all of them.")
    from mbench.report.results.columns.result_columns import column_names

    known = column_names()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"unknown column {name!r}.{hint} --columns takes {', '.join(known)}.")
    return names


def print_tables(tables: "Sequence[TableValues]", *, whole_foot: Sequence[str]) -> None:
    """Print tables as a terminal bears them, with short feet; where there is none, whole.

    Args:
        tables: any, whose feet begin with what must not be missed.
        whole_foot: where their whole feet are, the most precise first.
    """
    from mbench.report.render.short_feet import with_short_feet

    width = _terminal_width()
    if width is None:
        for table in tables:
            print_table(table)
        return
    for table in with_short_feet(tables, width=width, whole_foot=whole_foot):
        _put_table(table)


def print_table(table: "TableValues") -> None:
    """Print table values as a table for the terminal, as wide as that is; nothing is left out where there is none."""
    from mbench.report.render.fitting import fit_table
    from mbench.report.render.text_table import cleaned

    _put_table(fit_table(cleaned(table), _terminal_width()))


def _print_tables(
    results: "Sequence[JobResult]", *, by_session: bool, columns: Sequence[str] | None, whole_foot: Sequence[str]
) -> None:
    """Print results as a terminal bears them; where there is none, with all columns and the whole foot."""
    from mbench.report.model_files.operators import operator_tables

    width = _terminal_width()
    if width is None:
        from mbench.report.results.tables.all_tables import result_tables

        for table in result_tables(results, by_session=by_session, columns=columns):
            print_table(table)
    else:
        from mbench.report.results.tables.terminal_tables import terminal_tables

        for table in terminal_tables(
            results, width=width, columns=columns, by_session=by_session, whole_foot=whole_foot, bars=_bars()
        ):
            _put_table(table)
    if not results:
        write("No results.")
    print_tables(operator_tables(results), whole_foot=whole_foot)


def _bars() -> "BarMarks | None":
    """Return what bars are made of in this terminal; None where there is none."""
    from mbench.report.results.columns.latency_bars import ASCII, BLOCKS

    if not sys.stdout.isatty():
        return None
    try:
        "".join(BLOCKS).encode(locale.getpreferredencoding(do_setlocale=False))
    except (LookupError, UnicodeEncodeError):
        return ASCII
    return BLOCKS


def _terminal_width() -> int | None:
    """Return the columns of the terminal, or of the one that COLUMNS claims; None without."""
    from rich.console import Console

    return Console().width if sys.stdout.isatty() or "COLUMNS" in os.environ else None


def _put_table(table: "TableValues") -> None:
    """Print a table whose texts are cleaned and laid out."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mbench.report.render.fitting import table_width
    from mbench.report.render.text_table import Align, Style

    width = max(_terminal_width() or WITHOUT_TERMINAL, table_width(table))
    styles = {Style.STRONG: "bold", Style.BAD: "red"}
    shown = Table(title=Text(table.title, style="bold") if table.title else None, title_justify="left")
    for column in table.columns:
        shown.add_column(Text(column.header), justify="right" if column.align is Align.RIGHT else "left", no_wrap=True)
    for row in table.rows:
        shown.add_row(*(Text(cell.text, style=styles.get(cell.style, "")) for cell in row))
    console = Console(width=width, soft_wrap=False)
    with console.capture() as laid_out:  # rich would end the process where the reader of stdout has gone
        console.print(shown)
        for line in (*table.footnotes, *table.foot):
            console.print(Text(line), style="dim")  # neither markup nor the names of emoji
    write_styled(laid_out.get())
