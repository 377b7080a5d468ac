from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from gate_series import decision, series, tonight

from mbench.core.nights.series import PointState
from mbench.core.nights.verdicts import FindingClass, Standing
from mbench.gate.accuracy import judge_accuracy, least_lost
from mbench.gate.fallback import judge_fallback
from mbench.gate.memory import MemoryVerdict, judge_memory
from mbench.gate.size import judge_size
from mbench.gate.unmeasured import judge_unmeasured


def fallback(delegated, nodes, **columns):
    delegated = np.broadcast_to(np.array(delegated), (len(np.atleast_1d(nodes)),))
    return judge_fallback(tonight(series(np.full(len(nodes), 100.0), delegated=delegated, nodes=nodes, **columns)))


def test_three_nodes_more_on_the_cpu_are_a_fallback_whatever_the_latency_did() -> None:
    (one,) = fallback([64, 64, 61], [64, 64, 64])
    assert (one.kind, one.standing, one.alarm) == (FindingClass.FALLBACK, Standing.CERTAIN, True)
    assert (one.before, one.now, one.unit, one.since, one.nights) == (64, 61, "nodes", "n2", 1)
    assert one.because == "3 of 64 nodes run on the CPU, 0 did before"
    assert not fallback([64, 64, 62], [64, 64, 64])


def test_a_delegate_that_takes_nothing_any_more_is_one_however_small_the_graph() -> None:
    assert fallback([2, 0], [2, 2])
    assert fallback([1, 0], [1, 1])
    assert not fallback([1, 0], [1, 0])


def test_what_counts_is_what_is_left_over_not_what_is_taken() -> None:
    assert not fallback([64, 50], [64, 50])
    assert fallback([64, 70], [64, 73])


def test_it_is_reported_until_it_is_gone_and_grows_anew() -> None:
    (one,) = fallback([64, 60, 60, 60], [64] * 4)
    assert (one.since, one.nights, one.before) == ("n1", 3, 64)
    (grown,) = fallback([64, 60, 60, 50], [64] * 4)
    assert (grown.since, grown.before, grown.now) == ("n3", 64, 50)
    assert not fallback([64, 60, 62], [64] * 3)
    assert fallback([64, 60, 61], [64] * 3)
    assert not fallback([64, 0, 64], [64] * 3)
    assert fallback([2, 0, 0], [2, 2, 2])


def test_an_update_of_the_os_does_not_hide_it() -> None:
    assert fallback([64, 60], [64, 64], epoch=[0, 1])


def test_nights_without_proof_are_passed_over() -> None:
    assert fallback([64, -1, 60], [64, -1, 64])
    assert not fallback([64, 60, -1], [64, 64, -1])
    assert not fallback([60], [64])


def size(*values):
    return judge_size(tonight(series(np.full(len(values), 100.0), size_bytes=values)))


def test_a_file_that_grows_by_a_hundredth_is_reported() -> None:
    (one,) = size(4_000_000, 4_040_000)
    assert (one.kind, one.before, one.now, one.unit) == (FindingClass.SIZE, 4_000_000, 4_040_000, "bytes")
    assert not size(4_000_000, 4_039_999)


def test_a_small_file_must_grow_by_a_page() -> None:
    assert size(100_000, 104_096)
    assert not size(100_000, 104_095)


def test_small_growths_add_up() -> None:
    (one,) = size(1_000_000, 1_006_000, 1_006_000, 1_012_000, 1_012_000)
    assert (one.since, one.before, one.nights) == ("n3", 1_000_000, 2)


def test_a_size_stays_reported_until_it_is_gone_and_grows_anew() -> None:
    assert size(1_000_000, 1_100_000, 1_100_000)[0].since == "n1"
    assert not size(1_000_000, 1_100_000, 1_000_000)
    assert size(1_000_000, 1_100_000, 1_111_000)[0].since == "n2"
    assert size(1_000_000, 1_100_000, 1_110_000)[0].since == "n1"
    assert size(1_000_000, 900_000, 909_000)[0].before == 900_000
    assert not size(1_000_000, -1)
    assert size(0, 1_000_000, 1_100_000)[0].before == 1_000_000


def accuracy(correct, examples=1000, dataset=1):
    count = len(correct)
    made = series(np.full(count, 100.0), correct=correct, examples=examples, dataset=dataset)
    return judge_accuracy(tonight(made))


def test_chance_among_equal_builds_is_three_deviations_of_two_hundredths_of_the_examples() -> None:
    assert least_lost(1000) == pytest.approx(13.4, abs=0.1)
    assert least_lost(50_000) == pytest.approx(250)
    assert least_lost(100_000) == 500


def test_fourteen_of_a_thousand_fewer_are_reported() -> None:
    (one,) = accuracy([700, 700, 686])
    assert (one.kind, one.standing) == (FindingClass.ACCURACY, Standing.CERTAIN)
    assert (one.before, one.now, one.unit, one.since) == (70, pytest.approx(68.6), "%", "n2")
    assert not accuracy([700, 700, 687])
    assert not accuracy([700, 700, 900])


