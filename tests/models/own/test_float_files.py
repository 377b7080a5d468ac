"""Float `.tflite` files of any converter, quantized: built as in use, in a process of its own."""

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from linear_digits import SIDE, _File, linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.inspection import inspect_bytes
from mbench.artifacts.running import run_outputs
from mbench.core.builds.own_recipes import OwnCalibration, OwnCalibrationKind, OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import POST_TRAINING, Quantization
from mbench.core.choices import Ends
from mbench.core.errors import MbenchError
from mbench.models.own.build import OwnBuildRequest, build_own_files
from mbench.models.tflite.build import BuiltFile

pytestmark = pytest.mark.tensorflow

FILE = linear_digits(SCALINGS["unit"], second=True)


def request(
    folder: Path, *quantizations: Quantization, ends: Ends = Ends.INT8, **values: np.ndarray
) -> OwnBuildRequest:
    folder.mkdir(parents=True, exist_ok=True)
    source, arrays = folder / "net.tflite", folder / "examples.npz"
    source.write_bytes(FILE)
    shares = np.random.default_rng(0).uniform(0, 1, (12, SIDE, SIDE, 3)).astype(np.float32)
    np.savez(arrays, **(values or {"picture": shares}))
    sha256 = hashlib.sha256(arrays.read_bytes()).hexdigest()
    return OwnBuildRequest(
        recipes=tuple(
            OwnRecipe(
                variant=OwnVariant(network="net", quantization=quantization),
                network=OwnNetwork(form=OwnForm.TFLITE, sha256=hashlib.sha256(FILE).hexdigest(), source=str(source)),
                calibration=OwnCalibration(
                    kind=OwnCalibrationKind.ARRAYS, examples=8, sha256=sha256, source=str(arrays)
                ),
                ends=ends,
            )
            for quantization in quantizations
        ),
        folder=folder,
        log=folder / "build.log",
        timeout_s=240,
    )


