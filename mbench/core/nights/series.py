"""Series: what a cell's nights left, in columns, oldest first; the archive makes them and the gate judges them.

Columns are numpy arrays of one length, because a farm has thousands of series of hundreds of nights. A number that is
not known is NaN in a column of floats and -1 in a column of counts; in values that leave a series it is None.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mbench.core.nights.cells import Cell as Cell
from mbench.core.nights.cells import PointState as PointState

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A cell's results over nights; all columns have one entry a point.

    Attributes:
        model: of the device, as people call it (`Pixel 4`): agreement is among devices of a model.
        night: index of the point's night in the project's nights, ascending; two points may have the same one.
        day: of the night's local date, in days since 1970-01-01.
        state: a `PointState`.
        latency_us: median over runs of the runs' medians; NaN where there is none.
        half_width_us: half of its 95 % interval.
        runs: samples behind it.
        init_us: duration of the initialization.
        memory_kib: peak of the memory pass.
        size_bytes: of the artifact.
        correct: examples that were answered rightly, of `examples`.
        examples: that were scored.
        dataset: code of data set and recipe: accuracies are compared where it is equal; -1 where nothing was scored.
        merit: mean of a user's metric of values, negated where lower is better, so that more is better; NaN where there
            is none.
        delegated: nodes of the model's own graph that the delegate executes, of `nodes`.
        nodes: of that graph.
        partitions: delegated and left-over ones.
        thing: code of what is under test: artifact and benchmark program, by SHA-256.
        epoch: code of what must be equal for levels to be compared: OS build, instrument, run settings, pinning and
            version of the measuring rules.
    """

    cell: Cell
    model: str
    night: Counts
    day: Counts
    state: NDArray[np.int8]
    latency_us: Floats
    half_width_us: Floats
    runs: Counts
    init_us: Floats
    memory_kib: Floats
    size_bytes: Counts
    correct: Counts
    examples: Counts
    dataset: Counts
    merit: Floats
    delegated: Counts
    nodes: Counts
    partitions: Counts
    thing: Counts
    epoch: Counts

    def __len__(self) -> int:
        return len(self.night)
