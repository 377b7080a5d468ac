"""Names and messages of others in verdicts: nothing that a terminal, a page or a runner obeys comes through."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_verdicts import certain, finding, verdict

from mbench.core.nights.verdicts import Agreement, FindingClass, Standing
from mbench.report.verdicts.annotations import annotations
from mbench.report.verdicts.markdown import comment_body, job_summary, verdict_markdown
from mbench.report.verdicts.pieces import UNNAMED, Command, Name, Prose, as_markdown, as_text, code_span
from mbench.report.verdicts.text import verdict_text

EVIL = (
    "::error::pwned",
    "\n::error::pwned",
    "\r\n::add-mask::x",
    "##[error]pwned",
    "##vso[task.complete]",
    "@octocat",
    "fixes #12",
    "</details>",
    "</code></details><script>",
    "<!-- -->",
    "--> <img src=x>",
    "a|b",
    "|---|---|",
    "`",
    "``` `` `",
    "**x**",
    "[x](https://evil.test)",
    "![x](https://evil.test)",
    "https://evil.test",
    "www.evil.test",
    "GH-12",
    "\u202egnp.exe",
    "\u2066x",
    "\x1b[2J",
    "\x00\x0b\x85\u2028",
    "\ud800",
    "\ufffe",
    "x" * 300,
    "# head",
    "- item",
    "1. item",
    "> quote",
    "&lt;b&gt;",
    "'; rm -rf / #",
    "",
    "   ",
)

hostile = st.one_of(
    st.sampled_from(EVIL),
    st.text(max_size=40),
    st.lists(st.sampled_from(EVIL), min_size=2, max_size=3).map("".join),
    st.text(alphabet="@#:[]()<>`|*_~!&;/-\\%\n\r w1a", max_size=30),
)


def hostile_verdict(name, model, said):
    cells = {"workload": name, "serial": model, "delegate": said}
    rest = {
        "model": model,
        "because": said,
        "changed": (said, name),
        "agreement": Agreement(model=model, shifted=1, devices=2),
    }
    return verdict(
        finding(**cells, **rest),
        finding(**cells, **rest, nights=3, common_cause=said, since=name, since_date=None),
        finding(**cells, **(rest | {"agreement": None}), kind=FindingClass.SIZE, standing=Standing.CERTAIN, rerun=None),
        certain(FindingClass.LAB, **cells, model=model, because=said),
        certain(FindingClass.FAILED, **cells, model=model, because=said, error_class=name),
        certain(FindingClass.IMPROVED, **cells, model=model, because=said),
        near=(finding(**cells, **rest, standing=Standing.WITHDRAWN),),
        notes=(said,),
        project=name,
        branch=model,
    )


def verdicts(test):
    return settings(max_examples=20, deadline=None)(given(hostile, hostile, hostile)(test))


def is_obeyed(text):
    """Whether text holds what a terminal obeys, line feeds aside."""
    bad = {"Cc", "Zl", "Zp", "Cs"}
    return any(
        (unicodedata.category(each) in bad and each != "\n")
        or each in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for each in text
    )


@verdicts
def test_no_line_of_a_text_is_a_command_of_a_runner_or_a_terminal(name, model, said):
    text = verdict_text(hostile_verdict(name, model, said))
    assert not is_obeyed(text)
    assert not re.search(r"##[\w.-]*\[", text)
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert len(text.splitlines()) <= 40


@verdicts
def test_each_annotation_is_one_command_of_three_kinds(name, model, said):
    text = annotations(hostile_verdict(name, model, said))
    assert not is_obeyed(text)
    for line in text.splitlines():
        assert re.fullmatch(r"::(error|warning|notice) title=mbench(%3A [a-z ]+)?::[^:\s].*", line), line
        assert not re.search(r"##[\w.-]*\[", line)
        assert not re.search(r"%(?!25|0D|0A|3A|2C)", line)


@verdicts
def test_no_line_of_markdown_that_a_log_shows_is_a_command_of_a_runner(name, model, said):
    for shown in (verdict_markdown, job_summary, comment_body):
        text = shown(hostile_verdict(name, model, said))
        assert not re.search(r"##[\w.-]*\[", text)
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("said", ["##[error]pwned", "a ##vso[task.complete]"])
def test_what_a_runner_obeys_anywhere_in_a_line_is_parted_in_code_and_prose(said):
    for piece in (Name(said), Prose(said), Command(said)):
        assert not re.search(r"##[\w.-]*\[", as_markdown((piece,)))


OURS = re.compile(r"<!-- mbench verdict [A-Za-z0-9._/+ -]* -->|<details><summary>[^<]*</summary>|</details>")


PARSER = MarkdownIt("gfm-like", {"linkify": False})


def tokens_of(markdown):
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("render", [verdict_markdown, job_summary, comment_body])
@verdicts
def test_a_page_has_our_tags_alone_no_links_and_calls_nobody(render, name, model, said):
    markdown = render(hostile_verdict(name, model, said))
    assert not is_obeyed(markdown)
    found = list(tokens_of(markdown))
    kinds = {token.type for token in found}
    assert kinds.isdisjoint(
        {
            "link_open",
            "image",
            "html_inline",
            "table_open",
            "fence",
            "code_block",
            "heading_open",
            "hr",
            "blockquote_open",
            "ordered_list_open",
        }
    )
    for token in found:
        if token.type == "html_block":
            assert OURS.sub("", token.content).strip() == "", token.content
        if token.type == "text":
            assert not re.search(r"@[A-Za-z0-9]|#\d|://|\bwww\.|\bgh-\d", token.content, re.IGNORECASE), token.content
    assert sum(token.content.count("<details>") for token in found if token.type == "html_block") == 1
    assert sum(token.content.count("</details>") for token in found if token.type == "html_block") == 1


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\n" not in text and text.strip()))
@example("`")
@example("``a`")
def test_code_shows_the_very_name(text):
    shown = " ".join(text.split())
    (inline,) = [token for token in MarkdownIt("commonmark").parse(f"x {code_span(shown)}") if token.type == "inline"]
    codes = [child.content for child in inline.children if child.type == "code_inline"]
    if shown and "\x00" not in shown and all(unicodedata.category(each)[0] != "C" for each in shown):
        assert codes == [shown]


@pytest.mark.parametrize("text", ["", "  ", "\n", "\x1b"])
def test_what_has_no_name_is_said_to_have_none(text):
    assert as_text(("a ", Name(text))) == f"a {UNNAMED}"


def test_long_names_and_sentences_lose_their_middle():
    assert len(as_text((Name("n" * 300),))) == 120
    assert len(as_text((Prose("n" * 900),))) == 300


def test_mbench_s_own_words_stay_as_they_are():
    assert as_text(("+10.2 % [+8.9, +11.5]",)) == "+10.2 % [+8.9, +11.5]"
    assert as_markdown(("+10.2 % [+8.9, +11.5] ",)) == "+10.2 % [+8.9, +11.5] "
