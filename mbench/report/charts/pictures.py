"""Pictures: a Vega-Lite description as SVG, PNG and a page of its own; vl-convert renders it without a browser.

The page follows the reader's dark mode, the pictures have what the description puts behind them. Names in a description
may be anybody's: what XML has no form for, on which the renderer would end this process, and what would end a script
in the page, is shown and does nothing.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from mbench.core.plain_text import one_line

_DARK: Final = """
<style>
 body { margin: 2rem; font-family: system-ui, sans-serif; background: #fff; color: #111 }
 @media screen and (prefers-color-scheme: dark) {
  body { background: #16181c }
  #vis svg, #vis canvas { filter: invert(0.92) hue-rotate(180deg) }
 }
</style>
"""

_CLIP: Final = re.compile(r"(?<=[\"#])clip(\d+)(?=[\")])")


_LESS_THAN: Final = "\U000f3c3c"
"""Stands for `<` while a page is made, in whose script only a string's escape may stand for it; a private character."""

_NOT_XML: Final = re.compile("[\ufffe\uffff\U000f3c3c]")
"""What XML 1.0, section 2.2, excludes and `one_line` leaves; and what has a meaning here."""


def as_svg(chart: Mapping[str, Any]) -> str:
    """Return the picture as SVG, its text as text.

    Its clips are numbered anew, because vl-convert counts them through its process.
    """
    import vl_convert

    text = str(vl_convert.vegalite_to_svg(_plain(chart)))
    numbers = {number: place for place, number in enumerate(dict.fromkeys(_CLIP.findall(text)), start=1)}
    return _CLIP.sub(lambda found: f"clip{numbers[found[1]]}", text)


def as_png(chart: Mapping[str, Any], *, scale: float = 2.0) -> bytes:
    """Return the picture as PNG, `scale` pixels to a point."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_plain(chart), scale=scale))


def as_html(chart: Mapping[str, Any]) -> str:
    """Return a page that needs nothing else: the libraries are in it, and it asks no server for anything."""
    import vl_convert

    described = _plain(chart, less_than=_LESS_THAN)
    page = str(vl_convert.vegalite_to_html(described, bundle=True, renderer="svg"))
    return page.replace("</head>", f"{_DARK}</head>", 1).replace(_LESS_THAN, r"\u003c")


def _plain(value: Any, *, less_than: str = "<") -> Any:
    """Return a description whose texts are plain ones."""
    if isinstance(value, Mapping):
        return {key: _plain(each, less_than=less_than) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, less_than=less_than) for each in value]
    if isinstance(value, str):
        return _NOT_XML.sub(" ", one_line(value)).replace("<", less_than)
    return value
