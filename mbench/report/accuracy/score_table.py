"""The table of `mbench evaluate`: one row a file, its figures of merit, and what they rest on."""

from collections.abc import Sequence

from mbench.core.reasons import Unscored
from mbench.core.scores import Metric, Score
from mbench.report.accuracy.accuracy_lines import accuracy_lines
from mbench.report.accuracy.paired_scores import alike, compare_all
from mbench.report.accuracy.scored import (
    TOP1,
    TOP5,
    Scored,
    asked_pairs,
    dataset_label,
    metric_header,
    metrics_by_header,
    of_column,
    once_each,
    pictures_noun,
)
from mbench.report.render.number_format import ABSENT, SHORT_SHA, count_of, metric_number, significant
from mbench.report.render.text_table import Cell, Column, Style, TableValues, right_column


def score_table(scores: Sequence[tuple[str, Score | Unscored]]) -> TableValues:
    """Return the table of scored files; one without a score keeps its row, and a footnote says why.

    Columns that nothing fills are left out. The best top-1 is marked where its file is better than each other one.

    Args:
        scores: (name of the file, its score, or why there is none), in the order of their rows.
    """
    named = [(name, score) for name, score in scores if isinstance(score, Score)]
    hosts, devices = (once_each(each for each in named if each[1].place == place) for place in ("host", "device"))
    metrics = [*metrics_by_header(metric for _, score in named for metric in score.metrics).values()]
    marks = _marks([score.reason for _, score in scores if isinstance(score, Unscored)])
    on_device = bool(devices)
    best = _best(hosts or devices)
    columns = [Column(header="File"), *([Column(header="Scored on", spare=3)] if on_device else [])]
    columns += [Column(header="Data set", spare=2), right_column("Examples", spare=1)]
    columns += [right_column(metric_header(like), spare=_spare(like.name)) for like in metrics]
    columns += [right_column("Failed", spare=4), right_column("Seconds", spare=5)]
    columns += [Column(header="Notes")] if marks else []
    rows = []
    for name, score in scores:
        cells = [Cell(name), *_cells(score, metrics, best=best, on_device=on_device)]
        mark = marks[score.reason] if isinstance(score, Unscored) else ""
        rows.append((*cells, *([Cell(mark)] if marks else [])))
    return TableValues(
        columns=tuple(columns),
        rows=tuple(rows),
        footnotes=tuple(_footnote(mark, reason, scores) for reason, mark in marks.items()),
        foot=(*accuracy_lines(hosts), *accuracy_lines(devices, on=" on device" if hosts else ""), *_files(scores)),
    )


def _cells(
    score: Score | Unscored, metrics: Sequence[Metric], *, best: tuple[str, str] | None, on_device: bool
) -> list[Cell]:
    if isinstance(score, Unscored):
        return [Cell(ABSENT)] * (len(metrics) + 4 + on_device)
    where = [Cell(f"{score.place}, {score.delegate}")] if on_device else []
    return [
        *where,
        Cell(dataset_label(score.dataset)),
        Cell(_asked(score)),
        *(_metric(score, like, best=best) for like in metrics),
        Cell(_failed(score)),
        Cell(significant(score.seconds)),
    ]


def _asked(score: Score) -> str:
    pairs = asked_pairs(score)
    return str(score.asked) if pairs is None else count_of(pairs, "pair")


def _failed(score: Score) -> str:
    failed = score.asked - score.scored
    return str(failed) if asked_pairs(score) is None else count_of(failed, pictures_noun(score))


def _metric(score: Score, like: Metric, *, best: tuple[str, str] | None) -> Cell:
    metric = of_column(score.metrics, like)
    first = like.name == TOP1 or score.own_metric is not None
    marked = first and (score.artifact_sha256, score.place) == best
    return Cell(ABSENT if metric is None else metric_number(metric), Style.STRONG if marked else Style.PLAIN)


def _best(scored: Sequence[Scored]) -> tuple[str, str] | None:
    """Return the hash of the best file and where it was scored."""
    groups = alike(scored)
    comparison = compare_all(groups[0]) if len(groups) == 1 else None
    if comparison is None or comparison.best is None or len(groups[0]) < len(scored):
        return None
    return comparison.best.score.artifact_sha256, comparison.best.score.place


def _marks(reasons: Sequence[str]) -> dict[str, str]:
    return {reason: str(number) for number, reason in enumerate(dict.fromkeys(reasons), start=1)}


def _footnote(mark: str, reason: str, scores: Sequence[tuple[str, Score | Unscored]]) -> str:
    names = ", ".join(name for name, score in scores if score == Unscored(reason))
    whose = "" if len(scores) == 1 else f", {names}"
    return f"({mark}) no accuracy{whose}: {reason.rstrip('.')}."


def _files(scores: Sequence[tuple[str, Score | Unscored]]) -> list[str]:
    files = [f"{name} {_hashes(score)}" for name, score in scores if isinstance(score, Score)]
    return [f"Artifacts (sha256): {', '.join(dict.fromkeys(files))}."] if files else []


def _hashes(score: Score) -> str:
    return " + ".join(sha256[:SHORT_SHA] for sha256 in (score.artifact_sha256, score.second_sha256) if sha256)


def _spare(metric: str) -> int:
    return {TOP1: 0, TOP5: 3}.get(metric, 0)
