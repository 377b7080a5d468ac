"""Which signature of a file a job runs, what its row is called, and what is refused."""

from dataclasses import replace

import pytest
from loop_fakes import workload
from memory_device import INSTRUMENT

from mbench.core.errors import UsageError
from mbench.core.results import Pass
from mbench.core.workloads import RunSettings
from mbench.runner.command import RunPaths, command_of
from mbench.workflows.run.plan import OF_FIRST_GRAPH, chosen_signature, planned_job

SEVERAL = ("add", "mul", "sub")


def artifact(*signatures: str, subgraphs: tuple[int, ...] | None = None):
    """Return a file of these signatures, which run its subgraphs in order or those that are named."""
    facts = {
        "signatures": signatures,
        "signature_subgraphs": range(len(signatures)) if subgraphs is None else subgraphs,
    }
    return workload(name="file:m@0123456789ab").artifact.model_copy(update=facts)


def planned(asked, *signatures, subgraphs: tuple[int, ...] | None = None):
    file = artifact(*signatures, subgraphs=subgraphs)
    return planned_job(file, None, workload().delegate, 1, RunSettings(), signature=asked).workload


@pytest.mark.parametrize(
    ("signatures", "asked", "chosen"),
    [
        ((), None, None),
        (("serving_default",), None, None),
        (("serving_default",), "serving_default", None),
        (SEVERAL, "add", "add"),
        (SEVERAL, "sub", "sub"),
    ],
)
def test_a_program_gets_a_signature_where_a_file_has_several(signatures, asked, chosen):
    assert chosen_signature(artifact(*signatures), asked) == chosen
    job = planned(asked, *signatures)
    assert (job.signature, job.name) == (chosen, "file:m@0123456789ab" + ("" if chosen is None else f"#{chosen}"))


@pytest.mark.parametrize(
    ("signatures", "asked", "said"),
    [
        (SEVERAL, None, "file:m@0123456789ab has 3 signatures: add, mul, sub; choose one: --signature NAME"),
        (SEVERAL, "div", "file:m@0123456789ab has no signature 'div'; it has add, mul, sub."),
        ((), "add", "file:m@0123456789ab has no signature 'add'; it has none."),
    ],
)
def test_no_choice_and_a_wrong_one_are_refused_in_one_line_that_lists_them(signatures, asked, said):
    with pytest.raises(UsageError) as error:
        planned(asked, *signatures)
    assert str(error.value) == said


def test_a_file_that_was_not_built_has_no_signatures_to_choose_from():
    assert chosen_signature(artifact().model_copy(update={"sha256": None}), "add") is None


def test_what_is_counted_of_the_first_graph_says_nothing_of_another():
    first, other = (planned(asked, *SEVERAL).artifact for asked in ("add", "mul"))
    assert (first.mult_adds, first.parameters, first.outputs is None) == (1, 1, False)
    assert [getattr(other, name) for name in OF_FIRST_GRAPH] == [None] * len(OF_FIRST_GRAPH)
    assert (other.sha256, other.size_bytes) == (first.sha256, first.size_bytes)


@pytest.mark.parametrize(
    ("asked", "subgraphs", "counted"),
    [
        ("add", (0, 1, 2), True),
        ("mul", (0, 1, 2), False),
        ("add", (2, 1, 0), False),
        ("sub", (2, 1, 0), True),
        ("mul", (1, 0, 0), True),
        ("add", (), False),
    ],
)
def test_what_is_counted_is_of_subgraph_0_whichever_signature_runs_it(asked, subgraphs, counted):
    file = planned(asked, *SEVERAL, subgraphs=subgraphs).artifact
    assert (file.mult_adds, file.parameters) == ((1, 1) if counted else (None, None))
    assert (file.outputs is None) is not counted


@pytest.mark.parametrize(
    ("asked", "subgraph", "shown"), [(None, 0, None), (None, 1, None), ("only", 0, None), ("only", 1, "only")]
)
def test_a_file_s_only_signature_is_shown_where_it_was_asked_for_and_runs_another_subgraph(asked, subgraph, shown):
    job = planned(asked, "only", subgraphs=(subgraph,))
    assert (job.signature, job.artifact.mult_adds) == (shown, None if shown else 1)


def test_the_flag_is_benchmark_models_own_and_a_program_without_it_is_refused():
    able = replace(INSTRUMENT, flags=INSTRUMENT.flags | {"signature_to_run_for"})
    paths = RunPaths(work_dir="/w", model="/m.tflite")
    assert "--signature_to_run_for=mul" in command_of(planned("mul", *SEVERAL), Pass.LATENCY, paths, able).argv
    plain = command_of(planned(None), Pass.LATENCY, paths, able).argv
    assert not [word for word in plain if "signature" in word]
    with pytest.raises(UsageError, match="has no flag --signature_to_run_for"):
        command_of(planned("mul", *SEVERAL), Pass.LATENCY, paths, INSTRUMENT)