@pytest.fixture(scope="module")
def built(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    asked = request(tmp_path_factory.mktemp("own"), *POST_TRAINING)
    files = tensorflow_worker.submit(build_own_files, asked).result()
    assert all(isinstance(file, BuiltFile) for file in files), files
    return {file.variant.quantization: file.path.read_bytes() for file in files if isinstance(file, BuiltFile)}


def test_the_float_form_is_the_users_file_to_the_byte(built: dict[str, bytes]) -> None:
    assert built[Quantization.FP32] == FILE


@pytest.mark.parametrize("quantization", [each for each in POST_TRAINING if each is not Quantization.FP32])
def test_inputs_and_outputs_keep_their_names_and_order(built: dict[str, bytes], quantization: Quantization) -> None:
    inspected = inspect_bytes(built[quantization], name="net")

    assert [each.name for each in inspected.inputs] == ["picture"]
    assert [each.name for each in inspected.outputs] == ["scores", "reversed"]


@pytest.mark.parametrize(
    ("quantization", "least_db"),
    [(Quantization.FP16, 50), (Quantization.DRQ, 25), (Quantization.INT8, 20), (Quantization.INT16X8, 25)],
)
def test_every_form_answers_nearly_as_the_float_file(
    built: dict[str, bytes], quantization: Quantization, least_db: float
) -> None:
    inputs = {"picture": np.random.default_rng(1).uniform(0, 1, (4, 1, SIDE, SIDE, 3)).astype(np.float32)}
    wanted, found = (run_outputs(data, inputs)["scores"].values for data in (FILE, built[quantization]))

    assert 10 * np.log10(np.sum(wanted**2) / np.sum((wanted - found) ** 2)) > least_db
    assert not np.array_equal(wanted, found)


def test_integers_stand_at_the_ends_unless_floats_are_asked_for(
    built: dict[str, bytes], tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    (real,) = tensorflow_worker.submit(build_own_files, request(tmp_path, Quantization.INT8, ends=Ends.FLOAT)).result()
    assert isinstance(real, BuiltFile)
    integer = inspect_bytes(built[Quantization.INT8], name="net")
    floats = inspect_bytes(real.path.read_bytes(), name="net")

    assert {each.dtype for each in (*integer.inputs, *integer.outputs)} == {"int8"}
    assert {each.dtype for each in (*floats.inputs, *floats.outputs)} == {"float32"}
    assert {"QUANTIZE", "DEQUANTIZE"} <= set(floats.operators)


def test_a_recipe_of_the_quantizers_own_says_what_is_quantized(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    weights = {"num_bits": 8, "symmetric": True, "granularity": "CHANNELWISE", "dtype": "INT"}
    entry = {
        "regex": "scores",
        "operation": "FULLY_CONNECTED",
        "algorithm_key": "min_max_uniform_quantize",
        "op_config": {"weight_tensor_config": weights, "compute_precision": "INTEGER", "explicit_dequantize": False},
    }
    asked = request(tmp_path, Quantization.INT8)
    (recipe,) = asked.recipes
    by_recipe = replace(asked, recipes=(replace(recipe, quantizer_recipe=json.dumps([entry])),))
    (built,) = tensorflow_worker.submit(build_own_files, by_recipe).result()

    assert isinstance(built, BuiltFile)
    model = read_model(built.path.read_bytes())
    weights_of = {each.dtype for each in model.main.tensors if each.constant and len(each.shape) == 2}
    assert weights_of == {"int8", "float32"}  # of two layers of which the entry means one


def test_calibration_with_another_name_is_refused_before_anything_is_quantized(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    asked = request(tmp_path, Quantization.INT8, pictures=np.ones((4, SIDE, SIDE, 3), np.float32))

    with pytest.raises(MbenchError, match="example 0 has pictures; its inputs are picture"):
        tensorflow_worker.submit(build_own_files, asked).result()


def opened(folder: Path, *shapes: str) -> OwnBuildRequest:
    """Return a request for a file whose batch, height and width are open, with shapes that are asked for."""
    asked = request(folder, Quantization.FP32)
    data = linear_digits(SCALINGS["unit"], open_size=True)
    Path(asked.recipes[0].network.source).write_bytes(data)
    network = replace(asked.recipes[0].network, sha256=hashlib.sha256(data).hexdigest(), input_shapes=shapes)
    calibration = OwnCalibration(kind=OwnCalibrationKind.SYNTHETIC, examples=4)
    recipes = [
        replace(
            asked.recipes[0],
            variant=OwnVariant(network="net", quantization=quantization),
            network=network,
            calibration=calibration,
        )
        for quantization in (Quantization.FP32, Quantization.INT8)
    ]
    return replace(asked, recipes=tuple(recipes))


@pytest.mark.parametrize("batch", [1, 2])
def test_open_sizes_and_batches_are_fixed_throughout_the_graph_as_asked(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, batch: int
) -> None:
    asked = opened(tmp_path, f"picture:{batch},{SIDE},{SIDE},3")
    files = tensorflow_worker.submit(build_own_files, asked).result()
    assert all(isinstance(file, BuiltFile) for file in files), files
    whole, small = (inspect_bytes(file.path.read_bytes(), name="net") for file in files)
    inputs = {"picture": np.random.default_rng(1).uniform(0, 1, (4, batch, SIDE, SIDE, 3)).astype(np.float32)}
    alone = {"picture": inputs["picture"][:, -1:]}
    found = run_outputs(files[0].path.read_bytes(), inputs)["scores"].values
    wanted = run_outputs(linear_digits(SCALINGS["unit"]), alone)["scores"].values

    assert [each.inputs[0].shape for each in (whole, small)] == [(batch, SIDE, SIDE, 3)] * 2
    assert [each.outputs[0].shape for each in (whole, small)] == [(batch, 10)] * 2
    np.testing.assert_allclose(found.reshape(4, batch, 10)[:, -1:], wanted.reshape(4, 1, 10), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ((), r"its input 'picture' has no fixed size .*give it one, such as --input-shape picture:1,64,64,3"),
        (("picture:1,9,9,3",), "its graph cannot take inputs of 1×9×9×3"),
        (("picture:1,8,8,4",), "does not fit its input 'picture'"),
        (("image:1,8,8,3",), r"--input-shape image:1,8,8,3: its inputs are picture"),
    ],
)
def test_shapes_that_cannot_be_are_one_line(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, shapes: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(MbenchError, match=reason):
        tensorflow_worker.submit(build_own_files, opened(tmp_path, *shapes)).result()


@pytest.mark.parametrize(("level", "wrong"), [(np.nan, 8), (np.inf, 8)])
def test_a_file_that_answers_no_numbers_itself_is_not_blamed_on_the_quantizer(
    tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, level: float, wrong: int
) -> None:
    file = _File()
    entry = file.tensor("x", (1, 4))
    data = file.packed(entry, [file.dense(entry, np.eye(4), np.full(4, level), None, name="y")], None, signed=False)
    asked = request(tmp_path, Quantization.FP32, Quantization.INT8, x=np.ones((8, 1, 4), np.float32))
    Path(asked.recipes[0].network.source).write_bytes(data)
    network = replace(asked.recipes[0].network, sha256=hashlib.sha256(data).hexdigest())
    asked = replace(asked, recipes=tuple(replace(each, network=network) for each in asked.recipes))
    with pytest.raises(MbenchError) as raised:
        tensorflow_worker.submit(build_own_files, asked).result()
    assert str(raised.value) == (
        "the float file itself answers NaN or infinity, in its output 'y'. Look at its weights and at its inputs' "
        f"range: it does so to {wrong} of 8 examples of yours."
    )
