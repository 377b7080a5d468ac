"""A verdict as markdown: what a comment and a job's summary may hold, and how large they are."""

import json

import pytest
from markdown_it import MarkdownIt
from sample_verdicts import NIGHT, certain, finding, verdict

from mbench.core.nights.verdict_document import VerdictDocument
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.report.verdicts.markdown import (
    COMMENT_CHARACTERS,
    SUMMARY_BYTES,
    comment_body,
    comment_mark,
    job_summary,
    verdict_markdown,
)

MANY = verdict(
    *(finding(workload=f"w{number}", because="@" * 300) for number in range(3000)),
    near=tuple(finding(workload=f"n{number}", standing=Standing.WITHDRAWN) for number in range(3000)),
)


def test_the_first_line_is_the_verdict_and_the_rest_is_a_list():
    text = verdict_markdown(verdict(finding()))
    assert text.startswith(
        "**1 regression confirmed: `detector gpu ×4` on `Pixel 4` +10.2 % (4 of 5 `Pixel 4`), new**\n\n"
    )
    html = MarkdownIt("commonmark").render(text)
    assert "<strong>1 regression confirmed: <code>detector gpu ×4</code> on" in html
    assert html.count("<ul>") == 3


def test_near_misses_are_folded():
    text = verdict_markdown(verdict(near=(finding(standing=Standing.WITHDRAWN),)))
    head, _, folded = text.partition("<details><summary>Near misses and withdrawn suspects: 1</summary>\n\n")
    assert "detector" not in head
    assert folded.startswith("- withdrawn latency `detector gpu ×4` on `9A1`: +10.2 %: 6.1 times its own noise\n")
    assert folded.endswith("\n</details>\n")


def test_no_more_than_40_lines_stand_before_what_is_folded():
    text = verdict_markdown(MANY)
    assert len(text.partition("<details>")[0].splitlines()) <= 40
    assert "  - and 29" in text


def test_a_comment_begins_with_its_mark_and_the_mark_is_the_same_every_night():
    mark = comment_mark("vision/mobile", "main")
    assert mark == "<!-- mbench verdict vision/mobile-main -->"
    assert comment_body(verdict(project="vision/mobile")).startswith(f"{mark}\n**")
    assert comment_mark("a --> <b>", "@x") == "<!-- mbench verdict a-b-x -->"


def test_the_largest_comment_and_summary_are_below_github_s_bounds():
    assert (COMMENT_CHARACTERS, SUMMARY_BYTES) == (65_536, 1_048_576)
    assert 10_000 < len(comment_body(MANY)) < COMMENT_CHARACTERS
    assert SUMMARY_BYTES / 4 < len(job_summary(MANY).encode()) < SUMMARY_BYTES


def test_a_summary_shows_all_regressions_of_a_bad_night_with_their_details():
    text = job_summary(verdict(*(finding(workload=f"w{number}") for number in range(100))))
    assert text.count("  - latency `w") == 100
    assert text.count("meant? ") == 100


@pytest.mark.parametrize("render", [verdict_markdown, job_summary, comment_body])
def test_what_was_cut_is_said(render):
    text = render(MANY)
    listed = text.count("\n- withdrawn")
    if listed < 3000:
        assert f"- and {3000 - listed} more" in text


def test_a_verdict_comes_back_from_its_document():
    whole = verdict(finding(), certain(FindingClass.FALLBACK), near=(finding(workload="x"),), notes=("a",))
    document = VerdictDocument(session=NIGHT, verdict=whole, exit_codes=(1, 5))
    again = VerdictDocument.model_validate_json(document.model_dump_json())
    assert again == document
    assert again.verdict == whole


def test_a_field_that_a_verdict_does_not_have_is_refused():
    fields = json.loads(VerdictDocument(session=NIGHT, verdict=verdict(finding())).model_dump_json())
    fields["verdict"]["findings"][0]["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        VerdictDocument.model_validate(fields)
