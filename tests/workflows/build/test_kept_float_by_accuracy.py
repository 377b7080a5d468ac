"""`--keep-float auto:acc`: losses example by example, and searches that go by them, with the real runtime on digits."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from linear_digits import _pictures, linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.accuracy.tasks.class_metrics import share_metric
from mbench.artifacts.flatbuffer import read_model
from mbench.artifacts.running import run_outputs
from mbench.core.builds.own_recipes import EvaluatedOn, KeepFloat, OwnForm
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.choices import MetricBetter
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.scores import EvaluationSpec, Metric, OwnMetric, Score, pack_hits, pack_values
from mbench.models.own.kept_float import FloatSearch
from mbench.workflows.build.float_evaluator import AskFile
from mbench.workflows.build.float_loss import format_amount, format_value, loss_between
from mbench.workflows.build.own_networks import OwnBuild, OwnSource
from mbench.workflows.build.own_recipes_of import own_recipes
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.search_float import search_float
from mbench.workflows.score.host_evaluator import host_evaluator
from mbench.workflows.score.open_evaluation_spec import open_spec

UNIT = SCALINGS["unit"]
SOURCE = linear_digits(UNIT)
WRONG = linear_digits(UNIT, reverse=True)
ASKED = 120
FACTS = DatasetFacts(name="digits", task=Task.CLASSIFICATION, split=Split.TEST, sha256="b" * 64, examples=360)


def score_of(
    hits: Sequence[bool] | None = None,
    *,
    values: Sequence[float] | None = None,
    better: MetricBetter = MetricBetter.HIGHER,
    seed: int | None = 0,
) -> Score:
    count = len(hits if values is None else values)  # type: ignore[arg-type]
    own = OwnMetric(name="gap", source="m.py", sha256="c" * 64, better=better, unit="mm")
    metric = (
        share_metric("top1", sum(hits or ()), count)
        if values is None
        else Metric(name="gap", kind="value", value=float(np.mean(values)), examples=count, unit="mm", better=better)
    )
    return Score(
        artifact_sha256="a" * 64,
        place="host",
        delegate="cpu",
        dataset=FACTS,
        preprocessing="unit",
        asked=count,
        scored=count,
        selection_seed=seed,
        metrics=(metric,),
        hits=None if hits is None else pack_hits(hits),
        own_metric=None if values is None else own,
        values=None if values is None else pack_values(values),
        seconds=0,
    )


def answers(right: int, wrong: int) -> list[bool]:
    return [True] * right + [False] * wrong


def test_a_loss_of_right_answers_is_in_points_with_the_paired_interval():
    reference, score = score_of(answers(90, 10)), score_of(answers(84, 16))
    loss = loss_between(reference, score)

    assert loss.amount == pytest.approx(6.0)
    assert 0 < loss.low < 6 < loss.high < 20
    assert (loss.shown, loss.examples) == (True, 100)
    gained = loss_between(score, reference)
    assert (gained.amount, gained.low, gained.high) == pytest.approx((-6.0, -loss.high, -loss.low))
    assert not gained.shown
    assert not loss_between(reference, score_of(answers(89, 11))).shown  # one of a hundred may be chance


@pytest.mark.parametrize(("better", "sign"), [(MetricBetter.HIGHER, 1), (MetricBetter.LOWER, -1)])
def test_a_loss_of_values_is_in_their_unit_and_the_way_that_is_worse(better, sign):
    rng = np.random.default_rng(0)
    plain = rng.normal(5, 1, 50)
    moved = plain - 0.3 + rng.normal(0, 0.01, 50)
    loss = loss_between(score_of(values=plain.tolist(), better=better), score_of(values=moved.tolist(), better=better))

    assert loss.amount == pytest.approx(sign * 0.3, abs=0.01)
    assert loss.low < loss.amount < loss.high
    assert loss.high - loss.low == pytest.approx(2 * 2.01 * 0.01 / np.sqrt(50), rel=0.3)
    assert loss.shown == (sign > 0)


def test_what_was_not_asked_alike_has_no_loss():
    with pytest.raises(ArtifactError, match="compares files example by example, and their answers to these cannot be"):
        loss_between(score_of(answers(9, 1)), score_of(answers(9, 1), seed=1))


def test_figures_have_their_unit():
    share, value = score_of(answers(9, 1)), score_of(values=[0.5, 1.0])
    assert (format_value(share), format_value(value)) == ("90.0 %", "0.75 mm")
    assert [format_amount(each, share) for each in (1.0, 0.5, 12.34)] == ["1 point", "0.5 points", "12.3 points"]
    assert format_amount(1.0, value) == "1 mm"


class Evaluator:
    """Scores files on the digits in this process."""

    evaluated_on = EvaluatedOn(dataset="digits test", sha256="b" * 64, asked=ASKED, seed=0)

    def __init__(self, *, values: bool = False) -> None:
        self.asked: list[bytes] = []
        self.values = values

    @contextmanager
    def opened(self) -> Iterator[AskFile]:
        def ask(data: bytes) -> Score:
            self.asked.append(data)
            right = right_of(data)
            return score_of(values=[float(each) for each in right]) if self.values else score_of(right)

        yield ask


def right_of(data: bytes) -> list[bool]:
    pictures, truth = _pictures(Split.TEST, 8, 8)
    given = pictures[:ASKED].reshape(ASKED, 1, 8, 8, 3).astype(np.float32)
    (found,) = run_outputs(data, {"picture": given}).values()
    return [bool(each) for each in found.values.reshape(ASKED, -1).argmax(axis=1) == truth[:ASKED]]


class Built:
    """Builds one file of int8 alone, and the float file where its operator is left in float."""

    def __init__(self, int8: bytes) -> None:
        self.int8 = int8

    def __call__(self, places: Sequence[int]) -> bytes:
        return SOURCE if places else self.int8


def searched(int8: bytes, evaluator: Evaluator, most_lost: float | None = None) -> tuple[bytes, str]:
    graph = read_model(SOURCE).main
    ends = [graph.tensors[index].name for index in (*graph.inputs, *graph.outputs)]
    rng = np.random.default_rng(0)
    search = FloatSearch(
        source=SOURCE,
        names={name: name for name in ends},
        examples=[{ends[0]: rng.uniform(0, 1, (1, 8, 8, 3)).astype(np.float32)} for _ in range(4)],
        quantized=Built(int8),
        asked=KeepFloat(accuracy=True, most_lost=most_lost),
    )
    found = search_float(search, evaluator)
    assert evaluator.asked.count(int8) == 1  # none is asked twice
    return found.data, " | ".join(found.notes)


@pytest.mark.parametrize(
    ("most_lost", "said", "kept"), [(None, "1 point", True), (0.0, "0 points", True), (99.9, "99.9 points", False)]
)
def test_a_search_ends_where_no_more_is_lost_than_may_be(most_lost, said, kept):
    data, note = searched(WRONG, Evaluator(), most_lost)

    assert data == (SOURCE if kept else WRONG)
    assert f"a loss of at most {said} of top1 against float was asked for" in note
    before, after = (f"{100 * np.mean(right_of(each)):.1f} %" for each in (WRONG, SOURCE))
    if kept:
        assert "1 of 1 operators are left in float (FULLY_CONNECTED scores)" in note
        assert f"top1 {after} in float, {before} (loses" in note
        assert re.search(rf"{re.escape(after)} \(loses 0 points, -[\d.]+ to [\d.]+\) so, of the same {ASKED} ex", note)
        assert f" dB, {before} to {after}, " in note  # of the operator by itself
    else:
        assert f"nothing is left in float; a loss of at most {said} of top1" in note
        assert f"which int8 reaches: {before} (loses" in note


def test_a_loss_that_may_be_chance_is_not_pursued():
    hits = right_of(SOURCE)
    evaluator = OneLess(hits)
    data, note = searched(WRONG, evaluator, 0.0)

    assert data == WRONG
    assert "and int8 is not shown to lose anything: " in note
    assert "more --examples would tell more" in note
    assert len(evaluator.asked) == 2  # the float file and int8 alone


class OneLess(Evaluator):
    """Finds one example less right in every file but the float one."""

    def __init__(self, hits: list[bool]) -> None:
        super().__init__()
        self.hits = hits

    @contextmanager
    def opened(self) -> Iterator[AskFile]:
        def ask(data: bytes) -> Score:
            self.asked.append(data)
            fewer = [each and place != self.hits.index(True) for place, each in enumerate(self.hits)]
            return score_of(self.hits if data == SOURCE else fewer)

        yield ask


def test_of_a_metric_of_values_the_loss_is_said_in_its_unit_and_must_be():
    data, note = searched(WRONG, Evaluator(values=True), 0.1)
    assert data == SOURCE
    assert "a loss of at most 0.1 mm of gap against float was asked for" in note
    with pytest.raises(ArtifactError, match=r"gap gives values, so say how much of it may be lost, .* auto:acc:AMOUNT"):
        searched(WRONG, Evaluator(values=True))


def test_a_network_without_accuracy_is_refused_with_what_to_give(tmp_path):
    (tmp_path / "net.tflite").write_bytes(SOURCE)
    build = OwnBuild(
        source=OwnSource(form=OwnForm.TFLITE, said=str(tmp_path / "net.tflite")),
        variant=OwnVariant(network="net"),
        keep_float=KeepFloat(accuracy=True),
    )
    with pytest.raises(
        UsageError, match=r"net_int8 has no accuracy to go by \(calibrated on synthetic examples\): give"
    ):
        own_recipes([build], BuildInputs(evaluator=Evaluator()))
    np.savez(tmp_path / "x.npz", picture=np.zeros((4, 8, 8, 3), np.float32))
    calibrated = BuildInputs(evaluator=Evaluator(), calibration=tmp_path / "x.npz")
    recipes = own_recipes([build, replace(build, variant=OwnVariant(network="other"), keep_float=None)], calibrated)
    assert [each.evaluated_on for each in recipes.values()] == [Evaluator.evaluated_on, None]


@pytest.mark.parametrize(("examples", "asked"), [(None, 360), (20, 20), (1000, 360)])
def test_what_is_asked_stands_in_the_recipe(tmp_path, examples, asked):
    spec = EvaluationSpec(dataset="digits", preprocessing="unit", examples=examples, seed=3)
    evaluator = host_evaluator(open_spec(spec, cache=tmp_path), home=tmp_path, workers=1)

    facts = open_spec(spec, cache=tmp_path).examples.facts
    assert evaluator.evaluated_on == EvaluatedOn(
        dataset="digits test", sha256=facts.sha256, asked=asked, seed=3, asks=(("preprocessing", "plain:unit"),)
    )
    assert evaluator.spec.examples == asked


def test_of_large_data_sets_five_hundred_are_asked(tmp_path):
    opening = open_spec(EvaluationSpec(dataset="fashion"), cache=tmp_path)
    assert len(opening.examples) > 500
    assert host_evaluator(opening, home=tmp_path, workers=1).evaluated_on.asked == 500


@pytest.mark.parametrize(("task", "other"), [(Task.DETECTION, False), (Task.ATTRIBUTES, True)])
def test_tasks_that_are_scored_as_a_whole_are_refused(tmp_path, task, other):
    opening = open_spec(EvaluationSpec(dataset="digits"), cache=tmp_path)
    opening = replace(opening, dataset=replace(opening.dataset, task=task))
    with pytest.raises(UsageError, match=f"digits, a data set of {task}, is scored as a whole: ") as raised:
        host_evaluator(opening, home=tmp_path, workers=1)
    assert ("name a --metric FILE.py:NAME, or write auto:DB" in str(raised.value)) == other


def test_the_host_evaluates_files_by_their_bytes(tmp_path):
    spec = EvaluationSpec(dataset="digits", preprocessing="unit", examples=50)
    evaluator = host_evaluator(open_spec(spec, cache=tmp_path), home=tmp_path, workers=1)
    with evaluator.opened() as ask:
        right, wrong = ask(SOURCE), ask(WRONG)
        with pytest.raises(ArtifactError, match=r"^--keep-float auto:acc: the file is no"):
            ask(b"no file")
    assert (right.asked, wrong.asked) == (50, 50)
    assert right.metrics[0].value > 0.8 > 0.2 > wrong.metrics[0].value
    assert loss_between(right, wrong).shown
