"""Columns of what was measured here for the networks of a paper's table: one for each way of running them.

A way is a device, a quantization, a delegate and a number of threads; its header names all of that. Of a network that
was run the same way more than once, the last result stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mbench.core.builds.variants import Head, Variant, parse_variant
from mbench.core.errors import UsageError
from mbench.core.results import JobResult
from mbench.report.accuracy.scored import chosen_score, dataset_label, metric_label
from mbench.report.paper.compute_rate import network_gmacs
from mbench.report.paper.paper_table import Exact, Origin, SheetCell, SheetColumn
from mbench.report.render.number_format import ABSENT, SHORT_SHA, UNKNOWN, US_PER_MS, percent_of, significant
from mbench.report.results.columns.latency_text import latency_text
from mbench.report.results.conditions.provenance import Comparable, comparable, differing
from mbench.report.results.feet.foot_lines import LATENCY_DEFINITION, interval_line
from mbench.report.results.feet.footnotes import MOST_NAMED, footnotes_of
from mbench.report.results.rows.job_rows import row_of
from mbench.report.results.rows.row import Row

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Way:
    """How a network was run.

    Attributes:
        head: of networks that were run with other outputs than the paper's; empty: with the paper's.
    """

    device: str
    emulated: bool
    quantization: str
    delegate: str
    threads: int
    head: str = ""

    @property
    def label(self) -> str:
        """What a header calls it: `host int8 cpu ×1`."""
        emulated = " (emulated)" if self.emulated else ""
        head = f" {self.head}" if self.head else ""
        return f"{self.device}{emulated} {self.quantization}{head} {self.delegate} ×{self.threads}"


Parts = Sequence[str]
"""Networks, as variants' names without quantization, that run one after the other for one row."""


class Measured:
    """Results, by network and way."""

    def __init__(self, results: Sequence[JobResult], rows: Sequence[Parts]) -> None:
        """Keep the last result of each network of the rows and way.

        Args:
            results: of any sessions; those of other networks are left out.
            rows: what each row of the table runs.
        """
        self.rows = rows
        devices = _devices(results)
        wanted = {name for parts in rows for name in parts}
        bodies = {_body(name): name for name in wanted}
        self._found: dict[tuple[str, Way], JobResult] = {}
        for result in sorted(results, key=lambda each: each.finished_at):
            variant = variant_of(result)
            if variant is None:
                continue
            name = _network(variant)
            if name in wanted:
                self._found[name, _way(result, variant, devices, head="")] = result
            elif (other := bodies.get(_body(name))) is not None:
                self._found[other, _way(result, variant, devices, head=_head(variant.head))] = result

    @property
    def ways(self) -> tuple[Way, ...]:
        """All of them, in order of appearance by device and then by name."""
        return tuple(sorted({way for _, way in self._found}))

    @property
    def results(self) -> tuple[JobResult, ...]:
        """Every result that stands in a column, row by row."""
        order = [name for parts in self.rows for name in parts]
        found = sorted(self._found.items(), key=lambda pair: (order.index(pair[0][0]), pair[0][1]))
        return tuple(result for _, result in found)

    def provenances(self, way: Way) -> list[Comparable]:
        """Return what the results of one column can be compared under."""
        return [comparable(result) for (_, its), result in self._found.items() if its == way]

    def of(self, parts: Parts, way: Way) -> list[JobResult | None]:
        """Return the results of a row's networks."""
        return [self._found.get((name, way)) for name in parts]


def variant_of(result: JobResult) -> Variant | None:
    """Return the variant that a job ran; None for a user's own file."""
    try:
        return parse_variant(result.workload.artifact.name)
    except UsageError:
        return None


