"""Workloads: what is run, without a word about a phone."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticSerializationError, core_schema

from mbench.core.bounds import Count, PositiveReading, Reading, Seed, Setting, Sha256, Share
from mbench.core.choices import CalibrationMethod
from mbench.core.errors import UsageError
from mbench.core.limits import LONGEST_SETTING_S, LONGEST_TENSOR_NAME, MOST_DIMENSIONS, MOST_INFERENCES, MOST_THREADS
from mbench.core.recipes import CalibrationKind, WeightsKind
from mbench.core.suggestions import did_you_mean


class Document(BaseModel):
    """Base of every value that is read from or written to a file: frozen, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        r"""Return JSON as pydantic writes it; names of files that are not UTF-8 are escaped: `caf\udce9`.

        Raises:
            PydanticSerializationError: a value that JSON has no form for.
        """
        try:
            return super().model_dump_json(indent=indent, **options)
        except PydanticSerializationError:
            return json.dumps(self.model_dump(mode="json", **options), indent=indent)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Return the value of a JSON text, in which names may be what `model_dump_json` wrote.

        Raises:
            ValidationError: no JSON, or of something else.
        """
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            if "surrogate" not in error.errors(include_url=False, include_input=False)[0]["msg"]:
                raise
            try:
                fields = json.loads(json_data)
            except (ValueError, RecursionError):
                raise error from None
            return cls.model_validate(fields, **options)


class DelegateKind(StrEnum):
    """Families of delegates: the word that a delegate's text begins with."""

    CPU = "cpu"
    XNNPACK = "xnnpack"
    BUILTIN = "builtin"
    GPU = "gpu"
    NNAPI = "nnapi"
    NPU = "npu"
    EXTERNAL = "external"


class Precision(StrEnum):
    """The floating-point type that a delegate may compute in."""

    FP16 = "fp16"
    FP32 = "fp32"


class GpuBackend(StrEnum):
    """The API that a GPU delegate must use."""

    CL = "cl"
    GL = "gl"


_FIELDS: Final[Mapping[DelegateKind, frozenset[str]]] = {
    DelegateKind.XNNPACK: frozenset({"precision"}),
    DelegateKind.GPU: frozenset({"precision", "backend"}),
    DelegateKind.NNAPI: frozenset({"accelerator"}),
    DelegateKind.NPU: frozenset({"path"}),
    DelegateKind.EXTERNAL: frozenset({"path", "options"}),
}
"""What a kind can say besides its name."""

_ACCELERATOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_PATH: Final = re.compile(r"/[!-+.->@-~-]+")
"""Printable ASCII without blank, comma and question mark."""
_OPTION: Final = re.compile(r"([!-9<-~]+):([!-9<-~]+)")
"""Printable ASCII without blank, colon and semicolon, at which LiteRT's `external_delegate_provider.cc` divides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """What executes the graph. Typed, stored and shown as one text, of which `parse_delegate` is the inverse.

        cpu                      what an app gets: XNNPACK where it can
        xnnpack, xnnpack:fp16    XNNPACK asked for; forced to compute in float16
        builtin                  the runtime's own kernels
        gpu, gpu:fp32, gpu:cl, gpu:fp32:gl
        nnapi, nnapi:ACCELERATOR
        npu, npu:FOLDER          LiteRT's NPU; folder of its libraries on the device
        external:PATH, external:PATH?KEY:VALUE;KEY:VALUE

    Attributes:
        precision: `fp32` of a GPU, which otherwise may compute in float16; `fp16` of XNNPACK, which otherwise may not.
        backend: the API that a GPU must use; None takes OpenCL, else OpenGL.
        accelerator: NNAPI's name of a device; None lets NNAPI choose.
        path: on the device, absolute: an external delegate's library, or the folder of an NPU's libraries.
        options: (key, value) pairs that an external delegate takes.
    """

    CPU: ClassVar["Delegate"]
    XNNPACK: ClassVar["Delegate"]
    BUILTIN: ClassVar["Delegate"]

    kind: DelegateKind
    precision: Precision | None = None
    backend: GpuBackend | None = None
    accelerator: str | None = None
    path: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        told = {name for name in ("precision", "backend", "accelerator", "path", "options") if getattr(self, name)}
        if foreign := told - _FIELDS.get(self.kind, frozenset()):
            raise UsageError(f"delegate {self.kind} has no {' or '.join(sorted(foreign))}.")
        if self.precision is not None and self.precision is not _UNUSUAL_PRECISION[self.kind]:
            raise UsageError(f"delegate {self.kind} is {self.precision} unless it says otherwise; leave that out.")
        if self.accelerator is not None and not _ACCELERATOR.fullmatch(self.accelerator):
            raise UsageError(f"delegate nnapi: {self.accelerator!r} is no accelerator's name.")
        if self.kind is DelegateKind.EXTERNAL and self.path is None:
            raise UsageError("delegate external needs its library's path on the device: external:/PATH/LIBRARY.so")
        if self.path is not None and not _PATH.fullmatch(self.path):
            raise UsageError(
                f"delegate {self.kind}: {self.path!r} is no absolute path on the device; it begins with / and has "
                "no blank, comma or question mark."
            )
        if any(not _OPTION.fullmatch(f"{key}:{value}") for key, value in self.options):
            raise UsageError(_BAD_OPTIONS)
        if len(dict(self.options)) != len(self.options):
            raise UsageError(f"delegate external:{self.path} names an option twice.")

    def __str__(self) -> str:
        words = [self.kind, self.precision, self.backend, self.accelerator, self.path]
        options = ";".join(f"{key}:{value}" for key, value in self.options)
        return ":".join(word for word in words if word is not None) + (f"?{options}" if options else "")

    @property
    def accelerated(self) -> bool:
        """Whether something else than the CPU's kernels is asked for; the CPU may execute what that leaves over."""
        return self.kind not in {DelegateKind.CPU, DelegateKind.XNNPACK, DelegateKind.BUILTIN}

    @property
    def may_use_fp16(self) -> bool:
        """Whether float32 graphs may be computed in float16 because of how the delegate was asked for."""
        return self.precision is Precision.FP16 or (self.kind is DelegateKind.GPU and self.precision is None)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Describe the value to pydantic: a text in documents, this value in the program."""
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(_from_document, core_schema.str_schema()),
            python_schema=core_schema.no_info_before_validator_function(
                _from_document, core_schema.is_instance_schema(cls)
            ),
            serialization=core_schema.to_string_ser_schema(),
        )


_UNUSUAL_PRECISION: Final = {DelegateKind.XNNPACK: Precision.FP16, DelegateKind.GPU: Precision.FP32}
_BAD_OPTIONS: Final = (
    "delegate external takes options as KEY:VALUE;KEY:VALUE, neither of them empty or with a blank, colon or "
    "semicolon; benchmark_model drops others without a word."
)

Delegate.CPU = Delegate(kind=DelegateKind.CPU)
Delegate.XNNPACK = Delegate(kind=DelegateKind.XNNPACK)
Delegate.BUILTIN = Delegate(kind=DelegateKind.BUILTIN)

EVERYWHERE: Final = (Delegate.CPU, Delegate.XNNPACK, Delegate.BUILTIN)
"""Delegates that every device has."""


def parse_delegate(text: str) -> Delegate:
    """Return the delegate that a user typed, such as `gpu:fp32:cl`.

    Raises:
        UsageError: unknown, or a kind with something that it cannot say.
    """
    name, more, rest = text.partition(":")
    if name not in set(DelegateKind):
        raise UsageError(f"unknown delegate {text!r}.{did_you_mean(name, list(DelegateKind))}")
    kind = DelegateKind(name)
    if more and not rest:
        raise UsageError(f"delegate {text!r} ends with a colon.")
    if not more:
        return Delegate(kind=kind)
    match kind:
        case DelegateKind.NNAPI:
            return Delegate(kind=kind, accelerator=rest)
        case DelegateKind.NPU:
            return Delegate(kind=kind, path=rest)
        case DelegateKind.EXTERNAL:
            path, _, options = rest.partition("?")
            return Delegate(kind=kind, path=path, options=_parse_options(options) if "?" in rest else ())
        case DelegateKind.CPU | DelegateKind.BUILTIN:
            raise UsageError(f"delegate {name} takes nothing after it, not {rest!r}.")
        case DelegateKind.XNNPACK | DelegateKind.GPU:
            return _parse_qualified(kind, rest.split(":"))


def split_delegates(text: str) -> tuple[str, ...]:
    """Return the delegates of a comma list; a comma in an external delegate's options divides nothing."""
    texts: list[str] = []
    for piece in text.split(","):
        if texts and "?" in texts[-1] and piece.strip().partition(":")[0] not in set(DelegateKind):
            texts[-1] += f",{piece}"
        else:
            texts.append(piece)
    return tuple(piece.strip() for piece in texts if piece.strip())


