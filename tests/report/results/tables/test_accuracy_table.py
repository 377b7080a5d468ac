import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.delegates import Delegate
from mbench.core.results import MeasurementWarning, Status, WarningCode
from mbench.core.scores import Agreement
from mbench.report.render.text_table import Style
from mbench.report.results.report import report_markdown
from mbench.report.results.tables.all_tables import result_tables

NAMES = tuple(f"mobilenet_v1_0.25_96_digits10_{quantization}" for quantization in ("fp32", "fp16", "int8"))
UNSEEN = range(0)


def column(results, header: str):
    (table,) = result_tables(results)
    index = [each.header for each in table.columns].index(header)
    return [row[index] for row in table.rows]


def texts(results, header: str = "Top-1 (%)") -> list[str]:
    return [cell.text for cell in column(results, header)]


def headers(results) -> list[str]:
    return [each.header for each in result_tables(results)[0].columns]


def foot(results) -> str:
    return "\n".join(result_tables(results)[0].foot)


def test_a_table_without_scores_has_no_accuracy():
    results = [sample.result(medians_us=[10_000] * 3)]
    assert "Top-1 (%)" not in headers(results)
    assert "Accuracy" not in foot(results)


@pytest.mark.parametrize(
    ("examples", "text"),
    [
        (40, "98 [87, 100]"),
        (100, "99 [95, 100]"),
        (360, "99.7 [98.4, 100.0]"),
        (1000, "99.9 [99.4, 100.0]"),
        (8580, "99.99 [99.93, 100.00]"),
        (50_000, "100.00 [99.99, 100.00]"),
    ],
)
def test_a_percentage_has_the_digits_that_its_examples_bear(examples, text):
    one_wrong = scored.score(scored.hits_but([0], examples), sha256="a" * 64)
    assert texts([scored.scored_result("x", scores=(one_wrong,), sha256="a" * 64)]) == [text]


def test_what_cannot_have_an_accuracy_is_distinguished_from_what_nobody_scored():
    results = [
        scored.scored_result("scored", 1, 2),
        scored.scored_result("untrained", 1, latency_only="untrained weights"),
        scored.scored_result("unscored", scores=()),
    ]
    assert texts(results) == ["99.4 [98.0, 99.8]", "–", "?"]


def test_the_device_has_a_column_of_its_own():
    agreement = Agreement(examples=360, same_top1=358, largest_step=2, differing=("digits test #3", "digits test #44"))
    on_device = scored.score(
        scored.hits_but([1]), place="device", delegate="gpu", runtime=None, agreement=agreement, sha256="a" * 64
    )
    host = scored.score(scored.hits_but([1, 2]), sha256="a" * 64)
    results = [scored.scored_result("x", scores=(host, on_device), sha256="a" * 64), scored.scored_result("y")]
    assert texts(results, "Top-1 on device (%)") == ["99.7 [98.4, 100.0]", "?"]
    assert "Accuracy on device: digits test, 360 examples, sha256 3fa13fa13fa1; " in foot(results)
    assert (
        "Device against host, x: same first answer on 358 of 360 examples; one output differs by 2 at most; "
        "differing: digits test #3, digits test #44."
    ) in foot(results)


def test_a_device_that_answers_just_as_the_host_has_its_column_all_the_same():
    agreement = Agreement(examples=360, same_top1=360, largest_step=0)
    host = scored.score(scored.hits_but([1]), sha256="a" * 64)
    on_device = host.model_copy(update={"place": "device", "agreement": agreement})
    results = [scored.scored_result("x", scores=(host, on_device), sha256="a" * 64)]
    assert texts(results, "Top-1 on device (%)") == texts(results)
    assert "same first answer on 360 of 360 examples; all outputs are equal." in foot(results)


def test_a_score_from_the_device_alone_has_one_column_and_says_where_it_is_from():
    on_device = scored.score(scored.hits_but([1]), place="device", delegate="gpu", runtime=None, sha256="a" * 64)
    results = [scored.scored_result("x", scores=(on_device,), sha256="a" * 64)]
    assert "Top-1 on device (%)" not in headers(results)
    assert "scored on the device by delegate gpu" in foot(results)


def test_top5_has_a_column_where_it_tells_rows_apart():
    def with_top5(hits):
        metrics = (scored.share("top1", 300, 360), scored.share("top5", hits, 360))
        return scored.scored_result(
            "x", scores=(scored.score(scored.hits_but(range(60))).model_copy(update={"metrics": metrics}),)
        )

    assert texts([with_top5(350)], "Top-5 (%)") == ["97.2 [95.0, 98.5]"]
    assert "Top-5 (%)" not in headers([with_top5(359)])
    assert "Top-5: at least 99.7 % in every row, so it has no column." in foot([with_top5(359)])
    assert "Top-5: 100.0 % in every row, so it has no column." in foot([with_top5(360)])


