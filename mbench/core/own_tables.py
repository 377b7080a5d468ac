"""Users' own networks as a farm file or a suite names them, by the same keys; paths are relative to the file."""

from typing import Annotated, Final, Literal

from pydantic import Field

from mbench.core.toml_tables import Table, Text

PYTHON: Final = ".py:"
"""What `FILE.py:NAME` is known by."""

_OF_OWN: Final = frozenset(
    {
        *("weights", "custom_objects", "allow_lambda", "calibration", "calibration_examples", "recipe", "io"),
        *("keep_float", "input_shapes", "build_timeout"),
    }
)


class OwnKeys(Table):
    """Some networks, and what they are built from, as the options of `mbench run` say it.

    Attributes:
        arch: whose variants a sweep is of; or `FILE.py:NAME`, a builder of the user's.
        keras: Keras files.
        saved_models: `FOLDER[:SIGNATURE]`.
        torch: `FILE.py:NAME`, or exported programs.
        sweep: axes, as `--sweep` takes them.
        quantization: likewise alpha and resolution, as comma lists.
        weights: of a builder: `builder`, or a file.
        keep_float: operators that int8 leaves in float, `NAME,...|auto[:DB]`, in a variant beside the plain one.
        io: of what is quantized in int8 and int16x8.
        input_shapes: `NAME:SIZES`.
        build_timeout: for each call of the user's code, in seconds.
    """

    arch: Text | None = None
    keras: list[Text] = Field(default_factory=list)
    saved_models: list[Text] = Field(default_factory=list)
    torch: list[Text] = Field(default_factory=list)
    sweep: list[Text] = Field(default_factory=list)
    alpha: Text | None = None
    resolution: Text | None = None
    quantization: Text | None = None
    weights: Text | None = None
    custom_objects: Text | None = None
    allow_lambda: bool = False
    calibration: Text | None = None
    calibration_examples: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    recipe: Text | None = None
    keep_float: Text | None = None
    io: Literal["int8", "float"] | None = None
    input_shapes: list[Text] = Field(default_factory=list)
    build_timeout: Annotated[int, Field(ge=1, le=86_400)] | None = None

    @property
    def builder(self) -> str | None:
        """The user's own builder; None: there is none, or `arch` is a network of mbench's."""
        return self.arch if self.arch is not None and ":" in self.arch else None

    @property
    def of_own(self) -> str | None:
        """The first key that says something of users' own networks alone; None: there is none."""
        return next((key for key in OwnKeys.model_fields if key in _OF_OWN & self.model_fields_set), None)

    @property
    def quantizes(self) -> bool:
        """Whether a quantization is asked for."""
        return self.quantization is not None or any(text.partition("=")[0] == "quantization" for text in self.sweep)

    @property
    def code(self) -> str | None:
        """The first thing named that runs somebody's code where it is built; None: nothing does."""
        if self.builder or self.custom_objects:
            return self.builder or self.custom_objects
        if self.calibration is not None and PYTHON in self.calibration:
            return self.calibration
        programs = (*self.torch, *self.saved_models, *(self.keras if self.allow_lambda else ()))
        return next(iter(programs), None)
