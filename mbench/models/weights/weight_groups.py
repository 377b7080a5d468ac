"""Weights in HDF5 files of Keras: the layers that a network wants, by either of Keras' layouts.

A file of HDF5 may name other files, other places of itself, and filters that unpack without a bound. Keras writes none
of these, and the hash that identifies weights covers their file alone, so they are refused.
"""

import io
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mbench.models.weights.weight_arrays import StoredArray

MOST_LAYERS: Final = 10_000
MOST_WEIGHTS: Final = 100
"""Of a layer; Keras' richest have five."""

MOST_NAME_BYTES: Final = 1000
MOST_NAMES_BYTES: Final = 1 << 30
"""Of the names of one list, if each were the longest text of the file: HDF5 reads them all at once."""

_TEXTS: Final = b"GCOL\x01\0\0\0"
"""What texts of any length lie behind, with the size of all of them in eight bytes (HDF5 File Format Specification,
"Global Heap"). A text may be named as often as one likes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLayer:
    """A layer of a network, as a file may hold it.

    Attributes:
        saved_class: what Keras 3 calls its class in a `.weights.h5`.
        shapes: of each weight, in Keras' own order; none where it has no weights.
    """

    name: str
    saved_class: str
    shapes: Mapping[str, tuple[int, ...]]


def check_contained(data: bytes) -> None:
    """Raise where anything in an HDF5 file leads out of it, to another place, or is packed.

    Raises:
        ValueError: what it is.
        OSError: it is no such file.
    """
    import h5py

    with bounded_cpu(data), h5py.File(io.BytesIO(data)) as file:
        left, walked = [(file, "")], {file.id}
        while left:
            place, above = left.pop()
            for name in place:
                path = f"{above}/{name}".removeprefix("/")
                if not _is_hard(place, name):
                    raise ValueError(f"{path} is a link to another place or file, which Keras does not write")
                found = place[name]
                if isinstance(found, h5py.Group) and found.id not in walked:
                    walked.add(found.id)
                    left.append((found, path))
                elif isinstance(found, h5py.Dataset):
                    _check_array(found, path)


LONGEST_CPU_S: Final = 5.0
"""For opening a file and reading its lists of names, which takes milliseconds."""
BYTES_PER_CPU_S: Final = 50_000_000
"""So slowly is nothing read and converted."""


def longest_text(data: bytes) -> int:
    """Return a bound on the bytes of any text of free length in an HDF5 file."""
    longest, place = 0, data.find(_TEXTS)
    while place >= 0:
        start = place + len(_TEXTS)
        longest = max(longest, int.from_bytes(data[start : start + 8], "little"))
        place = data.find(_TEXTS, start)
    return longest


def saved_layers(file: Any, wanted: Sequence[WantedLayer], *, longest: int) -> Iterator[tuple[str, list[StoredArray]]]:
    """Yield each layer's name and its weights in Keras' order, from either of Keras' two HDF5 layouts.

    Args:
        file: an open `h5py.File`.
        wanted: the network's layers.
        longest: of its texts, as `longest_text` says.

    Raises:
        KeyError: it lacks what makes up the layout.
        ValueError: something in it is not what the layout has there, or leads out of the file.
    """
    if _holds(file, "layers"):
        yield from _keras3_layers(_group(file, "layers"), wanted)
        return
    group = _group(file, "model_weights") if _holds(file, "model_weights") else file
    layers = _names(group, "layer_names", most=MOST_LAYERS, longest=longest)
    weights = {name: _names(_group(group, name), "weight_names", most=MOST_WEIGHTS, longest=longest) for name in layers}
    weighty = [name for name, its in weights.items() if its]
    for name, known in zip(weighty, _known_as(weighty, wanted), strict=True):
        yield known, [_array(_group(group, name), weight) for weight in weights[name]]


def _known_as(saved: Sequence[str], wanted: Sequence[WantedLayer]) -> Sequence[str]:
    """Return what saved layers are called here: names that Keras counts (`conv2d_17`) go by their order alone.

    So does Keras when it reads such a file (keras `src/legacy/saving/legacy_h5_format.py`).
    """
    names = [layer.name for layer in wanted if layer.shapes]
    return names if len(names) == len(saved) and set(names) != set(saved) else saved


def _keras3_layers(group: Any, wanted: Sequence[WantedLayer]) -> Iterator[tuple[str, list[StoredArray]]]:
    """Yield layers of the layout that names them by class and order, such as `layers/conv2d_1/vars/0`."""
    counted: Counter[str] = Counter()
    for layer in wanted:
        kind = layer.saved_class
        saved = f"{kind}_{counted[kind]}" if counted[kind] else kind
        counted[kind] += 1
        if layer.shapes and _holds(group, saved):
            variables = _group(_group(group, saved), "vars")
            if len(variables) > MOST_WEIGHTS:
                raise ValueError(f"{saved} has {len(variables)} weights")
            yield layer.name, [_array(variables, str(index)) for index in range(len(variables))]


def _holds(group: Any, name: str) -> bool:
    """Whether a group has an entry; h5py's own `in` opens what a link leads to, in whatever file."""
    return bool(group.id.links.exists(os.fsencode(name)))


