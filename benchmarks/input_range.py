"""What the range of an int8 file's input is worth: agreement with the float file and top-1, paired.

    python -m benchmarks.input_range [--dataset digits,fashion] [--alpha 0.25,0.5] [--seeds 3]

Levels of pixels are (p − 127.5) / 127.5. With the range [-1, 1], which calibration finds and TFLiteConverter takes, the
step is 2/255, and every level lies half way between two steps; no whole zero point mends that. Quantization-aware
training takes [-128/127, 1]: the step is 1/127, levels lie half way in the middle of the range alone, and -1 and 1 lie
on steps. [-1, 127/128] has the step 1/128, and puts the brightest level one step too low.

Networks are MobileNet V1 at 32 px, trained by `mbench train` where MBENCH_HOME does not hold them yet (a minute or two
each). Agreement is taken over the test split and up to 4000 pictures of the train split that calibrated nothing, top-1
over the test split. Files of one network differ in nothing but the input's range.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.embedded import EmbeddedPictures
from mbench.accuracy.host.sampling import chosen_indices
from mbench.accuracy.pictures.input_scaling import input_encoder
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.core.builds.recipes import Weights
from mbench.core.builds.variants import Head, Quantization, Size
from mbench.core.examples import SPLITS, Split
from mbench.core.ports import SilentProgress
from mbench.core.proportions import PairedCounts, paired_difference
from mbench.models.flatbuffers import INPUT_NAME
from mbench.models.networks.architectures import find_architecture
from mbench.models.tflite.conversion import convert, float_converter, freeze, trace
from mbench.models.tflite.quantization import quantize, read_ranges
from mbench.models.tflite.quiet import quiet
from mbench.models.training.library import TrainingLibrary
from mbench.models.weights.weights import load_weights, set_weights
from mbench.workflows.home import home
from mbench.workflows.train.obtain_weights import train
from mbench.workflows.train.recipes import Network, TrainingOptions

ARCHITECTURE, RESOLUTION = "mobilenet_v1", 32
RECIPE: Final = find_recipe("plain")
CALIBRATED_ON, MOST_UNSEEN = 32, 4000

AS_IT_IS = "step 2/255"
ENDS: Final = {AS_IT_IS: (-1.0, 1.0), "step 1/127": (-128 / 127, 1.0), "step 1/128": (-1.0, 127 / 128)}

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """An input tensor, as `input_encoder` takes it."""

    dtype: str
    scale: float | None
    zero_point: int | None


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Of one data set, (n, r, r, 3) uint8: `test` with `labels`; of its train split `calibration` and `unseen` ones."""

    test: Array
    labels: Array
    calibration: Array
    unseen: Array


def run(
    datasets: Sequence[str] = ("digits", "fashion"), alphas: Sequence[float] = (0.25, 0.5), seeds: int = 3
) -> dict[str, Any]:
    """Return what each range gains over [-1, 1], over all networks together, and each network's figures."""
    figures = [
        {"network": f"{name} {alpha:g} seed {seed}", **_figures(_weights(name, alpha, seed), name, alpha, pictures)}
        for name in datasets
        for pictures in [_pictures(name)]
        for alpha in alphas
        for seed in range(seeds)
    ]
    gains = {
        ends: {
            what: _gain([each[ends][what] for each in figures], [each[AS_IT_IS][what] for each in figures])
            for what in ("same", "right")
        }
        for ends in ENDS
        if ends != AS_IT_IS
    }
    return {"gains": gains, "networks": [_summary(each) for each in figures]}


def _figures(weights: Weights, dataset: str, alpha: float, pictures: _Pictures) -> dict[str, Any]:
    """Return, by range, which answers are the float file's (`same`) and right, and the signal-to-noise ratio in dB."""
    asked = np.concatenate([pictures.test, pictures.unseen])
    with quiet():
        float_file = _float_file(weights, dataset, alpha)
        ranges = read_ranges(float_file, RECIPE.scaling.real_values(pictures.calibration))
    reference = _answers(float_file, asked)
    figures = {}
    for name, (low, high) in ENDS.items():
        ends = {"min": np.array([low]), "max": np.array([high])}
        answers = _answers(quantize(float_file, Quantization.INT8, {**ranges, INPUT_NAME: ends}), asked)
        noise = np.square(answers - reference).sum()
        figures[name] = {
            "same": answers.argmax(axis=1) == reference.argmax(axis=1),
            "right": answers[: len(pictures.test)].argmax(axis=1) == pictures.labels,
            "snr_db": 10 * np.log10(np.square(reference).sum() / noise),
        }
    return figures


