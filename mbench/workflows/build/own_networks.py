"""Users' own networks as they were named, and their variants over sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.own_recipes import (
    Argument,
    OwnForm,
)
from mbench.core.own_variants import OwnVariant, network_name
from mbench.core.sweeps import Point
from mbench.core.variants import Quantization

RECIPE: Final = "recipe"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSource:
    """A user's network as it was named.

    Attributes:
        said: what was typed: a path.
    """

    form: OwnForm
    said: str

    @property
    def network(self) -> str:
        """Its name in variants' names."""
        if self.form is OwnForm.BUILDER:
            return network_name(self.said.rpartition(":")[2])
        if self.form is OwnForm.SAVED_MODEL:
            folder, signature = signed(self.said)
            return network_name(
                folder.absolute().name if signature is None else f"{folder.absolute().name}-{signature}"
            )
        return network_name(Path(self.said).stem)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuild:
    """One variant of a user's network, to be built."""

    source: OwnSource
    variant: OwnVariant
    arguments: tuple[Argument, ...] = ()


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


def builds_of(
    sources: Sequence[OwnSource], points: Sequence[Point], recipe: Path | None = None
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
    return [
        (OwnBuild(source=source, variant=by_recipe(_variant(source, point), recipe)), point)
        for source in sources
        for point in points
    ]


def _variant(source: OwnSource, point: Point) -> OwnVariant:
    return OwnVariant(network=source.network, quantization=point.quantization)


def signed(said: str) -> tuple[Path, str | None]:
    """Return the folder and the signature of `FOLDER[:SIGNATURE]`."""
    folder, colon, signature = said.rpartition(":")
    return (Path(folder), signature) if colon and not Path(said).exists() else (Path(said), None)
