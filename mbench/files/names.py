"""Names of files for what others have named: one name each, whatever characters that has."""

import re
from hashlib import sha256
from typing import Final

_LONGEST: Final = 64
"""Characters that are kept of a name: with what is added it fits every file system."""


def file_name(text: str) -> str:
    """Return a file's name, without ending, for a text: itself where it is plain, else what is plain of it and a hash.

    >>> file_name("9A1BFFAZ"), file_name("127.0.0.1:5555")
    ('9A1BFFAZ', '127_0_0_1_5555-6460677a')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", text)[:_LONGEST]
    return plain if plain == text and plain else f"{plain}-{sha256(_bytes(text)).hexdigest()[:8]}"


def _bytes(text: str) -> bytes:
    """Return a text's bytes, those of a name that is not UTF-8 as the disk has them."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half a character of a JSON text, which no disk has
        return text.encode(errors="surrogatepass")
