"""Where a page goes: into the file that was named, to stdout, or before the user's eyes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.cli.streams import tell, write_line, write_styled
from mbench.core.errors import UsageError

HTML: Final = "html"

Open = Annotated[
    bool,
    option(grouped.OUTPUT, "--open", "Write the page of --format html, and show it."),
]
HideSerials = Annotated[
    bool,
    option(
        grouped.OUTPUT, "--hide-serials", "Print names that last in place of phones' serials, for what is published."
    ),
]


def refuse_other_format(format_: str | None, *, open_: bool, output: Path | None) -> None:
    """Refuse what is of pages alone where another format was asked for.

    Raises:
        UsageError: --open or --output without a page.
    """
    if open_ and format_ not in {None, HTML}:
        raise UsageError(f"--open shows a page; --format {format_} is none. Leave one of them out.")
    if output is not None and not open_ and format_ != HTML:
        raise UsageError("--output is the file of --format html; leave it out, or ask for a page.")


def put_page(make: Callable[[], bytes], *, output: Path | None, name: str, show: bool) -> None:
    """Write a page to a file or to stdout, and show it where that was asked for.

    Args:
        make: makes the page; not called where it could not be written.
        output: the file; None: stdout, and a file of that name here in a terminal or where it is shown.
        name: of that file.
        show: whether it is shown.

    Raises:
        UsageError: something else stands at that path.
        DiskError: it could not be written.
    """
    from mbench.workflows import pages

    if output is None and (show or sys.stdout.isatty()):
        output = Path(name)
    if output is not None:
        pages.refuse_page(output)
    page = make()
    if output is None:
        write_styled(page.decode("utf-8"))  # its texts were cleaned before they were laid out
        return
    pages.write_page(page, output)
    write_line(str(output))
    if show:
        show_page(output)


def show_page(path: Path) -> None:
    """Show a page that was written; where no browser is found, that is said."""
    from mbench.workflows import pages

    if not pages.open_page(path):
        tell(f"no browser was found to show it; open {path} yourself.")
