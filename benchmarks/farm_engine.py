"""What it costs to run the parts of many phones at the same time: 50 parts against one, and the engine's own start.

python -m benchmarks.farm_engine
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mbench.farm.engine import run_parts
from mbench.farm.parts import PartTask

ROOT = Path(__file__).parents[1]
PHONES = 50
REPETITIONS = 5
IDLE_S = 10.0


def run() -> dict[str, Any]:
    """Return seconds and ratios, all measured now, with parts that sleep as those that wait for a phone do."""
    _wall_s(1, 0.0)  # imports Dask
    one_s, many_s = _medians([lambda: _wall_s(1, 1.0), lambda: _wall_s(PHONES, 1.0)])
    empty_one_s, empty_many_s = _medians([lambda: _wall_s(1, 0.0), lambda: _wall_s(PHONES, 0.0)])
    cpu_s = time.process_time()
    idle_wall_s = _wall_s(PHONES, IDLE_S)
    return {
        "phones": PHONES,
        "one_part_of_1_s": round(one_s, 3),
        "parts_of_1_s_on_all_phones": round(many_s, 3),
        "wall_ratio": round(many_s / one_s, 3),
        "engine_up_and_down_one_phone_s": round(empty_one_s, 3),
        "engine_up_and_down_all_phones_s": round(empty_many_s, 3),
        "parts_of_10_s_on_all_phones": round(idle_wall_s, 3),
        "cpu_share_of_a_core_meanwhile": round((time.process_time() - cpu_s) / idle_wall_s, 4),
        "import_s": round(_import_s(), 3),
    }


def sleep_for(seconds: float) -> None:
    """Do what a part does that waits for its phone."""
    time.sleep(seconds)


def _wall_s(phones: int, seconds: float) -> float:
    tasks = [PartTask(serial=f"phone-{n}", function=sleep_for, arguments=(seconds,)) for n in range(phones)]
    begun = time.perf_counter()
    ends = run_parts(tasks, on_end=lambda *_: None)
    wall_s = time.perf_counter() - begun
    if len(ends) != phones or any(ends.values()):
        raise RuntimeError(f"not all parts ended well: {ends}")
    return wall_s


def _medians(measured: list[Any]) -> list[float]:
    """Return the median of each function's seconds, taken in turn."""
    rounds = [[one() for one in measured] for _ in range(REPETITIONS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def _import_s() -> float:
    """Return the seconds that the import of Dask takes in a process that has the engine's other imports."""
    text = (
        "import mbench.farm.engine, asyncio, time; t = time.perf_counter(); import mbench.farm.cluster; "
        "print(time.perf_counter() - t)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    seconds = [
        float(subprocess.run([sys.executable, "-c", text], env=environment, check=True, capture_output=True).stdout)
        for _ in range(REPETITIONS)
    ]
    return statistics.median(seconds)


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