def _float_file(weights: Weights, dataset: str, alpha: float) -> bytes:
    architecture, head = find_architecture(ARCHITECTURE), Head(name=dataset, classes=10)
    assert architecture.build is not None
    assert architecture.layers is not None
    model = architecture.build(Size(alpha=alpha, resolution=RESOLUTION), head)
    set_weights(model, load_weights(weights, architecture.layers(alpha, head.classes)))
    return convert(float_converter(freeze(trace(model, (1, RESOLUTION, RESOLUTION, 3)))))


def _answers(data: bytes, pictures: Array) -> Array:
    """Return (n, 10) probabilities."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero_point = source["quantization"]
    encode = input_encoder(RECIPE.scaling, _Tensor(np.dtype(source["dtype"]).name, scale or None, zero_point))
    answers = []
    for place in range(len(pictures)):
        interpreter.set_tensor(source["index"], encode(pictures[place : place + 1]))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(target["index"])[0])
    scale, zero_point = target["quantization"]
    stored = np.array(answers, np.float32)
    return (stored - zero_point) * scale if scale else stored


def _weights(dataset: str, alpha: float, seed: int) -> Weights:
    network = Network(ARCHITECTURE, Size(alpha=alpha, resolution=RESOLUTION), Head(name=dataset, classes=10))
    options, progress = TrainingOptions(seed=seed), SilentProgress()
    (outcome,) = train([network], open_dataset(dataset), options, home=home(), progress=progress, workers=1)
    if outcome.record is None:
        raise SystemExit(f"{network}: {outcome.reason}")
    return TrainingLibrary(home()).weights(outcome.record)


def _pictures(name: str) -> _Pictures:
    found = {
        split: np.stack([RECIPE.crop_and_resize(source.picture(place), RESOLUTION) for place in range(len(source))])
        for split in SPLITS
        for source in [EmbeddedPictures(name, split)]
    }
    test = open_dataset(name).split(Split.TEST)
    calibrating = chosen_indices(len(found[Split.TRAIN]), CALIBRATED_ON, 0)
    others = np.setdiff1d(np.arange(len(found[Split.TRAIN])), calibrating)[:MOST_UNSEEN]
    return _Pictures(
        test=found[Split.TEST],
        labels=np.array([test.truth(place) for place in range(len(test))]),
        calibration=found[Split.TRAIN][calibrating],
        unseen=found[Split.TRAIN][others],
    )


def _gain(one: Sequence[Array], other: Sequence[Array]) -> dict[str, Any]:
    """Return by how many points the first is more often true, its interval and p; all networks' pictures together."""
    first, second = np.concatenate(one), np.concatenate(other)
    counts = PairedCounts(
        both=int((first & second).sum()),
        first_only=int((first & ~second).sum()),
        second_only=int((~first & second).sum()),
        neither=int((~first & ~second).sum()),
    )
    found = paired_difference(counts)
    ends = found.interval
    return {
        "percent": round(100 * float(first.mean()), 3),
        "percent_as_it_is": round(100 * float(second.mean()), 3),
        "gain_points": round(100 * found.difference, 3),
        "interval_points": [round(100 * ends.low, 3), round(100 * ends.high, 3)],
        "p": round(found.p, 4),
        "examples": counts.examples,
    }


def _summary(figures: dict[str, Any]) -> dict[str, Any]:
    summary: dict[str, Any] = {"network": figures["network"]}
    for name in ENDS:
        found = figures[name]
        summary[name] = {
            "same_percent": round(100 * float(found["same"].mean()), 3),
            "top1_percent": round(100 * float(found["right"].mean()), 2),
            "snr_db": round(float(found["snr_db"]), 1),
        }
    return summary


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare ranges of an int8 file's input.")
    parser.add_argument("--dataset", default="digits,fashion", help="digits, fashion or both (default: both)")
    parser.add_argument("--alpha", default="0.25,0.5", help="width multipliers (default: 0.25,0.5)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each network (default: 3)")
    arguments = parser.parse_args()
    alphas = [float(alpha) for alpha in arguments.alpha.split(",")]
    print(json.dumps(run(arguments.dataset.split(","), alphas, arguments.seeds), indent=1))
