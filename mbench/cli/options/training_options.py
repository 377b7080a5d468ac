"""Options of `mbench train` alone: the recipe, quantization-aware training, distillation, and processes."""

from functools import partial
from pathlib import Path
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.core.choices import Distribution, Keep, Preset, Schedule, Strength

_training = partial(option, grouped.TRAINING)
_quantization = partial(option, grouped.QUANTIZATION)
_computing = partial(option, grouped.COMPUTING)

Dataset = Annotated[
    str,
    _training(
        "--dataset",
        "Data set to train on: digits, fashion, or FORMAT:PATH, such as folder:/data/flowers.",
        "NAME[:PATH]",
    ),
]
Sweeps = Annotated[
    list[str] | None,
    option(
        grouped.BUILD,
        "--sweep",
        "Axis to vary, alpha or resolution; AXIS alone takes its published values, AXIS=v1,v2 yours.",
        "AXIS[=VALUES]",
    ),
]
PresetOption = Annotated[
    Preset | None,
    _training("--preset", "Where defaults come from.", default="small below 100 000 examples, else paper"),
]
Epochs = Annotated[
    int | None, _training("--epochs", "Number of epochs.", "N", minimum=1, default="by preset and number of examples")
]
BatchSize = Annotated[int | None, _training("--batch-size", "Batch size, in examples.", "N", minimum=2, default="32")]
LearningRate = Annotated[
    float | None,
    _training(
        "--learning-rate", "Learning rate of the first step.", "RATE", minimum=1e-9, default="small 0.002, paper 0.045"
    ),
]
ScheduleOption = Annotated[
    Schedule | None, _training("--schedule", "How the learning rate falls.", default="small cosine, paper exponential")
]
Augmentation = Annotated[
    Strength | None, _training("--augmentation", "Strength of augmentation.", default="by epochs and alpha")
]
WeightDecay = Annotated[
    float | None,
    _training("--weight-decay", "Weight decay; depthwise filters have none.", "RATE", minimum=0, default="0.00004"),
]
ValidationSplit = Annotated[
    float | None,
    _training(
        "--validation-split",
        "Share of the train split that is evaluated after each epoch and not trained on.",
        "SHARE",
        minimum=0,
        maximum=0.9,
        default="0.1, at most 10 000 examples",
    ),
]
Patience = Annotated[
    int | None,
    _training(
        "--patience",
        "Epochs without a better validation loss after which training ends.",
        "N",
        minimum=1,
        default="train all epochs",
    ),
]
KeepOption = Annotated[
    Keep, _training("--keep", "Epoch whose weights are kept: the best on the validation split, or the last.")
]
Preprocessing = Annotated[
    str | None,
    _training("--preprocessing", "Preprocessing recipe: inception, plain or keras.", "NAME", default="the data set's"),
]
Seed = Annotated[
    int, _training("--seed", "Seed for weights, order, augmentation and the validation split.", "N", minimum=0)
]
Qat = Annotated[
    bool, _quantization("--qat", "Train on with int8's rounding in the graph (quantization-aware training).")
]
Bits = Annotated[int, _quantization("--bits", "Bits of 1×1 weights with --qat.", "8|4")]
Teacher = Annotated[
    Path | None,
    _quantization(
        "--teacher", "Teacher to distil from: a .keras model, mbench's .npz weights, or stored outputs (.npy).", "FILE"
    ),
]
TeacherAlpha = Annotated[float | None, _quantization("--teacher-alpha", "Width multiplier of a .npz teacher.", "ALPHA")]
Temperature = Annotated[
    float, _quantization("--temperature", "Temperature of the distillation.", "NUMBER", minimum=0.1)
]
Distribute = Annotated[
    Distribution | None, _computing("--distribute", "Share one training by this strategy; TF_CONFIG names the cluster.")
]
Workers = Annotated[
    int | None,
    _computing(
        "--workers",
        "Number of trainings at once, or of workers with --distribute.",
        "N",
        minimum=1,
        default="one per core",
    ),
]
ParameterServers = Annotated[
    int, _computing("--ps", "Number of parameter servers of a cluster on this machine.", "N", minimum=1)
]
Json = Annotated[bool, option(grouped.OUTPUT, "--json", "Print a JSON list.")]
