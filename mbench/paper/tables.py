"""The paper's fourteen tables: printed cells, the rule that each was counted by, and what is wrong with it."""

from functools import cache
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from mbench.core.workloads import Document
from mbench.paper.counting import Rule
from mbench.paper.shipped import FOLDER, read_toml

TABLES: Final = range(1, 15)


class Printed(Document):
    """One cell as the paper prints it; in files a plain text where there is nothing more to say.

    Attributes:
        printed: the digits, without a unit.
        digits: how many are meant where zeros stand for nothing: 3 of `15300`.
        also: the other rule by which the cell comes out, where the table's does not give it.
        also_of: the other network whose count it is.
        note: what is wrong with it, or where it is from.
    """

    printed: str = Field(pattern=r"^\d+(\.\d+)?$")
    digits: int | None = Field(default=None, ge=1)
    also: Rule | None = None
    also_of: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, data: Any) -> Any:
        return {"printed": data} if isinstance(data, str) else data


class Row(Document):
    """One network of a table.

    Attributes:
        network: a variant's name without its quantization.
        parts: instead, networks that run one after the other.
        batch_norm: whether it has any: its biases are then batch norm's.
    """

    name: str
    network: str | None = None
    parts: tuple[str, ...] = ()
    batch_norm: bool = True
    score: Printed | None = None
    mult_adds: Printed
    parameters: Printed

    @property
    def networks(self) -> tuple[str, ...]:
        """What runs, in its order."""
        return self.parts or (self.network or "",)

    @model_validator(mode="after")
    def _one_or_parts(self) -> Self:
        if (self.network is None) == (not self.parts):
            raise ValueError("a row has a network, or parts")
        return self


class LayerRow(Document):
    """One row of Table 1; `times` repetitions of it alternate with those of the next row."""

    type: str
    filter: str
    input: str
    times: int = 1
    note: str | None = None


class ShareRow(Document):
    """One row of Table 2: what the layers of a type take of the whole, in percent."""

    name: str
    type: str
    mult_adds: Printed
    parameters: Printed


class DistanceRow(Document):
    """One row of Table 11: percent of pictures placed within a distance, and the metric that mbench takes of it."""

    name: str
    metric: str
    im2gps: Printed
    planet: Printed
    mobilenet: Printed


class ScoreColumn(Document):
    """What a table's figure of merit is, and the metric that mbench takes of it."""

    title: str
    metric: str


class Rules(Document):
    """How a table counts."""

    mult_adds: Rule = Rule.ALL
    parameters: Rule = Rule.UNFOLDED


class Table(Document):
    """One table of the paper.

    Attributes:
        network: whose layers, shares or distances they are, where all rows are of one network.
        unit: of multiply-adds: millions or billions; parameters are in millions.
    """

    number: int
    title: str
    source: str
    network: str | None = None
    rules: Rules = Rules()
    unit: Literal["M", "B"] = "M"
    score: ScoreColumn | None = None
    rows: tuple[Row, ...] = ()
    layers: tuple[LayerRow, ...] = ()
    shares: tuple[ShareRow, ...] = ()
    distances: tuple[DistanceRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def networks(self) -> tuple[str, ...]:
        """Every network that the table is counted from, each once; those of other conventions too."""
        of_rows = [name for row in self.rows for name in row.networks]
        others = [row.mult_adds.also_of for row in self.rows if row.mult_adds.also_of is not None]
        return tuple(dict.fromkeys([*([self.network] if self.network else []), *of_rows, *others]))


@cache
def paper_table(number: int) -> Table:
    """Return one of the fourteen tables."""
    return read_toml(FOLDER / "tables" / f"table-{number}.toml", Table)
