"""What `mbench evaluate` answers: scores as a table, as JSON and as CSV."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mbench.core.reasons import Unscored
from mbench.core.scores import Score
from mbench.report.accuracy.paired_scores import Against, FileKey, each_against, file_key
from mbench.report.accuracy.score_table import score_table
from mbench.report.accuracy.scored import TOP1, TOP5, dataset_label, once_each
from mbench.report.render.markdown import table_markdown
from mbench.report.render.text_table import TableValues
from mbench.report.results.delimited import csv_text
from mbench.workflows.score.command import Evaluated

_GROUNDS: Final = (
    "asked",
    "scored",
    "preprocessing",
    "label_offset",
    "layout",
    "gray",
    "output",
    "delegate",
    "runtime",
    "selection_seed",
    "seconds",
    "second_sha256",
)
"""Fields of a score that stand in a CSV line under their own names."""


_SHARE: Final = ("", "_low", "_high")
_VALUE: Final = ("_unit", "_better")
"""Behind the name of a metric: its columns, and others of a user's metric of values."""


def table_of(evaluated: Sequence[Evaluated]) -> TableValues:
    """Return a row per file; a file without a score keeps its row, and a footnote says why."""
    return score_table([(one.name, one.score) for one in evaluated])


def as_markdown(evaluated: Sequence[Evaluated]) -> str:
    """Return the table as markdown."""
    return table_markdown(table_of(evaluated))


def as_json(evaluated: Sequence[Evaluated]) -> str:
    """Return a JSON list: of each file its name and hash, its score or null, why it has none, and how it differs."""
    named = [(one.facts.name, one.score if isinstance(one.score, Score) else None) for one in evaluated]
    against = each_against(once_each(named))
    return json.dumps(
        [
            {
                "name": one.name,
                "sha256": one.facts.sha256,
                "score": one.score.model_dump(mode="json") if isinstance(one.score, Score) else None,
                "error": _reason(one),
                "against": _shown(against, one),
            }
            for one in evaluated
        ],
        indent=1,
    )


def as_csv(evaluated: Sequence[Evaluated]) -> str:
    """Return CSV with a header line; shares lie in 0 to 1, unknown is an empty field.

    Behind `top1` and `top5`, which always have columns, come the other metrics that some file has; each is followed by
    the ends of its interval, a user's metric of values by its unit and which way it gets better, too.
    """
    scores = [one.score for one in evaluated if isinstance(one.score, Score)]
    metrics = dict.fromkeys((TOP1, TOP5, *(metric.name for score in scores for metric in score.metrics)))
    own = {metric.name for score in scores for metric in score.metrics if metric.kind == "value"}
    numbers = [f"{name}{end}" for name in metrics for end in (*_SHARE, *(_VALUE if name in own else ()))]
    fields = ("name", "sha256", "dataset", "dataset_sha256", *numbers, *_GROUNDS, "error")
    lines = [
        {"name": one.name, "sha256": one.facts.sha256, "error": _reason(one)} | _fields(one.score) for one in evaluated
    ]
    return csv_text([fields, *([line.get(field) for field in fields] for line in lines)])


def _shown(against: Mapping[FileKey, Against], one: Evaluated) -> dict[str, Any] | None:
    found = against.get(file_key(one.score)) if isinstance(one.score, Score) else None
    return None if found is None else found.model_dump(mode="json")


def _reason(one: Evaluated) -> str | None:
    return one.score.reason if isinstance(one.score, Unscored) else None


def _fields(score: Score | Unscored) -> dict[str, object]:
    if isinstance(score, Unscored):
        return {}
    dataset = {"dataset": dataset_label(score.dataset), "dataset_sha256": score.dataset.sha256}
    numbers: dict[str, object] = {}
    for metric in score.metrics:
        numbers |= {metric.name: metric.value, f"{metric.name}_low": metric.low, f"{metric.name}_high": metric.high}
        if metric.kind == "value":
            numbers |= {f"{metric.name}_unit": metric.unit, f"{metric.name}_better": metric.better}
    return dataset | numbers | score.model_dump(include=set(_GROUNDS))
