"""Jobs of any delegate have names of their own, fit for files, and the canary stays on the CPU."""

import re

import pytest
from hypothesis import given
from test_delegates import DELEGATES

from mbench.core.delegates import Delegate, parse_delegate
from mbench.core.numbers.bounds import JOB_NAME
from mbench.core.results import PlannedJob
from mbench.core.workloads import ArtifactFacts, RunSettings
from mbench.store.files import write_new_file
from mbench.workflows.run.plan import choose_canary, planned_job

CHEAP = ArtifactFacts(
    name="file:a@0123456789ab", sha256="1" * 64, size_bytes=1, mult_adds=1, parameters=1, activation_bytes=1
)
DEAR = CHEAP.model_copy(update={"name": "file:b@0123456789ab", "mult_adds": 9})


def job(delegate: Delegate, artifact: ArtifactFacts = CHEAP) -> PlannedJob:
    return planned_job(artifact, None, delegate, 1, RunSettings())


@given(DELEGATES)
def test_a_job_s_name_is_fit_for_a_file(delegate: Delegate) -> None:
    name = job(delegate).id
    assert re.fullmatch(JOB_NAME, name)
    assert len(name) < 128


@given(DELEGATES, DELEGATES)
def test_two_delegates_are_two_jobs(one: Delegate, other: Delegate) -> None:
    assert (job(one).id == job(other).id) == (one == other)


@pytest.mark.parametrize(
    ("text", "name"), [("cpu", "cpu"), ("gpu:fp32:cl", "gpu-fp32-cl"), ("nnapi:qti-dsp", "nnapi-qti-dsp")]
)
def test_a_job_s_name_says_its_delegate(text: str, name: str) -> None:
    assert job(parse_delegate(text)).id == f"file-a@0123456789ab-{name}-t1"


def longest_file(letter: str) -> ArtifactFacts:
    """A file whose name is as long as ext4 takes it, with `.tflite`; it differs from others in its last letter."""
    return CHEAP.model_copy(update={"name": f"file:{'x' * 247}{letter}@0123456789ab"})


def test_a_model_of_the_longest_name_has_a_job_that_a_file_system_takes(tmp_path) -> None:
    planned = job(parse_delegate(f"nnapi:{'n' * 64}"), longest_file("a"))
    assert re.fullmatch(JOB_NAME, planned.id)
    assert write_new_file(tmp_path / f"{planned.id}@{'s' * 64}.json", b"{}")


def test_models_of_long_names_that_begin_alike_are_two_jobs() -> None:
    assert job(Delegate.CPU, longest_file("a")).id != job(Delegate.CPU, longest_file("b")).id


def test_a_job_of_a_cut_name_keeps_the_whole_one_for_tables() -> None:
    assert job(Delegate.CPU, longest_file("a")).workload.label == f"file:{'x' * 247}a@0123456789ab cpu ×1"


def test_a_planned_job_is_read_back_with_its_delegate() -> None:
    planned = job(parse_delegate("external:/d/libfoo.so?a:1"))
    assert '"delegate":"external:/d/libfoo.so?a:1"' in planned.model_dump_json()
    assert PlannedJob.model_validate_json(planned.model_dump_json()) == planned


def test_the_canary_does_not_depend_on_an_accelerator() -> None:
    canary = choose_canary([job(parse_delegate("gpu")), job(Delegate.XNNPACK, DEAR)])
    assert canary is not None
    assert canary.delegate == Delegate.XNNPACK


@pytest.mark.parametrize(
    ("one", "other", "cheaper"),
    [
        ({"mult_adds": 9}, {"mult_adds": None, "size_bytes": 1}, "a"),
        ({"mult_adds": 0, "size_bytes": 9}, {"mult_adds": None, "size_bytes": 1}, "a"),
        ({"mult_adds": 9}, {"mult_adds": None, "least_mult_adds": 8}, "b"),
        ({"mult_adds": 9}, {"mult_adds": None, "least_mult_adds": 10}, "a"),
        ({"mult_adds": None, "size_bytes": 8}, {"mult_adds": None, "size_bytes": 7}, "b"),
        ({"mult_adds": None, "size_bytes": 7}, {"mult_adds": None, "size_bytes": 8}, "a"),
        ({"mult_adds": 9, "size_bytes": 8}, {"mult_adds": 9, "size_bytes": 7}, "b"),
    ],
)
def test_a_file_that_cannot_be_counted_is_not_taken_for_the_cheapest(one: dict, other: dict, cheaper: str) -> None:
    files = CHEAP.model_copy(update=one), DEAR.model_copy(update=other)
    for jobs in (files, files[::-1]):
        canary = choose_canary([job(Delegate.CPU, file) for file in jobs])
        assert canary is not None
        assert canary.artifact.name == f"file:{cheaper}@0123456789ab"


def test_a_session_of_accelerators_alone_has_a_canary_too() -> None:
    canary = choose_canary([job(parse_delegate("gpu"), DEAR), job(parse_delegate("nnapi"))])
    assert canary is not None
    assert canary.label == "file:a@0123456789ab nnapi ×1"
