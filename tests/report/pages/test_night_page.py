import re
from dataclasses import replace

import pytest
import sample_histories as histories
import sample_nights_shown as nights
import sample_pages as pages
import sample_verdicts as sample

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import FindingClass, Rerun
from mbench.core.plain_text import LONGEST_CELL, cut
from mbench.report.pages.nights.night_page import FIRST_CELLS, FIRST_ROWS, PhoneLine, phone_lines
from mbench.report.pages.nights.night_pictures import rerun_picture, spark_of
from mbench.report.pages.templates import own_file

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def text() -> str:
    return nights.page()


@pytest.fixture(scope="module")
def cells(text) -> pages.Cells:
    return pages.cells_of(text)


def kind_of(text: str) -> str:
    found = re.search(r'<section class="said ([a-z]*)"', text)
    assert found is not None
    return found[1]


def test_the_verdict_stands_first_and_says_what_kind_it_is(text):
    assert kind_of(text) == "failed"
    assert text.index("2 regressions confirmed") < text.index("<h2")
    assert kind_of(nights.page(verdict=sample.verdict(sample.certain(FindingClass.LAB)))) == "doubt"
    assert kind_of(nights.page(verdict=sample.verdict(sample.certain(FindingClass.FAILED)))) == "failed"
    assert kind_of(nights.page(verdict=sample.verdict(sample.certain(FindingClass.IMPROVED)))) == "ok"
    assert kind_of(nights.page(verdict=sample.verdict(sample.accepted(sample.finding())))) == "ok"


def test_sections_stand_in_the_order_of_what_is_worst(text):
    titles = re.findall(r"<h2 id=\"[a-z-]+\">([^<]+)</h2>", text)
    assert titles == [
        *("New regressions", "Failed", "Without a number", "Suspects that nobody measured again", "Improved", "Notes"),
        *("Phones", "All cells"),
    ]


def test_runs_of_old_and_new_files_stand_beside_each_other(text):
    assert text.count('class="rerun"') == 8
    picture = rerun_picture(Rerun(old_us=(1000.0, 1010.0), new_us=(1200.0,), p_value=0.01, session="s"))
    assert picture is not None
    old, new = picture.lanes
    assert (old.dots.count("M"), new.dots.count("M")) == (2, 1)
    assert (old.text, new.text) == ("1.00 ms, 2 runs", "1.20 ms, 1 run")
    assert old.middle is not None
    assert new.middle is not None
    assert old.middle < new.middle
    assert rerun_picture(None) is None
    alone = rerun_picture(Rerun(old_us=(), new_us=(1200.0, 1201.0), p_value=None, session="s"))
    assert alone is not None
    assert (alone.lanes[0].text, alone.lanes[0].middle) == ("no old file", None)


def test_a_cells_past_marks_where_it_began_and_nights_without_a_number():
    one = histories.slower()
    spark = spark_of(one, histories.name_of(histories.STEP))
    assert spark is not None
    assert spark.since == pytest.approx(4 + 232 * histories.STEP / (histories.NIGHTS - 1))
    assert spark.none.count("M") == 3
    assert spark.line.count("M") == 3  # a gap of one night, and one of two
    assert spark.summary.endswith("1.00 to 1.20 ms, 3 nights without a number")
    unknown = spark_of(one, "another night")
    assert unknown is not None
    assert unknown.since is None
    two = [point for point in one.points if point.latency_us is not None][:2]
    assert spark_of(replace(one, points=tuple(two)), "x") is not None
    assert spark_of(replace(one, points=tuple(two[:1])), "x") is None


def test_of_a_fallback_the_delegated_share_is_drawn_by_night_and_of_others_the_latency():
    one = histories.slower()
    fallen = tuple(
        replace(point, delegated=33 if place < histories.STEP else 11, nodes=33) if point.latency_us else point
        for place, point in enumerate(one.points)
    )
    spark = spark_of(replace(one, points=fallen), histories.name_of(histories.STEP), FindingClass.FALLBACK)
    assert spark is not None
    assert spark.caption == "delegated nodes, 11/33 to 33/33"
    assert spark.summary.endswith("delegated nodes, 11/33 to 33/33, 3 nights without a number")
    heights = {float(height) for height in re.findall(r"[ML][\d.]+ ([\d.]+)", spark.line)}
    assert heights == {3.0, 24.3}  # all of the graph, and a third of it, of 32 pixels
    assert (spark.line.count("M"), spark.none.count("M")) == (3, 3)
    assert spark.last == (pytest.approx(236), pytest.approx(3 + 32 * 2 / 3))
    for kind in (FindingClass.LATENCY, FindingClass.MEMORY, FindingClass.LAB):
        other = spark_of(replace(one, points=fallen), "x", kind)
        assert other is not None
        assert other.caption == "latency, 1.00 to 1.20 ms"


def test_a_fallback_whose_nodes_no_earlier_night_kept_has_no_picture():
    one = histories.slower()
    assert spark_of(one, "x", FindingClass.FALLBACK) is None
    for known, there in ((1, False), (2, True)):
        points = tuple(
            replace(point, delegated=3, nodes=4) if place < known else point for place, point in enumerate(one.points)
        )
        found = spark_of(replace(one, points=points), "x", FindingClass.FALLBACK)
        assert (found is not None) is there


def test_the_page_has_the_share_of_a_fallback_and_says_what_each_line_is():
    fell = sample.certain(FindingClass.FALLBACK, workload="segmenter", serial="9A1")
    one = histories.slower()
    points = tuple(replace(point, delegated=12 + place % 2, nodes=33) for place, point in enumerate(one.points))
    past = {fell.cell: replace(one, cell=fell.cell, points=points)}
    text = nights.page(verdict=sample.verdict(fell), past=past)
    assert "<p>delegated nodes, 12/33 to 13/33</p>" in text
    assert "<p>latency, " not in text
    assert "<p>latency, 1.00 to 1.20 ms</p>" in nights.page()


