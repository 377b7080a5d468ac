"""`mbench build`: variants into the cache, or into a folder."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import build_options, build_values, output_options, own_options
from mbench.cli.options.declared import option
from mbench.cli.progress import progress_for
from mbench.core.choices import CalibrationMethod, Ends, Quantizer

SOME_FAILED = 4


@one_line_errors
def build(
    context: typer.Context,
    names: build_options.Names = None,
    sweep: build_options.Sweeps = None,
    alpha: build_options.Alpha = None,
    resolution: build_options.Resolution = None,
    quantization: build_options.QuantizationList = None,
    model: own_options.Model = None,
    keras: own_options.Keras = None,
    saved_model: own_options.SavedModel = None,
    torch: own_options.Torch = None,
    input_shape: own_options.InputShape = None,
    arch: build_options.Architecture = "mobilenet_v1",
    classes: build_options.Classes = None,
    weights: build_options.WeightsOption = None,
    dataset: Annotated[
        str | None,
        option(
            grouped.BUILD,
            "--dataset",
            "Data set to train on and to calibrate with: digits, fashion, folder:PATH, …",
            "NAME[:PATH]",
        ),
    ] = None,
    calibration: build_options.CalibrationFolder = None,
    calibration_examples: build_options.CalibrationExamples = 32,
    calibration_method: build_options.CalibrationMethodOption = CalibrationMethod.MIN_MAX,
    quantizer: build_options.QuantizerOption = Quantizer.LITERT,
    ends: own_options.EndsOption = Ends.INT8,
    recipe: own_options.RecipeFile = None,
    keep_float: own_options.KeepFloatOption = None,
    build_timeout: own_options.BuildTimeout = 600.0,
    custom_objects: own_options.CustomObjects = None,
    allow_lambda: own_options.AllowLambda = False,
    seed: build_options.Seed = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to copy VARIANT.tflite files into.", metavar="FOLDER")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    workers: build_options.Workers = None,
    quiet: output_options.Quiet = False,
) -> None:
    """Build and quantize variants into the cache, or into a folder.

    Each file is verified against the Keras model that it was made from.
    """
    from mbench.core.plain_text import without_name
    from mbench.workflows import build_command as workflow
    from mbench.workflows.build.obtain_artifacts import BuildFailure

    built = workflow.build(
        build_values.selection_of(
            names=names,
            files=model,
            sweeps=sweep,
            lists={"alpha": alpha, "resolution": resolution, "quantization": quantization},
            architecture=arch,
            classes=classes,
            typed=build_values.typed_for_building(context),
            keras=keras,
            saved_models=saved_model,
            torch=torch,
            recipe=recipe,
            keep_float=keep_float,
        ),
        build_values.build_inputs_of(
            weights=weights,
            seed=seed,
            calibration=calibration,
            examples=calibration_examples,
            quantizer=quantizer,
            method=calibration_method,
            ends=ends,
            build_timeout=build_timeout,
            custom_objects=custom_objects,
            allow_lambda=allow_lambda,
            input_shapes=input_shape,
            recipe=recipe,
        ),
        dataset=dataset,
        output=output,
        workers=workers,
        progress=progress_for(quiet=quiet),
    )
    if json_:
        streams.write_json(workflow.as_json(built))
    elif text := workflow.as_text(built):
        streams.write(text)
    failed = [outcome for outcome in built if isinstance(outcome, BuildFailure)]
    for outcome in failed:
        streams.tell(f"{outcome.name}: {without_name(outcome.reason, outcome.name)}")
    if failed:
        raise typer.Exit(SOME_FAILED)
