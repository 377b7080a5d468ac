"""PyTorch networks of users: a function that gives a module with sample inputs, or an exported program.

The only door to torch and litert-torch, which the extra `mbench[torch]` brings; both are imported within functions, in
processes that build.
"""

import hashlib
import inspect
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.builds.own_recipes import OwnForm, OwnNetwork
from mbench.core.errors import ArtifactError
from mbench.core.processes.user_code import call_python, load_python
from mbench.files.python_source import refuse_changed
from mbench.models.flatbuffers import (
    drop_conversion_metadata,
    name_ends,
    read_model,
    refuse_passed_through,
    text_of,
    write_model,
)
from mbench.models.own.arguments import builder_arguments
from mbench.models.own.input_arrays import Example, OwnInput
from mbench.models.own.traced import Converted, end_name, named_outputs
from mbench.models.tflite.model_outputs import OUTPUTS

AGAINST: Final = "PyTorch module"

_INPUTS: Final = "args_"
_OUTPUTS: Final = "output_"
"""What litert-torch calls positional inputs and outputs in signatures, with their number behind it."""

_CHECKED: Final[set[tuple[str, str]]] = set()
"""Builders that this process has called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchNetwork:
    """A module that can be called.

    Attributes:
        module: takes tensors in the order of `samples`.
        samples: an input of one inference each, by name.
    """

    module: Any
    samples: Mapping[str, Any]

    @property
    def inputs(self) -> tuple[OwnInput, ...]:
        """Its inputs, as files have them: litert-torch makes 64 bits 32."""
        return tuple(
            OwnInput(name=name, shape=tuple(map(int, each.shape)), dtype=_narrow(each))
            for name, each in self.samples.items()
        )


def open_torch(network: OwnNetwork, data: bytes | None, *, timeout_s: float) -> tuple[TorchNetwork, tuple[str, ...]]:
    """Return a network, and what should be known of it.

    Args:
        network: a builder, or an exported program.
        data: bytes of the exported program; None: of a builder.
        timeout_s: for each call of the user's code.

    Raises:
        ArtifactError: it raised, hung, or gave something else than a module and its sample inputs.
    """
    if network.form is OwnForm.TORCH_PROGRAM and data is not None:
        return _program(network, data, timeout_s), ()
    return _built(network, timeout_s)


def _built(network: OwnNetwork, timeout_s: float) -> tuple[TorchNetwork, tuple[str, ...]]:
    named = network.builder
    if named is None:
        raise ArtifactError("there is no builder.")
    refuse_changed(named)
    builder = load_python(named, timeout_s=timeout_s)
    notes: tuple[str, ...] = ()
    key = (named.sha256, named.name)
    first = None if key in _CHECKED else _digest(_made(builder, network, timeout_s).module)
    made = _made(builder, network, timeout_s)
    if first is not None and first != _digest(made.module):
        notes = ("its builder is not deterministic: two calls with one seed differ in its weights",)
    _CHECKED.add(key)
    return made, notes


def _made(builder: Any, network: OwnNetwork, timeout_s: float) -> TorchNetwork:
    import torch

    def call() -> Any:
        torch.manual_seed(network.seed)
        return builder(**builder_arguments(builder, network.arguments, what=str(network.builder)))

    what = str(network.builder)
    given = call_python(call, what=what, timeout_s=timeout_s)
    if not (isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], torch.nn.Module)):
        raise ArtifactError(f"{what} returned {_kind(given)}, not (torch.nn.Module, sample inputs).")
    module, samples = given
    return TorchNetwork(module=module.eval(), samples=_samples(samples, _parameters(module), what))


def _program(network: OwnNetwork, data: bytes, timeout_s: float) -> TorchNetwork:
    import torch

    name = Path(network.source).name
    program = call_python(lambda: torch.export.load(io.BytesIO(data)), what=f"loading {name}", timeout_s=timeout_s)
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    samples: dict[str, Any] = {}
    for user in program.graph_signature.user_inputs:
        value = values.get(user)
        if not isinstance(value, torch.Tensor) or not all(isinstance(size, int) for size in value.shape):
            raise ArtifactError(f"{name}: its input {user!r} is no tensor of fixed sizes; export it with such.")
        samples[end_name(user)] = torch.zeros(tuple(value.shape), dtype=value.dtype)
    if program.example_inputs is not None and program.example_inputs[1]:
        raise ArtifactError(f"{name} takes inputs by keyword; export it with positional ones.")
    return TorchNetwork(module=program.module(), samples=samples)


def _samples(given: Any, parameters: Sequence[str], what: str) -> dict[str, Any]:
    """Return sample inputs by the names of the module's own parameters, in their order."""
    import torch

    if isinstance(given, Mapping):
        unknown = [str(name) for name in given if name not in parameters]
        if unknown:
            raise ArtifactError(f"{what}: forward has no parameter {unknown[0]!r}; it takes {', '.join(parameters)}.")
        named = {name: given[name] for name in parameters if name in given}
        if list(named) != list(parameters)[: len(named)]:
            raise ArtifactError(f"{what} gives no sample for {next(each for each in parameters if each not in named)}.")
    else:
        values = list(given) if isinstance(given, (tuple, list)) else [given]
        if len(values) > len(parameters):
            raise ArtifactError(f"{what} gives {len(values)} sample inputs; forward takes {', '.join(parameters)}.")
        named = dict(zip(parameters, values, strict=False))
    if wrong := next((name for name, each in named.items() if not isinstance(each, torch.Tensor)), None):
        raise ArtifactError(f"{what}: the sample of {wrong} is {_kind(named[wrong])}, not a tensor.")
    if not named:
        raise ArtifactError(f"{what} gives no sample inputs.")
    return {end_name(name): each for name, each in named.items()}


