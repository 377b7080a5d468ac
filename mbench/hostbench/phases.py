"""The warm-up and the measured phase: inferences one after another, each timed by itself.

As in benchmark_model, the inputs are written anew before every inference, outside the timed region.
"""

import time
from collections.abc import Callable

from mbench.hostbench import streams
from mbench.hostbench.engines import Inference
from mbench.hostbench.running_stat import RunningStat, format_number


def run_phase(
    reset_inputs: Callable[[], None],
    timed_invoke: Callable[[], Inference],
    *,
    min_runs: int,
    min_s: float,
    max_s: float,
    run_delay_s: float,
) -> tuple[RunningStat, bool]:
    """Runs a phase and prints its two lines; returns its statistics and whether every inference succeeded.

    It goes on until both minima are reached, or the maximum is exceeded, which is noticed between inferences.
    """
    streams.info(
        f"Running benchmark for at least {min_runs} iterations and at least {format_number(min_s)} seconds but "
        f"terminate if exceeding {format_number(max_s)} seconds."
    )
    statistics = RunningStat()
    succeeded = True
    update = statistics.values.append
    clock_ns = time.perf_counter_ns
    now_ns = clock_ns()
    min_end_ns = now_ns + int(min_s * 1e9)
    max_end_ns = now_ns + int(max_s * 1e9)
    runs = 0
    while (runs < min_runs or now_ns < min_end_ns) and now_ns <= max_end_ns:
        reset_inputs()
        elapsed_us, ok = timed_invoke()
        update(elapsed_us)
        succeeded &= ok
        runs += 1
        if run_delay_s > 0:
            time.sleep(run_delay_s)
        now_ns = clock_ns()
    streams.info(f"{statistics.format_with_percentiles()}\n")
    return statistics, succeeded
