"""`--keep-float auto`: finds by measurement which operators int8 should leave in float; runs in a build worker.

Greedy: of the operators that lose most, each is tried alone and with up to three in a row that take what it gives
(whose inputs would else be rounded all the same); what helps most stays in float, until the outputs follow the float
file closely enough, nothing helps any more, or the builds run out. What proves needless in the end is quantized again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.layer_errors import LayerErrors, layer_errors
from mbench.artifacts.rough_times import rough_median_us
from mbench.artifacts.running import run_outputs
from mbench.artifacts.verification import SNR_LIMIT_DB, compare_outputs
from mbench.core.errors import RuinedConversion
from mbench.models.own.kept_float import FloatFound, FloatSearch

MOST_BUILDS: Final = 60
MOST_TRIED: Final = 4
"""Operators whose loss is looked into, of each step."""

MOST_BEHIND: Final = 3
"""Operators behind one that loses, in a row, that are left in float with it: a wide range may last through some."""

LEAST_GAIN_DB: Final = 0.5
"""Of a step, and of what one more operator in float must bring."""

LEAST_LOST_DB: Final = 0.5
"""What loses less is not tried."""

EXACT_DB: Final = 50.0
"""What exact inputs count for where losses are ranked: 8 bits hold a uniform signal at 50 dB (6.02 dB a bit + 1.76)."""

RANKED_BY: Final = 4
"""Examples that losses are ranked by; ratios are taken over all."""

MOST_NAMED: Final = 12

Kept = frozenset[int]
_WORST: Final = -SNR_LIMIT_DB


@dataclass(slots=True)
class _Files:
    """Candidates that were built, each once, with the ratio of their worst output."""

    search: FloatSearch
    inputs: Mapping[str, npt.NDArray[Any]]
    wanted: Mapping[str, npt.NDArray[Any]]
    built: dict[Kept, tuple[bytes, float]] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return len(self.built) >= MOST_BUILDS

    def data(self, kept: Kept) -> bytes:
        return self._of(kept)[0]

    def snr_db(self, kept: Kept) -> float:
        return self._of(kept)[1]

    def _of(self, kept: Kept) -> tuple[bytes, float]:
        if kept not in self.built:
            data = self.search.quantized(sorted(kept))
            self.built[kept] = data, self._ratio(data)
        return self.built[kept]

    def _ratio(self, data: bytes) -> float:
        outputs = run_outputs(data, self.inputs)
        try:
            return min(compare_outputs(values, outputs[name].values) for name, values in self.wanted.items())
        except (RuinedConversion, KeyError):
            return _WORST


def search_float(search: FloatSearch) -> FloatFound:
    """Return the int8 file whose outputs follow the float file's, with as few operators in float as were found to do.

    Raises:
        MbenchError: the float file, or one that was built, cannot be run.
    """
    inputs = {
        tensor: np.stack([example[name] for example in search.examples])
        for name, tensor in search.names.items()
        if name in search.examples[0]
    }
    wanted = {name: each.values for name, each in run_outputs(search.source, inputs).items()}
    files = _Files(search, inputs, wanted)
    kept = _without_needless(files, _found(files))
    return FloatFound(data=files.data(kept), note=_note(files, kept))


def _found(files: _Files) -> Kept:
    kept: Kept = frozenset()
    while files.snr_db(kept) < files.search.least_db and not files.full:
        tried = []
        for candidate in _candidates(files, kept):
            if files.full:
                break
            tried.append(candidate)
            files.snr_db(candidate)
        best = max(tried, key=lambda each: _worth(files, each), default=None)
        if best is None or files.snr_db(best) < files.snr_db(kept) + LEAST_GAIN_DB:
            break
        kept = best
    return kept


def _worth(files: _Files, kept: Kept) -> float:
    """Return a ratio, up to the one that is asked for, less what each operator in float must bring."""
    return min(files.snr_db(kept), files.search.least_db) - LEAST_GAIN_DB * len(kept)


def _candidates(files: _Files, kept: Kept) -> list[Kept]:
    """Return what to leave in float besides: operators that lose most, and those with what takes their outputs."""
    search = files.search
    errors = layer_errors(search.source, files.data(kept), search.examples[:RANKED_BY])
    takers = _takers(search.source)
    found: list[Kept] = []
    for operator in _losing(errors, kept)[:MOST_TRIED]:
        more: Kept = frozenset({operator})
        for _ in range(MOST_BEHIND + 1):
            found.append(kept | more)
            more = more.union(*(takers.get(each, frozenset()) for each in more))
    return [each for each in dict.fromkeys(found) if each != kept]


def _losing(errors: LayerErrors, kept: Kept) -> list[int]:
    """Return the operators that lose most, the worst first."""
    lost: dict[int, float] = {}
    for layer in errors.layers:
        loss = layer.lost_db
        if loss is None and layer.snr_db is not None:
            loss = EXACT_DB - layer.snr_db
        if layer.operator is not None and loss is not None and loss >= LEAST_LOST_DB:
            lost[layer.operator] = max(lost.get(layer.operator, 0.0), loss)
    return sorted((each for each in lost if each not in kept), key=lambda each: -lost[each])


def _takers(source: bytes) -> dict[int, frozenset[int]]:
    """Return the operators that take what each one gives."""
    operators = read_model(source).main.operators
    gives = {index: operator.index for operator in operators for index in operator.outputs}
    found: dict[int, set[int]] = {}
    for operator in operators:
        for index in operator.inputs:
            if index in gives:
                found.setdefault(gives[index], set()).add(operator.index)
    return {operator: frozenset(takers) for operator, takers in found.items()}


def _without_needless(files: _Files, kept: Kept) -> Kept:
    """Return what is left in float without those that the ratio does not need."""
    enough = min(files.search.least_db, files.snr_db(kept) - LEAST_GAIN_DB)
    for operator in sorted(kept):
        fewer = kept - {operator}
        if not files.full and files.snr_db(fewer) >= enough:
            kept = fewer
    return kept


def _allowed(files: _Files, data: bytes) -> float:
    """Return the ratio at which rounding the float file's outputs to this file's steps alone ends."""
    outputs = run_outputs(data, {name: values[:1] for name, values in files.inputs.items()})
    return min(
        SNR_LIMIT_DB if outputs[name].step == 0 else compare_outputs(values, _rounded(values, outputs[name].step))
        for name, values in files.wanted.items()
        if name in outputs
    )


def _rounded(values: npt.NDArray[Any], step: float) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.round(values / step) * step
    return found


def _bound(files: _Files, kept: Kept) -> str:
    """Return what to do where the outputs' own steps are too coarse for the ratio; nothing where they are not."""
    least_db, allowed = files.search.least_db, _allowed(files, files.data(kept))
    if files.snr_db(kept) >= least_db or allowed >= least_db:
        return ""
    return f"; the outputs' own steps allow {allowed:.1f} dB (--io float leaves them real numbers)"


