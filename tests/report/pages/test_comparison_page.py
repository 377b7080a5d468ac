import json
import math
import re

import pytest
import sample_comparisons as comparisons
import sample_pages as pages
import sample_results as sample
from compare_samples import compared

from mbench.core.results import MeasurementWarning, WarningCode
from mbench.report.compare.comparison import Comparison, GeometricMean
from mbench.report.compare.inverted import inverted
from mbench.report.pages.comparison.change_text import MINUS, change_text
from mbench.report.pages.comparison.comparison_summary import comparison_lines
from mbench.report.pages.comparison.forest import FEW, LEAST_REACH, MIDDLE, WIDTH, Forest, forest_marks, forest_of
from mbench.report.pages.session_page import FIRST_ROWS

ROWS = ["much", "big", "phone", "same", "scored", "noisy", "few", "gone", "other"]


@pytest.fixture(scope="module")
def found() -> Comparison:
    return comparisons.comparison()


@pytest.fixture(scope="module")
def text(found) -> str:
    return comparisons.page(found)


@pytest.fixture(scope="module")
def cells(text) -> pages.Cells:
    return pages.cells_of(text)


def column(cells: pages.Cells, name: str) -> list[str]:
    return [row[cells.names.index(name)][1] for row in cells.rows.values()]


def exact(attributes: dict, name: str) -> float | None:
    return float(attributes[name]) if name in attributes else None


def test_each_number_of_the_table_is_that_of_the_json(found, cells):
    machine = json.loads(found.model_dump_json())["cells"]
    assert len(cells.rows) == len(machine) == len(ROWS)
    for row, cell in zip(cells.rows.values(), machine, strict=True):
        read = {name: attributes for name, (attributes, _) in zip(cells.names, row, strict=True)}
        assert exact(read["ratio"], "data-v") == cell["ratio"]
        assert [exact(read["ratio"], name) for name in ("data-l", "data-h")] == (cell["ratio_ci"] or [None, None])
        for side in ("old", "new"):
            for name in ("median_us", "size_bytes", "peak_memory_kib", "init_us"):
                assert exact(read[f"{side}_{name}"], "data-v") == cell[side][name], name
            assert exact(read[f"{side}_runs"], "data-v") == len(cell[side]["samples_us"])
        assert exact(read["p_value"], "data-v") == cell["p_value"]
        assert exact(read["blocks"], "data-v") == cell["blocks"]
        change = cell["accuracy"] or {"change": None, "change_ci": [None, None]}
        assert exact(read["top1_change"], "data-v") == change["change"]
        assert [exact(read["top1_change"], name) for name in ("data-l", "data-h")] == change["change_ci"]


def test_what_is_packed_is_the_json(found, text):
    assert pages.data_of(text) == {"comparison": json.loads(found.model_dump_json())}


def test_rows_stand_by_what_changed_most_beyond_its_noise(cells):
    assert column(cells, "variant") == ROWS
    assert column(cells, "verdict") == [
        *("▲ slower", "▼ faster", "▲ slower", "○ no difference shown", "○ no difference shown"),
        *("○ no difference shown", "○ no difference shown (too few runs)", "✕ incomparable", "✕ incomparable"),
    ]


def test_a_change_is_signed_and_in_percent_with_its_interval(cells):
    shown = column(cells, "ratio")
    assert shown[0] == "+50.0 [+49.8, +50.2]"
    assert shown[1] == f"{MINUS}20.0 [{MINUS}20.1, {MINUS}19.9]"
    assert shown[5] == f"+30 [{MINUS}9, +108]"
    assert shown[6:] == ["+9.9", "–", "–"]


