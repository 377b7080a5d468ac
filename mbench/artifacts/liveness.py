"""Activation memory of one subgraph, from the order of its operators."""

from collections.abc import Collection, Iterator

from mbench.artifacts.graph import Subgraph, Tensor, Uncountable


def peak_activation_bytes(subgraph: Subgraph, constants: Collection[int]) -> int:
    """Return the largest sum of activations that are alive at one operator, in bytes.

    A tensor lives from the operator that writes it to the last one that reads it, both included; the graph's inputs
    from the start, its outputs and its variables to the end. Constants and what is only unpacked from constants (a
    float16 file's weights) do not count. The sum is what the algorithm needs: an allocator may need more for alignment
    and fragmentation, kernels more for scratch space.

    Args:
        subgraph: operators in execution order.
        constants: tensor indices that do not count.

    Raises:
        Uncountable: an activation has no fixed size.
    """
    first, last = _lifetimes(subgraph, constants)
    # change[i]: bytes that become alive at operator i, less those that were read for the last time at i − 1.
    change = [0] * (len(subgraph.operators) + 2)
    for index, start in first.items():
        size = _size_bytes(subgraph.tensors[index])
        change[start] += size
        change[last[index] + 1] -= size
    return max(_running_sums(change))


def _lifetimes(subgraph: Subgraph, constants: Collection[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the first and the last operator at which each activation is alive."""
    end = max(len(subgraph.operators) - 1, 0)
    first = dict.fromkeys(subgraph.inputs, 0)
    last = dict.fromkeys(subgraph.inputs, 0)
    for operator in subgraph.operators:
        for index in (*operator.inputs, *operator.outputs):
            first.setdefault(index, operator.index)
            last[index] = operator.index
    for tensor in subgraph.tensors:
        if tensor.variable:
            first[tensor.index], last[tensor.index] = 0, end
    for index in subgraph.outputs:
        first.setdefault(index, 0)
        last[index] = end
    left_out = {-1, *constants}
    return {index: start for index, start in first.items() if index not in left_out}, last


def _running_sums(changes: list[int]) -> Iterator[int]:
    alive = 0
    for change in changes:
        alive += change
        yield alive


def _size_bytes(tensor: Tensor) -> int:
    if not tensor.fixed_shape:
        raise Uncountable(f"tensor {tensor.name!r} has no fixed shape")
    if (size := tensor.size_bytes) is None:
        raise Uncountable(f"tensor {tensor.name!r} of type {tensor.dtype} has no fixed size")
    return size
