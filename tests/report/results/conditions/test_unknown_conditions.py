"""What a row says of the state that its phone does not show."""

import pytest
import sample_phones as phones
import sample_results as sample

from mbench.core.results import Conditions, Pass
from mbench.report.results.conditions.unknown_conditions import SHOWN, unknown_conditions
from mbench.report.results.rows.job_rows import row_of

ALL = {
    "thermal_status": 0,
    "temperature_c": 30.0,
    "battery_percent": 80.0,
    "power": "mains",
    "frequency_max_khz": (1, 1),
    "governors": ("schedutil",),
    "busy_share": 0.0,
    "other_benchmarks": 0,
    "screen_on": True,
    "doze": False,
}


def state(*hidden):
    return Conditions(taken_at=sample.NOW, **{name: value for name, value in ALL.items() if name not in hidden})


def runs_of(result, number):
    return [run for run in result.runs if run.purpose is Pass.LATENCY][:number]


def measured(*states, device=phones.PIXEL_4, purpose=Pass.LATENCY):
    """Return a result with a run for each pair of what its states, before and after, hide; None: no state."""
    result = phones.job(device, medians_us=[40_000] * len(states))
    runs = [
        run.model_copy(
            update={
                "purpose": purpose,
                "conditions_before": None if before is None else state(*before),
                "conditions_after": None if after is None else state(*after),
            }
        )
        for run, (before, after) in zip(runs_of(result, len(states)), states, strict=True)
    ]
    return result.model_copy(update={"runs": tuple(runs)})


def messages(*states, **changes):
    result = measured(*states, **changes)
    return [warning.message for warning in unknown_conditions(result, result.runs)]


def test_every_condition_that_a_phone_is_judged_by_is_looked_at():
    assert set(SHOWN) == set(ALL)
    assert messages(((), ())) == []
    for name, words in SHOWN.items():
        assert messages(((name,), (name,)), ((name,), (name,))) == [f"the phone does not show its {words}"]


def test_all_that_is_never_shown_is_one_doubt():
    hidden = ("thermal_status", "battery_percent", "power")
    assert messages((hidden, hidden)) == ["the phone does not show its thermal status, battery and power source"]


def test_one_state_of_a_run_is_enough_to_know():
    assert messages((("power",), ()), ((), ("power",))) == []
    assert messages((None, ("power",))) == ["the phone does not show its power source"]


def test_what_some_runs_lack_is_said_so():
    assert messages(((), ()), (("power",), ("power",))) == ["the phone shows its power source in some runs only"]
    both = ("power", "doze")
    assert messages((("power",), ("power",)), (both, both)) == [
        "the phone does not show its power source and shows its deep idle in some runs only"
    ]


def test_runs_without_any_state_say_nothing():
    assert messages((None, None), (None, None)) == []
    assert messages((None, None), (("doze",), ("doze",))) == ["the phone does not show its deep idle"]
    assert messages() == []


def test_a_host_is_judged_by_none_of_it():
    device = phones.PIXEL_4.model_copy(update={"profile": "host"})
    assert messages((("power",), ("power",)), device=device) == []


@pytest.mark.parametrize(("purpose", "said"), [(Pass.LATENCY, True), (Pass.MEMORY, False)])
def test_a_row_names_what_its_latency_runs_lack(purpose, said):
    lacking = measured((("power",), ("power",)), purpose=purpose)
    codes = [warning.code for warning in row_of(lacking).warnings]
    assert ("unknown_conditions" in codes) == said


@pytest.mark.parametrize(("profile", "doubted"), [("".join(["ho", "st"]), False), ("galaxy", True), ("pixel4", True)])
def test_this_machine_alone_may_show_nothing(profile, doubted):
    result = measured((("power",), ("power",)))
    result = result.model_copy(update={"device": result.device.model_copy(update={"profile": profile})})
    assert bool(list(unknown_conditions(result, result.runs))) == doubted


def test_what_none_of_hundreds_of_runs_shows_is_never_shown():
    assert messages(*[(("power",), ("power",))] * 300) == ["the phone does not show its power source"]
