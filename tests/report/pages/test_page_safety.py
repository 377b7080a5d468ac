import base64
import hashlib
import re

import pytest
import sample_pages as pages
import sample_results as sample

from mbench.core.plain_text import LONGEST_CELL, cut
from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.report.pages.packed import pack, unpack
from mbench.report.pages.templates import BEGINS, content_policy, own_file

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def text() -> str:
    return pages.page(pages.session())


def policy_of(text: str) -> dict[str, list[str]]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    parts = [part.split() for part in found[1].replace("&#39;", "'").split(";")]
    return {name: values for name, *values in parts}


def sha256_of(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def test_the_policy_lets_in_the_pages_own_script_and_style_alone(text):
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = policy_of(text)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == [sha256_of(each) for each in scripts]
    assert policy["style-src"] == [sha256_of(each) for each in styles]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["img-src"] == ["data:"]
    assert policy["require-trusted-types-for"] == ["'script'"]


def test_the_policy_stands_before_everything_that_it_governs(text):
    assert text.index("Content-Security-Policy") < min(
        text.index("<style>"), text.index("<link"), text.index("<script>")
    )


def test_another_script_has_another_hash():
    assert content_policy("a", "b") != content_policy("A", "b")
    assert content_policy("a", "b") != content_policy("a", "B")


def test_nothing_in_a_page_names_a_place_to_load_from(text):
    tags = pages.cells_of(text).tags
    sources = [value for _, found in tags for name, value in found.items() if name in {"src", "href", "action"}]
    assert sources
    assert all(value.startswith(("#", "data:,")) for value in sources if value)
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org)", own_file("page.css") + own_file("page.js"))


def test_no_element_has_a_style_or_a_handler_of_its_own(text):
    names = {name for _, found in pages.cells_of(text).tags for name in found}
    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_the_script_makes_no_markup_of_text():
    script = own_file("page.js")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(", script)


def test_equal_results_give_equal_bytes():
    assert pages.page(pages.session()) == pages.page(pages.session())


def test_a_page_is_known_by_its_first_bytes(text):
    assert text.encode().startswith(BEGINS)


def hostile_result(name: str):
    device = sample.DEVICE.model_copy(update={"serial": name, "model": name, "soc": name, "os": name})
    failed = sample.result(name, device=device, job="bad").model_copy(
        update={"status": Status.FAILED, "error_class": "timeout", "message": f"it said {name}"}
    )
    doubt = MeasurementWarning(code=WarningCode.BUSY, message=f"by {name}", advice=name)
    return [failed, sample.result(name, [1000, 1010, 1020], device=device, job="good", warnings=(doubt,))]


@pytest.mark.parametrize(
    "name",
    [HOSTILE, "=HYPERLINK(1)", "{{ 7 * 7 }}{% for %}", "a" * 300, "&lt;b&gt;", "'\"`--><!--", "]]>", "../../etc/x"],
)
def test_names_of_others_are_text_and_no_markup(name):
    text = pages.page(hostile_result(name), title=name, command=name)
    found = pages.cells_of(text)
    plain = pages.cells_of(pages.page(hostile_result("plain")))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in plain.tags]
    assert {cells[0][1] for cells in found.rows.values()} == {cut(name, LONGEST_CELL)}
    assert name in found.text


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200b", "\x1b[31m", "\u2028", "\x00", "\r"])
def test_what_would_turn_or_hide_text_is_shown_as_a_blank(mark):
    text = pages.page(hostile_result(f"good{mark}evil"), title=f"a{mark}b")
    assert mark not in text
    assert mark not in str(pages.data_of(text))
    assert "good evil" in text or "good [31mevil" in text


def test_a_name_that_is_not_utf_8_is_shown_by_its_bytes():
    assert "caf\\xe9" in pages.page(hostile_result("caf\udce9"))


def test_what_is_packed_comes_back_and_holds_no_character_of_markup():
    value = {"a": [1, 2.5, None, HOSTILE, "\u202e"], "b": {}}
    packed = pack(value)
    assert unpack(packed) == value
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", packed)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_not_packed(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack([number])
