"""Confusion matrices as pictures: names that do not touch, whatever their number."""

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest

from mbench.core.scores import NO_ANSWER
from mbench.report.charts.confusions import MOST_BARS, MOST_IN_PICTURE, MOST_NUMBERED, confusion_png, confusion_svg
from mbench.report.charts.label_places import LETTER_WIDTH
from mbench.report.predictions.class_counts import ClassCounts

LONG = "a_name_of_a_class_that_is_longer_than_anybody_would_write"

Box = tuple[float, float, float, float]


def counted(classes: int, label: str = "file", name: str = LONG) -> ClassCounts:
    cells = {(truth, answer): 100_000 for truth in range(classes) for answer in (truth, (truth + 1) % classes)}
    cells[0, NO_ANSWER] = 7
    return ClassCounts(
        label=label,
        ground="folder test, host, cpu",
        names=tuple(f"{index} {name}".rstrip() for index in range(classes)),
        counts=tuple((truth, answer, count) for (truth, answer), count in sorted(cells.items())),
    )


def drawn(svg: str) -> list[tuple[str, Box]]:
    return list(_texts(ElementTree.fromstring(svg), 0.0, 0.0))


def _texts(element: ElementTree.Element, left: float, top: float) -> Iterator[tuple[str, Box]]:
    moved = re.match(r"translate\(([-\d.e]+),\s*([-\d.e]+)\)", element.get("transform", ""))
    if moved:
        left, top = left + float(moved[1]), top + float(moved[2])
    if element.tag.endswith("}text") and element.text:
        size = float(re.sub("px", "", element.get("font-size", "11")))
        long, high = len(element.text) * size * LETTER_WIDTH, size
        before = {"start": 0.0, "middle": long / 2, "end": long}[element.get("text-anchor", "start")]
        upright = "rotate(" in element.get("transform", "")
        if upright:  # it runs upwards from where it is anchored
            yield element.text, (left - high, top + before - long, left, top + before)
        else:
            yield element.text, (left - before, top - high * 0.8, left - before + long, top + high * 0.2)
    for child in element:
        yield from _texts(child, left, top)


def overlaps(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 1


@pytest.mark.parametrize("classes", [1, 2, 10, MOST_NUMBERED, MOST_NUMBERED + 1, MOST_IN_PICTURE, 61, 1000])
def test_no_text_lies_on_another(classes):
    texts = drawn(confusion_svg([counted(classes)]))
    assert len(texts) > 6
    touching = [(one[0], other[0]) for one, other in combinations(texts, 2) if overlaps(one[1], other[1])]
    assert touching == []


@pytest.mark.parametrize(("classes", "numbers"), [(MOST_NUMBERED, 2 * MOST_NUMBERED), (MOST_NUMBERED + 1, 0)])
def test_cells_that_are_large_enough_have_numbers(classes, numbers):
    assert [text for text, _ in drawn(confusion_svg([counted(classes)]))].count("100000") == numbers


def test_up_to_60_classes_have_a_matrix_with_all_their_names():
    texts = [text for text, _ in drawn(confusion_svg([counted(MOST_IN_PICTURE, name="")]))]
    for index in range(MOST_IN_PICTURE):
        assert texts.count(str(index)) == 2
    assert texts.count("other") == 1


def test_of_more_the_most_confused_have_a_bar_each():
    texts = [text for text, _ in drawn(confusion_svg([counted(MOST_IN_PICTURE + 1, name="")]))]
    assert [text for text in texts if "→" in text][1] == "2 → 3"
    assert len([text for text in texts if "→" in text]) == MOST_BARS
    assert texts.count("100000 of 200000") == MOST_BARS


def test_classes_that_are_never_confused_are_said_to_be():
    sure = ClassCounts(label="l", ground="g", names=("a",) * 100, counts=((0, 0, 4),))
    assert "none of 100 classes is taken for another" in confusion_svg([sure])


def test_each_file_has_its_panel():
    svg = confusion_svg([counted(3, "fp32"), counted(3, "int8")])
    assert (">fp32<" in svg, ">int8<" in svg) == (True, True)
    assert confusion_png([counted(3)]).startswith(b"\x89PNG")


def test_hostile_names_are_drawn_as_text():
    svg = confusion_svg([counted(3, label="</title><script>", name="<b onload=x>\x1b\ud800")])
    svg.encode()
    assert "\x1b" not in svg
    assert not [each for each in ElementTree.fromstring(svg).iter() if each.tag.endswith(("script", "}b"))]
