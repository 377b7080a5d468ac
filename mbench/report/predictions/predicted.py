"""Predictions as they are read back: what files answered to each example, from the CSV that `--predictions` writes."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.scores import NO_ANSWER
from mbench.report.render.number_format import SHORT_SHA
from mbench.report.results.delimited import unguarded

ANSWERS_KEPT: Final = 5
"""Of each example, the best first."""

COLUMNS: Final = (
    "file",
    "sha256",
    "place",
    "delegate",
    "device",
    "example",
    "truth",
    "truth_name",
    "right",
    *(f"{what}_{place}" for place in range(1, ANSWERS_KEPT + 1) for what in ("output", "class", "name", "score")),
)

_NEEDED: Final = ("file", "sha256", "example", "truth", "right", "class_1", "score_1")

_MOST_CLASSES: Final = 1 << 24
"""Numbers of classes beyond it are damage: ImageNet's largest list has 21 843."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One example and the first answer to it.

    Attributes:
        name: of the example.
        truth: its class; `truth_name` is empty where nobody knows it, as is `answer_name`.
        right: whether the first answer is its class.
        answer: the class of the first answer, `NO_ANSWER` where it is none of the classes or there is none.
        score: real value of the first answer's output; None where there is none.
        truth_score: likewise of the right class, where that is among the best five answers.
    """

    name: str
    truth: int
    truth_name: str
    right: bool
    answer: int
    answer_name: str
    score: float | None
    truth_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedFile:
    """What one file answered at one place, in the order of its examples.

    Attributes:
        label: what tables call it: its name, and what else distinguishes it from others.
        place: `host` or `device`.
        device: the device's serial; empty: the host that wrote it.
    """

    name: str
    label: str
    sha256: str
    place: str
    delegate: str
    device: str
    answers: tuple[Answered, ...]


@dataclass(slots=True)
class _Texts:
    """Each text once: names of classes and examples come back with every file."""

    known: dict[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        text = unguarded(text)
        return self.known.setdefault(text, text)


def parse_predictions(texts: Mapping[str, str]) -> tuple[PredictedFile, ...]:
    """Return what files answered, in the order in which they stand.

    Args:
        texts: CSV as `--predictions` writes it, by where it comes from, for messages.

    Raises:
        UsageError: not of the format; the message names source and line.
    """
    clean = _Texts()
    found: dict[tuple[str, ...], list[Answered]] = {}
    for source, text in texts.items():
        for key, answered in _lines(text, source, clean):
            found.setdefault(key, []).append(answered)
    labels = _labels(list(found))
    return tuple(
        PredictedFile(
            name=key[0],
            label=labels[key],
            sha256=key[1],
            place=key[2],
            delegate=key[3],
            device=key[4],
            answers=tuple(answers),
        )
        for key, answers in found.items()
    )


def _lines(text: str, source: str, clean: _Texts) -> Iterator[tuple[tuple[str, ...], Answered]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
        missing = [name for name in _NEEDED if name not in header]
        if missing:
            raise UsageError(f"{source} has no column {missing[0]}; it is no CSV file of --predictions.")
        for line in reader:
            if len(line) != len(header):
                raise UsageError(f"{source}, line {reader.line_num}: {len(line)} fields, not {len(header)}.")
            fields = dict(zip(header, line, strict=True))
            try:
                answered = _answered(fields, clean)
            except ValueError as error:
                raise UsageError(f"{source}, line {reader.line_num}: {error}.") from error
            place = (fields.get("place") or "host", fields.get("delegate", ""), fields.get("device", ""))
            yield tuple(map(clean, (fields["file"], fields["sha256"], *place))), answered
    except csv.Error as error:
        raise UsageError(f"{source}, line {reader.line_num}: {error}.") from error


def _answered(fields: Mapping[str, str], clean: _Texts) -> Answered:
    truth, answer = _class(fields["truth"]), _class(fields["class_1"])
    if truth == NO_ANSWER:
        raise ValueError("truth: no class stands there")
    if fields["right"] not in ("0", "1"):
        raise ValueError(f"right: {fields['right'][:20]!r} is neither 0 nor 1")
    scores = {
        fields.get(f"class_{place}"): fields.get(f"score_{place}") for place in range(ANSWERS_KEPT, 0, -1)
    }  # the best one last: a class that has several outputs keeps its best
    return Answered(
        name=clean(fields["example"]),
        truth=truth,
        truth_name=clean(fields.get("truth_name", "")),
        right=fields["right"] == "1",
        answer=answer,
        answer_name=clean(fields.get("name_1", "")),
        score=_score(fields["score_1"]),
        truth_score=_score(scores.get(fields["truth"])),
    )


def _class(text: str) -> int:
    if not text:
        return NO_ANSWER
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) >= _MOST_CLASSES:
        raise ValueError(f"{text[:20]!r} is not the number of a class")
    return int(text)


def _score(text: str | None) -> float | None:
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        raise ValueError(f"{text[:20]!r} is not a score") from None
    return None if math.isnan(score) else score


def _labels(keys: list[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Return names, with the hash where two files bear one, and with who answered where several did."""
    hashes: dict[str, set[str]] = {}
    for key in keys:
        hashes.setdefault(key[0], set()).add(key[1])
    several = len({key[2:] for key in keys}) > 1
    return {
        key: " ".join(
            (
                key[0],
                *([key[1][:SHORT_SHA]] if len(hashes[key[0]]) > 1 else []),
                *([" ".join(part for part in (key[4] or key[2], key[3]) if part)] if several else []),
            )
        )
        for key in keys
    }
