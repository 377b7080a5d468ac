"""A comparison as machines read it: verdicts, order, geometric mean, accuracy, and a bound that is demanded."""

import pytest
import sample_results as sample
import sample_scores as scored
from compare_samples import compared, in_turn

from mbench.core.results import Status
from mbench.report.compare.comparison import slower_than

STEADY = (10_000, 10_010, 9_990, 10_005, 9_995)


def net(name: str, factor: float = 1.0, medians_us=STEADY, **changes):
    return sample.result(name, [round(each * factor) for each in medians_us], **changes)


def of(found):
    return {cell.variant: cell for cell in found.cells}


def test_each_cell_has_its_ratio_and_its_word():
    found = of(
        compared([net("a"), net("b"), net("c"), net("d")], [net("a", 1.2), net("b", 0.8), net("c"), net("d", 1.009)])
    )
    words = {name: cell.verdict for name, cell in found.items()}
    assert words == {"a": "slower", "b": "faster", "c": "no difference shown", "d": "no difference shown"}
    assert found["a"].ratio == pytest.approx(1.2)
    low, high = found["a"].ratio_ci
    assert 1.19 < low < 1.2 < high < 1.21
    assert (found["a"].old.median_us, found["a"].new.median_us) == (10_000, 12_000)
    assert found["a"].old.samples_us == STEADY
    assert (found["a"].blocks, found["a"].p_value) == (0, None)


def test_what_changed_most_beyond_its_noise_is_first_and_what_is_incomparable_last():
    noisy = (10_000, 16_000, 7_000, 13_000, 9_000)
    failed = net("gone").model_copy(update={"status": Status.FAILED, "error_class": "timeout"})
    old = [net("gone"), net("same"), net("noisy"), net("little"), net("much")]
    new = [failed, net("same"), net("noisy", 1.3, noisy), net("little", 0.95), net("much", 1.5)]
    found = compared(old, new)
    assert [cell.variant for cell in found.cells] == ["much", "little", "same", "noisy", "gone"]
    assert (found.cells[-1].verdict, found.cells[-1].ratio) == ("incomparable", None)
    assert found.cells[-1].reason == "the new one has no number (failed: timeout)"


def test_the_mean_is_over_cells_that_both_have_and_that_are_comparable():
    other = net("c").model_copy(update={"binary": sample.BINARY.model_copy(update={"tool": "tflite"})})
    found = compared([net("a"), net("b"), net("c"), net("d")], [net("a", 2), net("b", 0.5), other, net("e")])
    assert (found.geometric_mean.ratio, found.geometric_mean.cells) == (pytest.approx(1.0), 2)
    assert found.geometric_mean.ratio_ci[0] < 1 < found.geometric_mean.ratio_ci[1]
    assert [one.variant for one in found.only_old] == ["d"]
    assert [one.variant for one in found.only_new] == ["e"]
    assert compared([net("a")], [net("b")]).geometric_mean is None


def test_files_timed_in_turn_are_compared_block_by_block():
    found = in_turn(net("a"), net("a", 1.02), [(1000.0 * place, 1020.0 * place) for place in range(10, 18)])
    (cell,) = found.cells
    assert (found.paired, cell.blocks, cell.verdict) == (True, 8, "slower")
    assert (cell.ratio, cell.p_value) == (pytest.approx(1.02), pytest.approx(2 / 256))


def test_a_latency_of_zero_is_no_number_to_compare():
    found = compared([net("a", medians_us=(0, 0, 0))], [net("a")])
    assert found.cells[0].verdict == "incomparable"
    assert found.cells[0].reason == "one of them has no latency that the program's clock shows"


def test_doubts_of_both_sides_are_carried():
    few = net("a", medians_us=(10_000, 16_000, 7_000, 13_000, 9_000, 12_000))
    (cell,) = compared([few], [net("a")]).cells
    assert {warning.code for warning in cell.old.warnings} != set()
    assert cell.old.warnings == compared([few], [few]).cells[0].new.warnings


def test_accuracy_is_compared_on_the_same_examples_and_corrected_over_the_files():
    right = scored.scored_result("net", *range(30), sha256="1" * 64)
    wrong = scored.scored_result("net", *range(60), sha256="2" * 64)
    (cell,) = compared([right], [wrong]).cells
    assert (cell.accuracy.verdict, cell.accuracy.change) == ("worse", pytest.approx(-30 / 360))
    assert cell.accuracy.change_ci[0] < -30 / 360 < cell.accuracy.change_ci[1] < 0
    assert (cell.accuracy.dataset, cell.accuracy.examples) == ("digits test", 360)
    assert cell.accuracy.against.drop == pytest.approx(30 / 360)
    (better,) = compared([wrong], [right]).cells
    assert better.accuracy.verdict == "better"
    (same,) = compared([right], [scored.scored_result("net", *range(31), sha256="2" * 64)]).cells
    assert same.accuracy.verdict == "no difference shown"


def test_a_file_on_two_phones_is_tested_once():
    phones = [sample.DEVICE.model_copy(update={"serial": serial}) for serial in ("one", "two")]
    old = [scored.scored_result("net", sha256="1" * 64, device=phone) for phone in phones]
    new = [scored.scored_result("net", *range(6), sha256="2" * 64, device=phone) for phone in phones]
    cells = compared(old, new).cells
    assert [cell.accuracy.p for cell in cells] == [pytest.approx(2 / 2**6)] * 2


def test_scores_of_other_examples_are_not_compared():
    other = scored.score(scored.hits_but([1], 100), "2" * 64)
    found = compared([scored.scored_result("net", 1)], [scored.scored_result("net", scores=(other,), sha256="2" * 64)])
    assert found.cells[0].accuracy is None


@pytest.mark.parametrize(("percent", "missed"), [(19.9, 1), (20.1, 0)])
def test_a_bound_is_missed_by_what_is_slower_by_more(percent, missed):
    found = compared([net("a"), net("b"), net("c")], [net("a", 1.2), net("b", 0.5), net("c")])
    assert len(slower_than(found, percent)) == missed


def test_a_bound_is_kept_by_what_is_slower_by_just_as_much():
    assert slower_than(compared([net("a")], [net("a", 1.5)]), 50) == ()


def test_a_bound_is_missed_by_what_can_no_longer_be_compared():
    failed = net("a").model_copy(update={"status": Status.FAILED, "error_class": "timeout"})
    old = [net("a"), net("b")]
    assert slower_than(compared(old, [failed]), 50) == (
        "a cpu ×1 on workstation: the new one has no number (failed: timeout)",
        "b cpu ×1 on workstation: not in session new",
    )
    assert slower_than(compared([failed], [net("a"), net("c")]), 50) == ()


def test_names_that_machines_rely_on_stay():
    found = compared([net("a"), net("b")], [net("a"), net("c")])
    assert list(type(found).model_fields) == [
        *("old", "new", "by", "paired", "differs", "cells", "geometric_mean", "only_old", "only_new", "repeated")
    ]
    assert list(type(found.cells[0]).model_fields) == [
        *("variant", "delegate", "threads", "device", "ratio", "ratio_ci", "p_value", "blocks", "verdict", "reason"),
        *("other_phone", "old", "new", "accuracy", "accuracy_reason"),
    ]
    assert type(found).model_validate_json(found.model_dump_json()) == found
