"""Choices: words that users type, files hold and the program decides by.

In a module of their own without any library, because the command line shows them before anything else is loaded.
"""

from enum import StrEnum


class Quantizer(StrEnum):
    """Which tool quantizes."""

    LITERT = "litert"
    TF = "tf"


class CalibrationMethod(StrEnum):
    """How ranges follow from what examples give: their true ends, or an average that moves from example to example.

    The moving average is the quantizer's own; on real weights it costs MobileNet V1 12 to 16 points of top-1.
    """

    MIN_MAX = "min-max"
    MOVING_AVERAGE = "moving-average"


class MetricBetter(StrEnum):
    """Which way a figure of merit gets better."""

    HIGHER = "higher"
    LOWER = "lower"


class Exif(StrEnum):
    """What becomes of pictures that their EXIF says to turn."""

    IGNORE = "ignore"
    APPLY = "apply"


class Layout(StrEnum):
    """Where a network's input has the channels of a picture: behind height and width, or in front of them."""

    NHWC = "nhwc"
    NCHW = "nchw"


class Preset(StrEnum):
    """Where the defaults of a training come from."""

    SMALL = "small"
    PAPER = "paper"


class Schedule(StrEnum):
    """How the learning rate falls."""

    COSINE = "cosine"
    EXPONENTIAL = "exponential"


class Strength(StrEnum):
    """How much training pictures are distorted."""

    NONE = "none"
    LIGHT = "light"
    FULL = "full"


class Keep(StrEnum):
    """Which epoch's weights a training keeps: those that did best on the validation split, or the last."""

    BEST = "best"
    LAST = "last"


class Distribution(StrEnum):
    """How several processes or accelerators share one training."""

    PARAMETER_SERVER = "parameter-server"
    MIRRORED = "mirrored"
    MULTI_WORKER = "multi-worker"


class Ends(StrEnum):
    """How a quantized file takes its inputs and gives its outputs: as integers, or as real numbers."""

    INT8 = "int8"
    FLOAT = "float"
