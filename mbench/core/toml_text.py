"""TOML texts that others wrote, read without any of the surprises that `tomllib` lets through."""

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        ValueError: it is not TOML, holds a number that Python does not convert, or is nested too deeply; with the
            line and column where the parser knows them.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # int() converts no more than 4300 digits (CVE-2020-10735)
        raise ValueError("a number has too many digits") from None
    except RecursionError:
        raise ValueError("arrays or tables are nested too deeply") from None
