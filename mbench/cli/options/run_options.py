"""Options of `mbench run` alone, in the order of its command line; those that it shares are in `options`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.cli.options import options
from mbench.core.numbers.limits import MOST_EXAMPLES, MOST_INFERENCES, MOST_RUNS


class PlaceChoice(StrEnum):
    """Where files are asked for their accuracy."""

    HOST = "host"
    DEVICE = "device"
    BOTH = "both"


Device = Annotated[
    list[str] | None,
    typer.Option(
        help="Device: a profile, a serial, an address, or host (this machine); may be repeated.",
        metavar="DEVICE",
        rich_help_panel=grouped.DEVICES,
        show_default="host",
    ),
]
Every = Annotated[
    bool, typer.Option("--every", help="Run on all phones of the profile.", rich_help_panel=grouped.DEVICES)
]
AnyOf = Annotated[
    int | None,
    typer.Option(
        "--any", help="Run on any N phones of the profile.", metavar="N", min=1, rich_help_panel=grouped.DEVICES
    ),
]
Suite = Annotated[
    str | None,
    typer.Option(
        help="Suite to run, such as mobilenets/table-6; mbench suite list shows all.",
        metavar="NAME|FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
AllowSuiteCode = Annotated[
    bool,
    typer.Option(
        "--allow-suite-code",
        help="Run the code that a --suite names (your own networks, a metric), with your rights.",
        rich_help_panel=grouped.BUILD,
    ),
]
As = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        help="Name under which mbench history follows your own file, whatever it holds; once for each --model.",
        metavar="NAME",
        rich_help_panel=grouped.BUILD,
        show_default="its file name, as far as a name goes",
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="File of raw values to feed an input of your own file with; may be repeated.",
        metavar="NAME:FILE",
        rich_help_panel=grouped.BUILD,
        show_default="random values",
    ),
]
AccuracyPlace = Annotated[
    PlaceChoice | None,
    typer.Option(
        "--accuracy",
        help="Where files are evaluated.",
        rich_help_panel=grouped.ACCURACY,
        show_default="host",
    ),
]
Examples = Annotated[
    int | None,
    typer.Option(
        help="Number of examples to score (of faces: pairs).",
        min=1,
        max=MOST_EXAMPLES,
        metavar="N",
        rich_help_panel=grouped.ACCURACY,
        show_default="all; on devices 500",
    ),
]
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
Profile = Annotated[
    str | None,
    typer.Option(
        help="Extra profile; ops: time per operator, in runs of its own.",
        metavar="ops",
        rich_help_panel=grouped.CONDITIONS,
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
Cpus = Annotated[
    str | None,
    typer.Option(
        help="Cores to pin runs to, best first, such as 4-7; none leaves them to the system.",
        metavar="CORES",
        rich_help_panel=grouped.CONDITIONS,
        show_default="the profile's",
    ),
]
Binary = Annotated[
    Path | None,
    typer.Option(help="Your own benchmark_model for that device.", metavar="FILE", rich_help_panel=grouped.CONDITIONS),
]
Flavour = Annotated[
    options.FlavourChoice | None,
    typer.Option(
        help="Flavour of benchmark_model on phones.",
        rich_help_panel=grouped.CONDITIONS,
        show_default="tflite, or the only one kept",
    ),
]
FixedPerformance = Annotated[
    bool,
    typer.Option(
        "--fixed-performance",
        help="Let the phone hold clocks that it can sustain (Android 11 or later).",
        rich_help_panel=grouped.CONDITIONS,
    ),
]
Governor = Annotated[
    str | None,
    typer.Option(
        help="cpufreq governor to set on a rooted phone, such as performance.",
        metavar="NAME",
        rich_help_panel=grouped.CONDITIONS,
    ),
]
Signature = Annotated[
    str | None,
    typer.Option(
        help="Entry point to time, by name, of a file that has several.",
        metavar="NAME",
        rich_help_panel=grouped.CONDITIONS,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        help="Old file to time in turn with what is run, and to compare it with: a .tflite file, or an earlier session "
        "whose files are still in the cache.",
        metavar="SESSION|FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        help="Session to resume; last is the latest. Its plan decides what is run, and it takes --results, "
        "--adb-server, --wait-for-phone, --failed, --predictions, --format, --columns, --json and --quiet only. A "
        "session begun with --binary FILE or --delegate external:PATH needs it again: code that a plan alone names is "
        "not run.",
        metavar="SESSION",
        rich_help_panel=grouped.OUTPUT,
    ),
]
Failed = Annotated[
    bool,
    typer.Option("--failed", help="With --resume: run failed jobs again, too.", rich_help_panel=grouped.OUTPUT),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print the plan and the commands; do nothing.", rich_help_panel=grouped.OUTPUT),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON, as --format json does.", rich_help_panel=grouped.OUTPUT)
]