@pytest.mark.parametrize(
    ("ratio", "interval", "shown"),
    [
        (1.0, None, "0.0"),
        (0.9996, None, "0.0"),
        (1.0104, (1.0096, 1.0115), "+1.04 [+0.96, +1.15]"),
        (1.0104, (1.0096, 1.0117), "+1.0 [+1.0, +1.2]"),
        (1.3, (1.2, 1.399), "+30.0 [+20.0, +39.9]"),
        (1.3, (1.2, 1.401), "+30 [+20, +40]"),
        (1.994, None, "+99.4"),
        (3.5, (3.49, 3.51), "+250 [+249, +251]"),
        (0.25, (0.24, 0.26), f"{MINUS}75.0 [{MINUS}76.0, {MINUS}74.0]"),
    ],
)
def test_as_many_decimals_are_shown_as_the_interval_bears(ratio, interval, shown):
    assert change_text(ratio, interval) == shown


def test_the_verdict_stands_first_with_counts_and_what_changed_most(cells):
    said = cells.text
    first = said.index("2 of 9 cells, most of all much cpu ×1 on workstation: +50.0 [+49.8, +50.2] %.")
    assert first < said.index("1 of 9 cells, most of all big") < said.index("What else differs") < said.index("Columns")
    assert "1 cell: the new one has no number (failed: timeout). gone cpu ×1 on workstation." in said
    assert "1 cell: another program: hostbench, tflite. other cpu ×1 on workstation." in said
    assert "1 of 1 file in top-1, in points: scored -8.3 [-11.5, -5.5]." in said
    assert "few runs (old and new) in 1 cell" in said


def test_the_geometric_mean_is_said_with_its_count(found, cells):
    mean = found.geometric_mean
    assert mean is not None
    assert mean.cells == 7
    expected = f"{change_text(mean.ratio, mean.ratio_ci)} % over the 7 cells that both sides have; 4 others not in it."
    assert expected in cells.text


def test_what_differs_stands_above_the_table_with_the_number_of_cells(cells):
    said = " ".join(cells.text[cells.text.index("What else differs") : cells.text.index("Columns")].split())
    assert "artifact1111111111112222222222221 of 9" in said
    assert "binaryhostbench bbbbbbbbbbbbtflite bbbbbbbbbbbb1 of 9" in said


def test_more_changes_of_one_kind_than_three_are_counted():
    files = [
        (comparisons.net(f"file:n{place}@0123456789ab"), comparisons.net(f"file:n{place}@ba9876543210"))
        for place in range(5)
    ]
    old, new = (
        [
            each.model_copy(update={"workload": sample.workload(each.workload.name, sha256=f"{place}{side}" * 32)})
            for place, each in enumerate(results)
        ]
        for side, results in enumerate(zip(*files, strict=True))
    )
    said = pages.cells_of(comparisons.page(comparisons.compared(old, new))).text
    assert said.count("1 of 5") == 3
    assert "artifact: 2 more; each cell's own stands behind its name." in said


def test_what_one_side_alone_has_is_listed(cells):
    said = cells.text
    assert "Only in session old: 1 cell" in said
    assert "dropped cpu ×1 on workstation: ok" in said
    assert "added cpu ×1 on workstation: ok" in said


def test_nothing_on_both_sides_is_said():
    said = pages.cells_of(comparisons.page(comparisons.empty())).text
    assert "No cell is on both sides, so nothing can be compared." in said
    assert "Only in session old: 1 cell" in said


def test_one_pair_timed_in_turn_has_its_p_value_and_no_mean():
    found = comparisons.one_pair()
    cells = pages.cells_of(comparisons.page(found))
    assert "in turn, block by block" in cells.text
    assert "Hodges-Lehmann" in cells.text
    assert column(cells, "p_value") == ["0.0078"]
    assert "geometric mean" not in cells.text


def test_the_facets_of_a_row_are_places_among_the_choices(text, cells):
    offered = re.search(r'<select name="verdict">(.*?)</select>', text, re.DOTALL)
    assert offered is not None
    words = re.findall(r"<option>([^<]*)</option>", offered[1])
    assert words == ["slower", "faster", "no difference shown", "incomparable"]
    keys = [found["data-k"].split() for tag, found in cells.tags if tag == "tr" and "data-k" in found]
    assert [words[int(key[0])] for key in keys] == [
        word.split(" ", 1)[1].split(" (")[0] for word in column(cells, "verdict")
    ]
    assert [key[4] for key in keys] == ["-", "-", "-", "-", "0", "-", "-", "-", "-"]


