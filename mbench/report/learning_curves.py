"""Learning curves: loss and accuracy by epoch, as SVG, PNG and a page of its own, all from one description.

The description is Vega-Lite (altair writes it, vl-convert renders it without a browser). Lines differ by dash as well
as by colour, so that they survive grey print; the page follows the reader's dark mode, the pictures have white behind
them. Adds no facts: every point is an epoch of a record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SVG, HTML, PNG = "curves.svg", "curves.html", "curves.png"

TRAINED, HELD_OUT = "trained on", "held out"

_COLOURS: Final = {TRAINED: "#0072b2", HELD_OUT: "#d55e00"}
"""Okabe and Ito's blue and vermilion: told apart by colour-blind readers, on white and on dark."""

_DASHES: Final = {TRAINED: [6, 3], HELD_OUT: [1, 0]}

_WIDTH, _HEIGHT = 340, 220

_DARK: Final = """
<style>
 body { margin: 2rem; font-family: system-ui, sans-serif; background: #fff; color: #111 }
 @media screen and (prefers-color-scheme: dark) {
  body { background: #16181c }
  #vis svg, #vis canvas { filter: invert(0.92) hue-rotate(180deg) }
 }
</style>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What the pictures are of.

    Attributes:
        held_out: how many examples were held out.
    """

    name: str
    dataset: str
    held_out: int


def write_curves(folder: Path, curve: Curve, epochs: Sequence[Mapping[str, Any]]) -> None:
    """Write `curves.svg` and `curves.html` into a folder.

    Args:
        folder: that exists.
        curve: what they are of.
        epochs: each with `epoch`, `loss`, `accuracy`, `held_out_loss` and `held_out_accuracy`; None where not taken.
    """
    chart = describe(curve, epochs)
    (folder / SVG).write_text(as_svg(chart), encoding="utf-8")
    (folder / HTML).write_text(as_html(chart), encoding="utf-8")


def describe(curve: Curve, epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the Vega-Lite description: loss and accuracy side by side."""
    import altair

    panels = [
        _panel(altair, epochs, "loss", "Loss (cross entropy)"),
        _panel(altair, epochs, "accuracy", "Accuracy (%)"),
    ]
    title = altair.TitleParams(
        f"{curve.name} on {curve.dataset}",
        subtitle=f"{len(epochs)} epochs, {curve.held_out} examples held out of the train split",
        anchor="start",
    )
    chart = altair.hconcat(*panels, title=title, background="white").configure_view(stroke=None)
    described: dict[str, Any] = json.loads(chart.to_json())
    return described


def as_svg(chart: Mapping[str, Any]) -> str:
    """Return the picture as SVG, its text as text."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(dict(chart)))


def as_png(chart: Mapping[str, Any], *, scale: float = 2.0) -> bytes:
    """Return the picture as PNG, `scale` pixels to a point."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(dict(chart), scale=scale))


def as_html(chart: Mapping[str, Any]) -> str:
    """Return a page that needs nothing else: the libraries are in it, and it asks no server for anything."""
    import vl_convert

    page = str(vl_convert.vegalite_to_html(dict(chart), bundle=True, renderer="svg"))
    return page.replace("</head>", f"{_DARK}</head>", 1)


def _panel(altair: Any, epochs: Sequence[Mapping[str, Any]], field: str, title: str) -> Any:
    points = list(_points(epochs, field))
    told = list(dict.fromkeys(point["examples"] for point in points))
    highest = max((int(point["epoch"]) for point in points), default=1)
    legend = altair.Legend(symbolType="stroke", symbolSize=300)
    scale = altair.Scale(domain=[0, 100]) if field == "accuracy" else _losses(altair, points)
    return (
        altair.Chart(altair.Data(values=points), width=_WIDTH, height=_HEIGHT)
        .mark_line(point=altair.OverlayMarkDef(size=28), strokeWidth=2)
        .encode(
            x=altair.X(
                "epoch:Q", title="Epoch", axis=altair.Axis(format="d", tickMinStep=1), scale=_epochs(altair, highest)
            ),
            y=altair.Y("value:Q", title=title, scale=scale),
            color=altair.Color(
                "examples:N",
                title="Examples",
                legend=legend,
                scale=altair.Scale(domain=told, range=[_COLOURS[one] for one in told]),
            ),
            strokeDash=altair.StrokeDash(
                "examples:N",
                title="Examples",
                legend=legend,
                scale=altair.Scale(domain=told, range=[_DASHES[one] for one in told]),
            ),
        )
    )


def _losses(altair: Any, points: Sequence[Mapping[str, Any]]) -> Any:
    """Return a logarithmic scale, on which an early outlier does not press all others to the floor."""
    if all(point["value"] > 0 for point in points):
        return altair.Scale(type="log", nice=True)
    return altair.Scale(zero=True)


def _epochs(altair: Any, highest: int) -> Any:
    return altair.Scale(domain=[1, max(2, highest)], nice=False)


def _points(epochs: Sequence[Mapping[str, Any]], field: str) -> Any:
    """Yield a point for each epoch and kind of examples; what was not taken has none."""
    factor = 100.0 if field == "accuracy" else 1.0
    for epoch in epochs:
        for examples, name in ((TRAINED, field), (HELD_OUT, f"held_out_{field}")):
            if epoch[name] is not None:
                yield {"epoch": epoch["epoch"], "value": epoch[name] * factor, "examples": examples}
