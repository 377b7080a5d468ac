"""`mbench run`: the main job."""

import math
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mbench.cli import streams
from mbench.cli.driving import drive, so_far
from mbench.cli.errors import one_line_errors
from mbench.cli.options import (
    accuracy_options,
    accuracy_values,
    build_options,
    build_values,
    device_options,
    duration_options,
    measuring_options,
    output_options,
    own_options,
)
from mbench.cli.options.formats import Format, format_of
from mbench.cli.tables import columns_named, format_or_default, print_results
from mbench.core.choices import CalibrationMethod, Ends, Exif, MetricBetter, Quantizer
from mbench.core.errors import UsageError
from mbench.core.numbers.limits import METRIC_TIMEOUT_S

if TYPE_CHECKING:
    from mbench.store.session_store import SessionStore
    from mbench.workflows.run.request import RunRequest


TAKEN_WITH_RESUME = frozenset(
    {
        "resume",
        "failed",
        "predictions",
        "results",
        "adb_server",
        "wait_for_phone",
        "format_",
        "columns",
        "json_",
        "quiet",
        "binary",
        "delegate",
        "metric",
    }
)
"""What a plan does not say: where its session lies, how phones are reached, how the table is printed; and what it may
not say alone: which code of others is started.
"""


@one_line_errors
def run(
    context: typer.Context,
    names: build_options.Names = None,
    device: device_options.Device = None,
    every: device_options.Every = False,
    any_: device_options.AnyOf = None,
    suite: build_options.Suite = None,
    allow_suite_code: build_options.AllowSuiteCode = False,
    sweep: build_options.Sweeps = None,
    model: own_options.Model = None,
    as_: build_options.As = None,
    keras: own_options.Keras = None,
    saved_model: own_options.SavedModel = None,
    torch: own_options.Torch = None,
    input_shape: own_options.InputShape = None,
    input_: build_options.Input = None,
    alpha: build_options.Alpha = None,
    resolution: build_options.Resolution = None,
    quantization: build_options.QuantizationList = None,
    threads: measuring_options.Threads = None,
    delegate: measuring_options.Delegates = None,
    arch: build_options.Architecture = "mobilenet_v1",
    classes: build_options.Classes = None,
    weights: build_options.WeightsOption = None,
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
    dataset: accuracy_options.DatasetOption = None,
    accuracy: accuracy_options.AccuracyPlace = None,
    examples: accuracy_options.Examples = None,
    split: accuracy_options.SplitOption = None,
    predictions: accuracy_options.PredictionsOption = None,
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
    quick: duration_options.Quick = False,
    runs: duration_options.Runs = None,
    max_runs: duration_options.MaxRuns = None,
    target_interval: duration_options.TargetInterval = None,
    num_runs: duration_options.NumRuns = None,
    min_secs: duration_options.MinSecs = None,
    max_secs: duration_options.MaxSecs = None,
    warmup_secs: duration_options.WarmupSecs = None,
    profile: measuring_options.Profile = None,
    memory_runs: duration_options.MemoryRuns = None,
    cpus: measuring_options.Cpus = None,
    binary: measuring_options.Binary = None,
    flavour: measuring_options.Flavour = None,
    fixed_performance: measuring_options.FixedPerformance = False,
    governor: measuring_options.Governor = None,
    signature: measuring_options.Signature = None,
    against: build_options.Against = None,
    wait_for_phone: device_options.WaitForPhone = None,
    adb_server: device_options.AdbServers = None,
    results: output_options.Results = None,
    label: output_options.Label = None,
    resume: output_options.Resume = None,
    failed: output_options.Failed = False,
    dry_run: output_options.DryRun = False,
    format_: output_options.TableFormat = None,
    columns: output_options.Columns = None,
    json_: output_options.Json = False,
    workers: build_options.Workers = None,
    quiet: output_options.Quiet = False,
) -> None:
    """Build variants, measure them on devices, and print the table.

    The table, the plan and every run's raw output are kept in a session folder under ./results.
    """
    from mbench.artifacts.asked_inputs import AskedInputs
    from mbench.workflows.home import results_root
    from mbench.workflows.run import session as running
    from mbench.workflows.run.request import QUICK_RULES, QUICK_SETTINGS, RunRequest

    root = results_root(results)
    shape = format_of(format_, json=json_)
    show = partial(_print_session, shape=shape, columns=columns_named(columns, shape), suite=suite)
    if resume is not None:
        _refuse_beside_resume(context)
    if failed and resume is None:
        raise UsageError("--failed needs --resume SESSION, whose failed jobs it runs again.")
    if (every or any_) and not [each for each in device or [] if each != "host"]:
        raise UsageError("--every and --any choose among phones; name a profile with --device.")
    if against is not None and columns is not None:
        raise UsageError("--columns chooses those of the table of results, and --against prints a comparison.")
    if min_secs is not None and max_secs is not None and min_secs > max_secs:
        raise UsageError(f"--min-secs {min_secs:g} is more than --max-secs {max_secs:g}.")
    if resume is not None:
        session = None if resume == "last" else resume
        drive(
            lambda started, progress: running.resume(
                session,
                results=root,
                adb_servers=adb_server or [],
                progress=progress,
                started=started,
                wait_s=wait_for_phone,
                binary=binary,
                delegates=delegate,
                metric=metric,
                failed=failed,
                predictions=predictions,
                shown=so_far(quiet=quiet),
            ),
            show,
            quiet=quiet,
            resumed=True,
        )
        return
    if profile not in (None, "ops"):
        raise UsageError(f"unknown profile {profile!r}; --profile takes ops.")
    quick = quick or _is_quick(suite)
    axes = {"alpha": alpha, "resolution": resolution, "quantization": quantization}
    selection = build_values.selection_of(
        names=names,
        files=model,
        sweeps=sweep,
        lists=axes | {"threads": threads, "delegate": delegate},
        architecture=arch,
        classes=classes,
        typed=build_values.typed_for_building(context),
        keras=keras,
        saved_models=saved_model,
        torch=torch,
        recipe=recipe,
        keep_float=keep_float,
    )
    request = RunRequest(
        devices=tuple(device or ["host"]),
        selection=selection,
        build_inputs=build_values.build_inputs_of(
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
        accuracy=accuracy_values.accuracy_of(
            dataset,
            accuracy,
            split=split,
            preprocessing=preprocessing,
            exif=None if exif is Exif.IGNORE else exif.value,
            label_offset=label_offset,
            labels=None if labels is None else str(labels),
            layout=layout,
            output=output,
            skip_unreadable=True if skip_unreadable else None,
            cells=None if cells is None else str(cells),
            examples=examples,
            seed=seed,
            predictions=None if predictions is None else str(predictions),
            metric=metric,
            metric_better=None if metric_better is MetricBetter.HIGHER else metric_better.value,
            metric_unit=metric_unit,
            metric_timeout=None if metric_timeout == METRIC_TIMEOUT_S else metric_timeout,
        ),
        predictions=predictions,
        inputs=AskedInputs(
            shapes=() if selection.own or selection.quantized else tuple(input_shape or ()),
            files=tuple(input_ or ()),
        ),
        settings=_given(
            QUICK_SETTINGS if quick else {},
            {"num_runs": num_runs, "min_secs": min_secs, "max_secs": max_secs, "warmup_min_secs": warmup_secs},
        ),
        rules=_given(
            QUICK_RULES if quick else {},
            {"min_runs": runs, "max_runs": max_runs, "target_interval": target_interval},
        ),
        memory_runs=memory_runs if memory_runs is not None else (1 if quick else 3),
        profile_ops=profile == "ops",
        seed=seed,
        cpus=cpus,
        binary=binary,
        flavour=flavour.value if flavour else None,
        fixed_performance=fixed_performance,
        governor=governor,
        signature=signature,
        wait_s=wait_for_phone,
        results=root,
        command=("mbench", *sys.argv[1:]),
        workers=workers,
        adb_servers=tuple(adb_server or ()),
        every=every,
        at_most=any_,
        against=against,
        label=output_options.label_of(label),
        names=_lasting_names(model or [], as_ or []),
    )
    if suite is not None:
        request = _of_suite(request, suite, allow_code=allow_suite_code, quiet=quiet)
    elif allow_suite_code:
        raise UsageError("--allow-suite-code is for the code that a --suite names; what you name yourself runs.")
    if dry_run:
        _print_plan(request)
        return
    drive(
        lambda started, progress: running.run(request, progress=progress, started=started, shown=so_far(quiet=quiet)),
        show,
        quiet=quiet,
    )


def _lasting_names(files: Sequence[Path], names: Sequence[str]) -> dict[Path, str]:
    """Return the names that last, by the file that each is of.

    Raises:
        UsageError: not one for each file, one that is none, or one that two files have.
    """
    from mbench.core.numbers.bounds import WORD

    if names and len(names) != len(files):
        raise UsageError(f"--as names each --model once, in their order: {len(names)} names for {len(files)} files.")
    for name in names:
        if not re.fullmatch(WORD, name):
            raise UsageError(f"--as {name!r}: a name has letters, digits and ._/+- and begins with one of the former.")
        if names.count(name) > 1:
            raise UsageError(f"--as {name}: two files cannot have one name.")
    return dict(zip(files, names, strict=True)) if names else {}


def _refuse_beside_resume(context: typer.Context) -> None:
    """Refuse what a plan has settled already, and what would so be passed over.

    Raises:
        UsageError: it names all of it.
    """
    ignored = [
        parameter.opts[0] if parameter.opts[0].startswith("-") else "VARIANT"
        for parameter in context.command.params
        if parameter.name not in TAKEN_WITH_RESUME and build_values.was_typed(context, parameter.name)
    ]
    if ignored:
        raise UsageError(
            f"--resume goes on with what the session's plan says; leave {', '.join(ignored)} out, or start a new run."
        )


def _is_quick(suite: str | None) -> bool:
    """Whether a suite asks for few and short runs."""
    if suite is None:
        return False
    from mbench.workflows.paper.suites import find_suite

    return find_suite(suite).quick


def _of_suite(request: "RunRequest", name: str, *, allow_code: bool, quiet: bool) -> "RunRequest":
    """Return the request for what a suite runs; what it cannot run is noted."""
    from mbench.workflows.paper.suites import find_suite, suite_request

    request, notes = suite_request(request, find_suite(name), name, trusted=allow_code)
    if not quiet:
        for note in notes:
            streams.tell(f"{note}.")
    return request


def _given(defaults: Mapping[str, float], asked: dict[str, float | None]) -> dict[str, float]:
    for name, value in asked.items():
        if value is not None and not math.isfinite(value):
            option = "--warmup-secs" if name == "warmup_min_secs" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} must be a finite number, not {value}.")
    return dict(defaults) | {name: value for name, value in asked.items() if value is not None}


def _print_session(
    store: "SessionStore", *, shape: Format | None, columns: Sequence[str] | None, suite: str | None
) -> None:
    """Print the table of a session, in front of it those of its suite where people read it; or what it compared."""
    from mbench.workflows.reporting import report_place

    if store.plan.pairing is not None:
        from mbench.cli.compare import print_comparison
        from mbench.workflows.compare.sides import paired_comparison

        print_comparison(
            paired_comparison(store), shape, whole_foot=(f"mbench compare {store.plan.session} --format md",)
        )
        return

    shape = format_or_default(shape)
    if suite is not None and shape in (Format.MD, Format.TABLE):
        from mbench.cli.suite import print_suite

        print_suite(suite, store.plan.session, store.results(), shape)
    places = filter(None, (report_place(store.path), f"mbench report {store.plan.session} --format md"))
    print_results(store.results(), shape, columns=columns, whole_foot=tuple(places))


def _print_plan(request: "RunRequest") -> None:
    from mbench.workflows.run.dry_run import plan_lines

    for line in plan_lines(request):
        streams.write_line(line)
