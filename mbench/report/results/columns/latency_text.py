"""A row's latency as text, with the status of what did not end well; every table says it in one of these ways."""

from mbench.core.results import Status, WarningCode
from mbench.report.render.number_format import BELOW_CLOCK, milliseconds, milliseconds_within
from mbench.report.results.rows.row import Row


def latency_text(row: Row) -> str:
    """Return `11.42 [11.31, 11.60]` in ms, `aborted: 11.42`, or `failed: timeout` where there is no latency.

    Where the program's clock shows nothing, it is `< 0.001`.
    """
    if row.latency_median_us is None and row.status is not Status.OK and not below_clock(row):
        return status_text(row)
    latency = latency_value(row)
    return latency if row.status is Status.OK else f"{row.status}: {latency}"


def latency_value(row: Row) -> str:
    """Return the latency in ms however the job ended; `?` where there is none."""
    return BELOW_CLOCK if below_clock(row) else milliseconds(row.latency_median_us, row.latency_ci_us)


def below_clock(row: Row) -> bool:
    """Whether the row has a latency that is too short for the program's clock."""
    return any(warning.code is WarningCode.BELOW_CLOCK for warning in row.warnings)


def short_latency_text(row: Row) -> str:
    """Return `11.42 ±0.18` in ms, `aborted: 11.42`, or `failed: timeout` where there is no latency."""
    if row.latency_median_us is None or row.latency_ci_us is None:
        return latency_text(row)
    latency = milliseconds_within(row.latency_median_us, row.latency_ci_us)
    return latency if row.status is Status.OK else f"{row.status}: {latency}"


def status_text(row: Row) -> str:
    """Return `ok`, or how the job ended and why: `failed: timeout`."""
    return f"{row.status}: {row.error_class}" if row.error_class else str(row.status)
