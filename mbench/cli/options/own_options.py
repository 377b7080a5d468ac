"""Options about users' own networks, which `run` and `build` share."""

from functools import partial
from pathlib import Path
from typing import Annotated

from mbench.cli import grouped
from mbench.cli.options.declared import option
from mbench.core.choices import Ends

_option = partial(option, grouped.BUILD)

Model = Annotated[
    list[Path] | None,
    _option(
        "--model",
        "Your own .tflite file, measured as it is; a float one is quantized where a quantization is asked for. "
        "May be repeated.",
        "FILE",
    ),
]
Keras = Annotated[
    list[Path] | None,
    _option("--keras", "Your own Keras model with its weights, a .keras file; may be repeated.", "FILE"),
]
SavedModel = Annotated[
    list[str] | None,
    _option(
        "--saved-model",
        "Your own SavedModel, a folder, and which of its signatures; may be repeated.",
        "FOLDER[:SIGNATURE]",
    ),
]
Torch = Annotated[
    list[str] | None,
    _option(
        "--torch",
        "Your own PyTorch network: FILE.py:NAME, a function that returns a module and its sample inputs and whose "
        "parameters are axes, or an exported program, a .pt2 file; may be repeated. Needs mbench[torch].",
        "FILE",
    ),
]
InputShape = Annotated[
    list[str] | None,
    _option(
        "--input-shape",
        "Shape of an input of your own file or network, such as x:1,224,224,3; may be repeated.",
        "NAME:SIZES",
        default="the file's",
    ),
]
EndsOption = Annotated[
    Ends, _option("--io", "Inputs and outputs of your own networks in int8 and int16x8: int8 (integers) or float.")
]
RecipeFile = Annotated[
    Path | None,
    _option(
        "--recipe",
        "Recipe of litert-quantizer's own, a JSON file, that your own networks are quantized by in int8.",
        "FILE.json",
    ),
]
KeepFloatOption = Annotated[
    str | None,
    _option(
        "--keep-float",
        "Operators that int8 of your own networks leaves in float, in a variant beside the plain one: kinds or "
        "tensors, or auto[:DB], which finds them by signal to noise (30 dB), or auto:acc[:POINTS], by what accuracy "
        "may be lost (1 point).",
        "NAME,...|auto[:DB]|auto:acc[:POINTS]",
        default="none",
    ),
]
BuildTimeout = Annotated[
    float,
    _option(
        "--build-timeout",
        "Timeout for each call of your own code in a build, in seconds.",
        "SECONDS",
        minimum=1,
        maximum=86_400,
    ),
]
CustomObjects = Annotated[
    str | None,
    _option(
        "--custom-objects",
        "Layers of your own that a --keras file needs: a class, or a dictionary of several by name.",
        "FILE.py:NAME",
    ),
]
AllowLambda = Annotated[
    bool, _option("--allow-lambda", "Run the code that Lambda layers bring in a --keras file, with your rights.")
]
