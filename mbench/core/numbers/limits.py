"""Limits: numbers beyond which nothing is measured, asked for or believed; no one meets them in earnest."""

from typing import Final

LARGEST: Final = 1e18
"""Of any amount. In microseconds 30 000 years, in bytes an exabyte; and no tool prints a number of more digits."""

MOST_RUNS: Final = 1_000_000
"""Of one session: two weeks of runs of a second each."""

MOST_INFERENCES: Final = 2**31 - 1
"""Of one run: benchmark_model keeps the number in 32 bits."""

MOST_EXAMPLES: Final = 10**9
"""Of one split of a data set; ImageNet's training set has a thousandth of it."""

MOST_THREADS: Final = 1024

MOST_CORES: Final = 1024

LARGEST_SEED: Final = 2**64 - 1

LONGEST_S: Final = 1e8
"""Three years: nothing that is measured takes so long."""

LONGEST_SETTING_S: Final = 86_400.0
"""A day, which no phase of one run lasts."""

MOST_DIMENSIONS: Final = 8
"""Of an input; the runtime's own kernels take six."""

LONGEST_TENSOR_NAME: Final = 4096
"""Characters; converters write scopes into one."""

LONGEST_NAME: Final = 200
"""Characters; file systems take 255 bytes, a prefix and an ending among them."""

MOST_PROGRAM_BYTES: Final = 1 << 30
"""Of a benchmark program; with all its debugging symbols benchmark_model has a third of that."""

LARGEST_LEVEL: Final = 1e6
"""Of a mean or standard deviation of a picture's levels, which are 0 to 255."""

LEAST_DEVIATION: Final = 1e-6
"""Of a standard deviation: a level more is a million more then. Far below, it is 0 in float32, and inputs are NaN."""

METRIC_TIMEOUT_S: Final = 300.0
"""For each call of a user's metric, unless the user says another time."""
