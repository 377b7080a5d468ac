"""Which nodes of a graph a delegate took, counted from the interpreter's list of nodes.

After a delegate was applied, that list holds the model's own nodes followed by one DELEGATE node per delegated
partition, with its input and output tensors. The nodes it replaced are those met on the way back from its outputs to
its inputs. Partitions count delegated and left-over subsets alike, as in the runtime's own line, which the Python
runtime keeps to itself:
`Replacing 29 out of 31 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 4 partitions for subgraph 0.`
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

DELEGATE_NODE_NAME = "DELEGATE"
DELEGATE_NAME = "TfLiteXNNPackDelegate"  # the only delegate that the Python runtime applies


class DelegationUnclear(Exception):
    """The list of nodes does not tell which nodes were replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node: its index, operator name, and tensor indices (-1: an optional input that is absent)."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One delegated partition: the node that stands for it and the indices of the nodes that it replaced."""

    node: Node
    replaced: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A graph after its delegate: the model's own nodes, the delegated partitions, the plan as node indices."""

    nodes: tuple[Node, ...]
    kernels: tuple[Kernel, ...]
    plan: tuple[int, ...]
    partitions: int

    @property
    def replaced_count(self) -> int:
        """How many of the model's own nodes the delegate executes."""
        return sum(len(kernel.replaced) for kernel in self.kernels)

    @property
    def is_complete(self) -> bool:
        """Whether a single kernel executes everything: what the tool calls fully delegated."""
        return len(self.kernels) == 1 and len(self.plan) == 1

    @property
    def cpu_nodes(self) -> frozenset[int]:
        """The indices of the nodes that stayed on the CPU."""
        return frozenset(node.index for node in self.nodes) & frozenset(self.plan)


def find_delegation(
    all_nodes: Sequence[Node], graph_outputs: Collection[int], is_unallocated: Callable[[int], bool]
) -> Delegation:
    """Works out the delegation of a graph.

    Args:
      all_nodes: The nodes as the interpreter lists them after allocation: originals, then DELEGATE nodes.
      graph_outputs: Indices of the tensors that the graph returns.
      is_unallocated: Tells of a tensor whether the interpreter gave it no memory, which is so for tensors within a
        kernel. It decides about nodes whose outputs nobody reads.

    Raises:
      DelegationUnclear: The nodes contradict each other.
    """
    nodes = tuple(node for node in all_nodes if node.name != DELEGATE_NODE_NAME)
    kernel_nodes = tuple(node for node in all_nodes if node.name == DELEGATE_NODE_NAME)
    producers = {tensor: node for node in nodes for tensor in node.outputs if tensor >= 0}
    claimed = [_walk_back(kernel, producers) for kernel in kernel_nodes]
    loose = _claim_sinks(nodes, kernel_nodes, claimed, producers, is_unallocated)
    if sum(map(len, claimed)) != len(frozenset().union(*claimed)):
        raise DelegationUnclear("two delegate nodes compute the same tensor")
    unread = _unread_nodes(nodes, graph_outputs) - frozenset().union(*claimed)
    if kernel_nodes:
        loose |= {index for index in unread if all(map(is_unallocated, nodes[index].outputs))}
    subsets = _partition(nodes, frozenset(loose).union(*claimed))
    delegated = [members for is_delegated, members in subsets if is_delegated]
    if len(delegated) == len(claimed) and all(
        own <= set(members) <= own | loose for own, members in zip(claimed, delegated, strict=True)
    ):
        replaced = [tuple(sorted(members)) for members in delegated]
    elif loose:
        raise DelegationUnclear(f"nodes {sorted(loose)} were replaced by a delegate node that cannot be identified")
    else:
        # The runtime cut differently, because it also keeps the order of nodes with side effects.
        replaced = [tuple(sorted(own)) for own in claimed]
        subsets = _schedule(nodes, replaced)
    kernels = tuple(Kernel(node=node, replaced=own) for node, own in zip(kernel_nodes, replaced, strict=True))
    return Delegation(nodes=nodes, kernels=kernels, plan=_plan(subsets, kernels), partitions=len(subsets))


def _walk_back(kernel: Node, producers: dict[int, Node]) -> set[int]:
    boundary = set(kernel.inputs)
    waiting = list(kernel.outputs)
    found: set[int] = set()
    while waiting:
        tensor = waiting.pop()
        producer = producers.get(tensor)
        if tensor in boundary or producer is None or producer.index in found:
            continue
        found.add(producer.index)
        waiting.extend(producer.inputs)
    return found


