"""A user's arrays and generators, laid out for scoring; done in this process, as a worker does it."""

from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.own.laying_out import LayOut, lay_out
from mbench.core.errors import ArtifactError
from mbench.files.python_source import find_python

SOURCE = """
import numpy as np

def pairs():
    for place in range(3):
        yield {"x": np.full((2,), place, "float32")}, {"mask": [place, 0]}

in_order = [((np.zeros(2), np.zeros(3)), 1), ((np.zeros(2), np.zeros(3)), 2)]
single = [(np.zeros(2), "cat")]
other_names = [({"x": 1.0}, 0), ({"y": 1.0}, 0)]
other_shapes = [({"x": [1.0]}, 0), ({"x": [1.0, 2.0]}, 0)]
no_pairs = [np.zeros(2)]
no_label = [(1.0, object())]
not_numbers = [("cat", 1)]
nothing = []
number = 3

def endless():
    while True:
        yield 1.0, 1
"""


def laid(folder: Path, *, arrays: dict | None = None, name: str | None = None):
    target = folder / "laid"
    target.mkdir(exist_ok=True)
    code = None
    if name is not None:
        (folder / "g.py").write_text(SOURCE)
        code = find_python(f"{folder / 'g.py'}:{name}", option="--dataset")
    if arrays is not None:
        np.savez(folder / "a.npz", **arrays)
    task = LayOut(
        arrays=folder / "a.npz" if code is None else None,
        code=code,
        folder=target,
        source="these",
        log=folder / "log",
        timeout_s=60.0,
    )
    return lay_out(task)


def test_arrays_of_a_file_are_laid_out_by_name(tmp_path):
    record = laid(tmp_path, arrays={"x": np.ones((4, 2), np.float32), "labels": np.arange(4)})
    assert (record.names, record.examples) == (("x",), 4)
    assert np.load(tmp_path / "laid" / "input0.npy").shape == (4, 2)


def test_the_largest_numbers_of_32_bits_are_taken(tmp_path):
    assert laid(tmp_path, arrays={"x": np.array([[3.4e38], [-3.4e38]]), "labels": np.arange(2)}).examples == 2


def test_identity_follows_inputs_and_labels(tmp_path):
    base = {"x": np.ones((4, 2), np.float32), "labels": np.arange(4)}
    first = laid(tmp_path, arrays=base).sha256
    assert laid(tmp_path, arrays=base).sha256 == first
    assert laid(tmp_path, arrays=base | {"labels": np.zeros(4)}).sha256 != first
    assert laid(tmp_path, arrays=base | {"x": np.zeros((4, 2))}).sha256 != first


def test_a_generator_gives_pairs_of_inputs_and_label(tmp_path):
    record = laid(tmp_path, name="pairs")
    assert (record.names, record.examples) == (("x",), 3)
    assert np.load(tmp_path / "laid" / "input0.npy")[:, 0].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(("name", "inputs"), [("in_order", 2), ("single", 1)])
def test_inputs_without_names_keep_their_order(tmp_path, name, inputs):
    record = laid(tmp_path, name=name)
    assert (record.names, record.inputs) == (None, inputs)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("other_names", "example 1 has y and the first one x"),
        ("other_shapes", r"input x of example 1 is \(2,\), and \(1,\) of the first one"),
        ("no_pairs", r"example 0 is not a pair \(inputs, label\)"),
        ("no_label", "the label of example 0 holds object"),
        ("not_numbers", "input #0 holds <U3, not numbers"),
        ("nothing", "yields no example"),
        ("number", "gives int, not examples one after another"),
        ("endless", "yields more than 50 examples; let it end"),
    ],
)
def test_what_a_generator_does_wrong_is_one_line(tmp_path, name, reason, monkeypatch):
    monkeypatch.setattr("mbench.accuracy.own.laying_out.MOST_EXAMPLES", 50)
    with pytest.raises(ArtifactError, match=reason) as raised:
        laid(tmp_path, name=name)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"x": np.zeros((2, 1))}, "has x; one must be called labels"),
        (
            {"x": np.zeros((2, 1)), "labels": np.zeros(3)},
            "need one row an example, and x has 2, labels has 3",
        ),
        ({"labels": np.zeros(3)}, "has labels and no input"),
        ({"x": np.array([[np.nan]]), "labels": np.zeros(1)}, "input x holds NaN or infinity"),
        ({"x": np.array([[0.0], [3.5e38]]), "labels": np.zeros(2)}, "input x holds numbers beyond those of 32 bits"),
        ({"x": np.array([[0.0], [-3.5e38]]), "labels": np.zeros(2)}, "input x holds numbers beyond those of 32 bits"),
        ({"x": np.zeros((0, 1)), "labels": np.zeros(0)}, "holds no example"),
    ],
)
def test_what_is_wrong_with_arrays_is_one_line(tmp_path, arrays, reason):
    with pytest.raises(ArtifactError, match=reason):
        laid(tmp_path, arrays=arrays)


def test_a_file_of_pickled_objects_is_refused_without_being_run(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([object()]), labels=np.zeros(1))
    with pytest.raises(ArtifactError, match=r"is not a .npz file of plain arrays"):
        laid(tmp_path)
