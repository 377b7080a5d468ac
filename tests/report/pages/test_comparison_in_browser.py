"""A comparison's page in a real browser: filters, another baseline, runs old beside new, for everybody."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_comparisons as comparisons
import sample_results as sample
from sample_metrics import both_metrics
from shown_pages import Shown, started_browser

from mbench.report.compare.inverted import inverted
from mbench.report.pages.comparison.change_text import change_text

pytestmark = pytest.mark.slow

HOSTILE = '</script><script>window.executed = 1</script><img src=x onerror="window.executed = 2">\u202e=1+1'
EVERYTHING = "sel=0,1,2,3,4,5,6,7,8"
READ = """[...document.querySelectorAll('tr[id^=r]')].map((row) => Object.fromEntries(
  [...row.cells].map((cell, place) => [document.querySelectorAll('th[data-name]')[place].dataset.name,
    [cell.textContent, ...['v', 'l', 'h'].map((name) => (name in cell.dataset ? +cell.dataset[name] : null))]])))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "comparison.html"
    path.write_text(comparisons.page(comparisons.comparison()))
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


def opened(page: Shown, state: str = EVERYTHING) -> None:
    page.at(state)
    page.tab.wait_for_selector("#d8")
    for details in page.tab.query_selector_all("details:not([open]) > summary"):
        details.click()


def test_nothing_is_asked_for_and_nobody_complains(page):
    opened(page)
    page.tab.click("[data-baseline=new]")
    page.tab.emulate_media(media="print")
    assert page.foreign() == []
    assert page.complaints == []
    assert page.ask("window.violations") == []


@pytest.mark.parametrize(("scheme", "base"), [("light", ""), ("dark", "new")])
def test_nothing_serious_keeps_people_out(page, scheme, base):
    page.tab.emulate_media(color_scheme=scheme)
    opened(page, f"{EVERYTHING}&base={base}")
    assert page.serious() == []


def test_each_number_read_back_from_the_document_is_that_of_the_json(page):
    machine = json.loads(comparisons.comparison().model_dump_json())["cells"]
    for read, cell in zip(page.ask(READ), machine, strict=True):
        assert read["ratio"][1:] == [cell["ratio"], *(cell["ratio_ci"] or [None, None])]
        assert (read["old_median_us"][1], read["new_median_us"][1]) == (
            cell["old"]["median_us"],
            cell["new"]["median_us"],
        )
        assert (read["p_value"][1], read["blocks"][1]) == (cell["p_value"], cell["blocks"])
        accuracy = cell["accuracy"]
        assert read["top1_change"][1:] == ([accuracy["change"], *accuracy["change_ci"]] if accuracy else [None] * 3)


def test_another_baseline_inverts_ratios_verdicts_accuracy_and_the_mean(page):
    page.tab.click("[data-baseline=new]")
    turned = inverted(comparisons.comparison())
    for read, cell in zip(page.ask(READ), turned.cells, strict=True):
        ends = [None, None] if cell.ratio_ci is None else [pytest.approx(end) for end in cell.ratio_ci]
        assert read["ratio"][1:] == [cell.ratio and pytest.approx(cell.ratio), *ends]
        assert read["ratio"][0] == ("–" if cell.ratio is None else change_text(cell.ratio, cell.ratio_ci))
        assert cell.verdict in read["verdict"][0]
        if cell.accuracy:
            assert read["top1_change"][0].endswith(cell.accuracy.verdict)
            assert read["top1_change"][0].startswith("8.3 [5.5, 11.5]")
            assert read["top1_change"][1] == pytest.approx(cell.accuracy.change)
    said = page.tab.inner_text(".verdict:not([hidden])")
    mean = turned.geometric_mean
    assert mean is not None
    assert change_text(mean.ratio, mean.ratio_ci) in said
    assert "BETTER ACCURACY" in said
    assert "of old against new" in page.tab.inner_text(".base")
    assert page.ask("document.querySelector('#r0').className") == "faster"


