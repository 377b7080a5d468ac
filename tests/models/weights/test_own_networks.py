"""Networks of users' Keras files: taken where they compute what mbench's do, else refused by the layer at fault."""

import contextlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from keras_forms import ARCHITECTURE, HEAD, SIZE, answers_of, compare, save_form

from mbench.core.builds.recipes import Calibration
from mbench.core.builds.variants import Quantization
from mbench.core.choices import Quantizer
from mbench.core.errors import UsageError
from mbench.models.tflite.build import BuildRequest, BuiltFile, build_files
from mbench.models.weights.keras_layers import parse_network
from mbench.models.weights.network_fit import misfit
from mbench.models.weights.weights import describe_file


def conv(name: str, source: str, **changed: object) -> dict[str, object]:
    settings = {"name": name, "filters": 8, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}
    return {"class_name": "Conv2D", "config": settings | changed, "inbound_nodes": [[[source, 0, 0, {}]]]}


def zeros(name: str, source: str, padding: object) -> dict[str, object]:
    settings = {"name": name, "padding": padding}
    return {"class_name": "ZeroPadding2D", "config": settings, "inbound_nodes": [[[source, 0, 0, {}]]]}


ENTRY = {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 8, 8, 3]}, "inbound_nodes": []}


def graph(*layers: dict[str, object], end: str) -> str:
    return json.dumps(
        {
            "class_name": "Functional",
            "config": {"layers": [ENTRY, *layers], "output_layers": [[end, 0, 0]]},
        }
    )


OURS = parse_network(graph(conv("a", "x"), end="a"))


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([conv("a", "x")], None),
        ([conv("mine", "x", groups=1, activation="linear", kernel_initializer="zeros", dtype="float32")], None),
        ([zeros("z", "x", [[0, 1], [0, 1]]), conv("a", "z", padding="valid")], None),
        ([zeros("z", "x", 1), conv("a", "z", padding="valid")], "has padding ((1, 1), (1, 1)) where the network has"),
        ([conv("a", "x", padding="valid")], "has padding ((0, 0), (0, 0)) where the network has ((0, 1), (0, 1))"),
        ([conv("a", "x", strides=1)], "layer a (Conv2D) has strides (1, 1) where the network has (2, 2)"),
        ([conv("a", "x", activation="relu6")], "layer a is relu where the network has its end"),
        ([conv("a", "x", unheard_of=3)], "has unheard_of 3 where the network has none"),
        ([conv("a", "x"), conv("b", "x")], "layer b is Conv2D where the network has its end"),
        ([zeros("z", "x", 0)], "it ends where the network has a, Conv2D"),
    ],
)
def test_a_difference_is_named_by_layer_and_setting(layers: list[dict[str, object]], reason: str | None) -> None:
    end = str(layers[-1]["config"]["name"])  # type: ignore[index]
    answer = misfit(parse_network(graph(*layers, end=end)), OURS, sides=(8, 8))

    assert answer is None if reason is None else reason in (answer or "")


def test_zeros_in_front_are_same_padding_on_an_even_side_alone() -> None:
    theirs = parse_network(graph(zeros("z", "x", [[0, 1], [0, 1]]), conv("a", "z", padding="valid"), end="a"))

    assert misfit(theirs, OURS, sides=(8, 8)) is None
    assert misfit(theirs, OURS, sides=(8, 7)) is not None
    assert misfit(theirs, OURS, sides=(7, 8)) is not None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b"null",
        b'{"class_name": "Functional", "config": {"layers": 3}}',
        b'{"class_name": "Sequential", "config": {"layers": []}}',
        b'{"class_name": "Mine", "config": {}}',
        b'{"class_name": "Functional", "config": {"layers": [{"class_name": "Conv2D"}], "output_layers": []}}',
        b"[" * 100_000,
        b'{"class_name": "Sequential", "config": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_description_that_is_none_is_one_kind_of_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_network(text)


@pytest.mark.parametrize(
    "layer",
    [
        conv("a", "nowhere"),
        conv("a", "x", kernel_size="wide"),
        conv("a", "x", strides=0),
        {**ENTRY, "config": {"name": "y", "batch_shape": [1]}},
    ],
)
def test_layers_that_make_no_sense_are_one_kind_of_error_or_differ(layer: dict[str, object]) -> None:
    with contextlib.suppress(ValueError):
        assert misfit(parse_network(graph(layer, end="a")), OURS, sides=(8, 8)) is not None


