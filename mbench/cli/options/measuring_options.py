"""Options under the heading of how to measure: delegates, threads, cores, and the program that times."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option

_option = partial(option, grouped.CONDITIONS)


class FlavourChoice(StrEnum):
    """Which of the two programs called benchmark_model; mypy compares it with `mbench.binaries.records.Flavour`."""

    TFLITE = "tflite"
    LITERT = "litert"


Threads = Annotated[
    str | None, _option("--threads", "Thread counts, such as 1,4.", "VALUES", default="1, or the profile's")
]
Delegates = Annotated[
    str | None,
    _option(
        "--delegate",
        "Delegates: cpu, xnnpack, builtin; on phones also gpu[:fp32][:cl|:gl], nnapi[:NAME], npu, external:PATH.",
        "VALUES",
        default="cpu",
    ),
]
Profile = Annotated[
    str | None, _option("--profile", "Extra profile; ops: time per operator, in runs of its own.", "ops")
]
Cpus = Annotated[
    str | None,
    _option(
        "--cpus",
        "Cores to pin runs to, best first, such as 4-7; none leaves them to the system.",
        "CORES",
        default="the profile's",
    ),
]
Binary = Annotated[Path | None, _option("--binary", "Your own benchmark_model for that device.", "FILE")]
Flavour = Annotated[
    FlavourChoice | None,
    _option("--flavour", "Flavour of benchmark_model on phones.", default="tflite, or the only one kept"),
]
FixedPerformance = Annotated[
    bool, _option("--fixed-performance", "Let the phone hold clocks that it can sustain (Android 11 or later).")
]
Governor = Annotated[
    str | None, _option("--governor", "cpufreq governor to set on a rooted phone, such as performance.", "NAME")
]
Signature = Annotated[
    str | None, _option("--signature", "Entry point to time, by name, of a file that has several.", "NAME")
]
