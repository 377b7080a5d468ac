"""Exit statuses: what a shell's number says about how a process ended."""

from dataclasses import dataclass

from mbench.core.error_classes import KILLED, ErrorClass, crash

_SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    16: "SIGSTKFLT", 24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
}  # fmt: skip
"""signal(7), Linux numbers on arm and x86, whatever this host calls them."""

_FROM_OUTSIDE = {"SIGKILL", "SIGTERM"}
SIGKILL_STATUS = 128 + 9
TIMEOUT_STATUS = 124
"""timeout(1): the command was still running at its deadline."""
NOT_STARTED = frozenset({126, 127})
"""POSIX sh: found but not executable; not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEnd:
    """A process that a signal ended."""

    name: str

    @property
    def error_class(self) -> ErrorClass:
        """`killed` where the signal came from outside, else `crash:NAME`."""
        return KILLED if self.name in _FROM_OUTSIDE else crash(self.name)


def signal_end(exit_code: int | None) -> SignalEnd | None:
    """Return the signal that an exit status names: 128 + signal of a shell, or the negative one of Python."""
    if exit_code is None:
        return None
    number = -exit_code if exit_code < 0 else exit_code - 128
    if not 0 < number < 65:
        return None
    return SignalEnd(name=_SIGNALS.get(number, f"SIG{number}"))