def test_accuracies_of_other_data_sets_are_not_compared() -> None:
    assert not accuracy([700, 600], dataset=[1, 2])
    assert not accuracy([700, 600], examples=[1000, 900])
    assert accuracy([700, 10, 600], dataset=[1, 2, 1])
    assert not accuracy([700, -1])
    assert not accuracy([0, 0], examples=0)


def test_an_accuracy_that_is_lost_is_reported_from_the_second_night_on_and_until_it_is_back() -> None:
    assert accuracy([700, 600])
    (one,) = accuracy([700, 700, 600, 600, 600, 600, 600, 600, 600])
    assert (one.since, one.nights) == ("n2", 7)
    assert not accuracy([700, 700, 600, 700])


def memory(*values):
    return judge_memory(tonight(series(np.full(len(values), 100.0), memory_kib=values))).findings


def test_memory_must_grow_by_a_tenth_and_two_mebibytes() -> None:
    (one,) = memory(*[50_000] * 6, 55_000)
    assert (one.kind, one.before, one.now, one.unit) == (FindingClass.MEMORY, 50_000, 55_000, "KiB")
    assert not memory(*[50_000] * 6, 54_990)
    assert memory(*[10_000] * 6, 12_048)
    assert not memory(*[10_000] * 6, 12_047)


def test_memory_must_grow_by_four_times_its_noise() -> None:
    past = [48_000, 50_000, 52_000] * 4  # 5.93 %
    assert memory(*past, 62_000)
    assert not memory(*past, 61_700)


def test_memory_needs_five_nights_of_a_past() -> None:
    assert memory(*[50_000] * 5, 60_000)
    assert not memory(*[50_000] * 4, 60_000)
    assert not memory(*[50_000] * 5, np.nan)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (PointState.LAB, FindingClass.LAB),
        (PointState.MISSING, FindingClass.MISSING),
        (PointState.FAILED, FindingClass.FAILED),
    ],
)
def test_a_cell_without_a_number_is_reported_since_its_first_night(state: PointState, kind: FindingClass) -> None:
    states = np.array([0, 3 - state, state, state], dtype=np.int8)
    (one,) = judge_unmeasured(tonight(series([100.0, np.nan, np.nan, np.nan], state=states)), "device_lost")
    assert (one.kind, one.since, one.nights, one.error_class) == (kind, "n2", 2, "device_lost")
    assert one.because.endswith("2 nights in a row: device_lost")
    assert not one.alarm
    (first,) = judge_unmeasured(tonight(series([100.0], state=np.array([state], dtype=np.int8))), None)
    assert (first.since, first.nights) == ("n0", 1)
    assert "row" not in first.because


def test_a_cell_with_a_number_is_not_unmeasured() -> None:
    assert judge_unmeasured(tonight(series([100.0])), None) == ()


def test_a_cell_that_never_had_a_number_is_reported_since_its_first_night() -> None:
    states = np.array([PointState.FAILED] * 3, dtype=np.int8)
    (one,) = judge_unmeasured(tonight(series([np.nan] * 3, state=states)), "model")
    assert (one.since, one.nights) == ("n0", 3)


def test_two_points_of_one_night_without_a_number_are_one_night() -> None:
    failed = [PointState.NUMBER, PointState.FAILED, PointState.FAILED]
    for night, words in (([0, 1, 1], "program failed: model"), ([0, 1, 2], "program failed, 2 nights in a row: model")):
        (one,) = judge_unmeasured(tonight(series([100.0, np.nan, np.nan], state=failed, night=night)), "model")
        assert one.because.endswith(words)


def memory_decided(standing, *values, since=6, night=6):
    made = decision(since, night, standing, kind=FindingClass.MEMORY)
    return judge_memory(tonight(series(np.full(len(values), 100.0), memory_kib=values)), [made])


def test_memory_that_was_confirmed_by_a_re_run_says_so_every_night_until_it_is_gone() -> None:
    (one,) = memory_decided(Standing.CONFIRMED, *[50_000] * 6, 60_000).findings
    assert (one.standing, one.alarm, one.because.endswith("; measured again")) == (Standing.CONFIRMED, True, True)
    (one,) = memory_decided(Standing.CONFIRMED, *[50_000] * 6, *[60_000] * 9).findings
    assert (one.standing, one.since, one.nights) == (Standing.CONFIRMED, "n6", 9)
    assert memory_decided(Standing.CONFIRMED, *[50_000] * 6, 60_000, *[50_000] * 5).findings == ()


def test_memory_that_grows_beyond_what_was_confirmed_is_a_finding_of_its_own() -> None:
    said = memory_decided(Standing.CONFIRMED, *[50_000] * 6, *[60_000] * 20, 80_000).findings
    assert [(one.standing, one.since) for one in said] == [(Standing.CONFIRMED, "n6"), (Standing.CERTAIN, "n26")]


