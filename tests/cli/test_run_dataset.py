"""Runs that score what they time: networks trained on a small folder of pictures, once for all tests of this module."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import SHORT, Command
from PIL import Image

pytestmark = pytest.mark.tensorflow

LEARNED = ("--alpha", "0.25", "--quantization", "fp32,int8")
NETWORK = "mobilenet_v1_0.25_32_folder2"


def speckled(path: Path, *, warm: bool, seed: int) -> None:
    """Write 24×24 noise that is reddish or bluish."""
    levels = np.random.default_rng(seed).uniform(0, 120, (24, 24, 3))
    levels[:, :, 0 if warm else 2] += 100
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels.astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(280):
        split, name = "train" if index < 240 else "test", "warm" if index % 2 else "cold"
        speckled(folder / split / name / f"{index}.png", warm=bool(index % 2), seed=index)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, pictures):
    """A command whose home holds the trained weights, and what the run that trained them printed."""
    command = Command(tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("home"))
    done = command("run", "--resolution", "32", *LEARNED, "--dataset", f"folder:{pictures}", *SHORT, "--json")
    return command, done


@pytest.fixture(scope="module")
def rows(trained) -> list[dict]:
    assert trained[1].returncode == 0, trained[1].stderr
    return json.loads(trained[1].stdout)


def ask(trained, pictures, *options: str) -> "list[dict]":
    command, _ = trained
    network = ("--resolution", "32", "--alpha", "0.25", "--quantization")
    done = command("run", *network, *options, "--dataset", f"folder:{pictures}", *SHORT, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_trains_what_is_missing_and_says_how_long_that_takes_before(trained):
    said = trained[1].stderr
    assert "training 1 network on folder" in said
    assert said.index("; about ") < said.index("building")


def test_accuracy_stands_beside_latency_for_the_same_file(rows):
    assert [row["variant"] for row in rows] == [f"{NETWORK}_fp32", f"{NETWORK}_int8"]
    for row in rows:
        assert row["status"] == "ok"
        assert row["latency_median_us"] > 0
        assert (row["dataset"], row["examples"], row["top1_place"]) == ("folder test", 40, "host")
        low, high = row["top1_ci"]
        assert 0.5 < low <= row["top1"] <= high <= 1
        assert "latency_only" not in {warning["code"] for warning in row["warnings"]}


def test_a_session_holds_the_lists_of_its_examples_and_where_they_come_from(trained, rows, pictures):
    command, _ = trained
    listed = next((command.folder / "results").glob("*/examples/test.txt"))
    assert sorted(listed.read_text().splitlines()) == sorted(
        str(path.relative_to(pictures)) for path in pictures.glob("test/*/*.png")
    )
    foot = command("report").stdout.replace("\\", "")  # markdown's
    assert f"folder test is {pictures}/train, {pictures}/test; licence not known" in foot


def test_a_session_shows_what_was_answered_to_each_class(trained, rows):
    command, _ = trained
    done = command("report", "--per-class")
    assert done.returncode == 0, done.stderr
    assert "fp32, by class" in done.stdout
    assert "int8, right class by row and answer by column" in done.stdout
    assert sum(line.startswith(("| cold ", "| warm ")) for line in done.stdout.splitlines()) == 8


def test_the_second_time_nothing_is_trained_built_or_scored_again(trained, pictures):
    command, first = trained
    again = command(
        "run", "--resolution", "32", *LEARNED, "--dataset", f"folder:{pictures}", *SHORT, "--json",
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
    assert [[row[name] for name in kept] for row in json.loads(again.stdout)] == [
        [row[name] for name in kept] for row in json.loads(first.stdout)
    ]


def test_the_device_is_asked_and_agrees_with_the_host(trained, pictures):
    for row in ask(trained, pictures, "fp32,int8", "--accuracy", "both", "--examples", "4"):
        assert row["examples"] == 4
        assert row["top1_device"] == row["top1"]
    report = trained[0]("report")
    assert "same first answer on 4 of 4 examples" in report.stdout
    assert "Top-1 on device (%)" in report.stdout


def test_what_host_and_device_answered_is_written_for_each_variant(trained, pictures):
    command, _ = trained
    for row in ask(
        trained, pictures, "fp32,int8", "--accuracy", "both", "--examples", "4", "--predictions", "answers.csv"
    ):
        with (command.folder / "answers.csv").open(newline="") as file:
            lines = [line for line in csv.DictReader(file) if line["sha256"] == row["artifact_sha256"]]
        assert [(line["file"], line["place"], line["delegate"]) for line in lines] == [
            (row["variant"], place, "cpu") for place in ("host", "device") for _ in range(4)
        ]
        assert [line["device"] for line in lines] == [""] * 4 + [row["device"]] * 4
        for some, top1 in ((lines[:4], row["top1"]), (lines[4:], row["top1_device"])):
            assert sum(int(line["right"]) for line in some) / 4 == top1
            assert all(line["truth_name"] == Path(line["example"]).parent.name for line in some)
        answers = [[line[name] for name in ("example", "output_1", "score_1")] for line in lines]
        assert answers[:4] == answers[4:]


def test_a_session_that_keeps_answers_writes_them_again_when_it_is_gone_on_with(trained, pictures):
    command, _ = trained
    ask(trained, pictures, "fp32,int8", "--examples", "4", "--predictions", "answers.csv")
    again = command("run", "--resume", "last", "--predictions", "folder/again.csv")
    assert again.returncode == 0, again.stderr
    assert (command.folder / "folder" / "again.csv").read_bytes() == (command.folder / "answers.csv").read_bytes()
    flips = command("report", "--flips", "--json")
    assert flips.returncode == 0, flips.stderr
    (pair,) = json.loads(flips.stdout)["pairs"]
    assert [pair[each]["name"] for each in ("first", "second")] == [f"{NETWORK}_fp32", f"{NETWORK}_int8"]
    assert (pair["examples"], len(pair["flips"])) == (4, 4 - round(4 * pair["same_answer"]))
    ask(trained, pictures, "fp32", "--examples", "4")
    assert "no answers are kept" in command("report", "--flips").stderr
    refused = command("run", "--resume", "last", "--predictions", "none.csv")
    assert (refused.returncode, "was begun without --predictions" in refused.stderr) == (2, True), refused.stderr


def test_the_device_alone_can_be_asked(trained, pictures):
    (row,) = ask(trained, pictures, "int8", "--accuracy", "device", "--examples", "2")
    assert (row["top1_place"], row["examples"]) == ("device", 2)


def test_evaluate_scores_the_same_network_alike(trained, rows, pictures):
    command, _ = trained
    done = command("evaluate", f"{NETWORK}_int8", "--dataset", f"folder:{pictures}", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert f"{rows[1]['top1']}" in done.stdout


def test_build_gives_the_file_that_was_timed(trained, rows, pictures):
    command, _ = trained
    done = command("build", f"{NETWORK}_int8", "--dataset", f"folder:{pictures}", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["sha256"] == rows[1]["artifact_sha256"]


def test_untrained_weights_have_no_accuracy_and_say_so(trained, pictures):
    (row,) = ask(trained, pictures, "fp32", "--weights", "none")
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