def test_cells_of_a_finding_beyond_the_first_are_folded(text):
    folded = re.search(r"<details><summary>(\d+) more cells</summary>", text)
    assert folded is not None
    assert int(folded[1]) == 8 - FIRST_CELLS


def test_links_lead_to_the_rows_of_cells(cells):
    links = {found["href"] for tag, found in cells.tags if tag == "a" and "data-row" in found}
    assert links
    assert {int((link or "")[2:]) for link in links} <= set(cells.rows)


def test_each_cell_has_a_row_with_its_number_or_why_it_has_none(cells):
    assert len(cells.rows) == len(nights.rows())
    for number, row in enumerate(nights.rows()):
        found = dict(zip(cells.names, cells.rows[number], strict=True))
        said = found["latency_median_us"][0].get("data-v")
        assert (None if said is None else float(said)) == row.latency_us
        if row.latency_us is not None:
            assert float(found["latency_median_us"][0]["data-l"] or "") == row.low_us
            assert float(found["size_bytes"][0]["data-v"] or "") == row.size_bytes
    found = [dict(zip(cells.names, cells.rows[number], strict=True)) for number in sorted(cells.rows)]
    assert found[0]["found"][1] == "latency +10.2 % confirmed"
    assert found[10]["state"][1] == "failed: model: it refused the file"
    assert found[12]["found"][1] == "latency +10.2 % accepted"
    assert found[13]["state"][1] == "lab: quarantine: 9A9: quarantine since 2026-11-28"


def test_what_is_accepted_and_what_came_near_is_folded(text):
    assert re.search(r'<details class="folded" id="accepted"><summary>Accepted: 1', text)
    assert "accepted on 2026-11-30 by Ada: the new head is worth it" in text
    assert re.search(r'<details class="folded" id="near"><summary>Withdrawn suspects and near misses: 1', text)


def test_phones_show_health_host_and_why_cells_have_no_number(cells):
    assert "battery temperature 41 °C (limit: at most 40 °C)" in cells.text
    assert "Let it cool." in cells.text
    assert "lab-1" in cells.text
    assert "before battery 98 %, phone 31 °C" in cells.text
    lines = [*phone_lines(nights.rows())]
    assert (lines[0].serial, lines[0].missing, lines[0].why) == ("9A9", 1, ("9A9: quarantine since 2026-11-28",))
    assert (lines[1].serial, lines[1].failed, lines[1].missing, lines[1].why) == ("9A2", 1, 0, ())
    missing = sample.lost(serial="9B", state=PointState.MISSING, message=None, error_class=None)
    assert [*phone_lines([missing])] == [PhoneLine(serial="9B", model="Pixel 4", missing=1)]


def test_a_phone_nobody_looked_at_says_so():
    assert "not looked at" in nights.page(phones=(PhoneLine(serial="9A1", model="Pixel 4"),))
    assert "not looked at" not in nights.page(phones=(PhoneLine(serial="9A1", model="Pixel 4", health="well"),))


def test_a_night_of_nothing_is_a_page():
    text = nights.page(verdict=sample.verdict(judged=0), rows=[], phones=(), past={})
    assert "Nothing judged: no cell has enough nights to be compared with" in text


def test_rows_beyond_the_first_stand_in_a_part_of_their_own():
    for count, parts in ((FIRST_ROWS, [None]), (FIRST_ROWS + 1, [None, "rest"])):
        many = [sample.row(serial=f"P{number}") for number in range(count)]
        text = nights.page(rows=many, phones=(), verdict=sample.verdict())
        tags = pages.cells_of(text).tags
        assert [found.get("class") for tag, found in tags if tag == "tbody"] == parts


def hostile(name: str) -> str:
    found = sample.finding(workload=name, serial=name, delegate=name, model=name, because=name, changed=(name,))
    failed = sample.certain(FindingClass.FAILED, workload=name, because=name, error_class=name)
    accepted = replace(found, accepted=replace(sample.ACCEPTANCE, because=name, who=name))
    judged = sample.verdict(found, failed, accepted, near=(found,), notes=(name,), project=name, branch=name)
    row = sample.row(workload=name, serial=name, delegate=name, model=name)
    checks = (("failed", name, name),)
    phone = PhoneLine(serial=name, model=name, host=name, why=(name,), before=(name,), after=(name,), checks=checks)
    one = histories.named(histories.slower(), name)
    past = {found.cell: replace(one, cell=found.cell)}
    return nights.page(
        title=name, command=name, verdict=judged, rows=[row], phones=(phone,), facts=((name, name),), past=past
    )


@pytest.mark.parametrize(
    "name", [HOSTILE, "=HYPERLINK(1)", "{{ 7 * 7 }}{% for %}", "a" * 300, "'\"`--><!--", "../../x"]
)
def test_names_of_others_are_text_and_no_markup(name):
    found, plain = pages.cells_of(hostile(name)), pages.cells_of(hostile("plain"))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert {cells[0][1] for cells in found.rows.values()} == {cut(name, LONGEST_CELL)}


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\x1b[31m", "\u2028"])
def test_what_would_turn_or_hide_text_is_nowhere(mark):
    assert mark not in hostile(f"good{mark}evil")


def test_equal_nights_give_equal_bytes_and_no_handlers(text):
    assert nights.page() == text
    names = {name for _, found in pages.cells_of(text).tags for name in found}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(", own_file("night.js"))