def latency_columns(measured: Measured, rows: Sequence[Parts]) -> tuple[SheetColumn, ...]:
    """Return a column of latencies for each way; letters name the doubts that `doubt_lines` explains."""
    marks = dict(zip(map(_identity, measured.results), _doubts(measured)[0], strict=True))
    return tuple(
        SheetColumn(
            header=f"Latency (ms), {way.label}",
            cells=tuple(_latency(measured.of(parts, way), marks) for parts in rows),
            origin=Origin.MEASURED,
        )
        for way in measured.ways
    )


def rate_columns(measured: Measured, rows: Sequence[Parts]) -> tuple[SheetColumn, ...]:
    """Return a column of 10⁹ multiply-adds a second for each way."""
    return tuple(
        SheetColumn(
            header=f"GMAC/s, {way.label}",
            cells=tuple(_rate(measured.of(parts, way)) for parts in rows),
            spare=3,
            origin=Origin.MEASURED,
        )
        for way in measured.ways
    )


def score_columns(measured: Measured, rows: Sequence[Parts], metric: str) -> tuple[SheetColumn, ...]:
    """Return a column for each data set and quantization that one of the files was scored on; none without scores."""
    columns: dict[str, tuple[SheetCell, ...]] = {}
    for way in measured.ways:
        cells = [_score(measured.of(parts, way), metric) for parts in rows]
        labels = dict.fromkeys(label for label, _ in cells if label)
        for label in labels:
            header = f"{metric_label(metric)} (%), {label}, {way.quantization}{f' {way.head}' if way.head else ''}"
            texts = tuple(cell if each == label else SheetCell(UNKNOWN) for each, cell in cells)
            columns.setdefault(header, texts)
    return tuple(SheetColumn(header=header, cells=cells, origin=Origin.MEASURED) for header, cells in columns.items())


def doubt_lines(measured: Measured) -> tuple[str, ...]:
    """Return what speaks against the latencies of a table, each line with the letter that marks its cells."""
    return _doubts(measured)[1]


def latency_definition(measured: Measured) -> tuple[str, ...]:
    """Return what a latency is; nothing where none was measured."""
    return (LATENCY_DEFINITION, interval_line(measured.results)) if measured.results else ()


def unmarked_doubts(measured: Measured) -> tuple[str, ...]:
    """Return what speaks against the timings of a table without a column of latencies."""
    lines = (line.partition(") ")[2] if line.startswith("(") else line for line in doubt_lines(measured))
    return tuple(f"Timing in doubt: {line}" for line in lines)


def source_lines(measured: Measured) -> Iterator[str]:
    """Yield where the measurements come from: devices, sessions, programs and files."""
    results = measured.results
    if not results:
        return
    for device in dict.fromkeys(result.device for result in results):
        facts = ", ".join(filter(None, (device.model, device.soc, device.os)))
        kind = " (emulated: timings of the host that emulates it)" if device.emulated else ""
        yield f"Measured on {device.serial}{kind}: {facts or UNKNOWN}, {device.cores or UNKNOWN} cores."
    sessions = dict.fromkeys(result.session for result in results)
    programs = dict.fromkeys(
        f"{result.binary.tool} {result.binary.runtime or UNKNOWN} (sha256 {result.binary.sha256[:SHORT_SHA]})"
        for result in results
    )
    yield f"Session{'s' if len(sessions) > 1 else ''} {', '.join(sessions)}; by {', '.join(programs)}."
    if odd := tuple(dict.fromkeys(name for way in measured.ways for name in differing(measured.provenances(way)))):
        yield f"Not all latencies were taken alike; they differ in {', '.join(odd)}."
    if reasons := dict.fromkeys(filter(None, (result.workload.artifact.latency_only for result in results))):
        yield f"Timed for their latency only: {'; '.join(reasons)}."


