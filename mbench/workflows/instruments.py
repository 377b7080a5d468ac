"""Instruments: which benchmark program a session uses, and how it proves what it is."""

import hashlib
import re
import sys
from pathlib import Path

from mbench.core.errors import NoDevice, TransportError, UsageError
from mbench.core.ports import Transport
from mbench.core.results import BinaryFacts
from mbench.hostbench.identity import program_manifest
from mbench.hostbench.parameters import FLAGS
from mbench.runner.instrument import Instrument, flags_of, tool_of

HELP_DEADLINE_S = 30.0
HOSTBENCH = (sys.executable, "-m", "mbench.hostbench")


def host_instrument(transport: Transport, binary: Path | None) -> tuple[Instrument, BinaryFacts]:
    """Return the program that runs on this host: hostbench, or the user's own benchmark_model.

    Raises:
        UsageError: the user's file is not there, or is no benchmark_model.
        NoDevice: the program does not start.
    """
    if binary is None:
        return hostbench()
    if not binary.is_file():
        raise UsageError(f"--binary {binary}: no such file.")
    return pushed_instrument(transport, binary)


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
    said = _help(transport, HOSTBENCH)
    if not flags_of(said):
        raise NoDevice(f"hostbench does not start on {transport.serial}: {' '.join(said.split())[-200:]}")


def _module_path() -> dict[str, str]:
    """Return what lets the child find this very mbench, also where it is run from a checkout."""
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


def pushed_instrument(transport: Transport, binary: Path) -> tuple[Instrument, BinaryFacts]:
    """Return a benchmark_model that is a file, pushed once per content, with the flags that its help lists.

    Raises:
        UsageError: it is no benchmark_model.
        NoDevice: it does not start there.
        TransportError: it could not be pushed.
    """
    sha256 = hashlib.sha256(binary.read_bytes()).hexdigest()
    path = f"{transport.root}/binaries/{sha256}/benchmark_model"
    transport.push(binary, path, sha256=sha256, executable=True)
    text = _help(transport, (path,))
    tool = tool_of(text)
    if tool is None:
        said = re.sub(r"\s+", " ", text.replace(path, "benchmark_model")).strip()[:120] or "nothing"
        raise UsageError(f"--binary {binary} is no benchmark_model: its --help says {said!r}.")
    instrument = Instrument(argv_prefix=(path,), tool=tool, sha256=sha256, path=path, flags=flags_of(text))
    return instrument, _facts(instrument, path=str(binary.absolute()), runtime=None)


def _help(transport: Transport, prefix: tuple[str, ...]) -> str:
    environment = _module_path() if prefix[0] == sys.executable else None
    try:
        result = transport.run((*prefix, "--help"), deadline_s=HELP_DEADLINE_S, environment=environment)
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
