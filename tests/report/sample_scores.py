"""Scores for the tests of the report."""

from collections.abc import Mapping, Sequence

import sample_results as sample

from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.proportions import wilson_interval
from mbench.core.results import JobResult
from mbench.core.scores import Metric, Score, pack_answers, pack_hits

DIGITS = DatasetFacts(
    name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="3fa1" * 16, examples=360, classes=10
)


def share(name: str, hits: int, examples: int) -> Metric:
    interval = wilson_interval(hits, examples)
    return Metric(
        name=name, value=hits / examples, low=interval.low, high=interval.high, interval="wilson", examples=examples
    )


def hits_but(wrong: Sequence[int], examples: int = 360) -> list[bool]:
    """Return hits of which those with the given indices are wrong."""
    return [index not in set(wrong) for index in range(examples)]


def score(hits: Sequence[bool], sha256: str = "a" * 64, **changes) -> Score:
    fields = {
        "artifact_sha256": sha256,
        "place": "host",
        "delegate": "cpu",
        "runtime": "2.3.0",
        "dataset": DIGITS.model_copy(update={"examples": len(hits)}),
        "preprocessing": "unit_range",
        "asked": len(hits),
        "scored": len(hits),
        "metrics": (share("top1", sum(hits), len(hits)),),
        "hits": pack_hits(hits),
        "seconds": 1.25,
    }
    return Score(**(fields | changes))


def scored_result(name: str, *wrong: int, medians_us=(4_000, 4_010, 4_020), **changes) -> JobResult:
    """Return a timed job whose file got the given examples wrong; its hash is made of its name."""
    sha256 = changes.pop("sha256", name.encode().hex().ljust(64, "0")[-64:])
    scores = changes.pop("scores", (score(hits_but(wrong), sha256),))
    about = {key: changes.pop(key) for key in ("threads", "delegate", "latency_only") if key in changes}
    workload = sample.workload(name, sha256=sha256, **about)
    return sample.result(medians_us=medians_us, workload=workload, scores=scores, **changes)


def answered_result(name: str, flipped: Mapping[int, int], **changes) -> JobResult:
    """Return a timed job whose file gave the given answers to examples of class 0."""
    answers = [flipped.get(index, 0) for index in range(360)]  # of examples of class 0
    sha256 = name.encode().hex().ljust(64, "0")[-64:]
    hits = [answer == 0 for answer in answers]
    kept = score(hits, sha256, first_answers=pack_answers(answers))
    return scored_result(name, scores=(kept,), sha256=sha256, **changes)
