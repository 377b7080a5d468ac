"""The statistics line of benchmark_model.

A port of `Stat` and `StatWithPercentiles` of xla/tsl `util/stats_calculator.h`, which prints for example
`count=20 first=44090 curr=45111 min=36557 max=59954 avg=41289 std=5084 p5=36594 median=39984 p95=59954`.
"""

import math
from collections.abc import Iterable


def format_number(value: float) -> str:
    """Renders a number as a C++ stream does by default: six significant digits, `1.0208e+07` from a million on."""
    return f"{value:g}"


class RunningStat:
    """Whole numbers as they come in; `avg` alone is a fraction."""

    def __init__(self, values: Iterable[int] = ()) -> None:
        self.values = list(values)

    def update(self, value: int) -> None:
        """Adds one value."""
        self.values.append(value)

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def first(self) -> int:
        """The first value; 0 if there is none, as in the tool."""
        return self.values[0] if self.values else 0

    @property
    def newest(self) -> int:
        """The last value; 0 if there is none."""
        return self.values[-1] if self.values else 0

    @property
    def total(self) -> int:
        """The sum of all values."""
        return sum(self.values)

    @property
    def avg(self) -> float:
        """The mean; 0 if there is no value (the tool's NaN of an integer type)."""
        return self.total / self.count if self.values else 0.0

    @property
    def variance(self) -> int:
        """The population variance, truncated to a whole number."""
        if self._all_same():
            return 0
        squares = float(sum(value * value for value in self.values))
        return max(0, int(squares / self.count - self.avg * self.avg))

    @property
    def std(self) -> int:
        """The population standard deviation: the root of the truncated variance, truncated again."""
        return int(math.sqrt(self.variance))

    def percentile(self, percent: int) -> int:
        """Returns the sorted value at `count * percent / 100`: the upper of two medians, the largest of 20 for p95."""
        if not self.values:
            return 0
        return sorted(self.values)[self.count * percent // 100]

    def format(self) -> str:
        """Renders the statistics without percentiles."""
        if not self.values:
            return "count=0"
        if self._all_same():
            return f"count={self.count} curr={self.newest}" + ("(all same)" if self.count > 1 else "")
        return (
            f"count={self.count} first={self.first} curr={self.newest} min={min(self.values)} max={max(self.values)} "
            f"avg={format_number(self.avg)} std={self.std}"
        )

    def format_with_percentiles(self) -> str:
        """Renders the line that a phase of the benchmark ends with."""
        return f"{self.format()} p5={self.percentile(5)} median={self.percentile(50)} p95={self.percentile(95)}"

    def _all_same(self) -> bool:
        return not self.values or min(self.values) == max(self.values)
