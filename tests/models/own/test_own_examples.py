"""Examples that users name to calibrate their networks on."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mbench.core.builds.own_recipes import OwnCalibration, OwnCalibrationKind, PictureScaling
from mbench.core.errors import ArtifactError, MbenchError
from mbench.files.python_source import find_python
from mbench.models.own.examples import read_examples
from mbench.models.own.input_arrays import OwnInput
from mbench.models.tflite.calibration import describe_folder

X = OwnInput(name="x", shape=(1, 2), dtype="float32")


def arrays(path: Path, count: int, **values: np.ndarray) -> OwnCalibration:
    np.savez(path, **values)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return OwnCalibration(kind=OwnCalibrationKind.ARRAYS, examples=count, sha256=sha256, source=str(path))


def code(folder: Path, text: str, count: int = 2) -> OwnCalibration:
    file = folder / "data.py"
    file.write_text(text)
    named = find_python(f"{file}:examples", option="--calibration")
    return OwnCalibration(kind=OwnCalibrationKind.CODE, examples=count, code=named)


def test_rows_behind_the_calibrations_own_are_what_files_are_judged_by(tmp_path: Path) -> None:
    calibration = arrays(tmp_path / "c.npz", 3, x=np.arange(10.0).reshape(5, 2))

    used, unseen = read_examples(calibration, [X], probes=8, timeout_s=5)

    assert [each["x"][0, 0] for each in used] == [0, 2, 4]
    assert [each["x"][0, 0] for each in unseen] == [6, 8]


def test_arrays_of_different_lengths_are_refused(tmp_path: Path) -> None:
    calibration = arrays(tmp_path / "c.npz", 3, x=np.ones((5, 2)), y=np.ones((4, 2)))

    with pytest.raises(ArtifactError, match="one row an example, and x has 5, y has 4"):
        read_examples(calibration, [X], probes=8, timeout_s=5)


def test_arrays_of_objects_are_not_unpickled(tmp_path: Path) -> None:
    calibration = arrays(tmp_path / "c.npz", 3, x=np.array([{}], object))

    with pytest.raises(ArtifactError, match=r"is not a \.npz file of plain arrays"):
        read_examples(calibration, [X], probes=8, timeout_s=5)


def test_arrays_that_changed_since_are_refused(tmp_path: Path) -> None:
    calibration = arrays(tmp_path / "c.npz", 3, x=np.ones((5, 2)))
    np.savez(tmp_path / "c.npz", x=np.zeros((5, 2)))

    with pytest.raises(ArtifactError, match="changed since the build was planned"):
        read_examples(calibration, [X], probes=8, timeout_s=5)


def test_no_more_of_a_generator_is_taken_than_is_needed(tmp_path: Path) -> None:
    text = "def examples():\n    n = 0\n    while True:\n        n += 1\n        yield {'x': [[float(n), 0.0]]}\n"

    used, unseen = read_examples(code(tmp_path, text), [X], probes=3, timeout_s=5)

    assert [float(each["x"][0, 0]) for each in used] == [1, 2]
    assert [float(each["x"][0, 0]) for each in unseen] == [3, 4, 5]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def examples():\n    raise KeyError('gone')\n", r"raised KeyError: 'gone' \(data.py, line 2\)"),
        ("def examples():\n    yield from ()\n", "holds no example"),
        ("examples = 3\n", "gives int, not examples one after another"),
        ("def examples():\n    while True: pass\n", "still running after 1 s"),
        ("import sys\ndef examples():\n    sys.exit(3)\n", r"called sys.exit\(3\)"),
    ],
)
def test_what_is_wrong_with_a_generator_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(MbenchError, match=reason):
        read_examples(code(tmp_path, text), [X], probes=3, timeout_s=1 if "while" in text else 60)


def test_a_data_sets_pictures_are_scaled_and_those_behind_judge(tmp_path: Path) -> None:
    pictures = np.stack([np.full((4, 4, 3), level, np.uint8) for level in (0, 51, 102, 255)])
    np.save(tmp_path / "p.npy", pictures)
    calibration = OwnCalibration(
        kind=OwnCalibrationKind.PREPARED,
        examples=3,
        sha256=hashlib.sha256((tmp_path / "p.npy").read_bytes()).hexdigest(),
        source=str(tmp_path / "p.npy"),
        scaling=PictureScaling(mean=(0, 0, 0), std=(255, 255, 255)),
    )
    gray = OwnInput(name="x", shape=(1, 4, 4, 1), dtype="float32")

    used, unseen = read_examples(calibration, [gray], probes=8, timeout_s=5)

    assert [round(float(each["x"][0, 0, 0, 0]), 3) for each in (*used, *unseen)] == [0.0, 0.2, 0.4, 1.0]
    assert len(unseen) == 1
    with pytest.raises(ArtifactError, match=r"the data set's pictures are \(4, 4, 3\) and its inputs x"):
        read_examples(calibration, [X], probes=8, timeout_s=5)


def test_pictures_are_scaled_and_laid_out_as_the_input_is(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 3), (10, 20, 30), np.uint8)).save(tmp_path / "a.png")
    described = describe_folder(tmp_path, examples=1)
    calibration = OwnCalibration(
        kind=OwnCalibrationKind.FOLDER,
        examples=1,
        sha256=described.sha256,
        source=described.source,
        scaling=PictureScaling(mean=(0, 0, 0), std=(1, 1, 2), bgr=True),
    )
    first = OwnInput(name="x", shape=(1, 3, 4, 4), dtype="float32")

    ((example,), _) = read_examples(calibration, [first], probes=8, timeout_s=5)

    assert example["x"][0, :, 0, 0].round(3).tolist() == [30, 20, 5]
    with pytest.raises(ArtifactError, match="one input that is a square picture; its inputs are x"):
        read_examples(calibration, [X], probes=8, timeout_s=5)