def test_twice_turned_everything_is_as_it_was(page):
    before = page.ask(READ)
    page.tab.click("[data-baseline=new]")
    page.tab.click("[data-baseline='']")
    assert page.ask(READ) == before
    assert page.ask("document.querySelector('#r0').className") == "slower"


def test_filters_and_sorting_follow_the_baseline(page):
    page.tab.select_option("select[name=verdict]", "faster")
    assert page.shown() == [1]
    page.tab.click("[data-baseline=new]")
    assert page.shown() == [0, 2]
    page.tab.locator("th[data-name=ratio] button").click()
    assert page.shown() == [0, 2]
    page.tab.click("button[name=clear]")
    page.tab.locator("th[data-name=ratio] button").click()
    shown = page.shown()
    assert (shown[0], shown[-2:]) == (0, [7, 8])  # what became slowest was fastest; what has no ratio is last
    assert shown.index(2) < shown.index(1)


def test_what_was_chosen_is_in_the_address_and_comes_back_with_it(page):
    page.tab.click("[data-baseline=new]")
    page.tab.select_option("select[name=verdict]", "slower")
    state = page.ask("location.hash")
    page.at(state.removeprefix("#"))
    assert page.shown() == [1]
    assert page.ask("document.querySelector('#r1').className") == "slower"
    assert page.tab.get_attribute("[data-baseline=new]", "aria-pressed") == "true"


def test_the_picture_has_no_button_and_is_not_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert page.tab.locator("th[data-name=forest] button").count() == 0
    page.tab.click("button[name=csv]")
    page.tab.locator("button[name=csv]", has_text="Copied").wait_for()
    head, first, *_ = page.ask("navigator.clipboard.readText()").splitlines()
    fields = dict(zip(head.split(","), first.split(","), strict=True))
    assert "forest" not in fields
    (much, *_) = comparisons.comparison().cells
    assert [float(fields[name]) for name in ("ratio", "ratio_low", "ratio_high")] == [much.ratio, *much.ratio_ci]


