"""Options that several commands share, and their way into the workflows' values."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import grouped
from mbench.core.choices import CalibrationMethod, Ends, Exif, Layout, MetricBetter, Quantizer
from mbench.core.errors import UsageError
from mbench.core.metric_units import refuse_no_unit
from mbench.core.numbers.limits import LARGEST_SEED

if TYPE_CHECKING:
    from mbench.workflows.build.recipes import BuildInputs
    from mbench.workflows.build.selection import Selection


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


TableFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Format of the table.",
        show_default="table in a terminal, else md",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Columns of the table, such as variant,latency,memory, in this order; all shows every column.",
        metavar="NAMES",
        show_default="the key ones in a terminal, else all",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Variants by name, such as mobilenet_v1_0.50_160_int8.", metavar="[VARIANT]..."),
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
Threads = Annotated[
    str | None,
    typer.Option(
        help="Thread counts, such as 1,4.",
        metavar="VALUES",
        rich_help_panel=grouped.CONDITIONS,
        show_default="1, or the profile's",
    ),
]
Delegates = Annotated[
    str | None,
    typer.Option(
        "--delegate",
        help="Delegates: cpu, xnnpack, builtin; on phones also gpu[:fp32][:cl|:gl], nnapi[:NAME], npu, external:PATH.",
        metavar="VALUES",
        rich_help_panel=grouped.CONDITIONS,
        show_default="cpu",
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
    int,
    typer.Option(help="Number of examples to calibrate on.", min=1, metavar="N", rich_help_panel=grouped.BUILD),
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
    Quantizer,
    typer.Option("--quantizer", help="Quantizer; tf is a cross-check.", rich_help_panel=grouped.BUILD),
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
AdbServers = Annotated[
    list[str] | None,
    typer.Option(
        "--adb-server",
        help="Address of an adb server; may be repeated.",
        metavar="HOST:PORT",
        rich_help_panel=grouped.DEVICES,
        show_default="adb's own",
    ),
]
WaitForPhone = Annotated[
    float | None,
    typer.Option(
        "--wait-for-phone",
        help="Timeout for the return of a lost phone, in seconds.",
        metavar="SECONDS",
        min=0,
        max=86_400,
        rich_help_panel=grouped.DEVICES,
        show_default="the profile's, mostly 120",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print nothing but errors on stderr.", rich_help_panel=grouped.OUTPUT),
]
Label = Annotated[
    str | None,
    typer.Option(
        help="Name of the state that is measured, such as a git commit; mbench history shows it.",
        metavar="TEXT",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Results = Annotated[
    Path | None,
    typer.Option(
        "--results",
        help="Folder of sessions.",
        metavar="FOLDER",
        rich_help_panel=grouped.OUTPUT,
        show_default="$MBENCH_RESULTS, else ./results",
    ),
]

FOR_BUILDING = frozenset(
    {
        *("arch", "classes", "weights", "calibration", "calibration_examples", "calibration_method", "quantizer"),
        *("ends", "build_timeout", "custom_objects", "allow_lambda", "recipe", "keep_float"),
    }
)
"""Parameters that say which networks are built, or of what."""


def selection_of(
    *,
    names: list[str] | None,
    files: list[Path] | None,
    sweeps: list[str] | None,
    lists: dict[str, str | None],
    architecture: str,
    classes: int | None,
    typed: tuple[str, ...],
    keras: list[Path] | None = None,
    saved_models: list[str] | None = None,
    torch: list[str] | None = None,
    recipe: Path | None = None,
    keep_float: str | None = None,
) -> "Selection":
    """Return what was chosen to be built or run; `typed` is what `typed_for_building` found."""
    from mbench.core.builds.own_recipes import OwnForm
    from mbench.core.builds.sweeps import Axis
    from mbench.core.builds.variants import Head
    from mbench.workflows.build.own_networks import OwnSource, parse_keep_float, torch_source
    from mbench.workflows.build.selection import Selection

    return Selection(
        names=tuple(names or ()),
        files=tuple(files or ()),
        own=(
            *(OwnSource(form=OwnForm.KERAS, said=str(path)) for path in keras or ()),
            *([OwnSource(form=OwnForm.BUILDER, said=architecture)] if ":" in architecture else []),
            *(OwnSource(form=OwnForm.SAVED_MODEL, said=said) for said in saved_models or ()),
            *(torch_source(said) for said in torch or ()),
        ),
        sweeps=tuple(sweeps or ()),
        lists={Axis(axis): values for axis, values in lists.items() if values is not None},
        architecture=architecture,
        head=None if classes is None else Head(classes=classes),
        typed=typed,
        recipe=recipe,
        keep_float=None if keep_float is None else parse_keep_float(keep_float),
    )


def typed_for_building(context: typer.Context) -> tuple[str, ...]:
    """Return the options on the command line that mean nothing to a file that is built already."""
    return tuple(
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in FOR_BUILDING and was_typed(context, parameter.name)
    )


def was_typed(context: typer.Context, name: str | None) -> bool:
    """Whether a parameter stood on the command line."""
    source = context.get_parameter_source(name) if name is not None else None
    return source is not None and source.name == "COMMANDLINE"


def format_of(format_: Format | None, *, json: bool) -> Format | None:
    """Return the format that is asked for by `--format` and `--json` together; None: by neither.

    Raises:
        UsageError: they contradict each other.
    """
    if json and format_ not in (None, Format.JSON):
        raise UsageError(f"--json prints JSON, and --format {format_} asks for another form; leave one of them out.")
    return Format.JSON if json else format_


def build_inputs_of(
    *,
    weights: str | None,
    seed: int,
    calibration: Path | None,
    examples: int,
    quantizer: Quantizer,
    method: CalibrationMethod = CalibrationMethod.MIN_MAX,
    ends: Ends = Ends.INT8,
    build_timeout: float = 600.0,
    custom_objects: str | None = None,
    allow_lambda: bool = False,
    input_shapes: list[str] | None = None,
    recipe: Path | None = None,
) -> "BuildInputs":
    """Return what variants are built from."""
    from mbench.workflows.build.recipes import BuildInputs

    return BuildInputs(
        weights=weights,
        seed=seed,
        calibration=calibration,
        calibration_examples=examples,
        calibration_method=method,
        quantizer=quantizer,
        ends=ends,
        build_timeout_s=build_timeout,
        custom_objects=custom_objects,
        allow_lambda=allow_lambda,
        input_shapes=tuple(input_shapes or ()),
        quantizer_recipe=recipe,
    )


def split_fields(said: str | None) -> dict[str, str | None]:
    """Return what `--split` means for an evaluation spec: a split by name, or the file that lists one."""
    if said is None or said in {"test", "train", "all"}:
        return {"split": said or "test", "list_file": None}
    return {"split": "listed", "list_file": said}


def metric_fields(metric: str | None, better: MetricBetter, unit: str | None, timeout_s: float) -> dict[str, object]:
    """Return what options of `--metric` mean for an evaluation spec.

    Raises:
        UsageError: a unit that does not fit the head of a table.
    """
    refuse_no_unit(unit)
    return {
        "metric": metric,
        "metric_better": better.value,
        "metric_unit": unit,
        "metric_timeout_s": timeout_s,
    }


def label_of(said: str | None) -> str | None:
    """Return a label that can be kept.

    Raises:
        UsageError: it is none.
    """
    if said is None:
        return None
    from mbench.core.numbers.bounds import LABEL  # brings pydantic, which help does without

    if not re.fullmatch(LABEL, said):
        raise UsageError(f"--label {said!r}: a label is one line of at most 120 ASCII characters.")
    return said


def refuse_no_word(name: str) -> None:
    """Refuse what cannot name a project or a branch.

    Raises:
        UsageError: it cannot.
    """
    from mbench.core.numbers.bounds import WORD

    if not re.fullmatch(WORD, name):
        raise UsageError(f"{name!r} is not a name: letters, digits and ._/+-, the first a letter or digit, at most 80.")
