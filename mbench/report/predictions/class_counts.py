"""What was answered to which class: of a stored score, or counted from predictions, however many classes there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mbench.core.examples import Task
from mbench.core.scores import MOST_CLASSES_COUNTED, NO_ANSWER
from mbench.report.accuracy.scored import Scored, dataset_label
from mbench.report.predictions.predicted import PredictedFile

OTHER = "other"
"""No answer, or one that is none of the data set's classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCounts:
    """What one file answered to the examples of each class.

    Attributes:
        label: what tables call the file.
        ground: what it was scored on, half a sentence.
        names: of the classes, by number.
        counts: (right class, answered class or `NO_ANSWER`, examples), rising; what never happened is left out.
    """

    label: str
    ground: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, int, int], ...]

    def name(self, label: int) -> str:
        """Return what an answer is called."""
        return OTHER if label == NO_ANSWER else self.names[label]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confused:
    """A class that is taken for another.

    Attributes:
        count: examples of `truth` that `answer` was given to; `examples` are all of `truth`.
    """

    truth: int
    answer: int
    count: int
    examples: int


def counts_of_scores(scored: Sequence[Scored]) -> tuple[ClassCounts, ...]:
    """Return the counts of each stored score that has them."""
    return tuple(
        ClassCounts(
            label=each.label,
            ground=f"{dataset_label(each.score.dataset)}, {each.score.place}, {each.score.delegate}",
            names=each.score.confusion.names,
            counts=each.score.confusion.counts,
        )
        for each in scored
        if each.score.confusion is not None
    )


def without_classes(scored: Scored) -> str | None:
    """Return why a score has no such counts, as half a sentence; None where it has some."""
    score = scored.score
    if score.confusion is not None:
        return None
    name, task, classes = score.dataset.name, score.dataset.task, score.dataset.classes
    if task is not Task.CLASSIFICATION:
        return f"{scored.label} was scored on {name}, a data set of {task}"
    if classes is not None and classes > MOST_CLASSES_COUNTED:
        return f"{scored.label} was scored on the {classes} classes of {name}, of more than {MOST_CLASSES_COUNTED}"
    return f"the score of {scored.label} is of an mbench that did not count answers by class: score it again"


def counts_of_predictions(files: Sequence[PredictedFile]) -> tuple[ClassCounts, ...]:
    """Return what each file answered to which class, counted from its answers."""
    return tuple(map(_counted, files))


def most_confused(counts: ClassCounts, most: int) -> tuple[Confused, ...]:
    """Return the classes that are most often taken for another one, the most frequent first."""
    examples: Counter[int] = Counter()
    for truth, _, count in counts.counts:
        examples[truth] += count
    wrong = [
        Confused(truth=truth, answer=answer, count=count, examples=examples[truth])
        for truth, answer, count in counts.counts
        if answer not in (truth, NO_ANSWER)
    ]
    return tuple(sorted(wrong, key=lambda each: (-each.count, -each.count / each.examples))[:most])


def _counted(file: PredictedFile) -> ClassCounts:
    pairs = Counter((each.truth, each.answer) for each in file.answers)
    known = {each.answer: each.answer_name for each in file.answers if each.answer_name}
    known |= {each.truth: each.truth_name for each in file.answers if each.truth_name}
    seen = {label for pair in pairs for label in pair if label != NO_ANSWER}
    numbers = sorted(seen)
    place = {label: index for index, label in enumerate(numbers)} | {NO_ANSWER: NO_ANSWER}
    return ClassCounts(
        label=file.label,
        ground=", ".join(part for part in ("predictions", file.device or file.place, file.delegate) if part),
        names=tuple(known.get(label, str(label)) for label in numbers),
        counts=tuple((place[truth], place[answer], count) for (truth, answer), count in sorted(pairs.items())),
    )
