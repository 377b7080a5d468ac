"""Annotations of a GitHub job: of each kind ten at most, the worst first."""

from sample_verdicts import accepted, certain, finding, verdict

from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.report.verdicts.annotations import annotations


def of_kind(text, kind):
    return [line for line in text.splitlines() if line.startswith(f"::{kind} ")]


def test_a_regression_is_an_error_and_its_message_is_percent_encoded():
    (line,) = annotations(verdict(finding())).splitlines()
    assert line.startswith("::error title=mbench%3A latency confirmed::latency detector gpu ×4 on Pixel 4: +10.2 %25 [")
    assert "(4 of 5 Pixel 4), new; measured again in turn: old 13.0" in line


def test_failures_are_errors_what_is_not_sure_warns_and_improvements_are_notices():
    text = annotations(
        verdict(
            certain(FindingClass.FAILED),
            certain(FindingClass.LAB),
            certain(FindingClass.MISSING),
            finding(standing=Standing.SUSPECT),
            finding(workload="p", standing=Standing.PHONE_CHANGED),
            finding(standing=Standing.WITHDRAWN, workload="w"),
            certain(FindingClass.IMPROVED),
            accepted(finding(workload="a")),
        )
    )
    assert [len(of_kind(text, kind)) for kind in ("error", "warning", "notice")] == [1, 4, 1]


def test_ten_of_a_kind_are_shown_and_eleven_are_nine_and_a_word_about_the_others():
    def errors(count):
        return of_kind(
            annotations(verdict(*(finding(workload=f"w{n:02}", now=14_000.0 + n) for n in range(count)))), "error"
        )

    assert len(errors(10)) == 10
    assert "more" not in "".join(errors(10))
    assert len(errors(11)) == 10
    assert errors(11)[-1] == "::error title=mbench::and 2 more"
    assert "w10 gpu" in errors(11)[0]


def test_a_good_night_says_nothing():
    assert annotations(verdict()) == ""
