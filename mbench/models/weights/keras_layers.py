"""A Keras file's own description of its network: plain layers out of its JSON, by which no code is run.

Both of Keras' forms are read: that of Keras 3 (`config.json` of a `.keras` file) and that of Keras 2, which
`model.save("x.h5")` still writes into an attribute (`model_config`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

GRAPHS: Final = ("Functional", "Model")
CHAIN: Final = "Sequential"
MODELS: Final = (*GRAPHS, CHAIN)

MOST_LAYERS: Final = 10_000

TENSOR: Final = "__keras_tensor__"

_NOT_SAID: Final = frozenset({"mask", "training"})
"""Arguments of a call that change nothing about an inference."""

Source = tuple[str, int, int]
"""A layer's name, which of its calls, and which of that call's outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLayer:
    """One layer as a file describes it.

    Attributes:
        kind: its class; of one that is not Keras' own with the module in front.
        settings: what the class was made with.
        sources: what it is called on.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNetwork:
    """A network as a file describes it: its layers in Keras' order, and what it gives."""

    layers: tuple[SavedLayer, ...]
    outputs: tuple[Source, ...]

    @property
    def side(self) -> int | None:
        """Height of its first input in pixels; None: it takes any, or says none."""
        entry = next((each.settings for each in self.layers if each.kind == "InputLayer"), {})
        shape: Sequence[Any] = entry.get("batch_shape") or entry.get("batch_input_shape") or ()
        return shape[1] if len(shape) == 4 and isinstance(shape[1], int) else None


def parse_network(text: bytes | str) -> SavedNetwork:
    """Return the network that a configuration describes.

    Raises:
        ValueError: it is none, or none whose layers stand in it.
    """
    try:
        described = json.loads(text)
        kind, config = described["class_name"], described["config"]
        if kind == CHAIN:
            return _chain(config if isinstance(config, list) else config["layers"])
        if kind in GRAPHS and "layers" in config:
            return _graph(config)
    except json.JSONDecodeError as error:
        raise ValueError(f"its configuration is not JSON: {error}") from error
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"its configuration is not a Keras one ({type(error).__name__})") from error
    raise ValueError(f"it is a model of class {str(kind)[:80]}, whose layers only its own code knows")


def _graph(config: Mapping[str, Any]) -> SavedNetwork:
    layers = tuple(
        SavedLayer(
            name=str(each.get("name") or each["config"]["name"]),
            kind=_kind(each),
            settings={**each["config"], **_called_with(each["inbound_nodes"])},
            sources=tuple(_sources(each["inbound_nodes"])),
        )
        for each in _bounded(config["layers"])
    )
    return SavedNetwork(layers=layers, outputs=tuple(_sources(config["output_layers"])))


def _chain(described: Sequence[Mapping[str, Any]]) -> SavedNetwork:
    layers: list[SavedLayer] = []
    for each in _bounded(described):
        settings = each["config"]
        if not layers and each["class_name"] != "InputLayer":
            shape = settings.get("batch_input_shape") or each.get("build_config", {}).get("input_shape")
            layers.append(
                SavedLayer(name="input", kind="InputLayer", settings={"batch_shape": shape, **_dtype()}, sources=())
            )
        sources = ((layers[-1].name, 0, 0),) if layers else ()
        layers.append(SavedLayer(name=str(settings["name"]), kind=_kind(each), settings=settings, sources=sources))
    return SavedNetwork(layers=tuple(layers), outputs=((layers[-1].name, 0, 0),))


def _dtype() -> dict[str, str]:
    return {"dtype": "float32"}


def _bounded(layers: Sequence[Any]) -> Sequence[Any]:
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"its configuration has {len(layers)} layers, and at most {MOST_LAYERS} are read")
    return layers


def _kind(layer: Mapping[str, Any]) -> str:
    module, name = layer.get("module"), str(layer["class_name"])
    own = module is None or module == "keras" or str(module).startswith("keras.")
    return name if own else f"{module}.{name}"


def _sources(nodes: Any) -> Iterator[Source]:
    """Yield the tensors in whatever a call, or a list of outputs, is written as."""
    if isinstance(nodes, Mapping):
        if nodes.get("class_name") == TENSOR:
            name, call, output = nodes["config"]["keras_history"]
            yield str(name), int(call), int(output)
            return
        nodes = list(nodes.values())
    if isinstance(nodes, list):
        if _is_source(nodes):
            yield nodes[0], nodes[1], nodes[2]
            return
        for each in nodes:
            yield from _sources(each)


def _is_source(value: Sequence[Any]) -> bool:
    """Whether it is Keras 2's `["conv1", 0, 0, {}]`, or a model's `["conv1", 0, 0]`."""
    return len(value) in (3, 4) and isinstance(value[0], str) and all(type(each) is int for each in value[1:3])


def _called_with(nodes: Sequence[Any]) -> dict[str, Any]:
    """Return what calls are given besides tensors, such as the number that is divided by; nothing where nothing is."""
    given = [left for node in nodes if (left := _without_tensors(node)) not in ([], {})]
    return {"calls": given} if given else {}


def _without_tensors(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.get("class_name") == TENSOR:
            return None
        left = {key: _without_tensors(each) for key, each in value.items() if key not in _NOT_SAID}
        return {key: each for key, each in left.items() if each not in (None, [], {})}
    if isinstance(value, list):
        if _is_source(value):
            return _without_tensors(value[3]) if len(value) == 4 else None
        return [left for each in value if (left := _without_tensors(each)) not in (None, [], {})]
    return value
