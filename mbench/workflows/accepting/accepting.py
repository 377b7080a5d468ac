"""Accepting what a night found: chooses findings by their cells, and adds them to the file."""

import getpass
import re
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import ACCEPTABLE, RELATIVE_TOLERANCE, AcceptedChange, accepts
from mbench.core.nights.verdict_document import VerdictDocument
from mbench.core.nights.verdicts import Finding, FindingClass, NightVerdict
from mbench.core.plain_text import one_line
from mbench.core.suggestions import did_you_mean
from mbench.files.disk import disk_errors
from mbench.files.locks import locked
from mbench.files.whole import write_whole
from mbench.store.session import find_session
from mbench.store.verdicts import VERDICT_FILE, last_judged, read_verdict
from mbench.workflows.accepting.accept_file import LONGEST_TEXT, parse_accepted, read_accept_text, with_entries

_OTHERWISE: Final = "let --file name another file"


def judged_night(root: Path, session: str | None) -> VerdictDocument:
    """Return the verdict of a session, or of the last judged night of a results folder.

    Raises:
        UsageError: the session was not judged.
        StoreError: there is none, or it cannot be read.
    """
    path = last_judged(root) if session is None else find_session(root, session)
    document = read_verdict(path)
    if document is None:
        raise UsageError(f"{path.name} was not judged: it holds no {VERDICT_FILE}.")
    return document


def acceptable_class(text: str) -> FindingClass:
    """Return a class of findings by its name.

    Raises:
        UsageError: there is none, or it cannot be accepted.
    """
    if text not in ACCEPTABLE:
        raise UsageError(f"--class {text}: no such class can be accepted.{did_you_mean(text, ACCEPTABLE)}")
    return FindingClass(text)


def chosen_findings(verdict: NightVerdict, wanted: Sequence[str], kind: FindingClass | None) -> tuple[Finding, ...]:
    """Return what can be accepted of the cells that are named, each once, in the order of the verdict.

    Args:
        verdict: of a night.
        wanted: cells as a verdict names them, on a serial or on a model, `x4` for `×4` too; or patterns with `*`.
        kind: of findings; None: any.

    Raises:
        UsageError: a name is of no such cell; the message has the nearest ones.
    """
    known = [each for each in verdict.findings if each.kind in ACCEPTABLE and kind in (None, each.kind)]
    chosen = list[Finding]()
    for name in wanted:
        found = [each for each in known if _is_called(each, name)]
        if not found:
            raise UsageError(_unknown(verdict, name, known))
        chosen += [each for each in found if each not in chosen]
    return tuple(each for each in known if each in chosen)


def changes_of(
    findings: Sequence[Finding], verdict: NightVerdict, *, because: str, who: str, on: date, whole_model: bool
) -> tuple[AcceptedChange, ...]:
    """Return the entries that accept findings.

    Args:
        findings: of a night.
        verdict: the night's.
        because: why they are meant.
        who: accepts them.
        on: local date of today.
        whole_model: whether an entry is for all devices of a model, up to the worst ratio seen, and not for one device.
    """
    entries = [_change(each, verdict, because, who, on, whole_model=whole_model) for each in findings]
    worst: dict[tuple[object, ...], AcceptedChange] = {}
    for finding, entry in zip(findings, entries, strict=True):
        key = (entry.workload, entry.delegate, entry.threads, entry.device, entry.model, entry.kind, entry.error_class)
        worst[key] = _worse(worst[key], entry, rises=_rises(finding)) if key in worst else entry
    return tuple(worst.values())


def add_accepted(path: Path, changes: Sequence[AcceptedChange], findings: Sequence[Finding]) -> int:
    """Add entries to a file, which is made if need be; return how many.

    An entry is left out where one of the file accepts all that it would.

    Raises:
        UsageError: the file is not as it should be.
        DiskError: it could not be written.
    """
    place = path.resolve()
    with locked(place.with_name(f".{place.name}.lock"), wait_s=10, removed=True, otherwise=_OTHERWISE):
        text = read_accept_text(place)
        held = parse_accepted(text, source=str(path))
        added = [change for change in changes if not _is_held(change, held, findings)]
        if added:
            whole = with_entries(text, added)
            _refuse_unreadable(whole, path)
            with disk_errors("write", path, otherwise=_OTHERWISE):
                write_whole(place, whole.encode(), fsync=True)
    return len(added)


