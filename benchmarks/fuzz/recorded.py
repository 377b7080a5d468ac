"""What is recorded in `tests/data`, as honest inputs."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).resolve().parent.parent.parent / "tests" / "data"


def recorded(*patterns: str) -> Callable[[], tuple[bytes, ...]]:
    """Return what gives the contents of all recorded files of these patterns."""

    def contents() -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for pattern in patterns for path in sorted(_DATA.glob(pattern)))

    return contents


def recorded_folder(pattern: str) -> dict[str, bytes]:
    """Return the files of a recorded folder by their path below it."""
    folder = next(_DATA.glob(pattern))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