def _doubts(measured: Measured) -> tuple[list[str], tuple[str, ...]]:
    """Return the letters of each result, and the lines; letters, because numbers mark the paper's errata."""
    notes = footnotes_of([row_of(result) for result in measured.results], most=MOST_NAMED)
    marks = [", ".join(_letter(number) for number in mark.split(", ") if number) for mark in notes.marks]
    lines = []
    for line in notes.lines:
        number, bracket, rest = line.removeprefix("(").partition(") ")
        lines.append(f"({_letter(number)}) {rest}" if bracket and line.startswith("(") else line)
    return marks, tuple(lines)


def _letter(number: str) -> str:
    return _LETTERS[(int(number) - 1) % len(_LETTERS)] * ((int(number) - 1) // len(_LETTERS) + 1)


def _latency(found: Sequence[JobResult | None], marks: Mapping[tuple[str, str], str]) -> SheetCell:
    """Return a latency; of parts that run one after the other, each one's: nobody measured their sum."""
    texts = [UNKNOWN if result is None else _one_latency(result, marks) for result in found]
    if all(result is None for result in found):
        return SheetCell(UNKNOWN)
    only = found[0] if len(found) == 1 else None
    return SheetCell(" + ".join(texts), exact=None if only is None else _exact_ms(row_of(only)))


def _exact_ms(row: Row) -> Exact | None:
    if row.latency_median_us is None:
        return None
    low, high = row.latency_ci_us or (None, None)
    bounds = (None if end is None else end / US_PER_MS for end in (low, high))
    return Exact(row.latency_median_us / US_PER_MS, *bounds)


def _one_latency(result: JobResult, marks: Mapping[tuple[str, str], str]) -> str:
    text = latency_text(row_of(result))
    mark = marks.get(_identity(result))
    return f"{text} ({mark})" if mark else text


def _rate(found: Sequence[JobResult | None]) -> SheetCell:
    if len(found) != 1:
        return SheetCell(ABSENT)
    result = found[0]
    rate = None if result is None else network_gmacs(row_of(result))
    return SheetCell(significant(rate), exact=None if rate is None else Exact(rate))


def _score(found: Sequence[JobResult | None], metric: str) -> tuple[str, SheetCell]:
    """Return the data set, and the cell of the figure of merit; of parts there is none."""
    result = found[0] if len(found) == 1 else None
    score = None if result is None else chosen_score(result)
    value = None if score is None else score.metric(metric)
    if score is None or value is None:
        return "", SheetCell(UNKNOWN)
    bounds = (None if end is None else 100 * end for end in (value.low, value.high))
    return dataset_label(score.dataset), SheetCell(percent_of(value), exact=Exact(100 * value.value, *bounds))


def _identity(result: JobResult) -> tuple[str, str]:
    return result.session, result.job


def _devices(results: Sequence[JobResult]) -> dict[tuple[str, str], str]:
    """Return what columns call a device and its program: `host` for the only one, and no program where all are alike.

    Rows of two machines, or of two programs, never share a column.
    """
    known = {(result.device.serial, result.binary.tool): result.device.profile == "host" for result in results}
    hosts = {serial for (serial, _), is_host in known.items() if is_host}
    tools = [serial for serial, _ in known]
    return {
        (serial, tool): ("host" if is_host and len(hosts) == 1 else serial)
        + (f" {tool}" if tools.count(serial) > 1 else "")
        for (serial, tool), is_host in known.items()
    }


def _way(result: JobResult, variant: Variant, devices: Mapping[tuple[str, str], str], *, head: str) -> Way:
    return Way(
        device=devices[result.device.serial, result.binary.tool],
        emulated=result.device.emulated,
        quantization=variant.quantization,
        delegate=str(result.workload.delegate),
        threads=result.workload.threads,
        head=head,
    )


def _network(variant: Variant) -> str:
    return str(variant).removesuffix(f"_{variant.quantization}")


def _head(head: Head) -> str:
    return f"{head.name}{head.classes}"


def _body(network: str) -> str:
    """Return a network's name without its head."""
    variant = parse_variant(f"{network}_fp32")
    return f"{variant.architecture} {variant.size.alpha} {variant.size.resolution}"
