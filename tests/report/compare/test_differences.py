"""What makes a ratio meaningless is refused with its reason; what else differs is named, once for all cells."""

import pytest
import sample_results as sample

from mbench.core.results import Conditions, Status
from mbench.core.workloads import InputTensor, RunSettings
from mbench.report.compare.cells import CellPair
from mbench.report.compare.differences import differences, refusal, same_model

OLD = sample.result(medians_us=(1000, 1001, 1002))


def pair(new) -> CellPair:
    return CellPair(name="net", old=OLD, new=new)


def changed(**parts):
    """Return the old result with parts of its documents changed: `device={"os": …}`."""
    return OLD.model_copy(
        update={name: getattr(OLD, name).model_copy(update=changes) for name, changes in parts.items()}
    )


def test_the_same_again_is_comparable_and_differs_in_nothing():
    assert refusal(pair(OLD)) is None
    assert differences([pair(OLD)]) == ()


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (changed(binary={"tool": "tflite"}), "another program: hostbench, tflite"),
        (changed(device={"invented": True}), "measured latencies against synthetic ones"),
        (changed(device={"emulated": True}), "a real device against an emulated phone"),
        (changed(workload={"settings": RunSettings(num_runs=51)}), "other run settings: "),
        (changed(workload={"inputs": (InputTensor(name="x", shape=(1, 2)),)}), "other inputs: the file's own; x:1,2"),
        (
            OLD.model_copy(update={"status": Status.FAILED, "error_class": "timeout"}),
            "the new one has no number (failed: timeout)",
        ),
        (OLD.model_copy(update={"status": Status.ABORTED}), "the new one has no number (aborted)"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(new, why):
    assert refusal(pair(new)).startswith(why)


@pytest.mark.parametrize(
    ("new", "what", "old_text", "new_text"),
    [
        (
            OLD.model_copy(update={"workload": sample.workload(sha256="c" * 64)}),
            "artifact",
            "aaaaaaaaaaaa",
            "cccccccccccc",
        ),
        (changed(binary={"sha256": "c" * 64}), "binary", "hostbench bbbbbbbbbbbb", "hostbench cccccccccccc"),
        (changed(binary={"runtime": None}), "runtime", "2.3.0", "?"),
        (changed(device={"serial": "other"}), "device", "workstation", "other"),
        (changed(device={"model": "i7"}), "model", "i5-1240P", "i7"),
        (changed(device={"os": "Debian 13"}), "OS", "Debian 12", "Debian 13"),
        (changed(device={"build": "6.2.0"}), "OS build", "6.1.0", "6.2.0"),
        (changed(workload={"threads": 2}), "threads", "1", "2"),
        (changed(rules={"cpus": None}), "pinning", "pinned to cores 2, 3", "not pinned"),
        (changed(rules={"fixed_performance": True}), "clocks", "as they were", "fixed performance"),
        (changed(rules={"max_runs": 9}), "rules of measuring", "3 to 8 runs", "3 to 9 runs"),
        (changed(provenance={"mbench": "0.1.1"}), "mbench", "0.1.0", "0.1.1"),
    ],
)
def test_what_differs_is_named_and_refused_by_nobody(new, what, old_text, new_text):
    (found,) = differences([pair(new)])
    assert (found.what, found.old, found.new, found.cells) == (what, old_text, new_text, 1)
    assert refusal(pair(new)) is None


def test_conditions_of_latency_runs_are_compared():
    def under(**state):
        after = Conditions(taken_at=sample.NOW, **state)
        runs = tuple(run.model_copy(update={"conditions_after": after}) for run in OLD.runs)
        return OLD.model_copy(update={"runs": runs})

    old = under(governors=("schedutil",), power="mains")
    new = under(governors=("powersave", "performance"), power="battery")
    found = differences([CellPair(name="net", old=old, new=new)])
    assert [(each.what, each.old, each.new) for each in found] == [
        ("governors", "schedutil", "performance, powersave"),
        ("power", "mains", "battery"),
    ]


def test_a_change_of_many_cells_is_said_once_the_most_telling_first():
    found = differences([pair(changed(device={"build": "7"}, binary={"sha256": "c" * 64}))] * 3)
    assert [(each.what, each.cells) for each in found] == [("binary", 3), ("OS build", 3)]


def test_another_phone_of_the_same_model_is_one_whose_model_is_known():
    assert same_model(pair(changed(device={"serial": "other"})))
    assert not same_model(pair(OLD))
    assert not same_model(pair(changed(device={"serial": "other", "model": "i7"})))
    unknown = changed(device={"model": None})
    other = changed(device={"serial": "other", "model": None})
    assert not same_model(CellPair(name="net", old=unknown, new=other))
