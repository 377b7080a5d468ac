"""Short results: tables of them are those of the results that they were made of, to the byte."""

from datetime import timedelta

import pytest
import sample_phones as phones
import sample_results as sample
import sample_scores as scored

from mbench.core.results import DelegateCoverage, MeasurementWarning, OperatorTime, Pass, Status, WarningCode
from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import row_of, rows_of
from mbench.report.results.rows.run_facts import facts_of
from mbench.report.results.rows.short_sessions import format_short, parse_short, short_results
from mbench.report.results.tables.pivot import pivot
from mbench.report.results.tables.terminal_tables import terminal_tables

CALLED = (
    DelegateCoverage(name="XNNPACK", nodes=31, total=33, partitions=2, subgraph=0),
    DelegateCoverage(name="XNNPACK", nodes=7, total=9, partitions=1, subgraph=2),
)
OPERATORS = tuple(
    OperatorTime(run_order=order, node_type="CONV_2D", name=f"conv:{order}", times_called=1, us_per_inference=70.5)
    for order in range(3)
)


def profiled(*, good: bool = True):
    status = Status.OK if good else Status.FAILED
    return sample.latency_run(9_000, 0, purpose=Pass.OPS, operators=OPERATORS, status=status, position=9)


def resumed():
    later = sample.NOW + timedelta(days=3)
    return (*sample.runs([10_000, 10_010, 10_020]), sample.latency_run(14_000, 3, started_at=later, cpus="2-3"))


MANY = {
    "one row": lambda: [sample.result()],
    "no runs": lambda: [sample.result(runs=()), sample.result(runs=(), status=Status.SKIPPED, message="no file")],
    "another subgraph and a GPU": lambda: [
        sample.result(runs=tuple(sample.latency_run(9_000, n, delegates=CALLED, gpu_api="OpenCL") for n in range(3)))
    ],
    "an operator profile": lambda: [
        sample.result(runs=(*sample.runs([9_000]), profiled())),
        sample.result(runs=(*sample.runs([9_000]), profiled(good=False))),
    ],
    "runs days apart": lambda: [sample.result(runs=resumed()), sample.result()],
    "below the clock, and coarse": lambda: [
        sample.result(runs=sample.runs([0, 0, 0])),
        sample.result(runs=sample.runs([20, 20, 21, 21])),
    ],
    "doubts": lambda: [
        sample.result(
            runs=sample.runs([10_000, 13_000, 17_000]),
            warnings=(MeasurementWarning(code=WarningCode.BUSY, message="others ran", advice="wait"),),
        )
    ],
    "scores": lambda: [
        scored.scored_result("mobilenet_v1_1.00_224_fp32", 1, 2),
        scored.scored_result("mobilenet_v1_1.00_224_int8", 1, 2, 3, 4, 5),
    ],
    "a name that is not UTF-8": lambda: [sample.result(workload=sample.workload("file:caf\udce9@0123456789ab"))],
    "many phones": lambda: phones.jobs([phones.phone(number) for number in range(9)]),
    "a phone that failed": lambda: [phones.failed(each) for each in phones.jobs([phones.phone(1)])],
}


def forms(results):
    return {
        "md": report_markdown(results),
        "by session": report_markdown(results, by_session=True),
        "all columns": report_markdown(results, columns=["all"]),
        "csv": as_csv(rows_of(results)),
        "json": as_json(rows_of(results)),
        "terminal": terminal_tables(results, width=100),
    }


@pytest.mark.parametrize("name", MANY)
def test_tables_of_short_results_are_those_of_the_whole_ones(name):
    results = MANY[name]()
    short = short_results(results)
    assert forms(short) == forms(results)
    assert forms(parse_short(format_short(short))) == forms(results)


def test_all_of_them_together_stand_in_the_same_tables():
    results = [each for make in MANY.values() for each in make()]
    assert forms(parse_short(format_short(short_results(results)))) == forms(results)


def test_a_grid_of_short_results_is_that_of_the_whole_ones():
    results = phones.jobs([phones.phone(1)])
    assert pivot(short_results(results), index="alpha", columns="resolution") == pivot(
        results, index="alpha", columns="resolution"
    )


def test_only_the_last_good_profile_is_kept_of_the_runs():
    later = profiled().model_copy(update={"index": 1})
    (short,) = short_results([sample.result(runs=(*sample.runs([9_000]), profiled(), later, profiled(good=False)))])
    assert short.runs == (later,)


def test_what_lengthened_an_interval_is_kept():
    result = sample.result(runs=sample.runs([1_000, 1_000, 1_001, 1_001]))
    (short,) = parse_short(format_short(short_results([result])))
    assert row_of(short).lengthened_us == row_of(result).lengthened_us > 0


def test_facts_of_runs_are_those_of_a_shortened_result():
    result = sample.result(runs=resumed())
    (short,) = short_results([result])
    assert facts_of(short) == facts_of(result)
    assert facts_of(result).cpus == ("2", "2-3")
    assert facts_of(result).began == (sample.NOW, sample.NOW + timedelta(days=3))
    assert len(facts_of(result).periods) == 2


def test_what_many_jobs_have_in_common_is_written_once():
    text = format_short(short_results([sample.result(), sample.result(), sample.result()]))
    assert text.count(b"i5-1240P") == 1


@pytest.mark.parametrize("text", [b"", b"{}", b'{"parts":[],"workloads":[],"jobs":[{}]}', b"[1", b"\xff"])
def test_another_text_is_refused(text):
    with pytest.raises(ValueError, match="no short results"):
        parse_short(text)


def test_a_place_that_is_not_there_is_refused():
    text = format_short(short_results([sample.result()]))
    assert parse_short(text)
    for name in (b"part", b"workload"):
        with pytest.raises(ValueError, match="no short results"):
            parse_short(text.replace(b'"%s":0' % name, b'"%s":1' % name))
