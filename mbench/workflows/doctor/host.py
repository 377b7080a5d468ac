"""Checkup: `mbench doctor`: this host here, phones and what they need in `checkup_phones`. Loads no tensorflow."""

import importlib.util
import json
import os
import platform
import resource
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile

from mbench.accuracy.host.eviction import LIMIT_BYTES, kept_bytes
from mbench.core.errors import MbenchError
from mbench.core.plain_text import one_line
from mbench.devices.host.facts import HostConditions, allowed_cpus, read_facts
from mbench.devices.host.transport import HostTransport
from mbench.models.tflite.toolchain import toolchain
from mbench.workflows.devices.benchmark_program import hostbench, try_hostbench
from mbench.workflows.doctor.findings import Finding
from mbench.workflows.doctor.phones import phone_findings
from mbench.workflows.home import home

LEAST_FREE_BYTES = 1 << 30
"""The 16 published sizes in five quantizations take 0.4 GB."""

_MARKS = {"good": "ok  ", "doubtful": "?   ", "bad": "FAIL"}
LEAST_FILES = 1024
"""Open files of one process: a phone takes some ten, a worker that builds some hundred."""


def check(*, results: Path) -> tuple[Finding, ...]:
    """Return what was found, each check by itself: one that fails does not hide the others."""
    return (
        Finding(what="python", state="good", found=f"{platform.python_version()} ({sys.executable})"),
        _toolchain(),
        _writable("cache", home()),
        *_others(home()),
        _writable("results", results),
        *_prepared(),
        _device(),
        _program(),
        *_conditions(),
        *_open_files(),
        *phone_findings(),
    )


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line per finding, its remedy below."""
    lines = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.state]} {finding.what:<10} {finding.found}")
        if finding.remedy:
            lines.append(f"     {'':<10} → {finding.remedy}")
    return "\n".join(map(one_line, lines))


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON list."""
    return json.dumps([asdict(finding) for finding in findings], indent=1)


def _toolchain() -> Finding:
    found = dict(toolchain())
    text = ", ".join(f"{name} {version}" for name, version in found.items() if name != "mbench-builder")
    if "tensorflow" not in found or importlib.util.find_spec("tensorflow") is None:
        remedy = "pip install tensorflow; without it only artifacts in the cache and your own files can be run"
        return Finding(what="toolchain", state="bad", found=text, remedy=remedy)
    return Finding(what="toolchain", state="good", found=text)


def _writable(what: str, folder: Path) -> Finding:
    variable = "MBENCH_HOME" if what == "cache" else "MBENCH_RESULTS"
    # These two answer no where they may not look; pathlib's raise.
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if not os.path.isdir(existing):  # noqa: PTH112
        remedy = f"move that, or let {variable} name another folder"
        found = f"{folder}: it is no folder" if existing == folder.absolute() else f"{folder}: {existing} is no folder"
        return Finding(what=what, state="bad", found=found, remedy=remedy)
    try:
        with NamedTemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        remedy = f"make it writable, or let {variable} name another folder"
        return Finding(what=what, state="bad", found=f"{folder}: {error.strerror}", remedy=remedy)
    text = f"{folder} ({free / 1e9:.1f} GB free)"
    if free < LEAST_FREE_BYTES:
        return Finding(what=what, state="doubtful", found=text, remedy="free some space")
    return Finding(what=what, state="good", found=text)


def _others(folder: Path) -> Iterator[Finding]:
    """Say where somebody else may write what mbench starts and believes: programs, weights, leases."""
    try:
        found = folder.stat()
    except OSError:  # not there yet, and then made by us; or reported already
        return
    if found.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
        why = "it belongs to another user"
    elif found.st_mode & stat.S_IWOTH:
        why = "everybody may write there"
    else:
        return
    yield Finding(
        what="cache",
        state="doubtful",
        found=f"{folder}: {why}, and so decides what mbench starts",
        remedy=f"chmod o-w {folder}, or let MBENCH_HOME name a folder of your own",
    )


def _prepared() -> Iterator[Finding]:
    folder = home() / "prepared"
    try:
        kept = kept_bytes(folder)
    except OSError:  # what is wrong with the folder above it has been reported
        kept = 0
    if kept:
        yield Finding(
            what="pictures",
            state="good",
            found=f"{folder} ({kept / 1e9:.1f} GB of at most {LIMIT_BYTES / 1e9:.1f} GB prepared)",
        )


def _device() -> Finding:
    facts = read_facts()
    cores = allowed_cpus()
    pinned = "cannot be pinned" if cores is None else f"pinned in the order {', '.join(map(str, cores))}"
    processor = facts.soc or facts.model or "processor not known"
    text = f"{facts.serial}: {processor}, {facts.cores} cores ({pinned}), {facts.os}, {facts.abi}"
    return Finding(what="host", state="good" if cores else "doubtful", found=text)


def _program() -> Finding:
    try:
        transport = HostTransport(home() / "host")
    except MbenchError as error:  # no fault of the program, and it was not tried
        remedy = "let MBENCH_HOME name a folder that can be made and written"
        return Finding(what="program", state="bad", found=str(error), remedy=remedy)
    try:
        facts = hostbench().facts
        try_hostbench(transport)
    except (MbenchError, metadata.PackageNotFoundError, ModuleNotFoundError) as error:
        return Finding(what="program", state="bad", found=str(error), remedy="pip install --force-reinstall mbench")
    return Finding(what="program", state="good", found=f"{facts.tool} {facts.sha256[:12]} ({facts.runtime})")


def _conditions() -> Iterator[Finding]:
    state = HostConditions().read()
    cores = os.cpu_count() or 1
    if state.load_1m is not None and state.load_1m > 0.5 * cores:
        yield Finding(
            what="load",
            state="doubtful",
            found=f"{state.load_1m:.2f} on {cores} cores",
            remedy="close other programs before you measure",
        )
    if state.governors is not None and set(state.governors) != {"performance"}:
        yield Finding(
            what="governor",
            state="doubtful",
            found=", ".join(state.governors),
            remedy="sudo cpupower frequency-set -g performance, for steadier numbers",
        )
    if state.power == "battery":
        yield Finding(what="power", state="doubtful", found="on battery", remedy="plug it in before you measure")


def _open_files() -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        highest = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
        yield Finding(
            what="files",
            state="doubtful",
            found=f"{soft} open files at most, too few for many phones",
            remedy=f"ulimit -n {LEAST_FILES} (the highest here is {highest})",
        )
