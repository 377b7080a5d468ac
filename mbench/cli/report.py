"""`mbench report`: tables of what is stored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import options
from mbench.cli.errors import one_line_errors
from mbench.cli.streams import write, write_json
from mbench.cli.tables import columns_named, print_results
from mbench.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbench.report.results.class_counts import ClassCounts


@one_line_errors
def report(
    sessions: Annotated[
        list[str] | None,
        typer.Argument(help="Sessions by name, beginning of a name, or path.", show_default="the latest"),
    ] = None,
    format_: options.TableFormat = None,
    columns: options.Columns = None,
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
            "--output", "-o", help="Picture of --per-class's confusion matrices, .svg or .png.", metavar="FILE"
        ),
    ] = None,
    rates: Annotated[
        bool, typer.Option("--rates", help="Print compute rates: GMAC/s of each job and layer type, beside the peak.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the stored documents.")] = False,
    results: options.Results = None,
) -> None:
    """Print tables of stored sessions.

    Rows that cannot be compared stand in tables of their own.
    """
    from mbench.workflows import answers, reporting
    from mbench.workflows.home import results_root

    others = bool(ops or pivot or rates or schema or per_class or columns)
    if pivot is not None and (json_ or format_ not in {None, options.Format.MD}):
        raise UsageError("--pivot prints markdown only; leave --format out.")
    if value is not None and pivot is None:
        raise UsageError(f"--value {value} says what a --pivot shows; name its axes: --pivot alpha:resolution.")
    if ops and (json_ or format_ not in {None, options.Format.MD}):
        raise UsageError("--ops prints markdown only; leave --format out.")
    if per_class and (json_ or format_ not in {None, options.Format.MD} or ops or pivot or rates or schema):
        raise UsageError("--per-class prints markdown only and by itself; leave other forms out.")
    if rates and (json_ or format_ not in {None, options.Format.MD} or ops or pivot):
        raise UsageError("--rates prints markdown only and by itself; leave --format, --ops and --pivot out.")
    if schema and (format_ not in {None, options.Format.MD, options.Format.JSON} or ops or rates or pivot):
        raise UsageError("--schema prints JSON only and by itself; leave --format, --ops, --rates and --pivot out.")
    if columns is not None and (schema or pivot is not None or ops or rates or per_class):
        raise UsageError("--columns chooses those of the table of results; leave it out.")
    shape = options.format_of(format_, json=json_)
    asked = [name for name, wanted in (("--flips", flips), ("--worst", worst is not None)) if wanted]
    if asked and (shape not in {None, options.Format.MD, options.Format.JSON} or len(asked) > 1 or others):
        raise UsageError(f"{asked[0]} prints markdown or JSON, and by itself; leave other forms out.")
    if predictions is not None and not (asked or per_class):
        raise UsageError("--predictions is what --flips, --worst N or --per-class reads; say which.")
    if predictions is not None and (sessions or all_):
        raise UsageError("--predictions is read in the place of sessions; leave one of them out.")
    if output is not None and not per_class:
        raise UsageError("--output is the picture of --per-class; leave it out, or ask for that.")
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
            put = write_json if shape is options.Format.JSON else write
            put(answers.worst(files, worst, as_json=shape is options.Format.JSON))
        else:
            put = write_json if shape is options.Format.JSON else write
            put(answers.flips(files, as_json=shape is options.Format.JSON))
        return
    found = reporting.stored_results(sessions or [], everything=all_, root=root)
    if pivot is not None:
        write(reporting.pivoted(found, pivot, value or "latency_median_us"))
        return
    if rates:
        from mbench.workflows.paper.compute_rates import rates_markdown

        write(rates_markdown(found))
        return
    if per_class:
        counted, without = answers.counts_of_results(found)
        _by_class(counted, output, without)
        return
    if ops:
        write(reporting.operators(found))
        return
    print_results(
        found,
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