def test_memory_that_was_withdrawn_is_near_that_night_and_nothing_later() -> None:
    found = memory_decided(Standing.WITHDRAWN, *[50_000] * 6, 60_000)
    assert (found.findings, [one.standing for one in found.near]) == ((), [Standing.WITHDRAWN])
    later = memory_decided(Standing.WITHDRAWN, *[50_000] * 6, 60_000, 50_000)
    assert (later.findings, later.near) == ((), ())


def test_memory_that_the_phone_brought_is_reported_once_and_its_level_is_the_new_one() -> None:
    (one,) = memory_decided(Standing.PHONE_CHANGED, *[50_000] * 6, 60_000).findings
    assert (one.standing, one.alarm) == (Standing.PHONE_CHANGED, False)
    assert memory_decided(Standing.PHONE_CHANGED, *[50_000] * 6, *[60_000] * 8).findings == ()


def test_memory_whose_re_run_decided_nothing_is_as_certain_as_before() -> None:
    (one,) = memory_decided(Standing.SUSPECT, *[50_000] * 6, 60_000).findings
    assert (one.standing, one.alarm) == (Standing.CERTAIN, True)


def test_a_growth_of_memory_says_by_how_much_and_by_which_rule() -> None:
    (one,) = memory(*[50_000] * 6, 60_000)
    assert one.because == "60000 KiB, 50000 before: +20.0%, at least 10%, 2048 KiB and 4 × noise of 0.0%"
    assert (one.before, one.now, one.unit) == (50_000, 60_000, "KiB")
    (one,) = memory(*[50_000] * 6, 125_000)
    assert one.because.startswith("125000 KiB, 50000 before: +150.0%,")


def test_peaks_of_nothing_less_than_nothing_and_without_end_are_unknown() -> None:
    for unknown in (0, -1, np.inf):
        assert not memory(*[unknown] * 6, 50_000)
        assert not memory(*[50_000] * 6, unknown)
    assert memory(*[1] * 6, 50_000)


def test_each_growth_of_memory_has_the_re_run_of_its_own_night() -> None:
    values = [*[50_000] * 6, *[60_000] * 20, 80_000]
    made = [
        decision(6, 6, Standing.CONFIRMED, kind=FindingClass.MEMORY),
        replace(decision(26, 26, Standing.SUSPECT, kind=FindingClass.MEMORY), because="it died"),
    ]
    found = judge_memory(tonight(series(np.full(len(values), 100.0), memory_kib=values)), made).findings
    assert [one.because.rpartition("; ")[2] for one in found] == ["measured again", "it died"]
    (_, own) = judge_memory(tonight(series(np.full(len(values), 100.0), memory_kib=values)), made[:1]).findings
    assert own.because.endswith("noise of 0.0%")


def test_memory_is_withdrawn_on_the_night_of_the_re_run_alone_whatever_its_number() -> None:
    for past in (6, 7):
        made = [*[50_000] * past, 60_000]
        assert memory_decided(Standing.WITHDRAWN, *made, since=past, night=past).near
        assert not memory_decided(Standing.WITHDRAWN, *made, 50_000, since=past, night=past).near


def test_a_verdict_on_memory_is_never_changed_and_is_made_by_name() -> None:
    for one, fields in [(MemoryVerdict(), ("findings", "near"))]:
        assert not hasattr(one, "__dict__")
        with pytest.raises(FrozenInstanceError):
            setattr(one, fields[0], None)
        with pytest.raises(TypeError):
            type(one)(*(getattr(one, name) for name in fields))


def test_memory_that_was_withdrawn_after_some_nights_is_near_that_night_with_all_of_them() -> None:
    values = [*[50_000] * 6, *[60_000] * 3]
    found = memory_decided(Standing.WITHDRAWN, *values, night=8)
    assert (found.findings, [(one.since, one.nights) for one in found.near]) == ((), [("n6", 3)])
    assert found.near[0].because.startswith("60000 KiB, 50000 before: +20.0%,")
    later = memory_decided(Standing.WITHDRAWN, *values, 50_000, night=8)
    assert (later.findings, later.near) == ((), ())
    changed = memory_decided(Standing.PHONE_CHANGED, *values, night=8)
    assert ([(one.standing, one.since, one.nights) for one in changed.findings], changed.near) == (
        [(Standing.PHONE_CHANGED, "n6", 3)],
        (),
    )


def test_a_growth_of_memory_on_top_of_a_confirmed_one_is_near_when_it_is_withdrawn() -> None:
    values = [*[50_000] * 6, *[60_000] * 20, 80_000, 80_000]
    made = [
        decision(6, 6, Standing.CONFIRMED, kind=FindingClass.MEMORY),
        decision(26, 27, Standing.WITHDRAWN, kind=FindingClass.MEMORY),
    ]
    found = judge_memory(tonight(series(np.full(len(values), 100.0), memory_kib=values)), made)
    assert [(one.standing, one.since) for one in found.findings] == [(Standing.CONFIRMED, "n6")]
    assert [(one.since, one.nights, one.before) for one in found.near] == [("n26", 2, 60_000)]
