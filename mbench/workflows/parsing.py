"""Parsing: `mbench parse`."""

from collections.abc import Iterator

from mbench.core.plain_text import one_line
from mbench.core.results import MeasurementWarning, Phase, WarningCode
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import AppliedDelegate, Coverage, ParsedText
from mbench.runner.output.python_summary import is_python_summary, read_python_summary
from mbench.runner.output.wrappers import decode_log, unwrapped

_TOOLS = {
    "tflite": "tflite flavour of benchmark_model",
    "litert": "litert flavour of benchmark_model",
    "litert-python": "LiteRT's benchmark in Python: not benchmark_model, whose numbers it does not share",
}
_SHARE = {
    Coverage.COMPLETELY: "all of the graph",
    Coverage.PARTIALLY: "a part of the graph",
    Coverage.NOT: "nothing of the graph",
    None: "applied, to an unknown part of the graph",
}


def parse_log(stdout: bytes, stderr: bytes, *, exit_code: int | None) -> ParsedText:
    """Return what a benchmark_model output says, read through what was put around it."""
    out, err = unwrapped(decode_log(stdout), decode_log(stderr))
    if is_python_summary(out):
        return read_python_summary(out, err, exit_code=exit_code)
    parsed = parse_text(out, err, exit_code=exit_code)
    return parsed.model_copy(update={"warnings": (*parsed.warnings, *_partial(parsed))})


def _partial(parsed: ParsedText) -> Iterator[MeasurementWarning]:
    """Yield a warning per delegate that was applied to a part of the graph."""
    names = dict.fromkeys(each.name for each in parsed.applied if each.coverage is Coverage.PARTIALLY)
    if parsed.gpu_split is not None and all(parsed.gpu_split):
        names.setdefault("GPU")
    for name in names:
        yield MeasurementWarning(
            code=WarningCode.PARTLY_DELEGATED,
            message=f"the {name} delegate executed a part of the graph only",
            advice=f"Read the numbers as those of {name} and CPU together."
            if name.upper() not in {"XNNPACK", "CPU"}
            else "Read the numbers as those of XNNPACK and builtin kernels together.",
        )


def text_of(parsed: ParsedText) -> str:
    """Return what was read as lines for a person; what the text does not say is left out."""
    return "\n".join(one_line(f"{name + ':':<12} {value}") for name, value in _lines(parsed))


def _lines(parsed: ParsedText) -> Iterator[tuple[str, str]]:
    yield "status", parsed.status + (f" ({parsed.error_class})" if parsed.error_class else "")
    if parsed.message:
        yield "message", parsed.message
    for delegate in _delegates(parsed):
        yield "delegate", delegate
    if parsed.tool:
        yield "tool", _TOOLS[parsed.tool]
    for name, phase in (("warm-up", parsed.warmup), ("measured", parsed.measured)):
        if phase is not None:
            yield name, _phase(phase)
    for name, value in (("init", parsed.init_us), ("first", parsed.first_us)):
        if value is not None:
            yield name, f"{value} µs"
    if parsed.memory is not None:
        sizes = parsed.memory.model_dump(exclude_none=True)
        text = ", ".join(f"{key.removesuffix('_kib')} {size / 1024:.2f} MiB" for key, size in sizes.items())
        yield "memory", text + (", each the growth since the program's start" if parsed.memory_kind == "delta" else "")
    if parsed.unconsumed:
        yield "unconsumed", " ".join(parsed.unconsumed)
    for parameter, setting in parsed.parameters.items():
        yield "parameter", f"{parameter}: {setting}"
    for warning in parsed.warnings:
        yield "warning", f"{warning.message}" + (f" ({warning.advice})" if warning.advice else "")


def _delegates(parsed: ParsedText) -> Iterator[str]:
    """Yield which delegate ran: how it was applied, and the nodes that each took."""
    for applied in parsed.applied:
        yield f"{applied.name}: {_applied(applied, parsed)}"
    if not any(_is_gpu(applied) for applied in parsed.applied) and (gpu := _gpu(parsed)):
        yield f"GPU: {', '.join(gpu)}"
    for taken in parsed.delegates:
        share = f"{taken.nodes}" + ("" if taken.total is None else f" of {taken.total}")
        graph = f" of subgraph {taken.subgraph}" if taken.subgraph else ""
        yield f"{taken.name}: {share} nodes{graph} in {taken.partitions} partitions"


def _applied(applied: AppliedDelegate, parsed: ParsedText) -> str:
    kernels = [] if applied.kernels is None else [f"in {applied.kernels} delegate kernels"]
    return ", ".join([_SHARE[applied.coverage], *kernels, *(_gpu(parsed) if _is_gpu(applied) else [])])


def _is_gpu(applied: AppliedDelegate) -> bool:
    return "GPU" in applied.name.upper()


def _gpu(parsed: ParsedText) -> list[str]:
    """Return what the text says of the GPU: its API, its kernels, and the operations that it took and left."""
    parts = []
    if parsed.gpu_split is not None:
        parts.append(f"{parsed.gpu_split[0]} operations, {parsed.gpu_split[1]} left to the CPU")
    if parsed.gpu_api is not None:
        parts.append(f"by {parsed.gpu_api}")
    if parsed.gpu_kernels is not None:
        parts.append(f"{parsed.gpu_kernels} GPU kernels")
    return parts


def _phase(phase: Phase) -> str:
    numbers = phase.model_dump(exclude={"count"}, exclude_none=True)
    parts = [f"{key.removesuffix('_us')} {_whole(value)} µs" for key, value in numbers.items()]
    return ", ".join([f"{phase.count} inferences", *parts])


def _whole(value: float) -> str:
    """Return a number with all of its digits, never as a power of ten."""
    return f"{value:.0f}" if value == int(value) else f"{value}"
