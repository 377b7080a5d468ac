"""Which documents become current ones, from which version on, and which are refused."""

import pytest

from mbench.core.errors import NewerFormat, StoreError
from mbench.core.results import FORMAT_VERSION
from mbench.store.upgrade import KINDS, STEPS, upgrade


def document(version: object = 1, kind: object = "run", **fields: object) -> dict[str, object]:
    return {"kind": kind, "format_version": version, **fields}


def marked(number: int):
    """Return a step that writes down that it was taken."""
    return lambda given: {**given, "taken": [*given.get("taken", []), number]}


MARKED = {number: marked(number) for number in range(1, 6)}


def taken(version: int, current: int) -> list[int]:
    found = upgrade(document(version), steps=MARKED, current=current)
    assert found["format_version"] == current
    return found.get("taken", [])


def test_each_step_is_taken_once_in_order_from_the_documents_own_version():
    assert [taken(version, 4) for version in (1, 2, 3, 4)] == [[1, 2, 3], [2, 3], [3], []]
    assert taken(1, 2) == [1]
    assert taken(1, 1) == []


def test_a_current_document_comes_back_as_it_is():
    current = document(FORMAT_VERSION, "job", anything=[1])
    assert upgrade(current) == document(FORMAT_VERSION, "job", anything=[1])


def test_a_step_may_change_what_it_is_given_and_the_document_stays():
    old = document(1, colour="red")
    steps = {1: lambda given: {"color": given.pop("colour"), **given}}
    assert upgrade(old, steps=steps, current=2) == document(2, color="red")
    assert old == document(1, colour="red")


@pytest.mark.parametrize(("current", "newer"), [(2, 3), (2, 99), (1, 2)])
def test_a_newer_document_is_refused_and_a_current_one_is_not(current, newer):
    assert upgrade(document(current), steps=MARKED, current=current)["format_version"] == current
    with pytest.raises(NewerFormat) as error:
        upgrade(document(newer), steps=MARKED, current=current, source="x.json")
    assert str(error.value) == (
        f"x.json: written by a newer mbench (format {newer}); this one reads up to {current}: pip install -U mbench"
    )


@pytest.mark.parametrize(("has", "lacks"), [({2, 3}, 1), ({1, 3}, 2), ({1, 2}, 3), (set(), 1)])
def test_a_way_with_a_gap_is_refused_and_names_the_step(has, lacks):
    with pytest.raises(StoreError) as error:
        upgrade(document(1), steps={number: MARKED[number] for number in has}, current=4, source="x.json")
    assert str(error.value) == f"x.json: format 1 is too old; no step leads from format {lacks} on."


def test_a_gap_below_the_documents_version_does_not_matter():
    assert upgrade(document(3), steps={3: MARKED[3]}, current=4)["taken"] == [3]


@pytest.mark.parametrize("version", [None, 0, -1, "1", True, False, 1.0, 2.0, [1]])
def test_a_version_is_a_whole_number_from_1_on(version):
    with pytest.raises(StoreError) as error:
        upgrade(document(version), steps=MARKED, current=4)
    assert str(error.value) == (f"document: format_version is {version!r}; a document of mbench has 1 or more there.")
    assert upgrade(document(1), steps=MARKED, current=1) == document(1)


@pytest.mark.parametrize("kind", ["plan", "job", "run", "ending", "night", "night_end"])
def test_four_kinds_are_known(kind):
    assert kind in KINDS
    assert upgrade(document(1, kind), steps=MARKED, current=2)["kind"] == kind


@pytest.mark.parametrize("kind", ["plans", "lease", "", None, 1])
def test_other_kinds_are_refused(kind):
    with pytest.raises(StoreError) as error:
        upgrade(document(1, kind), source="x.json")
    kinds = "plan, job, run, ending, night, night_end, verdict"
    assert str(error.value) == f"x.json: kind is {kind!r}; a document of mbench is one of {kinds}."
    with pytest.raises(StoreError, match="kind is None"):
        upgrade({"format_version": 1})


def test_there_is_a_step_from_every_format_before_this_one():
    assert sorted(STEPS) == list(range(1, FORMAT_VERSION))


def test_from_1_to_2_a_plans_device_becomes_a_part():
    parts = {"device": {"serial": "x"}, "binary": 1, "rules": 2, "canary": None, "jobs": [3]}
    assert upgrade(document(1, "plan", session="s", **parts), current=2) == document(
        2, "plan", session="s", devices=[parts]
    )
    few = {"device": 1, "jobs": []}
    assert upgrade(document(1, "plan", **few), current=2) == document(2, "plan", devices=[few])


@pytest.mark.parametrize("kind", ["job", "run"])
def test_from_1_to_2_other_documents_stay(kind):
    assert upgrade(document(1, kind, device=1, jobs=2), current=2) == document(2, kind, device=1, jobs=2)


@pytest.mark.parametrize("kind", ["plan", "job", "run"])
def test_from_2_to_3_documents_stay(kind):
    assert upgrade(document(2, kind, device=1, jobs=2), current=3) == document(3, kind, device=1, jobs=2)


def test_steps_are_said_by_name():
    with pytest.raises(TypeError, match="positional"):
        upgrade(document(1), MARKED)
