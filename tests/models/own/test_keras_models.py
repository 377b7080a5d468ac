"""Keras files and SavedModels of users, converted as in use, and those that are refused."""

import hashlib
import io
import json
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from own_models import save_models

from mbench.artifacts.inspection import inspect_bytes
from mbench.artifacts.running import run_outputs
from mbench.core.builds.own_recipes import OwnCalibration, OwnCalibrationKind, OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import Quantization
from mbench.core.errors import ArtifactError, MbenchError, UsageError
from mbench.files.python_source import find_python
from mbench.models.own.build import OwnBuildRequest, build_own_files
from mbench.models.own.keras_model import SPARE_BYTES, open_keras
from mbench.models.own.saved_model import saved_model_digest
from mbench.models.tflite.build import BuiltFile, FailedFile

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def models(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tensorflow_worker.submit(save_models, folder).result()
    return folder


def keras_file(path: Path) -> OwnNetwork:
    return OwnNetwork(form=OwnForm.KERAS, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), source=str(path))


def saved_model(folder: Path) -> OwnNetwork:
    return OwnNetwork(form=OwnForm.SAVED_MODEL, sha256=saved_model_digest(folder), source=str(folder))


def build(
    worker: ProcessPoolExecutor,
    folder: Path,
    network: OwnNetwork,
    *quantizations: Quantization,
) -> list[BuiltFile | FailedFile]:
    folder.mkdir(parents=True, exist_ok=True)
    recipes = tuple(
        OwnRecipe(variant=OwnVariant(network="net", quantization=each), network=network)
        for each in quantizations or (Quantization.FP32,)
    )
    asked = OwnBuildRequest(recipes=recipes, folder=folder, log=folder / "build.log", timeout_s=240)
    return worker.submit(build_own_files, asked).result()


@pytest.mark.parametrize("form", ["keras", "saved"])
def test_several_inputs_and_outputs_keep_their_names_and_answers(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, form: str
) -> None:
    network = keras_file(models / "siamese.keras") if form == "keras" else saved_model(models / "siamese_saved")

    real, small = build(tensorflow_worker, tmp_path, network, Quantization.FP32, Quantization.FP16)

    assert isinstance(real, BuiltFile)
    assert isinstance(small, BuiltFile)
    inspected = inspect_bytes(real.path.read_bytes(), name="net")
    assert sorted(each.name for each in inspected.inputs) == ["left", "right"]
    assert all(each.shape == (1, 8, 8, 3) for each in inspected.inputs)
    assert {each.name: each.shape for each in inspected.outputs} == {"gap": (1, 4), "all": (1, 2)}
    with np.load(real.probe) as probe:
        inputs = {name: probe[f"inputs/{name}"] for name in ("left", "right")}
        wanted = {name: probe[f"outputs/{name}"] for name in ("gap", "all")}
    for built, most in ((real, 1e-5), (small, 1e-2)):
        found = run_outputs(built.path.read_bytes(), inputs)
        assert all(np.abs(found[name].values - wanted[name]).max() < most for name in wanted)
    assert np.ptp(wanted["gap"]) > 0.01


