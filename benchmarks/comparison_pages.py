"""Do pages of comparisons stay small and quick? 800 and 5,000 pairs of synthetic jobs, some of which changed.

    python -m benchmarks pages                       # figures, among those of other pages
    python -m benchmarks.comparison_pages FILE       # write the page of a small one, for pictures

`pairs_bytes` is the page of 800 pairs: 1.5 MB at most. `many_pairs_s` is the time to write the page of 5,000 that are
compared already. In Chromium: `pairs_sort_ms`, `pairs_filter_ms` (100 ms at most) and `pairs_turn_ms`, until rows are
laid out after another baseline was chosen.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mbench.core.results import JobResult
from mbench.report.compare.cells import By, Side, match_cells
from mbench.report.compare.comparison import Comparison, compare
from mbench.report.pages.comparison.comparison_page import comparison_page

SORT: Final = "document.querySelector('th[data-name=ratio] button').click();"
TURN: Final = "document.querySelector('[data-baseline][aria-pressed=false]').click();"

_CHANGES: Final = (1.0, 1.0, 1.06, 1.0, 0.93, 1.002, 1.0, 1.25, 1.0, 0.99, 1.0)
"""What becomes of one job after the other."""


def page_of_pairs(old: Sequence[JobResult]) -> tuple[bytes, float]:
    """Return the page of jobs against themselves, changed, and the seconds that it took."""
    found = comparison_of(old)
    begun = time.perf_counter()
    page = comparison_page(found, command="mbench compare old new --format html")
    return page, time.perf_counter() - begun


def comparison_of(old: Sequence[JobResult]) -> Comparison:
    """Return the comparison of jobs with themselves, of which some got slower and some faster."""
    new = [_changed(result, _CHANGES[place % len(_CHANGES)]) for place, result in enumerate(old)]
    before, after = (Side(label=f"session {results[0].session}", results=tuple(results)) for results in (old, new))
    return compare(before, after, match_cells(before, after, by=By.SESSION), by=By.SESSION)


def _changed(result: JobResult, factor: float) -> JobResult:
    runs = tuple(
        run.model_copy(update={"measured": run.measured.model_copy(update={"median_us": _spread(run, factor)})})
        for run in result.runs
        if run.measured is not None
    )
    binary = result.binary.model_copy(update={"sha256": "c" * 64})
    session = result.session.replace("20260115", "20260122")
    return result.model_copy(update={"runs": runs, "binary": binary, "session": session})


def _spread(run: Any, factor: float) -> int:
    return int(run.measured.median_us * factor * (1 + 0.001 * (run.index - 2)))


def main(words: Sequence[str]) -> int:
    """Write the page of 32 pairs; return the exit code."""
    from benchmarks.pages import results_of

    if len(words) != 1:
        print("python -m benchmarks.comparison_pages FILE", file=sys.stderr)
        return 2
    Path(words[0]).write_bytes(page_of_pairs(results_of(phones=2, quantizations=("int8",)))[0])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
