"""Which operators of a user's network are left in float: as named, or as a search finds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from mbench.core.builds.own_recipes import KeepFloat
from mbench.core.errors import ArtifactError
from mbench.models.flatbuffers import operator_name, read_model, text_of

Quantized = Callable[[Sequence[int]], bytes]
"""From operators' places in the float file to the file in which these, and no others, are left in float.

It raises ArtifactError where there is no such file.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatSearch:
    """What a search is made with.

    Attributes:
        source: the float file.
        names: of the ends' tensors, by what the signature and `examples` call them.
        quantized: builds a candidate.
        asked: where it ends.
    """

    source: bytes
    names: Mapping[str, str]
    examples: Sequence[Mapping[str, npt.NDArray[Any]]]
    quantized: Quantized
    asked: KeepFloat


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFound:
    """What a search found.

    Attributes:
        data: the file.
        notes: what was left in float, and why.
    """

    data: bytes
    notes: tuple[str, ...]


Search = Callable[[FloatSearch], FloatFound]


def named_operators(source: bytes, asked: KeepFloat) -> list[int]:
    """Return the places of the operators that were named: by kind, or by the tensor that they give.

    Raises:
        ArtifactError: a name of neither.
    """
    model = read_model(source)
    graph = model.subgraphs[0]
    kinds = [operator_name(model, operator) for operator in graph.operators]
    outputs = [
        {part for index in operator.outputs for part in _called(text_of(graph.tensors[index].name))}
        for operator in graph.operators
    ]
    found: list[int] = []
    for name in asked.names:
        places = [at for at, kind in enumerate(kinds) if kind == name or name in outputs[at]]
        if not places:
            raise ArtifactError(
                f"--keep-float {name}: it has no operator or tensor of that name; its operators are "
                f"{', '.join(sorted(set(kinds)))}."
            )
        found += places
    return sorted(set(found))


def _called(tensor: str) -> tuple[str, str]:
    """Return a tensor's whole name and, where a converter joined those of all that was fused, the first."""
    return tensor, tensor.partition(";")[0]


def scope_of(source: bytes, places: Sequence[int]) -> list[tuple[str, str]]:
    """Return the kind of each operator, and how litert-quantizer calls it: its outputs' names, `;` behind each."""
    model = read_model(source)
    graph = model.subgraphs[0]
    return [
        (
            operator_name(model, graph.operators[at]),
            "".join(f"{text_of(graph.tensors[index].name)};" for index in graph.operators[at].outputs),
        )
        for at in places
    ]