def test_the_other_direction_can_be_asked_for_where_only_one_is_there():
    old, new = [comparisons.net("a")], [comparisons.net("a", 1.5)]
    text = comparisons.page(comparisons.compared(old, new))
    assert "<option>slower</option><option>faster</option>" in re.sub(r"\s*\n\s*", "", text)


def test_a_picture_stands_in_every_row_that_has_a_ratio(text):
    assert len(re.findall(r'<td class="f"><svg', text)) == 7
    assert len(re.findall(r'<td class="f"></td>', text)) == 2


def test_no_change_is_in_the_middle_and_both_directions_are_as_long():
    forest = Forest(reach=math.log(2))
    assert [forest(ratio) for ratio in (1.0, 2.0, 0.5, 5.0, 0.01)] == [MIDDLE, WIDTH, 0.0, WIDTH, 0.0]
    assert forest(math.sqrt(2)) == pytest.approx(0.75 * WIDTH)


@pytest.mark.parametrize(
    ("percent", "texts"),
    [
        (2.5, ["−2", "−1", "0 %", "+1", "+2"]),
        (30, ["−20", "−10", "0 %", "+10", "+25"]),
        (900, ["÷5", "÷2", "0 %", "×2", "×5"]),
    ],
)
def test_an_axis_names_round_changes(percent, texts):
    names = [tick.text for tick in Forest(reach=math.log(1 + percent / 100)).ticks()]
    assert names == [text.replace("−", MINUS) for text in texts]


def changed_by(*factors: float) -> Comparison:
    old = [comparisons.net(f"n{place}") for place in range(len(factors))]
    return comparisons.compared(old, [comparisons.net(f"n{place}", each) for place, each in enumerate(factors)])


def test_an_axis_shows_a_few_percent_at_least():
    assert forest_of(changed_by(1.0).cells).reach == pytest.approx(LEAST_REACH * 1.08)
    assert math.exp(LEAST_REACH) == pytest.approx(1.02)


def test_few_cells_are_all_within_the_axis_and_of_many_the_widest_leave_it():
    few = forest_of(changed_by(*[1.0] * (FEW - 1), 3.0).cells)
    many = forest_of(changed_by(*[1.0] * FEW, 3.0).cells)
    assert few.reach > math.log(3)
    assert many.reach < math.log(1.03)


def test_an_arrow_shows_what_leaves_the_axis_on_its_side():
    (slow,), (fast,) = changed_by(2.0).cells, changed_by(0.5).cells
    narrow = Forest(reach=math.log(1.1))
    assert "M235 5l4 4-4 4" in forest_marks(narrow, slow)
    assert "M235" not in forest_marks(narrow, fast)
    assert "M5 5l-4 4 4 4" in forest_marks(narrow, fast)
    assert "M5 " not in forest_marks(narrow, slow)
    assert "l4 4" not in forest_marks(Forest(reach=math.log(3)), slow)


def test_a_mark_says_by_its_shape_what_the_word_says(found):
    forest = forest_of(found.cells)
    shapes = [re.sub(r'.*d="M[\d.]+ 9', "", forest_marks(forest, cell)) for cell in found.cells[:4]]
    assert shapes[0] == shapes[2]
    assert len(set(shapes)) == 3


