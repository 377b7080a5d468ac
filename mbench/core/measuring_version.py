"""The version of the measuring rules: numbers of two versions are not levels of one epoch."""

from typing import Final

MEASURING_VERSION: Final = 1
"""Goes up where a change of mbench alone moves numbers: what a run's sample is, what runs beside it, how cores and
clocks are chosen, what of a process is timed. A release that changes none of that leaves it. Documents from before it
was kept were measured by version 1."""
