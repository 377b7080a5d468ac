"""Architectures by name: every network that can be built, with its sizes and heads.

Importing this module loads no tensorflow; building a model does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from mbench.core.builds.variants import HeadKind, Size
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.models.networks import (
    alexnet,
    conv_mobilenet,
    facenet_nn2,
    faster_rcnn,
    googlenet,
    inception_v2,
    keras_applications,
    mobilenet_v1,
    mobilenet_v1_min16,
    shallow_mobilenet,
    single_layers,
    squeezenet,
    ssd,
    ssd_inception_v2,
    ssd_mobilenet_v1,
    ssd_vgg,
    vgg16,
)
from mbench.models.networks.architecture import NO_HEAD, ONE_WIDTH, Architecture
from mbench.models.networks.heads import POOLED_KINDS
from mbench.models.networks.layers import Layer

DETECTION: Final = frozenset({HeadKind.DETECTION})
OF_KERAS: Final = frozenset(keras_applications.ACTIVATIONS)


def _registered(*architectures: Architecture) -> Mapping[str, Architecture]:
    return {architecture.name: architecture for architecture in architectures}


def _detectors() -> Iterator[Architecture]:
    """Yield each SSD twice: with raw outputs, and with TFLite's own non-maximum suppression behind them."""
    for name, body, module, alphas in (
        ("ssd300_mobilenet_v1", "MobileNet V1", ssd_mobilenet_v1, None),
        ("ssd300_inception_v2", "Inception V2", ssd_inception_v2, None),
        ("ssd300_vgg", "deeplab-VGG", ssd_vgg, ONE_WIDTH),
    ):
        raw = Architecture(
            name=name,
            title=f"SSD 300 on {body} (Liu et al. 2015, arXiv 1512.02325; arXiv 1704.04861, Table 13)",
            build=module.build,
            default=Size(resolution=ssd.RESOLUTION),
            head=ssd.COCO,
            alphas=alphas,
            resolutions=(ssd.RESOLUTION,),
            heads=DETECTION,
        )
        yield raw
        yield replace(
            raw,
            name=f"{name}_nms",
            title=f"{raw.title}, non-maximum suppression included",
            finish=module.add_suppression,
        )


def _two_stage_detectors() -> Iterator[Architecture]:
    """Yield the two files of each Faster R-CNN; the second stages of one body differ by name alone."""
    for resolution in faster_rcnn.RESOLUTIONS:
        for body, alphas in (("mobilenet_v1", None), ("inception_v2", None), ("vgg16", ONE_WIDTH)):
            stages = faster_rcnn.STAGES[body]
            first = Architecture(
                name=f"faster_rcnn{resolution}_{body}_first",
                title=f"Faster R-CNN {resolution} on {body}, first stage (arXiv 1506.01497; 1704.04861, Table 13)",
                build=stages.build_first,
                default=Size(resolution=resolution),
                alphas=alphas,
                resolutions=(resolution,),
                heads=NO_HEAD,
            )
            yield first
            yield replace(
                first,
                name=f"faster_rcnn{resolution}_{body}_second",
                title=f"Faster R-CNN {resolution} on {body}, second stage (arXiv 1506.01497; 1704.04861, Table 13)",
                build=stages.build_second,
                head=ssd.COCO,
                heads=DETECTION,
                input_shape=stages.crops_shape,
                building_kib=stages.second_building_kib,
            )


