"""`mbench report`: tables of what is stored."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.cli.options.formats import Format, format_of
from mbench.cli.streams import tell, write, write_json, write_line, write_styled
from mbench.cli.tables import columns_named, print_results
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbench.core.results import JobResult
    from mbench.report.predictions.class_counts import ClassCounts


class ReportFormat(StrEnum):
    """How stored results are printed: as tables, for machines, or as a page."""

    MD = "md"
    CSV = "csv"
    JSON = "json"
    TABLE = "table"
    HTML = "html"


@one_line_errors
def report(
    sessions: Annotated[
        list[str] | None,
        typer.Argument(help="Sessions by name, beginning of a name, or path.", show_default="the latest"),
    ] = None,
    format_: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            help="Format of the table; html is a page of one file with tables, pictures and every run.",
            show_default="table in a terminal, else md",
        ),
    ] = None,
    columns: output_options.Columns = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Take every session in the folder.")] = False,
    pivot: Annotated[
        str | None,
        typer.Option(
            help="Print a grid of one value over two axes, ROWS:COLUMNS, such as alpha:resolution.", metavar="AXIS:AXIS"
        ),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(
            help="Value that --pivot shows, such as top1 or size_bytes.",
            metavar="NAME",
            show_default="latency_median_us",
        ),
    ] = None,
    ops: Annotated[bool, typer.Option("--ops", help="Print the operator profiles, operator by operator.")] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Print the accuracy of each class, and confusion matrices.")
    ] = False,
    flips: Annotated[
        bool,
        typer.Option("--flips", help="Print which examples two files answer differently, and how many they do not."),
    ] = False,
    worst: Annotated[
        int | None,
        typer.Option(
            help="Print the N examples of each file that are wrong with the highest scores.", min=1, metavar="N"
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="CSV file that --predictions of run or evaluate wrote; for --flips, --worst and --per-class.",
            metavar="FILE",
            show_default="what the sessions keep",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File of --format html; or picture of --per-class's confusion matrices, .svg or .png.",
            metavar="FILE",
            show_default="of html: stdout, in a terminal SESSION.html here",
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Write the page of --format html, and show it.")] = False,
    hide_serials: Annotated[
        bool,
        typer.Option(
            "--hide-serials", help="Print names that last in place of phones' serials, for what is published."
        ),
    ] = False,
    rates: Annotated[
        bool, typer.Option("--rates", help="Print compute rates: GMAC/s of each job and layer type, beside the peak.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the stored documents.")] = False,
    results: output_options.Results = None,
) -> None:
    """Print tables of stored sessions.

    Rows that cannot be compared stand in tables of their own.
    """
    from mbench.workflows import answers, reporting
    from mbench.workflows.home import results_root

    others = bool(ops or pivot or rates or schema or per_class or columns)
    if open_ and format_ not in {None, ReportFormat.HTML}:
        raise UsageError(f"--open shows a page; --format {format_} is none. Leave one of them out.")
    if open_ or format_ is ReportFormat.HTML:
        if json_ or others or flips or value is not None or worst is not None or predictions is not None:
            raise UsageError("--format html prints a page by itself; leave other forms and --columns out.")
        if all_ and sessions:
            raise UsageError("name sessions, or ask for --all of them.")
        found = _stored(sessions, all_, hide_serials, results_root(results))
        _put_page(found, sessions or [], output, everything=all_, hide_serials=hide_serials, show=open_)
        return
    table_format = None if format_ is None else Format(format_)
    if pivot is not None and (json_ or table_format not in {None, Format.MD}):
        raise UsageError("--pivot prints markdown only; leave --format out.")
    if value is not None and pivot is None:
        raise UsageError(f"--value {value} says what a --pivot shows; name its axes: --pivot alpha:resolution.")
    if ops and (json_ or table_format not in {None, Format.MD}):
        raise UsageError("--ops prints markdown only; leave --format out.")
    if per_class and (json_ or table_format not in {None, Format.MD} or ops or pivot or rates or schema):
        raise UsageError("--per-class prints markdown only and by itself; leave other forms out.")
    if rates and (json_ or table_format not in {None, Format.MD} or ops or pivot):
        raise UsageError("--rates prints markdown only and by itself; leave --format, --ops and --pivot out.")
    if schema and (table_format not in {None, Format.MD, Format.JSON} or ops or rates or pivot):
        raise UsageError("--schema prints JSON only and by itself; leave --format, --ops, --rates and --pivot out.")
    if columns is not None and (schema or pivot is not None or ops or rates or per_class):
        raise UsageError("--columns chooses those of the table of results; leave it out.")
    shape = format_of(table_format, json=json_)
    asked = [name for name, wanted in (("--flips", flips), ("--worst", worst is not None)) if wanted]
    if asked and (shape not in {None, Format.MD, Format.JSON} or len(asked) > 1 or others):
        raise UsageError(f"{asked[0]} prints markdown or JSON, and by itself; leave other forms out.")
    if predictions is not None and not (asked or per_class):
        raise UsageError("--predictions is what --flips, --worst N or --per-class reads; say which.")
    if predictions is not None and (sessions or all_):
        raise UsageError("--predictions is read in the place of sessions; leave one of them out.")
    if output is not None and not per_class:
        raise UsageError("--output is for --format html or the picture of --per-class; leave it out, or ask for one.")
    if hide_serials and (schema or flips or worst is not None or predictions is not None):
        raise UsageError("--hide-serials is for tables and pages of results; leave it out.")
    if output is not None:
        answers.refuse_picture(output)
    chosen = columns_named(columns, shape)
    if all_ and sessions:
        raise UsageError("name sessions, or ask for --all of them.")
    if schema:
        write_json(reporting.schema_json())
        return
    root = results_root(results)
    if flips or worst is not None or predictions is not None:
        files = (
            answers.stored_answers(sessions or [], everything=all_, root=root)
            if predictions is None
            else answers.read_answers(predictions)
        )
        if per_class:
            _by_class(answers.counts_of_answers(files), output)
        elif worst is not None:
            put = write_json if shape is Format.JSON else write
            put(answers.worst(files, worst, as_json=shape is Format.JSON))
        else:
            put = write_json if shape is Format.JSON else write
            put(answers.flips(files, as_json=shape is Format.JSON))
        return
    for_tables = all_ and not (hide_serials or rates or per_class)
    shown = reporting.all_table_results(root) if for_tables else _stored(sessions, all_, hide_serials, root)
    if pivot is not None:
        write(reporting.pivoted(shown, pivot, value or "latency_median_us"))
        return
    if rates:
        from mbench.workflows.paper.compute_rates import rates_markdown

        write(rates_markdown(shown))
        return
    if per_class:
        counted, without = answers.counts_of_results(shown)
        _by_class(counted, output, without)
        return
    if ops:
        write(reporting.operators(shown))
        return
    print_results(
        shown,
        shape,
        by_session=len(sessions or []) > 1 or all_,
        columns=chosen,
        whole_foot=reporting.places_of_whole_foot(sessions or [], everything=all_, root=root),
    )


def _by_class(counted: "Sequence[ClassCounts]", output: Path | None, without: "Sequence[str]" = ()) -> None:
    """Print what files get right of each class, and draw it where that was asked for."""
    from mbench.workflows import answers

    if output is not None:
        answers.draw_classes(counted, output)
    write(answers.by_class(counted, without))


def _stored(sessions: list[str] | None, everything: bool, hide_serials: bool, root: Path) -> "tuple[JobResult, ...]":
    """Return what is stored, with serials or without."""
    from mbench.workflows import reporting

    found = reporting.stored_results(sessions or [], everything=everything, root=root)
    if not hide_serials:
        return found
    from mbench.report.results.hidden_serials import without_serials

    return without_serials(found)


def _put_page(
    found: "Sequence[JobResult]",
    sessions: "Sequence[str]",
    output: Path | None,
    *,
    everything: bool,
    hide_serials: bool,
    show: bool,
) -> None:
    """Write the page to a file or to stdout, and show it where that was asked for."""
    from mbench.workflows import pages

    if output is None and (show or sys.stdout.isatty()):
        output = pages.default_page(found)
    if output is not None:
        pages.refuse_page(output)
    page = pages.page_of(found, sessions, everything=everything, hide_serials=hide_serials)
    if output is None:
        write_styled(page.decode("utf-8"))  # its texts were cleaned before they were laid out
        return
    pages.write_page(page, output)
    write_line(str(output))
    if show and not pages.open_page(output):
        tell(f"no browser was found to show it; open {output} yourself.")
