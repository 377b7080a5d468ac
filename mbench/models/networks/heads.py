"""Output layers by kind of head: what a network's last map becomes.

Importing this module does not load tensorflow; its functions do.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, HeadKind
from mbench.core.errors import UsageError
from mbench.models.networks.unit_length import unit_length

CLASSIFIER_NAME: Final = "conv_preds"

POOLED_KINDS: Final = frozenset({HeadKind.CLASSIFIER, HeadKind.ATTRIBUTES, HeadKind.EMBEDDING})
"""Heads that stand on pooled features, and so on any body.

PlaNet's cells of the globe (paper, section 4.4) are a classifier like any other; which cell lies where is no part of
the network, but of `mbench/accuracy/tasks/cells.py`.
"""


def add_head(features: Any, head: Head, *, dropout: float = 0.0, name: str = CLASSIFIER_NAME) -> Any:
    """Return the outputs, (n, outputs), of a head over the mean of a map.

    Args:
        features: (n, height, width, channels) Keras tensor.
        head: of one of the `POOLED_KINDS`.
        dropout: share of pooled features dropped in training; no part of an inference.
        name: of the layer with weights: a 1×1 convolution, which is a fully connected layer under another name.

    Raises:
        UsageError: a head that pooled features cannot carry.
    """
    import keras

    x = keras.layers.GlobalAveragePooling2D(keepdims=True, name="pool")(features)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    x = keras.layers.Conv2D(head.classes, 1, kernel_initializer="zeros", name=name)(x)
    return head_outputs(keras.layers.Reshape((head.classes,), name="logits")(x), head)


def head_outputs(logits: Any, head: Head) -> Any:
    """Return what a head makes of the numbers before it, (n, outputs) likewise.

    A classifier's are probabilities (softmax), an attribute's a probability each (sigmoid, paper, section 4.5), an
    embedding's have length 1 (arXiv 1503.03832, section 3; paper, section 4.7).

    Raises:
        UsageError: a head that is no layer over one vector.
    """
    import keras

    match head.kind:
        case HeadKind.CLASSIFIER:
            return keras.layers.Softmax(name="predictions")(logits)
        case HeadKind.ATTRIBUTES:
            return keras.layers.Activation("sigmoid", name="attributes")(logits)
        case HeadKind.EMBEDDING:
            return unit_length("embedding")(logits)
        case _:
            raise UsageError(
                f"a {head.kind} head is no layer over pooled features; choose an architecture that has it."
            )
