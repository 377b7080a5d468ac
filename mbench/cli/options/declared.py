"""The form in which long commands declare their options; `grouped` shows them."""

from typing import Any

import typer


def option(
    heading: str,
    name: str,
    text: str,
    metavar: str | None = None,
    *,
    short: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    default: str | None = None,
) -> Any:
    """Return what stands beside a parameter's type in `Annotated`, and makes it an option.

    Args:
        heading: one of `grouped`'s, below which help shows it.
        name: as it is typed, such as `--max-runs`.
        text: help: a noun phrase or an imperative, with the unit.
        metavar: what help shows in the place of a value; None: what its type says, and nothing for a flag.
        short: a second, short name, such as `-q`.
        minimum: the lowest number that is taken; None: any.
        maximum: the highest; None: any.
        default: words for a default that is found out later; None: help shows the parameter's own.
    """
    return typer.Option(
        *([name] if short is None else [name, short]),
        help=text,
        metavar=metavar,
        min=minimum,
        max=maximum,
        show_default=True if default is None else default,
        rich_help_panel=heading,
    )