def test_other_tasks_have_columns_by_their_metrics():
    precision = scored.share("mean_average_precision", 300, 360)
    score = scored.score(scored.hits_but([])).model_copy(update={"metrics": (precision,), "hits": None})
    assert texts([scored.scored_result("x", scores=(score,))], "mAP (%)") == ["83.3 [79.1, 86.8]"]


def test_the_foot_says_what_was_scored_and_how():
    (line,) = [line for line in foot([scored.scored_result("x", 1)]).split("\n") if line.startswith("Accuracy")]
    assert line == (
        "Accuracy: digits test, 360 examples, sha256 3fa13fa13fa1; preprocessing unit_range; scored on the host by "
        "LiteRT 2.3.0, delegate cpu; 95 % intervals by Wilson."
    )


def test_the_foot_says_how_many_of_all_examples_and_where_labels_begin():
    dataset = scored.DIGITS.model_copy(update={"examples": 50_000, "name": "imagenet"})
    score = scored.score(scored.hits_but([]), dataset=dataset, selection_seed=7, label_offset=1)
    said = foot([scored.scored_result("x", scores=(score,))])
    assert "imagenet test, 360 of 50000 examples drawn with seed 7, sha256" in said
    assert "preprocessing unit_range, class 0 is output 1;" in said


def test_rows_that_were_scored_otherwise_are_named():
    other = scored.score(scored.hits_but([]), "b" * 64, preprocessing="inception")
    said = foot([scored.scored_result("x"), scored.scored_result("y", scores=(other,), sha256="b" * 64)])
    assert "Accuracy of x: digits test" in said
    assert "Accuracy of y: digits test" in said


def test_examples_without_an_answer_are_counted_and_named():
    score = scored.score(scored.hits_but([17]), scored=359, failed=("digits test #17",))
    said = foot([scored.scored_result("x", scores=(score,)), scored.scored_result("y", sha256="b" * 64)])
    assert "Without an answer, counted as wrong, x: 1 of 360 examples: digits test #17." in said


def test_many_failed_examples_are_not_all_named():
    score = scored.score(scored.hits_but(range(30)), scored=330, failed=tuple(f"#{index}" for index in range(20)))
    said = foot([scored.scored_result("x", scores=(score,))])
    assert "counted as wrong: 30 of 360 examples: #0, #1, #2, #3, #4 and 25 more." in said


def test_the_best_is_marked_where_it_is_better_than_each_other_one():
    results = [scored.scored_result("a", *range(20)), scored.scored_result("b"), scored.scored_result("c", *range(30))]
    assert [cell.style for cell in column(results, "Top-1 (%)")] == [Style.PLAIN, Style.STRONG, Style.PLAIN]
    assert "Top-1: b is better than each of the others (McNemar's exact test" in foot(results)


def test_nobody_is_marked_where_the_best_cannot_be_distinguished_from_another():
    results = [scored.scored_result("a", *range(20)), scored.scored_result("b"), scored.scored_result("c", 1, 2)]
    assert {cell.style for cell in column(results, "Top-1 (%)")} == {Style.PLAIN}
    assert (
        "Top-1: no row is better than all others (McNemar's exact test on the same examples, Holm's correction over "
        "3 pairs, 5 % level); pairs that differ: b > a, c > a."
    ) in foot(results)


def test_two_percentages_alone_make_no_row_better():
    results = [scored.scored_result("a", *range(5)), scored.scored_result("b")]  # p = 0.0625
    assert "Top-1: no row is better than another (McNemar's exact test on the same examples, 5 % level)." in foot(
        results
    )


def test_many_pairs_need_more_evidence_than_one():
    wrong = range(7)  # p = 0.016: enough for one pair, too little for six
    alone = [scored.scored_result("a", *wrong), scored.scored_result("b")]
    among = [*alone, scored.scored_result("c", 90), scored.scored_result("d", 91)]
    assert "b is better than the other" in foot(alone)
    assert "no row is better than another" in foot(among)


def test_a_file_in_several_rows_is_compared_once_and_marked_in_all():
    results = [
        scored.scored_result(name, *wrong, threads=threads)
        for name, wrong in (("a", range(20)), ("b", UNSEEN))
        for threads in (1, 4)
    ]
    assert [cell.style for cell in column(results, "Top-1 (%)")] == [Style.PLAIN] * 2 + [Style.STRONG] * 2
    assert "5 % level" in foot(results)


