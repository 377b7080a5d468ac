"""Folders as inputs: packed into a zip archive, names percent-encoded so that any byte may stand in one."""

import io
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

FIFO: Final = b"fifo"
LINK: Final = b"link"
FOLDER: Final = b"folder"
"""Comments of members that are no regular files; a link's content is what it points to."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return files, by their path below the folder, as one input."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(quote_from_bytes(os.fsencode(name), safe="/")), data)
    return stream.getvalue()


def unpack(data: bytes, folder: Path) -> Path:
    """Make the folder that an input describes, and return it; of two files of one name the second is left out."""
    folder = folder.resolve()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            path = Path(os.path.normpath(folder / os.fsdecode(unquote_to_bytes(member.filename))))
            if path.is_relative_to(folder) and path != folder:
                with suppress(OSError, ValueError):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    if path.parent.resolve() == path.parent and not os.path.lexists(path):  # no way through a link
                        _make(path, member.comment, archive.read(member))
    return folder


def _make(path: Path, kind: bytes, content: bytes) -> None:
    if kind == FIFO:
        os.mkfifo(path)
    elif kind == LINK:
        path.symlink_to(os.fsdecode(content[:200]).replace("\0", "") or path.name)
    elif kind == FOLDER:
        path.mkdir()
    else:
        path.write_bytes(content)
