"""`mbench binary`: benchmark_model binaries for phones, by ABI and SHA-256."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.errors import one_line_errors
from mbench.cli.options import output_options
from mbench.cli.options.measuring_options import FlavourChoice
from mbench.cli.progress import progress_for
from mbench.cli.streams import write_json, write_line

DAMAGED = 4

app = typer.Typer(
    help="Keep benchmark_model binaries for phones, by ABI and SHA-256.", no_args_is_help=True, rich_markup_mode=None
)


Flavour = Annotated[FlavourChoice, typer.Option(help="Flavour: tflite runs the Interpreter, litert the CompiledModel.")]


@app.command("add")
@one_line_errors
def add(
    path: Annotated[Path, typer.Argument(help="Binary to keep.", metavar="FILE")],
    flavour: Annotated[FlavourChoice | None, typer.Option(help="Flavour, where the file does not show it.")] = None,
    abi: Annotated[
        str | None,
        typer.Option(
            help="ABI that it must be for, such as arm64-v8a.", metavar="ABI", show_default="as the file says"
        ),
    ] = None,
    with_: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Library to push beside it; may be repeated.", metavar="LIBRARY.so"),
    ] = None,
) -> None:
    """Keep a binary of your own, with the libraries that it loads."""
    from mbench.workflows import binaries

    record = binaries.add(path, flavour=flavour.value if flavour else None, abi=abi, companions=with_ or [])
    write_line(binaries.line(record))


@app.command("fetch")
@one_line_errors
def fetch(
    abi: Annotated[
        str, typer.Option(help="ABI of the phone: arm64-v8a, armeabi-v7a, x86_64 or x86.", metavar="ABI")
    ] = "arm64-v8a",
    flavour: Flavour = FlavourChoice.TFLITE,
    version: Annotated[
        str, typer.Option(help="Version: latest; for litert also nightly or a release.", metavar="VERSION")
    ] = "latest",
    accelerator: Annotated[
        bool, typer.Option("--accelerator", help="Fetch litert's GPU accelerator library, too.")
    ] = False,
    accept_new: Annotated[
        bool, typer.Option("--accept-new", help="Accept a file whose hash differs from the pinned one.")
    ] = False,
    quiet: output_options.Quiet = False,
) -> None:
    """Download a binary that Google publishes.

    Its SHA-256 is pinned the first time, and every later download must match it.
    """
    from mbench.workflows import binaries

    record = binaries.fetch_published(
        abi=abi,
        flavour=flavour.value,
        version=version,
        accelerator=accelerator,
        accept_new=accept_new,
        progress=progress_for(quiet=quiet),
    )
    write_line(binaries.line(record))


@app.command("list")
@one_line_errors
def list_(json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False) -> None:
    """List the kept binaries."""
    from mbench.workflows import binaries

    records = binaries.records()
    if json_:
        write_json(binaries.as_json(records))
        return
    for record in records:
        write_line(binaries.line(record))
    if not records:
        write_line("no binary is kept; mbench binary fetch gets one.")


@app.command("remove")
@one_line_errors
def remove(
    sha256: Annotated[str, typer.Argument(help="SHA-256 of the binary, or its first six digits or more.")],
) -> None:
    """Remove a kept binary."""
    from mbench.workflows import binaries

    write_line(binaries.line(binaries.library().remove(sha256)))


@app.command("verify")
@one_line_errors
def verify() -> None:
    """Verify every kept binary against its SHA-256."""
    from mbench.workflows import binaries

    if not binaries.records():
        write_line("no binary is kept, so there is none to check.")
        return
    findings = binaries.verify()
    for finding in findings:
        write_line(finding)
    if findings:
        raise typer.Exit(DAMAGED)
    write_line("all are as they were kept.")
