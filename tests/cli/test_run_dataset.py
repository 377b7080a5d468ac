"""Runs that score what they time: networks trained on a small folder of pictures, once for all tests of this module."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from command_line import ONCE, Command, rows_of
from PIL import Image

pytestmark = pytest.mark.tensorflow

SIZE = ("--arch", "shallow_mobilenet", "--alpha", "0.25", "--resolution", "32")
LEARNED = (*SIZE, "--quantization", "fp32,int8")
NETWORK = "shallow_mobilenet_0.25_32_folder2"
LEARNT, SCORED, ASKED = 240, 40, 2
"""Pictures that are trained on, that the host scores, and that host and device are asked for."""


def speckled(path: Path, *, warm: bool, seed: int) -> None:
    """Write 24×24 noise that is reddish or bluish."""
    levels = np.random.default_rng(seed).uniform(0, 120, (24, 24, 3))
    levels[:, :, 0 if warm else 2] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels.astype(np.uint8)).save(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that many tests look at, in a home that holds the trained weights."""

    command: Command
    done: "subprocess.CompletedProcess[str]"
    session: str

    @property
    def rows(self) -> list[dict]:
        assert self.done.returncode == 0, self.done.stderr
        return rows_of(self.done)


def run(command: Command, pictures: Path, *options: str) -> Ran:
    before = sessions(command)
    done = command("run", *options, "--dataset", f"folder:{pictures}", *ONCE, "--json")
    (session,) = sessions(command) - before
    return Ran(command=command, done=done, session=session)


def sessions(command: Command) -> set[str]:
    return {path.parent.name for path in command.folder.glob("results/*/plan.json")}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(LEARNT + SCORED):
        split, name = "train" if index < LEARNT else "test", "warm" if index % 2 else "cold"
        speckled(folder / split / name / f"{index}.png", warm=bool(index % 2), seed=index)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, pictures) -> Ran:
    """The run that trained the weights."""
    return run(Command(tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("home")), pictures, *LEARNED)


@pytest.fixture(scope="module")
def answered(trained, pictures) -> Ran:
    """A run that asks host and device for the first examples, and keeps what they answer."""
    asked = ("--accuracy", "both", "--examples", f"{ASKED}", "--predictions", "answers.csv")
    return run(trained.command, pictures, *LEARNED, *asked)


def test_a_run_trains_what_is_missing_and_says_how_long_that_takes_before(trained):
    said = trained.done.stderr
    assert "training 1 network on folder" in said
    assert said.index("; about ") < said.index("building")


def test_accuracy_stands_beside_latency_for_the_same_file(trained):
    assert [row["variant"] for row in trained.rows] == [f"{NETWORK}_fp32", f"{NETWORK}_int8"]
    for row in trained.rows:
        assert row["status"] == "ok"
        assert row["latency_median_us"] > 0
        assert (row["dataset"], row["examples"], row["top1_place"]) == ("folder test", SCORED, "host")
        low, high = row["top1_ci"]
        assert 0.5 < low <= row["top1"] <= high <= 1
        assert "latency_only" not in {warning["code"] for warning in row["warnings"]}


def test_a_session_holds_the_lists_of_its_examples_and_where_they_come_from(trained, pictures):
    listed = trained.command.folder / "results" / trained.session / "examples" / "test.txt"
    assert sorted(listed.read_text().splitlines()) == sorted(
        str(path.relative_to(pictures)) for path in pictures.glob("test/*/*.png")
    )
    foot = trained.command("report", trained.session).stdout.replace("\\", "")  # markdown's
    assert f"folder test is {pictures}/train, {pictures}/test; licence not known" in foot


def test_a_session_shows_what_was_answered_to_each_class(trained):
    done = trained.command("report", trained.session, "--per-class")
    assert done.returncode == 0, done.stderr
    assert "fp32, by class" in done.stdout
    assert "int8, right class by row and answer by column" in done.stdout
    assert sum(line.startswith(("| cold ", "| warm ")) for line in done.stdout.splitlines()) == 8


def test_the_second_time_nothing_is_trained_built_or_scored_again(trained, pictures):
    again = trained.command(
        "run", *LEARNED, "--dataset", f"folder:{pictures}", *ONCE, "--json",
        prefix=(sys.executable, "-X", "importtime"),
    )  # fmt: skip
    assert again.returncode == 0, again.stderr[-500:]
    said = "".join(line for line in again.stderr.splitlines() if line.startswith("mbench:"))
    assert "training" not in said
    assert "building" not in said
    assert "scoring" not in said
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in again.stderr.splitlines() if "|" in line}
    assert imported.isdisjoint({"tensorflow", "keras", "pandas", "adbutils"})
    kept = ("artifact_sha256", "top1", "top1_ci")
    assert [[row[name] for name in kept] for row in rows_of(again)] == [
        [row[name] for name in kept] for row in trained.rows
    ]


