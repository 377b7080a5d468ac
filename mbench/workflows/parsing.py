"""Parsing: `mbench parse`."""

from collections.abc import Iterator

from mbench.core.plain_text import one_line
from mbench.core.results import Phase
from mbench.runner.output.parse import parse_text
from mbench.runner.output.parsed import ParsedText


def parse_log(stdout: str, stderr: str, *, exit_code: int | None) -> ParsedText:
    """Return what a benchmark_model output says."""
    return parse_text(stdout, stderr, exit_code=exit_code)


def text_of(parsed: ParsedText) -> str:
    """Return what was read as lines for a person; what the text does not say is left out."""
    return "\n".join(one_line(f"{name + ':':<12} {value}") for name, value in _lines(parsed))


def _lines(parsed: ParsedText) -> Iterator[tuple[str, str]]:
    yield "status", parsed.status + (f" ({parsed.error_class})" if parsed.error_class else "")
    if parsed.message:
        yield "message", parsed.message
    if parsed.tool:
        yield "tool", f"{parsed.tool} flavour of benchmark_model"
    for name, phase in (("warm-up", parsed.warmup), ("measured", parsed.measured)):
        if phase is not None:
            yield name, _phase(phase)
    for name, value in (("init", parsed.init_us), ("first", parsed.first_us)):
        if value is not None:
            yield name, f"{value} µs"
    if parsed.memory is not None:
        sizes = parsed.memory.model_dump(exclude_none=True)
        told = ", ".join(f"{key.removesuffix('_kib')} {size / 1024:.2f} MiB" for key, size in sizes.items())
        yield "memory", told + (", each the growth since the program's start" if parsed.memory_kind == "delta" else "")
    for delegate in parsed.delegates:
        share = f"{delegate.nodes}" + ("" if delegate.total is None else f" of {delegate.total}")
        yield "delegate", f"{delegate.name}: {share} nodes in {delegate.partitions} partitions"
    if parsed.unconsumed:
        yield "unconsumed", " ".join(parsed.unconsumed)
    for parameter, setting in parsed.parameters.items():
        yield "parameter", f"{parameter}: {setting}"
    for warning in parsed.warnings:
        yield "warning", f"{warning.message}" + (f" ({warning.advice})" if warning.advice else "")


def _phase(phase: Phase) -> str:
    numbers = phase.model_dump(exclude={"count"}, exclude_none=True)
    parts = [f"{key.removesuffix('_us')} {value:g} µs" for key, value in numbers.items()]
    return ", ".join([f"{phase.count} inferences", *parts])
