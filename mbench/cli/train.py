"""`mbench train`: networks on a data set, as the paper trains them or as small sets want it."""

import math

import typer

from mbench.cli import streams
from mbench.cli.errors import one_line_errors
from mbench.cli.options import build_options, output_options, training_options
from mbench.cli.progress import progress_for
from mbench.core.choices import Distribution, Keep
from mbench.core.errors import UsageError

SOME_FAILED = 4


@one_line_errors
def train(
    dataset: training_options.Dataset,
    arch: build_options.Architecture = "mobilenet_v1",
    sweep: training_options.Sweeps = None,
    alpha: build_options.Alpha = None,
    resolution: build_options.Resolution = None,
    preset: training_options.PresetOption = None,
    epochs: training_options.Epochs = None,
    batch: training_options.BatchSize = None,
    learning_rate: training_options.LearningRate = None,
    schedule: training_options.ScheduleOption = None,
    augmentation: training_options.Augmentation = None,
    weight_decay: training_options.WeightDecay = None,
    held_out: training_options.ValidationSplit = None,
    patience: training_options.Patience = None,
    keep: training_options.KeepOption = Keep.BEST,
    preprocessing: training_options.Preprocessing = None,
    seed: training_options.Seed = 0,
    qat: training_options.Qat = False,
    bits: training_options.Bits = 8,
    teacher: training_options.Teacher = None,
    teacher_alpha: training_options.TeacherAlpha = None,
    temperature: training_options.Temperature = 1.0,
    distribute: training_options.Distribute = None,
    workers: training_options.Workers = None,
    ps: training_options.ParameterServers = 1,
    json_: training_options.Json = False,
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
