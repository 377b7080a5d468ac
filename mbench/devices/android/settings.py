"""A phone's settings, borrowed: noted before they are changed, put back afterwards, whatever happened between.

A setting that somebody else has changed meanwhile is left as it is. The next session puts back what a killed one left.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mbench.core.errors import CommandTimeout, TransportError
from mbench.core.ports import Transport
from mbench.devices.android.journal import Change, Journal, read_journals, remove_journals, write_journal
from mbench.devices.android.knobs import EVERY_SOURCE, FIXED_PERFORMANCE, GOVERNOR, SCREEN, STAY_ON, Knobs, Refusal

_LOG = logging.getLogger(__name__)
_DEFAULT_FIXED_PERFORMANCE = "false"
"""Android starts without it, and does not tell whether it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a phone should be set while it is measured; None and False leave a thing alone.

    Attributes:
        awake: light on, and kept on while a cable powers the phone.
        fixed_performance: clocks that do not follow the load; sustained, and so lower than the peak.
        governor: of every cluster; needs root.
    """

    awake: bool = True
    fixed_performance: bool = False
    governor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrowed:
    """What came of it.

    Attributes:
        changed: settings that are now ours.
        refused: settings that the phone did not take.
    """

    changed: tuple[Change, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """What became of changed settings.

    Attributes:
        restored: put back.
        left: no longer what we set, by somebody else or never by us: left as they are.
        refused: the phone did not take its old value; the journal keeps it for the next time.
    """

    restored: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


@contextmanager
def borrowed(transport: Transport, *, host_folder: Path, wanted: Wanted | None = None) -> Iterator[Borrowed]:
    """Set a phone as wanted, and put everything back at the end, on errors too.

    What an earlier session left behind is put back first. If the phone is lost, the journal stays and the next session
    puts it right; then an error that is under way is not replaced by that of putting back.

    Args:
        transport: the way to the phone, which nobody else is using.
        host_folder: of the journals on this host; made if it is not there.
        wanted: how to set it.

    Raises:
        TransportError: the phone cannot be asked or set.
    """
    restore_left_behind(transport, host_folder)
    knobs = Knobs(transport)
    owed = tuple(change for journal in read_journals(transport, host_folder) for change in journal.changes)
    changes, unseen = _plan(knobs, wanted or Wanted(), owed=owed)
    if changes:
        write_journal(transport, host_folder, Journal(serial=transport.serial, changes=(*owed, *changes)))
    try:
        yield _apply(knobs, changes, refused=unseen)
    except BaseException:  # whatever ended the block, it is raised again
        try:
            restore_left_behind(transport, host_folder)
        except TransportError as error:
            _LOG.warning("%s: settings are not put back yet, the next session will: %s", transport.serial, error)
        raise
    restore_left_behind(transport, host_folder)


def foreseen_refusals(transport: Transport, wanted: Wanted) -> tuple[Refusal, ...]:
    """Return which of the wanted clocks a phone will not take, as far as that shows before anything is changed.

    Raises:
        TransportError: the phone cannot be asked.
    """
    knobs = Knobs(transport)
    asked = [(FIXED_PERFORMANCE, "true")] if wanted.fixed_performance else []
    if wanted.governor is not None:
        asked += [(f"{GOVERNOR}{policy}", wanted.governor) for policy in knobs.policies()]
    answers = (knobs.foreseen(knob, value) for knob, value in asked)
    return tuple(refusal for refusal in answers if refusal is not None)


def set_again(transport: Transport, settings: Borrowed) -> None:
    """Set what a restart of the phone has undone; the journal names it already.

    Raises:
        TransportError: the command does not reach the phone.
    """
    _apply(Knobs(transport), settings.changed)


def restore_left_behind(transport: Transport, host_folder: Path) -> PutBack:
    """Put back what the journals of this phone name; without journals nothing is done.

    Raises:
        TransportError: the phone cannot be asked or set; the journals stay.
    """
    journals = read_journals(transport, host_folder)
    if not journals:
        return PutBack()
    knobs = Knobs(transport)
    restored: list[str] = []
    left: list[str] = []
    refused: list[tuple[Change, Refusal]] = []
    for change in (one for journal in journals for one in reversed(journal.changes)):
        # One that cannot be read cannot be compared either; its old value is the system's default.
        if change.readable and knobs.read(change.knob) != change.ours:
            left.append(change.knob)
        elif (refusal := knobs.write(change.knob, change.before)) is None:
            restored.append(change.knob)
        elif change.readable:
            refused.append((change, refusal))
        else:
            # It takes no value at all, so it was never ours.
            left.append(change.knob)
    if refused:
        owed = tuple(change for change, _ in reversed(refused))
        write_journal(transport, host_folder, Journal(serial=transport.serial, changes=owed))
    else:
        remove_journals(transport, host_folder)
    for _, refusal in refused:
        _LOG.warning("%s: %s could not be put back: %s", transport.serial, refusal.knob, refusal.words)
    return PutBack(restored=tuple(restored), left=tuple(left), refused=tuple(refusal for _, refusal in refused))


def _plan(knobs: Knobs, wanted: Wanted, *, owed: tuple[Change, ...]) -> tuple[tuple[Change, ...], tuple[Refusal, ...]]:
    """Return the changes that are needed: not of what is as wanted, does not tell its value or is owed already.

    Governors that the phone does not show count as refused: nothing could be put back.
    """
    asked: list[tuple[str, str]] = []
    unseen: list[Refusal] = []
    if wanted.awake:
        asked += [(STAY_ON, EVERY_SOURCE), (SCREEN, "on")]
    if wanted.governor is not None:
        policies = knobs.policies()
        asked += [(f"{GOVERNOR}{policy}", wanted.governor) for policy in policies]
        if not policies:
            unseen.append(Refusal(knob=f"{GOVERNOR}none", words="the phone shows no cpufreq policy"))
    found = [(knob, _read_in_time(knobs, knob), ours) for knob, ours in asked]
    unseen += [
        Refusal(knob=knob, words="the phone does not show it")
        for knob, now, _ in found
        if now is None and knob.startswith(GOVERNOR)
    ]
    taken = {change.knob for change in owed}
    changes = [
        Change(knob=knob, before=now, ours=ours)
        for knob, now, ours in found
        if now is not None and now != ours and knob not in taken
    ]
    if wanted.fixed_performance:
        before = _DEFAULT_FIXED_PERFORMANCE
        changes.append(Change(knob=FIXED_PERFORMANCE, before=before, ours="true", readable=False))
    return tuple(changes), tuple(unseen)


def _read_in_time(knobs: Knobs, knob: str) -> str | None:
    """Return a setting's value; None, with a warning, where its service hangs: the setting is left alone then.

    What is to be put back is not read like this: a setting of ours must not be left for want of an answer.
    """
    try:
        return knobs.read(knob)
    except CommandTimeout as error:
        _LOG.warning(
            "%s: %s could not be read within %g s: going on without it, and it is left as it is.",
            *(knobs.serial, knob, error.deadline_s),
        )
        return None


def _apply(knobs: Knobs, changes: tuple[Change, ...], *, refused: tuple[Refusal, ...] = ()) -> Borrowed:
    answers = [(change, knobs.write(change.knob, change.ours) or _untaken(knobs, change)) for change in changes]
    return Borrowed(
        changed=tuple(change for change, refusal in answers if refusal is None),
        refused=(*refused, *(refusal for _, refusal in answers if refusal is not None)),
    )


def _untaken(knobs: Knobs, change: Change) -> Refusal | None:
    """Say that a governor is another one although writing it gave no error, as some kernels and `su` programs do."""
    if not change.knob.startswith(GOVERNOR) or (now := knobs.read(change.knob)) == change.ours:
        return None
    return Refusal(knob=change.knob, words=f"it is {now or 'not shown'} after {change.ours} was written")
