import json
import re
from dataclasses import replace

import pytest
import sample_histories as histories
import sample_pages as pages

from mbench.core.plain_text import LONGEST_CELL, cut
from mbench.report.history.history_table import history_json
from mbench.report.pages.nights import history_page as page_module
from mbench.report.pages.nights.history_page import FIRST_ROWS, LARGE_BYTES, history_page
from mbench.report.pages.nights.history_table import Course, course_of, worst_first
from mbench.report.pages.templates import own_file

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def text() -> str:
    return histories.page(histories.series())


@pytest.fixture(scope="module")
def cells(text) -> pages.Cells:
    return pages.cells_of(text)


def rows_by_name(cells: pages.Cells) -> list[dict]:
    return [dict(zip(cells.names, row, strict=True)) for _, row in sorted(cells.rows.items())]


def test_the_worst_last_change_stands_first_and_those_without_one_last():
    names = [one.cell.workload for one in worst_first(histories.series())]
    assert names == ["net", "other", "silent", "net"]
    assert worst_first(histories.series())[0].cell.serial == "P1"


def test_what_became_of_a_cell_is_said_in_words():
    slower = histories.slower()
    assert course_of(slower) is Course.SLOWER
    assert course_of(histories.faster()) is Course.FASTER
    assert course_of(histories.steady()) is Course.STEADY
    assert course_of(histories.silent()) is Course.NO_NUMBER
    assert course_of(replace(slower, changes=slower.changes[:1])) is Course.EPOCH
    last = replace(slower.points[-1], latency_us=None)
    assert course_of(replace(slower, points=(*slower.points[:-1], last))) is Course.NO_NUMBER


def test_each_number_of_the_table_is_that_of_the_json(cells):
    machine = {(one["workload"], one["device"]): one for one in json.loads(history_json(histories.series()))}
    found = rows_by_name(cells)
    assert len(found) == len(machine)
    for row in found:
        one = machine[row["workload"][1], row["device"][1]]
        number = {name: None if (said := cell[0].get("data-v")) is None else float(said) for name, cell in row.items()}
        assert number["level_us"] == one["level_us"]
        assert number["noise"] == one["noise"]
        assert number["threads"] == one["threads"]
        assert number["nights"] == sum(point["latency_us"] is not None for point in one["points"])
        assert number["change"] == (one["changes"][-1]["change"] if one["changes"] else None)


def test_what_a_cell_shows_is_what_a_table_shows(cells):
    first = rows_by_name(cells)[0]
    assert first["level_us"][1] == "1.20"
    assert first["noise"][1] == "0.1"
    assert first["change"][1] == "2026-09-29 +18.9 %"
    assert first["what_changed"][1] == "artifact aaaa → cccc, label commit-39 → commit-40"
    assert first["nights"][1] == "67/70"
    assert len(first["past"][1]) == 24


def test_unknown_is_said_and_has_no_number(cells):
    silent = next(row for row in rows_by_name(cells) if row["workload"][1] == "silent")
    assert (silent["level_us"][1], silent["noise"][1], silent["change"][1]) == ("?", "–", "–")
    assert "data-v" not in silent["level_us"][0]


def test_all_points_of_a_series_are_packed_as_json_has_them(text):
    data = pages.data_of(text)
    for row, one in zip(data["rows"], json.loads(history_json(worst_first(histories.series()))), strict=True):
        points = one["points"]
        nights = row["n"][:1]
        for place in range(1, len(points)):
            nights.append(nights[-1] + (row["n"][place] if len(row["n"]) > 1 else 1))

        def column(name, row=row, points=points):
            return row[name] if isinstance(row[name], list) else [row[name]] * len(points)

        assert [data["nights"][night] for night in nights] == [[point["night"], point["date"]] for point in points]
        assert [data["states"][state] for state in column("s")] == [point["state"] for point in points]
        assert row["v"] == [point["latency_us"] for point in points]
        assert column("h") == [point["half_width_us"] for point in points]
        assert column("r") == [point["runs"] for point in points]
        assert {place: data["texts"][why] for place, why in row["w"]} == {
            place: point["why"] for place, point in enumerate(points) if point["why"] is not None
        }
        assert [[data["nights"][night][0], *rest[:3]] for night, *rest in row["c"]] == [
            [change["night"], change["before_us"], change["after_us"], change["change"]] for change in one["changes"]
        ]
        assert [[data["nights"][night][0], data["texts"][artifact]] for night, artifact, *_ in row["m"]] == [
            [stretch["night"], stretch["artifact_sha256"]] for stretch in one["measured"]
        ]
        assert [[day, level, data["texts"][because]] for day, level, _, because, _ in row["a"]] == [
            [level["date"], level["level_us"], level["because"]] for level in one["accepted"]
        ]
    labels = [None if label is None else data["texts"][label] for label in data["labels"]]
    assert labels == [f"commit-{number}" for number in range(histories.NIGHTS)]


