import subprocess
import sys

import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.delegates import Delegate
from mbench.core.errors import UsageError
from mbench.core.results import JobResult, MeasurementWarning, Status, WarningCode
from mbench.report.results.tables.pivot import pivot

GRID = """\
### latency (ms): alpha by resolution

| alpha / resolution |                     224 |                  128 |
| ------------------ | ----------------------: | -------------------: |
| 1.00               | 40.010 [40.000, 40.020] |               failed |
| 0.50               |                       ? | 4.010 [4.000, 4.020] |

- mobilenet_v1_1.00_128_int8 cpu ×1: timeout: it ran into its deadline
- In the table, ? is not known.
"""

DEADLINE = "it ran into its deadline"


def sweep() -> list[JobResult]:
    return [
        sample.result("mobilenet_v1_1.00_224_int8", [40_000, 40_010, 40_020]),
        sample.result("mobilenet_v1_1.00_128_int8", status=Status.FAILED, error_class="timeout", message=DEADLINE),
        sample.result("mobilenet_v1_0.50_128_int8", [4_000, 4_010, 4_020]),
    ]


def test_a_sweep_of_two_axes_is_a_grid_in_its_own_order():
    assert pivot(sweep(), index="alpha", columns="resolution").startswith(GRID)


def test_a_grid_says_where_it_came_from():
    assert "- Device: workstation (profile host)" in pivot(sweep(), index="alpha", columns="resolution")


def test_delegate_and_threads_are_axes_of_any_file():
    results = [
        sample.result(medians_us=[9_000] * 3, workload=sample.workload("file:x", delegate=delegate, threads=threads))
        for delegate in (Delegate.CPU, Delegate.BUILTIN)
        for threads in (1, 2)
    ]
    assert "| delegate / threads |                    1 |                    2 |" in pivot(
        results, index="delegate", columns="threads"
    )


def test_other_values_have_their_units():
    assert "### file (MB): alpha by resolution" in pivot(
        sweep(), index="alpha", columns="resolution", value="size_bytes"
    )


def test_accuracy_stands_in_a_grid_with_what_it_rests_on():
    names = [f"mobilenet_v1_{alpha}_96_digits10_{kind}" for alpha in ("1.00", "0.50") for kind in ("fp32", "int8")]
    doubt = MeasurementWarning(code=WarningCode.BUSY, message="others used the cores")
    results = [scored.scored_result(name, *range(place), warnings=[doubt]) for place, name in enumerate(names)]
    text = pivot(results, index="alpha", columns="quantization", value="top1")
    assert "### top-1 (%): alpha by quantization" in text
    assert "| 0.50                 |   99.4 [98.0, 99.8] |  99.2 [97.6, 99.7] |" in text
    assert "- Accuracy: digits test, 360 examples" in text
    assert "others used the cores" not in text


def test_a_grid_explains_the_marks_that_stand_in_it_and_no_others():
    names = [f"mobilenet_v1_1.00_{resolution}_int8" for resolution in (128, 96)]
    results = [scored.scored_result(name, scores=(), latency_only="untrained weights") for name in names]
    text = pivot(results, index="alpha", columns="resolution", value="top1")
    assert "| 1.00               |   – |   – |" in text
    assert "- In the table, – does not exist.\n" in text


def test_two_results_for_one_cell_are_refused():
    with pytest.raises(UsageError, match="2 results share cells of quantization by threads, such as mobilenet"):
        pivot([sweep()[0], sweep()[2]], index="quantization", columns="threads")


def test_results_of_two_provenances_are_refused():
    unpinned = sample.RULES.model_copy(update={"cpus": None})
    results = [*sweep(), sample.result("mobilenet_v1_0.50_224_int8", rules=unpinned)]
    with pytest.raises(UsageError, match="of 2 provenances, which differ in cpus; choose one session"):
        pivot(results, index="alpha", columns="resolution")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"index": "alhpa", "columns": "threads"}, "Did you mean 'alpha'"),
        ({"index": "alpha", "columns": "alpha"}, "both axes are alpha"),
        ({"index": "alpha", "columns": "threads", "value": "latency"}, "unknown value 'latency'"),
    ],
)
def test_axes_and_values_that_do_not_exist_are_refused(arguments, reason):
    with pytest.raises(UsageError, match=reason):
        pivot(sweep(), **arguments)


def test_a_users_own_file_has_no_width():
    with pytest.raises(UsageError, match="is no variant name"):
        pivot([sample.result("file:x")], index="alpha", columns="threads")


def test_nothing_cannot_be_laid_out():
    with pytest.raises(UsageError, match="no results"):
        pivot([], index="alpha", columns="threads")


def test_no_other_module_of_the_report_imports_pandas():
    modules = (
        *("render.markdown", "render.text_table", "model_files.layers"),
        *("results.rows.job_rows", "results.delimited", "results.tables.result_table"),
    )
    imports = "; ".join(f"import mbench.report.{name}" for name in modules)
    script = f"import sys; {imports}; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0
