import re

import pytest

from mbench.report.charts.figures import Figure, Point, describe_figure, pareto_front, write_pictures, write_svg
from mbench.report.charts.label_places import place_labels


def point(label: str, cost: float, accuracy: float, **changes) -> Point:
    fields = {"label": label, "cost": cost, "accuracy": accuracy, "colour": "224", "source": "printed in the paper"}
    return Point(**(fields | changes))


POINTS = (
    point("1.0-224", 12.0, 70.6, low=11.0, high=13.0),
    point("1.0-192", 12.5, 69.1),
    point("0.5-224", 1.7, 63.7, colour="192", source="measured here, imagenet test, fp32"),
    point("0.25-224", 0.6, 50.6),
)
FIGURE = Figure(
    title="Accuracy against latency",
    subtitle="here",
    cost_title="Latency (ms)",
    accuracy_title="Top-1 (%)",
    colours="Resolution (px)",
    points=POINTS,
    front=True,
)


def test_the_front_holds_what_nothing_is_both_cheaper_and_better_than():
    assert [each.label for each in pareto_front(POINTS)] == ["0.25-224", "0.5-224", "1.0-224"]


def test_of_two_as_cheap_the_better_is_on_the_front():
    assert pareto_front((point("a", 1, 50), point("b", 1, 60))) == (point("b", 1, 60),)


def test_every_point_bears_its_name_and_where_its_accuracy_is_from():
    text = str(describe_figure(FIGURE))
    for each in POINTS:
        assert each.label in text
        assert each.source in text


def test_costs_stand_on_a_logarithmic_axis():
    assert "'type': 'log'" in str(describe_figure(FIGURE))


def test_the_same_figure_gives_the_same_picture(tmp_path):
    write_svg(FIGURE, tmp_path / "one.svg")
    write_svg(FIGURE, tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_svg_png_and_a_page_that_asks_no_server_come_from_one_description(tmp_path):
    svg, png, html = write_pictures(FIGURE, tmp_path / "new", "grid")
    assert ">1.0-224</text>" in svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")
    page = html.read_text()
    assert "prefers-color-scheme: dark" in page
    assert re.findall(r"(?:src|href)=[\"']?https?:", page) == []


def test_one_point_alone_can_be_drawn():
    alone = Figure(
        title="t", subtitle="s", cost_title="c", accuracy_title="a", colours="r", points=(point("x", 3.0, 50.0),)
    )
    assert describe_figure(alone)["title"]["text"] == "t"


@pytest.mark.parametrize("crowd", [[(100, 100, "1.0-224"), (110, 102, "0.75-224"), (104, 108, "0.5-192")]])
def test_names_of_close_points_do_not_lie_on_each_other(crowd):
    places = place_labels(crowd, width=560, height=380, size=10, radius=5)
    assert len(set(places)) == len(places)


def test_a_name_at_the_right_edge_stands_to_the_left():
    (place,) = place_labels([(555, 100, "1.0-224")], width=560, height=380, size=10, radius=5)
    assert place.align == "right"
