"""RMSprop on a network's variables, by tensorflow's own kernel: one operation for a variable instead of ten."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from mbench.models.training.recipe import TrainingRecipe

MEAN_SQUARE, MOMENTUM = "mean_square", "momentum"

DECAYED: Final = "kernel"
"""Weights that decay; biases and batch normalization never do, as in slim's `mobilenet_v1_arg_scope`."""


class RmsPropState:
    """The two slots of each trained variable, and the step that moves all of them."""

    def __init__(self, recipe: TrainingRecipe, variables: Mapping[str, Any], depthwise: frozenset[str]) -> None:
        import tensorflow as tf

        self._chosen = recipe.optimizer
        self._variables = dict(variables)
        self._decay = {name: _decay_of(name, recipe, depthwise) for name in variables}
        self._mean_square = {name: tf.Variable(tf.ones(v.shape), trainable=False) for name, v in variables.items()}
        self._momentum = {name: tf.Variable(tf.zeros(v.shape), trainable=False) for name, v in variables.items()}

    def apply(self, gradients: Mapping[str, Any], rate: Any) -> None:
        """Take one step in the graph.

        Args:
            gradients: of the loss alone; weight decay is added here.
            rate: scalar float32.
        """
        import tensorflow as tf

        for name, variable in self._variables.items():
            gradient = tf.convert_to_tensor(gradients[name])
            if self._decay[name]:
                gradient += self._decay[name] * variable
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=self._mean_square[name].handle,
                mom=self._momentum[name].handle,
                lr=rate,
                rho=self._chosen.rho,
                momentum=self._chosen.momentum,
                epsilon=self._chosen.epsilon,
                grad=gradient,
            )

    def values(self) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
        """Return copies of all slots, by `layer/weight/slot`."""
        return {name: variable.numpy().copy() for name, variable in self._slots().items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set all slots."""
        for name, variable in self._slots().items():
            variable.assign(values[name])

    def _slots(self) -> dict[str, Any]:
        return {f"{name}/{MEAN_SQUARE}": variable for name, variable in self._mean_square.items()} | {
            f"{name}/{MOMENTUM}": variable for name, variable in self._momentum.items()
        }


def depthwise_kernels(model: Any) -> frozenset[str]:
    """Return the names of all depthwise filters, `layer/kernel`."""
    import keras

    return frozenset(
        f"{layer.name}/{DECAYED}" for layer in model.layers if isinstance(layer, keras.layers.DepthwiseConv2D)
    )


def _decay_of(name: str, recipe: TrainingRecipe, depthwise: frozenset[str]) -> float:
    if name in depthwise:
        return recipe.depthwise_weight_decay
    return recipe.weight_decay if name.endswith(f"/{DECAYED}") else 0.0
