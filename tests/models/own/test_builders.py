"""Users' builders, run in the process that builds."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mbench.artifacts.inspection import inspect_bytes
from mbench.core.builds.own_recipes import OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import Quantization
from mbench.core.errors import MbenchError
from mbench.files.printed import MOST_HEAD_BYTES, MOST_TAIL_BYTES
from mbench.files.python_source import find_python
from mbench.models.own.build import OwnBuildRequest, build_own_files
from mbench.models.tflite.build import BuiltFile

pytestmark = pytest.mark.tensorflow

FILE = """
import os, sys, keras
import own_parts

def net(units: int = 2, classes: int = 3):
    print("building", units)
    entry = keras.Input((8, 8, 3), name="image")
    return keras.Model(entry, keras.layers.Dense(classes)(keras.layers.Flatten()(own_parts.body(units)(entry))))

def loud():
    for _ in range(30_000):
        print("x" * 99)
    print("the end")
    return net()

def dice():
    return net(units=2 + int.from_bytes(os.urandom(4), "big") % 50)

def raises():
    raise ValueError("no such width")

def ruined():
    made = net()
    made.set_weights([float("nan") * values for values in made.get_weights()])
    return made

def nothing():
    return None

def hangs():
    while True:
        pass

def half():
    policy = keras.dtype_policies.DTypePolicy("mixed_float16")
    entry = keras.Input((8, 8, 3), name="image")
    inner = keras.Sequential([keras.layers.Dense(3, dtype=policy, name="deep")])
    return keras.Model(entry, inner(keras.layers.Flatten()(entry)))

def stateful():
    entry = keras.Input(batch_shape=(1, 5, 4), name="x")
    return keras.Model(entry, keras.layers.LSTM(2, stateful=True, unroll=True, name="memory")(entry))

def passes():
    entry = keras.Input((4,), name="x")
    return keras.Model(entry, [entry, keras.layers.Dense(2)(entry)])

import enum
Act = enum.Enum("Act", {"RELU": "relu", "TANH": "tanh"})
def chosen(act: Act = Act.RELU):
    return keras.Model(entry := keras.Input((4,), name="x"), keras.layers.Dense(2, activation=act.value)(entry))
"""
PARTS = "import keras\ndef body(units):\n    return keras.layers.Conv2D(units, 3)\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "own_parts.py").write_text(PARTS)
    (tmp_path / "nets.py").write_text(FILE)
    return tmp_path / "nets.py"


def build(worker: ProcessPoolExecutor, file: Path, name: str, *arguments: tuple[str, int | str]) -> BuiltFile:
    named = find_python(f"{file}:{name}", option="--arch")
    network = OwnNetwork(
        form=OwnForm.BUILDER, sha256=named.sha256, source=str(file), builder=named, arguments=arguments
    )
    recipe = OwnRecipe(variant=OwnVariant(network=name, quantization=Quantization.FP32), network=network)
    return asked(worker, recipe, file.parent, timeout_s=3 if name == "hangs" else 240)


def asked(worker: ProcessPoolExecutor, recipe: OwnRecipe, folder: Path, *, timeout_s: float) -> BuiltFile:
    request = OwnBuildRequest(recipes=(recipe,), folder=folder, log=folder / "build.log", timeout_s=timeout_s)
    (built,) = worker.submit(build_own_files, request).result()
    assert isinstance(built, BuiltFile), built
    return built


def test_a_builder_gets_its_arguments_and_what_it_prints_goes_to_the_log(
    tensorflow_worker: ProcessPoolExecutor, source: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    built = build(tensorflow_worker, source, "net", ("units", 5), ("classes", 4))

    inspected = inspect_bytes(built.path.read_bytes(), name="net")
    assert [(each.name, each.shape) for each in inspected.inputs] == [("image", (1, 8, 8, 3))]
    assert inspected.outputs[0].shape == (1, 4)
    assert inspected.parameters == 3 * 3 * 3 * 5 + 5 + 6 * 6 * 5 * 4  # the last biases are 0, and left out
    assert "building 5" in (source.parent / "build.log").read_text()
    assert built.notes == ()
    assert "building" not in "".join(capfd.readouterr())


def test_the_same_seed_gives_the_same_bytes(tensorflow_worker: ProcessPoolExecutor, source: Path) -> None:
    first, second = (build(tensorflow_worker, source, "net").path.read_bytes() for _ in range(2))

    assert first == second


def test_of_megabytes_beginning_and_end_are_kept(tensorflow_worker: ProcessPoolExecutor, source: Path) -> None:
    build(tensorflow_worker, source, "loud")

    log = (source.parent / "build.log").read_text()
    assert "bytes left out" in log
    assert "the end" in log
    assert len(log) < MOST_HEAD_BYTES + MOST_TAIL_BYTES + 100


def test_a_builder_that_changes_its_answer_is_noticed(tensorflow_worker: ProcessPoolExecutor, source: Path) -> None:
    (source.parent / "nets.py").write_text(f"{FILE}# a file that no process has checked yet\n")
    built = build(tensorflow_worker, source, "dice")

    assert built.notes == (
        "its builder is not deterministic: two calls with one seed differ in its layers and its weights",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raises", r"raises raised ValueError: no such width \(nets.py, line 20\)"),
        ("ruined", "the Keras model itself answers NaN or infinity, in its output 'output'. Look at its weights"),
        ("nothing", "nothing returned NoneType, not a keras.Model"),
        ("hangs", "still running after 3 s and was ended; --build-timeout gives it longer"),
        ("half", r"its layer 'deep' computes in float16 \(dtype policy mixed_float16\), for which TFLite"),
        (
            "stateful",
            r"its layer 'memory' keeps its state from one inference to the next \(stateful=True\), which no file",
        ),
        ("passes", "its output 'output_0' is its input 'x' as it is, of which no file can be built; leave it out"),
    ],
)
def test_what_a_builder_does_wrong_is_one_line(
    tensorflow_worker: ProcessPoolExecutor, source: Path, name: str, reason: str
) -> None:
    with pytest.raises(MbenchError, match=reason) as raised:
        build(tensorflow_worker, source, name)
    assert "\n" not in str(raised.value)


def test_members_of_enums_reach_the_builder(tensorflow_worker: ProcessPoolExecutor, source: Path) -> None:
    operators = [
        [
            layer.op
            for layer in inspect_bytes(
                build(tensorflow_worker, source, "chosen", *asked).path.read_bytes(), name="n"
            ).layers
        ]
        for asked in ((("act", "TANH"),), (("act", "relu"),))
    ]
    assert ["TANH" in each for each in operators] == [True, False]
    with pytest.raises(MbenchError, match="act 'gelu' is none of Act's RELU, TANH"):
        build(tensorflow_worker, source, "chosen", ("act", "gelu"))


def test_code_that_changed_since_the_plan_is_not_run(tensorflow_worker: ProcessPoolExecutor, source: Path) -> None:
    named = find_python(f"{source}:net", option="--arch")
    network = OwnNetwork(form=OwnForm.BUILDER, sha256=named.sha256, source=str(source), builder=named)
    recipe = OwnRecipe(variant=OwnVariant(network="net", quantization=Quantization.FP32), network=network)
    (source.parent / "own_parts.py").write_text(f"{PARTS}# changed\n")

    with pytest.raises(MbenchError, match="or what it imports, changed since the build was planned"):
        asked(tensorflow_worker, replace(recipe), source.parent, timeout_s=240)
