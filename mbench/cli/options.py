"""Options that several commands share, and their way into the workflows' values."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.core.choices import CalibrationMethod, Quantizer
from mbench.core.limits import LARGEST_SEED

if TYPE_CHECKING:
    from mbench.workflows.build.selection import BuildInputs, Selection


class FlavourChoice(StrEnum):
    """Which of the two programs called benchmark_model; mypy compares it with `mbench.binaries.records.Flavour`."""

    TFLITE = "tflite"
    LITERT = "litert"


class Format(StrEnum):
    """How a table is printed."""

    MD = "md"
    CSV = "csv"
    JSON = "json"
    TABLE = "table"


Names = Annotated[
    list[str] | None,
    typer.Argument(help="Variants by name, such as mobilenet_v1_0.50_160_int8.", metavar="[VARIANT]..."),
]
Sweeps = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        help="AXIS or AXIS=v1,v2: alpha, resolution, quantization, threads or delegate. Repeated sweeps multiply.",
        metavar="AXIS[=VALUES]",
    ),
]
Alpha = Annotated[str | None, typer.Option(help="Width multipliers, such as 1.0,0.5.", metavar="VALUES")]
Resolution = Annotated[str | None, typer.Option(help="Input sizes in pixels, such as 224,160.", metavar="VALUES")]
QuantizationList = Annotated[
    str | None,
    typer.Option("--quantization", help="fp32, fp16, drq, int8, int16x8. Default: int8.", metavar="VALUES"),
]
Threads = Annotated[str | None, typer.Option(help="Thread counts, such as 1,4.", metavar="VALUES")]
Delegates = Annotated[
    str | None,
    typer.Option(
        "--delegate",
        help="cpu, xnnpack, builtin; on phones also gpu[:fp32][:cl|:gl], nnapi[:NAME], npu, external:PATH.",
        metavar="VALUES",
    ),
]
Architecture = Annotated[str, typer.Option("--arch", help="Network family, such as vgg16.")]
Classes = Annotated[int | None, typer.Option(help="Number of classes.  [default: 1000, or the data set's]", min=1)]
WeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="none (untrained, seeded), trained (by mbench on the data set), imagenet (downloads), or a .keras, "
        ".weights.h5 or .npz file.  [default: none, or what suits the data set]",
        metavar="WORD|FILE",
    ),
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="Score on it: digits, fashion, folder:PATH, imagenet:PATH, … Small ones are trained on, once.",
        metavar="NAME[:PATH]",
    ),
]
CalibrationFolder = Annotated[
    Path | None,
    typer.Option("--calibration", help="Folder of pictures to calibrate int8 on. Default: synthetic, latency only."),
]
CalibrationExamples = Annotated[int, typer.Option(help="Pictures to calibrate on.", min=1)]
PreprocessingOption = Annotated[
    str | None,
    typer.Option(
        "--preprocessing",
        help="inception, antialiased, plain, torchvision, keras or caffe.  [default: the data set's own]",
        metavar="NAME",
    ),
]
LabelOffset = Annotated[
    int | None,
    typer.Option(
        "--label-offset",
        help="Output index of class 0.  [default: 1 where there is one output more than classes]",
        min=0,
        max=1,
    ),
]
CellsOption = Annotated[
    Path | None,
    typer.Option(
        "--cells",
        help="Of geo:PATH: a CSV file token,latitude,longitude, a line a class.  [default: cells.csv beside PATH]",
        metavar="FILE",
    ),
]
CalibrationMethodOption = Annotated[
    CalibrationMethod,
    typer.Option("--calibration-method", help="moving-average is the quantizer's own, which clips the highest scores."),
]
QuantizerOption = Annotated[Quantizer, typer.Option("--quantizer", help="litert, or tf as a cross-check.")]
Seed = Annotated[int, typer.Option(help="Of weights, order and bootstrap.", min=0, max=LARGEST_SEED)]
Workers = Annotated[int | None, typer.Option(help="Processes that build. Default: one per core.", min=1)]
AdbServers = Annotated[
    list[str] | None,
    typer.Option(
        "--adb-server", help="adb server to use, HOST:PORT; may be repeated. Default: yours.", metavar="ADDRESS"
    ),
]
WaitForPhone = Annotated[
    float | None,
    typer.Option(
        "--wait-for-phone",
        help="How long a lost phone is waited for. Default: as its profile says, 120.",
        metavar="SECONDS",
        min=0,
        max=86_400,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]
Results = Annotated[
    Path | None, typer.Option("--results", help="Folder of sessions. Default: $MBENCH_RESULTS, else ./results.")
]


def selection_of(
    *,
    names: list[str] | None,
    files: list[Path] | None,
    sweeps: list[str] | None,
    lists: dict[str, str | None],
    architecture: str,
    classes: int | None,
) -> "Selection":
    """Return what was chosen to be built or run."""
    from mbench.core.sweeps import Axis
    from mbench.core.variants import Head
    from mbench.workflows.build.selection import Selection

    return Selection(
        names=tuple(names or ()),
        files=tuple(files or ()),
        sweeps=tuple(sweeps or ()),
        lists={Axis(axis): values for axis, values in lists.items() if values is not None},
        architecture=architecture,
        head=None if classes is None else Head(classes=classes),
    )


def build_inputs_of(
    *,
    weights: str | None,
    seed: int,
    calibration: Path | None,
    examples: int,
    quantizer: Quantizer,
    method: CalibrationMethod = CalibrationMethod.MIN_MAX,
) -> "BuildInputs":
    """Return what variants are built from."""
    from mbench.workflows.build.selection import BuildInputs

    return BuildInputs(
        weights=weights,
        seed=seed,
        calibration=calibration,
        calibration_examples=examples,
        calibration_method=method,
        quantizer=quantizer,
    )
