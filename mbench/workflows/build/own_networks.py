"""Users' own networks as they were named, and their variants over sweeps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import (
    KEEP_FLOAT_DB,
    Argument,
    KeepFloat,
    OwnForm,
)
from mbench.core.builds.own_variants import KEEP_FLOAT, RECIPE, OwnVariant, network_name
from mbench.core.builds.sweeps import Point
from mbench.core.builds.variants import Quantization
from mbench.core.choices import Ends
from mbench.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAsked:
    """What a farm file or a suite says that a network is built from; None: what the command says, for all networks.

    Attributes:
        calibration: as `BuildInputs` has it, and so are the others.
    """

    weights: str | None = None
    custom_objects: str | None = None
    allow_lambda: bool | None = None
    calibration: Path | None = None
    calibration_examples: int | None = None
    quantizer_recipe: Path | None = None
    ends: Ends | None = None
    input_shapes: tuple[str, ...] | None = None
    build_timeout_s: float | None = None


AS_TYPED: Final = OwnAsked()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSource:
    """A user's network as it was named.

    Attributes:
        said: what was typed: a path.
        called: a name that lasts, whatever the file is called; None: the file's.
        asked: what it is built from, where a file says so.
    """

    form: OwnForm
    said: str
    called: str | None = None
    asked: OwnAsked = AS_TYPED

    @property
    def network(self) -> str:
        """Its name in variants' names."""
        if self.called is not None:
            return network_name(self.called)
        if self.form.built:
            return network_name(self.said.rpartition(":")[2])
        if self.form is OwnForm.SAVED_MODEL:
            folder, signature = signed(self.said)
            return network_name(
                folder.absolute().name if signature is None else f"{folder.absolute().name}-{signature}"
            )
        return network_name(Path(self.said).stem)


