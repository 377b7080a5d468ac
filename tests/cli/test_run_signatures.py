"""`mbench run` of files with several graphs: which one is timed, and whose nodes are counted."""

import os
from pathlib import Path

import pytest
from command_line import ONCE, rows_of

pytestmark = pytest.mark.tensorflow


def case(name: str) -> Path:
    model = Path(os.environ.get("MBENCH_TEST_DATA", "/nowhere")).parent / "cases" / f"{name}.tflite"
    if not model.is_file():
        pytest.skip(f"beside the folder that MBENCH_TEST_DATA names lies no cases/{name}.tflite")
    return model


def test_a_file_with_several_signatures_is_timed_by_the_one_that_was_chosen_and_its_row_names_it(mbench):
    model = case("multi_signature")
    refused = mbench("run", "--model", model, *ONCE)
    assert refused.returncode == 2
    assert (
        refused.stderr.strip()
        .splitlines()[-1]
        .endswith("has 3 signatures: add, mul, sub; choose one: --signature NAME")
    )
    (row,) = rows_of(mbench("run", "--model", model, "--signature", "mul", *ONCE, "--json"))
    assert (row["status"], row["variant"].partition("#")[2], row["delegate_nodes"]) == ("ok", "mul", "1/1")


def test_nodes_of_a_composite_are_counted_and_the_foot_says_where(mbench):
    done = mbench("run", "--model", case("l2_composite"), *ONCE)
    assert done.returncode == 0, done.stderr
    assert " 5/5 |" in done.stdout
    assert "counted in subgraph 1 too, which the main graph calls." in done.stdout
