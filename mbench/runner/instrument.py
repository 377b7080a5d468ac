"""The benchmark program as a value: how it is called, which flavour it is, which flags it has."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Tool = Literal["tflite", "litert", "hostbench"]

_FLAG = re.compile(r"^\s*--([A-Za-z][A-Za-z0-9_-]*)=", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A benchmark program on a device.

    Attributes:
        argv_prefix: how it is called, before its flags: a path on the device, or an interpreter with its arguments.
        sha256: its identity.
        path: the file on the device whose SHA-256 is proved before and after each run; None where it is no one file.
        flags: names of its flags, from its help.
        environment: (name, value) pairs that it needs.
        companions: (path on the device, SHA-256) of the libraries beside it, which are proved as it is.
    """

    argv_prefix: tuple[str, ...]
    tool: Tool
    sha256: str
    path: str | None
    flags: frozenset[str]
    environment: tuple[tuple[str, str], ...] = ()
    companions: tuple[tuple[str, str], ...] = ()

    @property
    def flags_sha256(self) -> str:
        """SHA-256 of the sorted flag names, one a line: two builds of one version may differ in their flags."""
        return hashlib.sha256("".join(f"{flag}\n" for flag in sorted(self.flags)).encode()).hexdigest()


def flags_of(help_text: str) -> frozenset[str]:
    """Return the names of all flags that a help text lists; give it stdout and stderr of `--help` in one.

    A line of it: `--num_runs=50   int32   optional   expected number of runs, see also min_secs, max_secs`.
    """
    return frozenset(_FLAG.findall(help_text))


def tool_of(help_text: str) -> Literal["tflite", "litert"] | None:
    """Return the flavour that a help text shows, None where it is neither's.

    Two programs are called benchmark_model: `//tflite/tools/benchmark` reads input files, `//litert/tools` knows NPUs.
    """
    flags = flags_of(help_text)
    if "use_npu" in flags:
        return "litert"
    return "tflite" if {"graph", "input_layer_value_files"} <= flags else None


def lacking(arguments: Iterable[str], flags: frozenset[str]) -> tuple[str, ...]:
    """Return the names of flags in `--name=value` arguments that the program does not have."""
    names = (argument.removeprefix("--").partition("=")[0] for argument in arguments)
    return tuple(sorted({name for name in names if name not in flags}))
