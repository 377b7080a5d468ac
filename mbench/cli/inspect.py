"""`mbench inspect`: what a variant or a file is."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options, own_options
from mbench.cli.options.formats import Format, format_of
from mbench.cli.progress import progress_for
from mbench.cli.streams import write, write_json
from mbench.cli.tables import print_tables
from mbench.core.errors import UsageError
from mbench.core.ports import Progress

_FORMATS = frozenset({Format.MD, Format.TABLE, Format.JSON})


@one_line_errors
def inspect(
    what: Annotated[
        list[str],
        typer.Argument(
            help="Name of a variant, or a .tflite file of any converter; two with --errors.", metavar="VARIANT|FILE..."
        ),
    ],
    errors: Annotated[
        bool,
        typer.Option(
            "--errors", help="Compare a quantized file with its float source, tensor by tensor, on --calibration."
        ),
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Examples that --errors runs both files on: a folder of pictures, FILE.npz or FILE.py:NAME.",
            metavar="FOLDER|FILE",
            show_default="synthetic",
        ),
    ] = None,
    examples: Annotated[
        int, typer.Option(help="Number of examples that --errors runs both files on.", min=1, max=4096, metavar="N")
    ] = 16,
    build_timeout: own_options.BuildTimeout = 600.0,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Format: md, table or json.", show_default="md")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, as --format json does.")] = False,
    quiet: output_options.Quiet = False,
) -> None:
    """Print layers, multiply-adds and parameters of a .tflite file.

    All is counted from the file, with the share of each layer type, inputs, outputs and size.
    """
    from mbench.workflows.build import inspect as inspecting

    shape = format_of(format_, json=json_) or Format.MD
    if shape not in _FORMATS:
        raise UsageError(f"--format {shape}: a file is several tables; choose md, table or json.")
    progress = progress_for(quiet=quiet)
    if errors:
        _print_errors(what, calibration, examples, build_timeout, shape, progress)
        return
    if calibration is not None:
        raise UsageError("--calibration is for --errors, which compares two files on examples; leave it out.")
    if len(what) != 1:
        raise UsageError(f"{what[1]}: mbench inspect takes one file or variant, two with --errors.")
    inspection = inspecting.inspect(what[0], progress=progress)
    if shape is Format.JSON:
        write_json(inspection.model_dump_json(indent=1))
    elif shape is Format.TABLE:
        print_tables(inspecting.tables(inspection), whole_foot=("--format md",))
    else:
        write(inspecting.markdown(inspection))


def _print_errors(
    what: list[str],
    calibration: Path | None,
    examples: int,
    build_timeout: float,
    shape: Format,
    progress: Progress,
) -> None:
    from mbench.workflows.build import inspect as inspecting
    from mbench.workflows.build import layer_errors
    from mbench.workflows.build.recipes import BuildInputs

    if len(what) != 2:
        raise UsageError("--errors compares two files: name the float one and the quantized one.")
    first, second = (inspecting.inspect(each, progress=progress) for each in what)
    compared = layer_errors.compare_layers(
        first,
        second,
        (inspecting.path_of(what[0], progress=progress), inspecting.path_of(what[1], progress=progress)),
        BuildInputs(calibration=calibration, calibration_examples=examples, build_timeout_s=build_timeout),
    )
    if shape is Format.JSON:
        write_json(compared.model_dump_json(indent=1))
    elif shape is Format.TABLE:
        print_tables(layer_errors.tables(compared), whole_foot=("--format md",))
    else:
        write(layer_errors.markdown(compared))
