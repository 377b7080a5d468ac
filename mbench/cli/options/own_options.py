"""Options about users' own networks, which `run` and `build` share."""

from pathlib import Path
from typing import Annotated

import typer

from mbench.cli import grouped
from mbench.core.choices import Ends

Model = Annotated[
    list[Path] | None,
    typer.Option(
        help="Your own .tflite file, measured as it is; a float one is quantized where a quantization is asked for. "
        "May be repeated.",
        metavar="FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
Keras = Annotated[
    list[Path] | None,
    typer.Option(
        "--keras",
        help="Your own Keras model with its weights, a .keras file; may be repeated.",
        metavar="FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
SavedModel = Annotated[
    list[str] | None,
    typer.Option(
        "--saved-model",
        help="Your own SavedModel, a folder, and which of its signatures; may be repeated.",
        metavar="FOLDER[:SIGNATURE]",
        rich_help_panel=grouped.BUILD,
    ),
]
Torch = Annotated[
    list[str] | None,
    typer.Option(
        "--torch",
        help="Your own PyTorch network: FILE.py:NAME, a function that returns a module and its sample inputs and whose "
        "parameters are axes, or an exported program, a .pt2 file; may be repeated. Needs mbench[torch].",
        metavar="FILE",
        rich_help_panel=grouped.BUILD,
    ),
]
CustomObjects = Annotated[
    str | None,
    typer.Option(
        "--custom-objects",
        help="Layers of your own that a --keras file needs: a class, or a dictionary of several by name.",
        metavar="FILE.py:NAME",
        rich_help_panel=grouped.BUILD,
    ),
]
AllowLambda = Annotated[
    bool,
    typer.Option(
        "--allow-lambda",
        help="Run the code that Lambda layers bring in a --keras file, with your rights.",
        rich_help_panel=grouped.BUILD,
    ),
]
InputShape = Annotated[
    list[str] | None,
    typer.Option(
        help="Shape of an input of your own file or network, such as x:1,224,224,3; may be repeated.",
        metavar="NAME:SIZES",
        rich_help_panel=grouped.BUILD,
        show_default="the file's",
    ),
]
EndsOption = Annotated[
    Ends,
    typer.Option(
        "--io",
        help="Inputs and outputs of your own networks in int8 and int16x8: int8 (integers) or float.",
        rich_help_panel=grouped.BUILD,
    ),
]
RecipeFile = Annotated[
    Path | None,
    typer.Option(
        "--recipe",
        help="Recipe of litert-quantizer's own, a JSON file, that your own networks are quantized by in int8.",
        metavar="FILE.json",
        rich_help_panel=grouped.BUILD,
    ),
]
KeepFloatOption = Annotated[
    str | None,
    typer.Option(
        "--keep-float",
        help="Operators that int8 of your own networks leaves in float, in a variant beside the plain one: kinds or "
        "tensors, or auto[:DB], which finds them (30 dB of signal to noise).",
        metavar="NAME,...|auto[:DB]",
        rich_help_panel=grouped.BUILD,
        show_default="none",
    ),
]
BuildTimeout = Annotated[
    float,
    typer.Option(
        "--build-timeout",
        help="Timeout for each call of your own code in a build, in seconds.",
        min=1,
        max=86_400,
        metavar="SECONDS",
        rich_help_panel=grouped.BUILD,
    ),
]
