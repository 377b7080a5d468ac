"""`mbench report`: tables of what is stored."""

from typing import Annotated

import typer

from mbench.cli import options
from mbench.cli.errors import one_line_errors
from mbench.cli.streams import write, write_json
from mbench.cli.tables import columns_named, print_results
from mbench.core.errors import UsageError


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
    rates: Annotated[
        bool, typer.Option("--rates", help="Print compute rates: GMAC/s of each job and layer type, beside the peak.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of the stored documents.")] = False,
    results: options.Results = None,
) -> None:
    """Print tables of stored sessions.

    Rows that cannot be compared stand in tables of their own.
    """
    from mbench.workflows import reporting
    from mbench.workflows.home import results_root

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
    chosen = columns_named(columns, shape)
    if all_ and sessions:
        raise UsageError("name sessions, or ask for --all of them.")
    if schema:
        write_json(reporting.schema_json())
        return
    root = results_root(results)
    found = reporting.stored_results(sessions or [], everything=all_, root=root)
    if pivot is not None:
        write(reporting.pivoted(found, pivot, value or "latency_median_us"))
        return
    if rates:
        from mbench.workflows.paper.compute_rates import rates_markdown

        write(rates_markdown(found))
        return
    if per_class:
        write(reporting.by_class(found))
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
