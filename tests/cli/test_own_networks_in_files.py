"""Users' own networks that a suite or a farm file names, run from the command line."""

import pytest
from command_line import SHORT, Command, rows_of
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS

NET = """
import keras

def tiny_net(width: int = 2):
    entry = keras.Input((8, 8, 3))
    return keras.Model(entry, keras.layers.Conv2D(width, 3)(entry))
"""
SUITE = 'title = "mine"\n[[own]]\narch = "tiny.py:tiny_net"\nsweep = ["width=2,3"]\nquantization = "fp32"\n'
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
models = ["digits.tflite"]
quantization = "fp32,int8"
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
{SCORED}metric = "own/metrics.py:right"
"""


def test_allowing_code_of_no_suite_is_refused(bare: Command) -> None:
    done = bare("run", "--allow-suite-code", "--dry-run")
    assert done.returncode == 2
    assert "--allow-suite-code is for the code that a --suite names" in done.stderr


@pytest.mark.tensorflow
def test_a_suite_of_a_builder_is_built_relative_to_it_and_reported(bare: Command) -> None:
    (bare.folder / "own").mkdir()
    (bare.folder / "own" / "tiny.py").write_text(NET)
    (bare.folder / "own" / "mine.toml").write_text(SUITE)
    refused = bare("run", "--suite", "own/mine.toml", *SHORT)
    done = bare("run", "--suite", "own/mine.toml", "--allow-suite-code", "--json", *SHORT)
    report = bare("suite", "report", "own/mine.toml")

    assert refused.returncode == 2
    assert [row["variant"] for row in rows_of(done)] == ["tiny-net_width2_fp32", "tiny-net_width3_fp32"], done.stderr
    assert "tiny-net_width3_fp32" in report.stdout, report.stderr


@pytest.mark.tensorflow
def test_a_suite_is_scored_by_its_own_metric_and_leaves_operators_in_float_as_the_command_does(bare: Command) -> None:
    own = bare.folder / "own"
    own.mkdir()
    (own / "digits.tflite").write_bytes(linear_digits(SCALINGS["unit"], softmax=True))
    (own / "metrics.py").write_text(METRICS)
    (own / "scored.toml").write_text(SCORED_SUITE)
    refused = bare("run", "--suite", "own/scored.toml", *SHORT)
    done = bare("run", "--suite", "own/scored.toml", "--allow-suite-code", "--json", *SHORT)
    rows = rows_of(done)
    typed = ("--dataset", "digits", "--preprocessing", "unit", "--metric-unit", "pt")
    metric = ("--metric", "own/metrics.py:confidence")
    built = ("--model", "own/digits.tflite", "--quantization", "fp32,int8", "--keep-float", "SOFTMAX")
    by_command = rows_of(bare("run", *built, *typed, *metric, "--json", *SHORT))

    assert refused.returncode == 2
    assert "own/scored.toml:10: accuracy.metric: metrics.py:confidence is code" in refused.stderr
    assert [row["variant"] for row in rows] == [*("digits_fp32", "digits_int8", "digits_keep-float=SOFTMAX_int8")], (
        done.stderr
    )
    assert [(each["name"], each["unit"]) for row in rows for each in row["metrics"]] == [("confidence", "pt")] * 3
    for name in ("variant", "artifact_sha256", "metrics"):
        assert [row[name] for row in by_command] == [row[name] for row in rows]


@pytest.mark.tensorflow
def test_a_night_follows_a_quantized_file_under_the_name_that_lasts(bare: Command) -> None:
    own = bare.folder / "own"
    own.mkdir()
    (own / "digits.tflite").write_bytes(linear_digits(SCALINGS["unit"], softmax=True))
    (own / "metrics.py").write_text(METRICS)
    (bare.folder / "farm.toml").write_text(FARM)
    done = bare("nightly", "farm.toml")
    rows = rows_of(bare("report", "--json"))

    assert done.returncode == 0, done.stderr
    assert sorted(row["variant"] for row in rows) == [
        *("digits-net_fp32", "digits-net_int8", "digits-net_keep-float=SOFTMAX_int8")
    ]
    assert [each["name"] for row in rows for each in row["metrics"]] == ["right"] * 3
    assert all(row["latency_median_us"] > 0 for row in rows)
