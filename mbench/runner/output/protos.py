"""The two protocol buffers that benchmark_model writes: who executed which node, and how long each operator took."""

from dataclasses import dataclass

from ai_edge_litert import model_runtime_info_pb2, profiling_info_pb2
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]  # ships no stubs

from mbench.core.error_classes import IO, OUTPUT
from mbench.core.errors import RunFailed
from mbench.core.results import DelegateCoverage, OperatorTime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorProfile:
    """Operator times of one run.

    Attributes:
        operators: in the order of execution.
        coverage: their sum as a share of the run's mean inference; None without that mean.
    """

    operators: tuple[OperatorTime, ...]
    coverage: float | None


def read_runtime_info(data: bytes) -> tuple[DelegateCoverage, ...]:
    """Return each delegate's share of each subgraph, as the interpreter's own graph shows it.

    Format: `tflite.profiling.ModelRuntimeDetails` (LiteRT `tflite/profiling/proto/model_runtime_info.proto`): a node
    with `delegate_node_details` is a delegate's kernel and names the nodes that it replaces; the execution plan lists
    kernels and left-over nodes.

    `total` is the number of nodes of the model's own graph. `partitions` counts what the plan's sequence shows: the
    kernels and the runs of left-over nodes between them, as the tool counts them in its `Replacing …` line.

    Raises:
        RunFailed: the bytes are not this message.
    """
    details = model_runtime_info_pb2.ModelRuntimeDetails()
    _parse(details, data, "model runtime information")
    if any(subgraph.subgraph_id < 0 for subgraph in details.subgraphs):
        raise RunFailed("the model runtime information that the program wrote numbers a graph below 0.", error_class=IO)
    return tuple(coverage for subgraph in details.subgraphs for coverage in _subgraph_coverage(subgraph))


def count_nodes(data: bytes) -> int:
    """Return the nodes of the model's own graph, all subgraphs together: of these, delegates execute some or none.

    Raises:
        RunFailed: the bytes are no model runtime information.
    """
    details = model_runtime_info_pb2.ModelRuntimeDetails()
    _parse(details, data, "model runtime information")
    return sum(not node.HasField("delegate_node_details") for each in details.subgraphs for node in each.nodes)


def _subgraph_coverage(subgraph: model_runtime_info_pb2.RuntimeSubgraph) -> list[DelegateCoverage]:
    replaced: dict[str, set[int]] = {}
    kernels: dict[int, str] = {}
    for node in subgraph.nodes:
        if node.HasField("delegate_node_details"):
            name = _text(node.delegate_node_details.delegate_name)
            kernels[node.id] = name
            replaced.setdefault(name, set()).update(node.delegate_node_details.tflite_node_ids_replaced)
    total = len(subgraph.nodes) - len(kernels)
    return [
        DelegateCoverage(
            name=name,
            nodes=len(nodes),
            total=total,
            partitions=_partitions([kernels.get(node) for node in subgraph.execution_plan], name),
            subgraph=subgraph.subgraph_id,
        )
        for name, nodes in replaced.items()
    ]


def _partitions(plan: list[str | None], name: str) -> int:
    """Return the delegate's kernels and the stretches between them in an execution plan of kernel names."""
    count, between = 0, False
    for kernel in plan:
        if kernel == name:
            count, between = count + 1, False
        elif not between:
            count, between = count + 1, True
    return count


def read_profile(data: bytes, *, runs: int, mean_us: float | None = None) -> OperatorProfile:
    """Return the operators of the measured inferences.

    Format: `tflite.profiling.BenchmarkProfilingData` (LiteRT `tflite/profiling/proto/profiling_info.proto`). Its `avg`
    is per call and its rows are keyed by name, so equal names in several partitions of a delegate are merged into one
    row with `times_called` > 1; only sum / runs is the time of an inference.

    Args:
        data: the file's bytes.
        runs: inferences of the measured phase.
        mean_us: their mean duration in this very run, for the coverage.

    Raises:
        RunFailed: the bytes are not this message, or it holds no operator.
    """
    message = profiling_info_pb2.BenchmarkProfilingData()
    _parse(message, data, "operator profile")
    rows = [row for subgraph in message.runtime_profile.subgraph_profiles for row in subgraph.per_op_profiles]
    if runs < 1 or not rows:
        raise RunFailed("the operator profile holds no measured operator.", error_class=OUTPUT)
    if any(min(row.run_order, row.times_called, row.inference_microseconds.sum) < 0 for row in rows):
        raise RunFailed("the operator profile that the program wrote holds a negative number.", error_class=IO)
    operators = tuple(
        OperatorTime(
            run_order=row.run_order,
            node_type=_text(row.node_type),
            name=_text(row.name),
            times_called=row.times_called,
            us_per_inference=row.inference_microseconds.sum / runs,
        )
        for row in rows
    )
    covered = sum(operator.us_per_inference for operator in operators)
    return OperatorProfile(operators=operators, coverage=covered / mean_us if mean_us else None)


def _parse(message: Message, data: bytes, what: str) -> None:
    if not data:
        raise RunFailed(f"the {what} that the program wrote is empty.", error_class=IO)
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise RunFailed(f"the {what} that the program wrote cannot be decoded: {error}.", error_class=IO) from error


def _text(read: str | bytes) -> str:
    """Return a name; protobuf hands out bytes where one is not UTF-8, such as a model's own name of a tensor."""
    return read.decode("utf-8", "replace") if isinstance(read, bytes) else read
