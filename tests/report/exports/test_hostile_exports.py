"""Names and messages of others in exports: every reader reads back what was meant, and nothing else."""

import csv
import io
import json
import re
import unicodedata
from pathlib import PurePosixPath
from xml.etree import ElementTree

import junitparser
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_verdicts import certain, failed, finding, row, verdict

from mbench.core.nights.verdicts import FindingClass
from mbench.report.exports.foreign_text import plain_name, unique_names
from mbench.report.exports.junit import junit_xml
from mbench.report.exports.otava import NightRows, otava_files
from mbench.report.exports.trackers import bencher_files, github_benchmark_json

EVIL = (
    "]]>",
    "<failure/>",
    "</testsuite>",
    "&amp;&#0;",
    "\x00\x0b\x1b\x7f\x85",
    "\ufffe\uffff",
    "\ud800",
    "\udce9",
    "\u202ex",
    "x" * 300,
    '",":\\',
    "=cmd()",
    "a: {b}\n- c",
    "../../etc/passwd",
    "/",
    "",
    "'",
    "name\n  type: graphite",
)
hostile = st.one_of(st.sampled_from(EVIL), st.text(max_size=30), st.text(st.characters(codec=None), max_size=20))


def is_plain(text):
    return not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in text)


@settings(max_examples=100, deadline=None)
@given(hostile, hostile, hostile)
def test_junit_is_xml_with_one_case_for_each_cell(name, model, said):
    night = verdict(
        finding(workload=name, serial=model, model=said, because=said),
        certain(FindingClass.MISSING, workload=f"{name}2", serial=model, model=said, because=said),
        project=name,
        branch=said,
    )
    rows = [
        row(workload=name, serial=model, model=said),
        failed(workload=f"{name}3", serial=model, model=said, message=said),
    ]
    data = junit_xml(night, rows)
    root = ElementTree.fromstring(data)
    assert [len(list(root.iter(tag))) for tag in ("testsuite", "testcase", "failure", "error", "skipped")] == [
        1,
        3,
        2,
        1,
        0,
    ]
    assert sum(1 for suite in junitparser.JUnitXml.fromstring(data) for _ in suite) == 3
    assert all(len(value) <= 2_000 for element in root.iter() for value in element.attrib.values())


@settings(max_examples=100, deadline=None)
@given(hostile, hostile, hostile)
def test_trackers_files_are_json_with_plain_file_names(name, model, serial):
    files = bencher_files([row(workload=name, model=model, serial=serial)])
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+\.json", file) for file in files)
    (benchmarks,) = map(json.loads, files.values())
    (one,) = json.loads(github_benchmark_json([row(workload=name, model=model, serial=serial)]))
    for each in (*benchmarks, one["name"], one["extra"].partition("\n")[0]):
        assert is_plain(each)
        assert len(each) <= 310


@settings(max_examples=100, deadline=None)
@given(hostile, hostile, hostile)
def test_otava_s_files_name_one_test_and_lie_in_its_folder(name, serial, night):
    files = otava_files([NightRows(night=night, rows=(row(workload=name, serial=serial),))])
    assert all(PurePosixPath(file).name == file and file not in {".", ".."} for file in files)
    ((_, test),) = yaml.safe_load(files.pop("otava.yaml"))["tests"].items()
    assert test["type"] == "csv"
    ((file, data),) = files.items()
    assert test["file"] == file
    lines = list(csv.reader(io.StringIO(data.decode())))
    assert [len(line) for line in lines] == [6, 6]
    assert float(lines[1][lines[0].index("latency_us")]) == 14_310.0
    assert not lines[1][1].startswith(("=", "+", "-", "@"))


@given(st.lists(hostile, max_size=6))
def test_names_are_made_unique_and_fit_every_format(names):
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    assert all(each and is_plain(each) and len(each) <= 310 for each in unique)


def test_a_plain_name_stays_itself():
    assert plain_name("detector gpu ×4 on Pixel 4") == "detector gpu ×4 on Pixel 4"
    assert len(plain_name("x" * 301)) == 300
