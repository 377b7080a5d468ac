import sample_results as sample

from mbench.core.results import OperatorTime, Pass
from mbench.report.operators import operator_tables


def profiled():
    operators = tuple(
        OperatorTime(run_order=order, node_type=kind, name=f"{kind}:{order}", times_called=1, us_per_inference=time)
        for order, kind, time in [(0, "Conv", 60.0), (1, "DWConv", 10.0), (2, "Conv", 30.0)]
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


def test_a_job_without_a_profile_has_no_table():
    assert operator_tables([sample.result(medians_us=[10_000] * 3)]) == ()
