"""Networks as other people save them, most of them hardly mbench's: run in the process that has tensorflow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mbench.core.builds.variants import Head, Size
from mbench.core.errors import UsageError
from mbench.models.networks.architectures import find_architecture
from mbench.models.weights.own_network import check_network, rebuild
from mbench.models.weights.weights import describe_file, load_into

ARCHITECTURE = "shallow_mobilenet"
SIZE = Size(alpha=0.25, resolution=32)
HEAD = Head(name="ten", classes=10)


def save_form(path: Path, form: str) -> None:
    """Write a shallow MobileNet of ten classes with random weights, in one of many forms."""
    import keras

    layers = keras.layers

    def conv_block(x: Any, layer: Any, name: str, **changed: Any) -> Any:
        x = layer(x)
        x = layers.BatchNormalization(epsilon=changed.get("epsilon", 1e-3), name=f"{name}_bn")(x)
        return changed.get("relu", lambda: layers.ReLU(6.0, name=f"{name}_relu"))()(x)

    def network(**changed: Any) -> Any:
        inputs = keras.Input((changed.get("side", 32),) * 2 + (3,))
        x = changed.get("before", lambda x: x)(inputs)
        for layer in find_architecture(ARCHITECTURE).layers(SIZE.alpha, HEAD.classes)[:-1]:  # type: ignore[misc]
            padded = layer.stride == 2 and changed.get("padded", False)
            x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x) if padded else x
            same = {"strides": layer.stride, "use_bias": False, "name": layer.name}
            same["padding"] = "valid" if padded else "same"
            made = (
                layers.DepthwiseConv2D(layer.kernel, **same)
                if layer.kind == "depthwise"
                else layers.Conv2D(layer.filters, layer.kernel, **same)
            )
            x = conv_block(x, made, layer.name, **(changed if layer.name in changed.get("where", layer.name) else {}))
        x = layers.GlobalAveragePooling2D(keepdims=changed.get("keepdims", True))(x)
        x = layers.Dropout(0.3)(x)
        x = x if changed.get("keepdims", True) else layers.Reshape((1, 1, 256))(x)
        x = layers.Conv2D(10, 1, name="conv_preds", activation=changed.get("head"))(x)
        x = layers.Flatten()(x)
        return keras.Model(inputs, x if "head" in changed else layers.Activation("softmax")(x))

    forms: dict[str, Callable[[], Any]] = {
        "equal": lambda: network(padded=True, keepdims=False, before=layers.RandomFlip("horizontal")),
        "any side": lambda: network(side=None),
        "other side": lambda: network(side=64),
        "rescaling": lambda: network(before=layers.Rescaling(1 / 127.5, offset=-1.0)),
        "epsilon": lambda: network(epsilon=1e-5, where="conv_pw_3"),
        "plain relu": lambda: network(relu=lambda: layers.ReLU(), where="conv_dw_2"),
        "sigmoid": lambda: network(head="sigmoid"),
        "nested": lambda: keras.Sequential([keras.Input((32, 32, 3)), network()]),
        "lambda": lambda: network(before=layers.Lambda(lambda x: x / 255.0)),
        "operator": lambda: network(before=lambda x: x / 127.5 - 1.0),
    }
    model = forms[form]()
    source = np.random.default_rng(0)
    for variable in model.weights:
        if "float" in str(variable.dtype):
            variable.assign(source.uniform(0.1, 0.9, variable.shape) - (0.5 if "kernel" in variable.name else 0.0))
    model.save(path)


def compare(path: Path) -> str | tuple[str, float]:
    """Return why a file is refused; else whether its own network was built, and how far its answers are from ours."""
    model = find_architecture(ARCHITECTURE).build(SIZE, HEAD)
    weights = describe_file(path)
    try:
        network = check_network(weights, model, architecture=ARCHITECTURE)
        if network is None:
            return "nothing is said", 0.0
        theirs = rebuild(network, weights, (32, 32, 3))
        load_into(model, weights)
    except UsageError as error:
        return str(error)
    pictures = np.random.default_rng(1).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
    assert theirs is not None
    return "built", float(np.abs(np.asarray(theirs(pictures)) - np.asarray(model(pictures))).max())


def answers_of(path: Path, pictures: Any) -> Any:
    """Return what Keras itself makes of pictures with the network and weights of a file that it wrote."""
    import keras

    return np.asarray(keras.models.load_model(path, compile=False)(pictures, training=False))
