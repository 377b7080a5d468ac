"""Every error that mbench raises on purpose.

    MbenchError                     exit code 1
    ├── UsageError                  2   what was asked cannot be: unknown axis, bad value, unreadable option
    │   ├── UnsupportedModel        2   a .tflite that this command cannot treat
    │   ├── ForeignProgram          2   what a device shows of a program is not a benchmark_model's
    │   └── DatasetError            2   a data set is not there, or not of the format that was named
    │       └── UnreadableExample   2   one of its examples cannot be decoded
    ├── NoDevice                    3   no device could be used, or no benchmark binary for it
    │   ├── DeviceInUse             3   somebody else uses it
    │   └── LeftOut                 3   it is held, or in quarantine
    ├── ArtifactError               4   a file that was to be built or read is not what it should be
    │   ├── DownloadFailed          4   the network, or a server, did not give it
    │   ├── LostFile                4   a file of a session is no longer kept
    │   └── RuinedConversion        4   built, but its outputs do not follow the float model
    ├── TrainingFailed              4   a training gave no weights worth keeping
    ├── PartInterrupted          130   a device's share of a session was stopped; what it measured is kept
    ├── RunFailed                   4   one process of benchmark_model did not give a measurement
    ├── TransportError              4   the way to the device, not the device's work, failed
    │   ├── ChangedFiles            4
    │   ├── CommandTimeout          4
    │   ├── DamagedFile             4
    │   ├── DeviceLost              4
    │   ├── MissingTool             4
    │   └── NoSpace                 4
    └── StoreError                  4   what is kept on this host could not be written or read
        ├── DiskError               4   the disk refused: it is full, read-only, somebody else's
        │   └── HostDiskError       4   the same on the way to a device; a TransportError, too
        ├── LockHeld                4   another process holds what only one may
        ├── OtherDevice             4   a device or program is not the one that a session was begun with
        ├── NewerFormat             2   written by a newer mbench
        └── NoSession               2   no session is called so

A message is one line: what was tried, where, what came back, what to do next.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from mbench.core.error_classes import BUILD, BUSY, ENVIRONMENT, QUARANTINE, TRANSPORT, ErrorClass
from mbench.core.plain_text import whole_seconds

_READABLE: Final = frozenset({"builtins", "datetime", "pathlib", "mbench"})
"""Packages of the values that errors carry to another process."""


def _is_readable(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in _READABLE


class MbenchError(Exception):
    """Base of all errors that a user sees as one line.

    Attributes:
        exit_code: what the process then ends with.
        error_class: what a job is said to have ended by whose device this befell; None: nothing that has a class.
        ends_session: whether a session that it befell cannot be resumed.
    """

    exit_code: ClassVar[int] = 1
    ends_session: ClassVar[bool] = False
    error_class: ErrorClass | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Let a worker process raise it here: an error is made again from its parts, whatever made it takes.

        What tensorflow and Keras hang on an error that passes through them stays there: whoever reads it would have to
        import them.
        """
        parts = {name: value for name, value in self.__dict__.items() if _is_readable(value)}
        return _made_again, (type(self), self.args, parts)


def _made_again(kind: type[MbenchError], args: tuple[object, ...], parts: dict[str, object]) -> MbenchError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(parts)
    return error


class UsageError(MbenchError):
    """The command line or a file named on it asks for something that does not exist or cannot be."""

    exit_code = 2


class UnsupportedModel(UsageError):
    """A `.tflite` file that is whole, but that this command cannot treat (custom operators, several inputs)."""


class ForeignProgram(UsageError):
    """A program shows on one device that it is not a benchmark_model; on another one it may start as one."""


class DatasetError(UsageError):
    """A data set is not there, or not of the format that was named; the message names the first file that breaks it."""


class UnreadableExample(DatasetError):
    """One example cannot be decoded."""


class NoDevice(MbenchError):
    """No device could be used."""

    exit_code = 3
    error_class = ENVIRONMENT


