"""Pages in a real browser, from a file: nothing is loaded, nothing foreign is executed, everybody can use them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sample_pages as pages
import sample_results as sample
from shown_pages import Shown, started_browser

from mbench.report.pages.session_page import session_page
from mbench.report.results.delimited import as_json
from mbench.report.results.rows.job_rows import rows_of

pytestmark = pytest.mark.slow

HOSTILE = '</script><script>window.executed = 1</script><img src=x onerror="window.executed = 2">\u202e=1+1'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "session.html"
    path.write_bytes(session_page(pages.session(), title="A session", command="mbench report --format html"))
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
    page.at("sel=0,1,2,3,4,5")
    page.tab.wait_for_selector("#d5")
    for details in page.tab.query_selector_all("details:not([open]) > summary"):
        details.click()


def test_nothing_is_asked_for_and_nobody_complains(page):
    open_everything(page)
    page.tab.locator(".panel svg").first.hover()
    page.tab.emulate_media(media="print")
    assert page.foreign() == []
    assert page.complaints == []
    assert page.ask("window.violations") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_out(page, scheme):
    page.tab.emulate_media(color_scheme=scheme)
    open_everything(page)
    assert page.serious() == []


def test_each_number_read_back_from_the_document_is_that_of_the_json(page):
    machine = json.loads(as_json(rows_of(pages.session())))
    read = page.ask(
        """[...document.querySelectorAll('tr[id^=r]')].map((row) => Object.fromEntries(
             [...row.cells].map((cell, place) => [document.querySelectorAll('th[data-name]')[place].dataset.name,
               ['v', 'l', 'h'].map((name) => name in cell.dataset ? Number(cell.dataset[name]) : null)])))"""
    )
    assert len(read) == len(machine)
    names = (
        "latency_median_us",
        "latency_p95_us",
        "init_us",
        "peak_memory_kib",
        "size_bytes",
        "mult_adds",
        "runs",
        "top1",
    )
    for found, row in zip(read, machine, strict=True):
        assert {name: found[name][0] for name in names} == {name: row[name] for name in names}
        assert found["latency_median_us"][1:] == (row["latency_ci_us"] or [None, None])
        assert found["top1"][1:] == (row["top1_ci"] or [None, None])


def test_an_open_row_shows_all_its_runs_with_their_numbers(page):
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#d0")
    shown = page.ask("[...document.querySelectorAll('#d0 .runs tbody tr')].map((row) => row.cells[4].textContent)")
    results = pages.session()
    assert shown == [str(run.measured.median_us) for run in results[0].runs if run.measured]
    assert results[0].workload.artifact.sha256 in page.tab.inner_text("#d0")
    page.tab.click("#r0 a")
    assert page.tab.query_selector("#d0") is None


def test_sorting_knows_units_and_puts_the_unknown_last_in_both_directions(page):
    medians = {place: row.latency_median_us for place, row in enumerate(rows_of(pages.session()))}
    known = sorted((place for place in medians if medians[place]), key=lambda place: (medians[place], place))
    button = page.tab.locator("th[data-name=latency_median_us] button")
    button.click()
    assert page.shown() == [*known, 4]
    assert page.tab.get_attribute("th[data-name=latency_median_us]", "aria-sort") == "ascending"
    button.click()
    assert page.shown() == [*sorted(known, key=lambda place: (-medians[place], place)), 4]
    button.click()
    assert page.shown() == [0, 1, 2, 3, 4, 5]


def test_filters_choose_rows_and_points_and_say_how_many(page):
    page.tab.select_option("select[name=delegate]", "gpu")
    assert page.shown() == [1, 3]
    assert page.tab.inner_text(".count") == "2 of 6 rows"
    page.tab.wait_for_timeout(100)  # pictures follow the table
    points = page.ask("document.querySelector('.panel .dots').getAttribute('d').split('M').length - 1")
    assert points == 0  # the first series is that of the cpu
    page.tab.fill("input[name=q]", "1.00")
    assert page.shown() == [1]
    page.tab.click("button[name=clear]")
    assert page.shown() == [0, 1, 2, 3, 4, 5]


def test_what_was_chosen_is_in_the_address_and_comes_back_with_it(page):
    page.tab.select_option("select[name=status]", "ok")
    page.tab.locator("th[data-name=size_bytes] button").click()
    page.tab.click("[data-theme-name=dark]")
    page.tab.click("#r2 a")
    page.tab.wait_for_selector("#d2")
    state, rows = page.ask("location.hash"), page.shown()
    page.at(state.removeprefix("#"))
    page.tab.wait_for_selector("#d2")
    assert page.shown() == rows
    assert page.ask("document.documentElement.dataset.theme") == "dark"
    assert page.tab.input_value("select[name=status]") == "ok"


@pytest.mark.parametrize(
    "state", ["sel=99,x&sort=nothing&device=nobody&cols=&theme=odd", "%", "r5", "r99", "q=%3Cb%3E"]
)
def test_an_address_that_somebody_made_up_breaks_nothing(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    assert page.complaints == []


def test_columns_are_chosen(page):
    page.tab.click(".columns summary")
    page.tab.click(".columns input[data-name=init_us]")
    assert (
        page.ask(
            "document.querySelector('#r0').cells[[...document.querySelectorAll('th[data-name]')]"
            ".findIndex((head) => head.dataset.name === 'init_us')].hidden"
        )
        is False
    )
    page.tab.click(".columns input[data-name=status]")
    assert page.tab.is_hidden("th[data-name=status]")


def test_what_is_copied_is_what_is_shown(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.select_option("select[name=delegate]", "gpu")
    page.tab.click("button[name=csv]")
    page.tab.locator("button[name=csv]", has_text="Copied").wait_for()
    head, *lines = page.ask("navigator.clipboard.readText()").splitlines()
    assert len(lines) == 2
    fields = dict(zip(head.split(","), lines[0].split(","), strict=False))
    row = rows_of(pages.session())[1]
    assert float(fields["latency_median_us"]) == row.latency_median_us
    assert row.latency_ci_us == (float(fields["latency_median_us_low"]), float(fields["latency_median_us_high"]))
    page.tab.click("button[name=md]")
    page.tab.locator("button[name=md]", has_text="Copied").wait_for()
    assert (
        page.ask("navigator.clipboard.readText()").splitlines()[0].startswith("| Variant | Delegate | Latency (ms) |")
    )


def test_the_keyboard_alone_goes_through_points_and_opens_a_row(page):
    page.tab.focus(".panel svg")
    page.tab.keyboard.press("ArrowRight")
    page.tab.wait_for_selector(".tip:not([hidden])")
    assert "mobilenet_v1" in page.tab.inner_text(".tip")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_selector("tr.detail")
    assert page.tab.locator(".panel .mark").count() >= 2
    assert page.ask("document.activeElement.closest('tr').id").startswith("r")


def test_two_operator_profiles_stand_side_by_side_with_their_difference(page):
    page.tab.wait_for_selector(".pair-table tbody tr")
    lines = page.ask("[...document.querySelectorAll('.pair-table tbody tr')].map((row) => row.innerText.split('\\t'))")
    found = {line[0].strip(): line[-1].strip() for line in lines}
    assert [found["CONV_2D"], found["Delegate/GPU"]] == ["−18000", "+3000"]


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_not_wider_than_the_screen(page, width):
    page.tab.set_viewport_size({"width": width, "height": 800})
    open_everything(page)
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_without_a_script_tables_and_pictures_are_there(browser, file):
    page = Shown(browser, file, java_script_enabled=False)
    assert page.tab.locator("tr[id^=r]:visible").count() == 6
    assert page.tab.locator(".panel svg:visible").count() >= 3
    assert page.tab.locator("table.profile:visible").count() == 2
    assert page.tab.locator(".filters").is_hidden()
    page.context.close()


def test_names_of_others_are_shown_and_not_executed(browser, tmp_path):
    device = sample.DEVICE.model_copy(update={"serial": HOSTILE, "model": HOSTILE})
    long = sample.result("x" * 300, [1000, 1010, 1020], device=device, job="long")
    result = sample.result(HOSTILE, [1000, 1010, 1020], device=device, message=HOSTILE)
    path = tmp_path / "hostile.html"
    other = sample.DEVICE.model_copy(update={"serial": "y" * 300, "model": "z" * 300})
    third = sample.result("w " * 150, [1000, 1010, 1020], device=other, job="third")
    path.write_bytes(session_page([result, long, third], title=HOSTILE, command=HOSTILE))
    page = Shown(browser, path, viewport={"width": 400, "height": 800})
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#d0")
    page.tab.locator(".panel svg").first.focus()
    page.tab.keyboard.press("ArrowRight")
    page.tab.wait_for_selector(".tip:not([hidden])")
    assert page.ask("window.executed") is None
    assert page.complaints == []
    assert page.ask("window.violations") == []
    assert "<img src=x" in page.tab.inner_text("#r0")
    assert "\u202e" not in page.tab.content()
    assert page.ask("document.documentElement.scrollWidth") <= 400
    page.context.close()


def test_thousands_of_rows_are_shown_part_by_part(browser, tmp_path):
    results = [sample.result(f"file:m{place}@0123456789ab", [1000 + place], job=f"j{place}") for place in range(450)]
    path = tmp_path / "many.html"
    path.write_bytes(session_page(results, title="Many", command="mbench report"))
    page = Shown(browser, path)
    assert len(page.shown()) == 200
    page.tab.click("button[name=more]")
    assert len(page.shown()) == 400
    page.tab.click("button[name=all]")
    assert len(page.shown()) == 450
    page.at("sel=449")
    page.tab.wait_for_selector("#d449")
    page.context.close()


def test_what_is_printed_has_all_rows_and_the_whole_foot_and_no_buttons(browser, tmp_path):
    results = [sample.result(f"file:m{place}@0123456789ab", [1000 + place], job=f"j{place}") for place in range(250)]
    path = tmp_path / "printed.html"
    path.write_bytes(session_page(results, title="Many", command="mbench report"))
    page = Shown(browser, path)
    page.tab.emulate_media(media="print")
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert len(page.shown()) == 250
    assert page.tab.locator("details.foot li:visible").count() > 5
    assert page.tab.locator("button:visible:not(th button)").count() == 0
    page.ask("dispatchEvent(new Event('afterprint'))")
    assert len(page.shown()) == 200
    page.context.close()


def test_each_sheet_of_paper_has_the_heads_of_its_table(browser, tmp_path):
    results = [sample.result(f"file:m{place}@0123456789ab", [1000 + place], job=f"j{place}") for place in range(150)]
    path = tmp_path / "printed.html"
    path.write_bytes(session_page(results, title="Many", command="mbench report"))
    page = Shown(browser, path)
    sheets = [text for text in page.printed() if len(re.findall(r"file:m\d+@.* ok ", text)) > 1]
    assert len(sheets) > 2
    assert [text for text in sheets if "Latency (ms)" not in text or "File (MB)" not in text] == []
    page.context.close()


@pytest.mark.parametrize("state", ["theme=odd", "theme=%3Cb%3E", "theme="])
def test_colours_that_do_not_exist_are_those_of_the_system(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    assert page.ask("document.documentElement.dataset.theme") is None
    assert page.tab.get_attribute("[data-theme-name=auto]", "aria-pressed") == "true"
