"""Labels of a user's examples: plain values, whatever gives them, as arrays where they are of one shape."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from mbench.core.errors import ArtifactError

_PLAIN: Final = (bool, int, float, str, bytes, type(None), np.generic)

_DEEPEST: Final = 20


def together(labels: Sequence[Any], *, source: str) -> Any:
    """Return labels as a metric gets them: an array with a row for each, a dict of such arrays, or the list.

    Args:
        labels: numbers, texts, arrays, and lists and dicts of them.
        source: what messages call them.

    Raises:
        ArtifactError: a label is something else, which belongs to the code that made it.
    """
    for place, label in enumerate(labels):
        if (odd := _odd(label, _DEEPEST)) is not None:
            raise ArtifactError(
                f"{source}: the label of example {place} holds {odd}; labels are numbers, texts, arrays, and lists and "
                "dicts of them."
            )
    first = labels[0]
    if isinstance(first, Mapping) and all(isinstance(each, Mapping) and each.keys() == first.keys() for each in labels):
        arrays = {name: _stacked([each[name] for each in labels]) for name in first}
        if all(array is not None for array in arrays.values()):
            return arrays
    stacked = _stacked(labels)
    return list(labels) if stacked is None else stacked


def rows_of(labels: Any, rows: Sequence[int]) -> Any:
    """Return the labels of some rows, in the form of all of them."""
    if isinstance(labels, Mapping):
        return {name: array[list(rows)] for name, array in labels.items()}
    return labels[list(rows)] if isinstance(labels, np.ndarray) else [labels[row] for row in rows]


def _stacked(values: Sequence[Any]) -> Any:
    """Return an array with a row for each; None where they are not numbers of one shape."""
    try:
        arrays = [np.asarray(value) for value in values]
    except ValueError:  # a list of unequal lists
        return None
    if any(array.dtype.kind not in "biuf" or array.shape != arrays[0].shape for array in arrays):
        return None
    return np.stack(arrays)


def _odd(label: Any, depth: int) -> str | None:
    if isinstance(label, np.ndarray):
        return f"an array of {label.dtype}" if label.dtype.kind not in "biufSU" else None
    if isinstance(label, _PLAIN):
        return None
    if depth == 0:
        return "lists in lists without end"
    if isinstance(label, Mapping):
        parts: Sequence[Any] = [*label.keys(), *label.values()]
    elif isinstance(label, (list, tuple)):
        parts = label
    else:
        return type(label).__name__
    return next((odd for part in parts if (odd := _odd(part, depth - 1)) is not None), None)
