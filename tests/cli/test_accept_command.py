"""`mbench accept` as a stranger calls it."""

import pytest
from sample_nights import judged
from sample_verdicts import certain, finding

from mbench.core.nights.verdicts import FindingClass
from mbench.workflows.accepting.accept_file import read_accepted


@pytest.fixture
def results(bare):
    folder = bare.folder / "results"
    began = "20261130-000000-farm-main-0000"  # not after the night that is accepted
    judged(
        folder,
        finding(since=began),
        finding(serial="9B2", now=15_000.0, since=began),
        certain(FindingClass.SIZE, since=began),
    )
    return folder


def test_what_is_accepted_is_said_and_written_with_reason_and_name(bare, results):
    done = bare("accept", "detector gpu x4 on 9A1", "--because", "the new head", "--who", "Ada", "--class", "latency")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["latency of detector gpu on 9A1 up to 14310 µs", "1 added to accepted.toml"]
    (entry,) = read_accepted(bare.folder / "accepted.toml")
    assert (entry.because, entry.who, entry.device, entry.level) == ("the new head", "Ada", "9A1", 14_310.0)
    again = bare("accept", "detector gpu x4 on 9A1", "--because", "x", "--class", "latency")
    assert again.stdout.splitlines()[-1] == "accepted.toml has them already; nothing was added"


def test_a_whole_model_and_another_file(bare, results):
    done = bare(
        "accept", "detector*", "--because", "b", "--whole-model", "--class", "latency", "--file", "kept/ok.toml"
    )
    assert done.stdout.splitlines() == [
        "latency of detector gpu on all Pixel 4 up to 1.155 times the level before",
        "1 added to kept/ok.toml",
    ]
    (entry,) = read_accepted(bare.folder / "kept" / "ok.toml")
    assert entry.model == "Pixel 4"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("detctor gpu x4 on 9A1", "--because", "b"), "The nearest are 'detector gpu ×4 on 9A1'"),
        (("detector*", "--because", " "), "--because is empty"),
        (("detector*", "--because", "b", "--who", ""), "--who is empty"),
        (("detector*", "--because", "b", "--class", "speed"), "--class speed: no such class can be accepted"),
        (("detector*", "--because", "b", "--session", "none"), "no session 'none'"),
    ],
)
def test_what_cannot_be_accepted_is_one_line_with_code_2(bare, results, arguments, said):
    done = bare("accept", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert not (bare.folder / "accepted.toml").exists()


def test_without_a_judged_night_there_is_nothing_to_accept(bare):
    done = bare("accept", "x", "--because", "b")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "no judged night in results" in done.stderr
