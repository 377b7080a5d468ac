"""Instruments: which benchmark program a session uses, and how it proves what it is."""

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from mbench.core.errors import DeviceLost, NoDevice, TransportError, UsageError
from mbench.core.ports import Transport
from mbench.core.results import BinaryFacts
from mbench.files.regular import hash_regular
from mbench.hostbench.identity import program_manifest
from mbench.hostbench.parameters import FLAGS
from mbench.runner.instrument import Instrument, flags_of, tool_of

HELP_DEADLINE_S = 30.0
HOSTBENCH = (sys.executable, "-P", "-m", "mbench.hostbench")  # -P: no module of the folder that it is started in

_SAID: WeakKeyDictionary[Transport, dict[str, str]] = WeakKeyDictionary()
"""Help texts by device and path, for as long as the way to the device is open."""


def host_instrument(
    transport: Transport, binary: Path | None, *, sha256: str | None = None
) -> tuple[Instrument, BinaryFacts]:
    """Return the program that runs on this host: hostbench, or the user's own benchmark_model.

    Args:
        transport: the way to this host.
        binary: the user's own; None: hostbench.
        sha256: what the user's own must be; None: it may be any.

    Raises:
        UsageError: the user's file is not there, or is no benchmark_model.
        NoDevice: the program does not start.
    """
    if binary is None:
        return hostbench()
    if not binary.is_file():
        raise UsageError(f"--binary {binary}: no such file.")
    return pushed_instrument(transport, binary, sha256=sha256)


def hostbench() -> tuple[Instrument, BinaryFacts]:
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
    return instrument, _facts(instrument, path="python -m mbench.hostbench", runtime=runtime)


def try_hostbench(transport: Transport) -> None:
    """Start our own program once.

    Raises:
        NoDevice: it does not start, with what it said.
    """
    said = _help(transport, HOSTBENCH, _module_path())
    if not flags_of(said):
        raise NoDevice(f"hostbench does not start on {transport.serial}: {' '.join(said.split())[-200:]}")


def _module_path() -> dict[str, str]:
    """Return what lets the child find this very mbench, also where it is run from a checkout."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


def pushed_instrument(
    transport: Transport, binary: Path, *, companions: Mapping[str, Path] | None = None, sha256: str | None = None
) -> tuple[Instrument, BinaryFacts]:
    """Return a benchmark_model that is a file, pushed once per content, with the flags that its help lists.

    Args:
        transport: the way to the device.
        binary: the file.
        companions: libraries that belong beside it, by the name they have there; they are found by LD_LIBRARY_PATH.
        sha256: what it must be, or nothing of it is started; None: it may be any.

    Raises:
        UsageError: it is no benchmark_model, or not the one that it must be.
        NoDevice: it does not start there.
        TransportError: it could not be pushed, or the device was lost.
    """
    found = _sha256(binary)
    if sha256 not in (None, found):
        raise UsageError(f"{binary} has SHA-256 {found[:12]}, not {sha256[:12]}; it has not been started.")
    sha256 = found
    beside = {name: _sha256(path) for name, path in sorted((companions or {}).items())}
    folder = f"{transport.root}/binaries/{_content(sha256, beside)}"
    path = f"{folder}/benchmark_model"
    transport.push(binary, path, sha256=sha256, executable=True)
    for name, digest in beside.items():
        transport.push((companions or {})[name], f"{folder}/{name}", sha256=digest)
    environment = {"LD_LIBRARY_PATH": folder} if beside else {}
    text = _help_once(transport, path, environment)
    tool = tool_of(text)
    if tool is None:
        said = re.sub(r"\s+", " ", text.replace(path, "benchmark_model")).strip()[:120] or "nothing"
        raise UsageError(f"--binary {binary} is no benchmark_model: its --help says {said!r}.")
    instrument = Instrument(
        argv_prefix=(path,),
        tool=tool,
        sha256=sha256,
        path=path,
        flags=flags_of(text),
        environment=tuple(environment.items()),
        companions=tuple((f"{folder}/{name}", digest) for name, digest in beside.items()),
    )
    facts = _facts(instrument, path=str(binary.absolute()), runtime=None)
    return instrument, facts.model_copy(update={"companions": beside})


def _sha256(path: Path) -> str:
    try:
        return hash_regular(path)
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


def _help_once(transport: Transport, path: str, environment: Mapping[str, str]) -> str:
    """Return what a program says of its flags, asked once: its path names its content, which has just been proved."""
    known = _SAID.setdefault(transport, {})
    if path not in known:
        known[path] = _help(transport, (path,), environment)
    return known[path]


def _help(transport: Transport, prefix: tuple[str, ...], environment: Mapping[str, str]) -> str:
    try:
        result = transport.run((*prefix, "--help"), deadline_s=HELP_DEADLINE_S, environment=environment or None)
    except DeviceLost:
        raise
    except TransportError as error:
        raise NoDevice(f"{prefix[0]} does not start on {transport.serial}: {error}") from error
    return (result.stdout + b"\n" + result.stderr).decode("utf-8", errors="replace")


def _facts(instrument: Instrument, *, path: str, runtime: str | None) -> BinaryFacts:
    return BinaryFacts(
        tool=instrument.tool,
        sha256=instrument.sha256,
        path=path,
        runtime=runtime,
        flags_sha256=instrument.flags_sha256,
    )
