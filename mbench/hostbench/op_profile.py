"""Times of single operators, gathered by name over all runs as TFLite's ProfileSummarizer gathers them.

A row is one name. A CPU node is named by its outputs and its index, `[MobilenetV1/Logits/AvgPool_1a/AvgPool]:27`; an
operator within a delegate by its kernel and its place in its partition, `Delegate/Convolution (NHWC, QU8) GEMM:2`.
Equal names in different partitions share a row, as in the tool, so the time per inference of a row is `sum / runs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mbench.hostbench import litert_c
from mbench.hostbench.delegation import Delegation
from mbench.hostbench.file_facts import FileSubgraph
from mbench.hostbench.litert_c import LiteRtError, ProfilerEvent
from mbench.hostbench.running_stat import RunningStat

_INVOKE_TAG = "Invoke"
_OPERATOR_EVENTS = (litert_c.EVENT_OPERATOR_INVOKE, litert_c.EVENT_DELEGATE_PROFILED_OPERATOR_INVOKE)


@dataclass(slots=True, kw_only=True)
class ProfileRow:
    """One name: its kind of operator, where it first ran, and one value per call in microseconds."""

    name: str
    node_type: str
    run_order: int
    elapsed_us: RunningStat = field(default_factory=RunningStat)


@dataclass(slots=True, kw_only=True)
class SubgraphProfile:
    """The rows of one subgraph in run order, and the sum of all its operators per run."""

    index: int
    name: str
    rows: dict[str, ProfileRow] = field(default_factory=dict)
    run_total_us: RunningStat = field(default_factory=RunningStat)

    def times_called(self, row: ProfileRow) -> int:
        """How often a row's operators ran per inference."""
        return row.elapsed_us.count // self.run_total_us.count


class OpProfile:
    """Collects the events of one inference after another."""

    def __init__(self, subgraphs: tuple[FileSubgraph, ...], delegation: Delegation) -> None:
        self._file = subgraphs
        self._delegation = delegation
        self._subgraphs: dict[int, SubgraphProfile] = {}

    @property
    def subgraphs(self) -> list[SubgraphProfile]:
        """The profiles of the subgraphs that ran, by index."""
        return [self._subgraphs[index] for index in sorted(self._subgraphs)]

    def add_run(self, events: Sequence[ProfilerEvent]) -> None:
        """Adds the operator events of one inference."""
        totals_us: dict[int, int] = {}
        operators = (event for event in events if event.event_type in _OPERATOR_EVENTS)
        for run_order, event in enumerate(operators):
            subgraph = self._subgraphs.setdefault(
                event.subgraph, SubgraphProfile(index=event.subgraph, name=self._file[event.subgraph].name)
            )
            name = self._row_name(event)
            row = subgraph.rows.setdefault(name, ProfileRow(name=name, node_type=event.tag, run_order=run_order))
            row.elapsed_us.update(event.elapsed_us)
            totals_us[event.subgraph] = totals_us.get(event.subgraph, 0) + event.elapsed_us
        for index, total_us in totals_us.items():
            self._subgraphs[index].run_total_us.update(total_us)

    def _row_name(self, event: ProfilerEvent) -> str:
        if event.event_type == litert_c.EVENT_DELEGATE_PROFILED_OPERATOR_INVOKE:
            return f"Delegate/{event.tag}:{event.node}"
        file = self._file[event.subgraph]
        outputs: tuple[int, ...] = ()
        if event.node < len(file.operators):
            outputs = file.operators[event.node].outputs
        elif event.subgraph == 0:
            kernels = [kernel for kernel in self._delegation.kernels if kernel.node.index == event.node]
            outputs = kernels[0].node.outputs if kernels else ()
        names = (file.tensors[tensor].name if 0 <= tensor < len(file.tensors) else "Unknown" for tensor in outputs)
        return f"[{', '.join(names)}]:{event.node}"


def check_events(events: Sequence[ProfilerEvent], delegation: Delegation, subgraph_count: int) -> int:
    """Checks that events can be what one inference produced, and returns its microseconds.

    This is what stands between a library of another layout and wrong numbers: there is one invocation of the graph, the
    CPU nodes are those that the delegate left, and no operator nor all together took longer than the whole.

    Raises:
      LiteRtError: They cannot.
    """
    operators = [event for event in events if event.event_type in _OPERATOR_EVENTS]
    strangers = [event for event in operators if event.subgraph >= subgraph_count or not event.tag.isprintable()]
    if strangers:
        raise LiteRtError(f"the profiler reports an operator that the model does not have: {strangers[0]}")
    invocations = [event for event in events if event.tag == _INVOKE_TAG and event.event_type == litert_c.EVENT_DEFAULT]
    if not invocations:
        raise LiteRtError("the profiler does not report the invocation")
    # Inner subgraphs are invoked within the first invocation.
    invoke_us = max(event.elapsed_us for event in invocations)
    own = [event for event in operators if event.subgraph == 0]
    seen = {event.node for event in own if event.event_type == litert_c.EVENT_OPERATOR_INVOKE}
    kernels = {kernel.node.index for kernel in delegation.kernels}
    if seen - kernels != delegation.cpu_nodes:
        raise LiteRtError(
            f"the profiler saw the CPU nodes {sorted(seen - kernels)}, the interpreter has "
            f"{sorted(delegation.cpu_nodes)}"
        )
    # Every event is cut to whole microseconds at both ends.
    total_us = sum(event.elapsed_us for event in own)
    if total_us > invoke_us + len(own) + 1:
        raise LiteRtError(f"the operators took {total_us} us of an invocation of {invoke_us} us")
    return invoke_us
