"""Chooses the evaluator of a task."""

from collections.abc import Callable

from mbench.accuracy.datasets.examples import BoxedExamples, PairedExamples
from mbench.accuracy.host.evaluator import Evaluator
from mbench.accuracy.host.inference import OpenedFile
from mbench.accuracy.host.sampling import drawn_pairs
from mbench.accuracy.tasks.attributes import attribute_evaluator
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.accuracy.tasks.detections import detection_evaluator
from mbench.accuracy.tasks.faces import face_evaluator
from mbench.accuracy.tasks.output_labels import OutputLabels
from mbench.accuracy.tasks.places import Cells, place_evaluator
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import Examples, Task


def evaluator_for(
    opened: OpenedFile,
    examples: Examples,
    *,
    cells: Cells | None,
    label_offset: int | None,
    labels: OutputLabels | None,
    asked: int | None,
    seed: int,
    note: Callable[[str], None],
    second: OpenedFile | None = None,
) -> Evaluator:
    """Return the evaluator of a file's answers, by the task of the examples.

    Args:
        opened: the file.
        examples: whose truths count.
        cells: where the file's classes lie; of a geolocation, and of nothing else.
        label_offset: what the user said of it; None: by the number of outputs.
        labels: what the file's outputs stand for; of a classification, and of nothing else.
        asked: how many examples, of faces pairs; None: all. Fewer than all are drawn by `seed`.
        seed: of the draw.
        note: gets what does not stop a score and should be known of it.
        second: of a detector in two files: the second of them.

    Raises:
        UnsupportedModel: the file does not fit.
    """
    match examples.facts.task:
        case Task.CLASSIFICATION:
            return class_evaluator(opened, examples, asked_offset=label_offset, labels=labels, note=note)
        case Task.ATTRIBUTES:
            return attribute_evaluator(opened, examples)
        case Task.VERIFICATION:
            assert isinstance(examples, PairedExamples)  # a verification's are
            return face_evaluator(opened, drawn_pairs(examples, asked, seed))
        case Task.GEOLOCATION:
            assert cells is not None  # a question about places has them
            return place_evaluator(opened, examples, cells)
        case Task.DETECTION:
            assert isinstance(examples, BoxedExamples)  # a detection's are
            return detection_evaluator(opened, examples, second)
        case Task.OWN:
            raise UnsupportedModel("labels of your own are understood by --metric FILE.py:NAME alone.")
