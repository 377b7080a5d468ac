"""Learning curves in a real browser: points, the keyboard, the table of values, filters, and pages without a script."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_curves as curves
from shown_pages import Shown, started_browser

from mbench.report.pages.session_page import session_page
from mbench.report.results.delimited import as_json
from mbench.report.results.rows.job_rows import rows_of

pytestmark = pytest.mark.slow

ACCURACY = ".curve .panel:nth-child(2) svg"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "trained.html"
    path.write_bytes(session_page(curves.session(), title="A session", command="mbench report --format html"))
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


def test_the_keyboard_goes_through_epochs_and_opens_the_values_at_one(page):
    page.tab.locator(ACCURACY).first.focus()
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.press("ArrowRight")
    page.tab.wait_for_selector(".tip:not([hidden])")
    said = page.tab.inner_text(".tip").splitlines()
    assert said[0] == "Epoch: 1"
    assert "Accuracy (%), validation split: 10.0" in said
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector("details.values[open]")
    assert page.ask("document.activeElement.id") == "c0-2"
    assert page.tab.locator("details.values[open]").count() == 1
    assert page.complaints == []


def test_values_read_back_from_the_document_are_those_of_the_json(page):
    machine = json.loads(as_json(rows_of(curves.session())))[0]["weights"]["training"]["curve"]
    read = page.ask(
        "[...document.querySelectorAll('tr[id^=c0-]')].map((row) =>"
        " [...row.querySelectorAll('td')].map((cell) => Number(cell.dataset.v)))"
    )
    columns = [machine[name] for name in ("loss", "held_out_loss", "accuracy", "held_out_accuracy")]
    assert read == [list(one) for one in zip(*columns, strict=True)]


def test_filters_of_rows_leave_curves_alone(page):
    before = page.tab.locator(".curve .dots").first.get_attribute("d")
    page.tab.fill("input[name=q]", "mine")
    assert page.shown() == [4]
    page.tab.wait_for_timeout(100)  # pictures follow the table
    assert page.tab.locator(".curve .dots").first.get_attribute("d") == before
    assert page.tab.locator(".curve .filtered").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_out_of_curves(page, scheme):
    page.tab.emulate_media(color_scheme=scheme)
    page.at("")
    for summary in page.tab.query_selector_all("details.values > summary"):
        summary.click()
    assert page.serious() == []


def test_without_a_script_curves_and_their_values_are_there(browser, file):
    page = Shown(browser, file, java_script_enabled=False, viewport={"width": 400, "height": 800})
    assert page.tab.locator(".curve .panel svg:visible").count() == 4
    page.tab.locator("details.values > summary").first.click()
    page.tab.wait_for_selector("details.values[open] tbody tr:visible")
    assert page.tab.locator("details.values tbody tr:visible").count() == 4
    page.context.close()


def test_the_page_with_curves_is_not_wider_than_the_screen(page):
    page.tab.set_viewport_size({"width": 400, "height": 800})
    page.at("")
    assert page.ask("document.documentElement.scrollWidth") <= 400
