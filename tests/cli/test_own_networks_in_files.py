"""Users' own networks that a suite or a farm file names, and what a command then finds of them, without tensorflow."""

from typing import Any

import pytest
from command_line import ONCE, Command, rows_of
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS

METRICS = """
import numpy as np

def right(outputs, labels):
    return outputs.argmax(axis=1) == labels

def confidence(outputs, labels):
    return outputs[np.arange(len(outputs)), labels]
"""
SCORED = '[accuracy]\ndataset = "digits"\npreprocessing = "unit"\n'
SCORED_SUITE = f"""
title = "scored"
[[own]]
models = ["digits-net.tflite"]
quantization = "int8"
keep_float = "SOFTMAX"
{SCORED}metric = "metrics.py:confidence"
metric_unit = "pt"
"""
FARM = f"""
project = "p"
[window]
hours = 1
[phones.here]
device = "host"
[[measure]]
models = [{{ file = "own/digits.tflite", as = "digits-net" }}]
quantization = "fp32,int8"
keep_float = "SOFTMAX"
[settings]
quick = true
runs = 1
max_runs = 1
memory_runs = 0
num_runs = 5
min_secs = 0
{SCORED}metric = "own/metrics.py:right"
"""


def test_allowing_code_of_no_suite_is_refused(bare: Command) -> None:
    done = bare("run", "--allow-suite-code", "--dry-run")
    assert done.returncode == 2
    assert "--allow-suite-code is for the code that a --suite names" in done.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """A command in a folder with a network under two names, whose home all tests of this module share."""
    command = Command(tmp_path_factory.mktemp("networks in files"), tmp_path_factory.mktemp("home"))
    own = command.folder / "own"
    own.mkdir()
    for name in ("digits", "digits-net"):
        (own / f"{name}.tflite").write_bytes(linear_digits(SCALINGS["unit"], softmax=True))
    (own / "metrics.py").write_text(METRICS)
    (own / "scored.toml").write_text(SCORED_SUITE)
    (command.folder / "farm.toml").write_text(FARM)
    return command


@pytest.fixture(scope="module")
def night(own: Command) -> list[dict[str, Any]]:
    """What a night measured of the network, which it built."""
    done = own("nightly", "farm.toml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    return sorted(rows_of(own("report", "--json")), key=lambda row: row["variant"])


@pytest.mark.tensorflow
def test_a_night_follows_a_quantized_file_under_the_name_that_lasts(night: list[dict[str, Any]]) -> None:
    assert [row["variant"] for row in night] == [
        *("digits-net_fp32", "digits-net_int8", "digits-net_keep-float=SOFTMAX_int8")
    ]
    assert [each["name"] for row in night for each in row["metrics"]] == ["right"] * 3
    assert all(each["value"] > 0.8 for row in night for each in row["metrics"])
    assert all(row["latency_median_us"] > 0 for row in night)
    assert night[1]["calibration"]["kind"] == "examples"  # of the data set's train split


@pytest.mark.tensorflow
def test_a_suite_is_scored_by_its_own_metric_and_leaves_operators_in_float_as_the_command_does(
    own: Command, night: list[dict[str, Any]], without_tensorflow: dict[str, str]
) -> None:
    refused = own("run", "--suite", "own/scored.toml", *ONCE)
    asked = ("run", "--suite", "own/scored.toml", "--allow-suite-code", "--json", *ONCE)
    done = own(*asked, **without_tensorflow)  # built by the night, under the same name
    rows = rows_of(done)
    typed = ("--dataset", "digits", "--preprocessing", "unit", "--metric-unit", "pt")
    metric = ("--metric", "own/metrics.py:confidence")
    asked = ("--model", "own/digits-net.tflite", "--quantization", "int8", "--keep-float", "SOFTMAX")
    by_command = rows_of(own("run", *asked, *typed, *metric, "--json", *ONCE))

    assert refused.returncode == 2
    assert "own/scored.toml:10: accuracy.metric: metrics.py:confidence is code" in refused.stderr
    assert [(row["variant"], row["status"]) for row in rows] == [
        *(("digits-net_int8", "ok"), ("digits-net_keep-float=SOFTMAX_int8", "ok"))
    ], done.stderr
    assert [(each["name"], each["unit"]) for row in rows for each in row["metrics"]] == [("confidence", "pt")] * 2
    for name in ("variant", "artifact_sha256", "metrics"):
        assert [row[name] for row in by_command] == [row[name] for row in rows]
    assert [row["artifact_sha256"] for row in rows] == [row["artifact_sha256"] for row in night[1:]]