def whoever() -> str:
    """Return who this user is: git's `user.name`, else the name of the account."""
    try:
        asked = subprocess.run(
            ("git", "config", "user.name"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        named = asked.stdout.strip()
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        named = ""
    return plain_text(named) or _account()


def plain_text(text: str) -> str:
    """Return a text as the file holds it: one line, of bounded length."""
    return " ".join(one_line(text).split())[:LONGEST_TEXT]


def _account() -> str:
    try:
        return plain_text(getpass.getuser()) or "unknown"
    except (OSError, KeyError):  # no such account: a container's user by number
        return "unknown"


def _names(finding: Finding) -> tuple[str, ...]:
    """Return what a cell is called: on its serial, and on its model."""
    cell = finding.cell
    on_serial = str(cell)
    return on_serial, f"{on_serial.removesuffix(cell.serial)}{finding.model}"


def _is_called(finding: Finding, wanted: str) -> bool:
    names = _names(finding)
    return any(_plain(name) == _plain(wanted) or fnmatchcase(_plain(name), _plain(wanted)) for name in names)


def _plain(name: str) -> str:
    """Return a name as it is compared: as it was printed, with a sign of times that can be typed."""
    return " ".join(one_line(name).split()).replace(" ×", " x")


def _unknown(verdict: NightVerdict, wanted: str, known: Sequence[Finding]) -> str:
    there = list(dict.fromkeys(name for each in known for name in _names(each)))
    head = f"{wanted!r} is not a cell that {verdict.night} found worse."
    if not there:
        return f"{head} It found none that can be accepted."
    nearest = get_close_matches(wanted, there, n=3, cutoff=0.4) or there[:3]
    return f"{head} The nearest {'is' if len(nearest) == 1 else 'are'} {', '.join(map(repr, nearest))}."


def _change(
    finding: Finding, verdict: NightVerdict, because: str, who: str, on: date, *, whole_model: bool
) -> AcceptedChange:
    by_ratio = whole_model and finding.kind in RELATIVE_TOLERANCE and finding.ratio is not None
    failed = finding.kind is FindingClass.FAILED
    if not failed and finding.now is None:
        raise UsageError(f"{finding.cell}: its {finding.kind} has no level tonight, so that there is none to accept.")
    for name in (finding.cell.workload, finding.cell.delegate, finding.cell.serial, finding.model):
        _refuse_unwritable(name)
    return AcceptedChange(
        workload=_literal(finding.cell.workload),
        delegate=finding.cell.delegate,
        threads=finding.cell.threads,
        device=None if whole_model else finding.cell.serial,
        model=finding.model if whole_model else None,
        kind=finding.kind,
        level=None if by_ratio or failed else finding.now,
        unit=None if by_ratio or failed else finding.unit,
        ratio=finding.ratio if by_ratio else None,
        error_class=finding.error_class if failed else None,
        night=verdict.night,
        night_date=verdict.date,
        because=because,
        who=who,
        on=on,
    )


def _literal(workload: str) -> str:
    """Return a pattern of the file that means a name, whatever characters that has."""
    return re.sub(r"([*?[])", r"[\1]", workload)


def _refuse_unwritable(name: str) -> None:
    """Refuse what a TOML file cannot hold as a name."""
    if not name or len(name) > LONGEST_TEXT or not name.isprintable():
        raise UsageError(
            f"{name[:80]!r}… cannot stand in a file of accepted changes; name it with at most {LONGEST_TEXT} printable "
            "characters."
        )


def _refuse_unreadable(text: str, path: Path) -> None:
    """Refuse to write what the next night would refuse to read, such as the unit of a verdict that was edited."""
    try:
        parse_accepted(text, source=str(path))
    except UsageError as error:
        raise UsageError(f"nothing was added, since no night could read it: {error}") from error


def _rises(finding: Finding) -> bool:
    """Whether more is worse: of time, memory and bytes, and of a user's metric that rose to be worse."""
    if finding.own_metric and finding.before is not None and finding.now is not None:
        return finding.now > finding.before
    return finding.kind in RELATIVE_TOLERANCE


def _worse(one: AcceptedChange, other: AcceptedChange, *, rises: bool) -> AcceptedChange:
    """Return the entry that accepts more: of what is worse where it rises the higher level, else the lower one."""
    chosen: Callable[..., AcceptedChange] = max if rises else min
    return chosen(one, other, key=lambda each: each.ratio or each.level or 0.0)


def _is_held(change: AcceptedChange, held: Sequence[AcceptedChange], findings: Sequence[Finding]) -> bool:
    meant = [each for each in findings if accepts(change, each)]
    return bool(meant) and all(any(accepts(entry, each) for entry in held) for each in meant)
