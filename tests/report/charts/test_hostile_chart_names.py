"""Names of somebody else in pictures and their pages: shown, whatever they hold, and neither obeyed nor fatal."""

import json
import re
from xml.etree import ElementTree

import pytest

from mbench.report.charts.figures import Figure, Point, describe_figure
from mbench.report.charts.learning_curves import Curve, describe
from mbench.report.charts.pictures import as_html, as_png, as_svg

HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "comment": "<!--<script>",
    "element": "<svg onload=alert(1)>&amp;\"'",
    "escape": "\x1b[31mred\x00\x07",
    "direction": "\u202eabc\u2028\u2066",
    "byte": "caf\udce9",
    "half": "\ud800",
    "none": "\ufffe\uffff",
    "private": "\U000f3c3cscript",
    "section": "]]>",
}


def figure(name: str) -> dict[str, object]:
    points = (
        Point(label=name, cost=1.0, accuracy=50.0, colour=name, source=name),
        Point(label="b", cost=2.0, accuracy=60.0, colour="c", source="d"),
    )
    return describe_figure(
        Figure(title=name, subtitle=name, cost_title=name, accuracy_title=name, colours=name, points=points, front=True)
    )


def curves(name: str) -> dict[str, object]:
    numbers = {"loss": 1.0, "accuracy": 50.0, "held_out_loss": 1.0, "held_out_accuracy": 50.0}
    return describe(Curve(name=name, dataset=name, held_out=3), [{"epoch": 1, **numbers}, {"epoch": 2, **numbers}])


@pytest.mark.parametrize("make", [figure, curves])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_picture_holds_no_element_of_a_name(make, name):
    text = as_svg(make(HOSTILE[name]))
    text.encode()
    elements = list(ElementTree.fromstring(text).iter())
    assert {each.tag.rpartition("}")[2] for each in elements} <= {
        "svg",
        "g",
        "rect",
        "path",
        "line",
        "text",
        "defs",
    } | {
        "clipPath",
        "title",
    }
    assert not [key for each in elements for key in each.attrib if key.lower().startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\u2028\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_becomes_pixels(name):
    assert as_png(figure(HOSTILE[name])).startswith(b"\x89PNG")


def test_a_page_holds_no_script_of_a_name():
    honest = as_html(figure("a"))
    for name in ("script", "comment", "private"):
        page = as_html(figure(HOSTILE[name]))
        assert page.count("<script") == honest.count("<script")
        assert page.count("</script") == honest.count("</script")
        assert "<!--<" not in page


def test_a_page_shows_the_name_itself():
    page = as_html(figure(HOSTILE["script"]))
    (title,) = set(re.findall(r'"subtitle":("(?:[^"\\]|\\.)*")', page))
    assert json.loads(title) == HOSTILE["script"]


def test_the_libraries_of_a_page_have_no_private_character_that_would_be_replaced():
    assert r"\u003c" not in as_html(figure("a")).rpartition("subtitle")[2]
