import pytest
from pydantic import ValidationError
from sample_scores import hits_but, score, scored_result

from mbench.core.errors import UsageError
from mbench.core.scores import MOST_CLASSES_COUNTED, NO_ANSWER, Confusion
from mbench.report.results.class_tables import MOST_IN_MATRIX, class_tables
from mbench.report.results.scored import scored_of
from mbench.workflows.reporting import by_class

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
    return class_tables(scored_of([result]))


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


@pytest.mark.parametrize(("classes", "count"), [(MOST_IN_MATRIX, 2), (MOST_IN_MATRIX + 1, 1)])
def test_a_matrix_of_many_classes_is_left_out(classes: int, count: int):
    assert len(tables(Confusion(names=tuple(map(str, range(classes))), counts=((0, 0, 1),)))) == count


def test_without_classes_that_is_said():
    assert tables(None) == ()
    with pytest.raises(UsageError, match="no job here was scored on at most 200 classes"):
        by_class([scored_result("mobilenet_v1_0.25_32_int8")])


@pytest.mark.parametrize("cell", [(3, 0, 1), (0, 3, 1), (-1, 0, 1), (0, -2, 1), (0, 0, -1)])
def test_a_count_of_classes_that_are_none_is_refused(cell):
    with pytest.raises(ValidationError):
        Confusion(names=("a", "b", "c"), counts=(cell,))


def test_more_names_than_are_counted_are_refused():
    assert len(Confusion(names=("a",) * MOST_CLASSES_COUNTED, counts=()).names) == 200
    with pytest.raises(ValidationError):
        Confusion(names=("a",) * (MOST_CLASSES_COUNTED + 1), counts=())
