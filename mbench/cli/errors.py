"""One place where errors become one line on stderr and an exit code."""

import functools
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn, ParamSpec, TypeVar

import typer

from mbench.cli import streams
from mbench.core.errors import MbenchError
from mbench.files.disk import advise

INTERRUPTED = 130
ENOUGH = 4
_OTHERWISE = "let MBENCH_HOME or MBENCH_RESULTS name another folder"
SYSTEM_REFUSED = 4
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def one_line_errors(command: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Wrap a command: our errors end it with their exit code, Ctrl-C with 130; `--debug` shows where they came from."""

    @functools.wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        interrupts = _remembered_interrupts()
        try:
            return command(*args, **kwargs)
        except MbenchError as error:
            fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            fail("interrupted.", INTERRUPTED)
        except BrokenPipeError as error:
            raise typer.Exit(streams.unwritten(error)) from None
        except OSError as error:
            streams.drop_unwritten()  # no second error at exit
            fail(_refused(error), SYSTEM_REFUSED)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:  # the one broad catch: a defect, too, is one line
            if interrupts:
                fail("interrupted.", INTERRUPTED)
            what = f"{type(error).__name__}: {error}"
            fail(f"this is a defect of mbench: {what}. `mbench --debug …` shows where; what was measured is kept.", 1)

    return wrapped


def _refused(error: OSError) -> str:
    """Return what the system did not do, where, and what to do next; without a file's name it is about stdout."""
    reason = error.strerror or error
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        return "the folder in which this was started has been removed; change into another one."
    if not error.filename:
        return f"output: {reason}."
    return f"could not use {error.filename}: {reason}. {advise(error.errno, otherwise=_OTHERWISE, unknown='')}"


def _folder_is_gone() -> bool:
    """Whether somebody removed the working directory."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _remembered_interrupts() -> list[int]:
    """Return a list that gets an entry with each Ctrl-C; the fourth ends the process at once.

    The first ends the work, the second the wait for what still runs, the third what is put back on phones. A C
    extension that is being imported may turn the KeyboardInterrupt into an ImportError of its own.
    """
    heard: list[int] = []
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):

        def hear(number: int, frame: FrameType | None) -> None:
            heard.append(number)
            if len(heard) >= ENOUGH:
                streams.tell("interrupted; the next session puts back what is still changed.")
                os._exit(INTERRUPTED)
            signal.default_int_handler(number, frame)

        signal.signal(signal.SIGINT, hear)
    return heard


def fail(message: str, exit_code: int) -> NoReturn:
    """Say one line on stderr and end; with `MBENCH_DEBUG` set (by `--debug`), let the traceback through."""
    if os.environ.get("MBENCH_DEBUG"):
        import traceback

        streams.tell_lines(traceback.format_exc().rstrip("\n"))
    # What a message quotes may be a sentence itself, and ends with a full stop of its own.
    streams.tell(re.sub(r"(?<=\w)\.\.(?=\s|$)", ".", " ".join(message.split())))
    raise typer.Exit(exit_code) from None
