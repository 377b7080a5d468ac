"""What `mbench evaluate` answers: scores as a table, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Final

from mbench.core.scores import Score
from mbench.report.accuracy_lines import accuracy_lines
from mbench.report.markdown import table_markdown
from mbench.report.number_format import ABSENT, percent_of, significant
from mbench.report.scored import TOP1, TOP5, dataset_label, once_each
from mbench.report.text_table import Align, Cell, Column, TableValues
from mbench.workflows.evaluate import Evaluated

_COLUMNS: Final = (
    Column(header="File"),
    Column(header="Dataset"),
    Column(header="Examples", align=Align.RIGHT),
    Column(header="Top-1 (%)", align=Align.RIGHT),
    Column(header="Top-5 (%)", align=Align.RIGHT),
    Column(header="Failed", align=Align.RIGHT),
    Column(header="Seconds", align=Align.RIGHT),
)

CSV_FIELDS: Final = (
    "name",
    "sha256",
    "dataset",
    "dataset_sha256",
    "asked",
    "scored",
    "top1",
    "top1_low",
    "top1_high",
    "top5",
    "preprocessing",
    "label_offset",
    "delegate",
    "runtime",
    "selection_seed",
    "seconds",
    "error",
)


def score_table(evaluated: Sequence[Evaluated]) -> TableValues:
    """Return a row per file; a file without a score keeps its row, and a footnote says why."""
    reasons = list(dict.fromkeys(one.reason for one in evaluated if one.reason is not None))
    return TableValues(
        columns=_COLUMNS,
        rows=tuple(_row(one, reasons) for one in evaluated),
        footnotes=tuple(f"({number}) {reason}" for number, reason in enumerate(reasons, 1)),
        foot=tuple(accuracy_lines(once_each((one.facts.name, one.score) for one in evaluated))),
    )


def as_markdown(evaluated: Sequence[Evaluated]) -> str:
    """Return the table as markdown."""
    return table_markdown(score_table(evaluated))


def _row(one: Evaluated, reasons: Sequence[str]) -> tuple[Cell, ...]:
    score = one.score
    if score is None:
        mark = f" ({reasons.index(one.reason) + 1})" if one.reason is not None else ""
        return (Cell(f"{one.facts.name}{mark}"), *[Cell(ABSENT)] * (len(_COLUMNS) - 1))
    return (
        Cell(one.facts.name),
        Cell(dataset_label(score.dataset)),
        Cell(str(score.asked)),
        Cell(_percent(score, TOP1)),
        Cell(_percent(score, TOP5)),
        Cell(str(score.asked - score.scored)),
        Cell(significant(score.seconds)),
    )


def _percent(score: Score, name: str) -> str:
    metric = score.metric(name)
    return ABSENT if metric is None else percent_of(metric)


def as_json(evaluated: Sequence[Evaluated]) -> str:
    """Return a JSON list: of each file its name and hash, its score or null, and why it has none."""
    return json.dumps(
        [
            {
                "name": one.facts.name,
                "sha256": one.facts.sha256,
                "score": None if one.score is None else one.score.model_dump(mode="json"),
                "error": one.reason,
            }
            for one in evaluated
        ],
        indent=1,
    )


def as_csv(evaluated: Sequence[Evaluated]) -> str:
    """Return CSV with a header line; shares lie in 0 to 1, unknown is an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for one in evaluated:
        writer.writerow({"name": one.facts.name, "sha256": one.facts.sha256, "error": one.reason} | _fields(one.score))
    return text.getvalue()


def _fields(score: Score | None) -> dict[str, object]:
    if score is None:
        return {}
    top1, top5 = score.metric(TOP1), score.metric(TOP5)
    return {
        "dataset": dataset_label(score.dataset),
        "dataset_sha256": score.dataset.sha256,
        "top1": None if top1 is None else top1.value,
        "top1_low": None if top1 is None else top1.low,
        "top1_high": None if top1 is None else top1.high,
        "top5": None if top5 is None else top5.value,
    } | score.model_dump(
        include={"asked", "scored", "preprocessing", "label_offset", "delegate", "runtime", "selection_seed", "seconds"}
    )
