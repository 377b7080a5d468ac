"""Options under the heading of what to build: variants, and what they are built from."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.core.choices import CalibrationMethod, Quantizer
from mbench.core.numbers.limits import LARGEST_SEED

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Variants by name, such as mobilenet_v1_0.50_160_int8.", metavar="[VARIANT]..."),
]
Suite = Annotated[
    str | None,
    typer.Option(
        help="Suite to run, such as mobilenets/table-6; mbench suite list shows all.",
        metavar="NAME|FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
AllowSuiteCode = Annotated[
    bool,
    typer.Option(
        "--allow-suite-code",
        help="Run the code that a --suite names (your own networks, a metric), with your rights.",
        rich_help_panel=grouped.BUILD,
    ),
]
Sweeps = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        help="Axis to vary: alpha, resolution, quantization, threads, delegate, or a parameter of your own --arch; "
        "AXIS alone takes its published values, AXIS=v1,v2 yours. Repeated sweeps multiply.",
        metavar="AXIS[=VALUES]",
        rich_help_panel=grouped.BUILD,
    ),
]
As = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        help="Name under which mbench history follows your own file, whatever it holds; once for each --model.",
        metavar="NAME",
        rich_help_panel=grouped.BUILD,
        show_default="its file name, as far as a name goes",
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="File of raw values to feed an input of your own file with; may be repeated.",
        metavar="NAME:FILE",
        rich_help_panel=grouped.BUILD,
        show_default="random values",
    ),
]
Alpha = Annotated[
    str | None,
    typer.Option(
        help="Width multipliers, such as 1.0,0.5.", metavar="VALUES", rich_help_panel=grouped.BUILD, show_default="1.0"
    ),
]
Resolution = Annotated[
    str | None,
    typer.Option(
        help="Input heights and widths in pixels, such as 224,160.",
        metavar="VALUES",
        rich_help_panel=grouped.BUILD,
        show_default="the network's, or the data set's",
    ),
]
QuantizationList = Annotated[
    str | None,
    typer.Option(
        "--quantization",
        help="Quantizations: fp32, fp16, drq, int8, int16x8.",
        metavar="VALUES",
        rich_help_panel=grouped.BUILD,
        show_default="int8",
    ),
]
Architecture = Annotated[
    str,
    typer.Option(
        "--arch",
        help="Network family, such as vgg16; or FILE.py:NAME, your own function, whose parameters are axes and which "
        "returns a Keras model.",
        metavar="NAME|FILE.py:NAME",
        rich_help_panel=grouped.BUILD,
    ),
]
Classes = Annotated[
    int | None,
    typer.Option(
        help="Number of classes.",
        min=1,
        metavar="N",
        rich_help_panel=grouped.BUILD,
        show_default="1000, or the data set's",
    ),
]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="Weights: none (untrained, seeded), trained (by mbench on the data set), imagenet (downloads), builder "
        "(your own --arch sets trained ones), a training by its record's name, or a .keras, .h5, .weights.h5 or .npz "
        "file.",
        metavar="WORD|RECORD|FILE",
        rich_help_panel=grouped.BUILD,
        show_default="none, or what suits the data set",
    ),
]
CalibrationFolder = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        help="Folder of pictures to calibrate int8 and int16x8 on; of your own networks also a .npz file of arrays by "
        "input name, or FILE.py:NAME, a generator of examples.",
        metavar="FOLDER|FILE",
        rich_help_panel=grouped.BUILD,
        show_default="the data set's, else synthetic: latency only",
    ),
]
CalibrationExamples = Annotated[
    int, typer.Option(help="Number of examples to calibrate on.", min=1, metavar="N", rich_help_panel=grouped.BUILD)
]
CalibrationMethodOption = Annotated[
    CalibrationMethod,
    typer.Option(
        "--calibration-method",
        help="How ranges follow from the examples; moving-average is the quantizer's own, and clips the highest "
        "scores.",
        rich_help_panel=grouped.BUILD,
    ),
]
QuantizerOption = Annotated[
    Quantizer, typer.Option("--quantizer", help="Quantizer; tf is a cross-check.", rich_help_panel=grouped.BUILD)
]
Seed = Annotated[
    int,
    typer.Option(
        help="Seed for weights, the order of jobs and the bootstrap.",
        min=0,
        max=LARGEST_SEED,
        metavar="N",
        rich_help_panel=grouped.BUILD,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        help="Old file to time in turn with what is run, and to compare it with: a .tflite file, or an earlier session "
        "whose files are still in the cache.",
        metavar="SESSION|FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Number of processes that build.",
        min=1,
        metavar="N",
        rich_help_panel=grouped.BUILD,
        show_default="one per core",
    ),
]
