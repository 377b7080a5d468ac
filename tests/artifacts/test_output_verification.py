"""Files that do not follow their model are refused, with the reason."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from emit_mobilenet import Emitter, emit_mobilenet, options
from numpy.typing import NDArray
from PIL import Image

from mbench.artifacts.running import captured_stderr, run_file
from mbench.artifacts.verification import SNR_LIMIT_DB, compare_outputs, verify
from mbench.core.builds.variants import Quantization
from mbench.core.errors import ArtifactError, RuinedConversion, UnsupportedModel

FP32 = Quantization.FP32
SIZE = {"alpha": 0.25, "resolution": 32, "classes": 10}
PARAMETERS = 467_336 - 257_000 + 2_570
"""Those of the 1000 classes, with a head of 10 in the place of theirs."""


@pytest.fixture(scope="module")
def examples() -> NDArray[np.float32]:
    return np.random.default_rng(3).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def good() -> bytes:
    return emit_mobilenet(**SIZE, seed=1)


@pytest.fixture(scope="module")
def reference(good: bytes, examples: NDArray[np.float32]) -> NDArray[np.float32]:
    return run_file(good, examples).values


def test_equal_outputs_have_the_highest_ratio() -> None:
    assert compare_outputs(np.ones((2, 3)), np.ones((2, 3))) == SNR_LIMIT_DB


def test_a_tenth_of_noise_is_twenty_decibels() -> None:
    assert compare_outputs(np.full(5, 10.0), np.full(5, 11.0)) == pytest.approx(20)


def test_any_answer_to_silence_has_the_lowest_ratio() -> None:
    assert compare_outputs(np.zeros(3), np.ones(3)) == -SNR_LIMIT_DB


def test_outputs_of_another_shape_cannot_be_compared() -> None:
    with pytest.raises(RuinedConversion, match=r"outputs have shape \(3,\), the model's \(4,\)"):
        compare_outputs(np.ones(4), np.ones(3))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_are_ruined(bad: float) -> None:
    with pytest.raises(RuinedConversion, match="NaN or infinity"):
        compare_outputs(np.ones(2), np.array([1, bad]))


def test_a_file_that_follows_its_model_is_verified(
    good: bytes, examples: NDArray[np.float32], reference: NDArray[np.float32]
) -> None:
    result = verify(good, inputs=examples, reference=reference, quantization=FP32, parameters=PARAMETERS)
    assert (result.snr_db, result.against) == (SNR_LIMIT_DB, "float model")


def test_half_precision_stays_above_its_bound(examples: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    half = emit_mobilenet(**SIZE, seed=1, half=True)
    result = verify(half, inputs=examples, reference=reference, quantization=Quantization.FP16, parameters=PARAMETERS)
    assert result.snr_db is not None
    assert 30 < result.snr_db < 100


def test_scrambled_weights_are_ruined(examples: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    with pytest.raises(RuinedConversion, match=r"outputs are -?\d+\.\d dB from those of the float model, at least 60"):
        verify(
            emit_mobilenet(**SIZE, seed=2),
            inputs=examples,
            reference=reference,
            quantization=FP32,
            parameters=PARAMETERS,
        )


def test_what_else_may_have_ruined_it_is_named_in_the_place_of_the_converter(
    examples: NDArray[np.float32], reference: NDArray[np.float32]
) -> None:
    with pytest.raises(
        RuinedConversion, match=r"^calibrated on one picture: outputs are .* few dozen pictures of the"
    ) as raised:
        verify(
            emit_mobilenet(**SIZE, seed=2),
            inputs=examples,
            reference=reference,
            quantization=FP32,
            parameters=PARAMETERS,
            suspect="calibrated on one picture",
        )
    assert "converter" not in str(raised.value)


def test_nan_weights_are_ruined(examples: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    # In the head: ReLU6 turns NaN into 0 on some processors, so one in front need not arrive.
    ruined = emit_mobilenet(**SIZE, seed=1, weights={27: np.full((10, 1, 1, 256), np.nan, np.float32)})
    with pytest.raises(RuinedConversion, match="NaN or infinity"):
        verify(ruined, inputs=examples, reference=reference, quantization=FP32, parameters=PARAMETERS)


def test_zeroed_weights_are_ruined(examples: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    with pytest.raises(RuinedConversion, match=r"all outputs are 0\.1, those of the float model are not"):
        verify(emit_mobilenet(**SIZE), inputs=examples, reference=reference, quantization=FP32, parameters=PARAMETERS)


def test_another_number_of_classes_is_ruined(examples: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    other = emit_mobilenet(0.25, 32, classes=11, seed=1)
    with pytest.raises(RuinedConversion, match=r"shape \(4, 11\), the model's \(4, 10\)"):
        verify(other, inputs=examples, reference=reference, quantization=FP32, parameters=PARAMETERS)


def test_a_file_too_small_for_its_parameters_is_ruined_before_it_runs() -> None:
    nothing = np.zeros((0, 1), np.float32)
    with pytest.raises(
        RuinedConversion, match="the file has 85000 bytes, where 467336 parameters as fp32 need at least"
    ):
        verify(bytes(85_000), inputs=nothing, reference=nothing, quantization=FP32, parameters=467_336)


def test_outputs_in_steps_too_coarse_for_the_reference_are_not_judged() -> None:
    data = quantizer(scale=1 / 256, zero_point=-128)
    inputs = np.full((3, 1000), 0.001, np.float32)
    result = verify(data, inputs=inputs, reference=inputs, quantization=Quantization.INT8, parameters=0)
    assert result.snr_db is None


def test_integer_outputs_are_compared_in_real_values() -> None:
    inputs = np.random.default_rng(1).uniform(-1, 1, (3, 1000)).astype(np.float32)
    data = quantizer(scale=1 / 128, zero_point=0)
    result = verify(data, inputs=inputs, reference=inputs, quantization=Quantization.INT8, parameters=0)
    assert result.snr_db == pytest.approx(48, abs=1)


def test_every_refusal_is_one_line_that_says_what_to_do(
    examples: NDArray[np.float32], reference: NDArray[np.float32]
) -> None:
    with pytest.raises(RuinedConversion) as refusal:
        verify(emit_mobilenet(**SIZE), inputs=examples, reference=reference, quantization=FP32, parameters=1)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith("Build it by another route.")


def test_what_the_runtime_does_not_take_is_reported_with_its_own_words() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("x", (1, 4)), emitter.tensor("y", (1, 4))
    emitter.operator("CUSTOM", [source], [target], custom="MyAttention")
    with pytest.raises(ArtifactError, match="MyAttention") as refusal:
        run_file(emitter.finish([source], [target]), np.zeros((1, 4), np.float32))
    assert "\n" not in str(refusal.value)


def test_several_inputs_are_not_verified() -> None:
    emitter = Emitter()
    first, second, target = (emitter.tensor(name, (1, 4)) for name in ("a", "b", "y"))
    emitter.operator("ADD", [first, second], [target], options("AddOptions"))
    with pytest.raises(UnsupportedModel, match="the file has 2: a, b"):
        run_file(emitter.finish([first, second], [target]), np.zeros((1, 4), np.float32))


def test_examples_of_another_shape_are_refused(good: bytes) -> None:
    with pytest.raises(UnsupportedModel, match=r"takes inputs of shape \(1, 32, 32, 3\)"):
        run_file(good, np.zeros((1, 31, 32, 3), np.float32))


def test_the_runtime_keeps_quiet_on_the_terminal(
    good: bytes, examples: NDArray[np.float32], capfd: pytest.CaptureFixture[str]
) -> None:
    run_file(good, examples)
    assert capfd.readouterr().err == ""


def test_what_is_written_to_stderr_meanwhile_can_be_read_and_then_goes_to_the_terminal_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with captured_stderr() as chatter:
        os.write(2, b"INFO: kept\n")
        assert chatter.read() == "INFO: kept\n"
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"


def test_stderr_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), captured_stderr():
        raise KeyError
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"


@pytest.mark.parametrize("photo", ["n02865351_bolo_tie.JPEG", "n04023962_punching_bag.JPEG"])
def test_published_uint8_files_give_their_known_answer_to_a_photograph(photo: str) -> None:
    folder = Path(os.environ.get("MBENCH_TEST_DATA", "nowhere"))
    if not (folder / "expected.json").is_file():
        pytest.skip("MBENCH_TEST_DATA names no folder with expected.json")
    name = "mobilenet_v1_0.5_160_quant"
    known = json.loads((folder / "expected.json").read_text())["photos"][photo]["top1"][name]
    answer = run_file((folder / f"{name}.tflite").read_bytes(), central_crop(folder / "photos" / photo, 160))
    assert int(answer.values[0].argmax()) == known["index"]
    assert float(answer.values[0].max()) == pytest.approx(known["score_u8"] / 256, abs=0.05)


def central_crop(path: Path, side: int) -> NDArray[np.float32]:
    """Return (1, side, side, 3) in [-1, 1]: the middle 0.875 of each side, resized bilinearly with antialiasing."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    left, top = width * 0.0625, height * 0.0625
    small = picture.resize((side, side), Image.Resampling.BILINEAR, box=(left, top, width - left, height - top))
    return (np.asarray(small, np.float32)[np.newaxis] - 128) / 128


def quantizer(*, scale: float, zero_point: int) -> bytes:
    """Return a file that rounds 1000 numbers to int8."""
    emitter = Emitter()
    source = emitter.tensor("x", (1, 1000))
    target = emitter.tensor("y", (1, 1000), "int8", scale=scale, zero_point=zero_point)
    emitter.operator("QUANTIZE", [source], [target], options("QuantizeOptions"))
    return emitter.finish([source], [target])
