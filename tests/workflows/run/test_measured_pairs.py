"""Pairs in the measuring loop: what is compared is timed equally often, whatever one of the two needs."""

from collections import Counter

import pytest
from loop_fakes import HandClock, KeptResults, PlayedBench, SeenProgress, failing, part_of, plan_of

from mbench.core.conclusions import block_pairs_us
from mbench.core.job_pairs import JobPair, Pairing
from mbench.core.results import Pass, Status
from mbench.workflows.run.measure_loop import Measuring

PAIRING = Pairing(purpose="against", old_from="file old.tflite", pairs=(JobPair(old="a.old", new="a"),))
NOISY = [1000, 2000, 1500, 3000, 1200, 2500, 1800, 2200]


def measured(bench: PlayedBench, **rules: object) -> KeptResults:
    part = part_of("a", "a.old", "b", **rules)
    plan = plan_of(part).model_copy(update={"pairing": PAIRING})
    return go_on(KeptResults(plan), bench)


def go_on(results: KeptResults, bench: PlayedBench) -> KeptResults:
    Measuring(
        results.plan,
        results.plan.devices[0],
        results=results,
        bench=bench,
        clock=HandClock(),
        progress=SeenProgress(),
        busy_limit=None,
    ).to_the_end()
    return results


@pytest.mark.parametrize("noisy", ["a", "a.old"])
def test_a_steady_file_is_timed_as_long_as_the_one_that_it_is_compared_with(noisy):
    bench = PlayedBench(medians_us={noisy: NOISY})
    results = measured(bench)
    assert (bench.count("a"), bench.count("a.old"), bench.count("b")) == (8, 8, 3)
    assert len(block_pairs_us(results.documents["a.old"].runs, results.documents["a"].runs)) == 8


def test_both_are_timed_in_every_block_one_right_after_the_other():
    bench = PlayedBench()
    measured(bench)
    order = [job for _, job in bench.sequence if job in ("a", "a.old")]
    assert order in (["a", "a.old", "a.old", "a", "a", "a.old"], ["a.old", "a", "a", "a.old", "a.old", "a"])


def test_a_file_whose_partner_fails_is_measured_by_itself():
    bench = PlayedBench(changes={("a.old", Pass.LATENCY, 1): failing("timeout")})
    results = measured(bench)
    assert results.documents["a.old"].status is Status.FAILED
    assert (results.documents["a"].status, bench.count("a")) == (Status.OK, 3)


@pytest.mark.parametrize("stop", range(2, 18))
def test_a_session_that_is_resumed_times_no_file_more_often_than_planned(stop):
    first = PlayedBench(medians_us={"a": NOISY}, breaks={stop: KeyboardInterrupt()})
    part = part_of("a", "a.old", "b", max_runs=5)
    results = KeptResults(plan_of(part).model_copy(update={"pairing": PAIRING}))
    with pytest.raises(KeyboardInterrupt):
        go_on(results, first)
    go_on(results, PlayedBench(medians_us={"a": NOISY}))
    assert Counter(len(each.runs) for each in results.documents.values()) == {5: 2, 3: 1}
    pairs = block_pairs_us(results.documents["a.old"].runs, results.documents["a"].runs)
    assert len(pairs) >= 4
