"""What it costs to run the parts of many phones at the same time: 50 parts against one, and the engine's own start.

python -m benchmarks.thread_engine
"""

import json
import statistics
import threading
import time
from typing import Any

from mbench.core.parts import Part
from mbench.workflows.run.thread_engine import ThreadEngine

PHONES = 50
REPETITIONS = 5
IDLE_S = 10.0


def run() -> dict[str, Any]:
    """Return seconds and ratios, all measured now, with parts that sleep as those that wait for a phone do."""
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
    }


def sleep_for(_: object, seconds: float) -> None:
    """Do what a part does that waits for its phone."""
    time.sleep(seconds)


def _wall_s(phones: int, seconds: float) -> float:
    tasks = [Part(device=f"phone-{n}", function=f"{__name__}:sleep_for", arguments=(seconds,)) for n in range(phones)]
    begun = time.perf_counter()
    ends = ThreadEngine(None).run(tasks, on_end=lambda *_: None, stop=threading.Event())
    wall_s = time.perf_counter() - begun
    if len(ends) != phones or any(ends.values()):
        raise RuntimeError(f"not all parts ended well: {ends}")
    return wall_s


def _medians(measured: list[Any]) -> list[float]:
    """Return the median of each function's seconds, taken in turn."""
    rounds = [[one() for one in measured] for _ in range(REPETITIONS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
