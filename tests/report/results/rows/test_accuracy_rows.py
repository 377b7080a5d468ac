import json

import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.results import Status
from mbench.report.results.delimited import as_json
from mbench.report.results.rows.job_rows import row_of, rows_of

HOST = scored.score(scored.hits_but(range(6)))
DEVICE = scored.score(scored.hits_but(range(9)), place="device", delegate="gpu", runtime=None)


def row(*scores, **changes):
    return row_of(scored.scored_result("x", scores=scores, sha256="a" * 64, **changes))


def test_a_row_takes_the_hosts_score():
    found = row(DEVICE, HOST)
    assert (found.top1, found.dataset, found.examples) == (354 / 360, "digits test", 360)
    assert found.top1_ci == pytest.approx((0.9641, 0.9923), abs=1e-4)


def test_a_row_names_the_devices_score_beside_it():
    assert (row(HOST, DEVICE).top1_device, row(HOST).top1_device) == (351 / 360, None)


def test_a_row_takes_the_devices_score_where_the_host_has_none():
    assert (row(DEVICE).top1, row(DEVICE).top1_device) == (351 / 360, 351 / 360)


def test_a_file_whose_outputs_mean_nothing_has_no_accuracy_whatever_was_scored():
    found = row(HOST, DEVICE, latency_only="untrained weights")
    assert (found.top1, found.dataset, found.top1_device, found.metrics) == (None, None, None, ())


def test_a_job_that_failed_keeps_its_files_accuracy():
    assert row(HOST, status=Status.FAILED, error_class="delegate").top1 == 354 / 360


def test_other_tasks_have_their_metrics_and_no_top1():
    precision = HOST.metrics[0].model_copy(update={"name": "mean_average_precision"})
    found = row(HOST.model_copy(update={"metrics": (precision,)}))
    assert (found.top1, found.metrics) == (None, (precision,))


def test_json_tells_accuracy_under_its_names():
    top5 = scored.share("top5", 360, 360)
    found = json.loads(as_json([row(HOST.model_copy(update={"metrics": (*HOST.metrics, top5)}), DEVICE)]))[0]
    assert (found["top1"], found["top5"], found["dataset"], found["examples"]) == (354 / 360, 1.0, "digits test", 360)
    assert [metric["name"] for metric in found["metrics"]] == ["top1", "top5"]
    assert found["top1_device_ci"] == pytest.approx([0.9532, 0.9868], abs=1e-4)


def test_json_says_null_where_nothing_was_scored():
    found = json.loads(as_json([row_of(sample.result(medians_us=[1, 2, 3]))]))[0]
    assert [found[name] for name in ("top1", "top1_ci", "top5", "dataset", "examples", "top1_device")] == [None] * 6
    assert (found["metrics"], found["metrics_device"]) == ([], [])


def test_a_quantized_row_says_how_its_answers_differ_from_the_float_files():
    names = [f"mobilenet_v1_0.25_96_digits10_{each}" for each in ("fp32", "int8")]
    results = [scored.answered_result(names[0], {1: 3, 2: 3}), scored.answered_result(names[1], {1: 3, 2: 4, 5: 6})]
    base, row = json.loads(as_json(rows_of(results)))
    assert base["against"] is None
    found = row["against"]
    assert (found["name"], found["sha256"]) == (names[0], base["artifact_sha256"])
    assert found["drop"] == pytest.approx(base["top1"] - row["top1"])
    assert found["drop_ci"][0] < found["drop"] < found["drop_ci"][1]
    assert found["same_answer"] == 358 / 360
    low, high = found["same_answer_ci"]
    assert low < 358 / 360 < high
    assert [found[each] for each in ("compared", "right_to_wrong", "wrong_to_right", "wrong_to_wrong")] == [
        360,
        1,
        0,
        1,
    ]


def test_rows_of_several_files_without_a_float_one_are_compared_with_none():
    results = [scored.answered_result(name, {}) for name in ("one", "two", "three")]
    assert [row.against for row in rows_of(results)] == [None] * 3
    assert [row.against is None for row in rows_of(results[:2])] == [True, False]


def test_a_row_whose_first_answers_were_not_kept_has_the_drop_alone():
    against = rows_of([scored.scored_result("one"), scored.scored_result("two", 3)])[1].against
    assert against is not None
    assert (against.drop, against.compared, against.same_answer_ci) == (1 / 360, None, None)
