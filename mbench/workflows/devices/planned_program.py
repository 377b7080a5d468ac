"""The program that a session was begun with: found again by its content, never by the path that a plan names."""

from pathlib import Path
from typing import TYPE_CHECKING

from mbench.core.errors import StoreError, UsageError
from mbench.core.numbers.limits import MOST_PROGRAM_BYTES
from mbench.core.results import BinaryFacts
from mbench.files.hashes import hash_file
from mbench.workflows.devices.own_programs import own_program_file
from mbench.workflows.home import home

if TYPE_CHECKING:  # a run on this host by hostbench has no need of it
    from mbench.binaries.library import BinaryLibrary

OURS = "hostbench"


def planned_host_file(planned: BinaryFacts, given: Path | None) -> Path | None:
    """Return the file of the program that a session on this host was begun with; None for hostbench.

    Args:
        planned: the program, as the plan says; its path is not followed.
        given: the user's own file; None: none was named.

    Raises:
        StoreError: it is neither kept nor the file that was named.
        ArtifactError: the kept file has changed.
    """
    if planned.tool == OURS:
        return None
    if given is not None and hash_of_named(given) == planned.sha256:
        return given
    library = kept_binaries()
    record = next((record for record in library.records() if record.sha256 == planned.sha256), None)
    if record is not None:
        return library.path_of(record)
    own = own_program_file(planned.sha256)
    if own is None:
        raise StoreError(absent(planned))
    return own


def is_kept(planned: BinaryFacts) -> bool:
    """Whether this host has a program, of the library or the user's own of an earlier night, to start it again."""
    if any(record.sha256 == planned.sha256 for record in kept_binaries().records()):
        return True
    return not planned.companions and own_program_file(planned.sha256) is not None


def absent(planned: BinaryFacts) -> str:
    """Say that a planned program is not at hand, and how to give it."""
    return (
        f"the session was begun with a {planned.tool} benchmark_model of SHA-256 {planned.sha256[:12]}, which is not "
        f"among the kept binaries; where its plan says that it lay ({planned.path}) is not looked. Name the file "
        "again by --binary FILE beside --resume, or keep it: mbench binary add FILE."
    )


def kept_binaries() -> "BinaryLibrary":
    """Return the kept binaries; a run by hostbench loads nothing that reads them."""
    from mbench.binaries.library import BinaryLibrary

    return BinaryLibrary(home() / "binaries")


def hash_of_named(binary: Path) -> str:
    """Return the SHA-256 of the file that `--binary` names.

    Raises:
        UsageError: there is no such file, or none that can be read.
    """
    if not binary.is_file():
        raise UsageError(f"--binary {binary}: no such file.")
    try:
        return hash_file(binary, limit_bytes=MOST_PROGRAM_BYTES)
    except OSError as error:
        raise UsageError(f"--binary {binary} cannot be read: {error.strerror}. Name a benchmark_model file.") from error
