"""`mbench inspect A B --errors`."""

import hashlib
import json

import numpy as np
import pytest
from command_line import Command
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS

UNIT = SCALINGS["unit"]

EXAMPLES = """
import numpy as np

def gen():
    print("here")
    for place in range(100):
        yield np.full((8, 8, 3), place / 100, "float32")

def bad():
    yield np.zeros((3, 3))

def hanging():
    while True: pass
    yield 1
"""


@pytest.fixture
def two(bare: Command) -> Command:
    (bare.folder / "net.tflite").write_bytes(linear_digits(UNIT))
    (bare.folder / "int8.tflite").write_bytes(linear_digits(UNIT, dtype="int8", quantization=(1 / 255, -128)))
    (bare.folder / "g.py").write_text(EXAMPLES)
    return bare


def test_the_table_names_every_tensor_and_what_it_rests_on(two):
    done = two("inspect", "net.tflite", "int8.tflite", "--errors", "--calibration", "g.py:gen", "--examples", "5")
    assert done.returncode == 0, done.stderr
    assert "| SNR (dB) | Lost (dB) | RMSE / step |" in done.stdout
    assert "| INPUT " in done.stdout
    assert "Both files ran on 5 examples (" in done.stdout
    assert "g.py:gen) by the runtime's own kernels" in done.stdout


def test_json_has_both_hashes_and_either_order_is_understood(two):
    found = json.loads(two("inspect", "int8.tflite", "net.tflite", "--errors", "--json").stdout)
    for role, name in (("reference", "net"), ("quantized", "int8")):
        sha256 = hashlib.sha256((two.folder / f"{name}.tflite").read_bytes()).hexdigest()
        assert (found[role].partition("@")[0], found[f"{role}_sha256"]) == (f"file:{name}", sha256)
    assert found["source"].startswith("synthetic, seed 0: name examples by --calibration")
    assert found["errors"]["examples"] == 16
    assert found["errors"]["layers"][0]["dtype"] == "int8"
    assert all(np.isfinite(layer["rmse"]) for layer in found["errors"]["layers"])


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (("net.tflite", "--errors"), 2, "--errors compares two files"),
        (("net.tflite", "int8.tflite"), 2, "takes one file or variant, two with --errors"),
        (("net.tflite", "--calibration", "g.py:gen"), 2, "--calibration is for --errors"),
        (("int8.tflite", "int8.tflite", "--errors"), 2, "are both quantized; name the float file of one"),
        (("net.tflite", "int8.tflite", "--errors", "--calibration", "gone.npz"), 2, "cannot be read"),
        (("net.tflite", "int8.tflite", "--errors", "--calibration", "g.py:bad"), 4, "is 3×3 for input"),
        (
            ("net.tflite", "int8.tflite", "--errors", "--calibration", "g.py:hanging", "--build-timeout", "1"),
            *(4, "--build-timeout gives it longer"),
        ),
    ],
)
def test_what_cannot_be_compared_is_one_line(two, words, status, reason):
    done = two("inspect", *words, "--quiet")
    assert reason in done.stderr
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (status, 1, "")
