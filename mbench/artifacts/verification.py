"""Proves that a built file does what the model does that it was built from, by running both on the same inputs.

Converters can write a small, valid file whose outputs are NaN, without any error; so no artifact is kept unrun.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mbench.artifacts.running import Inputs, RunOutputs, run_file, run_outputs
from mbench.core.builds.variants import Quantization
from mbench.core.errors import RuinedConversion

SNR_LIMIT_DB: Final = 150.0
"""Equal outputs are reported as this many dB: float32 itself, with 24 bits, resolves 20·log10(2^24) = 144.5 dB."""

MIN_SNR_DB: Final = {
    Quantization.FP32: 60.0,
    Quantization.FP16: 25.0,
    Quantization.DRQ: 10.0,
    Quantization.INT8: 6.0,
    Quantization.INT16X8: 6.0,
    Quantization.INT8W4: 6.0,
}
"""Least signal-to-noise ratio of the probabilities against the float model.

Seeded MobileNet V1 (26 sizes, 32 synthetic calibration examples) gave at least 98, 37.7, 16.3, 12.6 and 14.7 dB. On
trained weights, int8 had 17 dB and lost half a point of top-1; calibrated by moving averages it had 4 dB and lost 13.
"""

CALIBRATE: Final = "Calibrate on a few dozen pictures of the kind that the network is for"

BYTES_PER_PARAMETER: Final = {
    Quantization.FP32: 4,
    Quantization.FP16: 2,
    Quantization.DRQ: 1,
    Quantization.INT8: 1,
    Quantization.INT16X8: 1,
    Quantization.INT8W4: 0.5,
}

LEAST_SIZE_SHARE: Final = 0.9
"""Least file size as a share of parameters × bytes; below 1 since equal biases may be stored once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A file that follows its model.

    Attributes:
        snr_db: signal-to-noise ratio against the model's outputs, of several the least, at most `SNR_LIMIT_DB`; None
            where the output type is too coarse to tell: even the model's own outputs, rounded to its steps, would miss
            the bound (such as an untrained classifier's 1000 probabilities near 0.001, in steps of 1/256).
        against: what it was compared with.
    """

    snr_db: float | None
    against: str


def compare_outputs(reference: NDArray[Any], actual: NDArray[Any]) -> float:
    """Return the signal-to-noise ratio 10·log10(Σ reference² / Σ (reference − actual)²) in dB, within ±`SNR_LIMIT_DB`.

    Args:
        reference: what the outputs should be.
        actual: what they are, of the same shape.

    Raises:
        RuinedConversion: the shapes differ, or `actual` holds NaN or infinity.
    """
    if reference.shape != actual.shape:
        raise RuinedConversion(f"outputs have shape {actual.shape}, the model's {reference.shape}")
    if not np.isfinite(actual).all():
        raise RuinedConversion("outputs hold NaN or infinity")
    wanted = reference.astype(np.float64)
    signal = float(np.sum(wanted**2))
    noise = float(np.sum((wanted - actual.astype(np.float64)) ** 2))
    if noise == 0:
        return SNR_LIMIT_DB
    if signal == 0:
        return -SNR_LIMIT_DB
    return float(np.clip(10 * np.log10(signal / noise), -SNR_LIMIT_DB, SNR_LIMIT_DB))


def verify(
    data: bytes,
    *,
    inputs: Inputs,
    reference: NDArray[np.float32] | Mapping[str, NDArray[np.float32]],
    quantization: Quantization,
    parameters: int,
    against: str = "float model",
    suspect: str | None = None,
) -> Verified:
    """Return how closely a built file follows its model.

    Args:
        data: the file.
        inputs: (examples, *input shape), with or without the batch of one, real values; or those of each input by
            its name, with the batch.
        reference: (examples, *output shape), with the batch where the inputs have it: the model's answers to them; by
            name where there are several outputs, each of which is held to the bound.
        quantization: which bounds hold: `BYTES_PER_PARAMETER`, `MIN_SNR_DB`.
        parameters: how many the *model* has (a ruined file shows fewer).
        against: what the reference comes from.
        suspect: what else than the converter may have ruined it, such as a calibration on one picture.

    Raises:
        RuinedConversion: it is too small for its parameters, or its outputs are NaN, infinite, of another shape, all
            the same, or too far from the reference.
        ArtifactError: the runtime does not take it.
    """
    _check_size(data, quantization, parameters)
    try:
        if isinstance(reference, Mapping):
            outputs = run_outputs(data, inputs)
            pairs = [(values, _named(outputs, name)) for name, values in reference.items()]
        else:
            pairs = [(reference, run_file(data, _only_input(inputs)))]
        ratios = [_ratio(wanted, actual, quantization, against) for wanted, actual in pairs]
    except RuinedConversion as reason:
        if suspect is not None:
            raise RuinedConversion(f"{suspect}: {reason}. {CALIBRATE}.") from None
        raise RuinedConversion(f"the converter ruined the model: {reason}. Build it by another route.") from None
    known = [ratio for ratio in ratios if ratio is not None]
    return Verified(snr_db=min(known) if known else None, against=against)


def check_answers(data: bytes, inputs: NDArray[np.float32]) -> None:
    """Run a file whose outputs nothing can be compared with, such as boxes behind non-maximum suppression.

    Raises:
        RuinedConversion: its outputs hold NaN or infinity.
        ArtifactError: the runtime does not take it.
    """
    for name, answered in run_outputs(data, inputs).items():
        if not np.isfinite(answered.values).all():
            raise RuinedConversion(f"output {name!r} holds NaN or infinity. Build it by another route.")


def _only_input(inputs: Inputs) -> NDArray[np.float32]:
    if isinstance(inputs, Mapping):
        raise TypeError("inputs by name need outputs by name")
    return inputs


def _named(outputs: Mapping[str, RunOutputs], name: str) -> RunOutputs:
    if name not in outputs:
        raise RuinedConversion(f"the file has no output {name!r} but {', '.join(outputs)}")
    return outputs[name]


def _ratio(
    reference: NDArray[np.float32], actual: RunOutputs, quantization: Quantization, against: str
) -> float | None:
    """Return the ratio of one output, None where its type is too coarse to tell.

    Raises:
        RuinedConversion: it does not follow the model.
    """
    snr_db = compare_outputs(reference, actual.values)
    if _too_coarse(reference, actual.step, quantization):
        return None
    if np.ptp(actual.values) == 0 and np.ptp(reference) > 0:
        raise RuinedConversion(f"all outputs are {actual.values.flat[0]:g}, those of the {against} are not")
    if snr_db < MIN_SNR_DB[quantization]:
        raise RuinedConversion(
            f"outputs are {snr_db:.1f} dB from those of the {against}, at least {MIN_SNR_DB[quantization]:.0f} dB "
            f"are needed for {quantization}"
        )
    return snr_db


def _check_size(data: bytes, quantization: Quantization, parameters: int) -> None:
    least = int(parameters * BYTES_PER_PARAMETER[quantization] * LEAST_SIZE_SHARE)
    if len(data) < least:
        raise RuinedConversion(
            f"the converter ruined the model: the file has {len(data)} bytes, where {parameters} parameters as "
            f"{quantization} need at least {least}. Build it by another route."
        )


def _too_coarse(reference: NDArray[np.float32], step: float, quantization: Quantization) -> bool:
    """Whether rounding to the output's steps alone would miss the bound."""
    if step == 0:
        return False
    return compare_outputs(reference, np.round(reference / step) * step) < MIN_SNR_DB[quantization]
