"""A night's page in a real browser: nothing is loaded, links lead to rows, numbers are there, names do no harm."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_nights_shown as nights
from shown_pages import Shown, started_browser
from test_night_page import hostile

pytestmark = pytest.mark.slow

HOSTILE = '</script><script>window.executed = 1</script><img src=x onerror="window.executed = 2">\u202e=1+1'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "night.html"
    path.write_text(nights.page(), encoding="utf-8")
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
    return tab


def open_everything(page: Shown) -> None:
    for details in page.tab.query_selector_all("details:not([open]):not(.columns) > summary"):
        details.click()


def test_nothing_is_asked_for_and_nobody_complains(page):
    open_everything(page)
    page.tab.click(".evidence a")
    page.tab.emulate_media(media="print")
    assert page.foreign() == []
    assert page.complaints == []
    assert page.ask("window.violations") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_out(page, scheme):
    page.tab.emulate_media(color_scheme=scheme)
    page.at("")
    open_everything(page)
    assert page.serious() == []


def test_numbers_read_back_from_the_document_are_those_of_the_cells(page):
    read = page.ask(
        """[...document.querySelectorAll('tr[id^=r]')].map((row) => Object.fromEntries(
             [...row.cells].map((cell, place) => [document.querySelectorAll('th[data-name]')[place].dataset.name,
               ['v', 'l', 'h'].map((name) => name in cell.dataset ? Number(cell.dataset[name]) : null)])))"""
    )
    for found, row in zip(read, nights.rows(), strict=True):
        assert found["latency_median_us"] == [row.latency_us, row.low_us, row.high_us]
        assert [found[name][0] for name in ("runs", "size_bytes", "peak_memory_kib", "top1")] == [
            row.runs,
            row.size_bytes,
            row.peak_memory_kib,
            row.top1,
        ]


def test_a_link_leads_to_the_row_of_its_cell_whatever_is_filtered(page):
    page.tab.select_option("select[name=status]", "failed")
    assert page.shown() == [10]
    page.tab.locator(".evidence a", has_text="segmenter").first.click()
    assert page.ask("document.activeElement.closest('tr').id") == "r8"
    assert page.tab.locator("#r8.chosen").count() == 1
    assert len(page.shown()) == 14
    assert page.ask("location.hash") == "#sel=8"


@pytest.mark.parametrize("state", ["sel=99,1&status=nobody", "%", "r3", "r99", "phones"])
def test_an_address_that_somebody_made_up_breaks_nothing(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_not_wider_than_the_screen(page, width):
    page.tab.set_viewport_size({"width": width, "height": 800})
    page.at("")
    open_everything(page)
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_without_a_script_everything_is_there(browser, file):
    page = Shown(browser, file, java_script_enabled=False)
    assert page.tab.locator("tr[id^=r]:visible").count() == 14
    assert page.tab.locator(".spark:visible").count() >= 5
    assert page.tab.locator(".filters").is_hidden()
    page.tab.click(".contents a[href='#phones']")
    page.context.close()


def test_names_of_others_are_shown_and_not_executed(browser, tmp_path):
    path = tmp_path / "hostile.html"
    path.write_text(hostile(HOSTILE), encoding="utf-8")
    page = Shown(browser, path, viewport={"width": 400, "height": 800})
    open_everything(page)
    page.tab.click("#r0 a")
    assert page.ask("window.executed") is None
    assert page.complaints == []
    assert page.ask("window.violations") == []
    assert "<img src=x" in page.tab.inner_text("#r0")
    assert "\u202e" not in page.tab.content()
    assert page.ask("document.documentElement.scrollWidth") <= 400
    page.context.close()
