"""Reads the TOML files of this wing, and those that users write like them."""

from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from mbench.core.errors import UsageError
from mbench.core.workloads import Document
from mbench.files.texts import parse_toml, read_text
from mbench.files.toml_lines import line_of

FOLDER: Final = Path(__file__).resolve().parent

_Read = TypeVar("_Read", bound=Document)


def read_toml(path: Path, kind: type[_Read]) -> _Read:
    """Return the document that a TOML file holds.

    Raises:
        UsageError: it cannot be read, is not TOML, or has a field that is missing, unknown or wrong.
    """
    text = ""
    try:
        text = read_text(path)
        return kind.model_validate(parse_toml(text))
    except OSError as error:
        raise UsageError(f"could not read {path}: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        what = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise UsageError(f"{place_in(path, text, tuple(first['loc']))}: {what}.") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path}: {error}.") from error


def place_in(path: Path, text: str, place: tuple[str | int, ...]) -> str:
    """Return where something stands in a TOML file, with its line, and counted from 1: `mine.toml:4: own.1.arch`."""
    if not place:
        return str(path)
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    return f"{path}:{line_of(text, place)}: {where}"
