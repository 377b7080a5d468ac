"""Whether a run may be believed: an exit status of 0 proves little, so each claim must be shown by something."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mbench.core.error_classes import DELEGATE, ENVIRONMENT, IO, OUTPUT, USAGE, Failure
from mbench.core.processes.core_lists import parse_cores
from mbench.core.results import DelegateCoverage, WarningCode
from mbench.core.workloads import Workload
from mbench.runner.command import Command, shapes_flag
from mbench.runner.delegate_flags import expected_echo
from mbench.runner.delegate_proof import DelegateProof, missing_proof, nodes_by_name
from mbench.runner.instrument import Tool
from mbench.runner.output.parsed import ParsedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A file on the device that must stay the same: its SHA-256 as it must be, before the run and after it.

    Attributes:
        before, after: as read on the device; None where there was no such file, or where nobody looked.
    """

    path: str
    expected: str
    before: str | None
    after: str | None = None

    def ended_as(self, after: str | None) -> "Proof":
        """Return the proof with what was read after the run."""
        return replace(self, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known about one run.

    Attributes:
        parsed: its text, parsed with its exit status.
        exit_code: its exit status; None where the script could not record one.
        command: what was run.
        graph: the path that `--graph` named.
        runtime_info: delegates by the runtime's own information; None where it was not asked for.
        nodes: nodes of the model's own graph by that information; None where it was not asked for.
        cpus: cores that were asked for, None without.
        affinity: what the kernel said the process may use (`0-3,6`); None where it says nothing.
        sizes: bytes of each file that the run was to write; None where there is none.
        output: the one of them that holds the output tensors.
        proofs: model and, where it is one file, binary.
        builtin_accepted: whether a `cpu` row is right without XNNPACK, which has no kernels for int16x8.
    """

    workload: Workload
    tool: Tool
    parsed: ParsedText
    exit_code: int | None
    command: Command
    graph: str
    runtime_info: tuple[DelegateCoverage, ...] | None
    cpus: tuple[int, ...] | None
    affinity: str | None
    sizes: Mapping[str, int | None]
    proofs: tuple[Proof, ...]
    output: str | None = None
    nodes: int | None = None
    builtin_accepted: bool = False


def find_failure(evidence: Evidence) -> Failure | None:
    """Return why a run is not to be believed, None where all is proved; the first failure counts.

    Fewer inferences than asked for are no failure: the parsed text bears a warning for them.
    """
    return (
        _ended(evidence)
        or _echo(evidence)
        or _text(evidence.parsed)
        or _delegate(evidence)
        or _affinity(evidence)
        or _written(evidence)
        or changed(evidence.proofs, when="before")
        or changed(evidence.proofs, when="after")
    )


def _ended(evidence: Evidence) -> Failure | None:
    parsed = evidence.parsed
    if evidence.exit_code is None:
        return Failure(ENVIRONMENT, "the run left no exit status on the device.")
    if evidence.exit_code != 0 or not parsed.started or parsed.unconsumed or parsed.failed_line:
        return _text(parsed) or Failure(
            OUTPUT, f"ended with status {evidence.exit_code} although its output is complete"
        )
    return None


def _text(parsed: ParsedText) -> Failure | None:
    if parsed.error_class is None:
        return None
    return Failure(parsed.error_class, parsed.message or "the output is not complete")


def _echo(evidence: Evidence) -> Failure | None:
    """Compare the settings that the tool says it has with those that it was given; LiteRT's says only some of them."""
    said = {name.lower(): value for name, value in evidence.parsed.parameters.items()}
    wanted = {
        "graph": _as_read(evidence.graph),
        "num threads": str(evidence.workload.threads),
        "#threads used for cpu inference": str(evidence.workload.threads),
        "min num runs": str(evidence.command.num_runs),
        **({"input shapes": shapes_flag(evidence.workload.inputs)} if evidence.workload.inputs else {}),
        **expected_echo(evidence.workload.delegate),
    }
    for name, value in wanted.items():
        if name in said and said[name] != value:
            return Failure(USAGE, f"the program says {name}: [{said[name]}], not [{value}] as it was asked")
    if evidence.tool != "litert":
        for name in ("graph", "num threads", *(("input shapes",) if evidence.workload.inputs else ())):
            if name not in said:
                return Failure(OUTPUT, f"the program does not say which {name} it uses")
    return None


def _as_read(path: str) -> str:
    """Return a path as an output is read that repeats it: what in it is not UTF-8 is a replacement character there."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def proved_delegates(evidence: Evidence) -> tuple[DelegateCoverage, ...]:
    """Return the delegates that executed nodes: by the runtime's information, else by the text."""
    return evidence.parsed.delegates if evidence.runtime_info is None else evidence.runtime_info


def delegate_proof(evidence: Evidence) -> DelegateProof:
    """Return what a run shows about delegates."""
    return DelegateProof(
        asked=evidence.workload.delegate,
        tool=evidence.tool,
        parsed=evidence.parsed,
        executed=proved_delegates(evidence),
        nodes=evidence.nodes,
        builtin_accepted=evidence.builtin_accepted,
    )


def _delegate(evidence: Evidence) -> Failure | None:
    parsed = evidence.parsed
    if reason := _disagreement(parsed.delegates, evidence.runtime_info):
        return Failure(DELEGATE, reason)
    for warning in parsed.warnings:
        if warning.code is WarningCode.DELEGATE_NOT_APPLIED:
            return Failure(DELEGATE, warning.message)
    reason = missing_proof(delegate_proof(evidence))
    return None if reason is None else Failure(DELEGATE, reason)


def _disagreement(text: Sequence[DelegateCoverage], info: Sequence[DelegateCoverage] | None) -> str | None:
    """Say where text and runtime information differ; a total is not compared.

    The text counts what an earlier delegate left over, the runtime information all nodes of the model.
    """
    if info is None or nodes_by_name(text) == nodes_by_name(info):
        return None
    said, shown = nodes_by_name(text), nodes_by_name(info)
    return f"the text says that delegates took {said} nodes, the runtime information says {shown}"


def _affinity(evidence: Evidence) -> Failure | None:
    if evidence.cpus is None:
        return None
    if evidence.affinity is None or (found := parse_cpu_list(evidence.affinity)) is None:
        return Failure(
            ENVIRONMENT, f"the device does not say which cores the run used; asked for {list(evidence.cpus)}"
        )
    if found != frozenset(evidence.cpus):
        return Failure(
            ENVIRONMENT, f"the run was allowed cores {evidence.affinity}, not {list(evidence.cpus)} as asked for"
        )
    return None


def parse_cpu_list(text: str) -> frozenset[int] | None:
    """Return the cores of a kernel's list such as `0-3,6` (cpuset(7), "List format"), None where it is not one."""
    cores = parse_cores(text.strip())
    return None if cores is None else frozenset(cores)


def _written(evidence: Evidence) -> Failure | None:
    """Say which file is missing or empty; outputs of no known size may really be empty (a dynamic shape of nothing)."""
    for path, size in evidence.sizes.items():
        if size or (size == 0 and path == evidence.output and evidence.workload.artifact.outputs is None):
            continue
        state = "is not there" if size is None else "is empty"
        return Failure(
            IO, f"{path}, which the run was to write, {state}; check the free space on the device's storage."
        )
    return None


def changed(proofs: Sequence[Proof], *, when: Literal["before", "after"]) -> Failure | None:
    """Return which file is not the one that was pushed, None where all are."""
    for proof in proofs:
        found = proof.before if when == "before" else proof.after
        if found != proof.expected:
            state = "is not there" if found is None else f"has SHA-256 {found}, not {proof.expected},"
            return Failure(
                ENVIRONMENT,
                f"{proof.path} {state} {when} the run: something on the device removes or changes our "
                "files. Find out what (a cleaner, another user), then run it again, which pushes them anew.",
            )
    return None
