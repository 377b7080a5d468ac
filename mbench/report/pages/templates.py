"""The door to the template engine: a page of one file, with a policy that lets nothing in from outside.

Everything that a template is given is text and escaped by the engine; scripts and styles are files of this folder, and
the policy names them by hash, so that nothing else in the page can run.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

import jinja2
from markupsafe import Markup as Markup  # what has been escaped, or is ours
from markupsafe import escape

from mbench import __version__
from mbench.core.plain_text import LONGEST_WORD, one_line
from mbench.report.render.text_table import cell_text

PAGE_VERSION: Final = 1
"""Of what is packed into a page, for who reads it by program."""

BEGINS: Final = b"<!DOCTYPE html>\n<!-- mbench page"
"""The first bytes of every page: by them mbench knows its own files, which it may write over."""

_FOLDER: Final = "templates"


def render_page(
    template: str, values: dict[str, Any], *, scripts: Sequence[str] = (), styles: Sequence[str] = ()
) -> bytes:
    """Return a page; equal values give equal bytes.

    Args:
        template: the name of a file in `templates/`.
        values: what it shows; texts are cleaned here and escaped by the engine.
        scripts: names of files there that stand in front of the script of all pages: what this kind of page adds.
        styles: likewise, behind the style of all pages.
    """
    script = "\n".join(map(own_file, (*scripts, "page.js")))
    style = "\n".join(map(own_file, ("page.css", *styles)))
    text = (
        _environment()
        .get_template(template)
        .render(
            values,
            policy=content_policy(script, style),
            script=Markup(script),
            style=Markup(style),
            mbench=__version__,
            page_version=PAGE_VERSION,
        )
    )
    return text.encode("utf-8", errors="replace")


def content_policy(script: str, style: str) -> str:
    """Return the Content-Security-Policy of a page: its own script and style by hash, pictures of its own, no more."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


@lru_cache(maxsize=65536)
def cell_attributes(exact: float | None, low: float | None, high: float | None, kind: str, hidden: bool) -> Markup:
    """Return the attributes of a table's cell: its exact value with its bounds, and what kind of text it holds.

    Args:
        exact: None where there is none; then `kind` is the class, if any.
        low: end of its interval; None without one.
        high: likewise.
        kind: `n` of numbers, `w` of long words, empty of others.
        hidden: whether its column is not shown at first.
    """
    parts = [f' data-v="{_shortest(exact)}"'] if exact is not None else [f' class="{kind}"'] if kind else []
    if low is not None and high is not None:
        parts.append(f' data-l="{_shortest(low)}" data-h="{_shortest(high)}"')
    return Markup("".join((*parts, " hidden" if hidden else "")))


@lru_cache(maxsize=65536)
def table_cell(attributes: Markup, text: str, strong: bool) -> Markup:
    """Return a cell with its text escaped; kept, since a large table says the same in many of its cells."""
    shown = escape(cell_text(text))
    return Markup(f"<td{attributes}><strong>{shown}</strong></td>" if strong else f"<td{attributes}>{shown}</td>")


def joined(cells: Iterable[Markup]) -> Markup:
    """Return cells beside each other."""
    return Markup("".join(cells))  # all of them are markup: there is nothing left to escape


@cache
def own_file(name: str) -> str:
    """Return the text of a script or a style."""
    return resources.files(__package__).joinpath(_FOLDER, name).read_text("utf-8")


def _shortest(value: float) -> str:
    """Return the shortest text of exactly this number."""
    return repr(value).removesuffix(".0")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(own_file),
        autoescape=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters["n"] = short_number
    return environment


def _cleaned(value: Any) -> Any:
    """Return texts without what would turn or hide what stands beside them; a name without end loses its middle."""
    if type(value) is not str:
        return value
    plain = value.isascii() and value.isprintable() and len(value) <= LONGEST_WORD and "\\" not in value
    return value if plain else _one_line(value)


@lru_cache(maxsize=4096)
def _one_line(text: str) -> str:
    return one_line(text)


def short_number(value: float) -> str:
    """Return a place in a picture with one decimal at most: `12.5`, `12`."""
    return f"{value:.1f}".removesuffix(".0")
