"""Files of trained weights: an `.npz` whose bytes follow from the weights alone, so that its hash is their identity.

    conv1/kernel.npy, conv1_bn/gamma.npy, …    float32, in the model's order, stored without compression

Any program with numpy reads them: `numpy.load(path)["conv1/kernel"]`.
"""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.files.disk import OTHER_HOME, disk_errors
from mbench.files.whole import write_whole
from mbench.models.weights.weights import WeightValues

NO_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Earliest time that a zip file can hold: a real one would give the same weights another hash."""

REGULAR_FILE: Final = 0o100644 << 16

GO_ON: Final = f"{OTHER_HOME}; the same command then goes on from the last epoch that was kept"


def format_weights(values: WeightValues) -> bytes:
    """Return weights as the bytes of an `.npz`, the same for the same weights."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in values.items():
            entry = zipfile.ZipInfo(f"{name}.npy", NO_DATE)
            entry.create_system, entry.external_attr = 3, REGULAR_FILE
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array, "<f4"), version=(1, 0))
            archive.writestr(entry, content.getvalue())
    return stream.getvalue()


def keep_weights(values: WeightValues, folder: Path) -> Weights:
    """Write `SHA256.npz` into a folder, which is made if need be, and return its identity.

    Raises:
        DiskError: the disk did not take it.
    """
    data = format_weights(values)
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / f"{sha256}.npz"
    with disk_errors("write trained weights to", path, otherwise=GO_ON):
        write_whole(path, data, fsync=True)
    return Weights(kind=WeightsKind.TRAINED, sha256=sha256, source=str(path))
