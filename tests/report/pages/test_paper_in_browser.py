"""The page of the paper in a real browser: numbers are those of the markdown, everything can be used by everybody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_papers as papers
from shown_pages import Shown, started_browser

from mbench.report.paper.paper_table import sheet_table
from mbench.report.render.markdown import table_markdown

pytestmark = pytest.mark.slow

READ = """[...document.getElementById('%s').tBodies[0].rows].map((row) => [...row.cells].map((cell) =>
  [cell.textContent, ...['v', 'l', 'h'].map((name) => name in cell.dataset ? Number(cell.dataset[name]) : null)]))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "paper.html"
    path.write_text(papers.page(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tab(browser, file) -> Iterator[Shown]:
    shown = Shown(browser, file)
    yield shown
    shown.context.close()


@pytest.fixture
def page(tab) -> Shown:
    """The page as nobody has touched it; a test that needs another kind of browser opens its own."""
    tab.anew()
    tab.tab.wait_for_selector(".switches button")
    return tab


def firsts(page: Shown, table: str = "table-6.0") -> list[str]:
    script = f"[...document.getElementById('{table}').tBodies[0].rows].map((row) => row.cells[0].textContent)"
    return page.ask(script)


def test_each_number_read_back_from_the_document_is_that_of_the_markdown_and_rounds_the_exact_one(page):
    for table, sheet in (("table-6.0", papers.sheet()), ("figure-4.0", papers.sheet("Figure 4: its networks"))):
        read = page.ask(READ % table)
        values = sheet_table(sheet)
        exact = [[cell.exact for cell in row] for row in zip(*(column.cells for column in sheet.columns), strict=True)]
        assert [[tuple(cell[1:]) for cell in row] for row in read] == [
            [(None, None, None) if cell is None else tuple(cell) for cell in row] for row in exact
        ]
        lines = [line for line in table_markdown(values).splitlines() if line.startswith("| ")][2:]
        printed = [[text.strip().replace("\\", "") for text in line.strip("|").split("|")] for line in lines]
        assert [[cell[0] for cell in row] for row in read] == printed


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_out_and_nothing_is_asked_for(page, scheme):
    page.tab.emulate_media(color_scheme=scheme)
    page.at("")
    page.tab.click(".switches button >> nth=0")
    page.tab.locator(".panel svg").first.hover()
    assert page.serious() == []
    assert page.foreign() == []
    assert page.complaints == []
    assert page.ask("window.violations") == []


def test_each_table_sorts_by_itself_and_what_is_unknown_stands_last(page):
    button = page.tab.locator("[id='table-6.0'] th[data-name='Latency (ms), host'] button")
    names = list(papers.NETWORKS)
    button.click()
    assert firsts(page) == [names[2], names[0], names[1]]
    assert firsts(page, "figure-4.0") == names
    button.click()
    assert firsts(page) == [names[0], names[2], names[1]]
    state = page.ask("location.hash")
    button.click()
    assert firsts(page) == names
    page.at(state.removeprefix("#"))
    assert firsts(page) == [names[0], names[2], names[1]]
    assert page.tab.get_attribute("th[aria-sort]", "aria-sort") == "descending"


def test_text_filters_rows_and_says_how_many(page):
    page.tab.fill("input[name=q]", "0.25")
    assert firsts(page) == [papers.NETWORKS[2]]
    assert page.tab.inner_text(".choices .count") == "2 of 6 rows"
    page.tab.fill("input[name=q]", "nothing like it")
    assert page.tab.locator(".part:visible").count() == 0
    page.tab.click(".choices button[name=clear]")
    assert firsts(page) == list(papers.NETWORKS)


def test_columns_are_chosen_by_where_they_come_from(page):
    page.tab.click(".choices input[name=measured]")
    assert page.tab.locator("[data-origin=measured]:visible").count() == 0
    assert page.tab.locator("[data-origin=printed]:visible").count() == 2
    page.at(page.ask("location.hash").removeprefix("#"))
    assert page.tab.locator("[data-origin=measured]:visible").count() == 0
    assert not page.tab.is_checked(".choices input[name=measured]")


def test_what_is_copied_is_what_is_shown_with_exact_numbers_in_csv(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.fill("input[name=q]", "1.00")
    page.tab.locator(".copy [name=csv]").first.click()
    page.tab.locator("[name=csv]", has_text="Copied").first.wait_for()
    head, line = page.ask("navigator.clipboard.readText()").splitlines()
    assert head == (
        'Network,"Mult-adds (M), printed","Mult-adds (M), counted","Latency (ms), host","Latency (ms), host, low",'
        '"Latency (ms), host, high","Top-1 (%), measured"'
    )
    assert line == "mobilenet_v1_1.00_224,569,568.740352,12.1234,12.0345,12.3456,"
    page.tab.locator(".copy [name=md]").first.click()
    page.tab.locator("[name=md]", has_text="Copied").first.wait_for()
    copied = page.ask("navigator.clipboard.readText()").splitlines()
    assert copied[0] == "| Network | Mult-adds (M), printed | counted | Latency (ms), host | measured (%) |"
    assert copied[2].startswith("| mobilenet\\_v1\\_1.00\\_224 | 569 | 568.74 = | 12.1 \\[12.0, 12.3\\] |")


def test_a_legend_switches_points_with_their_names_off_and_on_and_the_address_keeps_it(page):
    def seen() -> list[str]:
        return page.ask(
            "[...document.querySelectorAll('svg .name')].filter((name) => name.getAttribute('visibility') !== 'hidden')"
            ".map((name) => name.textContent)"
        )

    page.tab.click(".switches li[data-key='figure-4.s1'] button")
    page.tab.wait_for_selector(".switches button[aria-pressed=false]")
    page.tab.wait_for_function("document.querySelectorAll('svg .name[visibility=hidden]').length === 1")
    assert seen() == ["1.0-224", "0.5-224"]
    dots = "[...document.querySelectorAll('.panel .dots')].map((path) => path.getAttribute('d').split('M').length - 1)"
    assert page.ask(dots) == [2, 0]
    page.at(page.ask("location.hash").removeprefix("#"))
    page.tab.wait_for_function("document.querySelectorAll('svg .name[visibility=hidden]').length === 1")
    page.tab.click(".switches li[data-key='figure-4.s1'] button")
    page.tab.wait_for_function("document.querySelectorAll('svg .name[visibility=hidden]').length === 0")
    assert page.ask(dots) == [2, 1]


def test_the_keyboard_alone_goes_through_points_and_chooses_a_network_with_its_row(page):
    page.tab.focus(".panel svg")
    page.tab.keyboard.press("ArrowRight")
    page.tab.wait_for_selector(".tip:not([hidden])")
    assert page.tab.inner_text(".tip").splitlines() == [
        papers.NETWORKS[2],
        "Mult-adds (million): 13.7",
        "Top-1 (%) on ImageNet: 41.3",
        "Resolution (px): 128",
        "Accuracy: published checkpoint",
    ]
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector("tr.chosen")
    chosen = page.ask("[...document.querySelectorAll('tr.chosen')].map((row) => row.cells[0].textContent)")
    assert chosen == [papers.NETWORKS[2]] * 2
    assert page.tab.locator(".panel .mark").count() >= 1


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_not_wider_than_the_screen(page, width):
    page.tab.set_viewport_size({"width": width, "height": 800})
    page.at("")
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_without_a_script_tables_names_and_pictures_are_there_and_no_buttons(browser, file):
    page = Shown(browser, file, java_script_enabled=False)
    assert page.tab.locator("table.sheet tbody tr:visible").count() == 6
    assert page.tab.locator("svg .name:visible").count() == 3
    assert page.tab.locator("button:visible").count() == 0
    page.context.close()


@pytest.mark.parametrize(
    "state", ["sorts=table-6.0:99,x:y,table-6.0:0&hide=odd&off=nothing&pick=%3Cb%3E", "%", "table-6"]
)
def test_an_address_that_somebody_made_up_breaks_nothing(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    assert page.complaints == []
    assert firsts(page) == list(papers.NETWORKS)


def test_what_is_printed_has_no_buttons(page):
    page.tab.emulate_media(media="print")
    assert page.tab.locator("button:visible:not(th button):not(.switches button)").count() == 0


def test_what_is_packed_is_text_that_parses(page):
    assert json.loads(page.ask("details().then((data) => JSON.stringify(data))"))["points"][0]["label"] == "1.0-224"


def test_heads_are_printed_as_text_and_not_as_buttons(page):
    page.tab.emulate_media(media="print")
    shown = "[...document.querySelectorAll('thead th button')].map((button) => getComputedStyle(button).display)"
    assert set(page.ask(shown)) == {"contents"}
