"""Driving a session from a command: signals, the table of what came of it, and the exit code that it deserves."""

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import typer

from mbench.cli import streams
from mbench.cli.errors import INTERRUPTED, fail
from mbench.cli.progress import progress_for
from mbench.core.errors import DiskError, MbenchError, NoDevice, TransportError

if TYPE_CHECKING:
    from mbench.core.ports import Progress
    from mbench.store.session_store import SessionStore

    Work = Callable[[Callable[[SessionStore], None], Progress], SessionStore]


def drive(
    work: "Work",
    show: "Callable[[SessionStore], None]",
    *,
    quiet: bool,
    resumed: bool = False,
    go_on: str = "mbench run --resume",
) -> None:
    """Do the work, print the table of what came of it, and end with the exit code that it deserves.

    Args:
        work: measures.
        show: prints what a session holds, however the work ended.
        quiet: whether to print nothing else.
        resumed: whether the session was there before: it is kept then, whatever it holds.
        go_on: the command that goes on with a session, whose name follows.
    """
    from mbench.core.ends import NO_NUMBER, OWN_FAULT, exit_code, is_of_this_host
    from mbench.workflows.run.session import keep_or_drop

    begun: list[SessionStore] = []
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)
    try:
        store = work(begun.append, progress_for(quiet=quiet))
    except (KeyboardInterrupt, MbenchError) as error:
        if not begun:
            _end_without_session(error)
        with suppress(OSError):  # of a terminal that was closed: the table is kept, too
            show(begun[0])
        code = exit_code(begun[0].results(), ran=begun[0].has_runs())
        if resumed or keep_or_drop(begun[0]):
            ended = isinstance(error, MbenchError) and error.ends_session
            session = begun[0].plan.session
            next_ = f"mbench report {session} prints it" if ended else f"{go_on} {session} goes on"
            then = f"What was measured is kept in {begun[0].path}; {next_}."
        else:
            then = "Nothing was measured, and nothing is kept."
        if isinstance(error, KeyboardInterrupt):
            fail(f"interrupted. {then}", INTERRUPTED)
        if is_of_this_host(error):
            fail(f"{error} {then}", OWN_FAULT if code == OWN_FAULT else NO_NUMBER)
        fail(f"{error} {then}", code if _lacks_device(error) else error.exit_code)
    show(store)
    code = exit_code(store.results(), ran=store.has_runs())
    if not resumed and not keep_or_drop(store):
        streams.tell("nothing was measured, and nothing is kept.")
    elif not quiet:
        streams.tell(f"kept in {store.path}")
    if code:
        raise typer.Exit(code)


def so_far(*, quiet: bool) -> "Callable[[str], None]":
    """Return what prints a table before the answer, on stderr; with --quiet nothing does."""
    return (lambda _: None) if quiet else streams.tell_lines


def _lacks_device(error: MbenchError) -> bool:
    """Whether an error says something of a device or the way to it; a disk of this host's own is neither."""
    return isinstance(error, (NoDevice, TransportError)) and not isinstance(error, DiskError)


def _end_without_session(error: BaseException) -> NoReturn:
    """End a run that came to no session: what keeps a device, or this host, from it is not a job's own fault.

    Raises:
        BaseException: the error; that of the way to a device is one of no device.
    """
    from mbench.core.ends import NO_NUMBER, is_of_this_host

    if isinstance(error, MbenchError) and is_of_this_host(error):
        fail(str(error), NO_NUMBER)
    raise (NoDevice(str(error)) if isinstance(error, TransportError) else error) from error


def _interrupt(*_: object) -> None:
    """Do what Ctrl-C does: the terminal, or whoever started mbench, has gone or wants it to end."""
    raise KeyboardInterrupt
