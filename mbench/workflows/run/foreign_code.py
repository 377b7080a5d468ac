"""Code that a plan names: nothing of it is started because a session folder says so.

A session folder may be somebody else's. What `mbench run --resume` starts comes from mbench itself, from the library of
binaries, or of the user's own nights, by its SHA-256, or from whoever types the command: `--binary FILE`,
`--delegate external:PATH`, `--metric FILE.py:NAME`.
"""

from collections.abc import Sequence
from pathlib import Path

from mbench.core.delegates import Delegate, parse_delegate, split_delegates
from mbench.core.errors import StoreError, UsageError
from mbench.store.session_store import SessionStore
from mbench.workflows.devices.planned_program import OURS, absent, hash_of_named, is_kept


def refuse_foreign_delegates(store: SessionStore, said: str | None) -> None:
    """Refuse to load libraries, named by what is left of a plan, that are not named on the command line too.

    Args:
        store: the session.
        said: the value of `--delegate`; None: it was left out.

    Raises:
        UsageError: one is missing, or one is named that the plan does not have.
    """
    named = {parse_delegate(text) for text in split_delegates(said or "")}
    wanted = _loaded(store)
    session = store.plan.session
    if strangers := sorted(str(delegate) for delegate in named if delegate not in wanted):
        raise UsageError(
            f"--delegate {strangers[0]}: beside --resume it repeats a library that session {session} loads, and it "
            f"loads {_words(wanted)}."
        )
    if missing := [delegate for delegate in wanted if delegate not in named]:
        again = ",".join(map(str, wanted))
        raise UsageError(
            f"session {session} loads {_words(missing)}, which is code that its plan names. If you trust it, name it "
            f"again: mbench run --resume {session} --delegate '{again}'"
        )


def refuse_foreign_metric(store: SessionStore, said: str | None) -> None:
    """Refuse to run a user's metric, which devices' answers still are to be judged by, that is not named here too.

    Args:
        store: the session.
        said: the value of `--metric`; None: it was left out.

    Raises:
        UsageError: it is missing, or it is another one.
    """
    plan, session = store.plan, store.plan.session
    planned = None if plan.question is None else plan.question.metric
    if said is not None and said != planned:
        raise UsageError(f"--metric {said}: beside --resume it repeats that of session {session}: {planned or 'none'}.")
    left = any(store.result(job.id) is None for part in plan.devices for job in part.jobs)
    if planned is not None and said is None and plan.ask_devices and left:
        raise UsageError(
            f"session {session} judges answers by {planned}, which is code that its plan names. If you trust it, name "
            f"it again: mbench run --resume {session} --metric '{planned}'"
        )


def refuse_other_binary(store: SessionStore, binary: Path | None) -> None:
    """Refuse to go on without the programs that the rest of a session needs, or with another one.

    Args:
        store: the session.
        binary: the value of `--binary`; None: it was left out.

    Raises:
        UsageError: the file is not there, or is none that the session was begun with.
        StoreError: a program is neither kept nor named.
    """
    begun = [binary for part in store.plan.devices for binary in (part.binary, *part.other_binaries)]
    found = None if binary is None else hash_of_named(binary)
    if found is not None and found not in {each.sha256 for each in begun}:
        raise UsageError(
            f"--binary {binary} has SHA-256 {found[:12]}, and session {store.plan.session} was begun with "
            f"{', '.join(each.sha256[:12] for each in begun)}: its rows could not be compared. It has not been started."
        )
    for part in store.plan.devices:
        if all(store.result(job.id) for job in part.jobs):
            continue
        for planned in (part.binary, *part.other_binaries):
            if planned.tool != OURS and planned.sha256 != found and not is_kept(planned):
                raise StoreError(f"{part.device.serial}: {absent(planned)}")


def _loaded(store: SessionStore) -> tuple[Delegate, ...]:
    """Return the delegates of what is left to run that are loaded from a path which the plan names."""
    left = [
        workload
        for part in store.plan.devices
        if (open_jobs := [job for job in part.jobs if store.result(job.id) is None])
        for workload in (*(job.workload for job in open_jobs), part.canary)
        if workload is not None
    ]
    return tuple(dict.fromkeys(workload.delegate for workload in left if workload.delegate.path is not None))


def _words(delegates: Sequence[Delegate]) -> str:
    return ", ".join(map(str, delegates)) or "none"