def torch_source(said: str, asked: OwnAsked = AS_TYPED) -> OwnSource:
    """Return what `--torch` names: a function, or an exported program."""
    form = OwnForm.TORCH if ":" in said and not Path(said).exists() else OwnForm.TORCH_PROGRAM
    return OwnSource(form=form, said=said, asked=asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuild:
    """One variant of a user's network, to be built."""

    source: OwnSource
    variant: OwnVariant
    arguments: tuple[Argument, ...] = ()
    keep_float: KeepFloat | None = None


def by_recipe(variant: OwnVariant, recipe: Path | None) -> OwnVariant:
    """Return a variant with the name of the recipe that it is quantized by, if it is by one.

    Raises:
        UsageError: a quantization that a recipe does not say, or the network has a parameter of that name.
    """
    if recipe is None:
        return variant
    if variant.quantization is not Quantization.INT8:
        raise UsageError(f"--recipe says how a network is quantized, as int8; leave {variant.quantization} out.")
    if any(name == RECIPE for name, _ in variant.parameters):
        raise UsageError(f"{variant} has a parameter {RECIPE!r} already; rename it to use --recipe.")
    return replace(variant, parameters=(*variant.parameters, (RECIPE, network_name(recipe.stem))))


AUTO: Final = "auto"
ACCURACY: Final = "acc"

MOST_DB: Final = 120.0
MOST_LOST: Final = 1e6
"""Of a metric of values, in its unit."""


def parse_keep_float(said: str) -> KeepFloat:
    """Return what `NAME,...|auto[:DB]|auto:acc[:POINTS]` means.

    Raises:
        UsageError: it names nothing, no ratio, or no loss.
    """
    word, colon, ratio = said.partition(":")
    if word == AUTO:
        kind, lost_colon, lost = ratio.partition(":")
        if kind == ACCURACY:
            return KeepFloat(accuracy=True, most_lost=_most_lost(said, lost) if lost_colon else None)
        try:
            least_db = float(ratio) if colon else KEEP_FLOAT_DB
        except ValueError:
            least_db = -1.0
        if not 1 <= least_db <= MOST_DB:
            raise UsageError(
                f"--keep-float {said}: write auto, or auto:DB with a ratio of 1 to {MOST_DB:g} dB, or "
                "auto:acc[:POINTS] to go by accuracy."
            )
        return KeepFloat(least_db=least_db)
    names = tuple(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    if not names:
        raise UsageError("--keep-float names no operator; name some, or write auto.")
    return KeepFloat(names=names)


def _most_lost(said: str, lost: str) -> float:
    try:
        most_lost = float(lost)
    except ValueError:
        most_lost = -1.0
    if not 0 <= most_lost <= MOST_LOST:
        raise UsageError(
            f"--keep-float {said}: write auto:acc, or auto:acc:POINTS with what may be lost: percentage points of "
            "right answers, or of a metric of values its unit, 0 or more."
        )
    return most_lost


def with_kept(build: OwnBuild, keep: KeepFloat | None) -> list[OwnBuild]:
    """Return a build and, of an int8 one, behind it the one that leaves operators in float.

    Raises:
        UsageError: the network has a parameter of that name.
    """
    if keep is None or build.variant.quantization is not Quantization.INT8:
        return [build]
    if any(name == KEEP_FLOAT for name, _ in build.variant.parameters):
        raise UsageError(f"{build.variant} has a parameter {KEEP_FLOAT!r} already; rename it to use --keep-float.")
    variant = replace(build.variant, parameters=(*build.variant.parameters, (KEEP_FLOAT, keep.text)))
    return [build, replace(build, variant=variant, keep_float=keep)]


def refuse_unevaluated(builds: Iterable[OwnBuild]) -> None:
    """Refuse searches by accuracy where nothing says on what.

    Raises:
        UsageError: there is one.
    """
    if any(one.keep_float is not None and one.keep_float.accuracy for one in builds):
        raise UsageError(
            "--keep-float auto:acc asks how much files get right, and nothing says on what: name a --dataset, of "
            "arrays with a --metric, or write auto:DB to go by signal to noise."
        )


def refuse_idle_keep(keep: KeepFloat | None, recipe: Path | None, points: Sequence[Point]) -> None:
    """Refuse what would leave nothing in float.

    Raises:
        UsageError: no int8 is built, or a recipe says what of it is in float.
    """
    if keep is None:
        return
    if recipe is not None:
        raise UsageError("--recipe says which operators are quantized; leave --keep-float out.")
    if all(point.quantization is not Quantization.INT8 for point in points):
        raise UsageError("--keep-float says what int8 leaves in float; add int8 to --quantization.")


def builds_of(
    sources: Sequence[OwnSource],
    points: Sequence[Point],
    recipe: Path | None = None,
    keep: KeepFloat | None = None,
) -> list[tuple[OwnBuild, Point]]:
    """Return every network at every point of the sweeps.

    Raises:
        UsageError: two networks have one name, or a quantization that only trained-for weights can have.
    """
    names: dict[str, OwnSource] = {}
    for source in sources:
        if (other := names.setdefault(source.network, source)) is not source:
            raise UsageError(f"{other.said} and {source.said} are both called {source.network}; rename one of them.")
    if any(point.quantization is Quantization.INT8W4 for point in points):
        raise UsageError("int8w4 takes weights that mbench trained for 4 bits; it is not for your own networks.")
    for source in sources:
        refuse_idle_keep(keep, recipe_of(source, recipe), points)
    return [
        (build, point)
        for source in sources
        for point in points
        for build in with_kept(
            OwnBuild(source=source, variant=by_recipe(_variant(source, point), recipe_of(source, recipe))), keep
        )
    ]


def recipe_of(source: OwnSource, typed: Path | None) -> Path | None:
    """Return the quantizer's own recipe for a network: as its file says, else as it was typed; None: there is none."""
    return source.asked.quantizer_recipe or typed


def refuse_alike(builds: Iterable[OwnBuild]) -> None:
    """Refuse two networks of one name: their history would be one, and so are all quantizations of one network built.

    Raises:
        UsageError: it names both.
    """
    named: dict[OwnVariant, OwnSource] = {}
    for one in builds:
        family = replace(one.variant, quantization=Quantization.FP32)
        if (other := named.setdefault(family, one.source)) != one.source:
            what = "twice, built from different things" if other.said == one.source.said else f"as {other.said}, too"
            raise UsageError(f"{one.source.said}: {one.variant} is named {what}; call one of them otherwise.")


def _variant(source: OwnSource, point: Point) -> OwnVariant:
    return OwnVariant(network=source.network, quantization=point.quantization)


def signed(said: str) -> tuple[Path, str | None]:
    """Return the folder and the signature of `FOLDER[:SIGNATURE]`."""
    folder, colon, signature = said.rpartition(":")
    return (Path(folder), signature) if colon and not Path(said).exists() else (Path(said), None)
