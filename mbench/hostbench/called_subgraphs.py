"""What the delegate takes of the subgraphs that the main graph calls: composites, loops, branches, initialization.

The Python runtime lists the nodes of the main graph alone. What XNNPACK takes of another subgraph it decides by that
subgraph's own nodes and tensors, so each is loaded once more as the main graph of a model of its own, at its stored
shapes, allocated and never run. A file with one subgraph is not read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from mbench.hostbench import streams
from mbench.hostbench.delegation import Delegation

_CALLED = (
    *("condSubgraphIndex", "bodySubgraphIndex", "thenSubgraphIndex", "elseSubgraphIndex", "initSubgraphIndex"),
    *("decompositionSubgraphIndex", "subgraph"),
)
"""How options name a subgraph that their operator calls."""

_SEVERAL = "branchSubgraphIndices"
_IDENTIFIER = b"TFL3"


class UnreadableModel(Exception):
    """The schema's reader, or its writer, falls over a file; the runtime may take it all the same."""


def called_delegations(
    path: str, main: Delegation, delegation_of: Callable[[bytes], Delegation]
) -> Mapping[int, Delegation]:
    """Returns the delegations of the subgraphs that are run, by their index, without the main graph's.

    Args:
      path: The model's file, which the runtime has accepted.
      main: Of the main graph: a call that the delegate took is not made.
      delegation_of: Loads a model from its bytes and tells its delegation.

    Raises:
      UnreadableModel: Which subgraphs are called is not known.
    """
    model = read_model(path)
    found: dict[int, Delegation] = {}
    waiting = _called(model, 0, main.cpu_nodes)
    while waiting:
        index = waiting.pop(0)
        if index in found or not 0 < index < len(model.subgraphs):
            continue
        found[index] = delegation_of(as_main(model, index))
        waiting += _called(model, index, found[index].cpu_nodes)
    return dict(sorted(found.items()))


def _called(model: Any, index: int, nodes: Collection[int]) -> list[int]:
    """Returns the subgraphs that the given nodes of a subgraph call."""
    operators = model.subgraphs[index].operators or ()
    return [called for node, operator in enumerate(operators) if node in nodes for called in _calls(operator)]


def _calls(operator: Any) -> Iterator[int]:
    for options in (operator.builtinOptions, getattr(operator, "builtinOptions2", None)):
        if options is not None:
            yield from (vars(options)[name] for name in _CALLED if name in vars(options))
            yield from vars(options).get(_SEVERAL) or ()


def read_model(path: str) -> Any:
    """Returns the whole file as the schema's objects.

    Raises:
      UnreadableModel: The file is gone, or the reader falls over it.
    """
    try:
        return schema.ModelT.InitFromObj(schema.Model.GetRootAs(Path(path).read_bytes(), 0))
    except Exception as exc:  # whatever foreign bytes do to the generated reader
        raise UnreadableModel(streams.first_line(exc)) from exc


def as_main(model: Any, index: int) -> bytes:
    """Returns the model with a subgraph in the main graph's place; the others keep theirs, since nodes name them.

    Raises:
      UnreadableModel: There is no such subgraph, or the writer falls over the file, as over 2 GB.
    """
    graphs, signatures = list(model.subgraphs), model.signatureDefs
    builder = flatbuffers.Builder(1 << 16)
    try:
        model.subgraphs = [graphs[index], *graphs[1:]]
        model.signatureDefs = []
        builder.Finish(model.Pack(builder), _IDENTIFIER)
        return bytes(builder.Output())
    except Exception as exc:  # whatever foreign values do to the generated writer
        raise UnreadableModel(streams.first_line(exc)) from exc
    finally:
        model.subgraphs, model.signatureDefs = graphs, signatures
