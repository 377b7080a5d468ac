"""Pages for tests, and what is read back from them without a browser."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import sample_results as sample
import sample_scores as scored

from mbench.core.delegates import parse_delegate
from mbench.core.results import Conditions, JobResult, OperatorTime, Pass, Status
from mbench.report.pages.packed import unpack
from mbench.report.pages.row_details import rows_with_runs
from mbench.report.pages.session_page import session_page


def page(results: Sequence[JobResult], **changes: object) -> str:
    fields: dict[str, object] = {"title": "A session", "command": "mbench report --format html"}
    return session_page(results, **(fields | changes)).decode("utf-8")


def profiled(result: JobResult, spent: Sequence[tuple[str, float]]) -> JobResult:
    operators = tuple(
        OperatorTime(run_order=place, node_type=kind, name=f"op{place}", times_called=1, us_per_inference=us)
        for place, (kind, us) in enumerate(spent)
    )
    run = sample.latency_run(50_000, 0, purpose=Pass.OPS, operators=operators)
    return result.model_copy(update={"runs": (*result.runs, run)})


def warm(run, celsius: float, mhz: int = 2000):
    state = Conditions(taken_at=run.started_at, temperature_c=celsius, frequency_khz=(mhz * 1000,) * 4, busy_share=0.02)
    return run.model_copy(update={"conditions_before": state, "conditions_after": state})


def session() -> list[JobResult]:
    """Return jobs of many kinds: scored, two delegates and thread counts, one failed, one unknown, one doubtful."""
    found = []
    for alpha, base in (("1.00", 40_000), ("0.50", 14_000)):
        for delegate, share in (("cpu", 1.0), ("gpu", 0.4)):
            name = f"mobilenet_v1_{alpha}_224_int8"
            middle = int(base * share)
            one = scored.scored_result(name, 1 if alpha == "1.00" else 20)
            runs = [
                warm(sample.latency_run(middle + step, place, position=place), 30 + place)
                for place, step in enumerate((-50, 0, 80, 20, 10))
            ]
            found.append(
                one.model_copy(
                    update={
                        "job": f"{name}-{delegate}",
                        "workload": one.workload.model_copy(update={"delegate": parse_delegate(delegate)}),
                        "runs": (*runs, sample.memory_run(24_576.0)),
                    }
                )
            )
    found[0] = profiled(found[0], [("CONV_2D", 30_000.0), ("SOFTMAX", 0.5)])
    found[1] = profiled(found[1], [("CONV_2D", 12_000.0), ("Delegate/GPU", 3_000.0)])
    failed = sample.result("mobilenet_v1_0.25_224_int8", job="broken").model_copy(
        update={"status": Status.FAILED, "error_class": "timeout", "message": "no answer within 60 s"}
    )
    return [*found, failed, sample.result("file:mine@0123456789ab", [12_000], job="mine")]


class Cells(HTMLParser):
    """Tables of results as they stand in a page: headers, and for each row its cells' attributes and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.rows: dict[int, list[tuple[dict[str, str | None], str]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._cell: dict[str, str | None] | None = None
        self._row: int | None = None
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "th" and "data-name" in found:
            self.names.append(found["data-name"] or "")
        if tag == "tr":
            number = re.fullmatch(r"r(\d+)", found.get("id") or "")
            self._row = int(number[1]) if number else None
            if self._row is not None:
                self.rows[self._row] = []
        if tag == "td" and self._row is not None:
            self._cell, self._said = found, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._cell is not None and self._row is not None:
            self.rows[self._row].append((self._cell, self._said))
            self._cell = None

    def handle_data(self, data: str) -> None:
        self.text += data
        self._said += data


def cells_of(text: str) -> Cells:
    parser = Cells()
    parser.feed(text)
    return parser


def data_of(text: str) -> dict:
    found = re.search(r'<template id="data">([^<]*)</template>', text)
    assert found is not None
    data = unpack(found[1])
    return rows_with_runs(data) if "run_columns" in data else data
