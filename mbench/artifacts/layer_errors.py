"""Where a quantized file leaves its float source: both run on the same examples, every tensor is kept and compared.

Errors are those of whole networks: what one operator loses, those behind it inherit. The idea is that of the debugger
of quantization in tensorflow/lite/tools/optimize/debugging, which feeds each layer the float file's inputs instead.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.graph import Subgraph, Tensor, TfliteModel
from mbench.artifacts.running import captured_stderr, quantize
from mbench.artifacts.verification import SNR_LIMIT_DB
from mbench.core.errors import ArtifactError, UnsupportedModel
from mbench.core.numbers.bounds import Count
from mbench.core.workloads import Document

INPUT: Final = "INPUT"
"""What stands for an operator in the row of an input."""

_FLOATS: Final = frozenset({"float32", "float16"})
_NUMBERS: Final = frozenset({"float32", "float16", "int8", "uint8", "int16"})


class LayerError(Document):
    """How far one tensor lies from what the float file has there.

    Attributes:
        operator: place in the float file's order; None: an input.
        op: the operator that gives it.
        tensor: its name in the float file.
        dtype: how the quantized file stores it.
        snr_db: 10·log10(Σ float² / Σ error²) over all examples, within ±150; None: the float file has zeros alone.
        lost_db: how much of the worst ratio of the operator's inputs that is; below 0 it got better; None: they are
            exact, or the ratio is not known.
        rmse: root of the mean squared error, in the tensor's real values.
        rmse_per_step: the same in steps of the quantized tensor: 0.29 is rounding alone; None: it has no steps.
        max_error: largest absolute error.
        low, high: range of the float file's values.
    """

    operator: Count | None
    op: str
    tensor: str
    dtype: str
    snr_db: float | None
    lost_db: float | None
    rmse: float
    rmse_per_step: float | None
    max_error: float
    low: float
    high: float


class LayerErrors(Document):
    """All tensors that both files have, in the float file's order.

    Attributes:
        examples: that both were run on.
        unmatched: tensors of the float file that the other one has not, such as what it fused.
    """

    examples: Count
    layers: tuple[LayerError, ...]
    unmatched: tuple[str, ...]


@dataclass(slots=True)
class _Sums:
    """What is summed over examples of one tensor."""

    signal: float = 0.0
    noise: float = 0.0
    values: int = 0
    max_error: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    def add(self, wanted: NDArray[Any], actual: NDArray[Any]) -> None:
        real = wanted.astype(np.float64)
        error = actual.astype(np.float64) - real
        self.signal += float(np.sum(real**2))
        self.noise += float(np.sum(error**2))
        self.values += real.size
        if real.size:
            self.max_error = max(self.max_error, float(np.abs(error).max()))
            self.low, self.high = min(self.low, float(real.min())), max(self.high, float(real.max()))

    @property
    def snr_db(self) -> float | None:
        if self.signal == 0:
            return None
        if self.noise == 0:
            return SNR_LIMIT_DB
        if not np.isfinite(self.noise):
            return -SNR_LIMIT_DB
        return float(np.clip(10 * np.log10(self.signal / self.noise), -SNR_LIMIT_DB, SNR_LIMIT_DB))


@dataclass(frozen=True, slots=True)
class _File:
    """A file that keeps all tensors, by the reader's own account of them."""

    model: TfliteModel
    interpreter: Interpreter

    @property
    def graph(self) -> Subgraph:
        return self.model.main

    def values(self, index: int) -> NDArray[Any]:
        """Return the real values of a tensor."""
        tensor = self.graph.tensors[index]
        stored: NDArray[Any] = self.interpreter.get_tensor(index)
        step = _step(tensor)
        if step is None or stored.dtype.kind not in "iu":
            return stored
        assert tensor.quantization is not None
        return (stored.astype(np.float64) - tensor.quantization.zero_points[0]) * step

    def give(self, example: Mapping[str, NDArray[Any]]) -> None:
        """Set all inputs by what signatures call them, or their tensors are called."""
        named = dict(self.model.signatures[0].inputs) if self.model.signatures else {}
        details = {int(detail["index"]): detail for detail in self.interpreter.get_input_details()}
        for name, values in example.items():
            index = named.get(name)
            if index is None:
                index = next((at for at in self.graph.inputs if self.graph.tensors[at].name == name), None)
            if index is None or tuple(details[index]["shape"]) != values.shape:
                raise UnsupportedModel(f"the files take different inputs: {name} {values.shape} does not fit both.")
            self.interpreter.set_tensor(index, quantize(values, details[index]))
        self.interpreter.invoke()


