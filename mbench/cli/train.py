"""`mbench train`: networks on a data set, as the paper trains them or as small sets want it."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import build_options, output_options
from mbench.cli.progress import progress_for
from mbench.core.choices import Distribution, Keep, Preset, Schedule, Strength
from mbench.core.errors import UsageError

SOME_FAILED = 4


@one_line_errors
def train(
    dataset: Annotated[
        str,
        typer.Option(
            "--dataset",
            help="Data set to train on: digits, fashion, or FORMAT:PATH, such as folder:/data/flowers.",
            metavar="NAME[:PATH]",
            rich_help_panel=grouped.TRAINING,
        ),
    ],
    arch: build_options.Architecture = "mobilenet_v1",
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            help="Axis to vary, alpha or resolution; AXIS alone takes its published values, AXIS=v1,v2 yours.",
            metavar="AXIS[=VALUES]",
            rich_help_panel=grouped.BUILD,
        ),
    ] = None,
    alpha: build_options.Alpha = None,
    resolution: build_options.Resolution = None,
    preset: Annotated[
        Preset | None,
        typer.Option(
            help="Where defaults come from.",
            rich_help_panel=grouped.TRAINING,
            show_default="small below 100 000 examples, else paper",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Number of epochs.",
            min=1,
            metavar="N",
            rich_help_panel=grouped.TRAINING,
            show_default="by preset and number of examples",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            help="Batch size, in examples.",
            min=2,
            metavar="N",
            rich_help_panel=grouped.TRAINING,
            show_default="32",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="Learning rate of the first step.",
            min=1e-9,
            metavar="RATE",
            rich_help_panel=grouped.TRAINING,
            show_default="small 0.002, paper 0.045",
        ),
    ] = None,
    schedule: Annotated[
        Schedule | None,
        typer.Option(
            help="How the learning rate falls.",
            rich_help_panel=grouped.TRAINING,
            show_default="small cosine, paper exponential",
        ),
    ] = None,
    augmentation: Annotated[
        Strength | None,
        typer.Option(
            help="Strength of augmentation.", rich_help_panel=grouped.TRAINING, show_default="by epochs and alpha"
        ),
    ] = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(
            help="Weight decay; depthwise filters have none.",
            min=0,
            metavar="RATE",
            rich_help_panel=grouped.TRAINING,
            show_default="0.00004",
        ),
    ] = None,
    held_out: Annotated[
        float | None,
        typer.Option(
            "--validation-split",
            help="Share of the train split that is evaluated after each epoch and not trained on.",
            min=0,
            max=0.9,
            metavar="SHARE",
            rich_help_panel=grouped.TRAINING,
            show_default="0.1, at most 10 000 examples",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Epochs without a better validation loss after which training ends.",
            min=1,
            metavar="N",
            rich_help_panel=grouped.TRAINING,
            show_default="train all epochs",
        ),
    ] = None,
    keep: Annotated[
        Keep,
        typer.Option(
            help="Epoch whose weights are kept: the best on the validation split, or the last.",
            rich_help_panel=grouped.TRAINING,
        ),
    ] = Keep.BEST,
    preprocessing: Annotated[
        str | None,
        typer.Option(
            help="Preprocessing recipe: inception, plain or keras.",
            metavar="NAME",
            rich_help_panel=grouped.TRAINING,
            show_default="the data set's",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            help="Seed for weights, order, augmentation and the validation split.",
            min=0,
            metavar="N",
            rich_help_panel=grouped.TRAINING,
        ),
    ] = 0,
    qat: Annotated[
        bool,
        typer.Option(
            "--qat",
            help="Train on with int8's rounding in the graph (quantization-aware training).",
            rich_help_panel=grouped.QUANTIZATION,
        ),
    ] = False,
    bits: Annotated[
        int,
        typer.Option(help="Bits of 1×1 weights with --qat.", metavar="8|4", rich_help_panel=grouped.QUANTIZATION),
    ] = 8,
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="Teacher to distil from: a .keras model, mbench's .npz weights, or stored outputs (.npy).",
            metavar="FILE",
            rich_help_panel=grouped.QUANTIZATION,
        ),
    ] = None,
    teacher_alpha: Annotated[
        float | None,
        typer.Option(help="Width multiplier of a .npz teacher.", metavar="ALPHA", rich_help_panel=grouped.QUANTIZATION),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(
            help="Temperature of the distillation.", min=0.1, metavar="NUMBER", rich_help_panel=grouped.QUANTIZATION
        ),
    ] = 1.0,
    distribute: Annotated[
        Distribution | None,
        typer.Option(
            help="Share one training by this strategy; TF_CONFIG names the cluster.", rich_help_panel=grouped.COMPUTING
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Number of trainings at once, or of workers with --distribute.",
            min=1,
            metavar="N",
            rich_help_panel=grouped.COMPUTING,
            show_default="one per core",
        ),
    ] = None,
    ps: Annotated[
        int,
        typer.Option(
            "--ps",
            help="Number of parameter servers of a cluster on this machine.",
            min=1,
            metavar="N",
            rich_help_panel=grouped.COMPUTING,
        ),
    ] = 1,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.", rich_help_panel=grouped.OUTPUT)] = False,
    quiet: output_options.Quiet = False,
) -> None:
    """Train networks on a data set, and print their accuracies.

    The weights are kept for `mbench run --dataset`.
    A training that was done before is not repeated; one that was interrupted goes on with its next epoch.
    """
    numbers = {"learning-rate": learning_rate, "weight-decay": weight_decay, "validation-split": held_out}
    _refuse_infinite(numbers | {"temperature": temperature, "teacher-alpha": teacher_alpha})
    if bits not in (4, 8):
        raise UsageError(f"--bits {bits}: 1×1 weights have 8 bits, or 4.")
    _refuse_idle("--bits 4", bits != 8, "--qat", given=qat)
    _refuse_idle("--temperature", temperature != 1, "--teacher", given=teacher is not None)
    _refuse_idle("--teacher-alpha", teacher_alpha is not None, "--teacher", given=teacher is not None)
    cluster = "--distribute parameter-server"
    _refuse_idle("--ps", ps != 1, cluster, given=distribute is Distribution.PARAMETER_SERVER)
    from mbench.core.builds.sweeps import Axis
    from mbench.workflows.train import command as workflow
    from mbench.workflows.train.recipes import TrainingOptions

    chosen = TrainingOptions(
        preset=preset,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        schedule=schedule,
        augmentation=augmentation,
        weight_decay=weight_decay,
        held_out=held_out,
        patience=patience,
        keep=keep,
        preprocessing=preprocessing,
        seed=seed,
        qat=qat,
        bits=bits,
        teacher=teacher,
        teacher_alpha=teacher_alpha,
        temperature=temperature,
        distribution=distribute,
        workers=workers if distribute else None,
        parameter_servers=ps,
    )
    outcomes = workflow.train_selection(
        dataset,
        architecture=arch,
        sweeps=tuple(sweep or ()),
        lists={axis: values for axis, values in ((Axis.ALPHA, alpha), (Axis.RESOLUTION, resolution)) if values},
        options=chosen,
        workers=None if distribute else workers,
        progress=progress_for(quiet=quiet),
    )
    if json_:
        streams.write_json(workflow.as_json(outcomes))
    else:
        streams.write(workflow.as_text(outcomes, dataset))
    failed = [outcome for outcome in outcomes if outcome.record is None]
    for outcome in failed:
        streams.tell(f"{outcome.reason}")
    if failed:
        raise typer.Exit(SOME_FAILED)


def _refuse_infinite(numbers: dict[str, float | None]) -> None:
    """Refuse `nan` and `inf`, which count as numbers on a command line."""
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            raise UsageError(f"--{name} must be a finite number, not {value}.")


def _refuse_idle(option: str, chosen: bool, without: str, *, given: bool) -> None:
    """Refuse an option that would change nothing, rather than seem to have been followed."""
    if chosen and not given:
        raise UsageError(f"{option} does nothing without {without}; add that, or leave it out.")