def _claim_sinks(
    nodes: Sequence[Node],
    kernels: Sequence[Node],
    claimed: Sequence[set[int]],
    producers: dict[int, Node],
    is_unallocated: Callable[[int], bool],
) -> set[int]:
    """Adds nodes without outputs (ASSIGN_VARIABLE), and what feeds them alone, to the kernels that replaced them.

    Such a node belongs to a kernel if it reads a tensor within one, or if it alone can be why the kernel has an input.
    Returns the nodes that a kernel may have replaced or not.
    """
    loose: set[int] = set()
    if not kernels:  # and asking the runtime for a variable's memory before anything has run may crash it
        return loose
    edges = {tensor for kernel in kernels for tensor in (*kernel.inputs, *kernel.outputs)}
    for sink in nodes:
        if sink.outputs or not sink.inputs:
            continue
        chain, boundary = _feeding_chain(sink, producers, lambda tensor: tensor not in edges and is_unallocated(tensor))
        fitting = [
            place
            for place, kernel in enumerate(kernels)
            if boundary <= {*kernel.inputs, *(tensor for index in claimed[place] for tensor in nodes[index].outputs)}
        ]
        needing = [
            place
            for place in fitting
            if not claimed[place] or set(sink.inputs) & (_outer_inputs_of(kernels[place], nodes, claimed[place]))
        ]
        if len(chain) > 1 and len(fitting) == 1:
            claimed[fitting[0]].update(chain)
        elif len(needing) == 1:
            claimed[needing[0]].update(chain)
        elif len(chain) > 1:
            raise DelegationUnclear(f"node {sink.index} was replaced by a delegate node that cannot be identified")
        elif fitting:
            loose.add(sink.index)
    return loose


def _feeding_chain(
    sink: Node, producers: dict[int, Node], is_within: Callable[[int], bool]
) -> tuple[set[int], set[int]]:
    """Returns the node with all that feeds it through tensors within a kernel, and the tensors that these read."""
    chain, boundary, waiting = {sink.index}, set[int](), list(sink.inputs)
    while waiting:
        tensor = waiting.pop()
        producer = producers.get(tensor)
        if tensor < 0 or (producer is not None and producer.index in chain):
            continue
        if producer is not None and is_within(tensor):
            chain.add(producer.index)
            waiting.extend(producer.inputs)
        else:
            boundary.add(tensor)
    return chain, boundary


def _outer_inputs_of(kernel: Node, nodes: Sequence[Node], own: Collection[int]) -> set[int]:
    """Returns the kernel's inputs that none of its own nodes reads."""
    return set(kernel.inputs) - {tensor for index in own for tensor in nodes[index].inputs}


def _unread_nodes(nodes: Iterable[Node], graph_outputs: Collection[int]) -> set[int]:
    nodes = tuple(nodes)
    read = {tensor for node in nodes for tensor in node.inputs} | set(graph_outputs)
    return {node.index for node in nodes if node.outputs and not read.intersection(node.outputs)}


Subset = tuple[bool, list[int]]


def _partition(nodes: Sequence[Node], delegated: Collection[int]) -> list[Subset]:
    """Cuts the graph as the runtime does (TFLite `graph_info.cc`, PartitionGraphIntoIndependentNodeSubsets).

    A subset takes the first node whose inputs are ready, then every further ready node of the same kind, again and
    again.
    """
    pending = {tensor for node in nodes for tensor in node.outputs}
    left = list(nodes)
    subsets: list[Subset] = []
    while left:
        kind: bool | None = None
        members: list[int] = []
        progress = True
        while progress:
            progress = False
            for node in list(left):
                is_delegated = node.index in delegated
                if pending.intersection(node.inputs) or kind not in (None, is_delegated):
                    continue
                kind = is_delegated
                members.append(node.index)
                left.remove(node)
                pending.difference_update(node.outputs)
                progress = True
        if kind is None:
            raise DelegationUnclear("the graph has a cycle")
        subsets.append((kind, members))
    return subsets


def _schedule(nodes: Sequence[Node], kernels: Sequence[tuple[int, ...]]) -> list[Subset]:
    """Cuts the graph around kernels that are already known: each is one subset, ready CPU nodes gather in one."""
    pending = {tensor for node in nodes for tensor in node.outputs}
    on_cpu = [node for node in nodes if not any(node.index in kernel for kernel in kernels)]
    waiting = list(kernels)
    subsets: list[Subset] = []
    while on_cpu or waiting:
        members: list[int] = []
        progress = True
        while progress:
            ready = [node for node in on_cpu if not pending.intersection(node.inputs)]
            progress = bool(ready)
            for node in ready:
                on_cpu.remove(node)
                members.append(node.index)
                pending.difference_update(node.outputs)
        if members:
            subsets.append((False, members))
        runnable = [kernel for kernel in waiting if not _outer_inputs(nodes, kernel) & pending]
        if not members and not runnable:
            raise DelegationUnclear("delegate nodes wait for each other")
        for kernel in runnable[:1]:
            waiting.remove(kernel)
            subsets.append((True, list(kernel)))
            pending.difference_update(*(nodes[index].outputs for index in kernel))
    return subsets


def _outer_inputs(nodes: Sequence[Node], kernel: Collection[int]) -> set[int]:
    own = {tensor for index in kernel for tensor in nodes[index].outputs}
    return {tensor for index in kernel for tensor in nodes[index].inputs} - own


def _plan(subsets: Sequence[Subset], kernels: Sequence[Kernel]) -> tuple[int, ...]:
    by_first_node = {kernel.replaced[0]: kernel.node.index for kernel in kernels if kernel.replaced}
    plan: list[int] = []
    for is_delegated, members in subsets:
        plan.extend([by_first_node[min(members)]] if is_delegated else members)
    return tuple(plan)
