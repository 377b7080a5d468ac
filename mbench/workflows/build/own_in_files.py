"""Users' own networks that a farm file or a suite names: looked up word by word, nothing of them run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import KeepFloat, OwnForm
from mbench.core.builds.sweeps import Axis
from mbench.core.choices import Ends
from mbench.core.errors import MbenchError, UsageError
from mbench.core.own_tables import PYTHON, OwnKeys
from mbench.files.python_source import find_python
from mbench.workflows.build.own_networks import OwnAsked, OwnSource, parse_keep_float, signed, torch_source
from mbench.workflows.build.own_recipes_of import float_file, quantizer_recipe
from mbench.workflows.build.selection import Selection, select

Resolve = Callable[[str], Path]
"""From a path as a file says it to one that is relative to that file."""

Place = tuple[str | int, ...]
"""Keys, and indices of lists, from the table in."""

KEEP_FLOAT: Final = "--keep-float"

_OPTIONS: Final[Mapping[str, str]] = {
    "custom_objects": "--custom-objects",
    "allow_lambda": "--allow-lambda",
    "calibration": "--calibration",
    "calibration_examples": "--calibration-examples",
    "recipe": "--recipe",
    "keep_float": KEEP_FLOAT,
    "io": "--io",
    "weights": "--weights",
    "build_timeout": "--build-timeout",
}
"""Keys by the option that they are as."""

_NO_WEIGHTS: Final = frozenset({"none", "builder"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFile:
    """A float `.tflite` file to be quantized, and the name that lasts; None: the file's own."""

    said: str
    called: str | None = None


def own_sources(table: OwnKeys, resolve: Resolve, files: Iterable[FloatFile] = ()) -> tuple[OwnSource, ...]:
    """Return the networks of a table, with what each is built from.

    Args:
        table: of a farm file or a suite.
        resolve: makes paths of the file absolute.
        files: that are to be quantized.
    """
    asked = _asked(table, resolve)
    return (
        *(OwnSource(form=OwnForm.KERAS, said=str(resolve(said)), asked=asked) for said in table.keras),
        *(
            [OwnSource(form=OwnForm.BUILDER, said=code_path(table.builder, resolve), asked=asked)]
            if table.builder is not None
            else []
        ),
        *(OwnSource(form=OwnForm.SAVED_MODEL, said=str(resolve(said)), asked=asked) for said in table.saved_models),
        *(torch_source(code_path(said, resolve), asked) for said in table.torch),
        *(
            OwnSource(form=OwnForm.TFLITE, said=str(resolve(file.said)), called=file.called, asked=asked)
            for file in files
        ),
    )


def options_of(table: OwnKeys) -> tuple[str, ...]:
    """Return the options that a table's keys are as, so that one which means nothing is refused."""
    return tuple(option for key, option in _OPTIONS.items() if key in table.model_fields_set)


def wrong_in(table: OwnKeys, resolve: Resolve, files: Iterable[FloatFile] = ()) -> tuple[Place, UsageError] | None:
    """Return what first is wrong in a table by itself, and where; None: nothing is."""
    for place, look in (*_looks(table, resolve), *_file_looks(files, resolve)):
        try:
            look()
        except UsageError as error:
            return place, error
        except MbenchError as error:
            return place, UsageError(str(error))
    return None


def _looks(table: OwnKeys, resolve: Resolve) -> Iterator[tuple[Place, Callable[[], object]]]:
    """Yield a look at each word of a table, with its place."""
    code = partial(code_path, resolve=resolve)
    for index, said in enumerate(table.keras):
        yield ("keras", index), partial(_existing, resolve(said))
    for index, said in enumerate(table.saved_models):
        yield ("saved_models", index), partial(_existing_saved_model, str(resolve(said)))
    for index, said in enumerate(table.torch):
        yield ("torch", index), partial(_existing_torch, code(said))
    if table.custom_objects is not None:
        yield ("custom_objects",), partial(find_python, code(table.custom_objects), option="--custom-objects")
    if table.calibration is not None:
        yield ("calibration",), partial(_existing_calibration, code(table.calibration))
    if table.recipe is not None:
        yield ("recipe",), partial(quantizer_recipe, resolve(table.recipe))
    if table.keep_float is not None:
        yield ("keep_float",), partial(parse_keep_float, table.keep_float)
    if table.weights is not None and table.builder is not None and table.weights not in _NO_WEIGHTS:
        yield ("weights",), partial(_existing, resolve(table.weights))
    if table.builder is not None:
        yield ("arch",), partial(find_python, code(table.builder), option="--arch")


