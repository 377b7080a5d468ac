"""A history's page in a real browser: pictures come as they are seen, numbers are those of the JSON, words are kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sample_histories as histories
from shown_pages import Shown, started_browser

from mbench.report.history.history_table import history_json
from mbench.report.pages.nights.history_page import history_page
from mbench.report.pages.nights.history_table import worst_first

pytestmark = pytest.mark.slow

HOSTILE = '</script><script>window.executed = 1</script><img src=x onerror="window.executed = 2">\u202e=1+1'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "history.html"
    path.write_bytes(history_page(histories.asked(histories.series())))
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


def machine() -> list[dict]:
    return json.loads(history_json(worst_first(histories.series())))


def opened(page: Shown, number: int) -> None:
    page.at(f"sel={number}")
    page.tab.wait_for_selector("#cell .nights tbody tr")
    if page.tab.is_visible("[name=nights]"):
        page.tab.click("[name=nights]")


def cards(page: Shown) -> list[str]:
    page.tab.wait_for_timeout(50)  # pictures follow the table
    return page.ask("[...document.querySelectorAll('.card button span:first-child')].map((each) => each.textContent)")


def test_nothing_is_asked_for_and_nobody_complains(page):
    opened(page, 0)
    page.tab.locator("#cell figure svg").first.hover()
    page.tab.wait_for_selector(".card path.course", state="attached")
    page.tab.emulate_media(media="print")
    assert page.foreign() == []
    assert page.complaints == []
    assert page.ask("window.violations") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_out(page, scheme):
    page.tab.emulate_media(color_scheme=scheme)
    opened(page, 0)
    page.tab.wait_for_selector(".card path.course", state="attached")
    assert page.serious() == []


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_each_night_read_back_from_the_document_is_that_of_the_json(page, number):
    opened(page, number)
    heads = page.ask("[...document.querySelectorAll('#cell .nights th')].map((head) => head.textContent)")
    read = page.ask(
        """[...document.querySelectorAll('#cell .nights tbody tr')].map((row) => [...row.cells].map((cell) =>
             [cell.textContent, 'v' in cell.dataset ? Number(cell.dataset.v) : null]))"""
    )
    one = machine()[number]
    labels = {point["night"]: point["label"] for each in machine() for point in each["points"] if point["label"]}
    starts = {stretch["night"]: stretch for stretch in one["measured"]}
    measured, known = {}, []
    for point in one["points"]:
        measured = starts.get(point["night"], measured)
        known.append(measured)
    points = [*zip(one["points"], known, strict=True)][::-1]
    assert len(read) == len(points)
    for cells, (point, stretch) in zip(read, points, strict=True):
        found = dict(zip(heads, cells, strict=True))
        assert found["Date"][0] == point["date"]
        assert found["Night"][0] == point["night"]
        assert found["State"][0] == (f"{point['state']}: {point['why']}" if point["why"] else point["state"])
        assert found["Latency (ms)"][1] == point["latency_us"]
        assert found.get("± ms", ["", None])[1] == point["half_width_us"]
        assert found.get("Runs", ["", None])[1] == point["runs"]
        assert found["Label"][0] == labels[point["night"]]
        if point["latency_us"] is not None and stretch:
            assert found["Artifact"][0] == stretch["artifact_sha256"][:12]
            assert found["Build"][0] == stretch["build"]


def test_the_large_picture_marks_changes_epochs_accepted_levels_and_nights_without_a_number(page):
    opened(page, 0)
    words = page.ask(
        "[...document.querySelectorAll('#cell figure text.word, .meant-word')].map((each) => each.textContent)"
    )
    assert words == ["accepted", "new epoch", "▲ +18.9 %"]
    for name in ("level", "moved", "began", "meant", "none.failed", "none.lab", "none.missing", "other"):
        assert page.tab.locator(f"#cell figure path.{name}").count() >= 1, name
    points = page.ask("document.querySelector('#cell figure .points').getAttribute('d').split('M').length - 1")
    assert points == 67
    said = page.tab.inner_text("#cell .said")
    assert "2026-09-29 +18.9 %: 1.01 to 1.201 ms. artifact aaaa → cccc, label commit-39 → commit-40." in said
    assert "2026-09-30 up to 1.23 ms by Ada: worth it" in said


def test_small_pictures_mark_the_same_and_say_their_words(page):
    page.tab.wait_for_selector(".card path.course", state="attached")
    first = page.tab.locator(".card").first
    for name in ("level", "moved", "began", "meant", "none.failed", "none.lab", "none.missing"):
        assert first.locator(f"path.{name}").count() >= 1, name
    assert "1.20 ms ±0.1 %" in first.inner_text()
    assert "2026-09-29 +18.9 %" in first.inner_text()


def test_pictures_are_drawn_as_they_come_into_view(browser, tmp_path):
    one = histories.steady()
    many = [replace(one, cell=histories.cell(serial=f"P{number}")) for number in range(300)]
    path = tmp_path / "many.html"
    path.write_bytes(history_page(histories.asked(many)))
    page = Shown(browser, path)
    page.tab.wait_for_selector(".card:nth-child(300)", state="attached")
    page.tab.wait_for_selector(".card path.course", state="attached")
    count = "document.querySelectorAll('.card path.course').length"
    before = page.ask(count)
    assert 0 < before < 200
    page.ask("document.querySelector('.card:last-child').scrollIntoView()")
    page.tab.wait_for_selector(".card:nth-child(300) path.course", state="attached")
    assert page.ask(count) > before
    page.context.close()


def test_order_and_filters_move_rows_and_pictures_alike(page):
    assert page.shown() == [0, 1, 2, 3]
    page.tab.select_option("select[name=order]", "workload")
    names = [machine()[number]["workload"] for number in page.shown()]
    assert names == sorted(names)
    assert [text.split()[0] for text in cards(page)] == names
    page.tab.select_option("select[name=status]", "slower")
    assert page.shown() == [0]
    assert cards(page) == ["net gpu ×4"]
    page.tab.fill("input[name=q]", "nothing fits")
    assert page.shown() == []
    assert cards(page) == []


def test_what_was_chosen_is_in_the_address_and_comes_back_with_it(page):
    page.tab.select_option("select[name=order]", "-level_us")
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#cell:not([hidden])")
    page.tab.select_option("[name=unit]", "percent")
    state, rows, title = page.ask("location.hash"), page.shown(), page.tab.inner_text("#cell h2")
    page.at(state.removeprefix("#"))
    page.tab.wait_for_selector("#cell:not([hidden]) figure svg")
    assert page.shown() == rows
    assert page.tab.inner_text("#cell h2") == title
    assert page.tab.input_value("[name=unit]") == "percent"
    assert page.tab.text_content("#cell svg text.title") == "% of its median"


@pytest.mark.parametrize("state", ["sel=99&unit=odd&sort=nothing&status=nobody", "%", "r2", "r99", "sel=0,1"])
def test_an_address_that_somebody_made_up_breaks_nothing(page, state):
    page.at(state)
    page.tab.locator(".count", has_text="rows").wait_for()
    page.tab.wait_for_timeout(50)
    assert page.complaints == []


def test_one_phone_leads_to_the_others_and_closing_leads_back(page):
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#cell:not([hidden])")
    assert page.tab.locator("[name=phone] option").count() == 2
    page.tab.select_option("[name=phone]", "3")
    page.tab.locator("#cell h2", has_text="on P2").wait_for()
    page.tab.click("[name=close]")
    assert page.tab.is_hidden("#cell")
    assert page.ask("document.activeElement.closest('tr').id") == "r3"


def test_the_keyboard_alone_goes_from_night_to_night(page):
    opened(page, 0)
    page.tab.focus("#cell figure svg")
    page.tab.keyboard.press("ArrowLeft")
    page.tab.wait_for_selector(".tip:not([hidden])")
    assert page.tab.inner_text(".tip").startswith("Date: 2026-10-28")
    page.tab.keyboard.press("ArrowLeft")
    assert page.tab.inner_text(".tip").startswith("Date: 2026-10-27")
    assert page.ask("document.querySelector('#cell tr.at').dataset.point") == "68"
    page.tab.keyboard.press("Escape")
    assert page.tab.is_hidden(".tip")


def test_nights_are_copied_with_exact_values(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened(page, 0)
    page.tab.click("[name=points]")
    page.tab.locator("[name=points]", has_text="Copied").wait_for()
    head, *lines = page.ask("navigator.clipboard.readText()").splitlines()
    points = machine()[0]["points"]
    assert len(lines) == len(points)
    fields = dict(zip(head.split(","), lines[-1].split(","), strict=True))
    assert float(fields["latency_us"]) == points[-1]["latency_us"]
    assert float(fields["half_width_us"]) == points[-1]["half_width_us"]
    assert fields["artifact_sha256"] == "c" * 64


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_not_wider_than_the_screen(page, width):
    page.tab.set_viewport_size({"width": width, "height": 800})
    opened(page, 0)
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_without_a_script_the_table_is_whole_and_says_what_is_not_there(browser, file):
    page = Shown(browser, file, java_script_enabled=False)
    assert page.tab.locator("tr[id^=r]:visible").count() == 4
    assert page.tab.locator(".filters").is_hidden()
    assert page.tab.locator("#cell").is_hidden()
    assert "pictures, sorting, filters and the nights of single cells need it" in page.tab.inner_text("main")
    page.context.close()


def test_names_of_others_are_shown_and_not_executed(browser, tmp_path):
    path = tmp_path / "hostile.html"
    one = histories.named(histories.slower(), HOSTILE)
    path.write_bytes(history_page(histories.asked([one], project=HOSTILE, notes=(HOSTILE,), command=HOSTILE)))
    page = Shown(browser, path, viewport={"width": 400, "height": 800})
    page.tab.click("#r0 a")
    page.tab.wait_for_selector("#cell:not([hidden])")
    page.tab.focus("#cell figure svg")
    page.tab.keyboard.press("ArrowLeft")
    page.tab.wait_for_selector(".tip:not([hidden])")
    assert page.ask("window.executed") is None
    assert page.complaints == []
    assert page.ask("window.violations") == []
    assert "<img src=x" in page.tab.inner_text("#cell h2")
    assert "\u202e" not in page.tab.content()
    assert page.ask("document.documentElement.scrollWidth") <= 400
    page.context.close()


def test_what_is_printed_has_all_pictures_that_are_laid_out(browser, tmp_path):
    one = histories.steady()
    many = [replace(one, cell=histories.cell(serial=f"P{number}")) for number in range(250)]
    path = tmp_path / "printed.html"
    path.write_bytes(history_page(histories.asked(many)))
    page = Shown(browser, path)
    page.tab.wait_for_selector(".card path.course", state="attached")
    page.tab.emulate_media(media="print")
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert page.ask("document.querySelectorAll('.card path.course').length") == 250
    assert len(page.shown()) == 250
    assert page.tab.locator(".filters").is_hidden()
    page.context.close()
