"""From a model that tensorflow can run to a float `.tflite` file, whatever its inputs and outputs.

Inputs and outputs keep the names that the model has for them, as far as names of tensors can be such.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import ArtifactError
from mbench.models.flatbuffers import (
    OUTPUT_NAME,
    drop_conversion_metadata,
    name_ends,
    read_model,
    refuse_passed_through,
    signature_of,
    text_of,
    write_model,
)
from mbench.models.own.input_arrays import Example, OwnInput
from mbench.models.tflite.conversion import float_converter, freeze
from mbench.models.tflite.model_outputs import OUTPUTS

_UNSUPPORTED: Final = re.compile(r"(?:TF Select|Custom) ops: (?P<operators>[A-Za-z0-9_, ]+)")
"""What the converter lists of operators that have no TFLite form (tensorflow `lite/python/convert.py`)."""

_SCOPES_OF_MODELS: Final = re.compile(
    r"(functional|sequential|model|StatefulPartitionedCall|PartitionedCall)(_[0-9]+)*"
)
"""In front of a layer's own scope; of SavedModels also that of the signature's function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModel:
    """A model as it came.

    Attributes:
        inputs: with −1 where a size is open.
        call: gives what the model makes of tensors by input name: a tensor, a sequence or a mapping of some.
        against: what it is called where files are compared with it.
    """

    inputs: tuple[OwnInput, ...]
    call: Callable[[Mapping[str, Any]], Any]
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A model with fixed shapes as a float file.

    Attributes:
        names: of all ends' tensors, by the signature's names, which are alike.
        answers: gives what the model makes of examples, as a probe keeps it.
    """

    data: bytes
    names: dict[str, str]
    answers: Callable[[Sequence[Example]], dict[str, npt.NDArray[Any]]]


def end_name(text: str) -> str:
    """Return a name as tensors can have it: without a colon, which benchmark_model takes for its own delimiter."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_.-") or "input"


def convert_model(model: OwnModel, inputs: Sequence[OwnInput]) -> Converted:
    """Return a model as a float file.

    Args:
        model: as it came.
        inputs: with fixed shapes.

    Raises:
        ArtifactError: it gives something else than tensors, or has operators without a TFLite form, which are named.
    """
    import tensorflow as tf

    outputs: list[str] = []

    def infer(tensors: Mapping[str, Any]) -> list[Any]:
        named = named_outputs(model.call(tensors), {each.name for each in inputs})
        outputs[:] = named
        return [tf.identity(each) for each in named.values()]

    specs = {each.name: tf.TensorSpec(each.shape, each.dtype, name=each.name) for each in inputs}
    traced = tf.function(infer, autograph=False).get_concrete_function(specs)
    frozen = freeze(traced, control_flow=True)
    try:
        data = float_converter(frozen).convert()
    except Exception as error:  # the converter raises all kinds
        raise _unsupported(error, frozen) or error from error
    names = {each: each for each in (*(one.name for one in inputs), *outputs)}
    return Converted(data=_renamed(data, inputs, outputs, names), names=names, answers=_answering(traced, outputs))


def named_outputs(given: Any, taken: set[str]) -> dict[str, Any]:
    """Return what a model gives by name, in the order of the file."""
    if isinstance(given, Mapping):
        named = {end_name(str(key)): value for key, value in given.items()}
    elif isinstance(given, (list, tuple)):
        one = len(given) == 1
        named = {OUTPUT_NAME if one else f"{OUTPUT_NAME}_{place}": value for place, value in enumerate(given)}
    else:
        named = {OUTPUT_NAME: given}
    wrong = next((value for value in named.values() if not hasattr(value, "dtype")), None)
    if wrong is not None or not named:
        raise ArtifactError(f"it gives {type(given).__name__} of {type(wrong).__name__}; outputs must be tensors.")
    return {f"{name}_out" if name in taken else name: value for name, value in named.items()}


def _renamed(data: bytes, inputs: Sequence[OwnInput], outputs: Sequence[str], names: Mapping[str, str]) -> bytes:
    """Return the converter's file with the names and the order of ends that the model has."""
    model = read_model(data)
    graph = model.subgraphs[0]
    if not model.signatureDefs:  # the converter fell back on its older way, which keeps names and order but has none
        model.signatureDefs = [signature_of(graph, [f"{OUTPUT_NAME}_{place}" for place in range(len(outputs))])]
    signature = model.signatureDefs[0]
    for argument in signature.outputs:  # the converter numbers them
        argument.name = outputs[int(text_of(argument.name).rpartition("_")[2])]
    refuse_passed_through(model)
    name_ends(model, names)
    places = {text_of(each.name): each.tensorIndex for each in (*signature.inputs, *signature.outputs)}
    graph.inputs = np.array([places[each.name] for each in inputs if each.name in places], np.int32)
    graph.outputs = np.array([places[name] for name in outputs], np.int32)
    drop_conversion_metadata(model)
    return write_model(model)


def _answering(traced: Any, outputs: Sequence[str]) -> Callable[[Sequence[Example]], dict[str, npt.NDArray[Any]]]:
    import tensorflow as tf

    def answer(examples: Sequence[Example]) -> dict[str, npt.NDArray[Any]]:
        given = [traced({name: tf.constant(values) for name, values in example.items()}) for example in examples]
        return {
            f"{OUTPUTS}/{name}": np.stack([each[place].numpy().astype(np.float32) for each in given])
            for place, name in enumerate(outputs)
        }

    return answer


def _unsupported(error: Exception, frozen: Any) -> ArtifactError | None:
    """Return which operators have no TFLite form, and which layers bring them; None: that was not it."""
    operators = {
        name.strip() for found in _UNSUPPORTED.finditer(str(error)) for name in found["operators"].split(",")
    } - {""}
    if not operators:
        return None
    kinds = "; ".join(_with_places(operator, frozen) for operator in sorted(operators))
    return ArtifactError(
        f"it has operators that TFLite does not have: {kinds}. Build that layer of others, or leave it out of the file."
    )


def _with_places(operator: str, frozen: Any) -> str:
    places = dict.fromkeys(_layer(node.name) for node in _nodes(frozen) if node.op == operator)
    return operator if not places else f"{operator} (in {', '.join(list(places)[:3])})"


def _nodes(frozen: Any) -> Iterator[Any]:
    graph = frozen.graph.as_graph_def()
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _layer(node: str) -> str:
    """Return the layer that a node's name says it is of: `fft` of `functional_1_1/fft_1/FFT2D`."""
    scopes = [each for each in node.split("/")[:-1] if not _SCOPES_OF_MODELS.fullmatch(each)]
    return re.sub(r"_[0-9]+$", "", scopes[0]) if scopes else node
