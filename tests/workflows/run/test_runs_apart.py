"""What a run takes from those before it: when a canary hangs, and what a second try says of the first."""

import sample_results as sample

from mbench.core.results import Pass, Status
from mbench.workflows.run.one_run import LEAST_CANARY_S, SLOW_CANARY, _longest_s, _second


def test_a_canary_alone_has_a_longest_time_by_those_before_it() -> None:
    assert {purpose for purpose in Pass if _longest_s(purpose, 1000.0) is not None} == {Pass.CANARY}
    assert _longest_s(Pass.CANARY, None) is None
    assert _longest_s(Pass.CANARY, 1000.0) == SLOW_CANARY * 1000.0
    assert _longest_s(Pass.CANARY, 0.0) == LEAST_CANARY_S


def test_a_second_try_quotes_what_the_first_one_said() -> None:
    good = sample.latency_run(10_000, 0)
    bad = good.model_copy(update={"status": Status.FAILED, "message": "it broke."})
    run, files = _second(good, {"a": b"2"}, (bad, {"a": b"1"}))
    assert run.warnings[-1].message == "it was tried once more: at first it broke"
    assert files == {"a": b"2", "first-a": b"1"}
    run, _ = _second(good, {}, (bad.model_copy(update={"message": None}), {}))
    assert run.warnings[-1].message == "it was tried once more: at first it failed"
