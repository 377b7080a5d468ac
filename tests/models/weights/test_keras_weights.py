"""Weights that Keras wrote, in our network."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from keras_published import HEAD, SIZE, answer_with, count_parameters, save_keras_mobilenet

from mbench.core.builds.recipes import Weights, WeightsKind
from mbench.core.errors import UsageError
from mbench.models.networks.mobilenet_v1 import layers
from mbench.models.weights.weights import describe_file, load_weights, read_weights

pytestmark = pytest.mark.tensorflow

KERAS_PARAMETERS = {1.0: 4_253_864, 0.75: 2_601_976, 0.5: 1_342_536, 0.25: 475_544}
"""Of `keras.applications.MobileNet`: weights, the classifier's bias, and four values of each normalized channel."""


@pytest.fixture(scope="module")
def saved(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    tensorflow_worker.submit(save_keras_mobilenet, folder).result()
    return folder


@pytest.mark.parametrize("name", ["published.h5", "saved.weights.h5", "saved.keras"])
def test_keras_weights_give_exactly_the_answers_of_keras(
    name: str, saved: Path, tensorflow_worker: ProcessPoolExecutor
) -> None:
    with np.load(saved / "answer.npz") as answer:
        ours = tensorflow_worker.submit(answer_with, saved / name, answer["inputs"]).result()

        assert np.array_equal(ours, answer["outputs"])


@pytest.mark.parametrize("alpha", KERAS_PARAMETERS)
def test_the_network_has_as_many_parameters_as_that_of_keras(
    alpha: float, tensorflow_worker: ProcessPoolExecutor
) -> None:
    assert tensorflow_worker.submit(count_parameters, alpha).result() == KERAS_PARAMETERS[alpha]


def test_another_number_of_classes_is_named_by_layer_and_shape(saved: Path) -> None:
    with pytest.raises(UsageError, match="conv_preds/kernel is 1×1×256×20 in the network and 1×1×256×10 in the file"):
        load_weights(describe_file(saved / "published.h5"), layers(SIZE.alpha, 20))


def test_another_width_is_named_by_its_first_layer(saved: Path) -> None:
    with pytest.raises(UsageError, match="conv1/kernel is 3×3×3×16 in the network and 3×3×3×8 in the file"):
        load_weights(describe_file(saved / "saved.keras"), layers(0.5, HEAD.classes))


def test_a_file_that_lacks_a_layer_is_named_by_it(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.h5"
    path.write_bytes((saved / "published.h5").read_bytes())
    with h5py.File(path, "a") as file:
        file.attrs["layer_names"] = [name for name in file.attrs["layer_names"] if name != "conv_dw_13"]

    with pytest.raises(UsageError, match="layer conv_dw_13 wants 1 weights \\(kernel\\), the file has none"):
        load_weights(describe_file(path), layers(SIZE.alpha, HEAD.classes))


def test_weights_that_are_not_finite_are_named(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.h5"
    path.write_bytes((saved / "published.h5").read_bytes())
    with h5py.File(path, "a") as file:
        file["conv_pw_3_bn/conv_pw_3_bn/beta"][5] = np.nan

    with pytest.raises(UsageError, match="conv_pw_3_bn/beta holds numbers that are not finite"):
        load_weights(describe_file(path), layers(SIZE.alpha, HEAD.classes))


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"weights notes\.h5 are no \.keras"):
        read_weights("notes.h5", b"no weights at all", layers(SIZE.alpha, HEAD.classes))


def test_a_file_that_changed_since_it_was_described_is_refused(saved: Path) -> None:
    described = Weights(kind=WeightsKind.FILE, sha256="0" * 64, source=str(saved / "published.h5"))

    with pytest.raises(UsageError, match="changed since the build was planned"):
        load_weights(described, layers(SIZE.alpha, HEAD.classes))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.h5 cannot be read: No such file"):
        describe_file(tmp_path / "nowhere.h5")