@pytest.fixture(scope="module")
def form(tensorflow_worker: ProcessPoolExecutor, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("forms")

    def saved(name: str, suffix: str = ".keras") -> Path:
        path = folder / f"{name.replace(' ', '_')}{suffix}"
        if not path.exists():
            tensorflow_worker.submit(save_form, path, name).result()
        return path

    return saved


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "suffix"), [("equal", ".keras"), ("equal", ".h5"), ("any side", ".keras"), ("other side", ".h5")]
)
def test_a_network_that_computes_the_same_is_taken_and_answers_the_same(
    name: str, suffix: str, form, tensorflow_worker: ProcessPoolExecutor
) -> None:
    said, distance = tensorflow_worker.submit(compare, form(name, suffix)).result()

    assert said == "built"
    assert distance < 1e-6


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("rescaling", "layer rescaling is Rescaling where the network has conv1, Conv2D"),
        ("epsilon", "layer conv_pw_3_bn (BatchNormalization) has epsilon 1e-05 where the network has 0.001"),
        ("plain relu", "has upper bound none where the network has 6.0"),
        ("sigmoid", "layer conv_preds (sigmoid) has function sigmoid where the network has softmax"),
        ("nested", "is a whole model (Functional)"),
        ("lambda", "is Lambda where the network has conv1, Conv2D"),
        ("operator", "is TrueDivide where the network has conv1, Conv2D"),
    ],
)
def test_another_network_is_refused_by_its_layer(
    name: str, reason: str, form, tensorflow_worker: ProcessPoolExecutor
) -> None:
    answer = tensorflow_worker.submit(compare, form(name)).result()

    assert isinstance(answer, str), answer
    assert reason in answer
    assert answer.endswith("or convert the model yourself and name the .tflite file.")


@pytest.mark.tensorflow
def test_no_module_that_a_file_names_is_looked_for(
    form, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    path, trap = tmp_path / "trap.keras", tmp_path / "sprung"
    with ZipFile(form("equal")) as good, ZipFile(path, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name == "config.json":
                described = json.loads(data)
                regularizer = {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", str(trap)]}}
                for layer in described["config"]["layers"]:
                    if layer["class_name"] == "Conv2D":
                        layer["config"] |= {"kernel_regularizer": regularizer, "kernel_initializer": regularizer}
                data = json.dumps(described).encode()
            bad.writestr(name, data)

    assert tensorflow_worker.submit(compare, path).result()[0] == "built"
    assert not trap.exists()


def request_of(path: Path, folder: Path) -> BuildRequest:
    return BuildRequest(
        architecture=ARCHITECTURE,
        size=SIZE,
        head=HEAD,
        quantizations=(Quantization.FP32,),
        weights=describe_file(path),
        calibration=Calibration(),
        quantizer=Quantizer.LITERT,
        folder=folder,
    )


@pytest.mark.tensorflow
def test_a_built_file_is_compared_with_the_users_own_model(
    form, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    (built,) = tensorflow_worker.submit(build_files, request_of(form("equal"), tmp_path)).result()

    assert isinstance(built, BuiltFile)
    assert (built.against, built.notes) == ("your Keras model", ())
    with np.load(built.probe) as probe:
        theirs = tensorflow_worker.submit(answers_of, form("equal"), probe["inputs"]).result()
        assert probe["outputs"] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.tensorflow
def test_what_is_taken_for_granted_is_noted_of_each_file(
    form, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path
) -> None:
    path = tmp_path / "alone.weights.h5"
    with ZipFile(form("equal")) as file:
        path.write_bytes(file.read("model.weights.h5"))
    forms = (Quantization.FP32, Quantization.INT8)
    request = replace(request_of(path, tmp_path), quantizations=forms)
    alone = tensorflow_worker.submit(build_files, request).result()

    assert [file.variant.quantization for file in alone] == list(forms)
    for file in alone:
        assert isinstance(file, BuiltFile)
        assert file.against == "Keras model"
        (noted,) = file.notes
        assert "describes no network" in noted


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_network_for_another_side_is_noted(form, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    (larger,) = tensorflow_worker.submit(build_files, request_of(form("other side", ".h5"), tmp_path)).result()

    assert isinstance(larger, BuiltFile)
    assert larger.notes == ("the weights are of a network for 64 px, run at 32 px",)


@pytest.mark.tensorflow
def test_a_network_that_does_not_fit_is_not_built(form, tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has epsilon 1e-05"):
        tensorflow_worker.submit(build_files, request_of(form("epsilon"), tmp_path)).result()
