"""Every exit status by which a process says how it ended."""

from dataclasses import FrozenInstanceError

import pytest

from mbench.runner.output.exit_status import NOT_STARTED, SIGKILL_STATUS, TIMEOUT_STATUS, SignalEnd, signal_end

SIGNAL_MAN_PAGE = """
    SIGHUP 1  SIGINT 2  SIGQUIT 3  SIGILL 4  SIGTRAP 5  SIGABRT 6  SIGBUS 7  SIGFPE 8  SIGKILL 9  SIGUSR1 10
    SIGSEGV 11  SIGUSR2 12  SIGPIPE 13  SIGALRM 14  SIGTERM 15  SIGSTKFLT 16  SIGXCPU 24  SIGXFSZ 25  SIGSYS 31
"""
"""signal(7), the column "x86/ARM and most others", of signals whose default action is to end the process."""
NAMES = dict(zip(map(int, SIGNAL_MAN_PAGE.split()[1::2]), SIGNAL_MAN_PAGE.split()[::2], strict=True))


@pytest.mark.parametrize(("number", "name"), NAMES.items())
def test_a_signal_has_its_name_in_a_shells_status_and_in_pythons(number: int, name: str) -> None:
    assert signal_end(128 + number) == signal_end(-number) == SignalEnd(name=name)


@pytest.mark.parametrize("number", sorted(set(range(1, 65)) - set(NAMES)))
def test_another_signal_has_its_number(number: int) -> None:
    assert signal_end(128 + number) == signal_end(-number) == SignalEnd(name=f"SIG{number}")


@pytest.mark.parametrize("exit_code", [None, 0, 1, 124, 126, 127, 128, 193, 194, 255, -65, -66])
def test_other_statuses_name_no_signal(exit_code: int | None) -> None:
    assert signal_end(exit_code) is None


@pytest.mark.parametrize(
    ("exit_code", "error_class"),
    [(137, "killed"), (143, "killed"), (134, "crash:SIGABRT"), (139, "crash:SIGSEGV"), (130, "crash:SIGINT")],
)
def test_two_signals_come_from_outside(exit_code: int, error_class: str) -> None:
    end = signal_end(exit_code)
    assert end is not None
    assert end.error_class == error_class


def test_the_statuses_of_sh_and_timeout() -> None:
    assert (137, 124, {126, 127}) == (SIGKILL_STATUS, TIMEOUT_STATUS, NOT_STARTED)


def test_an_end_is_a_value() -> None:
    end = SignalEnd(name="SIGHUP")
    with pytest.raises(FrozenInstanceError):
        end.name = "SIGINT"  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        SignalEnd("SIGHUP")  # type: ignore[misc]
    assert not hasattr(end, "__dict__")
