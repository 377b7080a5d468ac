"""What a page keeps beside each row: all its runs, its provenance, its doubts, and the commands that reproduce it."""

from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from mbench.core.plain_text import one_line
from mbench.core.results import Conditions, JobResult, Pass, Run
from mbench.report.pages.page_table import doubts_of
from mbench.report.pages.run_chart import clock_mhz, others_load
from mbench.report.pages.shell_words import shell_text
from mbench.report.render.number_format import UNKNOWN, count_of
from mbench.report.results.conditions.provenance import format_clocks, format_cpus, format_settings
from mbench.report.results.feet.foot_lines import program_text
from mbench.report.results.feet.origin_lines import calibration_text, weights_text
from mbench.report.results.rows.row import Row

_OURS: Final = "mbench"

RUN_FIELDS: Final = (
    "order",
    "purpose",
    "started_at",
    "status",
    "median_us",
    "p5_us",
    "p95_us",
    "inferences",
    "init_us",
    "peak_kib",
    "cores",
    "nodes",
    "temperature_before_c",
    "temperature_after_c",
    "clock_mhz",
    "load_percent",
    "message",
)
"""What is kept of each run, in this order."""


def detail_of(result: JobResult, row: Row, kinds: Sequence[tuple[str, int, float]]) -> dict[str, Any]:
    """Return a row's details as JSON has them; texts are cleaned.

    Args:
        result: the job.
        row: what the table shows of it.
        kinds: of its operator profile: kind, operators, µs.
    """
    return {
        "runs": [_run(run) for run in result.runs],
        "facts": [[name, _clean(text)] for name, text in _facts(result) if text],
        "doubts": [
            [each.code.replace("_", " "), _clean(each.message), _clean(each.advice or "")] for each in doubts_of(row)
        ],
        "commands": [[what, text] for what, text in _commands(result)],
        "operators": [[_clean(kind), operators, round(us, 3)] for kind, operators, us in kinds],
    }


def columns_of_runs(details: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return details with all their runs by columns, which deflate to half the size; each row says how many it has.

    Args:
        details: of all rows, in order; they stay as they are.
    """
    runs = [run for detail in details for run in detail["runs"]]
    return {
        "run_columns": [*zip(*runs, strict=True)],
        "rows": [detail | {"runs": len(detail["runs"])} for detail in details],
    }


def rows_with_runs(data: dict[str, Any]) -> dict[str, Any]:
    """Return what `columns_of_runs` was given, as the page's script does."""
    runs = zip(*data["run_columns"], strict=True)
    return data | {"rows": [row | {"runs": [[*run] for run in islice(runs, row["runs"])]} for row in data["rows"]]}


def _run(run: Run) -> list[Any]:
    phase = run.measured
    after, before = run.conditions_after, run.conditions_before
    clock = None if after is None else clock_mhz(after, run.cpus)
    load = None if after is None else others_load(after)
    peak = None if run.memory is None else run.memory.peak_kib
    return [
        run.position,
        str(run.purpose),
        run.started_at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")[:19],
        str(run.error_class or run.status),
        *((None,) * 4 if phase is None else (phase.median_us, phase.p5_us, phase.p95_us, phase.count)),
        run.init_us,
        None if peak is None else round(peak),
        _clean(run.cpus),
        _clean(_nodes(run)),
        _temperature(before),
        _temperature(after),
        None if clock is None else round(clock),
        None if load is None else round(load, 1),
        _clean(run.message),
    ]


def _nodes(run: Run) -> str | None:
    return "; ".join(f"{each.name} {each.nodes}/{_known(each.total)}" for each in run.delegates) or None


def _temperature(state: Conditions | None) -> float | None:
    return None if state is None else state.temperature_c


def _facts(result: JobResult) -> list[tuple[str, str | None]]:
    artifact, device, who = result.workload.artifact, result.device, result.provenance
    return [
        ("Message", result.message),
        ("Artifact", f"{artifact.name}, sha256 {_known(artifact.sha256)}"),
        ("Weights", weights_text(artifact.weights)),
        ("Calibration", calibration_text(artifact.calibration)),
        ("Device", f"{device.serial} (profile {device.profile}), {_known(device.model)}, {_known(device.soc)}"),
        ("System", f"{_known(device.os)}, build {_known(device.build)}, {_known(device.abi)}"),
        ("Program", f"{program_text(result)}; whole sha256 {result.binary.sha256}"),
        ("Settings", format_settings(result.workload.settings)),
        ("Configuration", _configuration(result)),
        (
            "Session",
            f"{result.session}, job {result.job}, ended {result.finished_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        ),
        ("Measured by", f"mbench {who.mbench} (git {_known(who.git)}) on {who.host}, Python {who.python}"),
    ]


def _configuration(result: JobResult) -> str:
    workload, rules = result.workload, result.rules
    parts = [
        f"delegate {workload.delegate}",
        count_of(workload.threads, "thread"),
        f"{format_cpus(rules.cpus)} by the plan",
        format_clocks(rules),
        *(f"fed {each}" for each in workload.inputs),
        f"{rules.min_runs} to {rules.max_runs} runs, until ±{rules.target_interval:.1%}",
        f"seed {rules.seed}",
    ]
    return "; ".join(filter(None, parts))


def _commands(result: JobResult) -> list[tuple[str, str]]:
    """Return how the session was called, how this row is shown again, and how the program itself was called."""
    command = result.provenance.command
    again = "Measure the session again" if command[:1] == (_OURS,) else "Recorded as its command, which is not mbench"
    first = next((run for run in result.runs if run.purpose is Pass.LATENCY), None)
    found = [
        (again, shell_text(command)),
        ("Show this session's numbers", shell_text((_OURS, "report", result.session, "--format", "json"))),
    ]
    if first is not None:
        found.append(("The program itself, on the device", shell_text(first.argv)))
    return found


def _known(value: object) -> str:
    return UNKNOWN if value is None else str(value)


@lru_cache(maxsize=4096)
def _clean(text: str | None) -> str | None:
    return None if text is None else one_line(text)
