import numpy as np
import pytest

from mbench.accuracy.own.plain_labels import rows_of, together
from mbench.core.errors import ArtifactError


def test_numbers_and_arrays_of_one_shape_become_an_array_with_a_row_each():
    assert together([1, 2.5], source="x").tolist() == [1.0, 2.5]
    assert together([np.zeros((2, 3)), np.ones((2, 3))], source="x").shape == (2, 2, 3)


def test_dicts_of_one_form_become_a_dict_of_arrays():
    found = together([{"mask": [0, 1], "depth": 2.0}, {"mask": [1, 1], "depth": 3.0}], source="x")
    assert {name: array.tolist() for name, array in found.items()} == {"mask": [[0, 1], [1, 1]], "depth": [2.0, 3.0]}
    assert rows_of(found, [1])["mask"].tolist() == [[1, 1]]


@pytest.mark.parametrize("labels", [["cat", "dog"], [[1], [1, 2]], [{"a": 1}, {"b": 1}], [None, 3]])
def test_other_labels_stay_a_list(labels):
    assert together(labels, source="x") == labels
    assert rows_of(labels, [1]) == labels[1:]


class Own:
    pass


def nested(depth):
    return [nested(depth - 1)] if depth else 1


@pytest.mark.parametrize(
    ("label", "what"),
    [(Own(), "Own"), ([{"a": Own()}], "Own"), (np.array([Own()]), "an array of object"), (nested(21), "without end")],
)
def test_what_belongs_to_the_code_that_made_it_is_refused(label, what):
    with pytest.raises(ArtifactError, match=f"the label of example 1 holds .*{what}"):
        together([0, label], source="x")


def test_lists_in_lists_are_labels_up_to_twenty():
    assert together([nested(20)], source="x") is not None
