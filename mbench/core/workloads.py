"""Workloads: what is run, without a word about a phone."""

import json
from itertools import pairwise
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticSerializationError

from mbench.core.builds.recipes import CalibrationKind, WeightsKind
from mbench.core.choices import CalibrationMethod
from mbench.core.delegates import Delegate
from mbench.core.numbers.bounds import Count, PositiveReading, Reading, Seed, Setting, Sha256, Share
from mbench.core.numbers.limits import (
    LONGEST_SETTING_S,
    LONGEST_TENSOR_NAME,
    MOST_DIMENSIONS,
    MOST_INFERENCES,
    MOST_THREADS,
)


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


MOST_EPOCHS: Final = 32
"""Of a learning curve that is kept: more points would lie upon each other in a picture, and each job has a copy."""


class LearningCurve(Document):
    """How a training went, epoch by epoch, in columns; a long one has not all of its epochs.

    Attributes:
        epochs: their numbers, counted from 1, ascending.
        loss: of each on what it was trained on: cross entropy, mean over its steps; None: not taken.
        accuracy: share of right answers there, on augmented pictures; likewise.
        held_out_loss: on the validation split after the epoch; None: not evaluated.
        held_out_accuracy: likewise.
    """

    epochs: tuple[Annotated[int, Field(ge=1, le=10**9)], ...] = Field(min_length=1, max_length=MOST_EPOCHS)
    loss: tuple[Reading | None, ...]
    accuracy: tuple[Share | None, ...]
    held_out_loss: tuple[Reading | None, ...]
    held_out_accuracy: tuple[Share | None, ...]

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        columns = (self.loss, self.accuracy, self.held_out_loss, self.held_out_accuracy)
        if any(len(column) != len(self.epochs) for column in columns):
            raise ValueError("a learning curve has one value of each kind for each epoch, null where it is not known")
        if any(after <= before for before, after in pairwise(self.epochs)):
            raise ValueError("epochs of a learning curve ascend")
        return self


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
        curve: how it went; None in documents from before that was kept.
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
    curve: LearningCurve | None = None


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
        kind: `none` (nothing to calibrate, or learned ranges), `synthetic`, `folder` or `examples` (of a data set,
            or a user's own arrays).
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
        signatures: names of its entry points, in the file's order; whatever they run, subgraph 0 is counted here.
        signature_subgraphs: which subgraph each of them runs; empty in documents from before it was kept.
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
    signature_subgraphs: tuple[Count, ...] = ()
    outputs: tuple[OutputFacts, ...] | None = None
    float_operators: tuple[str, ...] | None = None
    normalization: Normalization | None = None
    recipe: str | None = None
    weights: WeightsFacts | None = None
    calibration: CalibrationFacts | None = None
    notes: tuple[str, ...] = ()

    @property
    def bare_name(self) -> str:
        """The name without what changes with the bytes of a user's own file: `file:model` of `file:model@0123…`."""
        return self.name.rpartition("@")[0] if self.name.startswith("file:") and "@" in self.name else self.name

    def subgraph_of(self, signature: str | None) -> int | None:
        """Return the subgraph that runs where a program is given this signature: 0 without one; None: not known."""
        if signature is None:
            return 0
        return dict(zip(self.signatures, self.signature_subgraphs, strict=False)).get(signature)


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
        signature: the entry point that a program is asked to run; None: subgraph 0 is run.
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
