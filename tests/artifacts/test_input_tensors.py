"""What a user asks of inputs, matched with the inputs that a file has."""

import hashlib
import shlex
from pathlib import Path

import pytest

from mbench.artifacts.asked_inputs import NO_INPUTS, AskedInputs
from mbench.artifacts.input_tensors import input_tensors, unfed_input
from mbench.artifacts.inspection import TensorFacts
from mbench.core.errors import ArtifactError
from mbench.core.workloads import InputTensor


def tensor(name: str, shape: tuple[int, ...], signature: tuple[int, ...] | None = None, dtype: str = "float32"):
    return TensorFacts(name=name, shape=shape, shape_signature=signature, dtype=dtype, scale=None, zero_point=None)


OPEN = tensor("serving_default_x:0", (1, 1, 1, 3), (-1, -1, -1, 3))
IDS = tensor("ids", (1, 4), dtype="int32")
WORDS = tensor("words", (1,), dtype="string")


def fed(*inputs: TensorFacts, shapes: tuple[str, ...] = (), files: tuple[str, ...] = (), data: bytes = b""):
    return input_tensors(inputs, AskedInputs(shapes=shapes, files=files), lambda path: data)


def test_nothing_asked_is_nothing_fed() -> None:
    assert input_tensors((OPEN, IDS), NO_INPUTS, lambda path: b"") == ()
    assert not NO_INPUTS
    assert NO_INPUTS.placeholder() == ()


def test_a_name_may_hold_colons_and_the_other_inputs_keep_their_shapes() -> None:
    assert fed(OPEN, IDS, shapes=("serving_default_x:0:8,224,224,3",)) == (
        InputTensor(name="serving_default_x:0", shape=(8, 224, 224, 3)),
        InputTensor(name="ids", shape=(1, 4)),
    )


def test_values_are_known_by_their_hash() -> None:
    data = bytes(16)
    (one,) = fed(IDS, files=("ids:/tmp/a:b.bin",), data=data)
    assert one.values_sha256 == hashlib.sha256(data).hexdigest()
    assert str(one) == f"ids:1,4 from {one.values_sha256[:12]}"


def test_the_longest_name_counts() -> None:
    first, second = tensor("x", (1,)), tensor("x:0", (1,))
    assert [each.shape for each in fed(first, second, shapes=("x:0:7",))] == [(1,), (7,)]


def test_values_fit_the_shape_that_was_asked_for() -> None:
    (one,) = fed(IDS, shapes=("ids:2,4",), files=("ids:f",), data=bytes(32))
    assert one.shape == (2, 4)
    (words,) = fed(WORDS, files=("words:f",), data=b"any number\0of bytes\0")
    assert words.values_sha256 is not None


@pytest.mark.parametrize(
    ("shapes", "files", "size", "reason"),
    [
        (("y:1,4",), (), 0, "it has no input that --input-shape y:1,4 names; its inputs are 'ids'."),
        ((), ("y:f",), 0, "it has no input that --input y:f names; its inputs are 'ids'."),
        (
            ("ids:4",),
            (),
            0,
            "--input-shape ids:4 has 1 dimensions; the input 'ids' has 2: write such as --input-shape ids:1,4.",
        ),
        (
            ("ids:0,4",),
            (),
            0,
            "--input-shape ids:0,4 is not a shape; write sizes of 1 or more, such as --input-shape ids:1,4.",
        ),
        (
            ("ids:-1,4",),
            (),
            0,
            "--input-shape ids:-1,4 is not a shape; write sizes of 1 or more, such as --input-shape ids:1,4.",
        ),
        (
            ("ids:1;4",),
            (),
            0,
            "--input-shape ids:1;4 is not a shape; write sizes of 1 or more, such as --input-shape ids:1,4.",
        ),
        (("ids:1,4", "ids:2,4"), (), 0, "--input-shape names its input 'ids' twice."),
        ((), ("ids:f", "ids:g"), 16, "--input names its input 'ids' twice."),
        ((), ("ids:f",), 15, "f has 15 bytes; input 'ids' takes 16: 1×4 int32 values, raw."),
        ((), ("ids:f",), 17, "f has 17 bytes; input 'ids' takes 16: 1×4 int32 values, raw."),
        (("ids:2,4",), ("ids:f",), 16, "f has 16 bytes; input 'ids' takes 32: 2×4 int32 values, raw."),
        ((), ("ids:f",), 0, "f is empty; it must hold the values of input 'ids'."),
    ],
)
def test_what_does_not_fit_is_refused(shapes: tuple[str, ...], files: tuple[str, ...], size: int, reason: str) -> None:
    with pytest.raises(ArtifactError) as refusal:
        fed(IDS, shapes=shapes, files=files, data=bytes(size))
    assert str(refusal.value) == reason


def unfed(*inputs: TensorFacts, **asked: tuple[str, ...]) -> str | None:
    wanted = AskedInputs(**asked)
    return unfed_input(inputs, input_tensors(inputs, wanted, lambda path: b"1234"), wanted)


def test_an_open_size_must_be_asked_for() -> None:
    assert unfed(OPEN) == (
        "its input 'serving_default_x:0' has no fixed shape but (-1, -1, -1, 3); give it one, such as "
        "--input-shape serving_default_x:0:1,224,224,3, or convert it with a fixed one."
    )
    assert unfed(OPEN, shapes=("serving_default_x:0:1,8,8,3",)) is None
    assert unfed(IDS) is None
    assert unfed(tensor("x", (1, 4), (-1, 4))) is None


@pytest.mark.parametrize(
    "inputs",
    [
        (OPEN,),
        (tensor("a picture; rm *", (1, 1, 1, 3), (1, -1, -1, 3)),),
        (tensor("ids", (1, 1), (1, -1)), tensor("mask:0", (1, 1), (-1, -1)), tensor("it's", (0, 8))),
        (tensor("", (1, 1), (1, -1)),),
    ],
    ids=str,
)
def test_the_shapes_that_are_proposed_are_taken_when_they_are_pasted(inputs: tuple[TensorFacts, ...]) -> None:
    reason = unfed(*inputs)
    assert reason is not None
    words = shlex.split(reason.partition("such as ")[2].removesuffix(", or convert it with a fixed one."))
    assert words[::2] == ["--input-shape"] * len(inputs)
    assert unfed(*inputs, shapes=tuple(words[1::2])) is None


def test_the_shape_in_place_of_one_that_does_not_fit_is_taken_when_it_is_pasted() -> None:
    for wrong in ("0,4", "7", "a"):
        with pytest.raises(ArtifactError) as refusal:
            fed(OPEN, shapes=(f"serving_default_x:0:{wrong}",))
        option, shape = shlex.split(str(refusal.value).partition("such as ")[2].removesuffix("."))
        assert (option, fed(OPEN, shapes=(shape,))[0].shape) == ("--input-shape", (1, 224, 224, 3))


def test_text_must_be_given() -> None:
    reason = unfed(WORDS)
    assert reason is not None
    assert reason.endswith("takes string values, which mbench cannot generate; give them by --input words:FILE.")
    assert unfed(WORDS, files=("words:" + str(Path("f")),)) is None
