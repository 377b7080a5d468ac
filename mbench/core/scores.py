"""Scores: how well one file answers on one split of a data set, as plain values."""

import base64
import sys
from array import array
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from mbench.core.choices import Layout, MetricBetter
from mbench.core.delegates import Delegate
from mbench.core.examples import DatasetFacts, Split
from mbench.core.metric_units import UNIT
from mbench.core.numbers.bounds import Amount, Count, Reading, Seconds, Seed, Sha256
from mbench.core.numbers.limits import LONGEST_TENSOR_NAME, METRIC_TIMEOUT_S, MOST_EXAMPLES
from mbench.core.workloads import Document

NAMED_FAILURES = 20
"""So many failed or differing examples are named in a document; all are counted."""


class ScoredOutput(Document):
    """Which of a file's several outputs a score is about: its place in the file's order, and its tensor's name."""

    index: Count
    name: str = Field(max_length=LONGEST_TENSOR_NAME)


Unit = Annotated[str, StringConstraints(pattern=rf"^{UNIT}$")]
"""Of a user's own metric: short, and fit for the head of a table."""

RESERVED_METRICS = frozenset(
    {
        *("top1", "top5", "mean_average_precision", "coco_ap", "verification_accuracy"),
        *("name", "sha256", "dataset", "dataset_sha256", "error", "asked", "scored", "preprocessing", "label_offset"),
        *("layout", "gray", "output", "delegate", "runtime", "selection_seed", "seconds", "second_sha256", "metric"),
    }
)
"""Names of mbench's own metrics, and of columns beside them: not for a user's function."""


class OwnMetric(Document):
    """A figure of merit by a user's function.

    Attributes:
        name: of the function.
        source: its file, without folders, or its module.
        sha256: of its source, and of the modules that it imports from beside it.
        unit: of its values; None: they have none, or it says whether answers are right.
    """

    name: str = Field(max_length=80)
    source: str = Field(max_length=255)
    sha256: Sha256
    better: MetricBetter = MetricBetter.HIGHER
    unit: Unit | None = None


class EvaluationSpec(Document):
    """What files are asked.

    Attributes:
        dataset: reference as typed, such as `digits` or `imagenet:/path`.
        split: which examples.
        list_file: of a listed split: the file that names them, one a line.
        preprocessing: recipe by name; None: the data set's own.
        exif: whether pictures are turned as their EXIF orientation says, and not taken as they are stored.
        label_offset: output index of class 0; None: by the number of outputs.
        cells: of a geolocation: the CSV file that tells where each class lies; None: `cells.csv` beside the data set.
        labels: of a classification: file that says what each output stands for; None: the data set's classes, in order.
        layout: where the input has the channels of a picture; None: by its shape.
        output: of a file with several: name or index of the one that is judged; None: it has but one, or all are.
        skip_unreadable: whether files of a folder that are damaged or not pictures are left out.
        examples: how many; None: all, fewer of files and devices that are slow.
        seed: of the draw where fewer than all are asked.
        delegate: what executes the file.
        metric: `FILE.py:NAME` of the user's own figure of merit; None: those of the data set's task.
        metric_better: which way it gets better.
        metric_unit: of its values.
        metric_timeout_s: for each call of it.
    """

    dataset: str
    split: Split = Split.TEST
    list_file: str | None = None
    preprocessing: str | None = None
    exif: Literal["ignore", "apply"] = "ignore"
    label_offset: int | None = Field(default=None, ge=0, le=1)
    cells: str | None = None
    labels: str | None = None
    layout: Layout | None = None
    output: str | None = None
    skip_unreadable: bool = False
    examples: int | None = Field(default=None, ge=1, le=MOST_EXAMPLES)
    seed: Seed = 0
    delegate: Delegate = Delegate.CPU
    metric: str | None = None
    metric_better: MetricBetter = MetricBetter.HIGHER
    metric_unit: Unit | None = None
    metric_timeout_s: Seconds = METRIC_TIMEOUT_S

    @model_validator(mode="after")
    def _listed(self) -> Self:
        if (self.split is Split.LISTED) != (self.list_file is not None):
            raise ValueError("list_file: belongs to a listed split, and to no other")
        return self


SLACK = 1e-6
"""A share that is a sum of parts may end a little above the whole."""


