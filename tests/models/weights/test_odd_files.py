"""Files that are no weights of Keras, or not whole: one line that says what, where and what to do next."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.models.networks.layers import Layer
from mbench.models.weights.keras_layers import parse_network
from mbench.models.weights.weights import describe_file, read_weights

NO_LAYERS: list[Layer] = []


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"hello\n", "it is neither HDF5 nor a zip archive"),
        (zipped(a=b"hello"), "it holds no model.weights.h5"),
        (zipped(a=b"hello")[:40], "File is not a zip file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "Unable to synchronously open file"),
    ],
    ids=["empty", "text", "zip", "cut zip", "cut HDF5"],
)
def test_what_is_no_file_of_keras_is_said_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_weights("my.keras", data, NO_LAYERS)
    message = str(refused.value)
    assert message.startswith("weights my.keras are no .keras, .weights.h5 or .h5 file of Keras: ")
    assert said in message
    assert message.endswith("that is whole, or convert the model yourself and name the .tflite file.")
    assert "\n" not in message


def test_a_file_that_is_built_already_is_led_to_where_it_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "my file.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3")
    with pytest.raises(
        UsageError, match=r"which is built already: mbench run --model '.*/my file\.tflite' measures it"
    ):
        describe_file(path)


@pytest.mark.parametrize("name", ["missing.keras", "saved_model"])
def test_what_cannot_be_read_says_which_files_are_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / "saved_model").mkdir()
    with pytest.raises(UsageError, match=r"cannot be read: .*\. Name a \.keras, \.h5, \.weights\.h5 or \.npz file\.$"):
        describe_file(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "its configuration is not JSON: Expecting property name"),
        ("[]", "its configuration is not a Keras one"),
        (json.dumps({"class_name": "Sub", "config": {}}), "it is a model of class Sub, whose layers only its own code"),
    ],
)
def test_a_description_that_describes_no_layers_is_said_to_be_one(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_network(text)
