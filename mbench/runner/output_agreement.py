"""How closely the raw outputs of one delegate follow another's for the same input."""

import math
from collections.abc import Sequence

from mbench.core.workloads import OutputFacts

DTYPES = {
    "float32": "f4",
    "float16": "f2",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "int32": "i4",
    "int64": "i8",
}
"""Output types that can be compared, and numpy's names of their little-endian bytes."""

EQUAL_DB = 150.0
"""What equal outputs are said to have."""


def compare_raw_outputs(reference: bytes, other: bytes, outputs: Sequence[OutputFacts]) -> float | None:
    """Return the signal-to-noise ratio of `other` against `reference`, over all outputs, in dB.

    Quantized values count from their zero point, in steps of their own tensor, which leaves the ratio of one tensor as
    it is. None where it cannot be said: a type without numbers, sizes that do not fit, or a reference that is all zero.
    """
    if reference == other:
        return EQUAL_DB
    import numpy as np  # only where there is something to compare

    signal = noise = 0.0
    start = 0
    for output in outputs:
        if output.dtype not in DTYPES:
            return None
        dtype = np.dtype(f"<{DTYPES[output.dtype]}")
        end = start + output.elements * dtype.itemsize
        if end > min(len(reference), len(other)):
            return None
        values = [np.frombuffer(data[start:end], dtype).astype(np.float64) for data in (reference, other)]
        signal += float(np.sum((values[0] - (output.zero_point or 0)) ** 2))
        noise += float(np.sum((values[0] - values[1]) ** 2))
        start = end
    if start != len(reference) or len(reference) != len(other) or not signal:
        return None
    if not math.isfinite(noise):
        return -EQUAL_DB
    return min(EQUAL_DB, 10 * math.log10(signal / noise)) if noise else EQUAL_DB
