"""`mbench inspect`: what a variant or a file is."""

from typing import Annotated

import typer

from mbench.cli import options
from mbench.cli.errors import one_line_errors
from mbench.cli.progress import progress_for
from mbench.cli.streams import write, write_json
from mbench.cli.tables import print_tables
from mbench.core.errors import UsageError

_FORMATS = frozenset({options.Format.MD, options.Format.TABLE, options.Format.JSON})


@one_line_errors
def inspect(
    what: Annotated[
        str, typer.Argument(help="Name of a variant, or a .tflite file of any converter.", metavar="VARIANT|FILE")
    ],
    format_: Annotated[
        options.Format | None, typer.Option("--format", help="Format: md, table or json.", show_default="md")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print layers, multiply-adds and parameters of a .tflite file.

    All is counted from the file, with the share of each layer type, inputs, outputs and size.
    """
    from mbench.workflows.build import inspect as inspecting

    shape = options.format_of(format_, json=json_) or options.Format.MD
    if shape not in _FORMATS:
        raise UsageError(f"--format {shape}: a file is several tables; choose md, table or json.")
    inspection = inspecting.inspect(what, progress=progress_for(quiet=quiet))
    if shape is options.Format.JSON:
        write_json(inspection.model_dump_json(indent=1))
    elif shape is options.Format.TABLE:
        print_tables(inspecting.tables(inspection), whole_foot=("--format md",))
    else:
        write(inspecting.markdown(inspection))
