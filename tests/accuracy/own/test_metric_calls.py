"""What a user's function is given, and what it may give back; called in this process, as workers call it."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.own.calling import MetricCall, StoredOutput, call_metric
from mbench.core.errors import ArtifactError
from mbench.files.python_source import find_python

SOURCE = """
import sys
import numpy as np

CALLS = []

def first(outputs, labels):
    CALLS.append(len(outputs))
    return outputs[:, 0] == labels

def of_two(outputs, labels):
    return outputs["a"][:, 0] + outputs["b"][:, 0] - labels

def column(outputs, labels): return outputs[:, :1]
def fewer(outputs, labels): return [1.0]
def single(outputs, labels): return 1.0
def wide(outputs, labels): return outputs
def words(outputs, labels): return ["a"] * len(outputs)
def masked(outputs, labels): return np.ma.masked_array([1.0, 2.0, 3.0], mask=[True, False, False])
def ragged(outputs, labels): return [[1], [1, 2], [3]]
def none(outputs, labels): return None
def both(outputs, labels): return (outputs[:, 0] > 0) if labels[0] == 0 else outputs[:, 0]
def raising(outputs, labels): raise KeyError("mask")
def leaving(outputs, labels): sys.exit(3)
def hanging(outputs, labels):
    while True: pass
number = 3
"""


@pytest.fixture
def asked(tmp_path: Path):
    (tmp_path / "m.py").write_text(SOURCE)

    def call(name: str, *arrays: np.ndarray, labels=None, scale=None, zero_point=0, rows=None, timeout_s=60.0):
        outputs = []
        for place, array in enumerate(arrays or (np.arange(6, dtype=np.float32).reshape(3, 2),)):
            path = tmp_path / f"output{place}.npy"
            np.save(path, array.reshape(len(array), -1))
            outputs.append(
                StoredOutput(name="ab"[place], path=path, shape=array.shape[1:], scale=scale, zero_point=zero_point)
            )
        count = len(arrays[0]) if arrays else 3
        return call_metric(
            MetricCall(
                code=find_python(f"{tmp_path / 'm.py'}:{name}", option="--metric"),
                outputs=tuple(outputs),
                labels=np.zeros(count) if labels is None else labels,
                rows=tuple(range(count)) if rows is None else rows,
                log=tmp_path / "log",
                timeout_s=timeout_s,
            )
        )

    return call


def test_one_output_is_an_array(asked):
    assert asked("first", labels=np.array([0, 0, 4])).tolist() == [True, False, True]


def test_several_outputs_are_a_dict_by_name(asked):
    one = np.array([[1.0], [2.0]], np.float32)
    assert asked("of_two", one, 10 * one, labels=np.array([1.0, 2.0])).tolist() == [10.0, 20.0]


def test_quantized_outputs_are_given_as_real_numbers(asked):
    stored = np.array([[-128], [0], [127]], np.int8)
    assert asked("column", stored, scale=0.5, zero_point=-128).tolist() == [0.0, 64.0, 127.5]


def test_whole_numbers_without_a_scale_are_given_as_they_are(asked):
    stored = np.array([[3], [4]], np.int32)
    assert asked("column", stored).tolist() == [3.0, 4.0]


def test_many_examples_come_in_parts_with_their_own_labels(asked, tmp_path):
    values = np.arange(600, dtype=np.float32)[:, None]
    assert asked("first", values, labels=np.arange(600.0)).all()
    (module,) = [each for name, each in sys.modules.items() if name.startswith("mbench_own_m_")][-1:]
    assert module.CALLS[-3:] == [256, 256, 88]


def test_labels_of_a_file_are_those_of_the_asked_examples(asked, tmp_path):
    path = tmp_path / "labels.pickle"
    path.write_bytes(pickle.dumps([9.0, 0.0, 9.0, 2.0, 4.0]))
    assert asked("first", labels=path, rows=(1, 3, 4)).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fewer", "gives 1 value for 3 examples; return one number or bool for each"),
        ("single", "gives one value for 3 examples"),
        ("wide", "gives an array of 3×2 for 3 examples"),
        ("words", "gives <U1 for 3 examples"),
        ("none", "gives NoneType for 3 examples"),
        ("masked", "gives masked values; return one number or bool for each"),
        ("ragged", "gives lists of unequal lengths"),
        ("raising", r"raised KeyError: 'mask' \(m.py, line \d+\)"),
        ("leaving", r"called sys.exit\(3\) instead of returning"),
        ("number", "is a int, not a function of outputs and labels"),
    ],
)
def test_what_it_does_wrong_is_one_line(asked, name, reason):
    with pytest.raises(ArtifactError, match=reason) as raised:
        asked(name)
    assert len(str(raised.value).splitlines()) == 1


def test_a_function_that_hangs_is_ended(asked):
    with pytest.raises(ArtifactError, match=r"was still running after 1 s .* --metric-timeout gives it longer"):
        asked("hanging", timeout_s=1.0)


def test_right_or_wrong_for_some_and_numbers_for_others_is_refused(asked):
    values = np.ones((300, 1), np.float32)
    with pytest.raises(ArtifactError, match="gives bool of some examples and numbers of others"):
        asked("both", values, labels=np.repeat([0.0, 1.0], [256, 44]))