class Metric(Document):
    """One figure of merit with its 95 % interval.

    Attributes:
        name: `top1`, `top5`, `mean_average_precision`, `coco_ap`, `within_25_km`, `verification_accuracy`, …
        kind: whether it is a share of all that could be right, or a mean of values.
        value: a share, 0 to 1; of kind `value` a mean over examples, in `unit`.
        examples: what it was taken over.
        interval: how `low` and `high` were found; None: there are none.
        unit: of a value; None: it has none.
        better: which way it gets better.
    """

    name: str
    kind: Literal["share", "value"] = "share"
    value: Reading
    low: Reading | None = None
    high: Reading | None = None
    interval: Literal["wilson", "bootstrap", "student"] | None = None
    examples: Count
    unit: Unit | None = None
    better: MetricBetter = MetricBetter.HIGHER

    @field_validator("value", "low", "high")
    @classmethod
    def _a_share(cls, number: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("kind") == "share" and number is not None and not 0 <= number <= 1 + SLACK:
            raise ValueError(f"{number} is not a share, 0 to 1")
        return number


NO_ANSWER = -1
"""Stands for an answer that is none of the data set's classes, and where there is none."""

MOST_CLASSES_COUNTED = 200
"""A data set of more has no confusion matrix in its scores."""


_NO_ANSWER_KEPT = 0xFFFF
"""Stands for `NO_ANSWER` among 16 bits; data sets of as many classes or more keep no first answers."""


class Confusion(Document):
    """How often each class was answered to each.

    Attributes:
        names: of the classes, by number; their numbers where nobody knows names.
        counts: (right class, answered class or `NO_ANSWER`, examples), rising; what never happened is left out.
    """

    names: tuple[str, ...] = Field(max_length=MOST_CLASSES_COUNTED)
    counts: tuple[tuple[int, int, Count], ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        last = len(self.names) - 1
        for truth, answer, _ in self.counts:
            if not (0 <= truth <= last and NO_ANSWER <= answer <= last):
                raise ValueError(f"counts: {truth}, {answer} are not classes of {len(self.names)}")
        return self


class Agreement(Document):
    """How the device's answers compare with the host's on the same examples.

    Attributes:
        examples: scored on both.
        same_top1: examples with the same first answer.
        largest_step: largest difference of one output value, in steps of a quantized output, else in its own unit.
        differing: names of examples with another first answer, the first few.
    """

    examples: Count
    same_top1: Count
    largest_step: Amount | None = None
    differing: tuple[str, ...] = ()


class Score(Document):
    """What the file with hash `artifact_sha256` answered.

    Attributes:
        second_sha256: of a detector in two files: the second one, which was asked about what the first one found.
        place: where it ran: on this host's runtime, or on the device by benchmark_model's own input and output files.
        delegate: what executed it, such as `cpu`.
        runtime: of the host's scores: the LiteRT release.
        provenance: where the examples and their split come from, as a sentence; None: not known.
        licence: of the pictures and labels; None: not known.
        preprocessing: the recipe, by name.
        label_offset: output index of class 0: 1 where index 0 is "background".
        cells_sha256: of a geolocation: the file that says where each class lies.
        labels_sha256: the user's list of what each output stands for; None: the data set's classes, in order.
        layout: where the input has the channels of a picture.
        gray: whether it takes one channel, the luma.
        output: of a file with several: the one that was judged; None: it has but one, or all were.
        asked: examples that were to be scored: `dataset.examples`, or fewer.
        scored: examples with an answer.
        failed: names of examples without one, the first few; they count as wrong.
        selection_seed: of the draw where fewer than all were asked for.
        hits: for each asked example in order, whether the first answer was right: packed bits, base64.
        first_answers: of a classification, for each asked example in order, the class of the first answer: 16 bits
            each, the low byte first, base64; 65535 where it is none of the classes, or there is none.
        own_metric: the user's function that gave the metric; None: the data set's task says what counts.
        values: of a metric of values, for each asked example in order: 32-bit floats, the low byte first, base64.
        confusion: of a classification of few classes: what was answered to which.
        agreement: with the host; of device scores only.
        doubts: why the metrics may not be what the network can do, half a sentence each.
        seconds: that scoring took.
    """

    artifact_sha256: Sha256
    second_sha256: Sha256 | None = None
    place: Literal["host", "device"]
    delegate: str
    runtime: str | None = None
    dataset: DatasetFacts
    provenance: str | None = None
    licence: str | None = None
    preprocessing: str
    label_offset: int = Field(default=0, ge=0, le=1)
    cells_sha256: str | None = None
    labels_sha256: str | None = None
    layout: Layout = Layout.NHWC
    gray: bool = False
    output: ScoredOutput | None = None
    asked: int = Field(ge=0, le=MOST_EXAMPLES)
    scored: int = Field(ge=0, le=MOST_EXAMPLES)
    failed: tuple[str, ...] = ()
    selection_seed: Seed | None = None
    metrics: tuple[Metric, ...]
    hits: str | None = None
    first_answers: str | None = None
    own_metric: OwnMetric | None = None
    values: str | None = None
    confusion: Confusion | None = None
    agreement: Agreement | None = None
    doubts: tuple[str, ...] = ()
    seconds: Seconds

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.scored > self.asked:
            raise ValueError(f"scored: {self.scored} of {self.asked} examples cannot be")
        if self.hits is not None and not _is_packed(self.hits, self.asked):
            raise ValueError(f"hits: these are not the bits of {self.asked} examples in base64")
        if self.first_answers is not None and not _is_base64(self.first_answers, 2 * self.asked):
            raise ValueError(f"first_answers: these are not the classes of {self.asked} examples in base64")
        if self.values is not None and not _is_base64(self.values, 4 * self.asked):
            raise ValueError(f"values: these are not the values of {self.asked} examples in base64")
        return self

    def metric(self, name: str) -> Metric | None:
        """Return one of the metrics, None where it was not taken."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def comparable(self, other: "Score") -> bool:
        """Whether two scores answer the same questions, so that their hits may be compared one by one.

        Where the classes of a geolocation lie belongs to the question; where class 0 stands, how the input takes a
        picture and which output answers are matters of the file.
        """
        return self._question == other._question

    @property
    def _question(self) -> tuple[object, ...]:
        return (
            self.dataset,
            self.preprocessing,
            self.cells_sha256,
            self.asked,
            self.selection_seed,
            self.own_metric,
        )


def pack_hits(hits: Sequence[bool]) -> str:
    """Return yes and no as base64 of bits, the first example in the highest bit of the first byte."""
    padded = [*hits, *[False] * (-len(hits) % 8)]
    packed = bytes(
        sum(bool(hit) << (7 - place) for place, hit in enumerate(padded[start : start + 8]))
        for start in range(0, len(padded), 8)
    )
    return base64.b64encode(packed).decode()


def hits_of(score: Score) -> list[bool] | None:
    """Return for each asked example whether the first answer was right; None of tasks without such a thing."""
    return None if score.hits is None else unpack_hits(score.hits, score.asked)


def _is_packed(packed: str, count: int) -> bool:
    """Whether `pack_hits` could have written this of so many examples."""
    return _is_base64(packed, -(-count // 8))


def _is_base64(text: str, count: int) -> bool:
    """Whether a text is so many bytes in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == count
    except ValueError:  # no base64, or characters of another script
        return False


def unpack_hits(packed: str, count: int) -> list[bool]:
    """Return the first `count` hits of what `pack_hits` wrote."""
    data = base64.b64decode(packed)
    return [bool(data[index // 8] >> (7 - index % 8) & 1) for index in range(count)]


def pack_answers(answers: Sequence[int]) -> str | None:
    """Return classes, or `NO_ANSWER`, as base64 of 16 bits each, the low byte first; None where one needs more."""
    if any(answer >= _NO_ANSWER_KEPT for answer in answers):
        return None
    packed = array("H", (_NO_ANSWER_KEPT if answer == NO_ANSWER else answer for answer in answers))
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()


MOST_VALUES_KEPT = 50_000
"""Of one score: 270 KB; a score of more has none, and is compared with no other."""


def pack_values(values: Sequence[float]) -> str | None:
    """Return values as base64 of 32 bits each, the low byte first; None of more than are kept, or too large for it."""
    if len(values) > MOST_VALUES_KEPT:
        return None
    try:
        packed = array("f", values)
    except OverflowError:
        return None
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()


def unpack_values(packed: str) -> list[float]:
    """Return the values of what `pack_values` wrote."""
    values = array("f", base64.b64decode(packed))
    if sys.byteorder == "big":
        values.byteswap()
    return list(values)


def unpack_answers(packed: str) -> list[int]:
    """Return the classes of what `pack_answers` wrote, `NO_ANSWER` where there is none."""
    answers = array("H", base64.b64decode(packed))
    if sys.byteorder == "big":
        answers.byteswap()
    return [NO_ANSWER if answer == _NO_ANSWER_KEPT else answer for answer in answers]
