"""Reads the TOML files of this wing, and those that users write like them."""

from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from mbench.core.errors import UsageError
from mbench.core.workloads import Document
from mbench.files.texts import parse_toml, read_text

FOLDER: Final = Path(__file__).resolve().parent

_Read = TypeVar("_Read", bound=Document)


def read_toml(path: Path, kind: type[_Read]) -> _Read:
    """Return the document that a TOML file holds.

    Raises:
        UsageError: it cannot be read, is not TOML, or has a field that is missing, unknown or wrong.
    """
    try:
        return kind.model_validate(parse_toml(read_text(path)))
    except OSError as error:
        raise UsageError(f"could not read {path}: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{path}: {where}: {what}." if where else f"{path}: {what}.") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path}: {error}.") from error
