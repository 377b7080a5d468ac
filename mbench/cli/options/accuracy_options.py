"""Options under the heading of accuracy: the data set, what is scored on it, and by which rule."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.core.choices import Exif, Layout, MetricBetter
from mbench.core.numbers.limits import MOST_EXAMPLES

_option = partial(option, grouped.ACCURACY)


class PlaceChoice(StrEnum):
    """Where files are asked for their accuracy."""

    HOST = "host"
    DEVICE = "device"
    BOTH = "both"


DatasetOption = Annotated[
    str | None,
    _option(
        "--dataset",
        "Data set to evaluate on: digits, fashion, folder:PATH, imagenet:PATH, … Networks for small ones are "
        "trained first, once.",
        "NAME[:PATH]",
    ),
]
AccuracyPlace = Annotated[PlaceChoice | None, _option("--accuracy", "Where files are evaluated.", default="host")]
Examples = Annotated[
    int | None,
    _option(
        "--examples",
        "Number of examples to score (of faces: pairs).",
        "N",
        minimum=1,
        maximum=MOST_EXAMPLES,
        default="all; on devices 500",
    ),
]
SplitOption = Annotated[
    str | None,
    _option(
        "--split",
        "Split to score: test, train, all, or a file that names one example per line.",
        "test|train|all|FILE",
        default="test",
    ),
]
PredictionsOption = Annotated[
    Path | None,
    _option(
        "--predictions",
        "CSV file for each model's answers to each example: truth, top five classes and scores.",
        "FILE",
        default="not written",
    ),
]
MetricOption = Annotated[
    str | None,
    _option(
        "--metric",
        "Your function of outputs and labels that gives each example's value, or whether it is right: FILE.py:NAME.",
        "FILE.py:NAME",
        default="the data set's own",
    ),
]
MetricBetterOption = Annotated[MetricBetter, _option("--metric-better", "Which values of --metric are better.")]
MetricUnitOption = Annotated[
    str | None, _option("--metric-unit", "Unit of --metric's values, such as dB.", "UNIT", default="none")
]
MetricTimeoutOption = Annotated[
    float, _option("--metric-timeout", "Longest time for each call of --metric, in seconds.", "SECONDS", minimum=1)
]
PreprocessingOption = Annotated[
    str | None,
    _option(
        "--preprocessing",
        "Preprocessing recipe: inception, antialiased, plain, torchvision, keras or caffe; after a colon, or "
        "alone, the scaling of levels: levels (0 to 255), unit, symmetric, imagenet, or MEAN/STD.",
        "NAME",
        default="the data set's",
    ),
]
ExifOption = Annotated[
    Exif,
    _option(
        "--exif",
        "EXIF orientation of pictures: ignore takes them as they are stored, as TensorFlow does; apply turns "
        "them upright.",
    ),
]
LabelOffset = Annotated[
    int | None,
    _option(
        "--label-offset",
        "Output index of class 0.",
        "0|1",
        minimum=0,
        maximum=1,
        default="1 where there is one output more than classes, else 0",
    ),
]
LabelsOption = Annotated[
    Path | None,
    _option(
        "--labels",
        "File of class names, one per output: a name per line, or NUMBER: NAME; names are the data set's.",
        "FILE",
        default="the data set's classes, in order",
    ),
]
LayoutOption = Annotated[
    Layout | None,
    _option(
        "--layout",
        "Place of the input's channels: nhwc behind height and width, nchw in front of them.",
        default="by the input's shape",
    ),
]
OutputOption = Annotated[
    str | None,
    _option(
        "--output",
        "Output to score of a file that has several, by its tensor's or its signature's name, or its index.",
        "NAME|N",
        default="the only one",
    ),
]
SkipUnreadable = Annotated[
    bool,
    _option(
        "--skip-unreadable", "Leave out files of a folder: data set that are damaged or not pictures, and list them."
    ),
]
CellsOption = Annotated[
    Path | None,
    _option(
        "--cells",
        "CSV file of a geo: data set's classes, one line token,latitude,longitude per class.",
        "FILE",
        default="cells.csv beside the data",
    ),
]
