"""Data inside a page: JSON, deflated and in base64, so that no character of it means anything to a browser."""

import base64
import json
import zlib
from typing import Any, Final

_LEVEL: Final = 9
_DEFLATE: Final = -15
"""Without header and checksum: what browsers call `deflate-raw`."""


class Packed(str):
    """Text of letters and digits without a blank: no name of others, so nothing of it is cut where it is long."""


def pack(value: Any, *, level: int = _LEVEL) -> Packed:
    """Return a value of JSON as text that a page holds; equal values give equal texts.

    Args:
        value: of JSON.
        level: how hard to deflate, from 1 to 9.

    Raises:
        ValueError: infinite, or not a number: what is not known is None.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    deflating = zlib.compressobj(level, zlib.DEFLATED, _DEFLATE)
    return Packed(base64.b64encode(deflating.compress(text.encode()) + deflating.flush()).decode())


def unpack(text: str) -> Any:
    """Return what `pack` was given."""
    return json.loads(zlib.decompress(base64.b64decode(text), _DEFLATE))
