"""Options under the heading of what to build: variants, and what they are built from."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.core.choices import CalibrationMethod, Quantizer
from mbench.core.numbers.limits import LARGEST_SEED

_option = partial(option, grouped.BUILD)

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Variants by name, such as mobilenet_v1_0.50_160_int8.", metavar="[VARIANT]..."),
]
Suite = Annotated[
    str | None,
    _option("--suite", "Suite to run, such as mobilenets/table-6; mbench suite list shows all.", "NAME|FILE"),
]
AllowSuiteCode = Annotated[
    bool,
    _option("--allow-suite-code", "Run the code that a --suite names (your own networks, a metric), with your rights."),
]
Sweeps = Annotated[
    list[str] | None,
    _option(
        "--sweep",
        "Axis to vary: alpha, resolution, quantization, threads, delegate, or a parameter of your own --arch; "
        "AXIS alone takes its published values, AXIS=v1,v2 yours. Repeated sweeps multiply.",
        "AXIS[=VALUES]",
    ),
]
As = Annotated[
    list[str] | None,
    _option(
        "--as",
        "Name under which mbench history follows your own file, whatever it holds; once for each --model.",
        "NAME",
        default="its file name, as far as a name goes",
    ),
]
Input = Annotated[
    list[str] | None,
    _option(
        "--input",
        "File of raw values to feed an input of your own file with; may be repeated.",
        "NAME:FILE",
        default="random values",
    ),
]
Alpha = Annotated[str | None, _option("--alpha", "Width multipliers, such as 1.0,0.5.", "VALUES", default="1.0")]
Resolution = Annotated[
    str | None,
    _option(
        "--resolution",
        "Input heights and widths in pixels, such as 224,160.",
        "VALUES",
        default="the network's, or the data set's",
    ),
]
QuantizationList = Annotated[
    str | None, _option("--quantization", "Quantizations: fp32, fp16, drq, int8, int16x8.", "VALUES", default="int8")
]
Architecture = Annotated[
    str,
    _option(
        "--arch",
        "Network family, such as vgg16; or FILE.py:NAME, your own function, whose parameters are axes and which "
        "returns a Keras model.",
        "NAME|FILE.py:NAME",
    ),
]
Classes = Annotated[
    int | None, _option("--classes", "Number of classes.", "N", minimum=1, default="1000, or the data set's")
]
WeightsOption = Annotated[
    str | None,
    _option(
        "--weights",
        "Weights: none (untrained, seeded), trained (by mbench on the data set), imagenet (downloads), builder "
        "(your own --arch sets trained ones), a training by its record's name, or a .keras, .h5, .weights.h5 or .npz "
        "file.",
        "WORD|RECORD|FILE",
        default="none, or what suits the data set",
    ),
]
CalibrationFolder = Annotated[
    Path | None,
    _option(
        "--calibration",
        "Folder of pictures to calibrate int8 and int16x8 on; of your own networks also a .npz file of arrays by "
        "input name, or FILE.py:NAME, a generator of examples.",
        "FOLDER|FILE",
        default="the data set's, else synthetic: latency only",
    ),
]
CalibrationExamples = Annotated[
    int, _option("--calibration-examples", "Number of examples to calibrate on.", "N", minimum=1)
]
CalibrationMethodOption = Annotated[
    CalibrationMethod,
    _option(
        "--calibration-method",
        "How ranges follow from the examples; moving-average is the quantizer's own, and clips the highest scores.",
    ),
]
QuantizerOption = Annotated[Quantizer, _option("--quantizer", "Quantizer; tf is a cross-check.")]
Seed = Annotated[
    int,
    _option("--seed", "Seed for weights, the order of jobs and the bootstrap.", "N", minimum=0, maximum=LARGEST_SEED),
]
Against = Annotated[
    str | None,
    _option(
        "--against",
        "Old file to time in turn with what is run, and to compare it with: a .tflite file, or an earlier session "
        "whose files are still in the cache.",
        "SESSION|FILE",
    ),
]
Workers = Annotated[
    int | None, _option("--workers", "Number of processes that build.", "N", minimum=1, default="one per core")
]
