"""`mbench compare`: two sides of what is stored, cell by cell."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import pages
from mbench.cli.errors import fail, one_line_errors
from mbench.cli.options import output_options
from mbench.cli.options.formats import Format, format_of
from mbench.cli.report import ReportFormat
from mbench.cli.streams import write, write_json
from mbench.cli.tables import format_or_default, print_tables
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from mbench.report.compare.comparison import Comparison

BOUND_MISSED = 1


class ByChoice(StrEnum):
    """What OLD and NEW are; mypy compares it with `mbench.report.compare.cells.By`."""

    SESSION = "session"
    NIGHT = "night"
    DEVICE = "device"
    DELEGATE = "delegate"
    THREADS = "threads"
    BINARY = "binary"
    BUILD = "build"


@one_line_errors
def compare(
    old: Annotated[
        str,
        typer.Argument(help="Session by name, beginning of a name, path, or last; or a value of --by.", metavar="OLD"),
    ],
    new: Annotated[
        str | None,
        typer.Argument(help="Likewise. Without it OLD is a session of mbench run --against.", metavar="[NEW]"),
    ] = None,
    by: Annotated[
        ByChoice, typer.Option(help="What OLD and NEW are; a night is named by its date.")
    ] = ByChoice.SESSION,
    within: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            help="Session whose results --by divides; may be repeated.",
            metavar="SESSION",
            show_default="the latest",
        ),
    ] = None,
    fail_over: Annotated[
        float | None,
        typer.Option(
            help="Bound in percent: exit with 1 where a cell is slower by more, or can no longer be compared.",
            metavar="PERCENT",
            min=0,
            max=1_000_000,
        ),
    ] = None,
    format_: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="Format of the table; html is a page of one file with a forest plot and every run.",
            show_default="table in a terminal, else md",
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File of --format html.",
            metavar="FILE",
            show_default="stdout, in a terminal compare-OLD-NEW.html here",
        ),
    ] = None,
    open_: pages.Open = False,
    hide_serials: pages.HideSerials = False,
    results: output_options.Results = None,
) -> None:
    """Compare two sessions, nights, phones, delegates or programs.

    Cells are paired by variant, delegate, threads and device; what cannot be compared is refused with the reason.
    """
    from mbench.report.compare.cells import By
    from mbench.report.compare.comparison import slower_than
    from mbench.workflows.compare.sides import compared
    from mbench.workflows.home import results_root

    pages.refuse_other_format(format_, open_=open_, output=output)
    html = open_ or format_ is ReportFormat.HTML
    if html and json_:
        raise UsageError("--format html prints a page by itself; leave --json out.")
    shape = None if html or format_ is None else Format(format_)
    shape = format_of(shape, json=json_)
    found = compared(
        old, new, by=By(by.value), within=within or [], root=results_root(results), hide_serials=hide_serials
    )
    if html:
        sides = [*filter(None, (old, new))]
        _put_page(found, sides, within or [], output, hide_serials=hide_serials, show=open_)
    else:
        command = " ".join(["mbench compare", *filter(None, (old, new)), "--format md"])
        print_comparison(found, shape, whole_foot=(command,))
    if fail_over is not None and (missed := slower_than(found, fail_over)):
        more = f" and {len(missed) - 3} more" if len(missed) > 3 else ""
        fail(f"--fail-over {fail_over:g} is missed: {'; '.join(missed[:3])}{more}.", BOUND_MISSED)


def _put_page(
    found: "Comparison",
    sides: Sequence[str],
    within: Sequence[str],
    output: Path | None,
    *,
    hide_serials: bool,
    show: bool,
) -> None:
    """Write the page of a comparison, and show it where that was asked for."""
    from mbench.workflows.compare.page import comparison_page_name, page_of_comparison

    pages.put_page(
        lambda: page_of_comparison(found, sides, within, hide_serials=hide_serials),
        output=output,
        name=comparison_page_name(found),
        show=show,
    )


def print_comparison(found: "Comparison", shape: Format | None, *, whole_foot: Sequence[str]) -> None:
    """Print a comparison as one answer; in a terminal with a short foot."""
    match format_or_default(shape):
        case Format.JSON:
            write_json(found.model_dump_json(indent=1))
        case Format.CSV:
            from mbench.report.compare.delimited import comparison_csv

            write(comparison_csv(found))
        case Format.MD:
            from mbench.report.compare.table import comparison_table
            from mbench.report.render.markdown import table_markdown

            write(table_markdown(comparison_table(found)))
        case Format.TABLE:
            from mbench.report.compare.table import comparison_table

            print_tables([comparison_table(found, brief=True)], whole_foot=whole_foot)