def test_rows_with_other_questions_have_no_best():
    other = scored.score(scored.hits_but(range(40)), "c" * 64, preprocessing="inception")
    results = [
        scored.scored_result("a", *range(20)),
        scored.scored_result("b"),
        scored.scored_result("c", scores=(other,), sha256="c" * 64),
    ]
    assert {cell.style for cell in column(results, "Top-1 (%)")} == {Style.PLAIN}
    assert "Top-1 (digits test, 360 examples, unit_range): b is better than the other" in foot(results)


def test_quantizations_are_held_against_their_float_file():
    results = [scored.scored_result(name, *wrong) for name, wrong in zip(NAMES, ([1, 2], [1], range(9)), strict=True)]
    assert (
        "Drop of top-1 against fp32, in points [95 % interval by Newcombe's method 10, paired over the same 360 "
        "examples]; below 0 it is a gain: mobilenet_v1_0.25_96_digits10: fp16 -0.3 [-1.7, 0.9], int8 1.9 [0.4, 4.0]."
    ) in foot(results)


def test_several_networks_have_a_line_each():
    results = [scored.scored_result(name.replace("0.25", alpha), 1) for alpha in ("0.25", "0.50") for name in NAMES[:2]]
    said = foot(results)
    assert "below 0 it is a gain:\nDrop, mobilenet_v1_0.25_96_digits10: fp16 0.0 [" in said
    assert "\nDrop, mobilenet_v1_0.50_96_digits10: fp16 0.0 [" in said


def test_two_float_files_of_one_name_leave_nothing_to_hold_against():
    results = [
        scored.scored_result(NAMES[0], 1),
        scored.scored_result(NAMES[0], 2, sha256="b" * 64),
        scored.scored_result(NAMES[1], 2),
    ]
    assert "Drop" not in foot(results)
    assert f"{NAMES[0]} {'b' * 12}" in foot(results)


def test_doubts_about_an_accuracy_are_footnotes_like_others():
    doubts = [
        MeasurementWarning(code=WarningCode.ACCURACY_DIFFERS, message="the device answers otherwise", advice="look"),
        MeasurementWarning(code=WarningCode.NO_ACCURACY, message="the folder is empty"),
    ]
    markdown = report_markdown([scored.scored_result("x", scores=(), warnings=doubts), scored.scored_result("y")])
    assert "- (1) accuracy differs, x: the device answers otherwise. Advice: look.\n" in markdown
    assert "- (2) no accuracy, x: the folder is empty.\n" in markdown


def test_a_job_that_failed_shows_its_files_accuracy():
    failed = scored.scored_result("x", status=Status.FAILED, error_class="delegate", medians_us=())
    assert texts([failed]) == ["100.0 [98.9, 100.0]"]


def test_labels_name_the_delegate_where_one_file_was_scored_by_several():
    results = [
        scored.scored_result(
            "x",
            delegate=delegate,
            sha256="a" * 64,
            scores=(scored.score(scored.hits_but(wrong), place="device", delegate=str(delegate), runtime=None),),
        )
        for delegate, wrong in ((Delegate.CPU, UNSEEN), (Delegate.BUILTIN, range(20)))
    ]
    assert "Top-1: x cpu is better than the other" in foot(results)


def test_answers_that_stay_and_those_that_flip_stand_beside_the_drop():
    results = [
        scored.answered_result(NAMES[0], {1: 3, 2: 3, 3: 3}),
        scored.answered_result(NAMES[2], {1: 3, 2: 4, 5: 6, 6: 7}),
    ]
    said = foot(results)
    assert "\nDrop of top-1 against fp32" in said
    assert (
        "\nSame first answer as fp32, in % [95 % interval by Wilson], mobilenet_v1_0.25_96_digits10: int8 98.9 "
        "[97.2, 99.6] (right to wrong 2, wrong to right 1, wrong to another wrong 1)."
    ) in said


def test_two_files_of_a_users_own_are_compared_the_second_with_the_first():
    results = [scored.answered_result("one", {}), scored.answered_result("two", {7: 1})]
    assert (
        "\nSame first answer as one, in % [95 % interval by Wilson], two: 99.7 [98.4, 100.0] (right to wrong 1, wrong "
        "to right 0, wrong to another wrong 0)."
    ) in foot(results)
    assert "Same first answer" not in foot([*results, scored.answered_result("three", {7: 1})])


def test_answers_that_are_not_kept_are_not_compared():
    assert "Same first answer" not in foot([scored.scored_result(name, 1) for name in NAMES])
