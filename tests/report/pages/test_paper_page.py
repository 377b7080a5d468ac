import dataclasses
import re

import pytest
import sample_pages as pages
import sample_papers as papers

from mbench.report.pages.paper_figure import HEIGHT, WIDTH, drawn_figure
from mbench.report.pages.paper_page import compared
from mbench.report.pages.templates import BEGINS
from mbench.report.paper.paper_table import Origin, Sheet, SheetCell, SheetColumn, text_column, unknown_column


def test_equal_parts_give_equal_bytes_that_begin_like_a_page():
    assert papers.page() == papers.page()
    assert papers.page().encode().startswith(BEGINS)


def test_the_first_lines_say_how_counts_stand_to_print_and_what_was_measured():
    text = pages.cells_of(papers.page()).text
    assert (
        "6 counts beside printed ones: 2 equal at the printed precision, 2 equal by another rule, 0 different, "
        "2 unknown." in text
    )
    assert "4 of 12 measured cells known here; the others are shown as unknown." in text
    assert "Timings with doubts, said under the tables: 2 tables." in text


def test_a_count_is_compared_with_the_printed_cell_before_it_alone():
    assert [*compared(papers.sheet())] == ["equal", "otherwise", "unknown"]
    alone = SheetColumn(header="Params (M)", cells=(SheetCell("4.2"),), origin=Origin.COUNTED)
    printed = SheetColumn(header="p", cells=(SheetCell("4"),), origin=Origin.PRINTED)
    assert [*compared(Sheet(title="T", columns=(alone, printed)))] == []
    assert [*compared(Sheet(title="T", columns=(printed, alone)))] == ["different"]


def test_what_nobody_measured_is_said_and_shown_as_unknown():
    sheet = Sheet(title="T", columns=(text_column("Network", ["a"]), unknown_column("Latency (ms)", 1)))
    part = dataclasses.replace(papers.parts()[0], sheets=(sheet,), results=())
    text = papers.page([part])
    assert "Nothing of it was measured here" in text
    assert re.search(r'<th scope="row">a</th><td class="n">\?</td>', text)


def test_all_that_is_known_is_said_to_be_all():
    known = SheetColumn(header="Latency (ms)", cells=(SheetCell("1"),), origin=Origin.MEASURED)
    sheet = Sheet(title="T", columns=(text_column("Network", ["a"]), known))
    part = dataclasses.replace(papers.parts()[0], sheets=(sheet,))
    assert "All of 1 measured cell known here." in papers.page([part])


def test_each_column_says_in_words_and_by_a_mark_where_it_comes_from():
    text = papers.page()
    heads = re.findall(r'<th scope="col" data-name="([^"]*)"[^>]*>(.*?)</th>', text, re.DOTALL)
    words = {name: re.sub(r"<[^>]*>", "", inside) for name, inside in heads}
    assert "printed by the paper" in words["Mult-adds (M), printed"]
    assert "counted by mbench" in words["Mult-adds (M), counted"]
    assert "measured here" in words["Latency (ms), host"]
    assert "measured here" in words["Top-1 (%), measured"]
    marks = {re.search(r'class="sign".*?d="([^"]*)"', inside)[1] for name, inside in heads if name != "Network"}  # type: ignore[index]
    assert len(marks) == 3


def test_legends_and_definitions_stand_once():
    text = papers.page()
    assert text.count("equal at the printed precision; ~ equal by another rule") == 1
    assert text.count("Printed: somewhere.") == 2


def test_a_table_repeats_no_title_of_its_part_whatever_its_capitals():
    part = papers.parts()[0]
    assert "<h3>" not in papers.page([dataclasses.replace(part, title=part.title.upper())])
    assert "<h3>Table 6: a table</h3>" in papers.page([dataclasses.replace(part, title="Another")])


def test_a_figure_of_which_nothing_is_known_says_so():
    part = dataclasses.replace(papers.parts()[1], figure=None)
    text = papers.page([part])
    assert "Nothing to draw" in text
    assert "data-keys" not in text
    assert 'id="data"' not in text


def test_points_are_packed_with_what_was_drawn_of_them():
    points = pages.data_of(papers.page())["points"]
    drawn = papers.figure().points
    assert [point["label"] for point in points] == [point.label for point in drawn]
    assert [point["lines"][0][1] for point in points] == [point.cost for point in drawn]
    assert [point["lines"][1][1] for point in points] == [point.accuracy for point in drawn]
    assert points[2]["keys"] == ["figure-4.c1", "figure-4.s1"]


def test_costs_are_on_a_logarithmic_axis_and_colour_and_form_are_told_apart():
    made = drawn_figure(papers.figure(), name="figure-4", first=7)
    series = made.panel.series
    assert [(each.number, each.form, len(each.points)) for each in series] == [(0, 0, 2), (1, 1, 1)]
    places = {point.key: point for each in series for point in each.points}
    assert [*places] == ["7", "8", "9"]
    steps = [places["7"].x - places["8"].x, places["8"].x - places["9"].x]
    assert steps[0] / steps[1] == pytest.approx(0.5589, abs=0.001)  # log(568.74 / 149.5) / log(149.5 / 13.7)
    assert places["7"].y < places["8"].y < places["9"].y
    assert all(0 < point.x < WIDTH and 0 < point.y < HEIGHT for point in places.values())
    assert [(title, [entry.text for entry in entries]) for title, entries in made.legends] == [
        ("Resolution (px)", ["224", "128"]),
        ("Accuracy", ["printed in the paper", "published checkpoint"]),
    ]


def test_more_colours_than_there_are_begin_again():
    points = [dataclasses.replace(papers.figure().points[0], colour=str(number)) for number in range(9)]
    made = drawn_figure(dataclasses.replace(papers.figure(), points=tuple(points)), name="f", first=0)
    assert [each.number for each in made.panel.series] == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert made.legends[0][1][8].colour == 1


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "a" * 300, "\u202eevil", "=1+1", "../../x"])
def test_names_of_others_are_text(name):
    sheet = Sheet(title=name, columns=(text_column(name, [name]), unknown_column(name, 1, name)), notes=(name,))
    part = dataclasses.replace(papers.parts()[0], title=name, sheets=(sheet,), commands=((name, name),))
    plain = dataclasses.replace(papers.parts()[0], sheets=(dataclasses.replace(sheet, title="t"),))
    found = pages.cells_of(papers.page([part]))
    tags = [tag for tag, _ in found.tags]
    assert tags.count("script") == 1
    assert tags.count("td") == [tag for tag, _ in pages.cells_of(papers.page([plain])).tags].count("td")
    assert "\u202e" not in found.text
