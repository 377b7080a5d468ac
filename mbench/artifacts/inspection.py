"""Says what a `.tflite` file is: identity, counts, layers, inputs and outputs, and whether it can be benchmarked.

An `Inspection` is what `mbench inspect FILE --json` prints. Its names are stable.
"""

import hashlib
from collections import Counter
from math import prod
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from mbench.artifacts.counting import Counts, Layer, Share, count_model, least
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.float_operators import float_operators
from mbench.artifacts.graph import Subgraph, Tensor, TfliteModel
from mbench.artifacts.model_metadata import read_normalization
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.workloads import ArtifactFacts, Document, Normalization, OutputFacts
from mbench.files.regular import kind_of, read_regular

RUNTIME_CUSTOM: Final = frozenset({"TFLite_Detection_PostProcess", "NumericVerify", "Mfcc", "AudioSpectrogram"})
"""Custom operators that the runtime brings with it (google-ai-edge/LiteRT `tflite/core/kernels/register.cc`)."""

UNFILLABLE: Final = frozenset({"string", "resource", "variant"})

LARGEST_FILE_BYTES: Final = 4 << 30


class TensorFacts(Document):
    """An input or output.

    Attributes:
        shape: as stored; `shape_signature` has −1 where a dimension may change, and is None where none may.
        scale: real = scale × (stored − zero_point); both None where the tensor is not quantized.
    """

    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...] | None
    dtype: str
    scale: float | None
    zero_point: int | None


class SignatureFacts(Document):
    """A named entry point with the names of its inputs and outputs."""

    key: str
    subgraph: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Inspection(Document):
    """All that is known of a file without running it.

    Attributes:
        name: variant name, or `file:NAME@sha256[:12]`.
        mult_adds: multiply-adds of one inference; None where an operator's cannot be counted.
        parameters: weights and biases by operator input.
        activation_bytes: largest sum of activations alive at one operator.
        shares: by layer type, as the paper's Table 2.
        operators: how often each operator occurs in subgraph 0, the most frequent first.
        subgraphs: how many there are.
        custom_operators: names of custom operators, of all subgraphs.
        float_operators: of subgraph 0, those that compute in float in a file of integers, in order of execution.
        notes: why something is None, and how the counts are to be read.
        normalization: of the first input, as the file's TFLite metadata says.
    """

    name: str
    sha256: str
    size_bytes: int
    mult_adds: int | None
    parameters: int | None
    activation_bytes: int | None
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    layers: tuple[Layer, ...]
    shares: tuple[Share, ...]
    operators: dict[str, int]
    signatures: tuple[SignatureFacts, ...]
    subgraphs: int
    custom_operators: tuple[str, ...]
    float_operators: tuple[str, ...]
    notes: tuple[str, ...]
    normalization: Normalization | None = None

    def facts(self) -> ArtifactFacts:
        """Return what travels with a workload."""
        return ArtifactFacts(
            name=self.name,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            mult_adds=self.mult_adds,
            parameters=self.parameters,
            least_mult_adds=least(layer.mult_adds for layer in self.layers),
            least_parameters=least(layer.parameters for layer in self.layers),
            activation_bytes=self.activation_bytes,
            outputs=_output_facts(self.outputs),
            float_operators=self.float_operators,
            normalization=self.normalization,
            signatures=tuple(signature.key for signature in self.signatures),
            signature_subgraphs=tuple(signature.subgraph for signature in self.signatures),
        )


def _output_facts(outputs: tuple[TensorFacts, ...]) -> tuple[OutputFacts, ...] | None:
    if any(size < 1 for tensor in outputs for size in (*tensor.shape, *(tensor.shape_signature or ())[1:])):
        return None
    return tuple(
        OutputFacts(dtype=tensor.dtype, elements=prod(tensor.shape), zero_point=tensor.zero_point) for tensor in outputs
    )


def inspect_file(path: Path, *, name: str | None = None) -> Inspection:
    """Return what a file is.

    Args:
        path: the `.tflite` file.
        name: variant name of a file that we built; others are called `file:NAME@sha256[:12]`.

    Raises:
        ArtifactError: it cannot be read, or is no whole `.tflite` file.
    """
    data = read_bytes(path)
    return inspect_bytes(data, name=name or file_name(path, data), source=str(path))


def inspect_bytes(data: bytes, *, name: str, source: str = "the file") -> Inspection:
    """Return what the bytes of a `.tflite` file are; `source` is what messages call them.

    Raises:
        ArtifactError: they are no whole `.tflite` file.
    """
    model = read_model(data, source=source)
    try:
        inspection = _inspection(model, count_model(model), data, name)
        inspection.facts()  # what is refused of them is refused here, where the file is known
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ArtifactError(f"{source} is damaged: its {place} is out of range ({first['msg']}).") from error
    return inspection


