"""`--keep-float auto`: finds by measurement which operators int8 should leave in float; runs in a build worker.

Greedy: of the operators that lose most, each is tried alone and with up to three in a row that take what it gives
(whose inputs would else be rounded all the same); what helps most stays in float, until the outputs follow the float
file closely enough, nothing helps any more, or the builds run out. Where many small losses add up, so that no few
operators help, as many as it takes are left in float, found by halving. What proves needless in the end is quantized
again.

Closely enough is a ratio of signal to noise, or what may be lost of accuracy. By accuracy, those that follow best by
ratio are asked, and no loss is pursued that the examples do not show to be one.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.layer_errors import LayerErrors, layer_errors
from mbench.core.errors import MbenchError
from mbench.models.own.kept_float import FloatFound, FloatSearch
from mbench.workflows.build.float_evaluator import AskFile, FloatEvaluator
from mbench.workflows.build.float_files import NOTHING, FloatFiles, Kept, opened_files
from mbench.workflows.build.float_loss import loss_between
from mbench.workflows.build.float_notes import notes_of

MOST_TRIED: Final = 4
"""Operators whose loss is looked into, of each step."""

MOST_BEHIND: Final = 3
"""Operators behind one that loses, in a row, that are left in float with it: a wide range may last through some."""

MOST_ASKED: Final = 4
"""Files of each step that are asked for accuracy, which takes longer than ratios."""

LEAST_GAIN_DB: Final = 0.5
"""Of a step, and of what one more operator in float must bring."""

LEAST_LOST_DB: Final = 0.5
"""What loses less is not tried."""

EXACT_DB: Final = 50.0
"""What exact inputs count for where losses are ranked: 8 bits hold a uniform signal at 50 dB (6.02 dB a bit + 1.76)."""

RANKED_BY: Final = 4
"""Examples that losses are ranked by; ratios are taken over all."""


def search_float(search: FloatSearch, evaluator: FloatEvaluator | None = None) -> FloatFound:
    """Return the int8 file that follows the float file, with as few operators in float as were found to do.

    Args:
        search: what to build, and where it ends.
        evaluator: of accuracy; needed by searches that go by it.

    Raises:
        MbenchError: the float file, or int8 alone, cannot be run, or the float file has no accuracy.
    """
    asking: AbstractContextManager[AskFile | None] = nullcontext()
    if search.asked.accuracy:
        assert evaluator is not None  # recipes without one are refused
        asking = evaluator.opened()
    with asking as ask:
        files = opened_files(search, ask)
        kept = _without_needless(files, _found(files))
        return FloatFound(data=files.data(kept), notes=notes_of(files, kept, operators=_count(search)))


def _count(search: FloatSearch) -> int:
    return len(read_model(search.source).main.operators)


def _found(files: FloatFiles) -> Kept:
    """Return what helps, step by step; where that does not do, as many as it takes."""
    kept = NOTHING
    while not files.enough(kept) and not files.unsure(kept) and not files.full:
        best = _best(files, kept)
        if best is None:
            break
        kept = best
    if files.enough(kept) or files.unsure(kept) or files.full:
        return kept
    return _as_many_as_it_takes(files, kept)


def _best(files: FloatFiles, kept: Kept) -> Kept | None:
    """Return the next step; None where nothing helps."""
    tried = []
    for candidate in _candidates(files, kept):
        if files.full:
            break
        tried.append(candidate)
        files.snr_db(candidate)
    if not tried:
        return None
    worth = sorted(tried, key=lambda each: -_worth(files, each))
    best = worth[0] if files.ask is None else _least_lost(files, worth[:MOST_ASKED])
    return best if _helps(files, best, kept) else None


def _least_lost(files: FloatFiles, asked: Sequence[Kept]) -> Kept:
    """Return the first of those that are not shown to lose more than the one that loses least."""
    least = min(asked, key=lambda each: files.loss(each).amount)
    return next(each for each in asked if not _shown_worse(files, each, least))


def _shown_worse(files: FloatFiles, kept: Kept, other: Kept) -> bool:
    score, reference = files.score(kept), files.score(other)
    if score is None or reference is None:
        return score is None and reference is not None
    return loss_between(reference, score).shown


def _helps(files: FloatFiles, best: Kept, kept: Kept) -> bool:
    if files.snr_db(best) >= files.snr_db(kept) + LEAST_GAIN_DB:
        return True
    return files.ask is not None and _shown_worse(files, kept, best)


def _worth(files: FloatFiles, kept: Kept) -> float:
    """Return a ratio, up to the one that is asked for, less what each operator in float must bring."""
    ratio = files.snr_db(kept)
    return (ratio if files.ask is not None else min(ratio, files.search.asked.least_db)) - LEAST_GAIN_DB * len(kept)


def _candidates(files: FloatFiles, kept: Kept) -> list[Kept]:
    """Return what to leave in float besides: operators that lose most, and those with what takes their outputs."""
    takers = _takers(files.search.source)
    found: list[Kept] = []
    for operator in [each for each in _by_loss(files, kept, least_db=LEAST_LOST_DB) if each not in kept][:MOST_TRIED]:
        more: Kept = frozenset({operator})
        for _ in range(MOST_BEHIND + 1):
            found.append(kept | more)
            more = more.union(*(takers.get(each, frozenset()) for each in more))
    return [each for each in dict.fromkeys(found) if each != kept]


def _by_loss(files: FloatFiles, kept: Kept, *, least_db: float) -> list[int]:
    """Return the operators that lose so much where some are in float, the worst first."""
    search = files.search
    try:
        errors = layer_errors(search.source, files.data(kept), search.examples[:RANKED_BY])
    except MbenchError:  # such as of a file that has no tensor left by the float file's names
        return []
    lost = _lost(errors)
    return sorted((each for each in lost if lost[each] >= least_db), key=lambda each: -lost[each])


def _lost(errors: LayerErrors) -> dict[int, float]:
    """Return what each operator loses, in dB."""
    lost: dict[int, float] = {}
    for layer in errors.layers:
        loss = layer.lost_db
        if loss is None and layer.snr_db is not None:
            loss = EXACT_DB - layer.snr_db
        if layer.operator is not None and loss is not None:
            lost[layer.operator] = max(lost.get(layer.operator, loss), loss)
    return lost


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


def _as_many_as_it_takes(files: FloatFiles, kept: Kept) -> Kept:
    """Return what more is left in float so that it is enough; what was there, where all operators would not do.

    Of three orders (those that lose most first, the network's last ones, its first ones) the one counts that is
    closest at half of all operators.
    """
    every = list(range(_count(files.search)))
    if not files.enough(frozenset(every)):
        return kept
    losing = _by_loss(files, NOTHING, least_db=float("-inf"))
    orders = [[*losing, *(each for each in every if each not in losing)], every[::-1], every]
    half = len(every) // 2
    order = max(orders, key=lambda each: files.snr_db(kept.union(each[:half])))

    def enough(count: int) -> bool:
        return files.enough(kept.union(order[:count]))

    return kept.union(order[: _least(len(every), enough, until=lambda: files.full)])


def _least(most: int, enough: Callable[[int], bool], *, until: Callable[[], bool]) -> int:
    """Return the least number up to `most`, which is enough, that is: by halving, as long as it is not `until`."""
    too_few = 0
    while most - too_few > 1 and not until():
        middle = (too_few + most) // 2
        if enough(middle):
            most = middle
        else:
            too_few = middle
    return most


def _without_needless(files: FloatFiles, kept: Kept) -> Kept:
    """Return what is left in float without those that it does not need."""
    asked, reached = files.search.asked, kept
    for operator in sorted(kept):
        fewer = kept - {operator}
        if files.full:
            break
        if files.ask is None:
            needless = files.snr_db(fewer) >= min(asked.least_db, files.snr_db(reached) - LEAST_GAIN_DB)
        else:
            most = max(files.most_lost, files.loss(reached).amount)
            needless = files.loss(fewer).amount <= most and not _shown_worse(files, fewer, reached)
        if needless:
            kept = fewer
    return kept
