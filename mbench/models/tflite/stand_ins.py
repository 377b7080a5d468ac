"""Large kernels, kept out of the converter and put into the file behind it.

TFLiteConverter copies a network's weights a dozen times: VGG-16's 138 million took it 160 s and 17 GB. A kernel of one
repeated number costs it nothing. So those kernels that it would only transpose are converted as such a number, each as
another one, and the finished file gets their values; 23 s and 5 GB then. That the file answers as the Keras model does
is proved as for every other file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mbench.core.errors import ArtifactError

LARGE: Final = 1 << 21
"""Weights of a kernel, from which on it is worth the trouble: no layer of a MobileNet for ImageNet has so many."""

STEP: Final = 2.0**-12
"""Between one stand-in's number and the next one's: exact in float32."""

AXES: Final = {"Dense": (1, 0), "Conv2D": (3, 0, 1, 2)}
"""From Keras' order of a kernel's axes to that of FULLY_CONNECTED and CONV_2D."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A number for a kernel.

    Attributes:
        kernel: the Keras variable.
        axes: the order of its axes in the file.
    """

    layer: str
    kernel: Any
    axes: tuple[int, ...]
    number: float

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the kernel in the file."""
        return tuple(self.kernel.shape[axis] for axis in self.axes)


def stand_ins_of(model: Any) -> tuple[StandIn, ...]:
    """Return a stand-in for each kernel that is large and that nothing is folded into."""
    layers = [layer for layer in model.layers if _replaceable(layer)]
    return tuple(
        StandIn(layer=layer.name, kernel=layer.kernel, axes=AXES[type(layer).__name__], number=number * STEP)
        for number, layer in enumerate(layers, start=1)
    )


def _replaceable(layer: Any) -> bool:
    if type(layer).__name__ not in AXES or int(np.prod(layer.kernel.shape)) < LARGE:
        return False
    return all(type(node.operation).__name__ != "BatchNormalization" for node in layer._outbound_nodes)


def state_of(stand_ins: Sequence[StandIn]) -> list[tuple[Any, Any]]:
    """Return what a `keras.StatelessScope` takes for the kernels while a graph is traced: constants of one number."""
    import tensorflow as tf

    return [(each.kernel, tf.constant(each.number, tf.float32, each.kernel.shape)) for each in stand_ins]


def put_kernels(model: Any, stand_ins: Sequence[StandIn]) -> None:
    """Put the kernels' values into a `ModelT` where their numbers stand.

    Raises:
        ArtifactError: a number is not there just once.
    """
    for each in stand_ins:
        places = list(_places(model, each))
        if len(places) != 1:
            raise ArtifactError(f"the converter took layer {each.layer} to {len(places)} constants, not one.")
        values = np.ascontiguousarray(each.kernel.numpy().transpose(each.axes), np.float32)
        model.buffers[places[0]].data = values.reshape(-1).view(np.uint8)


def _places(model: Any, stand_in: StandIn) -> Iterator[int]:
    """Yield the buffers that hold nothing but the number, in the kernel's shape."""
    for buffer in {tensor.buffer for tensor in model.subgraphs[0].tensors if tuple(tensor.shape) == stand_in.shape}:
        data = model.buffers[buffer].data
        if data is not None and len(data) == 4 * np.prod(stand_in.shape) and _is_all(data, stand_in.number):
            yield buffer


def _is_all(data: Any, number: float) -> bool:
    return bool((np.asarray(data).view(np.float32) == np.float32(number)).all())
