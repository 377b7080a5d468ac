"""Inputs from honest ones: a few mutations each, by the form of the input or byte by byte."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from benchmarks.fuzz import hostile
from benchmarks.fuzz.mutating_archives import mutate_archive, mutate_folder
from benchmarks.fuzz.mutating_bytes import mutate_bytes
from benchmarks.fuzz.mutating_json import mutate_json
from benchmarks.fuzz.mutating_text import mutate_text, mutate_toml
from benchmarks.fuzz.reader import Form

Mutation = Callable[[bytes, Sequence[bytes], Random], bytes]

_BY_FORM: Final[dict[Form, Mutation]] = {
    Form.JSON: mutate_json,
    Form.TOML: mutate_toml,
    Form.TEXT: mutate_text,
    Form.BINARY: mutate_bytes,
    Form.ARCHIVE: mutate_archive,
    Form.FOLDER: mutate_folder,
}
_BYTES_SHARE: Final = 0.2
"""Of the mutations of a structured input, those that know nothing of its structure."""

_FIRST: Final[dict[Form, tuple[bytes, ...]]] = {
    Form.JSON: tuple(value.encode() for value in hostile.JSON_VALUES),
    Form.TOML: tuple(f"a = {value}".encode() for value in hostile.TOML_VALUES)
    + tuple(line.encode() for line in hostile.TOML_LINES),
    Form.TEXT: tuple(value.encode() for value in hostile.TEXT_VALUES),
    Form.BINARY: (b"\xff" * 4096, b"\0" * 4096),
    Form.ARCHIVE: (b"PK\x05\x06" + bytes(18),),
    Form.FOLDER: (),
}


def inputs(form: Form, seeds: Sequence[bytes], rng: Random) -> Iterator[bytes]:
    """Yield inputs without end: mutations, and between them those that are hostile as a whole, once each."""
    whole = [] if form is Form.FOLDER else [b"", *_FIRST[form], *(mark + seeds[0] for mark in hostile.BROKEN_UTF8)]
    rng.shuffle(whole)
    while True:
        yield _mutated(form, seeds, rng)
        if whole:
            yield whole.pop()


def _mutated(form: Form, seeds: Sequence[bytes], rng: Random) -> bytes:
    data = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        structured = form is Form.FOLDER or rng.random() >= _BYTES_SHARE
        data = (_BY_FORM[form] if structured else mutate_bytes)(data, seeds, rng)
    return data
