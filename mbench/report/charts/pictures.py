"""Pictures: a Vega-Lite description as SVG, PNG and a page of its own; vl-convert renders it without a browser.

The page follows the reader's dark mode, the pictures have what the description puts behind them.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

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


def as_svg(chart: Mapping[str, Any]) -> str:
    """Return the picture as SVG, its text as text.

    Its clips are numbered anew, because vl-convert counts them through its process.
    """
    import vl_convert

    text = str(vl_convert.vegalite_to_svg(dict(chart)))
    numbers = {number: place for place, number in enumerate(dict.fromkeys(_CLIP.findall(text)), start=1)}
    return _CLIP.sub(lambda found: f"clip{numbers[found[1]]}", text)


def as_png(chart: Mapping[str, Any], *, scale: float = 2.0) -> bytes:
    """Return the picture as PNG, `scale` pixels to a point."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(dict(chart), scale=scale))


def as_html(chart: Mapping[str, Any]) -> str:
    """Return a page that needs nothing else: the libraries are in it, and it asks no server for anything."""
    import vl_convert

    page = str(vl_convert.vegalite_to_html(dict(chart), bundle=True, renderer="svg"))
    return page.replace("</head>", f"{_DARK}</head>", 1)
