"""What files are scored on as a farm file or a suite names it, by the same keys; paths are relative to the file."""

from typing import Annotated, Literal

from pydantic import Field

from mbench.core.own_tables import PYTHON
from mbench.core.toml_tables import Table, Text


class Scored(Table):
    """What files are scored on, as the options of `mbench run` say it.

    Attributes:
        place: what `--accuracy` takes.
        metric: `FILE.py:NAME` of the user's own figure of merit; None: those of the data set's task.
        metric_better: which way it gets better.
        metric_unit: of its values.
        metric_timeout: for each call of it, in seconds.
    """

    dataset: Text
    place: Literal["host", "device", "both"] = "host"
    examples: Annotated[int, Field(ge=1)] | None = None
    split: Text | None = None
    preprocessing: Text | None = None
    metric: Text | None = None
    metric_better: Literal["higher", "lower"] = "higher"
    metric_unit: Text | None = None
    metric_timeout: Annotated[int, Field(ge=1, le=86_400)] | None = None

    @property
    def code(self) -> str | None:
        """The first thing named that runs somebody's code; None: nothing does."""
        if self.metric is not None:
            return self.metric
        return self.dataset if self.dataset.startswith("arrays:") and PYTHON in self.dataset else None
