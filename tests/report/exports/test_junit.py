"""JUnit XML, read back by two of its readers."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import junitparser
import pytest
from junitparser import xunit2
from sample_verdicts import accepted, certain, failed, finding, lost, row, verdict

from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.report.exports.junit import junit_xml

TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "properties": set(),
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"properties", "failure", "error", "skipped", "system-out"},
    "properties": {"property"},
}
"""What Jenkins' xUnit plugin lets in (junit-10.xsd), and the properties within a testcase that pytest writes."""


def checked(data: bytes) -> ElementTree.Element:
    """Return the tree of a text that keeps Jenkins' rules."""
    root = ElementTree.fromstring(data)
    for element in root.iter():
        assert set(element.keys()) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert TIME.fullmatch(element.get("time", "0"))
    for suite in root.iter("testsuite"):
        cases = list(suite.iter("testcase"))
        counts = {
            name: sum(case.find(tag) is not None for case in cases)
            for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
        }
        assert {name: int(suite.get(name)) for name in counts} == counts
        assert int(suite.get("tests")) == len(cases)
    return root


def cases_of(data: bytes) -> dict[str, ElementTree.Element]:
    return {case.get("name"): case for case in checked(data).iter("testcase")}


def end_of(case: ElementTree.Element) -> str | None:
    return next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), None)


def test_a_regression_is_a_failure_and_says_what_a_verdict_says():
    case = cases_of(junit_xml(verdict(finding()), [row()]))["detector gpu ×4"]
    failure = case.find("failure")
    assert failure.get("type") == "latency"
    assert failure.get("message").startswith("latency detector gpu ×4 on Pixel 4: +10.2 % [+8.9, +11.5], 13.0 to 14.3")
    assert "measured again in turn: old 13.0, new 14.3 ms" in failure.text
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties == {
        "serial": "9A1",
        "artifact_sha256": "a" * 64,
        "binary_sha256": "b" * 64,
        "latency_us": "14310",
        "latency_ci_us": "14200..14400",
        "runs": "8",
        "size_bytes": "4456789",
        "class": "latency",
        "standing": "confirmed",
        "ratio": "1.1020",
        "ratio_ci": "1.0890..1.1150",
    }
    assert case.get("time") == "6.250"


@pytest.mark.parametrize(
    ("one", "end"),
    [
        (row(), None),
        (failed(), "failure"),
        (lost(), "error"),
        (lost(ran=False, error_class="budget", message="the window ended"), "skipped"),
    ],
)
def test_a_cell_ends_as_its_row_says(one, end):
    (case,) = cases_of(junit_xml(verdict(), [one])).values()
    assert end_of(case) == end


@pytest.mark.parametrize(
    "found",
    [
        finding(standing=Standing.SUSPECT),
        finding(standing=Standing.PHONE_CHANGED),
        accepted(finding()),
        certain(FindingClass.IMPROVED),
    ],
)
def test_what_is_no_alarm_is_output_of_a_case_that_passed(found):
    (case,) = cases_of(junit_xml(verdict(found), [row()])).values()
    assert end_of(case) is None
    assert "detector gpu ×4" in case.find("system-out").text


def test_a_cell_that_the_night_left_nothing_of_is_an_error_of_its_own():
    cases = cases_of(junit_xml(verdict(certain(FindingClass.MISSING, workload="gone")), [row()]))
    assert [end_of(case) for case in cases.values()] == [None, "error"]
    assert cases["gone gpu ×4"].find("error").get("message").startswith("missing gone gpu")


def test_an_accepted_failure_is_skipped():
    found = replace(certain(FindingClass.FAILED), accepted=accepted(finding()).accepted)
    (case,) = cases_of(junit_xml(verdict(found), [failed()])).values()
    assert end_of(case) == "skipped"


def test_several_regressions_of_a_cell_are_one_failure_that_names_them_all():
    (case,) = cases_of(junit_xml(verdict(certain(FindingClass.SIZE), finding()), [row()])).values()
    assert len(case.findall("failure")) == 1
    assert len(case.find("failure").text.splitlines()) == 2


def test_each_device_is_a_suite_with_its_host_and_counts():
    root = checked(junit_xml(verdict(finding()), [row(), row(serial="9B2"), lost(serial="9B2", workload="s")]))
    suites = list(root.iter("testsuite"))
    assert [suite.get("hostname") for suite in suites] == ["9A1", "9B2"]
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites] == [
        ("1", "1", "0"),
        ("2", "0", "1"),
    ]
    assert suites[0].get("timestamp") == "2026-11-30T21:30:05"
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("time")) == ("3", "1", "1", "18.750")


def test_a_point_in_a_name_makes_no_package():
    (case,) = cases_of(junit_xml(verdict(), [row(serial="10.0.0.1:5555", model="Pixel 4.1")])).values()
    assert case.get("classname") == "Pixel 4_1 10_0_0_1:5555"


@pytest.mark.parametrize("flavour", [junitparser.JUnitXml, xunit2.JUnitXml])
def test_junitparser_reads_it_back(flavour):
    data = junit_xml(
        verdict(finding()), [row(), failed(workload="f"), lost(workload="l"), lost(workload="s", ran=False)]
    )
    (suite,) = flavour.fromstring(data)
    results = {case.name: [type(each).__name__ for each in case.result] for case in suite}
    assert results == {
        "detector gpu ×4": ["Failure"],
        "f gpu ×4": ["Failure"],
        "l gpu ×4": ["Error"],
        "s gpu ×4": ["Skipped"],
    }
    assert (suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) == (4, 2, 1, 1, 25.0)
    assert {each.name: each.value for each in suite.properties()}["serial"] == "9A1"


def test_an_empty_night_is_an_empty_report():
    root = checked(junit_xml(verdict(), []))
    assert (root.get("tests"), len(root)) == ("0", 0)
