"""Users' own networks in suites: looked up with their lines; code that a suite names is run where somebody allows it.

A suite may be anybody's, and so may the code beside it. A farm file is the user's own, and so are the suites that it
names.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from mbench.core.builds.sweeps import Axis, parse_sweep
from mbench.core.builds.variants import Head, Quantization
from mbench.core.errors import UsageError
from mbench.files.texts import read_text
from mbench.paper.shipped import place_in
from mbench.paper.suites import OwnNetworks, Suite
from mbench.workflows.build.own_in_files import (
    FloatFile,
    keeps_wrongly,
    kept_in_float,
    options_of,
    own_sources,
    swept_wrongly,
    wrong_in,
)
from mbench.workflows.build.selection import OF_OWN_NETWORKS, Selection, select

ALLOW_CODE: Final = "--allow-suite-code"

_SHOWN: Final = ("quantization", "keep_float")
"""Keys that decide how many files there are, beside axes."""

_OF_RUNS: Final = frozenset({Axis.THREADS, Axis.DELEGATE})
"""Axes of a command that hold for whatever a suite names."""


def own_selections(
    suite: Suite, path: Path, chosen: Selection, quantizations: Sequence[Quantization], *, trusted: bool
) -> tuple[Selection, ...]:
    """Return a selection for each table of a suite's own networks, all of them looked up.

    Args:
        suite: what is to be run.
        path: its file, which its paths are relative to.
        chosen: what was typed beside it.
        quantizations: that were typed, and hold instead of the file's; none: the file's.
        trusted: whether code that the suite names may run.

    Raises:
        UsageError: with its line: a word that is not one, a file that is not there, or code that nobody allowed.
    """
    if typed := [option for option in chosen.typed if option in OF_OWN_NETWORKS]:
        raise UsageError(f"{typed[0]} stands beside a suite, whose file says it of its networks; leave it out.")
    return tuple(
        _looked_up(table, ("own", index), path, chosen, quantizations, trusted=trusted)
        for index, table in enumerate(suite.own)
    )


def _looked_up(
    table: OwnNetworks,
    place: tuple[str | int, ...],
    path: Path,
    chosen: Selection,
    quantizations: Sequence[Quantization],
    *,
    trusted: bool,
) -> Selection:
    if not trusted:
        refuse_code(table.code, path, place)
    files = [FloatFile(said=said) for said in table.models] if quantizations or table.quantizes else []
    if (wrong := wrong_in(table, lambda said: resolved(path, said), files)) is not None:
        raise UsageError(f"{at_place(path, (*place, *wrong[0]))}: {wrong[1]}")
    selection = _selection(table, path, files, chosen, quantizations)
    try:
        select(selection)
    except UsageError as error:
        axis = ("keep_float",) if keeps_wrongly(selection) else swept_wrongly(table, selection.own, error)
        raise UsageError(f"{at_place(path, (*place, *axis))}: {error}") from error
    return selection


def refuse_code(code: str | None, path: Path, place: tuple[str | int, ...]) -> None:
    """Refuse code that a suite names and nobody allowed to run; None is none.

    Args:
        code: as the suite says it.
        path: the suite's file.
        place: keys and indices of where it stands there.

    Raises:
        UsageError: with its line.
    """
    if code is not None:
        raise UsageError(
            f"{at_place(path, place)}: {code} is code, which is run where you allow it: {ALLOW_CODE} runs what this "
            "suite names, with your rights. Do so only with suites that you trust."
        )


def _selection(
    table: OwnNetworks,
    path: Path,
    files: Sequence[FloatFile],
    chosen: Selection,
    quantizations: Sequence[Quantization],
) -> Selection:
    lists = {
        axis: said
        for axis in (Axis.ALPHA, Axis.RESOLUTION, Axis.QUANTIZATION)
        if (said := getattr(table, str(axis))) is not None
    }
    sweeps = list(table.sweep)
    if quantizations:
        lists[Axis.QUANTIZATION] = ",".join(quantizations)
        sweeps = [text for text in sweeps if text.partition("=")[0] != Axis.QUANTIZATION]
    return Selection(
        files=() if files else tuple(resolved(path, said) for said in table.models),
        own=own_sources(table, lambda said: resolved(path, said), files),
        sweeps=(*sweeps, *(text for text in chosen.sweeps if parse_sweep(text).axis in _OF_RUNS)),
        lists=lists | {axis: said for axis, said in chosen.lists.items() if axis in _OF_RUNS},
        head=None if table.classes is None else Head(classes=table.classes),
        keep_float=kept_in_float(table),
        typed=(*options_of(table), *(["--classes"] if table.classes is not None else [])),
    )


def shown_own(suite: Suite) -> Iterator[str]:
    """Yield a line for each of a suite's own networks, with what is swept and whether its code is run."""
    for table in suite.own:
        axes = [*table.sweep, *(f"{key}={said}" for key in _SHOWN if (said := getattr(table, key)) is not None)]
        code = f"  (code: {ALLOW_CODE})" if table.code is not None else ""
        for named in _named(table):
            yield f"  {named}  {' '.join(axes)}".rstrip() + code


def _named(table: OwnNetworks) -> list[str]:
    return [
        *([table.arch] if table.arch is not None else []),
        *table.keras,
        *table.saved_models,
        *table.torch,
        *table.models,
    ]


def resolved(path: Path, said: str) -> Path:
    """Return a path of a suite, which is relative to it.

    Raises:
        UsageError: it begins with the home of a user who has none.
    """
    try:
        return path.parent.absolute() / Path(said).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{path}: {said}: nobody's home is known as {Path(said).parts[0]}.") from error


def at_place(path: Path, place: tuple[str | int, ...]) -> str:
    """Return where something stands in a suite, with its line: `mine.toml:4: own.1.arch`."""
    return place_in(path, read_text(path), place)
