"""Nodes, partitions and operator times from protocol buffers that are built here, count by count."""

from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError

import pytest
from ai_edge_litert import model_runtime_info_pb2, profiling_info_pb2

from mbench.core.errors import RunFailed
from mbench.core.results import OperatorTime
from mbench.runner.output.protos import OperatorProfile, count_nodes, read_profile, read_runtime_info

Kernels = Mapping[int, tuple[str, Sequence[int]]]


def runtime_info(*subgraphs: tuple[int, Kernels, Sequence[int]]) -> bytes:
    """Return a message of (number of nodes, kernels by node id: delegate and nodes replaced, execution plan) each."""
    details = model_runtime_info_pb2.ModelRuntimeDetails()
    for index, (count, kernels, plan) in enumerate(subgraphs):
        subgraph = details.subgraphs.add(subgraph_id=10 + index, execution_plan=plan)
        for number in range(count):
            subgraph.nodes.add(id=number)
        for number, (name, replaced) in kernels.items():
            kernel = subgraph.nodes.add(id=number)
            kernel.delegate_node_details.delegate_name = name
            kernel.delegate_node_details.tflite_node_ids_replaced.extend(replaced)
    return details.SerializeToString()


def shares(*subgraphs: tuple[int, Kernels, Sequence[int]]) -> list[tuple[str, int, int | None, int | None, int | None]]:
    found = read_runtime_info(runtime_info(*subgraphs))
    return [(each.name, each.nodes, each.total, each.partitions, each.subgraph) for each in found]


def test_a_kernel_names_the_nodes_that_it_replaces() -> None:
    assert shares((5, {5: ("First", [0, 1, 2])}, [5, 3, 4])) == [("First", 3, 5, 2, 10)]
    assert shares((5, {5: ("First", [0, 1, 2, 3, 4])}, [5])) == [("First", 5, 5, 1, 10)]


def test_kernels_of_one_delegate_are_added_up_and_a_node_counts_once() -> None:
    assert shares((6, {6: ("First", [0, 1]), 7: ("First", [1, 3])}, [6, 2, 7, 4, 5])) == [("First", 3, 6, 4, 10)]


def test_two_delegates_have_shares_of_one_graph() -> None:
    kernels = {6: ("First", [0, 1]), 7: ("Second", [3])}
    assert shares((6, kernels, [6, 2, 7, 4, 5])) == [("First", 2, 6, 2, 10), ("Second", 1, 6, 3, 10)]


@pytest.mark.parametrize(
    ("plan", "partitions"),
    [
        ([5], 1),
        ([0, 5], 2),
        ([5, 0], 2),
        ([0, 1, 5, 2, 3], 3),
        ([0, 5, 6, 1], 4),
        ([0, 5, 1, 6], 4),
        ([0, 5, 1, 6, 2], 5),
        ([0, 1], 1),
        ([], 0),
    ],
)
def test_kernels_and_the_stretches_between_them_are_partitions(plan: list[int], partitions: int) -> None:
    ((_, _, _, found, _),) = shares((5, {5: ("First", [3]), 6: ("First", [4])}, plan))
    assert found == partitions


def test_each_subgraph_has_its_shares_and_its_nodes() -> None:
    first, second, third = (3, {3: ("First", [0])}, [3, 1, 2]), (2, {}, [0, 1]), (4, {4: ("First", [0, 1])}, [4, 2, 3])
    assert shares(first, second, third) == [("First", 1, 3, 2, 10), ("First", 2, 4, 2, 12)]
    assert count_nodes(runtime_info(first, second, third)) == 9
    assert count_nodes(runtime_info(second)) == 2
    assert (shares(second), count_nodes(runtime_info((0, {0: ("First", [])}, [0])))) == ([], 0)


def profile(*rows: tuple[str, int, int], runs: int = 10, mean_us: float | None = None) -> OperatorProfile:
    """Read a profile of (name, times called, sum in µs) each, all in a subgraph of their own."""
    message = profiling_info_pb2.BenchmarkProfilingData()
    for order, (name, called, sum_us) in enumerate(rows):
        row = message.runtime_profile.subgraph_profiles.add().per_op_profiles.add()
        row.name, row.node_type, row.run_order, row.times_called = name, f"type of {name}", order, called
        row.inference_microseconds.sum, row.inference_microseconds.count = sum_us, 99
    return read_profile(message.SerializeToString() or b"\x0a\x00", runs=runs, mean_us=mean_us)


def test_an_operators_time_is_its_sum_over_the_inferences() -> None:
    found = profile(("a", 2, 2100), ("b", 1, 5), mean_us=421.0)
    assert found.operators == (
        OperatorTime(run_order=0, node_type="type of a", name="a", times_called=2, us_per_inference=210.0),
        OperatorTime(run_order=1, node_type="type of b", name="b", times_called=1, us_per_inference=0.5),
    )
    assert found.coverage == 0.5


@pytest.mark.parametrize(("mean_us", "coverage"), [(None, None), (0.0, None), (420.0, 0.5), (0.5, 420.0)])
def test_the_coverage_is_the_operators_share_of_the_mean(mean_us: float | None, coverage: float | None) -> None:
    assert profile(("a", 1, 2100), mean_us=mean_us).coverage == coverage


def test_one_inference_is_enough_and_none_is_not() -> None:
    assert profile(("a", 1, 7), runs=1).operators[0].us_per_inference == 7.0
    for runs in (0, -1):
        with pytest.raises(RunFailed, match=r"the operator profile holds no measured operator\.") as caught:
            profile(("a", 1, 7), runs=runs)
        assert caught.value.error_class == "output"


def test_a_profile_is_a_value() -> None:
    found = profile(("a", 1, 7))
    with pytest.raises(FrozenInstanceError):
        found.coverage = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        OperatorProfile((), None)  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        read_profile(b"", 3)  # type: ignore[misc]
    assert not hasattr(found, "__dict__")


@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"\xff" * 9, "cannot be decoded: ")])
def test_what_is_no_message_is_named(data: bytes, said: str) -> None:
    for read, what in ((read_runtime_info, "model runtime information"), (count_nodes, "model runtime information")):
        with pytest.raises(RunFailed, match=f"the {what} that the program wrote {said}") as caught:
            read(data)
        assert caught.value.error_class == "io"
    with pytest.raises(RunFailed, match=f"the operator profile that the program wrote {said}") as caught:
        read_profile(data, runs=1)
    assert caught.value.error_class == "io"
