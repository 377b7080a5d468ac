"""What a reader is to the fuzzer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Form(StrEnum):
    """How a reader's inputs are built, and so how they are mutated."""

    JSON = "json"
    TOML = "toml"
    TEXT = "text"
    BINARY = "binary"
    ARCHIVE = "archive"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader of foreign bytes.

    Attributes:
        name: for `--reader` and for findings.
        form: of its inputs; a `FOLDER` is packed into a zip archive (`benchmarks.fuzz.folders`).
        seeds: makes honest inputs, which the reader takes.
        read: reads an input as mbench does; the path is an empty folder of its own.
        refusals: what it promises to raise besides `MbenchError`, because its caller maps it.
        own_processes_s: of one that reads in processes of its own, which mbench itself ends at some limit: how long
            they may compute, or wait, behind which that limit is broken; None: it reads where it is called.
    """

    name: str
    form: Form
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes, Path], object]
    refusals: tuple[type[Exception], ...] = ()
    own_processes_s: float | None = None