def _parse_qualified(kind: DelegateKind, words: Sequence[str]) -> Delegate:
    """Return the GPU or XNNPACK that a precision and a backend, in any order, qualify."""
    text = ":".join([kind, *words])
    known = [*Precision, *GpuBackend] if kind is DelegateKind.GPU else [*Precision]
    for word in words:
        if word not in known:
            raise UsageError(f"delegate {text}: unknown {word!r}.{did_you_mean(word, known)}")
    precisions = [Precision(word) for word in words if word in set(Precision)]
    backends = [GpuBackend(word) for word in words if word in set(GpuBackend)]
    if len(precisions) > 1 or len(backends) > 1:
        raise UsageError(f"delegate {text} says more than one {'precision' if len(precisions) > 1 else 'backend'}.")
    return Delegate(
        kind=kind, precision=precisions[0] if precisions else None, backend=backends[0] if backends else None
    )


def _parse_options(text: str) -> tuple[tuple[str, str], ...]:
    found = [_OPTION.fullmatch(option) for option in text.split(";")]
    pairs = [(option[1], option[2]) for option in found if option]
    if len(pairs) != len(found):
        raise UsageError(_BAD_OPTIONS)
    return tuple(pairs)


def _from_document(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_delegate(value)
    except UsageError as error:
        raise ValueError(str(error)) from error


class RunSettings(Document):
    """How long one run lasts, in benchmark_model's own terms.

    A run ends its warm-up after `warmup_runs` inferences *and* `warmup_min_secs`, its measuring after `num_runs`
    inferences *and* `min_secs`; each of the two phases stops early after `max_secs`.
    """

    warmup_runs: int = Field(default=5, ge=1, le=MOST_INFERENCES)
    warmup_min_secs: Setting = 0.3
    num_runs: int = Field(default=50, ge=1, le=MOST_INFERENCES)
    min_secs: Setting = 0.5
    max_secs: float = Field(default=60.0, gt=0, le=LONGEST_SETTING_S)


class OutputFacts(Document):
    """One output tensor: how its raw bytes are to be read."""

    dtype: str
    elements: Count
    zero_point: int | None = Field(ge=-(2**31), lt=2**31)


class Normalization(Document):
    """What a file's author says its picture becomes: (level − mean) / std, of each channel, levels of 0 to 255."""

    mean: tuple[Reading, Reading, Reading]
    std: tuple[PositiveReading, PositiveReading, PositiveReading]


class TrainingFacts(Document):
    """The training that gave weights.

    Attributes:
        digest: of its recipe: its name in `MBENCH_HOME/trainings`.
        network: what was trained, at which resolution: `mobilenet_v1_0.25_32_digits10`.
        dataset: on what.
        epochs: that it had; `kept_epoch`: whose weights these are.
        held_out_accuracy: of that epoch on the validation split; None: not evaluated.
        held_out: examples of the validation split.
        qat_bits: of 1×1 weights, where it was quantization-aware; else None.
        teacher: what taught: `weights 0a1b2c3d4e5f`, `keras …`, `stored …`; None: nobody.
        others: trainings of the same network on the same data set that this machine has besides.
    """

    digest: Sha256
    network: str
    dataset: str
    epochs: Count
    kept_epoch: Count
    held_out_accuracy: Share | None
    held_out: Count
    qat_bits: Count | None
    teacher: str | None
    others: Count


class WeightsFacts(Document):
    """What weights a file was built from.

    Attributes:
        kind: `seeded` (untrained), `imagenet` (published), `trained` (by mbench) or `file` (the user's).
        seed: of untrained ones.
        sha256: of the file that they came from.
        source: its name, without its folder.
        training: that gave them; None: none on record did.
    """

    kind: WeightsKind
    seed: Seed | None = None
    sha256: Sha256 | None = None
    source: str | None = None
    training: TrainingFacts | None = None


class CalibrationFacts(Document):
    """What the activation ranges of a file were read off.

    Attributes:
        kind: `none` (nothing to calibrate, or learned ranges), `synthetic`, `folder` or `examples` (of a data set).
        examples: that were read; `asked`: that were asked for.
        sha256: of the pictures.
        source: name of the folder.
    """

    kind: CalibrationKind
    examples: Count
    asked: Count
    method: CalibrationMethod
    seed: Seed | None = None
    sha256: Sha256 | None = None
    source: str | None = None


class ArtifactFacts(Document):
    """One `.tflite` file: its identity and what was counted from it.

    Attributes:
        name: variant name, or `file:NAME@sha256[:12]` for a user's own file.
        sha256: None, as everything counted, where the file could not be built.
        mult_adds: multiply-adds of one inference; None where an operator's cannot be counted.
        parameters: weights and biases by operator input.
        least_mult_adds, least_parameters: where the whole is None, what those operators take that can be counted.
        activation_bytes: largest sum of activations alive at one operator.
        snr_db: signal-to-noise ratio of its outputs against `snr_against`, in dB; None where never compared.
        outputs: of subgraph 0, in order; None where one has no fixed size.
        float_operators: that compute in float although others compute in integers, in order of execution; None where
            nobody looked.
        normalization: of its picture, where its TFLite metadata has one.
        signatures: names of its entry points, in the file's order; only the first one's graph is counted here.
        latency_only: why its outputs mean nothing (untrained weights, synthetic calibration), or None.
        weights: that it was built from; None of a user's own file.
        calibration: likewise what its ranges were read off.
        notes: what else should be known of how it was built, half a sentence each.
    """

    name: str
    sha256: Sha256 | None
    size_bytes: Count | None
    mult_adds: Count | None
    parameters: Count | None
    least_mult_adds: Count | None = None
    least_parameters: Count | None = None
    activation_bytes: Count | None
    snr_db: Reading | None = None
    snr_against: str | None = None
    latency_only: str | None = None
    signatures: tuple[str, ...] = ()
    outputs: tuple[OutputFacts, ...] | None = None
    float_operators: tuple[str, ...] | None = None
    normalization: Normalization | None = None
    recipe: str | None = None
    weights: WeightsFacts | None = None
    calibration: CalibrationFacts | None = None
    notes: tuple[str, ...] = ()


class InputTensor(Document):
    """One input as it is fed.

    Attributes:
        values_sha256: of the file that holds its values, raw; None: the program makes them up.
    """

    name: str = Field(max_length=LONGEST_TENSOR_NAME)
    shape: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(max_length=MOST_DIMENSIONS)
    values_sha256: Sha256 | None = None

    def __str__(self) -> str:
        values = f" from {self.values_sha256[:12]}" if self.values_sha256 else ""
        return f"{self.name}:{','.join(map(str, self.shape))}{values}"


class Workload(Document):
    """A variant or a user's file, with delegate, threads and run settings.

    Attributes:
        signature: the entry point that is run; None: the file's only one, or its first graph.
        inputs: all of them, in order, where a shape or values were asked for; none: as the file has them.
    """

    artifact: ArtifactFacts
    delegate: Delegate
    threads: int = Field(ge=1, le=MOST_THREADS)
    settings: RunSettings
    signature: str | None = None
    inputs: tuple[InputTensor, ...] = ()

    @property
    def name(self) -> str:
        """The artifact's name, with the signature where one was chosen: `file:model@0123456789ab#encode`."""
        return self.artifact.name if self.signature is None else f"{self.artifact.name}#{self.signature}"

    @property
    def label(self) -> str:
        """Name for people, unique within a session: `mobilenet_v1_0.50_160_int8 cpu ×1`."""
        return f"{self.name} {self.delegate} ×{self.threads}"
