"""Which delegates a text shows: created, applied, covering how many nodes, and asked for but not applied.

    VERBOSE: Replacing 29 out of 31 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 4 partitions for subgraph 0.
    INFO: Replacing 64 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 1 partitions.       before 2.12
    INFO: Explicitly applied XNNPACK delegate, and the model graph will be partially executed by the delegate w/ 2 delegate kernels.
    INFO: Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.
    21 operations will run on the GPU, and the remaining 10 operations will run on the CPU.
    Applied GPU delegate.                                                                             before 2.2
    First 2 operations will run on the GPU, and the remaining 249 on the CPU.                         before 2.2
    No operations will run on the GPU, and all 31 operations will run on the CPU.

A missing delegate is no error to the tool: it goes on with the CPU and ends with status 0. So only lines that show a
delegate at work count, never the absence of complaints.
"""  # noqa: E501  the tool's lines are as long as they are

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mbench.core.numbers.numerals import WHOLE
from mbench.core.results import DelegateCoverage, MeasurementWarning, WarningCode
from mbench.runner.output.lines import Complain, Line
from mbench.runner.output.parsed import AppliedDelegate, Coverage

_REPLACING = re.compile(
    rf"Replacing (?P<nodes>{WHOLE})(?: out of (?P<total>{WHOLE}))? node\(s\) with delegate \((?P<name>.*?)\) node, "
    rf"yielding (?P<partitions>{WHOLE}) partitions"
    rf"(?: for (?:the whole graph|subgraph (?P<subgraph>{WHOLE})(?: \(.*\))?))?\.?"
)
_APPLIED = re.compile(
    r"(?:Explicitly a|A)pplied (?P<name>.+?) delegate, and the model graph will be (?P<coverage>completely|partially) "
    rf"executed (?:by|w/) the delegate(?: w/ (?P<kernels>{WHOLE}) delegate kernels)?\.?"
)
_NOT_EXECUTED = re.compile(
    r"Though (?P<name>.+?) delegate is (?:explicitly )?applied, the model graph will not be executed (?:by|w/) the "
    r"delegate\.?"
)
_CREATED = re.compile(r"(?P<name>\S+) delegate created\.?")
_SPLIT = re.compile(
    rf"(?:First |Next )?(?P<gpu>{WHOLE}|No) operations? will run on the GPU, and (?:the remaining|all) (?P<cpu>{WHOLE})"
    r"(?: operations?)?(?: will run)? on the CPU\.?"
)
_APPLIED_BEFORE_2_2 = re.compile(r"Applied (?P<name>\S+) delegate\.?")
_API = re.compile(r"Initializ(?:ed|ing) (OpenCL|OpenGL|WebGPU|Metal)-based API(?: from (?:serialized data|graph))?\.?")
_KERNELS = re.compile(rf"Created ({WHOLE}) GPU delegate kernels\.?")
_MISSING = (
    re.compile(r"(?P<name>\S+) acceleration is unsupported on this platform\b.*"),
    re.compile(r"Could not create (?P<name>\S+) delegate\b.*"),
    re.compile(r"Failed to load the (?P<name>delegate) settings file\b.*"),
    _NOT_EXECUTED,
)
_CPU = re.compile(r"xnnpack", re.IGNORECASE)
_CALLED_UNCLEAR = "Cannot tell what the delegate executes of other subgraphs: "
"""hostbench's own line."""
_ON_CPU = "The numbers are those of the CPU; do not quote them for the delegate."
_ON_ANOTHER = "The numbers are not those of this delegate: another one executed nodes."
_UNKNOWN = "Nothing shows where the graph ran: read stderr or logcat, too, where the runtime says it."
"""Of a text without a `Replacing …` line: the runtime's own lines may be missing from it altogether."""
_ASKED = {
    "use gpu": ("GPU", re.compile(r"gpu|litert_", re.IGNORECASE)),
    "use nnapi": ("NNAPI", re.compile(r"nnapi", re.IGNORECASE)),
    "use xnnpack": ("XNNPACK", re.compile(r"xnnpack", re.IGNORECASE)),
    "use hexagon": ("Hexagon", re.compile(r"hexagon", re.IGNORECASE)),
    "external delegate path": ("EXTERNAL", re.compile(r"^(?!.*xnnpack)", re.IGNORECASE)),
}
"""Settings that ask for a delegate, by lower-case name: the tool's name of it, and the names that show it at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """All that a text says about delegates."""

    coverage: tuple[DelegateCoverage, ...]
    applied: tuple[AppliedDelegate, ...]
    created: tuple[str, ...]
    gpu_api: str | None
    gpu_kernels: int | None
    gpu_split: tuple[int, int] | None


def uncounted(lines: Sequence[Line]) -> Iterator[MeasurementWarning]:
    """Yield a warning where the text counts the nodes of the main graph alone, because others could not be read."""
    for line in lines:
        if line.level == "WARN" and line.text.startswith(_CALLED_UNCLEAR):
            yield MeasurementWarning(
                code=WarningCode.NODES_UNKNOWN,
                message="what the delegate executed of the graphs that the main graph calls is not known: "
                + line.text.removeprefix(_CALLED_UNCLEAR),
                advice="There is no count of delegated nodes; the latency is that of the whole model.",
            )


def read_delegation(lines: Sequence[Line], complain: Complain) -> Delegation:
    """Return what the lines say about delegates, in their order."""
    apis = [found[1] for found in _found(_API, lines)]
    kernels = [int(found[1]) for found in _found(_KERNELS, lines)]
    splits = [(_none_or_some(found["gpu"]), int(found["cpu"])) for found in _found(_SPLIT, lines)]
    return Delegation(
        coverage=tuple(_coverage(lines, complain)),
        applied=tuple(_applied(lines)),
        created=tuple(found["name"] for found in _found(_CREATED, lines)),
        gpu_api=apis[-1] if apis else None,
        gpu_kernels=kernels[-1] if kernels else None,
        gpu_split=splits[-1] if splits else None,
    )


def _none_or_some(number: str) -> int:
    return 0 if number == "No" else int(number)


def not_applied(
    lines: Sequence[Line], parameters: Mapping[str, str], delegation: Delegation, *, ready: bool
) -> tuple[MeasurementWarning, ...]:
    """Return one warning per delegate that was asked for and did not execute anything.

    Args:
        lines: the whole text.
        parameters: the tool's echo of its settings.
        delegation: what the text shows at work.
        ready: whether the text reaches the phases, so that a delegate that is not there will not come.
    """
    missing: dict[str, str] = {}
    for line in lines:
        for form in _MISSING:
            if found := form.fullmatch(line.text):
                missing.setdefault(found["name"].upper(), line.text)
    splits = list(_found(_SPLIT, lines))
    if splits and not any(_none_or_some(found["gpu"]) for found in splits):
        missing.setdefault("GPU", splits[0][0])
    shown = frozenset(missing)
    working = [entry.name for entry in delegation.coverage]
    working += [entry.name for entry in delegation.applied if entry.coverage is not Coverage.NOT]
    for setting, value in parameters.items():
        name, shows = _ASKED.get(setting.lower(), ("", re.compile("")))
        if ready and name and value not in {"", "0", "false"} and not any(shows.search(text) for text in working):
            missing.setdefault(name.upper(), f"{setting}: [{value}], but no line shows the {name} delegate at work")
    return tuple(
        MeasurementWarning(
            code=WarningCode.DELEGATE_NOT_APPLIED,
            message=text,
            advice=_whose_numbers(working, shown=name in shown or bool(delegation.coverage)),
        )
        for name, text in missing.items()
    )


def _whose_numbers(working: Sequence[str], *, shown: bool) -> str:
    """Return whose numbers a text holds that lacks a delegate.

    Args:
        working: names of the delegates that the text shows at work.
        shown: whether the text shows that the delegate is not, rather than nothing at all.
    """
    if not shown:
        return _UNKNOWN
    return _ON_CPU if all(_CPU.search(name) for name in working) else _ON_ANOTHER


def _coverage(lines: Sequence[Line], complain: Complain) -> Iterator[DelegateCoverage]:
    for line in lines:
        if not (line.text.startswith("Replacing ") and "node(s)" in line.text):
            continue
        found = _REPLACING.fullmatch(line.text)
        if found is None:
            complain(line, "it does not say how many nodes the delegate takes")
            continue
        nodes, total = int(found["nodes"]), int(found["total"]) if found["total"] else None
        if total is not None and nodes > total:
            complain(line, "more nodes are replaced than there are")
            continue
        subgraph = int(found["subgraph"]) if found["subgraph"] else None
        yield DelegateCoverage(
            name=found["name"], nodes=nodes, total=total, partitions=int(found["partitions"]), subgraph=subgraph
        )


def _applied(lines: Sequence[Line]) -> Iterator[AppliedDelegate]:
    for line in lines:
        if found := _APPLIED.fullmatch(line.text):
            kernels = int(found["kernels"]) if found["kernels"] else None
            yield AppliedDelegate(name=found["name"], coverage=Coverage(found["coverage"]), kernels=kernels)
        elif found := _NOT_EXECUTED.fullmatch(line.text):
            yield AppliedDelegate(name=found["name"], coverage=Coverage.NOT)
        elif found := _APPLIED_BEFORE_2_2.fullmatch(line.text):
            yield AppliedDelegate(name=found["name"], coverage=None)


def _found(form: re.Pattern[str], lines: Sequence[Line]) -> Iterator[re.Match[str]]:
    return (found for line in lines if (found := form.fullmatch(line.text)))
