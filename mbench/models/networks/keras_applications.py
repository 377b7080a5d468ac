"""Networks that keras.applications has, built by it, so that its published weights fit layer by layer.

Their paddings are Keras' own: where stride 2 meets an odd side, or explicit padding (MobileNet V2 and V3), maps may be
a pixel smaller than with "same". None of them scales its input: pixels come in [-1, 1], as everywhere here.
"""

from typing import Any, Final

from mbench.core.builds.variants import Head, HeadKind, Size

INCEPTION_LEAST_RESOLUTION: Final = 75
"""What `keras.applications.InceptionV3` takes at least."""

ACTIVATIONS: Final = {HeadKind.CLASSIFIER: "softmax", HeadKind.ATTRIBUTES: "sigmoid"}


def build_inception_v3(size: Size, head: Head) -> Any:
    """Return Inception V3 (Szegedy et al., arXiv 1512.00567) without its side classifier."""
    import keras

    return keras.applications.InceptionV3(**_options(size, head))


def build_mobilenet_v2(size: Size, head: Head) -> Any:
    """Return MobileNet V2 (Sandler et al., arXiv 1801.04381, Table 2)."""
    import keras

    return keras.applications.MobileNetV2(alpha=size.alpha, **_options(size, head))


def build_mobilenet_v3_large(size: Size, head: Head) -> Any:
    """Return MobileNet V3-Large (Howard et al., arXiv 1905.02244, Table 1)."""
    import keras

    return keras.applications.MobileNetV3Large(alpha=size.alpha, include_preprocessing=False, **_options(size, head))


def build_mobilenet_v3_small(size: Size, head: Head) -> Any:
    """Return MobileNet V3-Small (Howard et al., arXiv 1905.02244, Table 2)."""
    import keras

    return keras.applications.MobileNetV3Small(alpha=size.alpha, include_preprocessing=False, **_options(size, head))


def _options(size: Size, head: Head) -> dict[str, Any]:
    return {
        "input_shape": (size.resolution, size.resolution, 3),
        "classes": head.classes,
        "classifier_activation": ACTIVATIONS[head.kind],
        "weights": None,
    }