def test_inverted_ratios_are_copied_under_another_name(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.click("[data-baseline=new]")
    page.tab.click("button[name=csv]")
    page.tab.locator("button[name=csv]", has_text="Copied").wait_for()
    head = page.ask("navigator.clipboard.readText()").splitlines()[0].split(",")
    assert {"inverse_ratio", "inverse_ratio_low", "inverse_top1_change"} <= set(head)
    assert "ratio" not in head


def test_behind_a_cell_stand_its_runs_old_beside_new(page):
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#d0")
    cell = comparisons.comparison().cells[0]
    rows = page.ask(
        "[...document.querySelectorAll('#d0 .runs tbody tr')].map((row) => [...row.cells].map((td) => +td.innerText))"
    )
    assert rows == [
        [place, *pair] for place, pair in enumerate(zip(cell.old.samples_us, cell.new.samples_us, strict=True), 1)
    ]
    assert page.tab.locator("#d0 .strip circle").count() == 10
    assert cell.old.artifact_sha256 in page.tab.inner_text("#d0")


def test_an_incomparable_cell_says_why_and_shows_the_runs_that_are_there(page):
    page.tab.click("#r7 a")
    page.tab.wait_for_selector("#d7")
    said = page.tab.inner_text("#d7")
    assert "the new one has no number (failed: timeout)" in said
    assert page.tab.locator("#d7 .strip circle").count() == 5


def test_accuracy_and_doubts_stand_behind_their_cells(page):
    opened(page)
    assert "worse: new minus old -8.33 points" in page.tab.inner_text("#d4")
    assert "NEW: FEW RUNS" in page.tab.inner_text("#d6")


def test_a_metric_of_values_is_turned_in_its_own_unit(browser, tmp_path):
    path = tmp_path / "metrics.html"
    path.write_text(comparisons.page(both_metrics()))
    page = Shown(browser, path)
    page.at("sel=0,1")
    page.tab.wait_for_selector("#d1")
    details = page.tab.inner_text("#d0") + page.tab.inner_text("#d1")
    page.tab.click("[data-baseline=new]")
    read = {row["variant"][0]: row for row in page.ask(READ)}
    turned = {cell.variant: cell.accuracy for cell in inverted(both_metrics()).cells}["net"]
    page.context.close()

    assert read["net"]["psnr_change"][0] == "+0.8 [+0.0, +1.5] better"
    assert read["net"]["psnr_change"][1:] == [pytest.approx(each) for each in (turned.change, *turned.change_ci)]
    assert read["other"]["right_change"][0].startswith("8.3 [")
    assert (read["other"]["psnr_change"][0], read["net"]["right_change"][0]) == ("–", "–")
    assert "worse: psnr, new minus old -0.76 dB" in details
    assert "worse: right, new minus old -8.33 points" in details
    assert page.complaints == []


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_not_wider_than_the_screen(page, width):
    page.tab.set_viewport_size({"width": width, "height": 800})
    opened(page)
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_without_a_script_table_and_pictures_are_there(browser, file):
    page = Shown(browser, file, java_script_enabled=False)
    assert page.tab.locator("tr[id^=r]:visible").count() == 9
    assert page.tab.locator("td.f svg:visible").count() == 7
    assert page.tab.locator(".filters, .base").locator("visible=true").count() == 0
    assert page.tab.locator(".verdict:visible").count() == 1
    page.context.close()


@pytest.mark.parametrize("state", ["base=odd&sel=99&sort=-nothing&verdict=nobody", "%", "r7", "base=new&base=old"])
def test_an_address_that_somebody_made_up_breaks_nothing(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    assert page.complaints == []


def test_nothing_on_both_sides_and_one_pair_are_pages_too(browser, tmp_path):
    for name, found in (("empty", comparisons.empty()), ("one", comparisons.one_pair())):
        path = tmp_path / f"{name}.html"
        path.write_text(comparisons.page(found))
        page = Shown(browser, path)
        page.tab.locator(".theme").wait_for()
        assert page.complaints == []
        assert len(page.shown()) == len(found.cells)
        page.context.close()


def test_names_of_others_are_shown_and_not_executed(browser, tmp_path):
    device = sample.DEVICE.model_copy(update={"serial": HOSTILE, "model": HOSTILE})
    old = [comparisons.net(HOSTILE, device=device), comparisons.net("x" * 300, device=device)]
    new = [comparisons.net(HOSTILE, 2, device=device), comparisons.net("x" * 300, device=device)]
    path = tmp_path / "hostile.html"
    path.write_text(comparisons.page(comparisons.compared(old, new), command=HOSTILE))
    page = Shown(browser, path, viewport={"width": 400, "height": 800})
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#d0")
    page.tab.click("[data-baseline=new]")
    assert page.ask("window.executed") is None
    assert page.complaints == []
    assert "<img src=x" in page.tab.inner_text("#r0")
    assert "\u202e" not in page.tab.content()
    assert page.ask("document.documentElement.scrollWidth") <= 400
    page.context.close()


def test_a_thousand_pairs_are_shown_part_by_part(browser, tmp_path):
    (cell, *_) = comparisons.comparison().cells
    cells = tuple(cell.model_copy(update={"variant": f"n{place}", "ratio": 1 + place / 1e4}) for place in range(1000))
    found = comparisons.comparison().model_copy(update={"cells": cells})
    path = tmp_path / "many.html"
    path.write_text(comparisons.page(found))
    page = Shown(browser, path)
    assert len(page.shown()) == 200
    page.tab.click("[data-baseline=new]")
    page.tab.locator("th[data-name=ratio] button").click()
    assert page.shown()[0] == 999
    page.at("sel=999")
    page.tab.wait_for_selector("#d999")
    assert page.complaints == []
    page.context.close()


def test_heads_are_printed_as_text_and_not_as_buttons(page):
    page.tab.emulate_media(media="print")
    shown = "[...document.querySelectorAll('thead th button')].map((button) => getComputedStyle(button).display)"
    assert set(page.ask(shown)) == {"contents"}
