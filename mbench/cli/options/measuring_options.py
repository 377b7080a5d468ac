"""Options under the heading of how to measure: delegates, threads, cores, and the program that times."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped


class FlavourChoice(StrEnum):
    """Which of the two programs called benchmark_model; mypy compares it with `mbench.binaries.records.Flavour`."""

    TFLITE = "tflite"
    LITERT = "litert"


Threads = Annotated[
    str | None,
    typer.Option(
        help="Thread counts, such as 1,4.",
        metavar="VALUES",
        rich_help_panel=grouped.CONDITIONS,
        show_default="1, or the profile's",
    ),
]
Delegates = Annotated[
    str | None,
    typer.Option(
        "--delegate",
        help="Delegates: cpu, xnnpack, builtin; on phones also gpu[:fp32][:cl|:gl], nnapi[:NAME], npu, external:PATH.",
        metavar="VALUES",
        rich_help_panel=grouped.CONDITIONS,
        show_default="cpu",
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
    FlavourChoice | None,
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