def read_bytes(path: Path) -> bytes:
    """Return a model file's bytes.

    Raises:
        UsageError: there is no such file.
        ArtifactError: it cannot be read, or is too large to be a model.
    """
    try:
        if not path.is_file():
            kind = kind_of(path)
            raise UsageError(f"{path} is {kind}{', not a file' if path.exists() else ''}; name a .tflite file.")
        if (size := path.stat().st_size) > LARGEST_FILE_BYTES:
            raise ArtifactError(f"{path} has {size} bytes; a .tflite file of more than 4 GiB cannot be read.")
        return read_regular(path, limit_bytes=LARGEST_FILE_BYTES)
    except OSError as error:
        raise ArtifactError(f"could not read {path}: {error.strerror or error}. Check the path.") from error


def file_name(path: Path, data: bytes) -> str:
    """Return the name of a user's own file: `file:NAME@sha256[:12]`."""
    return f"file:{path.stem}@{hashlib.sha256(data).hexdigest()[:12]}"


def runnable_reason(inspection: Inspection) -> str | None:
    """Return why no benchmark program can time this file, as one sentence; None where nothing but its inputs may."""
    if not inspection.operators:
        return "it has no operators."
    if not inspection.inputs:
        return "it has no inputs."
    return None


def foreign_operators(inspection: Inspection) -> str | None:
    """Return why this host's own runtime cannot run the file, as one sentence; None where it knows all operators.

    Another program may: one built with TensorFlow's kernels, or one whose delegate takes the operators.
    """
    foreign = [name for name in inspection.custom_operators if name not in RUNTIME_CUSTOM]
    if flex := [name for name in foreign if name.startswith("Flex")]:
        return (
            f"it needs TensorFlow's own kernels for {', '.join(flex)}, which this host's runtime lacks; convert it "
            "with builtin operators only, or name a program that has them by --binary."
        )
    if foreign:
        return (
            f"it has custom operators that this host's runtime does not bring: {', '.join(foreign)}; run it on a phone "
            "whose delegate takes them, or name a program that has them by --binary."
        )
    if newer := [name for name in inspection.operators if name.startswith("BUILTIN_")]:
        return f"it has operators that this host's runtime does not know: {', '.join(newer)}; name a newer --binary."
    return None


def has_open_size(tensor: TensorFacts) -> bool:
    """Whether an input must be given a shape before it can be fed.

    A batch of any size runs as stored; a picture of any size would run at the 1×1 pixels that the file stores.
    """
    open_sizes = tensor.shape_signature is not None and any(size < 0 for size in tensor.shape_signature[1:])
    return open_sizes or any(size < 1 for size in tensor.shape)


def _inspection(model: TfliteModel, counts: Counts, data: bytes, name: str) -> Inspection:
    graph = model.main
    return Inspection(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        mult_adds=counts.mult_adds,
        parameters=counts.parameters,
        activation_bytes=counts.activation_bytes,
        inputs=tuple(_tensor_facts(graph.tensors[index]) for index in graph.inputs),
        outputs=tuple(_tensor_facts(graph.tensors[index]) for index in graph.outputs),
        layers=counts.layers,
        shares=counts.shares,
        operators=dict(Counter(operator.label for operator in graph.operators).most_common()),
        signatures=_signatures(model),
        subgraphs=len(model.subgraphs),
        custom_operators=_custom_operators(model.subgraphs),
        float_operators=float_operators(graph),
        normalization=None if model.metadata is None else read_normalization(model.metadata),
        notes=counts.notes,
    )


def _tensor_facts(tensor: Tensor) -> TensorFacts:
    quantization = tensor.quantization
    return TensorFacts(
        name=tensor.name,
        shape=tensor.shape,
        shape_signature=tensor.shape_signature,
        dtype=tensor.dtype,
        scale=quantization.scales[0] if quantization else None,
        zero_point=quantization.zero_points[0] if quantization and quantization.zero_points else None,
    )


def _signatures(model: TfliteModel) -> tuple[SignatureFacts, ...]:
    return tuple(
        SignatureFacts(
            key=signature.key,
            subgraph=signature.subgraph,
            inputs=tuple(name for name, _ in signature.inputs),
            outputs=tuple(name for name, _ in signature.outputs),
        )
        for signature in model.signatures
    )


def _custom_operators(subgraphs: tuple[Subgraph, ...]) -> tuple[str, ...]:
    names = {operator.custom for graph in subgraphs for operator in graph.operators if operator.custom is not None}
    return tuple(sorted(names))
