"""Files that a search for operators builds, each once, with how closely they follow the float file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.artifacts.running import run_outputs
from mbench.artifacts.verification import SNR_LIMIT_DB, compare_outputs
from mbench.core.builds.own_recipes import KEEP_FLOAT_POINTS
from mbench.core.errors import ArtifactError, MbenchError
from mbench.core.scores import Score
from mbench.models.own.kept_float import FloatSearch
from mbench.workflows.build.float_evaluator import AskFile
from mbench.workflows.build.float_loss import Loss, first_metric, loss_between

MOST_BUILDS: Final = 60

Kept = frozenset[int]
"""Places of the operators that a file leaves in float."""

NOTHING: Final = Kept()

_WORST: Final = -SNR_LIMIT_DB
_ALL_LOST: Final = Loss(amount=math.inf, low=math.inf, high=math.inf, examples=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCandidate:
    """A file that was built: its bytes, and the ratio of its worst output to the float file's."""

    data: bytes
    snr_db: float


@dataclass(slots=True)
class FloatFiles:
    """Candidates of one search.

    Attributes:
        ask: gives scores, where the search goes by accuracy.
    """

    search: FloatSearch
    inputs: Mapping[str, npt.NDArray[Any]]
    wanted: Mapping[str, npt.NDArray[Any]]
    ask: AskFile | None = None
    built: dict[Kept, BuiltCandidate | None] = field(default_factory=dict)
    scores: dict[Kept, Score | None] = field(default_factory=dict)
    _reference: Score | None = None

    @property
    def full(self) -> bool:
        """Whether as many files were built as may be."""
        return len(self.built) >= MOST_BUILDS

    def able(self, kept: Kept) -> bool:
        """Whether a file can be built."""
        return self._of(kept) is not None

    def data(self, kept: Kept) -> bytes:
        """Return a file.

        Raises:
            ArtifactError: it cannot be built.
        """
        found = self._of(kept)
        return self.search.quantized(sorted(kept)) if found is None else found.data

    def snr_db(self, kept: Kept) -> float:
        """Return the ratio of a file's worst output; the least there is where it cannot be built or run."""
        found = self._of(kept)
        return _WORST if found is None else found.snr_db

    @property
    def reference(self) -> Score:
        """The float file's score.

        Raises:
            ArtifactError: it has none.
        """
        if self._reference is None:
            assert self.ask is not None  # of searches that go by accuracy
            self._reference = self.ask(self.search.source)
        return self._reference

    @property
    def most_lost(self) -> float:
        """What may be lost of accuracy.

        Raises:
            ArtifactError: nothing says how much of a metric of values.
        """
        asked = self.search.asked.most_lost
        if asked is not None:
            return asked
        metric = first_metric(self.reference)
        if metric.kind == "share":
            return KEEP_FLOAT_POINTS
        raise ArtifactError(
            f"--keep-float auto:acc: {metric.name} gives values, so say how much of it may be lost, in its unit: "
            "auto:acc:AMOUNT."
        )

    def score(self, kept: Kept) -> Score | None:
        """Return a file's score; None where it has none."""
        if kept not in self.scores:
            self.scores[kept] = self._asked(kept)
        return self.scores[kept]

    def loss(self, kept: Kept) -> Loss:
        """Return what a file loses against the float file; without end where it has no score."""
        score = self.score(kept)
        return _ALL_LOST if score is None else loss_between(self.reference, score)

    def enough(self, kept: Kept) -> bool:
        """Whether a file follows the float file as closely as was asked for."""
        if self.ask is not None:
            return self.loss(kept).amount <= self.most_lost
        return self.snr_db(kept) >= self.search.asked.least_db

    def unsure(self, kept: Kept) -> bool:
        """Whether what is missing may be chance alone, after which no search shall run."""
        return self.ask is not None and not self.loss(kept).shown

    def _asked(self, kept: Kept) -> Score | None:
        found = self._of(kept)
        if found is None:
            return None
        assert self.ask is not None  # as of the reference
        try:
            return self.ask(found.data)
        except ArtifactError:
            return None

    def _of(self, kept: Kept) -> BuiltCandidate | None:
        if kept not in self.built:
            self.built[kept] = self._built(kept)
        return self.built[kept]

    def _built(self, kept: Kept) -> BuiltCandidate | None:
        try:
            data = self.search.quantized(sorted(kept))
        except ArtifactError:
            if not kept:
                raise  # int8 alone, for which there is a reason to be told
            return None
        return BuiltCandidate(data=data, snr_db=self._ratio(data))

    def _ratio(self, data: bytes) -> float:
        try:
            outputs = run_outputs(data, self.inputs)
            return min(compare_outputs(values, outputs[name].values) for name, values in self.wanted.items())
        except (MbenchError, KeyError):
            return _WORST


def opened_files(search: FloatSearch, ask: AskFile | None) -> FloatFiles:
    """Return an empty collection for a search.

    Raises:
        MbenchError: the float file cannot be run.
    """
    inputs = {
        tensor: np.stack([example[name] for example in search.examples])
        for name, tensor in search.names.items()
        if name in search.examples[0]
    }
    wanted = {name: each.values for name, each in run_outputs(search.source, inputs).items()}
    return FloatFiles(search, inputs, wanted, ask)
