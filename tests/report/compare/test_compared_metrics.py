"""Accuracies by users' own metrics in a comparison: paired as top-1 is, by the metric's direction, and never mixed."""

from statistics import fmean

import pytest
import sample_pages as pages
import sample_scores as scored
from compare_samples import compared
from sample_metrics import BEFORE, ERROR, NEW, OLD, PSNR, after, both_metrics, judged_right, value_score, valued

from mbench.core.choices import MetricBetter
from mbench.core.means import compare_values
from mbench.core.scores import OwnMetric
from mbench.report.compare.compared_accuracy import ComparedAccuracy
from mbench.report.compare.comparison import Comparison
from mbench.report.compare.inverted import inverted
from mbench.report.compare.table import comparison_table
from mbench.report.pages.comparison.comparison_page import comparison_page
from mbench.report.pages.comparison.comparison_summary import comparison_lines


def changed(change: float, own: OwnMetric = PSNR) -> Comparison:
    return compared([valued("net", BEFORE, OLD, own)], [valued("net", after(change), NEW, own)])


def accuracy_of(found: Comparison) -> ComparedAccuracy:
    (cell,) = found.cells
    assert cell.accuracy is not None
    assert cell.accuracy_reason is None
    return cell.accuracy


@pytest.mark.parametrize(
    ("change", "verdict"),
    [(-0.76, "worse"), (-0.75, "no difference shown"), (0.75, "no difference shown"), (0.76, "better")],
)
def test_values_are_compared_by_students_paired_test_at_five_percent(change: float, verdict: str) -> None:
    found = accuracy_of(changed(change))
    expected = compare_values(value_score(after(change), NEW), value_score(BEFORE, OLD))

    assert expected is not None
    assert expected.interval is not None
    assert (found.verdict, found.change) == (verdict, pytest.approx(change, abs=1e-5))
    assert (found.p, found.change_ci) == (expected.p, (expected.interval.low, expected.interval.high))
    assert (found.metric, found.kind, found.unit, found.better) == ("psnr", "value", "dB", MetricBetter.HIGHER)
    assert (found.old, found.new, found.examples) == (fmean(BEFORE), fmean(after(change)), 10)
    assert found.against.drop == pytest.approx(-change, abs=1e-5)


@pytest.mark.parametrize(("change", "verdict"), [(-0.76, "better"), (0.76, "worse"), (0.75, "no difference shown")])
def test_of_a_metric_that_is_better_lower_more_is_worse(change: float, verdict: str) -> None:
    found = accuracy_of(changed(change, ERROR))
    assert (found.verdict, found.better, found.unit) == (verdict, MetricBetter.LOWER, None)


@pytest.mark.parametrize(("wrong", "verdict"), [(5, "no difference shown"), (6, "worse")])
def test_right_answers_of_a_metric_are_compared_as_top_1_is(wrong: int, verdict: str) -> None:
    found = accuracy_of(compared([judged_right("net", range(0), OLD)], [judged_right("net", range(wrong), NEW)]))

    assert (found.metric, found.kind, found.unit) == ("right", "share", None)
    assert (found.change, found.p) == (pytest.approx(-wrong / 360), pytest.approx(2 / 2**wrong))
    assert (found.verdict, found.old, found.new) == (verdict, 1.0, 1 - wrong / 360)


@pytest.mark.parametrize(
    "other",
    [
        PSNR.model_copy(update={"sha256": "e" * 64}),
        PSNR.model_copy(update={"name": "psnr_y"}),
        PSNR.model_copy(update={"unit": "B"}),
        PSNR.model_copy(update={"better": MetricBetter.LOWER}),
    ],
)
def test_different_metrics_are_never_compared_and_that_is_said(other: OwnMetric) -> None:
    found = compared([valued("net", BEFORE, OLD)], [valued("net", after(-2), NEW, other)])
    (cell,) = found.cells
    named = f"{other.name} of m.py sha256 {other.sha256[:12]} in {other.unit}, {other.better} is better"
    reason = f"other metrics: psnr of m.py sha256 ffffffffffff in dB, higher is better; {named}"

    assert (cell.accuracy, cell.accuracy_reason) == (None, reason)
    assert f"Accuracy not compared: net: {reason}." in comparison_table(found).foot
    assert ("doubt", "accuracy not compared", f"net: {reason}.") in comparison_lines(found)


def test_a_metric_is_not_compared_with_what_the_data_set_says_is_right() -> None:
    found = compared([scored.scored_result("net", 1, sha256=OLD)], [judged_right("net", range(9), NEW)])
    (cell,) = found.cells
    said = "other metrics: Top-1; right of m.py sha256 ffffffffffff, higher is better"
    assert (cell.accuracy, cell.accuracy_reason) == (None, said)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"preprocessing": "symmetric"}, "other examples, or prepared otherwise"),
        ({"place": "device"}, "one was scored on the host, the other on the device"),
        ({"values": None}, "psnr of each example is not kept, or there is but one"),
    ],
)
def test_what_else_keeps_scores_from_being_compared_is_said(changes: dict[str, object], reason: str) -> None:
    (cell,) = compared([valued("net", BEFORE, OLD)], [valued("net", after(-2), NEW, **changes)]).cells
    assert (cell.accuracy, cell.accuracy_reason) == (None, reason)


