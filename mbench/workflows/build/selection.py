"""Selection: from what a user typed to the list of things to run, every word of it checked, nothing built yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mbench.core.builds.own_recipes import KeepFloat, OwnForm
from mbench.core.builds.sweeps import Axis, Sweep, expand, parse_sweep
from mbench.core.builds.variants import Head, Size, Variant, parse_variant
from mbench.core.delegates import Delegate
from mbench.core.errors import UsageError
from mbench.core.workloads import ArtifactFacts
from mbench.files.regular import kind_of
from mbench.models.networks.architectures import find_architecture
from mbench.workflows.build.own_builders import AskedBuilder, builder_points
from mbench.workflows.build.own_networks import (
    OwnBuild,
    OwnSource,
    builds_of,
    by_recipe,
    recipe_of,
    refuse_alike,
    refuse_idle_keep,
    with_kept,
)

_OF_A_FILE = frozenset({Axis.THREADS, Axis.DELEGATE})
_OF_NETWORKS = frozenset({"--arch", "--classes"})
"""Options that a variant's name says for itself."""

OF_OWN_NETWORKS = frozenset(
    {"--io", "--build-timeout", "--custom-objects", "--allow-lambda", "--recipe", "--keep-float"}
)
"""Options that networks of mbench have no use for."""

_OF_QUANTIZED_FILES = frozenset(
    {
        *("--calibration", "--calibration-examples", "--calibration-method"),
        *("--io", "--build-timeout", "--recipe", "--keep-float"),
    }
)
"""Options that mean something to a user's float file which is to be quantized."""

