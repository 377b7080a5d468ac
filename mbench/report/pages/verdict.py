"""What a page says first: how the jobs ended, what casts doubt on them, what is fastest, and what was measured."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from mbench.core.plain_text import cut, one_line
from mbench.core.results import JobResult, Status
from mbench.report.render.number_format import count_of
from mbench.report.results.columns.latency_text import latency_text, status_text
from mbench.report.results.conditions.provenance import TableResults
from mbench.report.results.feet.footnotes import SAID_OF_DEVICES, first_few
from mbench.report.results.rows.fastest import fastest_rows
from mbench.report.results.rows.phone_medians import by_model, model_name
from mbench.report.results.rows.row import Row

LONGEST_NAME = 60
"""Characters of a device's name beside others; the foot has it whole."""

MOST_FASTEST = 3
"""Devices whose fastest row is named; the table marks it on each."""


def verdict_lines(
    results: Sequence[JobResult], rows: Sequence[Row], groups: Sequence[TableResults]
) -> tuple[tuple[str, str], ...]:
    """Return what is to be known first, each line with what it is: `ok`, `failed`, `doubt`, `fastest`, `note`.

    Args:
        results: all of the page.
        rows: of them, in the same order.
        groups: the results by table, whatever session they are of.
    """
    if not rows:
        return (("note", "No results."),)
    ended = Counter(row.status for row in rows)
    well = ended.pop(Status.OK, 0)
    lines = [("ok" if well == len(rows) else "failed", f"{well} of {count_of(len(rows), 'job')} ended well.")]
    others = Counter(status_text(row) for row in rows if row.status is not Status.OK)
    lines += [("failed", f"{count_of(count, 'job')}: {text}.") for text, count in others.most_common()]
    lines += emulated_lines(results)
    lines += _doubts(rows)
    return (*lines, *_fastest(results, rows, groups))


def measured_facts(results: Sequence[JobResult]) -> tuple[tuple[str, str], ...]:
    """Return what was measured on what: names with texts."""
    if not results:
        return ()
    devices = by_model(results)
    models = [
        f"{_short(model_name(profile, model))} ×{len(members)}"
        if len(members) > 1
        else f"{_short(members[0].serial)}: {_short(model_name(profile, model))}"
        for (profile, model), members in devices.items()
    ]
    days = sorted(f"{result.finished_at.astimezone(UTC):%Y-%m-%d}" for result in results)
    sessions = [*dict.fromkeys(result.session for result in results)]
    return (
        ("Sessions" if len(sessions) > 1 else "Session", first_few(sessions)),
        ("When", days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"),
        ("Devices" if len(models) > 1 else "Device", first_few(models)),
        ("Files", str(len({result.workload.artifact.name for result in results}))),
        ("Delegates", first_few([*dict.fromkeys(str(result.workload.delegate) for result in results)])),
        ("Threads", first_few([*dict.fromkeys(str(result.workload.threads) for result in results)])),
        ("Program", first_few([*dict.fromkeys(result.binary.tool for result in results)])),
    )


def _short(name: str) -> str:
    """Return a name that leaves room for others."""
    return cut(one_line(name), LONGEST_NAME)


def emulated_lines(results: Sequence[JobResult]) -> list[tuple[str, str]]:
    """Return what must be said of timings that are no phone's; nothing where they are."""
    if any(result.device.invented for result in results):
        return [("doubt", "Synthetic latencies: no model ran and nothing was measured.")]
    if any(result.device.emulated for result in results):
        return [("doubt", "Emulated phones: the timings are those of the host, not a phone's.")]
    return []


def _doubts(rows: Sequence[Row]) -> list[tuple[str, str]]:
    kinds = Counter(
        code for row in rows for code in {each.code for each in row.warnings if each.code not in SAID_OF_DEVICES}
    )
    if not kinds:
        known = any(row.latency_median_us is not None for row in rows)
        return [("ok", "Nothing casts doubt on a row.")] if known else []
    said = ", ".join(f"{code.replace('_', ' ')} ({count_of(count, 'row')})" for code, count in sorted(kinds.items()))
    return [("doubt", f"{said}.")]


def _fastest(
    results: Sequence[JobResult], rows: Sequence[Row], groups: Sequence[TableResults]
) -> list[tuple[str, str]]:
    """Return the fastest row of each device where nothing casts doubt on it: rows of one table are compared alone."""
    by_result = {id(result): row for result, row in zip(results, rows, strict=True)}
    found: list[Row] = []
    for group in groups:
        members = [by_result[id(result)] for result in group.results]
        found.extend(members[place] for place in sorted(fastest_rows(members)))
    if not found:
        known = sum(row.latency_median_us is not None for row in rows)
        return [("note", "No row is the fastest beyond doubt.")] if known > 1 else []
    said = [
        ("fastest", f"on {row.device}: {row.label}, {row.delegate} ×{row.threads}, {latency_text(row)} ms.")
        for row in found[:MOST_FASTEST]
    ]
    more = len(found) - MOST_FASTEST
    return said + (
        [("note", f"{count_of(more, 'more device')} with a fastest row, marked in the table.")] if more > 0 else []
    )