def test_what_is_known_first_is_said_first(cells):
    assert "1 cell since their last change, most net gpu ×4 on P1, 2026-09-29 +18.9 %." in cells.text
    assert "nights that were due and never began: 2026-09-20." in cells.text
    assert "70, 2026-08-20 to 2026-10-28" in cells.text


def test_another_branch_stands_beside():
    one = replace(histories.steady(), against_us=1002.0)
    (row,) = rows_by_name(pages.cells_of(histories.page([one], against="main")))
    assert row["of_against"][1] == "150.0"
    assert float(row["of_against"][0]["data-v"]) == 1.5
    assert float(row["against_us"][0]["data-v"]) == 1002


def test_equal_series_give_equal_bytes():
    assert histories.page(histories.series()) == histories.page(histories.series())


def test_a_page_of_nothing_says_so():
    assert "No cells: nothing was measured." in histories.page([], nights=[])


@pytest.mark.parametrize(
    "name", [HOSTILE, "=HYPERLINK(1)", "{{ 7 * 7 }}{% for %}", "a" * 300, "'\"`--><!--", "../../x"]
)
def test_names_of_others_are_text_and_no_markup(name):
    text = histories.page([histories.named(histories.slower(), name)], project=name, notes=(name,), command=name)
    found = pages.cells_of(text)
    plain = pages.cells_of(histories.page([histories.named(histories.slower(), "plain")], notes=("plain",)))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert {cells[0][1] for cells in found.rows.values()} == {cut(name, LONGEST_CELL)}


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\x1b[31m", "\u2028"])
def test_what_would_turn_or_hide_text_is_nowhere(mark):
    text = histories.page([histories.named(histories.slower(), f"good{mark}evil")])
    assert mark not in text
    assert mark not in json.dumps(pages.data_of(text), ensure_ascii=False)


def test_the_policy_and_no_handlers_hold_on_this_page_too(text):
    names = {name for _, found in pages.cells_of(text).tags for name in found}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    script = own_file("history.js") + own_file("history_chart.js")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(", script)


def test_rows_beyond_the_first_stand_in_a_part_of_their_own():
    one = histories.steady()
    many = [replace(one, cell=histories.cell(serial=f"P{number}")) for number in range(FIRST_ROWS + 1)]
    tags = [found.get("class") for tag, found in pages.cells_of(histories.page(many)).tags if tag == "tbody"]
    assert tags == [None, "rest"]
    tags = [found.get("class") for tag, found in pages.cells_of(histories.page(many[:-1])).tags if tag == "tbody"]
    assert tags == [None]


def test_a_large_page_says_so_and_names_smaller_ones(monkeypatch):
    size = len(history_page(histories.asked(histories.series())))
    asked: list[int] = []

    def smaller(size_bytes: int) -> list[str]:
        asked.append(size_bytes)
        return ["mbench history gpu --format html"]

    monkeypatch.setattr(page_module, "LARGE_BYTES", size)
    assert b"Smaller ones" not in history_page(histories.asked(histories.series()), smaller=smaller)
    monkeypatch.setattr(page_module, "LARGE_BYTES", size - 1)
    assert b"<code>mbench history gpu --format html</code>" in history_page(
        histories.asked(histories.series()), smaller=smaller
    )
    assert asked == [size]
    assert LARGE_BYTES == 5_000_000