def test_a_lambda_runs_only_where_it_is_allowed(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    network = keras_file(models / "lambda.keras")

    with pytest.raises(ArtifactError, match=r"holds code: its Lambda layer 'square'. --allow-lambda runs it with your"):
        build(tensorflow_worker, tmp_path, network)
    (built,) = build(tensorflow_worker, tmp_path, replace(network, allow_lambda=True))
    assert isinstance(built, BuiltFile)


def test_a_function_that_a_file_only_names_is_code_of_the_users_own(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match=r"needs code of your own: _square, of its layer 'square'"):
        build(tensorflow_worker, tmp_path, keras_file(models / "function.keras"))


def test_layers_of_the_users_own_need_their_code(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    network = keras_file(models / "gate.keras")
    code = find_python(f"{models / 'own_layers.py'}:OBJECTS", option="--custom-objects")

    with pytest.raises(ArtifactError, match=r"needs code of your own: Gate, of its layer 'gate'. Name it by --custom-"):
        build(tensorflow_worker, tmp_path, network)
    (built,) = build(tensorflow_worker, tmp_path, replace(network, custom_objects=code))
    assert isinstance(built, BuiltFile)


@pytest.mark.parametrize("form", ["keras", "saved-model"])
def test_operators_that_tflite_does_not_have_are_named_with_their_layer(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path, form: str
) -> None:
    code = find_python(f"{models / 'own_layers.py'}:OBJECTS", option="--custom-objects")
    network = saved_model(models / "spectrum_saved")
    if form == "keras":
        network = replace(keras_file(models / "spectrum.keras"), custom_objects=code)

    with pytest.raises(ArtifactError, match=r"operators that TFLite does not have: .*FFT2D \(in spectrum\)"):
        build(tensorflow_worker, tmp_path, network)


def test_loops_are_built_in_float16_and_refused_in_int8_with_what_to_do(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    network = keras_file(models / "loops.keras")
    small, narrow = build(tensorflow_worker, tmp_path, network, Quantization.FP16, Quantization.DRQ)

    assert isinstance(small, BuiltFile)
    assert isinstance(narrow, BuiltFile)
    with np.load(small.probe) as probe:
        found = run_outputs(small.path.read_bytes(), {"signal": probe["inputs/signal"]})
        assert np.abs(found["output"].values - probe["outputs/output"]).max() < 1e-2
    calibrated = OwnCalibration(kind=OwnCalibrationKind.SYNTHETIC, examples=2)
    recipe = OwnRecipe(
        variant=OwnVariant(network="net", quantization=Quantization.INT8), network=network, calibration=calibrated
    )
    asked = OwnBuildRequest(recipes=(recipe,), folder=tmp_path, log=tmp_path / "build.log", timeout_s=240)
    (failed,) = tensorflow_worker.submit(build_own_files, asked).result()
    assert isinstance(failed, FailedFile)
    said = "net_int8: it has loops, whose ranges the quantizer cannot read: unroll its recurrent layers (unroll=True)."
    assert failed.message.startswith(said)


def test_an_open_size_must_be_given(models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    network = keras_file(models / "open.keras")

    with pytest.raises(ArtifactError, match=r"give it one, such as --input-shape image:1,64,64,3"):
        build(tensorflow_worker, tmp_path, network)
    (built,) = build(tensorflow_worker, tmp_path, replace(network, input_shapes=("image:1,16,24,3",)))
    assert isinstance(built, BuiltFile)
    assert inspect_bytes(built.path.read_bytes(), name="net").inputs[0].shape == (1, 16, 24, 3)


def test_a_saved_model_without_signatures_is_refused(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match=r"bare has no signatures; write it by model.export"):
        build(tensorflow_worker, tmp_path, saved_model(models / "bare"))


def test_a_signature_that_is_not_there_is_named_with_those_that_are(
    models: Path, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    network = replace(saved_model(models / "siamese_saved"), signature="encode")

    with pytest.raises(ArtifactError, match="has no signature 'encode': serve, serving_default"):
        build(tensorflow_worker, tmp_path, network)


def packed(weights: bytes, config: object = None, **members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config or {"class_name": "Functional"}))
        archive.writestr("model.weights.h5", weights)
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def linked(tmp_path: Path) -> bytes:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/secrets.h5", "/")
    return (tmp_path / "w.h5").read_bytes()


def test_a_link_out_of_the_weights_is_refused_before_keras_follows_it(tmp_path: Path) -> None:
    with pytest.raises(MbenchError, match="layers is a link to another place or file"):
        open_keras(network_of(tmp_path), packed(linked(tmp_path)), tmp_path, timeout_s=5)


def test_what_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    bomb = packed(bytes(SPARE_BYTES + (1 << 23)))

    with pytest.raises(MbenchError, match=r"it unpacks to \d+ bytes, and at most \d+ are read"):
        open_keras(network_of(tmp_path), bomb, tmp_path, timeout_s=5)


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n" + bytes(100), b"PK\x03\x04 cut short"])
def test_what_is_no_keras_file_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(MbenchError, match=r"net.keras is no whole .keras file"):
        open_keras(network_of(tmp_path), data, tmp_path, timeout_s=5)


def network_of(folder: Path) -> OwnNetwork:
    return OwnNetwork(form=OwnForm.KERAS, sha256="0" * 64, source=str(folder / "net.keras"))


def test_a_saved_models_hash_covers_its_variables_and_no_link_leads_out(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "variables" / "data").write_bytes(b"1")
    first = saved_model_digest(tmp_path)
    (tmp_path / "variables" / "data").write_bytes(b"2")
    second = saved_model_digest(tmp_path)
    (tmp_path / "fingerprint.pb").write_bytes(b"drawn anew by each export")

    assert first != second
    assert saved_model_digest(tmp_path) == second
    (tmp_path / "assets").symlink_to("/etc")
    with pytest.raises(UsageError, match="is a link, which its hash would not cover"):
        saved_model_digest(tmp_path)