_OF_OWN_FORM = {
    OwnForm.TFLITE: _OF_QUANTIZED_FILES,
    OwnForm.KERAS: _OF_QUANTIZED_FILES | {"--custom-objects", "--allow-lambda"},
    OwnForm.SAVED_MODEL: _OF_QUANTIZED_FILES,
    OwnForm.BUILDER: _OF_QUANTIZED_FILES | {"--arch", "--classes", "--weights"},
    OwnForm.TORCH: _OF_QUANTIZED_FILES | {"--classes", "--weights"},
    OwnForm.TORCH_PROGRAM: _OF_QUANTIZED_FILES,
}
"""Options that mean something to a network of a user's, by what it is given as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing to run: a variant to be built, a user's own network or file, or a kept file of the cache.

    Attributes:
        kept: what is known of such a file of the cache.
        threads: None is the device's default.
        old_of: the thing, as `thing` calls it, that this is the old file of; None: it is none.
    """

    variant: Variant | None = None
    own: OwnBuild | None = None
    file: Path | None = None
    kept: ArtifactFacts | None = None
    delegate: Delegate = Delegate.CPU
    threads: int | None = None
    old_of: str | None = None

    @property
    def thing(self) -> str:
        """What is run, whatever runs it: a variant's name, a path, or a kept file's hash."""
        own = None if self.own is None else self.own.variant
        return str(self.variant or own or self.file or (self.kept.sha256 if self.kept else None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a user typed about models: names, files, sweeps, and comma lists for the axes that are not swept.

    Attributes:
        head: of what is built, a data set's where one was named; None: the architecture's own.
        resolution: what is built at where no sweep or list says another; None: the architecture's own.
        recipe: file of the quantizer's own recipe for users' networks.
        keep_float: operators of users' networks that int8 leaves in float, in a variant beside the plain one.
        typed: the options on the command line that say which networks are built, or of what: `--arch`, `--weights`.
        beside: others, which a suite names beside these.
    """

    names: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    own: tuple[OwnSource, ...] = ()
    sweeps: tuple[str, ...] = ()
    lists: dict[Axis, str] = field(default_factory=dict)
    architecture: str = "mobilenet_v1"
    head: Head | None = None
    resolution: int | None = None
    typed: tuple[str, ...] = ()
    recipe: Path | None = None
    keep_float: KeepFloat | None = None
    beside: "tuple[Selection, ...]" = ()

    @property
    def quantized(self) -> bool:
        """Whether its files are to be quantized, and not measured as they are."""
        swept = any(text.partition("=")[0] == Axis.QUANTIZATION for text in self.sweeps)
        return bool(self.files) and not self.names and (swept or Axis.QUANTIZATION in self.lists)


def select(chosen: Selection) -> tuple[Candidate, ...]:
    """Return everything to run, in the order in which it was named; the order of measuring is another matter.

    A sweep of delegates without values of its own takes those that every device has.

    Raises:
        UsageError: a word that is not one, a file that is not there, nothing to vary in a way that makes sense, or an
            option that would change nothing.
    """
    found = (*_selected(chosen), *(candidate for other in chosen.beside for candidate in _selected(other)))
    if own := [one.own for one in found if one.own is not None]:
        refuse_alike(own)
    return found


def _selected(chosen: Selection) -> tuple[Candidate, ...]:
    refuse_idle(chosen)
    if builder := _builder_of(chosen):
        return tuple(_built_by(builder, chosen))
    sweeps = [parse_sweep(text) for text in chosen.sweeps]
    sweeps += [parse_sweep(f"{axis}={values}") for axis, values in chosen.lists.items()]
    counted = any(sweep.axis is Axis.THREADS for sweep in sweeps)
    if not chosen.names and not chosen.files and not chosen.own:
        return tuple(_grid(chosen, sweeps, counted=counted))
    points = list(expand(sweeps))
    if chosen.own or chosen.quantized:
        sources = chosen.own or [_float_file(path) for path in chosen.files]
        return tuple(
            Candidate(own=build, delegate=point.delegate, threads=point.threads if counted else None)
            for build, point in builds_of(sources, points, chosen.recipe, chosen.keep_float)
        )
    for thing in (*chosen.names, *map(str, chosen.files)):
        if [*chosen.names, *map(str, chosen.files)].count(thing) > 1:
            raise UsageError(f"{thing} is named twice.")
    things: list[tuple[Variant | None, Path | None]] = [(_existing_variant(name), None) for name in chosen.names]
    things += [(None, _existing(path)) for path in chosen.files]
    return tuple(
        Candidate(variant=variant, file=file, delegate=point.delegate, threads=point.threads if counted else None)
        for variant, file in things
        for point in points
    )


def _grid(chosen: Selection, sweeps: Sequence[Sweep], *, counted: bool) -> list[Candidate]:
    architecture = find_architecture(chosen.architecture)
    own = architecture.default
    points = list(expand(sweeps, alpha=own.alpha, resolution=chosen.resolution or own.resolution))
    variants = [
        Variant(
            architecture=architecture.name,
            size=Size(alpha=point.alpha, resolution=point.resolution),
            head=chosen.head or architecture.head,
            quantization=point.quantization,
        )
        for point in points
    ]
    for variant in variants:
        architecture.check(variant.size, variant.head)
    return [
        Candidate(variant=variant, delegate=point.delegate, threads=point.threads if counted else None)
        for variant, point in zip(variants, points, strict=True)
    ]


def _builder_of(chosen: Selection) -> OwnSource | None:
    return next((each for each in chosen.own if each.form.built), None)


def _built_by(builder: OwnSource, chosen: Selection) -> Iterator[Candidate]:
    """Yield every variant of a user's builder with what it is run by."""
    counted = Axis.THREADS in chosen.lists or any(text.partition("=")[0] == Axis.THREADS for text in chosen.sweeps)
    asked = AskedBuilder(
        said=builder.said,
        option="--torch" if builder.form is OwnForm.TORCH else "--arch",
        sweeps=chosen.sweeps,
        lists=chosen.lists,
        classes=None if chosen.head is None else chosen.head.classes,
        resolution=chosen.resolution,
        typed_classes="--classes" in chosen.typed,
    )
    recipe = recipe_of(builder, chosen.recipe)
    found = builder_points(asked)
    refuse_idle_keep(chosen.keep_float, recipe, [one.point for one in found])
    for one in found:
        build = OwnBuild(source=builder, variant=by_recipe(one.variant, recipe), arguments=one.arguments)
        for each in with_kept(build, chosen.keep_float):
            yield Candidate(own=each, delegate=one.point.delegate, threads=one.point.threads if counted else None)


def _refuse_idle_of_own(chosen: Selection) -> None:
    first = chosen.own[0]
    if others := (*chosen.names, *map(str, chosen.files)):
        raise UsageError(f"{others[0]} stands beside {first.said}; measure your own networks by themselves.")
    if _builder_of(chosen) and len(chosen.own) > 1:
        raise UsageError(
            f"{chosen.own[-1].said} stands beside {first.said}; measure a builder's networks by themselves."
        )
    swept = [] if _builder_of(chosen) else [parse_sweep(text).axis for text in chosen.sweeps]
    axes = [] if _builder_of(chosen) else [*swept, *chosen.lists]
    if wrong := [axis for axis in axes if axis not in _OF_A_FILE | {Axis.QUANTIZATION}]:
        raise UsageError(
            f"{wrong[0]} cannot be varied of {first.said}, whose shapes are its own; quantization, threads and "
            "delegate can."
        )
    able = frozenset().union(*(_OF_OWN_FORM[each.form] for each in chosen.own))
    if idle := [option for option in chosen.typed if option not in able]:
        raise UsageError(f"{idle[0]} has no meaning with {first.said}; leave it out.")


def _float_file(path: Path) -> OwnSource:
    return OwnSource(form=OwnForm.TFLITE, said=str(_existing(path)))


def refuse_idle(chosen: Selection) -> None:
    """Refuse what would change nothing about the variants and files that are named, rather than seem to follow it.

    Raises:
        UsageError: a sweep, list or option that is for networks which mbench chooses, or builds.
    """
    if chosen.own:
        _refuse_idle_of_own(chosen)
        return
    idle = [option for option in chosen.typed if option in OF_OWN_NETWORKS]
    if idle and (chosen.names or not chosen.files):
        raise UsageError(f"{idle[0]} is for your own networks; name one, or leave it out.")
    if not chosen.names and not chosen.files:
        return
    able = _OF_A_FILE if chosen.names else _OF_A_FILE | {Axis.QUANTIZATION}
    for axis in (parse_sweep(text).axis for text in chosen.sweeps):
        if axis not in able:
            raise UsageError(
                f"{axis} cannot be swept over a named variant or a file; {_listed(able)} can. "
                f"Leave the names out to sweep {axis}."
            )
    fixed = [*(f"--{axis}" for axis in chosen.lists if axis not in able)]
    fixed += [option for option in chosen.typed if option in _OF_NETWORKS]
    if chosen.names and fixed:
        raise UsageError(
            f"{fixed[0]} has no meaning with {chosen.names[0]}, whose name says it; leave one of them out."
        )
    idle = [*fixed, *(() if chosen.names else chosen.typed)]
    if chosen.quantized:
        if wrong := [option for option in idle if option not in _OF_QUANTIZED_FILES]:
            raise UsageError(f"{wrong[0]} has no meaning with {chosen.files[0]}, which is a network already.")
        return
    if idle:
        raise UsageError(f"{idle[0]} has no meaning with {chosen.files[0]}, which is built already; leave it out.")


def _listed(axes: frozenset[Axis]) -> str:
    return ", ".join(axis for axis in Axis if axis in axes)


def _existing_variant(name: str) -> Variant:
    variant = parse_variant(name)
    find_architecture(variant.architecture).check(variant.size, variant.head)
    return variant


def _existing(path: Path) -> Path:
    if not path.is_file():
        what = f"is {kind_of(path)}" if path.exists() else "no such file"
        raise UsageError(f"{path}: {what}; name a .tflite file.")
    return path
