"""What options ask to be built, as the values that workflows take."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mbench.core.choices import CalibrationMethod, Ends, Quantizer

if TYPE_CHECKING:
    from mbench.workflows.build.recipes import BuildInputs
    from mbench.workflows.build.selection import Selection

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
