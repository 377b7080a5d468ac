"""The bound on memory, in whatever process an input is read."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_VARIABLE: Final = "MBENCH_FUZZ_MEMORY_BYTES"


def children_environment(bound_bytes: int) -> dict[str, str]:
    """Return the environment in which `memory_bytes` is that bound."""
    return {_VARIABLE: str(bound_bytes)}


def memory_bytes() -> int:
    """Return by how much the address space of a process may grow while an input is read."""
    return int(os.environ[_VARIABLE])


@contextmanager
def growing_by(bound_bytes: int) -> Iterator[None]:
    """Let the address space grow by so much and no more, for the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + bound_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
