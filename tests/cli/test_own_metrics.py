"""`--metric FILE.py:NAME` and `--dataset arrays:…`, from the command to the table."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import ONCE, Command, rows_of
from linear_digits import linear_digits, right_answers

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.host.sampling import drawn_pictures
from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.examples import Split
from mbench.core.scores import unpack_hits

METRICS = """
import numpy as np
print("at import")

def right(outputs, labels):
    print("called")
    return outputs.argmax(axis=1) == labels

def confidence(outputs, labels):
    return outputs[np.arange(len(outputs)), labels]

def fewer(outputs, labels): return [1.0]
def top1(outputs, labels): return [1.0]
def dying(outputs, labels):
    import os
    os._exit(5)
def closing(outputs, labels):
    import os
    os.closerange(3, 256)
    return outputs.argmax(axis=1) == labels
def silent(outputs, labels):
    import os
    os.close(1), os.close(2)
    return outputs.argmax(axis=1) == labels
"""
ON_DIGITS = ("--dataset", "digits", "--preprocessing", "unit")


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Command:
    """A command whose home keeps the pictures that all tests of this module prepare alike."""
    command = Command(tmp_path_factory.mktemp("own metrics"), tmp_path_factory.mktemp("home"))
    scaling = SCALINGS["unit"]
    (command.folder / "net.tflite").write_bytes(linear_digits(scaling))
    (command.folder / "body8.tflite").write_bytes(linear_digits(scaling, int8_body=True))
    (command.folder / "uint8.tflite").write_bytes(linear_digits(scaling, dtype="uint8", quantization=(1 / 255, 0)))
    (command.folder / "m.py").write_text(METRICS)
    return command


def evaluated(command: Command, *words: str):
    return command("evaluate", *words, "--workers", "1")


def scores_of(command: Command, *words: str) -> list[dict]:
    done = evaluated(command, *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return [each["score"] for each in json.loads(done.stdout)]


@pytest.mark.slow
def test_right_answers_of_a_data_set_are_its_top1(own):
    (by_task,) = scores_of(own, "net.tflite", *ON_DIGITS)
    (by_metric,) = scores_of(own, "net.tflite", *ON_DIGITS, "--metric", "m.py:right")

    metric = by_metric["metrics"][0]
    expected = {name: value for name, value in by_task["metrics"][0].items() if name != "name"}
    assert {name: value for name, value in metric.items() if name != "name"} == expected
    assert (metric["name"], by_metric["hits"]) == ("right", by_task["hits"])
    assert (by_metric["own_metric"]["source"], by_metric["first_answers"]) == ("m.py", None)


def test_values_have_unit_direction_interval_and_a_paired_comparison_and_are_found_again_without_the_function(own):
    (own.folder / "values.py").write_text(METRICS)
    words = ("net.tflite", "body8.tflite", *ON_DIGITS, "--metric", "values.py:confidence", "--metric-unit", "pt")
    table = evaluated(own, *words)
    (log,) = (Path(own.environment["MBENCH_HOME"]) / "build_logs").glob("metric-confidence*.log")
    said = log.read_text()
    log.unlink()
    csv = evaluated(own, *words, "--format", "csv")

    assert table.returncode == 0, table.stderr
    assert "| confidence (pt, higher is better) |" in table.stdout
    assert "Change of confidence against file:net@" in table.stdout
    assert "in pt [95 % interval by Student's t, paired over the same 360 examples]; higher is better" in table.stdout
    header, first, _ = csv.stdout.splitlines()
    named = dict(zip(header.split(","), first.split(","), strict=True))
    assert (named["confidence_unit"], named["confidence_better"]) == ("pt", "higher")
    assert float(named["confidence_low"]) < float(named["confidence"]) < float(named["confidence_high"])
    assert "at import" in said
    assert not log.exists()

    (own.folder / "values.py").write_text(METRICS.replace("labels]", "labels] + 1"))
    (changed,) = scores_of(own, "net.tflite", *ON_DIGITS, "--metric", "values.py:confidence")
    assert changed["metrics"][0]["value"] == pytest.approx(float(named["confidence"]) + 1, abs=1e-5)


def save_arrays(own: Command, name: str, count: int = 40) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.uniform(0, 1, (count, 8, 8, 3)).astype(np.float32)
    np.savez(own.folder / "val.npz", **{name: pictures, "labels": rng.integers(0, 10, count)})


def test_arrays_are_scored_by_name_and_quantized_inputs_get_what_they_store(own):
    words = ("--dataset", "arrays:val.npz", "--metric", "m.py:confidence")
    save_arrays(own, "input")
    wrong = evaluated(own, "net.tflite", *words, "--quiet")
    assert (wrong.returncode, "val.npz has input" in wrong.stderr) == (4, True)
    save_arrays(own, "picture")
    plain, stored = scores_of(own, "net.tflite", "uint8.tflite", *words)

    assert (plain["dataset"]["task"], plain["asked"], plain["preprocessing"]) == ("own", 40, "as given")
    assert stored["metrics"][0]["value"] == pytest.approx(plain["metrics"][0]["value"], abs=0.02)


@pytest.mark.slow
def test_a_run_keeps_its_latency_where_a_metric_fails(own):
    done = own("run", "--model", "net.tflite", *ON_DIGITS, "--metric", "m.py:fewer", *ONCE, "--json")
    (row,) = rows_of(done)

    assert (done.returncode, row["status"], row["metrics"]) == (0, "ok", [])
    assert row["latency_median_us"] is not None
    (warning,) = [each for each in row["warnings"] if each["code"] == "no_accuracy"]
    assert "gives 1 value for 256 examples; return one number or bool for each" in warning["message"]


def test_a_metric_judges_the_answers_of_a_device(own):
    asked = ("--metric", "m.py:right", "--accuracy", "both", "--examples", "3")
    done = own("run", "--model", "net.tflite", *ON_DIGITS, *asked, *ONCE, "--json")
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(done)
    assert [each["name"] for each in row["metrics"] + row["metrics_device"]] == ["right", "right"]
    assert row["metrics"][0]["value"] == row["metrics_device"][0]["value"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((*ON_DIGITS, "--metric-better", "lower"), "--metric-better needs --metric FILE.py:NAME"),
        (("--dataset", "arrays:val.npz", "--metric", "m.py:right", "--split", "train"), "has no train split"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_scored(own, words, reason):
    save_arrays(own, "picture")
    done = own("evaluate", "net.tflite", *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert reason in done.stderr


def test_a_function_whose_process_dies_leaves_the_other_rows_a_reason(own):
    done = evaluated(own, "net.tflite", *ON_DIGITS, "--metric", "m.py:dying", "--quiet")
    assert done.returncode == 4
    assert "the process that ran it ended with status 5" in done.stderr


@pytest.mark.slow
def test_a_function_that_closes_what_is_not_its_own_is_named_and_its_streams_are_its_own(own):
    done = evaluated(own, "net.tflite", *ON_DIGITS, "--metric", "m.py:closing", "--quiet")
    assert done.returncode == 4
    assert re.search(
        r"--metric .*m.py:closing: the process that ran it was cut off: code that it ran closed file descriptors that "
        r"are not its own \(os\.close, os\.closerange\); let it close what it opened itself\.",
        done.stderr,
    )
    asked = ("net.tflite", *ON_DIGITS, "--metric", "m.py:silent")
    (closed,) = scores_of(own, *asked, "--examples", "100")  # one call of it
    drawn = drawn_pictures(open_dataset("digits", cache=None).split(Split.TEST), 100, 0)
    assert unpack_hits(closed["hits"], 100) == right_answers()[drawn].tolist()
    again = evaluated(own, *asked, "--quiet")
    assert (
        again.returncode,
        "m.py:silent raised OSError: [Errno 9] Bad file descriptor (m.py, line" in again.stderr,
    ) == (
        4,
        True,
    )
