"""Suites: named lists of variants to run, and how what came of them is shown.

A suite is a small TOML file; `mobilenets/table-6` lies in `suites/mobilenets/table-6.toml`. Users keep their own in
a folder of theirs, which is looked into first, or name a file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from mbench.core.builds.variants import Variant, parse_variant
from mbench.core.errors import UsageError
from mbench.core.numbers.numerals import whole
from mbench.core.own_tables import OwnKeys
from mbench.core.scored_tables import Scored
from mbench.core.suggestions import did_you_mean
from mbench.core.toml_tables import Text
from mbench.core.workloads import Document
from mbench.paper.shipped import FOLDER, read_toml

SHIPPED: Final = FOLDER / "suites"

Column = Literal["layers", "shares", "distances", "score", "mult_adds", "parameters", "latency", "time", "rate"]


class Needs(Document):
    """What a suite's accuracies need: a data set, and weights that were trained for it, as `mbench run` takes them."""

    dataset: str
    weights: str


class OwnNetworks(OwnKeys):
    """Users' own networks of a suite, an `[[own]]` of it.

    Attributes:
        models: float `.tflite` files, quantized where a quantization is asked for, and measured as they are else.
    """

    models: list[Text] = Field(default_factory=list)
    classes: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        named = [bool(each) for each in (self.arch, self.keras, self.saved_models, self.torch, self.models)]
        if sum(named) != 1:
            raise ValueError("say which: arch, keras, saved_models, torch or models, and one of them")
        if self.arch is not None and self.builder is None:
            raise ValueError(f"{self.arch} is a network of mbench's, which variants name; a builder is FILE.py:NAME")
        return self


class Suite(Document):
    """What is run, and what is shown of it.

    Attributes:
        table: the paper's table that is printed.
        figure: what accuracy is drawn against.
        variants: by name; their quantization is what is run where nobody says another.
        own: the user's own networks, relative to the file.
        columns: what the suite's table shows.
        references: published series that may stand beside.
        accuracy: what its networks are scored on, relative to the file; None: what is typed.
        needs: for accuracies; None: it has none.
        profile_ops: whether operators are profiled.
        quick: whether runs are few and short.
    """

    title: str
    table: int | None = Field(default=None, ge=1, le=14)
    figure: Literal["mult_adds", "parameters", "latency"] | None = None
    variants: tuple[str, ...] = ()
    own: tuple[OwnNetworks, ...] = ()
    columns: tuple[Column, ...] = ("mult_adds", "parameters", "latency")
    references: tuple[str, ...] = ()
    accuracy: Scored | None = None
    needs: Needs | None = None
    profile_ops: bool = False
    quick: bool = False

    @property
    def parsed(self) -> tuple[Variant, ...]:
        """The variants."""
        return tuple(parse_variant(name) for name in self.variants)

    @model_validator(mode="after")
    def _variants_are_names(self) -> Self:
        for name in self.variants:
            try:
                parse_variant(name)
            except UsageError as error:
                raise ValueError(f"variants: {str(error).rstrip('.')}") from error
        if len(set(self.variants)) != len(self.variants):
            raise ValueError("variants: one is named twice")
        if not self.variants and not self.own:
            raise ValueError("name variants, or [[own]] networks")
        return self


def network_of(variant: Variant) -> str:
    """Return a variant's name without its quantization: what is counted alike in every quantization."""
    return str(variant).removesuffix(f"_{variant.quantization}")


def load_suite(name: str, *, user_folder: Path | None = None) -> Suite:
    """Return the suite of a name, the user's own before the shipped one, or of a file.

    Raises:
        UsageError: no such suite, or a file that is none.
    """
    return read_toml(suite_path(name, user_folder=user_folder), Suite)


def suite_path(name: str, *, user_folder: Path | None = None) -> Path:
    """Return the file of a suite by its name, or of a file.

    Raises:
        UsageError: no such suite.
    """
    known = suite_files(user_folder=user_folder)
    if name in known:
        return known[name]
    if name.endswith(".toml"):
        return Path(name)
    raise UsageError(f"unknown suite {name!r}.{did_you_mean(name, sorted(known))}")


def suite_files(*, user_folder: Path | None = None) -> dict[str, Path]:
    """Return the suites' files by name, in the order in which they are listed: the paper's by number."""
    found: dict[str, Path] = {}
    for folder in (user_folder, SHIPPED):
        for name, path in _files(folder):
            found.setdefault(name, path)
    return dict(sorted(found.items(), key=lambda pair: _order(pair[0])))


def _files(folder: Path | None) -> Iterator[tuple[str, Path]]:
    if folder is not None and folder.is_dir():
        for path in folder.rglob("*.toml"):
            yield path.relative_to(folder).with_suffix("").as_posix(), path


def _order(name: str) -> tuple[str, bool, str, int]:
    """Return what a name is sorted by: folders before the rest, tables before figures, by number."""
    folder = name.rpartition("/")[0] or "~"
    kind, _, digits = name.rpartition("-")
    number = whole(digits)
    return folder, not name.startswith(f"{folder}/table-"), name if number is None else kind, number or 0