def _note(files: _Files, kept: Kept) -> str:
    search, plain = files.search, frozenset[int]()
    before, after = files.snr_db(plain), files.snr_db(kept)
    bound = _bound(files, kept)
    asked = f"{search.least_db:g} dB of signal to noise were asked for"
    if not kept:
        why = "which int8 reaches" if before >= search.least_db else "and no operator left in float brings it nearer"
        return f"keep-float: nothing is left in float; {asked}, {why}: {before:.1f} dB{bound}"
    one = {name: values[0] for name, values in files.inputs.items()}
    times = rough_median_us([files.data(plain), files.data(kept), search.source], one)
    int8, this, fp32 = (f"{each / 1000:.3g}" for each in times)
    missed = "" if after >= search.least_db else ", which was not reached"
    return (
        f"keep-float: {len(kept)} of {len(read_model(search.source).main.operators)} operators are left in float "
        f"({_named(search.source, kept)}): {before:.1f} dB in int8 alone, {after:.1f} dB so; {asked}{missed}{bound}; "
        f"{len(files.built)} files were built and compared on {len(search.examples)} examples. Price, roughly, on this "
        f"host: {int8} ms in int8, {this} ms so, {fp32} ms in fp32"
    )


def _named(source: bytes, kept: Kept) -> str:
    graph = read_model(source).main
    said = [
        f"{graph.operators[at].label} {graph.tensors[graph.operators[at].outputs[0]].name.partition(';')[0]}"
        for at in sorted(kept)[:MOST_NAMED]
    ]
    more = len(kept) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")
