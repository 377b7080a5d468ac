"""Users' `.npz` files: plain arrays, one row an example; nothing in them is ever unpickled."""

import zipfile
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import ArtifactError
from mbench.files.regular import GIB

MOST_UNPACKED_BYTES: Final = 8 * GIB
"""Of all arrays of a file together: a few megabytes can be packed from more than any memory holds."""


def read_plain_arrays(file: Path | IO[bytes], *, source: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a `.npz` by name, each with as many rows.

    Args:
        file: where they are read from.
        source: what messages call it.

    Raises:
        ArtifactError: it is no such file, holds objects, unpacks to too much, or its arrays differ in their rows.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size <= MOST_UNPACKED_BYTES:
            if not isinstance(file, Path):
                file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
    except Exception as error:  # zipfile, numpy and zlib raise all kinds
        raise ArtifactError(f"{source} is not a .npz file of plain arrays: {error}.") from error
    if size > MOST_UNPACKED_BYTES:
        raise ArtifactError(
            f"{source} unpacks to {size / GIB:.1f} GiB, more than {MOST_UNPACKED_BYTES // GIB}; give fewer examples."
        )
    lengths = {name: len(array) if array.ndim else 0 for name, array in found.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ArtifactError(f"{source}: all arrays need one row an example, and {said}.")
    return found