class DeviceInUse(NoDevice):
    """Somebody else uses a device; nothing is wrong with it."""

    error_class = BUSY


class LeftOut(NoDevice):
    """A device is left out on purpose: somebody holds it, or it is in quarantine."""

    error_class = QUARANTINE


class ArtifactError(MbenchError):
    """A `.tflite` file could not be built, or is not what it claims to be."""

    exit_code = 4
    error_class = BUILD


class DownloadFailed(ArtifactError):
    """A file could not be fetched: this host's network, or the server."""

    error_class = ENVIRONMENT


class RuinedConversion(ArtifactError):
    """The converter wrote a file whose outputs do not follow the model it was made from."""


class LostFile(ArtifactError):
    """A file that a session has still to measure is no longer in the cache."""

    ends_session = True


class TrainingFailed(MbenchError):
    """A training ended without weights: its loss was no number any more, or its process died."""

    exit_code = 4


class PartInterrupted(MbenchError):
    """One device's share of a session did not get to its end, because the session was interrupted."""

    exit_code = 130


class RunFailed(MbenchError):
    """One run gave no measurement.

    Attributes:
        error_class: see `mbench.core.error_classes`.
    """

    exit_code = 4
    error_class: ErrorClass

    def __init__(self, message: str, *, error_class: ErrorClass) -> None:
        super().__init__(message)
        self.error_class = error_class


class TransportError(MbenchError):
    """Commands or files did not reach the device, or their answers did not come back."""

    exit_code = 4
    error_class = TRANSPORT


class MissingTool(TransportError):
    """The device has no program that mbench needs besides the benchmark; trying again does not help."""

    error_class = ENVIRONMENT


class ChangedFiles(TransportError):
    """A command was not started, because files that it uses are not what they must be.

    Attributes:
        hashes: SHA-256 by path as read on the device; None where there is no such file.
    """

    def __init__(self, message: str, *, hashes: Mapping[str, str | None]) -> None:
        super().__init__(message)
        self.hashes = hashes


class CommandTimeout(TransportError):
    """A command was still running at its deadline; it has been ended.

    Attributes:
        argv: the command.
        deadline_s: seconds after which it was ended.
    """

    def __init__(self, message: str, *, argv: tuple[str, ...], deadline_s: float) -> None:
        super().__init__(message)
        self.argv = argv
        self.deadline_s = deadline_s


class DamagedFile(TransportError):
    """A file that was sent reads back as another one; what was there before is untouched."""


class DeviceLost(TransportError):
    """The device stopped answering."""


class NoSpace(TransportError):
    """The device's storage is full."""

    error_class = ENVIRONMENT


class StoreError(MbenchError):
    """What is kept on this host could not be written or read."""

    exit_code = 4


class DiskError(StoreError):
    """The disk of this host refused.

    Attributes:
        path: the file or folder that was to be written or read.
        code: the system's error number (`errno`), None where it gave none.
    """

    error_class = ENVIRONMENT

    def __init__(self, message: str, *, path: Path, code: int | None) -> None:
        super().__init__(message)
        self.path = path
        self.code = code


class HostDiskError(DiskError, TransportError):
    """The disk of this host refused what the way to a device needs: its lease, its journal, files to be sent."""


class OtherDevice(StoreError):
    """A device or its program is not the one that a session was begun with: its rows could not be compared."""

    ends_session = True


class LockHeld(StoreError):
    """Another process, or another part of this one, holds a lock.

    Attributes:
        path: of the lock.
    """

    def __init__(self, path: Path, *, waited_s: float) -> None:
        waited = f" after {whole_seconds(waited_s)}" if waited_s else ""
        super().__init__(
            f"could not lock {path}: another process still holds it{waited}; "
            "see what it does, end it if it hangs, then try again."
        )
        self.path = path


class NewerFormat(StoreError):
    """A document was written by a newer mbench than this one."""

    exit_code = 2


class NoSession(StoreError):
    """No session, or more than one, is meant by what was said."""

    exit_code = 2
