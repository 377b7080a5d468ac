"""Workloads: what is run, without a word about a phone."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean


class Document(BaseModel):
    """Base of every value that is read from or written to a file: frozen, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Delegate(StrEnum):
    """What executes the graph."""

    CPU = "cpu"
    XNNPACK = "xnnpack"
    BUILTIN = "builtin"


def parse_delegate(text: str) -> Delegate:
    """Return the delegate that a user typed.

    Raises:
        UsageError: unknown.
    """
    if text in set(Delegate):
        return Delegate(text)
    raise UsageError(f"unknown delegate {text!r}.{did_you_mean(text, list(Delegate))}")


class RunSettings(Document):
    """How long one run lasts, in benchmark_model's own terms.

    A run ends its warm-up after `warmup_runs` inferences *and* `warmup_min_secs`, its measuring after `num_runs`
    inferences *and* `min_secs`; each of the two phases stops early after `max_secs`.
    """

    warmup_runs: int = Field(default=5, ge=1)
    warmup_min_secs: float = Field(default=0.3, ge=0)
    num_runs: int = Field(default=50, ge=1)
    min_secs: float = Field(default=0.5, ge=0)
    max_secs: float = Field(default=60.0, gt=0)


class OutputFacts(Document):
    """One output tensor: how its raw bytes are to be read."""

    dtype: str
    elements: int
    zero_point: int | None


class ArtifactFacts(Document):
    """One `.tflite` file: its identity and what was counted from it.

    Attributes:
        name: variant name, or `file:NAME@sha256[:12]` for a user's own file.
        sha256: None, as everything counted, where the file could not be built.
        mult_adds: multiply-adds of one inference; None where an operator's cannot be counted.
        parameters: weights and biases by operator input.
        activation_bytes: largest sum of activations alive at one operator.
        snr_db: signal-to-noise ratio of its outputs against `snr_against`, in dB; None where never compared.
        outputs: of subgraph 0, in order; None where one has no fixed size.
        latency_only: why its outputs mean nothing (untrained weights, synthetic calibration), or None.
    """

    name: str
    sha256: str | None = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int | None
    mult_adds: int | None
    parameters: int | None
    activation_bytes: int | None
    snr_db: float | None = None
    snr_against: str | None = None
    latency_only: str | None = None
    outputs: tuple[OutputFacts, ...] | None = None
    recipe: str | None = None


class Workload(Document):
    """A variant or a user's file, with delegate, threads and run settings."""

    artifact: ArtifactFacts
    delegate: Delegate
    threads: int = Field(ge=1)
    settings: RunSettings

    @property
    def label(self) -> str:
        """Name for people, unique within a session: `mobilenet_v1_0.50_160_int8 cpu ×1`."""
        return f"{self.artifact.name} {self.delegate} ×{self.threads}"
