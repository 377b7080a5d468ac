import pytest
from pydantic import ValidationError
from sample_scores import hits_but, score, scored_result

from mbench.core.errors import UsageError
from mbench.core.examples import Task
from mbench.core.scores import MOST_CLASSES_COUNTED, NO_ANSWER, Confusion
from mbench.report.accuracy.scored import scored_of
from mbench.report.predictions.class_counts import counts_of_scores
from mbench.report.predictions.class_tables import MOST_IN_MATRIX, class_tables
from mbench.workflows.answers import by_class as tables_of
from mbench.workflows.answers import counts_of_results


def by_class(results) -> str:
    return tables_of(*counts_of_results(results))


COUNTS = Confusion(
    names=("cat", "dog", "emu"),
    counts=((0, NO_ANSWER, 1), (0, 0, 8), (0, 1, 1), (1, 0, 3), (1, 1, 7)),
)


def tables(confusion: Confusion | None):
    sha256 = "a" * 64
    result = scored_result(
        "mobilenet_v1_0.25_32_int8",
        sha256=sha256,
        scores=(score(hits_but(()), sha256).model_copy(update={"confusion": confusion}),),
    )
    return class_tables(counts_of_scores(scored_of([result])))


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_each_class_has_its_accuracy_and_what_it_is_taken_for():
    by, _ = tables(COUNTS)
    assert texts(by) == [
        ["cat", "10", "8", "80 [49, 94]", "dog (1)"],
        ["dog", "10", "7", "70 [40, 89]", "cat (3)"],
        ["emu", "0", "0", "–", "–"],
    ]


def test_the_matrix_has_a_row_for_each_class_and_a_column_for_each_answer():
    _, matrix = tables(COUNTS)
    assert [column.header for column in matrix.columns] == ["Class", "cat", "dog", "emu", "other"]
    assert texts(matrix) == [["cat", "8", "1", "0", "1"], ["dog", "3", "7", "0", "0"], ["emu", "0", "0", "0", "0"]]


@pytest.mark.parametrize(("classes", "matrix"), [(MOST_IN_MATRIX, True), (MOST_IN_MATRIX + 1, False)])
def test_of_many_classes_the_most_confused_stand_in_the_place_of_a_matrix(classes: int, *, matrix: bool):
    names = tuple(map(str, range(classes)))
    counts = ((0, 0, 1), (0, 1, 2), (1, NO_ANSWER, 9), (1, 2, 2), (2, 1, 3), (2, 2, 1))
    by, second = tables(Confusion(names=names, counts=counts))
    assert len(by.rows) == classes
    assert ("right class by row" in (second.title or "")) is matrix
    if not matrix:
        assert texts(second) == [  # of equally frequent ones that of the larger share of its class first
            ["2", "1", "3", "4", "75 [30, 95]"],
            ["0", "1", "2", "3", "67 [21, 94]"],
            ["1", "2", "2", "11", "18 [5, 48]"],
        ]


def job(name: str, sha256: str, confusion: Confusion | None, **dataset: object):
    found = score(hits_but(()), sha256)
    facts = found.dataset.model_copy(update=dataset)
    return scored_result(
        name, sha256=sha256, scores=(found.model_copy(update={"confusion": confusion, "dataset": facts}),)
    )


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ({"classes": MOST_CLASSES_COUNTED + 1}, "was scored on the 201 classes of digits, of more than 200"),
        ({"classes": MOST_CLASSES_COUNTED}, "is of an mbench that did not count answers by class: score it again"),
        ({"task": Task.DETECTION, "classes": None}, "was scored on digits, a data set of detection"),
    ],
)
def test_without_classes_it_is_said_why(dataset, reason):
    result = job("mobilenet_v1_0.25_32_int8", "a" * 64, None, **dataset)
    with pytest.raises(UsageError) as refused:
        by_class([result])
    message = str(refused.value)
    assert message.startswith("--per-class: no accuracy by class is kept here: ")
    assert message.endswith(f"{reason}; --predictions FILE.csv counts answers.")
    assert "\n" not in message


def test_without_scores_that_is_said():
    assert tables(None) == ()
    with pytest.raises(UsageError, match="--per-class: no job here was scored; mbench run --dataset NAME scores"):
        by_class([scored_result("mobilenet_v1_0.25_32_int8", scores=())])


def test_a_file_without_classes_beside_one_with_some_is_named_below():
    with_some = job("mobilenet_v1_0.25_32_int8", "a" * 64, COUNTS)
    without = job("mobilenet_v1_0.50_32_int8", "b" * 64, None, classes=1000)
    assert "Not shown" not in by_class([with_some])
    last = by_class([with_some, without]).rstrip().splitlines()[-1]
    assert last.startswith("Not shown: mobilenet_v1_0.50_32_int8 was scored on the 1000 classes of digits")


@pytest.mark.parametrize("cell", [(3, 0, 1), (0, 3, 1), (-1, 0, 1), (0, -2, 1), (0, 0, -1)])
def test_a_count_of_classes_that_are_none_is_refused(cell):
    with pytest.raises(ValidationError):
        Confusion(names=("a", "b", "c"), counts=(cell,))


def test_more_names_than_are_counted_are_refused():
    assert len(Confusion(names=("a",) * MOST_CLASSES_COUNTED, counts=()).names) == 200
    with pytest.raises(ValidationError):
        Confusion(names=("a",) * (MOST_CLASSES_COUNTED + 1), counts=())