ARCHITECTURES: Final = _registered(
    Architecture(
        name="mobilenet_v1",
        title="MobileNet V1 (Howard et al. 2017, arXiv 1704.04861, Table 1)",
        build=mobilenet_v1.build,
        layers=mobilenet_v1.layers,
    ),
    Architecture(
        name="mobilenet_v1_min16",
        title="MobileNet V1 with at least 16 channels a layer, as for detection (arXiv 1704.04861, Table 12)",
        build=mobilenet_v1_min16.build,
        layers=mobilenet_v1_min16.layers,
    ),
    Architecture(
        name="conv_mobilenet",
        title="MobileNet of full convolutions (arXiv 1704.04861, Table 4)",
        build=conv_mobilenet.build,
        layers=conv_mobilenet.layers,
    ),
    Architecture(
        name="shallow_mobilenet",
        title="Shallow MobileNet (arXiv 1704.04861, Table 5)",
        build=shallow_mobilenet.build,
        layers=shallow_mobilenet.layers,
    ),
    Architecture(
        name="layer_conv",
        title="one full convolution of 512 channels (arXiv 1704.04861, Table 3)",
        build=single_layers.build_conv,
        heads=NO_HEAD,
        input_shape=single_layers.input_shape,
    ),
    Architecture(
        name="layer_separable",
        title="one depthwise separable convolution of 512 channels (arXiv 1704.04861, Table 3)",
        build=single_layers.build_separable,
        heads=NO_HEAD,
        input_shape=single_layers.input_shape,
    ),
    Architecture(
        name="mobilenet_v2",
        title="MobileNet V2 (Sandler et al. 2018, arXiv 1801.04381)",
        build=keras_applications.build_mobilenet_v2,
        heads=OF_KERAS,
    ),
    Architecture(
        name="mobilenet_v3_large",
        title="MobileNet V3-Large (Howard et al. 2019, arXiv 1905.02244)",
        build=keras_applications.build_mobilenet_v3_large,
        heads=OF_KERAS,
    ),
    Architecture(
        name="mobilenet_v3_small",
        title="MobileNet V3-Small (Howard et al. 2019, arXiv 1905.02244)",
        build=keras_applications.build_mobilenet_v3_small,
        heads=OF_KERAS,
    ),
    Architecture(
        name="googlenet",
        title="GoogLeNet, Inception V1 (Szegedy et al. 2014, arXiv 1409.4842)",
        build=googlenet.build,
        alphas=ONE_WIDTH,
    ),
    Architecture(
        name="vgg16",
        title="VGG-16 (Simonyan and Zisserman 2014, arXiv 1409.1556)",
        build=vgg16.build,
        alphas=ONE_WIDTH,
        building_kib=5 << 20,
    ),
    Architecture(
        name="squeezenet",
        title="SqueezeNet v1.0 (Iandola et al. 2016, arXiv 1602.07360)",
        build=squeezenet.build,
        default=Size(resolution=227),
        alphas=ONE_WIDTH,
        least_resolution=squeezenet.LEAST_RESOLUTION,
    ),
    Architecture(
        name="alexnet",
        title="AlexNet (Krizhevsky et al. 2012), grouped",
        build=alexnet.build,
        building_kib=3 << 20,
        default=Size(resolution=227),
        alphas=ONE_WIDTH,
        least_resolution=alexnet.LEAST_RESOLUTION,
    ),
    Architecture(
        name="inception_v3",
        title="Inception V3 (Szegedy et al. 2015, arXiv 1512.00567)",
        build=keras_applications.build_inception_v3,
        default=Size(resolution=299),
        alphas=ONE_WIDTH,
        least_resolution=keras_applications.INCEPTION_LEAST_RESOLUTION,
        heads=OF_KERAS,
    ),
    Architecture(
        name="inception_v2",
        title="Inception V2 as in TF-slim (Ioffe and Szegedy 2015, arXiv 1502.03167)",
        build=inception_v2.build,
        heads=POOLED_KINDS,
    ),
    Architecture(
        name="facenet_nn2",
        title="FaceNet NN2 (Schroff et al. 2015, arXiv 1503.03832, Table 2)",
        build=facenet_nn2.build,
        head=facenet_nn2.EMBEDDING,
        alphas=ONE_WIDTH,
        heads=POOLED_KINDS,
    ),
    *_detectors(),
    *_two_stage_detectors(),
)


def find_architecture(name: str) -> Architecture:
    """Return the architecture of a name.

    Raises:
        UsageError: unknown, with the nearest name.
    """
    if name not in ARCHITECTURES:
        raise UsageError(f"unknown architecture {name!r}.{did_you_mean(name, list(ARCHITECTURES))}")
    return ARCHITECTURES[name]


def find_chain(name: str, alpha: float, classes: int) -> tuple[Layer, ...]:
    """Return the layers that an architecture is seeded and trained by.

    Raises:
        UsageError: unknown, or no chain of layers, with those that are.
    """
    architecture = find_architecture(name)
    if architecture.layers is None:
        chains = ", ".join(other.name for other in ARCHITECTURES.values() if other.layers is not None)
        raise UsageError(f"{name} cannot be trained here; {chains} can.")
    return architecture.layers(alpha, classes)
