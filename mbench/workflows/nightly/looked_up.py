"""Where in a farm file a word stands that nothing is called by."""

from collections.abc import Iterator

from mbench.core.builds.sweeps import Axis, parse_sweep
from mbench.core.errors import UsageError
from mbench.workflows.build.own_in_files import own_sources, swept_wrongly
from mbench.workflows.build.selection import Selection, select
from mbench.workflows.nightly.farm_file import FarmFile, Measure

Place = tuple[str | int, ...]


def place_of_wrong(file: FarmFile, number: int, one: Measure, error: UsageError) -> Place:
    """Return where the first thing stands in a [[measure]] that is wrong by itself, else where that begins.

    Args:
        file: the farm file.
        number: of the [[measure]], from 0.
        one: the [[measure]].
        error: what is wrong.
    """
    base: Place = ("measure", number)
    if one.builder is not None or one.torch:
        return (*base, *swept_wrongly(one, own_sources(one, file.resolved), error))
    for place, selection in _alone(file, one):
        try:
            select(selection)
        except UsageError:
            return (*base, *place)
    for axis in (Axis.THREADS, Axis.DELEGATE):
        key = "delegates" if axis is Axis.DELEGATE else str(axis)
        said = getattr(one, key)
        try:
            if said:
                parse_sweep(f"{axis}={said if isinstance(said, str) else ','.join(said)}")
        except UsageError:
            return (*base, key)
    return (*base, "suite") if one.suite is not None else base


def _alone(file: FarmFile, one: Measure) -> Iterator[tuple[Place, Selection]]:
    """Yield each thing of a [[measure]] as if it were the only one."""
    architecture = one.arch or "mobilenet_v1"
    if one.arch is not None:
        yield ("arch",), Selection(sweeps=("quantization=fp32",), architecture=one.arch)
    for index, name in enumerate(one.variants):
        yield ("variants", index), Selection(names=(name,))
    for index, own in enumerate(one.models):
        yield ("models", index, "file"), Selection(files=(file.resolved(own.file),))
    for index, text in enumerate(one.sweep):
        yield ("sweep", index), Selection(sweeps=(text,), architecture=architecture)
    for axis in (Axis.ALPHA, Axis.RESOLUTION, Axis.QUANTIZATION):
        if (said := getattr(one, str(axis))) is not None:
            yield (str(axis),), Selection(lists={axis: said}, architecture=architecture)