def test_the_device_is_asked_and_agrees_with_the_host(answered):
    for row in answered.rows:
        assert row["examples"] == ASKED
        assert row["top1_device"] == row["top1"]
    report = answered.command("report", answered.session)
    assert f"same first answer on {ASKED} of {ASKED} examples" in report.stdout
    assert "Top-1 on device (%)" in report.stdout


def test_what_host_and_device_answered_is_written_for_each_variant(answered):
    assert len(answered.rows) == 2
    for row in answered.rows:
        with (answered.command.folder / "answers.csv").open(newline="") as file:
            lines = [line for line in csv.DictReader(file) if line["sha256"] == row["artifact_sha256"]]
        assert [(line["file"], line["place"], line["delegate"]) for line in lines] == [
            (row["variant"], place, "cpu") for place in ("host", "device") for _ in range(ASKED)
        ]
        assert [line["device"] for line in lines] == [""] * ASKED + [row["device"]] * ASKED
        for some, top1 in ((lines[:ASKED], row["top1"]), (lines[ASKED:], row["top1_device"])):
            assert sum(int(line["right"]) for line in some) / ASKED == top1
            assert all(line["truth_name"] == Path(line["example"]).parent.name for line in some)
        answers = [[line[name] for name in ("example", "output_1", "score_1")] for line in lines]
        assert answers[:ASKED] == answers[ASKED:]


def test_a_session_that_keeps_answers_writes_them_again_when_it_is_gone_on_with(answered):
    command = answered.command
    again = command("run", "--resume", answered.session, "--predictions", "folder/again.csv")
    assert again.returncode == 0, again.stderr
    assert (command.folder / "folder" / "again.csv").read_bytes() == (command.folder / "answers.csv").read_bytes()
    flips = command("report", answered.session, "--flips", "--json")
    assert flips.returncode == 0, flips.stderr
    pairs = json.loads(flips.stdout)["pairs"]
    answers = [[(pair[each]["name"], pair[each]["place"]) for each in ("first", "second")] for pair in pairs]
    fp32, int8 = (f"{NETWORK}_fp32", f"{NETWORK}_int8")
    assert all([(fp32, place), (int8, place)] in answers for place in ("host", "device"))
    assert all([(file, "host"), (file, "device")] in answers for file in (fp32, int8))
    assert len(answers) == 4
    for pair in pairs:
        assert (pair["examples"], len(pair["flips"])) == (ASKED, ASKED - round(ASKED * pair["same_answer"]))


def test_a_session_without_answers_has_no_flips_and_gets_none_when_it_is_gone_on_with(trained):
    assert "no answers are kept" in trained.command("report", trained.session, "--flips").stderr
    refused = trained.command("run", "--resume", trained.session, "--predictions", "none.csv")
    assert (refused.returncode, "was begun without --predictions" in refused.stderr) == (2, True), refused.stderr


def test_the_device_alone_can_be_asked(trained, pictures):
    asked = (*SIZE, "--quantization", "int8", "--accuracy", "device", "--examples", "1")
    (row,) = run(trained.command, pictures, *asked).rows
    assert (row["top1_place"], row["examples"]) == ("device", 1)


def test_evaluate_scores_the_same_network_alike(trained, pictures):
    done = trained.command("evaluate", f"{NETWORK}_int8", "--dataset", f"folder:{pictures}", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert f"{trained.rows[1]['top1']}" in done.stdout


def test_build_gives_the_file_that_was_timed(trained, pictures):
    done = trained.command("build", f"{NETWORK}_int8", "--dataset", f"folder:{pictures}", "--json")
    assert done.returncode == 0, done.stderr
    assert rows_of(done)[0]["sha256"] == trained.rows[1]["artifact_sha256"]


@pytest.mark.slow
def test_untrained_weights_have_no_accuracy_and_say_so(bare, pictures):
    asked = (*SIZE, "--quantization", "fp32", "--weights", "none")
    (row,) = run(bare, pictures, *asked).rows
    assert row["top1"] is None
    assert "latency_only" in {warning["code"] for warning in row["warnings"]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--dataset", "digits", "--classes", "7"), "digits has 10 classes, not 7"),
        (("--dataset", "digts"), "digits"),
        (("--accuracy", "host"), "--accuracy needs --dataset"),
        (("--examples", "5"), "--examples needs --dataset"),
        (("--predictions", "a.csv"), "--predictions needs --dataset"),
        (("mobilenet_v1_0.50_160_int8", "--dataset", "digits"), "name mobilenet_v1_0.50_160_digits10_int8"),
        (("--dataset", "folder:nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_anything_is_done(bare, options, words):
    done = bare("run", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_dry_run_says_what_would_be_trained_and_trains_nothing(bare):
    done = bare("run", "--dataset", "digits", "--alpha", "0.25", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "weights of mobilenet_v1_0.25_32_digits10_int8: to be trained" in done.stdout
    assert "job mobilenet_v1_0.25_32_digits10_int8-cpu-t1: to be built" in done.stdout
