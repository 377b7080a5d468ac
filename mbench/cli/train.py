"""`mbench train`: networks on a data set, as the paper trains them or as small sets want it."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import options, streams
from mbench.cli.errors import one_line_errors
from mbench.cli.progress import progress_for
from mbench.core.choices import Distribution, Preset, Schedule, Strength
from mbench.core.errors import UsageError

SOME_FAILED = 4


@one_line_errors
def train(
    dataset: Annotated[
        str, typer.Option("--dataset", help="digits, fashion, or FORMAT:PATH, such as folder:/data/flowers.")
    ],
    arch: options.Architecture = "mobilenet_v1",
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", help="alpha or resolution, with =v1,v2 or without.", metavar="AXIS[=VALUES]"),
    ] = None,
    alpha: options.Alpha = None,
    resolution: options.Resolution = None,
    preset: Annotated[Preset | None, typer.Option(help="Default: small below 100 000 examples, else paper.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Default: by preset and number of examples.", min=1)] = None,
    batch: Annotated[int | None, typer.Option(help="Examples of a step.", min=2)] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the first step.", min=1e-9)] = None,
    schedule: Annotated[Schedule | None, typer.Option(help="How the learning rate falls.")] = None,
    augmentation: Annotated[Strength | None, typer.Option(help="Distortions. Default: by epochs and alpha.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Never of depthwise filters.", min=0)] = None,
    held_out: Annotated[
        float | None, typer.Option(help="Share of the train split that is judged, not trained on.", min=0, max=0.9)
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="End after so many epochs without a better held-out loss.", min=1)
    ] = None,
    preprocessing: Annotated[
        str | None, typer.Option(help="Recipe that pictures are prepared by. Default: the data set's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order, distortions and what is held out.", min=0)] = 0,
    qat: Annotated[bool, typer.Option("--qat", help="Train on with the rounding of int8 in the graph (QAT).")] = False,
    bits: Annotated[int, typer.Option(help="Of 1×1 weights in QAT: 8 or 4.")] = 8,
    teacher: Annotated[
        Path | None, typer.Option(help="Distil: a .keras model, our .npz weights, or stored outputs (.npy).")
    ] = None,
    teacher_alpha: Annotated[float | None, typer.Option(help="Width of a .npz teacher.")] = None,
    temperature: Annotated[float, typer.Option(help="Of a distillation.", min=0.1)] = 1.0,
    distribute: Annotated[
        Distribution | None, typer.Option(help="Share one training; TF_CONFIG names the cluster.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Trainings at once, or workers of a distribution. Default: one per core.", min=1)
    ] = None,
    ps: Annotated[int, typer.Option("--ps", help="Parameter servers of a cluster on this machine.", min=1)] = 1,
    json_: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Train networks, keep their weights for `mbench run --dataset`, and print what they reached.

    A training that was done before is not repeated; one that was interrupted goes on with its next epoch.
    """
    numbers = {"learning-rate": learning_rate, "weight-decay": weight_decay, "held-out": held_out}
    _refuse_infinite(numbers | {"temperature": temperature, "teacher-alpha": teacher_alpha})
    if bits not in (4, 8):
        raise UsageError(f"--bits {bits}: 1×1 weights have 8 bits, or 4.")
    _refuse_idle("--bits 4", bits != 8, "--qat", given=qat)
    _refuse_idle("--temperature", temperature != 1, "--teacher", given=teacher is not None)
    _refuse_idle("--teacher-alpha", teacher_alpha is not None, "--teacher", given=teacher is not None)
    cluster = "--distribute parameter-server"
    _refuse_idle("--ps", ps != 1, cluster, given=distribute is Distribution.PARAMETER_SERVER)
    from mbench.core.sweeps import Axis
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
            raise UsageError(f"--{name} {value}: no training can have that; give a finite number.")


def _refuse_idle(option: str, chosen: bool, without: str, *, given: bool) -> None:
    """Refuse an option that would change nothing, rather than seem to have been followed."""
    if chosen and not given:
        raise UsageError(f"{option} does nothing without {without}; add that, or leave it out.")
