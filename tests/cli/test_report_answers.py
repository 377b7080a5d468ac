"""`mbench report` on a CSV file of `--predictions`: flips, worst examples, classes and their picture."""

import json

import pytest
from sample_predictions import written

from mbench.workflows.answers import refuse_picture
from mbench.workflows.score.predictions import predictions_csv

FLIPPED = (("warm/1.png", 0, 0, 0.9), ("=cmd|'/C calc'!A0.png", 0, 1, 0.8), ("cold/3.png", 1, 1, 0.7))


@pytest.fixture
def answers(bare) -> str:
    files = [
        written("file:one@0123456789ab", FLIPPED),
        written("file:two@ba9876543210", [(name, truth, 0, score) for name, truth, _, score in FLIPPED]),
    ]
    (bare.folder / "answers.csv").write_text(predictions_csv(files))
    return "answers.csv"


def test_flips_are_printed_with_their_examples(bare, answers):
    done = bare("report", "--flips", "--predictions", answers)
    assert done.returncode == 0, done.stderr
    assert "### First answers of two files to the same examples" in done.stdout
    assert "| cold/3.png" in done.stdout
    assert "right to wrong |" in done.stdout
    (pair,) = json.loads(bare("report", "--flips", "--predictions", answers, "--json").stdout)["pairs"]
    assert [each["example"] for each in pair["flips"]] == ["cold/3.png", FLIPPED[1][0]]


def test_the_worst_are_printed_and_no_more_than_asked_for(bare, answers):
    done = bare("report", "--worst", "1", "--predictions", answers)
    assert done.returncode == 0, done.stderr
    assert "file:one@0123456789ab: wrong with the highest score" in done.stdout
    files = json.loads(bare("report", "--worst", "1", "--predictions", answers, "--format", "json").stdout)["files"]
    assert [[each["example"] for each in file["worst"]] for file in files] == [[FLIPPED[1][0]], ["cold/3.png"]]


@pytest.mark.parametrize(("name", "begin"), [("m.svg", b"<svg"), ("new/m.PNG", b"\x89PNG")])
def test_classes_are_printed_and_drawn(bare, answers, name, begin):
    if name == "m.svg":
        (bare.folder / name).write_text("<svg></svg>")  # is written over
    done = bare("report", "--per-class", "--predictions", answers, "--output", name)
    assert done.returncode == 0, done.stderr
    assert "file:two@ba9876543210, by class" in done.stdout
    assert (bare.folder / name).read_bytes().startswith(begin)
    assert (bare.folder / name).stat().st_size > 1000


@pytest.mark.parametrize("begin", [b"<svg", b"\x89PNG", b""])
@pytest.mark.parametrize("name", ["m.svg", "m.png"])
def test_a_picture_and_an_empty_file_may_be_written_over(tmp_path, name, begin):
    (tmp_path / name).write_bytes(begin)
    refuse_picture(tmp_path / name)


def test_a_file_that_is_no_picture_is_not_written_over(bare, answers):
    (bare.folder / "letter.svg").write_text("dear Ada")
    done = bare("report", "--per-class", "--predictions", answers, "--output", "letter.svg")
    assert (done.returncode, "letter.svg is there and is no picture" in done.stderr) == (2, True)
    assert (bare.folder / "letter.svg").read_text() == "dear Ada"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--flips", "--worst", "3"), "by itself"),
        (("--flips", "--per-class"), "by itself"),
        (("--worst", "3", "--format", "csv"), "--worst prints markdown or JSON"),
        (("--predictions", "answers.csv"), "say which"),
        (("--flips", "--predictions", "answers.csv", "--all"), "in the place of sessions"),
        (("--flips", "--output", "m.svg"), "--output is for --format html or the picture of --per-class"),
        (("--per-class", "--predictions", "answers.csv", "--output", "m.pdf"), "neither a .svg nor a .png"),
        (("--flips", "--predictions", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--flips", "--predictions", "."), "is a folder"),
        (("--flips", "--predictions", "latin.csv"), "is no CSV file of --predictions"),
    ],
)
def test_what_cannot_be_printed_is_refused_in_one_line(bare, answers, options, words):
    (bare.folder / "latin.csv").write_bytes(b"caf\xe9")
    done = bare("report", *options)
    assert (done.returncode, words in done.stderr, done.stdout) == (2, True, ""), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_session_without_answers_says_where_they_come_from(bare):
    done = bare("report", "--flips")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
