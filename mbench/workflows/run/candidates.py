"""Candidates: what one device is to run, with the delegates that are worth trying on it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from mbench.core.builds.sweeps import Axis
from mbench.core.delegates import parse_delegate
from mbench.core.errors import UsageError
from mbench.runner.delegate_flags import delegate_flags
from mbench.runner.instrument import Instrument, lacking
from mbench.workflows.build.selection import Candidate, Selection


def candidates_for(
    chosen: Selection, selected: tuple[Candidate, ...], *, delegates: Sequence[str], instrument: Instrument
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Return what a device is to run, and a sentence for each delegate that is left out.

    A bare `--sweep delegate` takes what the device's profile holds worth trying, less what its program has no flags
    for, and less what is loaded from a path: a profile may be somebody else's, and a library is code. A delegate that
    the user names is never left out: it is refused where it cannot be asked for.

    Args:
        chosen: what was typed.
        selected: everything that it means; a bare sweep of delegates with those that every device has.
        delegates: those of the profile.
        instrument: the device's program.

    Raises:
        UsageError: the profile names what is no delegate, or none is left.
    """
    if Axis.DELEGATE not in chosen.sweeps:
        return selected, ()
    candidates = tuple(_by_delegates(selected, delegates))
    named = tuple(dict.fromkeys(one.delegate for one in candidates if one.delegate.path is not None))
    candidates = tuple(one for one in candidates if one.delegate not in named)
    missing = {one.delegate: lacking(delegate_flags(one.delegate, instrument), instrument.flags) for one in candidates}
    left_out = tuple(
        f"delegate {delegate} is left out: it is code that the profile names; name it yourself by --delegate"
        for delegate in named
    ) + tuple(
        f"delegate {delegate} is left out: {instrument.tool} has no flag --{', --'.join(flags)}"
        for delegate, flags in missing.items()
        if flags
    )
    able = tuple(one for one in candidates if not missing[one.delegate])
    if not able:
        raise UsageError(f"no delegate of the profile can be asked for: {'; '.join(left_out)}.")
    return able, left_out


def _by_delegates(selected: Sequence[Candidate], delegates: Sequence[str]) -> Iterator[Candidate]:
    """Yield candidates with these delegates in the place of those that they were swept over, in the sweep's order."""
    own = dict.fromkeys(parse_delegate(text) for text in delegates)
    for swept, alike in groupby(selected, key=lambda one: one.delegate):
        if swept == selected[0].delegate:  # once per turn of the axis: what follows differs in the delegate alone
            members = tuple(alike)
            yield from (replace(one, delegate=delegate) for delegate in own for one in members)
