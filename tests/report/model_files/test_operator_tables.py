import sample_results as sample

from mbench.core.results import OperatorTime, Pass
from mbench.report.model_files.operators import NOTE, operator_tables

LARGE = ((0, "Conv", 60.0), (1, "DWConv", 10.0), (2, "Conv", 30.0))
TINY = ((0, "Conv", 2.5), (1, "DWConv", 1.25), (2, "Softmax", 0.25), (3, "Copy", 0.0))
"""As a network of 32 pixels gives it: means over inferences of whole microseconds."""


def profiled(times=LARGE):
    operators = tuple(
        OperatorTime(run_order=order, node_type=kind, name=f"{kind}:{order}", times_called=1, us_per_inference=time)
        for order, kind, time in times
    )
    result = sample.result(medians_us=[10_000] * 3)
    run = result.runs[0].model_copy(update={"purpose": Pass.OPS, "operators": operators})
    return result.model_copy(update={"runs": (*result.runs, run)})


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_kinds_of_operators_are_summed_and_stand_slowest_first():
    (table,) = operator_tables([profiled()])
    assert texts(table) == [["Conv", "2", "90", "90.0"], ["DWConv", "1", "10", "10.0"]]


def test_operators_stand_one_by_one_in_order_of_execution():
    (table,) = operator_tables([profiled()], one_by_one=True)
    assert [row[0] for row in texts(table)] == ["0", "1", "2"]
    assert [row[-1] for row in texts(table)] == ["60.0", "10.0", "30.0"]


def test_a_time_below_the_clock_is_not_0_and_its_share_is_at_most_one_step():
    (table,) = operator_tables([profiled(TINY)])
    assert texts(table)[1:] == [
        ["DWConv", "1", "1", "31.2"],
        ["Softmax", "1", "<1", "<25.0"],
        ["Copy", "1", "<1", "<25.0"],
    ]
    assert "<1: below 1 µs, one step of the program's clock; not 0." in table.foot


def test_one_by_one_a_time_below_the_clock_is_not_0_either():
    (table,) = operator_tables([profiled(TINY)], one_by_one=True)
    assert [row[3] for row in texts(table)] == ["2.5", "1.2", "<1", "<1"]


def test_a_sum_that_is_few_steps_of_the_clock_says_so():
    (table,) = operator_tables([profiled(TINY)])
    assert "whole microseconds, and all operators take about 4.00 µs of an inference together" in table.foot[0]


def test_a_sum_of_many_steps_has_no_line_about_the_clock():
    (table,) = operator_tables([profiled()])
    assert table.foot == (NOTE,)


def test_operators_that_the_clock_never_saw_have_no_shares():
    (table,) = operator_tables([profiled([(0, "Copy", 0.0)])])
    assert texts(table) == [["Copy", "1", "<1", "?"]]
    assert table.foot[-1] == "In the table, ? is not known."


def test_a_job_without_a_profile_has_no_table():
    assert operator_tables([sample.result(medians_us=[10_000] * 3)]) == ()