def test_one_example_says_nothing_and_two_do() -> None:
    (one,) = compared([valued("net", [1.0], OLD)], [valued("net", [2.0], NEW)]).cells
    assert (one.accuracy, one.accuracy_reason) == (None, "psnr of each example is not kept, or there is but one")
    (two,) = compared([valued("net", [1.0, 2.0], OLD)], [valued("net", [2.0, 2.0], NEW)]).cells
    assert two.accuracy is not None


def test_a_side_without_a_score_is_no_reason() -> None:
    (cell,) = compared([valued("net", BEFORE, OLD)], [scored.scored_result("net", scores=(), sha256=NEW)]).cells
    assert (cell.accuracy, cell.accuracy_reason) == (None, None)


def test_the_table_has_the_metrics_unit_and_direction() -> None:
    table = comparison_table(changed(-2.0))
    place = [column.header for column in table.columns].index("psnr change (dB, higher is better)")
    foot = "psnr change: of the mean over the same examples, with Student's interval; marked where his paired test, "

    assert table.rows[0][place].text == "-2.0 [-2.8, -1.2] worse"
    assert any(line.startswith(foot) and line.endswith("; higher is better.") for line in table.foot)
    plain = comparison_table(changed(0.5, ERROR))
    place = [column.header for column in plain.columns].index("error change (lower is better)")
    assert plain.rows[0][place].text == "+0.5 [-0.3, +1.3]"


def test_right_answers_have_a_column_in_points() -> None:
    found = compared([judged_right("net", range(0), OLD)], [judged_right("net", range(36), NEW)])
    table = comparison_table(found)
    place = [column.header for column in table.columns].index("Right change (points)")
    assert table.rows[0][place].text.startswith("-10.0 [")
    assert any(line.startswith("Right change: on the same examples, with Newcombe's interval") for line in table.foot)


def test_two_metrics_have_a_column_each_and_one_correction_over_all_files() -> None:
    found = both_metrics()
    table = comparison_table(found)
    rows = {row[0].text: row for row in table.rows}
    headers = [column.header for column in table.columns]
    values, shares = headers.index("psnr change (dB, higher is better)"), headers.index("Right change (points)")
    (single,) = changed(-0.76).cells
    of = {cell.variant: cell.accuracy for cell in found.cells}

    assert (rows["net"][shares].text, rows["other"][values].text) == ("–", "–")
    assert of["net"] is not None
    assert single.accuracy is not None
    assert (of["net"].p, of["net"].verdict) == (single.accuracy.p, "worse")  # the larger of both is not raised
    alike = compared(
        [valued("net", BEFORE, OLD), valued("twin", BEFORE, "5" * 64)],
        [valued("net", after(-0.76), NEW), valued("twin", after(-0.76), "6" * 64)],
    )
    assert [cell.accuracy.p for cell in alike.cells if cell.accuracy] == [pytest.approx(2 * single.accuracy.p)] * 2
    assert {cell.accuracy.verdict for cell in alike.cells if cell.accuracy} == {"no difference shown"}


def test_the_other_way_round_what_was_worse_is_better() -> None:
    found, turned = accuracy_of(changed(-2.0)), accuracy_of(inverted(changed(-2.0)))
    assert (turned.change, turned.change_ci) == (-found.change, (-found.change_ci[1], -found.change_ci[0]))
    assert (turned.old, turned.new, turned.verdict) == (found.new, found.old, "better")


def test_the_page_has_a_column_each_with_exact_numbers_and_says_what_became_worse() -> None:
    found = both_metrics()
    cells = pages.cells_of(comparison_page(found, command="mbench compare old new").decode("utf-8"))
    accuracies = {cell.variant: cell.accuracy for cell in found.cells}
    for row in cells.rows.values():
        read = {name: attributes for name, (attributes, _) in zip(cells.names, row, strict=True)}
        text = {name: text for name, (_, text) in zip(cells.names, row, strict=True)}
        for name, variant in (("psnr_change", "net"), ("right_change", "other")):
            accuracy = accuracies[variant]
            assert accuracy is not None
            if text["variant"] == variant:
                assert float(read[name]["data-v"]) == accuracy.change
                assert (float(read[name]["data-l"]), float(read[name]["data-h"])) == accuracy.change_ci
            else:
                assert (text[name], "data-v" in read[name]) == ("–", False)
    assert "1 of 1 file in psnr, in dB: net -0.8 [-1.5, -0.0]." in cells.text
    assert "1 of 1 file in right, in points: other -8.3 [" in cells.text


def test_no_difference_of_a_metric_is_said_by_its_name() -> None:
    assert ("ok", "accuracy", "No difference of psnr is shown in 1 file.") in comparison_lines(changed(0.5))


def test_names_of_a_compared_accuracy_that_machines_rely_on_stay() -> None:
    assert list(ComparedAccuracy.model_fields) == [
        *("dataset", "examples", "metric", "kind", "unit", "better", "old", "new", "change", "change_ci", "p"),
        *("verdict", "against"),
    ]
