"""Phones whose properties hold what a terminal obeys, and markup: shown by `devices` and `run`, and no more."""

import json

from phone_lab import ONE_RUN, together

from mbench.core.plain_text import plain_lines
from mbench.emulator.phone.facts import SyntheticLaw, pixel4

MODEL = "Pixel\x1b]0;taken\x07\x1b[31m\x9b2J\r\u202e[red][/][link=x]|`<script>` :heart:"
SHOWN = "[red][/][link=x]|`<script>` :heart:"
SOC = "SM\x1b[2K\u2066[/bold]=1+1"


def hostile(lab, serial):
    facts = pixel4(serial, model=MODEL, soc_model=SOC, synthetic=SyntheticLaw(base_us=800))
    return lab.phone(facts)


def clean(text):
    return plain_lines(text) == text


@together
def test_a_phone_that_calls_itself_by_escape_sequences_changes_no_terminal(lab):
    phone = hostile(lab, "HOSTILE1")
    shown = lab.mbench("devices", COLUMNS="300")
    assert clean(shown.out)
    assert clean(shown.err)
    assert SHOWN in shown.out
    assert phone.serial in shown.out
    listed = lab.mbench("devices", "--json")
    assert clean(listed.out)
    assert json.loads(listed.out)[0]["model"].startswith("Pixel\x1b]0;taken\x07\x1b[31m")


@together
def test_a_run_on_it_is_reported_cleanly(lab):
    hostile(lab, "HOSTILE2")
    done = lab.run(*ONE_RUN)
    assert clean(done.out)
    assert clean(done.err)
    assert done.returncode == 0, done.err
    for form in ("md", "table", "csv"):
        table = lab.mbench("report", "--format", form)
        assert table.returncode == 0, table.err
        assert clean(table.out)
    (kept,) = lab.folder.glob("results/*/report.md")
    text = kept.read_text(encoding="utf-8")
    assert clean(text)
    assert r"\|\`\<script>\`" in text


@together
def test_a_phone_without_end_fills_no_screen(lab):
    words, number = "a b " * 1500, "9" * 6000
    phone = lab.phone(pixel4("S" * 200, model=words, soc_model=number, synthetic=SyntheticLaw(base_us=800)))
    shown = lab.mbench("devices", COLUMNS="300")
    assert (shown.returncode, len(shown.out) < 2000) == (0, True), shown.out[:3000]
    listed = json.loads(lab.mbench("devices", "--json").out)[0]
    assert (listed["serial"], listed["model"], listed["soc"]) == (phone.serial, words.strip(), number)
    refused = lab.mbench("devices", "clean", "x" * 20_000)
    assert (refused.returncode, len(refused.err) < 4100) == (2, True), refused.err[:5000]