def _file_looks(files: Iterable[FloatFile], resolve: Resolve) -> Iterator[tuple[Place, Callable[[], object]]]:
    for index, file in enumerate(files):
        yield ("models", index), partial(_float, resolve(file.said))


def _float(path: Path) -> None:
    _existing(path)
    float_file(OwnSource(form=OwnForm.TFLITE, said=str(path)))


def kept_in_float(table: OwnKeys) -> KeepFloat | None:
    """Return which operators of a table's networks int8 leaves in float; None: none but those that every file leaves.

    Raises:
        UsageError: it names nothing, or no ratio.
    """
    return None if table.keep_float is None else parse_keep_float(table.keep_float)


def keeps_wrongly(selection: Selection) -> bool:
    """Whether a selection that is refused would be right but for the operators that it leaves in float."""
    if selection.keep_float is None:
        return False
    typed = tuple(option for option in selection.typed if option != KEEP_FLOAT)
    try:
        select(replace(selection, keep_float=None, typed=typed))
    except UsageError:
        return False
    return True


def swept_wrongly(table: OwnKeys, sources: Sequence[OwnSource], error: UsageError) -> Place:
    """Return which axis of a table an error is of, as that one gives the same alone; no place: none of them."""
    axes: list[tuple[Place, str]] = [(("sweep", index), text) for index, text in enumerate(table.sweep)]
    for axis in (Axis.ALPHA, Axis.RESOLUTION, Axis.QUANTIZATION):
        if (values := getattr(table, str(axis))) is not None:
            axes.append(((str(axis),), f"{axis}={values}"))
    for place, text in axes:
        try:
            select(Selection(own=tuple(sources), sweeps=(text,)))
        except UsageError as alone:
            if str(alone) == str(error):
                return place
    return ()


def _asked(table: OwnKeys, resolve: Resolve) -> OwnAsked:
    weights = table.weights or "none"
    return OwnAsked(
        weights=weights if weights in _NO_WEIGHTS else str(resolve(weights)),
        custom_objects=None if table.custom_objects is None else code_path(table.custom_objects, resolve),
        allow_lambda=table.allow_lambda,
        calibration=None if table.calibration is None else Path(code_path(table.calibration, resolve)),
        calibration_examples=table.calibration_examples,
        quantizer_recipe=None if table.recipe is None else resolve(table.recipe),
        ends=None if table.io is None else Ends(table.io),
        input_shapes=tuple(table.input_shapes),
        build_timeout_s=table.build_timeout,
    )


def code_path(said: str, resolve: Resolve) -> str:
    """Return `FILE.py:NAME` with the file's path, or a path; `package.module:NAME` stays."""
    if PYTHON in said:
        place, _, name = said.rpartition(":")
        return f"{resolve(place)}:{name}"
    return said if ":" in said else str(resolve(said))


def _existing(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"{path}: no such file.")


def _existing_saved_model(said: str) -> None:
    folder, _ = signed(said)
    if not (folder / "saved_model.pb").is_file():
        what = "has no saved_model.pb" if folder.is_dir() else "no such folder"
        raise UsageError(f"{folder}: {what}; name the folder of a SavedModel.")


def _existing_torch(said: str) -> None:
    if torch_source(said).form is OwnForm.TORCH:
        find_python(said, option="--torch")
    else:
        _existing(Path(said))


def _existing_calibration(said: str) -> None:
    if PYTHON in said:
        find_python(said, option="--calibration")
    elif not Path(said).exists():
        raise UsageError(f"{said}: no such file or folder.")
