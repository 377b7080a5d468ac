"""Learning curves: loss and accuracy by epoch, as SVG and a page of its own, both from one description.

The description is Vega-Lite, which altair writes. Lines differ by dash as well as by colour, so that they survive grey
print. Adds no facts: every point is an epoch of a record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mbench.report.charts.pictures import as_html, as_svg

SVG, HTML = "curves.svg", "curves.html"

TRAINED, HELD_OUT = "trained on", "held out"

_COLOURS: Final = {TRAINED: "#0072b2", HELD_OUT: "#d55e00"}
"""Okabe and Ito's blue and vermilion: told apart by colour-blind readers, on white and on dark."""

_DASHES: Final = {TRAINED: [6, 3], HELD_OUT: [1, 0]}

_WIDTH, _HEIGHT = 340, 220


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


def _panel(altair: Any, epochs: Sequence[Mapping[str, Any]], field: str, title: str) -> Any:
    points = list(_points(epochs, field))
    kinds = list(dict.fromkeys(point["examples"] for point in points))
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
                scale=altair.Scale(domain=kinds, range=[_COLOURS[one] for one in kinds]),
            ),
            strokeDash=altair.StrokeDash(
                "examples:N",
                title="Examples",
                legend=legend,
                scale=altair.Scale(domain=kinds, range=[_DASHES[one] for one in kinds]),
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
