"""Options under the heading of how long to measure: runs, inferences and seconds."""

from functools import partial
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.core.numbers.limits import MOST_INFERENCES, MOST_RUNS

_option = partial(option, grouped.DURATION)
_count = partial(_option, metavar="N", minimum=1)
_runs = partial(_count, maximum=MOST_RUNS)
_seconds = partial(_option, metavar="SECONDS", minimum=0, maximum=3600)

Quick = Annotated[bool, _option("--quick", "Take a first look: 3 short runs per job, marked so.")]
Runs = Annotated[int | None, _runs("--runs", "Minimum runs (processes) per job.", default="the profile's, mostly 5")]
MaxRuns = Annotated[
    int | None, _runs("--max-runs", "Maximum runs per job.", default="the profile's: host 8, phones 10")
]
TargetInterval = Annotated[
    float | None,
    _option(
        "--target-interval",
        "Relative half-width of the 95 % interval at which a job ends; 0.02 is ±2 %.",
        "SHARE",
        minimum=0.0001,
        maximum=1,
        default="the profile's, mostly 0.02",
    ),
]
NumRuns = Annotated[
    int | None,
    _count("--num-runs", "Minimum inferences per run.", maximum=MOST_INFERENCES, default="the profile's, mostly 50"),
]
MinSecs = Annotated[
    float | None,
    _seconds("--min-secs", "Minimum measured time per run, in seconds.", default="the profile's: host 0.5, phones 2"),
]
MaxSecs = Annotated[
    float | None,
    _seconds(
        "--max-secs",
        "Maximum time of warm-up and of measuring per run, in seconds each.",
        minimum=0.001,
        default="the profile's, mostly 60",
    ),
]
WarmupSecs = Annotated[
    float | None,
    _seconds("--warmup-secs", "Minimum warm-up per run, in seconds.", default="the profile's: host 0.3, phones 1"),
]
MemoryRuns = Annotated[
    int | None, _runs("--memory-runs", "Number of runs that measure memory.", minimum=0, default="3; with --quick 1")
]
