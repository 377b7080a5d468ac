"""Confirmation: what old and new files say, measured again in turn on the same phone the same night."""

from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from mbench.core.nights.verdicts import Rerun, Standing
from mbench.gate.block_ranks import block_rank_p

FIRST_PAIRS: Final = 12
"""After which a clear case ends: enough for a p-value of `ALPHA` where all new runs are slower than all old ones."""

PAIRS: Final = 40
"""Of old and new runs at most. Recorded phones are as noisy as this: with 32, 94 % of planted +20 % are confirmed."""

ALPHA: Final = 0.0004
"""Of the rank test, at each of the two looks: of a thousand suspects without a cause at most one is confirmed."""

HOPELESS: Final = 0.4
"""p-value after the first pairs from which on no more are measured: new runs hardly above the old ones."""

LEAST_CHANGE: Final = 0.01
"""New over old, less one, that is confirmed: what is smaller is certain, perhaps, and nobody's regression."""

SHARE_OF_SUSPECT: Final = 0.5
"""Of the suspected change, from which on it is said to be seen again (in the old files: the phone changed)."""

REPEATS: Final = 2
"""Of the new file alone, at least, where the old ones are kept no more: all must be as bad again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What measuring again says of a suspect.

    Attributes:
        rerun: with its p-value.
        because: the outcome in a sentence, with figures.
        more: whether more pairs may decide what these do not: up to `PAIRS` of them.
    """

    standing: Standing
    rerun: Rerun
    because: str
    more: bool = False


def confirm(rerun: Rerun, *, before: float, now: float) -> Confirmation:
    """Decide about a suspect of latency, or a growth of memory, by its re-run.

    Args:
        rerun: pairs in the order in which they ran; a run that died is left out together with its partner.
        before: level that tonight was compared with, in µs, or KiB of memory.
        now: tonight's, above it (of an improvement, below).
    """
    if not rerun.old:
        return _without_old(rerun, before, now)
    return _paired(rerun, before, now)


def _paired(rerun: Rerun, before: float, now: float) -> Confirmation:
    pairs = min(len(rerun.old), len(rerun.new))
    if pairs < FIRST_PAIRS:
        words = f"only {pairs} pairs of old and new were measured again: too few"
        return _said(rerun, None, Standing.SUSPECT, words, more=True)
    old, new = rerun.old[:pairs], rerun.new[:pairs]
    better, worse = (old, new) if now >= before else (new, old)
    p_value = block_rank_p(better, worse)
    change = median(new) / median(old) - 1
    words = f"new files {change:+.1%} against old ones in {pairs} interleaved pairs (p = {p_value:.2g})"
    if p_value <= ALPHA and median(worse) / median(better) - 1 >= LEAST_CHANGE:
        return _said(rerun, p_value, Standing.CONFIRMED, words)
    if p_value < HOPELESS and pairs < PAIRS:
        return _said(rerun, p_value, Standing.SUSPECT, f"more pairs are needed: {words}", more=True)
    if _seen_again(median(old), before, now):
        return _said(rerun, p_value, Standing.PHONE_CHANGED, f"the old files are as far from their level now: {words}")
    return _said(rerun, p_value, Standing.WITHDRAWN, f"as before when measured again: {words}")


def _without_old(rerun: Rerun, before: float, now: float) -> Confirmation:
    if not rerun.new:
        return _said(rerun, None, Standing.SUSPECT, "no run ended when it was measured again")
    if len(rerun.new) < REPEATS:
        words = f"{len(rerun.new)} of {REPEATS} repeats ended, without old files to compare with"
        return _said(rerun, None, Standing.SUSPECT, words)
    again = sum(_seen_again(new, before, now) for new in rerun.new)
    repeats = len(rerun.new)
    words = f"{again} of {repeats} repeats were so again, without old files to compare with"
    if again == repeats:
        return _said(rerun, None, Standing.CONFIRMED, words)
    return _said(rerun, None, Standing.SUSPECT if again else Standing.WITHDRAWN, words)


def _seen_again(value: float, before: float, now: float) -> bool:
    """Whether a value lies at least half of the suspected way from the level to tonight's."""
    return (value - before) / (now - before) >= SHARE_OF_SUSPECT if now != before else False


def _said(rerun: Rerun, p_value: float | None, standing: Standing, because: str, *, more: bool = False) -> Confirmation:
    return Confirmation(standing=standing, rerun=replace(rerun, p_value=p_value), because=because, more=more)