def _is_hard(group: Any, name: str) -> bool:
    """Whether an entry lies in the group itself."""
    import h5py

    return bool(group.id.links.get_info(os.fsencode(name)).type == h5py.h5l.TYPE_HARD)


def _group(parent: Any, path: str) -> Any:
    import h5py

    found = _follow(parent, path)
    if not isinstance(found, h5py.Group):
        raise ValueError(f"{path} is an array where a group of weights is expected")
    return found


def _array(parent: Any, path: str) -> StoredArray:
    import h5py

    found = _follow(parent, path)
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"{path} is a group where an array is expected")
    _check_array(found, path)
    return StoredArray(shape=tuple(found.shape), dtype=found.dtype, values=lambda: np.asarray(found[()]))


def _check_array(found: Any, path: str) -> None:
    made = found.id.get_create_plist()
    if found.shape is None:
        raise ValueError(f"{path} is an array without a shape")
    if found.is_virtual or made.get_external_count():
        raise ValueError(f"{path} lies in another file, which the hash of this one does not cover")
    if made.get_nfilters():
        raise ValueError(f"{path} is packed, and Keras packs none; save it without compression")


def _follow(parent: Any, path: str) -> Any:
    """Return what a path below a group leads to, in the same file and by no other way."""
    import h5py

    place = parent
    for name in path.split("/"):
        if name in ("", ".", "..") or not isinstance(place, h5py.Group):
            raise ValueError(f"{path} is no path from group to group")
        if not _holds(place, name):
            raise KeyError(f"{path} is not in it")
        if not _is_hard(place, name):
            raise ValueError(f"{path} is a link to another place or file, which Keras does not write")
        place = place[name]
    return place


def _names(group: Any, attribute: str, *, most: int, longest: int) -> tuple[str, ...]:
    """Return a list of names that a group has as an attribute."""
    held = group.attrs.get_id(attribute)
    where = f"{attribute} of {group.name}"
    if held.shape is not None and 0 in held.shape:
        return ()
    if held.shape is None or len(held.shape) != 1 or held.dtype.kind not in "SO":
        raise ValueError(f"{where} is no list of names")
    count, length = held.shape[0], held.dtype.itemsize if held.dtype.kind == "S" else longest
    if count > most or count * length > MOST_NAMES_BYTES:
        raise ValueError(f"{where} has {count} names of up to {length} bytes, and at most {most} are read")
    texts = group.attrs[attribute]
    names = [name.encode() if isinstance(name, str) else name for name in texts]
    if not all(isinstance(name, bytes) and len(name) <= MOST_NAME_BYTES for name in names):
        raise ValueError(f"{where} is no list of names")
    return tuple(name.decode() for name in names)


@contextmanager
def bounded_cpu(data: bytes) -> Iterator[None]:
    """End this process, a worker, where libhdf5 computes without end on a file, as on a heap of texts that is damaged.

    No exception reaches native code; `COMPUTED_TOO_LONG`, unhandled, ends the process, and its parent says so.
    """
    signal.setitimer(signal.ITIMER_PROF, LONGEST_CPU_S + len(data) / BYTES_PER_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
