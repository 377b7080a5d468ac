"""Predictions read back: what the writer wrote, whatever names there are, and nothing else."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_predictions import read, written

from mbench.core.errors import UsageError
from mbench.core.scores import NO_ANSWER
from mbench.report.predictions.predicted import COLUMNS, parse_predictions
from mbench.report.results.delimited import csv_field, unguarded
from mbench.workflows.score.predictions import predictions_csv

LINE = {
    "file": "f",
    "sha256": "a" * 64,
    "example": "1.png",
    "truth": "0",
    "truth_name": "cat",
    "right": "0",
    "class_1": "1",
    "name_1": "dog",
    "score_1": "0.5",
}


def text(*lines: dict[str, str], columns=COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def refusal(content: str) -> str:
    with pytest.raises(UsageError) as refused:
        parse_predictions({"a.csv": content})
    return str(refused.value)


def test_what_was_written_is_read_back():
    (file,) = read(written("file:x@1", [("1.png", 0, 0, 0.75), ("2.png", 0, 2, 0.5), ("3.png", 1, None, 0.0)]))
    assert (file.name, file.label, file.place, file.delegate, file.device) == (
        "file:x@1",
        "file:x@1",
        "host",
        "cpu",
        "",
    )
    seen = [(each.name, each.truth_name, each.right, each.answer, each.answer_name) for each in file.answers]
    assert seen == [
        ("1.png", "cat", True, 0, "cat"),
        ("2.png", "cat", False, 2, "emu"),
        ("3.png", "dog", False, NO_ANSWER, ""),
    ]
    scores = [(each.score, each.truth_score) for each in file.answers]
    assert scores == [(0.75, 0.75), (0.5, 0.125), (None, None)]


@pytest.mark.parametrize("name", ["=cmd.png", "+1", "-a", "@x", "a,b", 'say "x"', "line\nfeed", "'=x", "  =x", "ü 犬"])
def test_names_that_a_spreadsheet_or_csv_would_take_for_more_come_back(name):
    (file,) = read(written("f", [(name, 0, 1, 0.5)], names=(name, "dog")))
    (answer,) = file.answers
    assert (answer.name, answer.truth_name) == (name, name)


def test_a_name_that_is_not_utf_8_is_shown_by_its_bytes():
    content = predictions_csv([written("f", [("caf\udce9.png", 0, 1, 0.5)])])
    content.encode()
    assert parse_predictions({"a.csv": content})[0].answers[0].name == "caf\\xe9.png"


@given(st.text(alphabet="=+-@'\" ax,\n", max_size=8))
def test_the_guard_against_formulas_is_taken_off_and_nothing_else(name):
    assert unguarded(csv_field(name)) == name


def test_answers_without_place_are_the_hosts():
    old = [name for name in COLUMNS if name not in ("place", "delegate", "device")]
    (file,) = parse_predictions({"a.csv": text(LINE, columns=old)})
    assert (file.place, file.delegate, file.device) == ("host", "", "")


def test_files_of_one_name_are_told_apart_by_hash_and_places_by_who_answered():
    host = [("1.png", 0, 0, 0.5)]
    files = read(
        written("x", host, sha256="a" * 64),
        written("x", host, sha256="b" * 64),
        written("x", host, sha256="b" * 64, place="device", delegate="gpu", device="R5CT"),
    )
    assert [file.label for file in files] == [
        f"x {'a' * 12} host cpu",
        f"x {'b' * 12} host cpu",
        f"x {'b' * 12} R5CT gpu",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"truth": ""}, "a.csv, line 2: truth: no class stands there."),
        ({"truth": "-1"}, "a.csv, line 2: '-1' is not the number of a class."),
        ({"truth": "²"}, "is not the number of a class"),
        ({"class_1": "99999999999"}, "is not the number of a class"),
        ({"class_1": "16777216"}, "is not the number of a class"),
        ({"right": "yes"}, "right: 'yes' is neither 0 nor 1."),
        ({"score_1": "high"}, "'high' is not a score."),
    ],
)
def test_a_damaged_line_is_named(changes, words):
    assert words in refusal(text(LINE | changes))


def test_the_largest_number_of_a_class_is_read():
    assert parse_predictions({"a": text(LINE | {"class_1": "16777215"})})[0].answers[0].answer == 16777215


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "a.csv has no column file; it is no CSV file of --predictions."),
        ("variant,status\n", "has no column file"),
        (text(LINE) + "a,b\n", "a.csv, line 3: 2 fields, not 29."),
        (text(LINE | {"example": "x" * 200_000}), "field larger than field limit"),
    ],
)
def test_what_is_no_such_file_is_refused(content, words):
    assert words in refusal(content)