def test_read_the_other_way_a_ratio_is_inverted_and_its_ends_change_places(found):
    turned = inverted(found)
    for cell, other in zip(found.cells, turned.cells, strict=True):
        assert (other.old, other.new) == (cell.new, cell.old)
        if cell.ratio is None:
            assert (other.ratio, other.verdict, other.reason) == (None, "incomparable", cell.reason)
            continue
        assert other.ratio == pytest.approx(1 / cell.ratio)
        if cell.ratio_ci is not None:
            assert other.ratio_ci == (pytest.approx(1 / cell.ratio_ci[1]), pytest.approx(1 / cell.ratio_ci[0]))
    assert [cell.verdict for cell in turned.cells[:4]] == ["faster", "slower", "faster", "no difference shown"]
    accuracy = turned.cells[4].accuracy
    assert accuracy is not None
    assert accuracy.verdict == "better"
    assert 0 < accuracy.change_ci[0] < accuracy.change < accuracy.change_ci[1]
    assert (turned.old, turned.new) == (found.new, found.old)
    assert [one.variant for one in turned.only_old] == ["added"]


def test_read_the_other_way_it_says_what_a_comparison_of_the_exchanged_sides_says():
    old = [comparisons.net(name) for name in "abc"]
    new = [comparisons.net("a", 1.5), comparisons.net("b", 0.8), comparisons.net("c")]
    turned, other = inverted(comparisons.compared(old, new)), comparisons.compared(new, old)
    for one, two in zip(turned.cells, other.cells, strict=True):
        assert (one.variant, one.verdict) == (two.variant, two.verdict)
        assert one.ratio == pytest.approx(two.ratio)
        assert one.ratio_ci == pytest.approx(two.ratio_ci, rel=1e-3)
    assert isinstance(turned.geometric_mean, GeometricMean)
    assert turned.geometric_mean.ratio == pytest.approx(other.geometric_mean.ratio)
    assert turned.geometric_mean.ratio_ci == pytest.approx(other.geometric_mean.ratio_ci, rel=5e-3)


def test_rows_beyond_the_first_are_there_for_who_has_no_script():
    text = comparisons.page(changed_by(*[1.0] * (FIRST_ROWS + 1)))
    before, _, rest = text.partition('<tbody class="rest">')
    assert (before.count("<tr id="), rest.count("<tr id=")) == (FIRST_ROWS, 1)


HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.mark.parametrize("name", [HOSTILE, "=HYPERLINK(1)", "{{ 7 * 7 }}", "a" * 300, "'\"`--><!--", "../../etc/x"])
def test_names_of_others_are_text_and_no_markup(name):
    def named(name: str) -> pages.Cells:
        device = sample.DEVICE.model_copy(update={"serial": name, "model": name})
        failed = sample.result(f"{name}2", device=device, message=name)
        old = [comparisons.net(name, device=device), failed]
        new = [comparisons.net(name, 1.5, device=device), failed]
        return pages.cells_of(comparisons.page(comparisons.compared(old, new), command=name))

    found, plain = named(name), named("plain")
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert not {key for _, held in found.tags for key in held if key == "style" or key.startswith("on")}


def test_what_would_turn_text_is_neither_shown_nor_packed():
    device = sample.DEVICE.model_copy(update={"serial": "good\u202eevil"})
    text = comparisons.page(
        comparisons.compared([comparisons.net("a", device=device)], [comparisons.net("a", 2, device=device)])
    )
    assert "\u202e" not in text
    assert "\u202e" not in str(pages.data_of(text))


def test_equal_comparisons_give_equal_bytes(found, text):
    assert comparisons.page(comparisons.comparison()) == text


def test_doubts_stand_in_the_same_order_whenever_the_page_is_written():
    doubts = [MeasurementWarning(code=code, message="m", advice="a") for code in WarningCode]
    cell = compared([comparisons.net("a")], [comparisons.net("a", warnings=tuple(doubts))])
    (line,) = [each.text for each in comparison_lines(cell) if each.word == "doubts"]
    said = re.findall(r"([a-z0-9_ ]+) \(new\) in 1 cell", line)
    assert len(said) > 10
    assert [each.strip() for each in said] == [
        each.replace("_", " ") for each in WarningCode if each.replace("_", " ") in line
    ]
