"""Default boxes lie where the published configurations put them."""

import math

import pytest

from mbench.core.default_boxes import SSD_VGG_SCALES, rpn_boxes, ssd_boxes

SIDES = (19, 10, 5, 3, 2, 1)


def test_the_published_ssd_has_1917_boxes() -> None:
    assert len(ssd_boxes(SIDES, (3, 6, 6, 6, 6, 6))) == 19 * 19 * 3 + (100 + 25 + 9 + 4 + 1) * 6 == 1917


def test_the_ssd_of_its_own_paper_has_8732_boxes() -> None:
    assert len(ssd_boxes((38, 19, 10, 5, 3, 1), (4, 6, 6, 6, 4, 4), scales=SSD_VGG_SCALES)) == 8732


def test_the_finest_map_has_a_small_square_and_two_long_boxes() -> None:
    first = ssd_boxes(SIDES, (3, 6, 6, 6, 6, 6))[:3]
    assert [(height, width) for _, _, height, width in first] == [
        pytest.approx((0.1, 0.1)),
        pytest.approx((0.2 / math.sqrt(2), 0.2 * math.sqrt(2))),
        pytest.approx((0.2 * math.sqrt(2), 0.2 / math.sqrt(2))),
    ]


def test_the_last_of_a_pixels_six_boxes_lies_between_two_scales() -> None:
    boxes = ssd_boxes(SIDES, (3, 6, 6, 6, 6, 6))
    assert boxes[19 * 19 * 3 + 5][2:] == pytest.approx((math.sqrt(0.35 * 0.5),) * 2)
    assert boxes[-1][2:] == pytest.approx((math.sqrt(0.95),) * 2)


def test_four_boxes_leave_the_longest_ones_out() -> None:
    coarse = ssd_boxes(SIDES, (3, 6, 6, 6, 4, 4))[-4:]
    assert max(width / height for _, _, height, width in coarse) == pytest.approx(2)


def test_boxes_follow_each_other_along_the_row() -> None:
    boxes = ssd_boxes(SIDES, (3, 6, 6, 6, 6, 6))
    assert boxes[3][:2] == pytest.approx((0.5 / 19, 1.5 / 19))
    assert boxes[19 * 3][:2] == pytest.approx((1.5 / 19, 0.5 / 19))


def test_anchors_are_twelve_a_pixel_on_a_grid_of_16_pixels() -> None:
    anchors = rpn_boxes(19, 300)
    assert len(anchors) == 19 * 19 * 12
    assert anchors[12][:2] == pytest.approx((0, 16 / 300))
    assert anchors[19 * 12][:2] == pytest.approx((16 / 300, 0))


def test_an_anchor_of_scale_one_has_the_area_of_256_pixels_squared() -> None:
    areas = {round(height * width * 300 * 300) for _, _, height, width in rpn_boxes(1, 300)}
    assert areas == {64**2, 128**2, 256**2, 512**2}
