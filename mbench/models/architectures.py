"""Architectures by name: what each is called, how it is built, and which sizes and heads it has.

Importing this module loads no tensorflow; building a model does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.core.variants import IMAGENET_HEAD, MIN_RESOLUTION, Head, HeadKind, Size, format_alpha
from mbench.models import (
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
from mbench.models.heads import POOLED_KINDS
from mbench.models.layers import Layer

Shape = tuple[int, int, int, int]

NO_HEAD: Final = frozenset({HeadKind.NONE})
DETECTION: Final = frozenset({HeadKind.DETECTION})
OF_KERAS: Final = frozenset(keras_applications.ACTIVATIONS)

STANDARD_SIZE: Final = Size()

ONE_WIDTH: Final = (1.0,)
"""Of networks without a width multiplier."""


def picture_shape(size: Size) -> Shape:
    """Return the shape of one RGB picture: (1, r, r, 3)."""
    return (1, size.resolution, size.resolution, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network family with free parameters.

    Attributes:
        name: as it stands in variants' names.
        title: what it is and where it was published.
        build: gives the functional Keras model for an inference, whose weights are to be set; those that can be
            trained take `dropout` as well.
        default: the size that is meant where nobody names one.
        head: the same of the head.
        alphas: width multipliers that it has; None: any.
        resolutions: those that it has; None: any from `least_resolution` up.
        heads: kinds of heads that it has.
        input_shape: of one input, the batch of one included.
        layers: gives the chain of layers for a width and a number of classes, which training and seeding go by; None:
            it is no chain.
        building_kib: memory that one family of it takes at most while it is built.
        finish: what is put behind each built file, whatever its quantization: it takes and gives the file's bytes.
    """

    name: str
    title: str
    build: Callable[..., Any]
    default: Size = STANDARD_SIZE
    head: Head = IMAGENET_HEAD
    alphas: tuple[float, ...] | None = None
    resolutions: tuple[int, ...] | None = None
    least_resolution: int = MIN_RESOLUTION
    heads: frozenset[HeadKind] = POOLED_KINDS
    input_shape: Callable[[Size], Shape] = picture_shape
    layers: Callable[[float, int], tuple[Layer, ...]] | None = None
    building_kib: int = 2 << 20
    finish: Callable[[bytes], bytes] | None = None

    def chain(self, alpha: float, classes: int) -> tuple[Layer, ...]:
        """Return its layers.

        Raises:
            UsageError: it is no chain.
        """
        if self.layers is None:
            chains = ", ".join(name for name, other in ARCHITECTURES.items() if other.layers is not None)
            raise UsageError(f"{self.name} cannot be trained here; {chains} can.")
        return self.layers(alpha, classes)

    def check(self, size: Size, head: Head) -> None:
        """Refuse a size or a head that it does not have.

        Raises:
            UsageError: it has none such, and which it has.
        """
        if self.alphas is not None and size.alpha not in self.alphas:
            has = "no width multiplier" if self.alphas == ONE_WIDTH else f"the widths {_listed(self.alphas)} alone"
            raise UsageError(f"{self.name} has {has}, so alpha cannot be {format_alpha(size.alpha)}; leave alpha out.")
        if self.resolutions is not None and size.resolution not in self.resolutions:
            raise UsageError(f"{self.name} takes {_listed(self.resolutions)} px, not {size.resolution}.")
        if size.resolution < self.least_resolution:
            raise UsageError(f"{self.name} takes at least {self.least_resolution} px, not {size.resolution}.")
        self._check_head(head)

    def _check_head(self, head: Head) -> None:
        if self.heads == NO_HEAD:
            if head != self.head:
                raise UsageError(f"{self.name} has no head, so no {head.name} either.")
        elif head.kind not in self.heads:
            kinds = _listed(sorted(self.heads))
            raise UsageError(f"{self.name} has no head of kind {head.kind}; it has {kinds}.")


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


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
