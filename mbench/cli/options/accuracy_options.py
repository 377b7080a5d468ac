"""Options under the heading of accuracy: the data set, what is scored on it, and by which rule."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.core.choices import Exif, Layout, MetricBetter
from mbench.core.numbers.limits import MOST_EXAMPLES


class PlaceChoice(StrEnum):
    """Where files are asked for their accuracy."""

    HOST = "host"
    DEVICE = "device"
    BOTH = "both"


DatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="Data set to evaluate on: digits, fashion, folder:PATH, imagenet:PATH, … Networks for small ones are "
        "trained first, once.",
        metavar="NAME[:PATH]",
        rich_help_panel=grouped.ACCURACY,
    ),
]
AccuracyPlace = Annotated[
    PlaceChoice | None,
    typer.Option(
        "--accuracy",
        help="Where files are evaluated.",
        rich_help_panel=grouped.ACCURACY,
        show_default="host",
    ),
]
Examples = Annotated[
    int | None,
    typer.Option(
        help="Number of examples to score (of faces: pairs).",
        min=1,
        max=MOST_EXAMPLES,
        metavar="N",
        rich_help_panel=grouped.ACCURACY,
        show_default="all; on devices 500",
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        help="Split to score: test, train, all, or a file that names one example per line.",
        metavar="test|train|all|FILE",
        rich_help_panel=grouped.ACCURACY,
        show_default="test",
    ),
]
PredictionsOption = Annotated[
    Path | None,
    typer.Option(
        "--predictions",
        help="CSV file for each model's answers to each example: truth, top five classes and scores.",
        metavar="FILE",
        rich_help_panel=grouped.ACCURACY,
        show_default="not written",
    ),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="Your function of outputs and labels that gives each example's value, or whether it is right: "
        "FILE.py:NAME.",
        metavar="FILE.py:NAME",
        rich_help_panel=grouped.ACCURACY,
        show_default="the data set's own",
    ),
]
MetricBetterOption = Annotated[
    MetricBetter,
    typer.Option("--metric-better", help="Which values of --metric are better.", rich_help_panel=grouped.ACCURACY),
]
MetricUnitOption = Annotated[
    str | None,
    typer.Option(
        "--metric-unit",
        help="Unit of --metric's values, such as dB.",
        metavar="UNIT",
        rich_help_panel=grouped.ACCURACY,
        show_default="none",
    ),
]
MetricTimeoutOption = Annotated[
    float,
    typer.Option(
        "--metric-timeout",
        help="Longest time for each call of --metric, in seconds.",
        min=1,
        metavar="SECONDS",
        rich_help_panel=grouped.ACCURACY,
    ),
]
PreprocessingOption = Annotated[
    str | None,
    typer.Option(
        "--preprocessing",
        help="Preprocessing recipe: inception, antialiased, plain, torchvision, keras or caffe; after a colon, or "
        "alone, the scaling of levels: levels (0 to 255), unit, symmetric, imagenet, or MEAN/STD.",
        metavar="NAME",
        rich_help_panel=grouped.ACCURACY,
        show_default="the data set's",
    ),
]
ExifOption = Annotated[
    Exif,
    typer.Option(
        "--exif",
        help="EXIF orientation of pictures: ignore takes them as they are stored, as TensorFlow does; apply turns "
        "them upright.",
        rich_help_panel=grouped.ACCURACY,
    ),
]
LabelOffset = Annotated[
    int | None,
    typer.Option(
        "--label-offset",
        help="Output index of class 0.",
        min=0,
        max=1,
        metavar="0|1",
        rich_help_panel=grouped.ACCURACY,
        show_default="1 where there is one output more than classes, else 0",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="File of class names, one per output: a name per line, or NUMBER: NAME; names are the data set's.",
        metavar="FILE",
        rich_help_panel=grouped.ACCURACY,
        show_default="the data set's classes, in order",
    ),
]
LayoutOption = Annotated[
    Layout | None,
    typer.Option(
        "--layout",
        help="Place of the input's channels: nhwc behind height and width, nchw in front of them.",
        rich_help_panel=grouped.ACCURACY,
        show_default="by the input's shape",
    ),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        help="Output to score of a file that has several, by its tensor's or its signature's name, or its index.",
        metavar="NAME|N",
        rich_help_panel=grouped.ACCURACY,
        show_default="the only one",
    ),
]
SkipUnreadable = Annotated[
    bool,
    typer.Option(
        "--skip-unreadable",
        help="Leave out files of a folder: data set that are damaged or not pictures, and list them.",
        rich_help_panel=grouped.ACCURACY,
    ),
]
CellsOption = Annotated[
    Path | None,
    typer.Option(
        "--cells",
        help="CSV file of a geo: data set's classes, one line token,latitude,longitude per class.",
        metavar="FILE",
        rich_help_panel=grouped.ACCURACY,
        show_default="cells.csv beside the data",
    ),
]