def layer_errors(reference: bytes, quantized: bytes, examples: Sequence[Mapping[str, NDArray[Any]]]) -> LayerErrors:
    """Return how far each tensor of a quantized file lies from the float file's.

    Args:
        reference: the float file.
        quantized: another one of the same network.
        examples: an inference each: real values by the float file's names of its inputs, with the batch.

    Raises:
        UnsupportedModel: they take different inputs, or have no tensor in common, or the float file holds NaN, from
            which nothing is far or near.
        ArtifactError: the runtime does not take one of them.
    """
    with captured_stderr():
        try:
            files = _opened(reference), _opened(quantized)
            pairs = _pairs(files[0].graph, files[1].graph)
            sums = {index: _Sums() for index in pairs}
            for example in examples:
                for file in files:
                    file.give(example)
                for index, other in pairs.items():
                    _add(sums[index], files[0].values(index), files[1].values(other))
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(f"the LiteRT runtime does not run the files: {error}.") from error
    if not any(operator.outputs and operator.outputs[0] in pairs for operator in files[0].graph.operators):
        raise UnsupportedModel("no tensor has the same name in both files: they are not of one network and converter.")
    _refuse_nan(files[0].graph, sums)
    return LayerErrors(
        examples=len(examples),
        layers=tuple(_rows(files[0].graph, files[1].graph, pairs, sums)),
        unmatched=tuple(
            files[0].graph.tensors[index].name for index in _activations(files[0].graph) if index not in pairs
        ),
    )


def _refuse_nan(graph: Subgraph, sums: Mapping[int, _Sums]) -> None:
    wrong = next((index for index in _activations(graph) if index in sums and np.isnan(sums[index].signal)), None)
    if wrong is None:
        return
    giver = next((each for each in graph.operators if wrong in each.outputs), None)
    what = INPUT if giver is None else giver.label
    raise UnsupportedModel(
        f"the float file itself holds NaN on these examples, first in {graph.tensors[wrong].name!r} ({what}): look at "
        "its weights and at its inputs' range."
    )


def _opened(data: bytes) -> _File:
    model = read_model(data)
    interpreter = Interpreter(
        model_content=data,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,  # a delegate keeps its tensors
    )
    interpreter.allocate_tensors()
    return _File(model, interpreter)


def _add(sums: _Sums, wanted: NDArray[Any], actual: NDArray[Any]) -> None:
    if wanted.shape != actual.shape:
        raise UnsupportedModel(f"a tensor is {wanted.shape} in one file and {actual.shape} in the other.")
    sums.add(wanted, actual)


def _activations(graph: Subgraph) -> list[int]:
    """Return the tensors that hold real numbers which are computed, in order, inputs first."""
    given = [*graph.inputs, *(index for operator in graph.operators for index in operator.outputs)]
    return [index for index in dict.fromkeys(given) if index >= 0 and graph.tensors[index].dtype in _FLOATS]


def _pairs(reference: Subgraph, quantized: Subgraph) -> dict[int, int]:
    """Return which tensor of the quantized file is which of the float one: by a name that both have once, or place."""
    names = Counter(tensor.name for tensor in quantized.tensors)
    by_name = {
        tensor.name: tensor.index
        for tensor in quantized.tensors
        if names[tensor.name] == 1 and not tensor.constant and tensor.dtype in _NUMBERS
    }
    own = Counter(tensor.name for tensor in reference.tensors)
    ends = {
        **dict(zip(reference.inputs, quantized.inputs, strict=False)),
        **dict(zip(reference.outputs, quantized.outputs, strict=False)),
    }
    found = {}
    for index in _activations(reference):
        name = reference.tensors[index].name
        other = by_name.get(name) if own[name] == 1 else None
        end = ends.get(index)
        if other is None and end is not None and quantized.tensors[end].dtype in _NUMBERS:
            other = end
        if other is not None:
            found[index] = other
    return found


def _rows(
    reference: Subgraph, quantized: Subgraph, pairs: Mapping[int, int], sums: Mapping[int, _Sums]
) -> Iterator[LayerError]:
    for index in reference.inputs:
        if index in pairs:
            yield _row(None, INPUT, index, (), reference, quantized, pairs, sums)
    for operator in reference.operators:
        for index in operator.outputs:
            if index in pairs:
                yield _row(operator.index, operator.label, index, operator.inputs, reference, quantized, pairs, sums)


def _row(
    operator: int | None,
    op: str,
    index: int,
    inputs: Sequence[int],
    reference: Subgraph,
    quantized: Subgraph,
    pairs: Mapping[int, int],
    sums: Mapping[int, _Sums],
) -> LayerError:
    own, stored = sums[index], quantized.tensors[pairs[index]]
    ratios = [sums[each].snr_db for each in inputs if each in sums]
    before = [ratio for ratio in ratios if ratio is not None and ratio < SNR_LIMIT_DB]
    rmse, step = float(np.sqrt(own.noise / max(1, own.values))), _step(stored)
    return LayerError(
        operator=operator,
        op=op,
        tensor=reference.tensors[index].name,
        dtype=stored.dtype,
        snr_db=own.snr_db,
        lost_db=None if own.snr_db is None or not before else min(before) - own.snr_db,
        rmse=rmse,
        rmse_per_step=None if step is None else rmse / step,
        max_error=own.max_error,
        low=own.low,
        high=own.high,
    )


def _step(tensor: Tensor) -> float | None:
    """Return what one step of a quantized activation is worth."""
    if tensor.quantization is None or tensor.dtype in _FLOATS or not tensor.quantization.scales:
        return None
    return tensor.quantization.scales[0]