def _parameters(module: Any) -> list[str]:
    """Return the names of a module's inputs; of one that takes any number some that are numbered."""
    names: list[str] = []
    for each in inspect.signature(module.forward).parameters.values():
        if each.kind is inspect.Parameter.VAR_POSITIONAL:
            return [*names, *(f"input_{place}" for place in range(len(names), 64))]
        if each.kind is not inspect.Parameter.VAR_KEYWORD:
            names.append(each.name)
    return names


def _kind(value: Any) -> str:
    return f"({', '.join(type(each).__name__ for each in value)})" if isinstance(value, tuple) else type(value).__name__


def _narrow(tensor: Any) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype in {"bfloat16", "complex64", "complex128"}:
        raise ArtifactError(f"an input takes {dtype}, which no benchmark can feed.")
    return {"int64": "int32", "float64": "float32"}.get(dtype, dtype)


def _digest(module: Any) -> str:
    """Return a hash of a module's weights."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def convert_torch(network: TorchNetwork, folder: Path, *, timeout_s: float) -> Converted:
    """Return a network as a float file, whose ends bear the names that the module has for them.

    Args:
        network: as it was opened.
        folder: for the converter's file.
        timeout_s: for the module's own code, which is run once.

    Raises:
        ArtifactError: it gives something else than tensors, or litert-torch cannot convert it.
    """
    import litert_torch
    import torch

    class Flat(torch.nn.Module):  # type: ignore[misc]
        """Gives the outputs as a tuple, which the converter numbers."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = network.module

        def forward(self, *given: Any) -> tuple[Any, ...]:
            return tuple(named_outputs(self.inner(*given), set(network.samples)).values())

    samples = tuple(network.samples.values())
    with torch.no_grad():
        given = call_python(lambda: network.module(*samples), what="its forward", timeout_s=timeout_s)
    outputs = list(named_outputs(given, set(network.samples)))
    path = folder / "torch.tflite"
    flat = Flat()
    flat.training = False  # the rest of an exported program cannot be set, and is not in training
    try:
        litert_torch.convert(flat, samples).export(str(path))
        data = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    names = {name: name for name in (*network.samples, *outputs)}
    return Converted(
        data=_named(data, list(network.samples), outputs), names=names, answers=_answering(network, outputs)
    )


def _named(data: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    model = read_model(data)
    graph, signature = model.subgraphs[0], model.signatureDefs[0]
    _call(signature.inputs, _INPUTS, inputs)
    _call(signature.outputs, _OUTPUTS, outputs)
    refuse_passed_through(model)
    name_ends(model, {name: name for name in (*inputs, *outputs)})
    places = {text_of(each.name): each.tensorIndex for each in (*signature.inputs, *signature.outputs)}
    graph.inputs = np.array([places[name] for name in inputs if name in places], np.int32)
    graph.outputs = np.array([places[name] for name in outputs], np.int32)
    drop_conversion_metadata(model)
    return write_model(model)


def _call(arguments: Sequence[Any], prefix: str, names: Sequence[str]) -> None:
    """Give a signature's ends the module's own names in the place of the converter's numbers."""
    for argument in arguments:
        argument.name = names[int(text_of(argument.name).removeprefix(prefix))]


def _answering(
    network: TorchNetwork, outputs: Sequence[str]
) -> Callable[[Sequence[Example]], dict[str, npt.NDArray[Any]]]:
    import torch

    def one(example: Example) -> list[npt.NDArray[Any]]:
        given = [torch.from_numpy(example[name]).to(each.dtype) for name, each in network.samples.items()]
        with torch.no_grad():
            named = named_outputs(network.module(*given), set(network.samples))
        return [each.numpy().astype(np.float32) for each in named.values()]

    def answer(examples: Sequence[Example]) -> dict[str, npt.NDArray[Any]]:
        answers = list(map(one, examples))
        return {f"{OUTPUTS}/{name}": np.stack([each[place] for each in answers]) for place, name in enumerate(outputs)}

    return answer
