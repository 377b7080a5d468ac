"""Teachers: Keras files, weights of ours, and outputs that were stored with the name of their data set."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import Head, Size
from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.models.networks.mobilenet_v1 import build, layers
from mbench.models.training.teachers import (
    KerasTeacher,
    StoredTeacher,
    WeightsTeacher,
    teacher_outputs,
    write_outputs,
)
from mbench.models.weights.seeded_weights import seeded_weights
from mbench.models.weights.weights import describe_file, set_weights

SIZE, HEAD = Size(alpha=0.25, resolution=32), Head(name="ten", classes=10)
FACTS = DatasetFacts(
    name="digits", task=Task.CLASSIFICATION, split=Split.TRAIN, sha256="a" * 64, examples=3, classes=10
)
PICTURES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
OUTPUTS = np.random.default_rng(1).random((3, 10)).astype(np.float32)


def save_network(path: Path) -> Any:
    """Write a network of ours as a `.keras` file and return what it makes of the pictures."""
    model = build(SIZE, HEAD)
    set_weights(model, seeded_weights(layers(SIZE.alpha, HEAD.classes), 0))
    model.save(path)
    return np.asarray(model(PICTURES.astype(np.float32) / 127.5 - 1.0))


def save_code(path: Path) -> None:
    import keras

    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Lambda(lambda x: x * 2)]).save(path)


def stored(folder: Path, facts: DatasetFacts = FACTS) -> StoredTeacher:
    write_outputs(OUTPUTS, folder / "outputs.npy", facts)
    return StoredTeacher(path=folder / "outputs.npy", dataset=FACTS)


@pytest.mark.tensorflow
def test_a_keras_file_and_weights_of_ours_teach_the_same(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    wanted = tensorflow_worker.submit(save_network, tmp_path / "big.keras").result()
    np.savez(tmp_path / "big.npz", **seeded_weights(layers(SIZE.alpha, HEAD.classes), 0))
    file = KerasTeacher(path=tmp_path / "big.keras")
    weights = WeightsTeacher(
        architecture="mobilenet_v1", size=SIZE, head=HEAD, weights=describe_file(tmp_path / "big.npz")
    )

    taught = [tensorflow_worker.submit(teacher_outputs, teacher, PICTURES).result() for teacher in (file, weights)]

    assert taught[0] == pytest.approx(wanted, abs=1e-5)
    assert taught[1] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.tensorflow
def test_a_teacher_of_another_resolution_names_both(tensorflow_worker: ProcessPoolExecutor) -> None:
    teacher = WeightsTeacher(
        architecture="mobilenet_v1", size=Size(alpha=0.25, resolution=64), head=HEAD, weights=Weights()
    )

    with pytest.raises(UsageError, match=r"\(64, 64, 3\), and got \(32, 32, 3\)"):
        tensorflow_worker.submit(teacher_outputs, teacher, PICTURES).result()


@pytest.mark.tensorflow
def test_a_keras_file_that_brings_code_is_not_run(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    tensorflow_worker.submit(save_code, tmp_path / "code.keras").result()

    with pytest.raises(UsageError, match="cannot be read as a Keras model"):
        tensorflow_worker.submit(teacher_outputs, KerasTeacher(path=tmp_path / "code.keras"), PICTURES).result()


def test_a_file_that_is_no_keras_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.keras").write_bytes(b"no zip")

    with pytest.raises(UsageError, match=r"no \.keras file"):
        teacher_outputs(KerasTeacher(path=tmp_path / "x.keras"), PICTURES)


def test_stored_outputs_are_read_back(tmp_path: Path) -> None:
    assert np.array_equal(teacher_outputs(stored(tmp_path), PICTURES), OUTPUTS)


def test_stored_outputs_of_another_data_set_are_refused(tmp_path: Path) -> None:
    teacher = stored(tmp_path, FACTS.model_copy(update={"sha256": "b" * 64}))

    with pytest.raises(UsageError, match="are of digits train"):
        teacher_outputs(teacher, PICTURES)


def test_stored_outputs_of_another_number_of_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 pictures want floats of one row each"):
        teacher_outputs(stored(tmp_path), PICTURES[:2])


@pytest.mark.parametrize(("text", "reason"), [(None, "need outputs.npy.json"), ("{}", "names no data set")])
def test_stored_outputs_without_a_data_set_are_refused(text: str | None, reason: str, tmp_path: Path) -> None:
    teacher = stored(tmp_path)
    sidecar = tmp_path / "outputs.npy.json"
    if text is None:
        sidecar.unlink()
    else:
        sidecar.write_text(text)

    with pytest.raises(UsageError, match=reason):
        teacher_outputs(teacher, PICTURES)
