"""`mbench parse`: reads a benchmark_model output that somebody sent."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli.errors import fail, one_line_errors
from mbench.cli.streams import write, write_json
from mbench.files.regular import MIB, format_limit, read_regular

NOT_OK = 4
MOST_BYTES = 256 * MIB
"""Of a log; one of a thousand inferences, each with a line, has a tenth of one."""


@one_line_errors
def parse(
    log: Annotated[Path, typer.Argument(help="Stdout of benchmark_model, or one merged log; - is standard input.")],
    stderr: Annotated[Path | None, typer.Option(help="Stderr, where it was kept apart.", metavar="LOG")] = None,
    exit_code: Annotated[
        int | None, typer.Option(help="Exit status, as a shell reports it.", metavar="N", show_default="unknown")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Read a benchmark_model log that somebody sent you.

    Quotes, indentation, a CI system's times, colours, UTF-16 and logcat's forms are read through.
    What the log does not say is unknown; a line of unknown form is an error.
    """
    from mbench.workflows.parsing import parse_log, text_of

    parsed = parse_log(_read(log), _read(stderr) if stderr else b"", exit_code=exit_code)
    if json_:
        write_json(parsed.model_dump_json(indent=1))
    else:
        write(text_of(parsed))
    if parsed.error_class is not None:
        raise typer.Exit(NOT_OK)


def _read(path: Path) -> bytes:
    if str(path) == "-" and sys.stdin is None:
        fail("could not read standard input: it is closed.", 2)
    try:
        return _standard_input() if str(path) == "-" else read_regular(path, limit_bytes=MOST_BYTES)
    except OSError as error:
        fail(f"could not read {path}: {error.strerror}. Name a file, or - for standard input.", 2)


def _standard_input() -> bytes:
    data = bytearray()
    while part := sys.stdin.buffer.read(MIB):
        data += part
        if len(data) > MOST_BYTES:
            fail(f"standard input has more than the {format_limit(MOST_BYTES)} that are read.", 2)
    return bytes(data)
