"""Flags that hostbench does not take end it as they end the official tool."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hostbench_runs import Runner


@pytest.mark.parametrize("word", ["--num_runs=abc", "--use_xnnpack=yes", "--max_secs=soon"])
def test_a_bad_value_is_answered_with_the_usage_on_stderr(word: str, hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", word)
    name = word[2:].split("=", maxsplit=1)[0]
    assert outcome.status == 1
    assert outcome.errors[0] == f"Failed to parse flag '{name}' against argv '{word}'"
    assert outcome.errors[1].startswith("usage: ")
    assert "\t--input_layer_value_files=" in outcome.stderr
    assert outcome.stderr.endswith("\n\nERROR: Benchmarking failed.\n")
    assert outcome.stdout == "INFO: STARTING!\n"


def test_help_is_the_usage_and_a_failure(hostbench: Runner) -> None:
    for word in ("--help", "--help=true"):
        outcome = hostbench(word)
        assert outcome.status == 1
        assert outcome.errors[0].startswith("usage: ")


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (
            ["--op_profiling_output_mode=json", "--enable_op_profiling=true"],
            "Output modejson is not supported. Supported values are: 'stdout', 'csv' and",
        ),
        (["--input_layer=x"], "must match the number of items in --input_layer (x, with 1 items)"),
        (["--input_layer=x", "--input_layer_shape=-1,4"], "Any unknown sizes in the shapes (-1's) must be replaced"),
        (["--input_layer=x", "--input_layer_shape=1,1,4"], "Input tensor #0 should have 2 dimensions!"),
        (
            ["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_range=x,9"],
            "Wrong input value range item specified: x,9",
        ),
        (["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_range=x,9,1"], "Wrong low and high value"),
        (
            ["--input_layer=x", "--input_layer_shape=1,4", "--input_layer_value_files=x"],
            "x doesn't contain any delimiter.",
        ),
        (["--num_threads=-5"], "num_threads should be >=0 or just -1"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(
    flags: list[str], error: str, hostbench: Runner, add_model: Path
) -> None:
    outcome = hostbench(f"--graph={add_model}", *flags)
    assert outcome.status == 1
    assert error in outcome.errors[0]
    assert outcome.errors[-1] == "Benchmarking failed."


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=x:/nonexistent/x.bin"],
            "Failed to read the input_layer_value_file:/nonexistent/x.bin",
        ),
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=x:/dev/null"],
            "The size of /dev/null is 0 bytes. It should be 16 bytes.",
        ),
        (
            ["--input_layer_shape=1,4", "--input_layer_value_files=z:/dev/null"],
            "Cannot find the corresponding input_layer name(z) in --input_layer as x",
        ),
        (["--input_layer_shape=one,4"], "Incorrect size string specified: one,4"),
        (["--input_layer=x,w", "--input_layer_shape=1,4:1,4"], "Inputs mismatch: Model inputs #:2 expected: 1"),
    ],
)
def test_what_the_tool_checks_by_aborting_aborts(
    flags: list[str], error: str, hostbench: Runner, add_model: Path
) -> None:
    first = [] if flags[0].startswith("--input_layer=") else ["--input_layer=x"]
    outcome = hostbench(f"--graph={add_model}", *first, *flags)
    assert outcome.status == -signal.SIGABRT
    assert outcome.errors == [error]
    assert "Traceback" not in outcome.stderr
    assert "Inference timings" not in outcome.stdout
