"""How a session ended as a whole: the exit code that its results deserve (README, "When it fails")."""

from collections.abc import Iterable
from typing import Final

from mbench.core.error_classes import ENVIRONMENT, KILLED, TRANSPORT
from mbench.core.errors import DiskError, DownloadFailed, MbenchError
from mbench.core.results import JobResult, Status

ALL_WELL: Final = 0
NO_DEVICE: Final = 3
OWN_FAULT: Final = 4
NO_NUMBER: Final = 5

_NOT_THEIR_OWN: Final = frozenset({TRANSPORT, ENVIRONMENT, KILLED})
"""Classes of failures that say something of the phone, the cable or the host, and nothing of model or program."""


def exit_code(results: Iterable[JobResult], *, ran: bool) -> int:
    """Return the first that applies of: 4 a job failed by its own fault, 5 one has no number for another reason.

    Args:
        results: of all jobs.
        ran: whether anything ran, a canary included; where nothing did, for reasons of the devices alone, the code is
            3: no device could be used.
    """
    ends = [(code_of(result), result.status) for result in results]
    codes = {code for code, _ in ends}
    if OWN_FAULT in codes:
        return OWN_FAULT
    if NO_NUMBER in codes:  # without a run a job has failed where this host could not build its file
        return NO_NUMBER if ran or (NO_NUMBER, Status.FAILED) in ends else NO_DEVICE
    return ALL_WELL


def is_of_this_host(error: MbenchError) -> bool:
    """Whether an error that ended a command is a fault of this host's disk or network, and of no device or job."""
    return isinstance(error, (DiskError, DownloadFailed))


def code_of(result: JobResult) -> int:
    """Return the exit code that a job deserves by itself: 0, 4 or 5."""
    if result.status is Status.OK:
        return ALL_WELL
    if result.status is Status.FAILED and result.error_class not in _NOT_THEIR_OWN:
        return OWN_FAULT
    return NO_NUMBER
