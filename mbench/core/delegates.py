"""Delegates: what executes a graph, as the text that users type and documents hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean


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
        given = {name for name in ("precision", "backend", "accelerator", "path", "options") if getattr(self, name)}
        if foreign := given - _FIELDS.get(self.kind, frozenset()):
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
