"""Mutations of JSON: of values, keys and nesting; what is no JSON is mutated as text."""

import json
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

from benchmarks.fuzz.hostile import JSON_VALUES
from benchmarks.fuzz.mutating_text import mutate_text

_RAW: Final = re.compile(r'"@@raw (\d+)@@"')
_TWICE: Final = "@@twice@@"

Place = tuple[Any, Any]
"""A list or object, and the index or key in it."""


def mutate_json(data: bytes, seeds: Sequence[bytes], rng: Random) -> bytes:
    """Return the document with one change."""
    try:
        tree, other = [json.loads(data)], [json.loads(rng.choice(seeds))]
        _change(*rng.choice(list(_places(tree))), _value(rng.choice(list(_places(other)))), rng)
        text = json.dumps(tree[0], indent=rng.choice((None, 1))) if tree else ""
    except (ValueError, RecursionError):
        return mutate_text(data, seeds, rng)
    return _RAW.sub(lambda found: JSON_VALUES[int(found[1])], text).replace(_TWICE, "").encode()


def _change(holder: Any, key: Any, foreign: Any, rng: Random) -> None:
    value = holder[key]
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1:
            holder[key] = foreign
        case 2 if isinstance(holder, dict):
            holder[f"{key}{_TWICE}"] = foreign
        case 3 if isinstance(holder, dict):
            holder[rng.choice(("", "x", "__class__", "a" * 10_000, str(key).upper()))] = holder.pop(key)
        case 4:
            holder[key] = [value]
        case 5 if isinstance(value, list):
            holder[key] = value * rng.choice((0, 2, 500 if len(value) < 100 else 2))
        case _:
            holder[key] = f"@@raw {rng.randrange(len(JSON_VALUES))}@@"


def _places(holder: Any) -> Iterator[Place]:
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], (dict, list)):
            yield from _places(holder[key])


def _value(place: Place) -> Any:
    holder, key = place
    return holder[key]
