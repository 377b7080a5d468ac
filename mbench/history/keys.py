"""Keys: what is compared for being the same, as whole numbers that are equal in every archive.

A key is 62 bits of a BLAKE2b hash, so that columns of millions of rows are compared and sorted as numbers. Of a billion
different things, two have one key with a probability of a tenth.
"""

import hashlib
import json

UNKNOWN = -1
"""Stands for the key of what is not known."""

_GROUP_BITS = 31


def key_of(*parts: object) -> int:
    """Return the key of texts, numbers and None in their order."""
    return _hashed(parts) >> 2


def cell_key(project: str, branch: str, workload: str, delegate: str, threads: int | None, *device: str | None) -> int:
    """Return the key of a cell: those of one workload on different devices lie together when they are sorted."""
    group = _hashed((project, branch, workload, delegate, threads)) >> (64 - _GROUP_BITS)
    return group << _GROUP_BITS | _hashed(device) >> (64 - _GROUP_BITS)


def _hashed(parts: tuple[object, ...]) -> int:
    data = json.dumps(parts).encode()
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
