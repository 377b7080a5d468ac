"""`mbench evaluate`: what files get right on a data set, scored on this host."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbench.cli import grouped, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import accuracy_options, accuracy_values, build_options, build_values, output_options
from mbench.cli.options.declared import option
from mbench.cli.options.formats import Format
from mbench.cli.progress import progress_for
from mbench.cli.streams import write, write_json
from mbench.cli.tables import print_tables
from mbench.core.choices import CalibrationMethod, Exif, MetricBetter, Quantizer
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import METRIC_TIMEOUT_S, MOST_EXAMPLES
from mbench.core.reasons import Unscored

if TYPE_CHECKING:
    from mbench.workflows.score.command import Evaluated, Evaluation

SOME_WITHOUT_SCORE = 4
STDOUT = Path("-")


class HostDelegate(StrEnum):
    """What executes files on this host."""

    CPU = "cpu"
    BUILTIN = "builtin"


@one_line_errors
def evaluate(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            help=".tflite files, or variants by name, which are built; of a Faster R-CNN both files, in order.",
            metavar="FILE|VARIANT...",
        ),
    ],
    dataset: Annotated[
        str,
        option(
            grouped.ACCURACY,
            "--dataset",
            "Data set to evaluate on: digits, fashion, folder:PATH, arrays:FILE, …",
            "NAME[:PATH]",
        ),
    ],
    examples: Annotated[
        int | None,
        option(
            grouped.ACCURACY,
            "--examples",
            "Number of examples to score (of faces: pairs), drawn by --seed.",
            "N",
            minimum=1,
            maximum=MOST_EXAMPLES,
            default="all; of int16x8 files 500",
        ),
    ] = None,
    split: accuracy_options.SplitOption = None,
    lists: Annotated[
        Path | None,
        option(
            grouped.ACCURACY,
            "--lists",
            "Folder for the names of each split's examples, train.txt and test.txt.",
            "FOLDER",
            default="not written",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        option(
            grouped.ACCURACY,
            "--predictions",
            "CSV file for each model's answers to each example: truth, top five classes and scores; - prints it "
            "on stdout, and the table on stderr.",
            "FILE",
            default="not written",
        ),
    ] = None,
    metric: accuracy_options.MetricOption = None,
    metric_better: accuracy_options.MetricBetterOption = MetricBetter.HIGHER,
    metric_unit: accuracy_options.MetricUnitOption = None,
    metric_timeout: accuracy_options.MetricTimeoutOption = METRIC_TIMEOUT_S,
    preprocessing: accuracy_options.PreprocessingOption = None,
    exif: accuracy_options.ExifOption = Exif.IGNORE,
    label_offset: accuracy_options.LabelOffset = None,
    labels: accuracy_options.LabelsOption = None,
    layout: accuracy_options.LayoutOption = None,
    output: accuracy_options.OutputOption = None,
    skip_unreadable: accuracy_options.SkipUnreadable = False,
    cells: accuracy_options.CellsOption = None,
    delegate: Annotated[
        HostDelegate,
        option(grouped.ACCURACY, "--delegate", "Delegate: cpu uses XNNPACK where it can."),
    ] = HostDelegate.CPU,
    weights: build_options.WeightsOption = None,
    calibration: build_options.CalibrationFolder = None,
    calibration_examples: build_options.CalibrationExamples = 32,
    calibration_method: build_options.CalibrationMethodOption = CalibrationMethod.MIN_MAX,
    quantizer: build_options.QuantizerOption = Quantizer.LITERT,
    seed: build_options.Seed = 0,
    workers: Annotated[
        int | None,
        option(
            grouped.ACCURACY,
            "--workers",
            "Number of processes that decode, build and score.",
            "N",
            minimum=1,
            default="one per core",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Format of the table.")] = Format.MD,
    quiet: output_options.Quiet = False,
) -> None:
    """Evaluate files on a labelled data set, on this machine.

    A split is scored with all cores; the table has a row per file.
    """
    from mbench.core.delegates import parse_delegate
    from mbench.core.scores import EvaluationSpec
    from mbench.workflows.score.command import evaluate as workflow
    from mbench.workflows.score.predictions import refuse_place, write_predictions

    printed = predictions == STDOUT
    if printed and format_ is not Format.MD:
        raise UsageError(f"--predictions - prints CSV on stdout; leave --format {format_} out, or name a file.")
    if predictions is not None and not printed:
        refuse_place(predictions)
    evaluation = workflow(
        what,
        build_values.build_inputs_of(
            weights=weights,
            seed=seed,
            calibration=calibration,
            examples=calibration_examples,
            quantizer=quantizer,
            method=calibration_method,
        ),
        EvaluationSpec.model_validate(
            {
                "dataset": dataset,
                "preprocessing": preprocessing,
                "exif": exif.value,
                "label_offset": label_offset,
                "labels": None if labels is None else str(labels),
                "layout": layout,
                "output": output,
                "skip_unreadable": skip_unreadable,
                "cells": None if cells is None else str(cells),
                "examples": examples,
                "seed": seed,
                "delegate": parse_delegate(delegate.value),
            }
            | accuracy_values.metric_fields(metric, metric_better, metric_unit, metric_timeout)
            | accuracy_values.split_fields(split)
        ),
        lists=lists,
        predictions=predictions is not None,
        typed=build_values.typed_for_building(context),
        workers=workers,
        progress=progress_for(quiet=quiet),
    )
    if printed:
        _print_predictions(evaluation, quiet=quiet)
    else:
        _print(evaluation.files, format_)
    without = [(one.name, one.score.reason) for one in evaluation.files if isinstance(one.score, Unscored)]
    for name, reason in without:
        streams.tell(f"{name}: {reason}")
    if predictions is not None and not printed:  # after the table, which a full disk shall not cost
        write_predictions(predictions, evaluation.predictions or "")
    if without:
        raise typer.Exit(SOME_WITHOUT_SCORE)


def _print_predictions(evaluation: "Evaluation", *, quiet: bool) -> None:
    from mbench.workflows.score import table as evaluation_table

    write(evaluation.predictions or "")
    if not quiet:
        streams.tell_lines(evaluation_table.as_markdown(evaluation.files))


def _print(evaluated: "tuple[Evaluated, ...]", shape: Format) -> None:
    from mbench.workflows.score import table as evaluation_table

    match shape:
        case Format.JSON:
            write_json(evaluation_table.as_json(evaluated))
        case Format.CSV:
            write(evaluation_table.as_csv(evaluated))
        case Format.MD:
            write(evaluation_table.as_markdown(evaluated))
        case Format.TABLE:
            print_tables([evaluation_table.table_of(evaluated)], whole_foot=("--format md",))
