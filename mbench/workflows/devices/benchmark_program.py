"""The benchmark program of a device: which one it is, how it comes there, and how it is verified."""

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mbench.core.error_classes import KILLED
from mbench.core.errors import DeviceLost, ForeignProgram, MbenchError, NoDevice, TransportError, UsageError
from mbench.core.numbers.limits import MOST_PROGRAM_BYTES
from mbench.core.plain_text import without_name
from mbench.core.ports import CommandResult, Transport
from mbench.core.results import BinaryFacts
from mbench.files.hashes import hash_file
from mbench.files.regular import read_regular
from mbench.hostbench.identity import program_manifest
from mbench.hostbench.parameters import FLAGS
from mbench.runner.instrument import Instrument, flags_of, tool_of
from mbench.runner.output.exit_status import signal_end
from mbench.workflows.devices.planned_program import planned_host_file

if TYPE_CHECKING:  # a run on this host by hostbench has no need of the library's records
    from mbench.binaries.records import Flavour

HELP_DEADLINE_S = 30.0
LARGEST_PROGRAM_BYTES = 1 << 30
_ALL_HAVE = frozenset({"graph", "num_runs", "num_threads", "warmup_runs"})
_MAY_HAVE = frozenset(flag.name for flag in FLAGS) | {
    *("use_gpu", "gpu_backend", "gpu_precision_loss_allowed", "allow_fp16", "use_nnapi", "nnapi_accelerator_name"),
    *("external_delegate_path", "external_delegate_options", "dispatch_library_path", "compiler_plugin_library_path"),
}
_WORD = re.compile(rb"\b[a-z][a-z0-9_]{2,63}\b")
HOSTBENCH = (sys.executable, "-P", "-m", "mbench.hostbench")  # -P: no module of the folder that it is started in


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramWish:
    """Which program is wanted; what is not said is chosen.

    Attributes:
        binary: the user's own file; of a session that goes on, only where it is the planned one.
        flavour: which of the two programs called benchmark_model; None: tflite, or the only one that is kept.
        planned: the very one that a session was begun with.
        only_look: whether nothing may be written to the device: one that is not there is known by its file alone.
    """

    binary: Path | None = None
    flavour: "Flavour | None" = None
    planned: BinaryFacts | None = None
    only_look: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFile:
    """A file of a program: where it lies on this host, and where on the device."""

    source: Path
    path: str
    sha256: str
    executable: bool = False

    def bring(self, transport: Transport) -> None:
        """Push it, verified by its hash; nothing is sent where it is there already.

        Raises:
            TransportError: it could not be pushed.
        """
        transport.push(self.source, self.path, sha256=self.sha256, executable=self.executable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program on a device.

    Attributes:
        files: that it consists of; none where it comes with the device.
    """

    instrument: Instrument
    facts: BinaryFacts
    files: tuple[ProgramFile, ...] = ()

    def bring(self, transport: Transport) -> None:
        """Verify that its files are on the device, and push those that are not.

        Raises:
            TransportError: one could not be pushed.
        """
        for file in self.files:
            file.bring(transport)


def host_program(transport: Transport, wish: ProgramWish) -> Program:
    """Return the program that runs on this host: hostbench, or the user's own benchmark_model.

    Raises:
        UsageError: the user's file is not there, is not a benchmark_model, or not of the flavour that is wanted.
        StoreError: the planned program is neither kept nor named.
        NoDevice: the program does not start.
    """
    if wish.planned is not None:
        binary, sha256 = planned_host_file(wish.planned, wish.binary), wish.planned.sha256
    else:
        binary, sha256 = wish.binary, None
    if binary is None:
        program = hostbench()
    elif not binary.is_file():
        raise UsageError(f"--binary {binary}: no such file.")
    else:
        program = pushed_program(transport, binary, sha256=sha256)
    if wish.flavour not in (None, program.instrument.tool):
        raise UsageError(f"this host runs {program.instrument.tool}, not {wish.flavour}; leave --flavour out.")
    return program


def hostbench() -> Program:
    """Return our own program for this host; nothing is started."""
    manifest = program_manifest()
    instrument = Instrument(
        argv_prefix=HOSTBENCH,
        tool="hostbench",
        sha256=manifest["sha256"],
        path=None,
        flags=frozenset(flag.name for flag in FLAGS),
        environment=tuple(sorted(_module_path().items())),
    )
    runtime = f"ai-edge-litert {manifest['ai_edge_litert']}, {manifest['python']}"
    return Program(instrument=instrument, facts=_facts(instrument, path="python -m mbench.hostbench", runtime=runtime))


def try_hostbench(transport: Transport) -> None:
    """Start our own program once.

    Raises:
        NoDevice: it does not start, with what it said.
    """
    said = _text(_help(transport, HOSTBENCH, _module_path()))
    if not flags_of(said):
        words = " ".join(said.split())[-200:] or "it says nothing"
        raise NoDevice(f"{transport.serial}: hostbench does not start: {words}")


def _module_path() -> dict[str, str]:
    """Return what lets the child find this very mbench, also where it is run from a checkout."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


def pushed_program(
    transport: Transport,
    binary: Path,
    *,
    companions: Mapping[str, Path] | None = None,
    sha256: str | None = None,
    only_look: bool = False,
    known_flags: frozenset[str] | None = None,
) -> Program:
    """Return a benchmark_model that is a file, pushed once per content, with the flags that its help lists.

    Args:
        transport: the way to the device.
        binary: the file.
        companions: libraries that belong beside it, by the name they have there; they are found by LD_LIBRARY_PATH.
        sha256: what it must be, or nothing of it is started; None: it may be any.
        only_look: whether nothing may be written to the device.
        known_flags: its flags, where it is not there and may not be pushed; None: as its file shows them.

    Raises:
        UsageError: it is no benchmark_model, or not the one that it must be.
        NoDevice: it does not start there.
        TransportError: it could not be pushed, or the device was lost.
    """
    found = _sha256(binary)
    if sha256 not in (None, found):
        raise UsageError(f"{binary} has SHA-256 {found[:12]}, not {sha256[:12]}; it has not been started.")
    beside = {name: _sha256(path) for name, path in sorted((companions or {}).items())}
    folder = f"{transport.root}/binaries/{_content(found, beside)}"
    path = f"{folder}/benchmark_model"
    files = (
        ProgramFile(source=binary, path=path, sha256=found, executable=True),
        *(
            ProgramFile(source=(companions or {})[name], path=f"{folder}/{name}", sha256=digest)
            for name, digest in beside.items()
        ),
    )
    environment = {"LD_LIBRARY_PATH": folder} if beside else {}
    if only_look and any(transport.sha256(file.path) != file.sha256 for file in files):
        text, status = help_of_file(binary) if known_flags is None else help_of_flags(known_flags), 0
    else:
        for file in () if only_look else files:
            file.bring(transport)
        text, status = _printed_help(transport, path, environment)
    tool = tool_of(text)
    if tool is None or _was_killed(status):
        raise _no_program(transport.serial, binary, text, status, path)
    instrument = Instrument(
        argv_prefix=(path,),
        tool=tool,
        sha256=found,
        path=path,
        flags=flags_of(text),
        environment=tuple(environment.items()),
        companions=tuple((file.path, file.sha256) for file in files[1:]),
    )
    facts = _facts(instrument, path=str(binary.absolute()), runtime=None)
    return Program(instrument=instrument, facts=facts.model_copy(update={"companions": beside}), files=files)


def _sha256(path: Path) -> str:
    try:
        return hash_file(path, limit_bytes=MOST_PROGRAM_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}. Name a benchmark_model file.") from error


def _content(sha256: str, companions: Mapping[str, str]) -> str:
    """Return the folder's name: the program's hash, with companions one of them all.

    So no library of another set lies there too and is loaded.
    """
    if not companions:
        return sha256
    lines = (f"{digest} {name}\n" for name, digest in (("benchmark_model", sha256), *companions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _no_program(serial: str, binary: Path, text: str, status: int, path: str) -> MbenchError:
    """Return why a file's help shows no benchmark_model: it was ended from outside, did not start, or is none."""
    ended = signal_end(status)
    if ended is not None and ended.error_class == KILLED:
        return NoDevice(
            f"{serial}: {binary.name} was killed ({ended.name}) when it was asked for its flags, and once more when it "
            "was asked again: the device is short of memory, or somebody ends programs there. Close what runs on it "
            "and try again."
        )
    said = re.sub(r"\s+", " ", text.replace(path, "benchmark_model")).strip()[:120]
    if ended is not None:
        return NoDevice(
            f"{serial}: {binary.name} does not run there: {ended.name} ended it when it was asked for its flags"
            f"{f', after {said!r}' if said else ''}. Use a binary that is made for this device."
        )
    words = repr(said) if said else f"nothing, and it ended with status {status}"
    return ForeignProgram(
        f"{serial}: {binary} is no benchmark_model: its --help says {words}. Name another by --binary."
    )


def _help(transport: Transport, prefix: tuple[str, ...], environment: Mapping[str, str]) -> CommandResult:
    try:
        return transport.run((*prefix, "--help"), deadline_s=HELP_DEADLINE_S, environment=environment or None)
    except DeviceLost:
        raise
    except TransportError as error:
        words = without_name(str(error), transport.serial)
        raise NoDevice(f"{transport.serial}: {prefix[0]} does not start: {words}") from error


def _printed_help(transport: Transport, path: str, environment: Mapping[str, str]) -> tuple[str, int]:
    """Return what a program on a device prints as its help, and its exit status; one that was killed is asked again.

    Raises:
        NoDevice: it does not start.
        TransportError: the device was lost.
    """
    end = _help(transport, (path,), environment)
    if _was_killed(end.exit_code):  # once may be a moment's lack of memory
        end = _help(transport, (path,), environment)
    return _text(end), end.exit_code


def _text(end: CommandResult) -> str:
    return (end.stdout + b"\n" + end.stderr).decode("utf-8", errors="replace")


def help_of_file(binary: Path) -> str:
    """Return a help text with every word of a program's file that may be a flag: more than it has, and none that lacks.

    A file that does not name what every benchmark_model has, such as a script that calls one, shows nothing: it may
    have all that ours has, and every delegate.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        data = read_regular(binary, limit_bytes=LARGEST_PROGRAM_BYTES)
    except OSError as error:
        raise UsageError(f"{binary} cannot be read: {error.strerror or error}. Name a benchmark_model file.") from error
    words = {word.decode("ascii") for word in _WORD.findall(data)}
    return help_of_flags(words if words >= _ALL_HAVE else words | _MAY_HAVE)


def help_of_flags(names: Iterable[str]) -> str:
    """Return a help text that lists these flags."""
    return "".join(f"--{name}=\n" for name in sorted(names))


def _was_killed(status: int) -> bool:
    ended = signal_end(status)
    return ended is not None and ended.error_class == KILLED


def _facts(instrument: Instrument, *, path: str, runtime: str | None) -> BinaryFacts:
    return BinaryFacts(
        tool=instrument.tool,
        sha256=instrument.sha256,
        path=path,
        runtime=runtime,
        flags_sha256=instrument.flags_sha256,
    )
