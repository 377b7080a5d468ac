"""`--keep-float` on a network that int8 ruins: one channel is far wider than the others between two layers."""

import json
import re

import numpy as np
import pytest
from command_line import ONCE, Command, rows_of
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS

NETS = """
import keras
import numpy as np

def wide_net(wide: float = 150.0):
    keras.utils.set_random_seed(1)
    layers = keras.layers
    entry = keras.Input((16, 16, 3), name="x")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(entry)
    x = scaled(x, wide, "up")
    x = layers.Activation("hard_swish")(x)
    x = scaled(x, 1 / wide, "down")
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    return keras.Model(entry, layers.Dense(4, name="out")(layers.GlobalAveragePooling2D()(x)))

def scaled(x, factor, name):
    layer = keras.layers.DepthwiseConv2D(1, use_bias=False, name=name)
    given = layer(x)
    kernel = np.ones((1, 1, 8, 1))
    kernel[0, 0, 0] = factor
    layer.set_weights([kernel])
    return given
"""
ASKED = ("--arch", "nets.py:wide_net", "--weights", "builder", "--calibration", "x.npz", "--quantization", "fp32,int8")


@pytest.fixture
def wide(bare: Command) -> Command:
    (bare.folder / "nets.py").write_text(NETS)
    pictures = np.random.default_rng(0).normal(size=(40, 16, 16, 3)).astype(np.float32)
    np.savez(bare.folder / "x.npz", x=pictures)
    return bare


@pytest.mark.tensorflow
def test_what_int8_ruins_is_found_and_left_in_float_and_found_again(wide, without_tensorflow):
    first = wide("build", *ASKED, "--keep-float", "auto", "--json")
    built = {each["name"]: each for each in json.loads(first.stdout)}
    kept = built["wide-net_keep-float=auto_int8"]
    (note,) = [each for each in kept["notes"] if each.startswith("keep-float")]

    assert built["wide-net_int8"]["snr_db"] is None or built["wide-net_int8"]["snr_db"] < 15
    assert kept["snr_db"] > 25
    assert "HARD_SWISH" in note
    assert re.search(r"[3-5] of \d+ operators are left in float", note)
    before, after = map(float, re.search(r"(-?[\d.]+) dB in int8 alone, ([\d.]+) dB so; 30 dB", note).groups())  # type: ignore[union-attr]
    assert before < 15
    assert after >= 30
    assert re.search(r"Price, roughly, on this host: [\d.]+ ms in int8, [\d.]+ ms so, [\d.]+ ms in fp32", note)
    assert note in first.stderr

    second = wide("build", *ASKED, "--keep-float", "auto", "--json", **without_tensorflow)
    again = {each["name"]: each for each in json.loads(second.stdout)}
    assert {name: each["sha256"] for name, each in again.items()} == {
        name: each["sha256"] for name, each in built.items()
    }


@pytest.mark.slow
@pytest.mark.tensorflow
def test_operators_that_are_named_are_left_in_float(wide):
    named = wide("build", *ASKED, "--keep-float", "HARD_SWISH,DEPTHWISE_CONV_2D", "--json")
    by_name = json.loads(named.stdout)[-1]
    assert by_name["name"] == "wide-net_keep-float=HARD-SWISH+DEPTHWISE-CONV-2D_int8"
    assert by_name["snr_db"] > 25


@pytest.mark.slow
@pytest.mark.tensorflow
def test_by_accuracy_what_int8_gets_wrong_is_left_in_float(bare):
    (bare.folder / "net.tflite").write_bytes(linear_digits(SCALINGS["unit"]))
    dark = np.full((4, 8, 8, 3), 0.01, np.float32)
    dark[:, 0, 0] = 1  # the input's whole range, and of the scores a narrow one that cuts them off
    np.savez(bare.folder / "x.npz", picture=dark)
    asked = ("--model", "net.tflite", "--quantization", "fp32,int8", "--io", "float", "--calibration", "x.npz")
    on_digits = ("--dataset", "digits", "--preprocessing", "unit", "--examples", "100")
    done = bare("run", *asked, *on_digits, "--keep-float", "auto:acc", *ONCE, "--json")
    top1 = {row["variant"]: row["top1"] for row in rows_of(done)}

    assert done.returncode == 0, done.stderr
    kept = "net_keep-float=auto-acc_int8"
    assert list(top1) == ["net_fp32", "net_int8", kept]
    assert top1["net_int8"] < top1["net_fp32"] - 0.3
    assert top1[kept] == top1["net_fp32"]
    assert re.search(
        rf"{kept}: keep-float: 1 of 1 operators are left in float \(FULLY_CONNECTED scores\): top1 "
        rf"{100 * top1['net_fp32']:.1f} % in float, {100 * top1['net_int8']:.1f} % \(loses [\d.]+ points, [\d.]+ to "
        r"[\d.]+\) in int8 alone, .* of the same 100 examples .* a loss of at most 1 point of top1 against float was "
        "asked for",
        done.stderr,
    )


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_operator_that_is_not_there_fails_its_variant_alone(bare):
    (bare.folder / "net.tflite").write_bytes(linear_digits(SCALINGS["unit"]))
    done = bare("build", "--model", "net.tflite", "--quantization", "int8", "--keep-float", "HARD_SWISH", "--json")
    plain, kept = json.loads(done.stdout)
    assert (done.returncode, plain["error"]) == (4, None)
    assert "--keep-float HARD_SWISH: it has no operator or tensor of that name" in kept["error"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--keep-float", "auto:0"), "write auto, or auto:DB with a ratio of 1 to 120 dB"),
        (("--keep-float", "auto:acc:-1"), "write auto:acc, or auto:acc:POINTS with what may be lost"),
        (("--keep-float", "auto:acc"), "nothing says on what: name a --dataset"),
        (("--keep-float", "auto", "--quantization", "fp16"), "add int8 to --quantization"),
        (("--keep-float", "auto", "--recipe", "r.json"), "leave --keep-float out"),
    ],
)
def test_what_would_keep_nothing_is_refused(wide, words, reason):
    asked = ("--arch", "nets.py:wide_net", "--weights", "builder", "--calibration", "x.npz")
    quantization = () if "--quantization" in words else ("--quantization", "int8")
    done = wide("build", *asked, *quantization, *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert reason in done.stderr


def test_networks_of_mbench_have_no_use_for_it(bare):
    done = bare("build", "--keep-float", "auto")
    assert (done.returncode, "--keep-float is for your own networks" in done.stderr) == (2, True)
