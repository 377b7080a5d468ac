"""Options under the heading of how long to measure: runs, inferences and seconds."""

from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.core.numbers.limits import MOST_INFERENCES, MOST_RUNS

Quick = Annotated[
    bool,
    typer.Option(
        "--quick", help="Take a first look: 3 short runs per job, marked so.", rich_help_panel=grouped.DURATION
    ),
]
Runs = Annotated[
    int | None,
    typer.Option(
        help="Minimum runs (processes) per job.",
        min=1,
        max=MOST_RUNS,
        metavar="N",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's, mostly 5",
    ),
]
MaxRuns = Annotated[
    int | None,
    typer.Option(
        help="Maximum runs per job.",
        min=1,
        max=MOST_RUNS,
        metavar="N",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's: host 8, phones 10",
    ),
]
TargetInterval = Annotated[
    float | None,
    typer.Option(
        help="Relative half-width of the 95 % interval at which a job ends; 0.02 is ±2 %.",
        min=0.0001,
        max=1,
        metavar="SHARE",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's, mostly 0.02",
    ),
]
NumRuns = Annotated[
    int | None,
    typer.Option(
        help="Minimum inferences per run.",
        min=1,
        max=MOST_INFERENCES,
        metavar="N",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's, mostly 50",
    ),
]
MinSecs = Annotated[
    float | None,
    typer.Option(
        help="Minimum measured time per run, in seconds.",
        min=0,
        max=3600,
        metavar="SECONDS",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's: host 0.5, phones 2",
    ),
]
MaxSecs = Annotated[
    float | None,
    typer.Option(
        help="Maximum time of warm-up and of measuring per run, in seconds each.",
        min=0.001,
        max=3600,
        metavar="SECONDS",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's, mostly 60",
    ),
]
WarmupSecs = Annotated[
    float | None,
    typer.Option(
        help="Minimum warm-up per run, in seconds.",
        min=0,
        max=3600,
        metavar="SECONDS",
        rich_help_panel=grouped.DURATION,
        show_default="the profile's: host 0.3, phones 1",
    ),
]
MemoryRuns = Annotated[
    int | None,
    typer.Option(
        help="Number of runs that measure memory.",
        min=0,
        max=MOST_RUNS,
        metavar="N",
        rich_help_panel=grouped.DURATION,
        show_default="3; with --quick 1",
    ),
]
