import pytest
import sample_results as sample
import sample_scores as scored

from mbench.core.errors import UsageError
from mbench.workflows.paper.count_networks import Counted
from mbench.workflows.paper.figures import suite_figure, write_figure
from mbench.workflows.paper.suites import find_suite
from mbench.workflows.paper.tables import Shown


def shown(name: str, *results) -> Shown:
    return Shown(name=name, suite=find_suite(name), counted=Counted(), results=results)


def test_latencies_stand_with_published_accuracies_where_nothing_was_scored():
    figure = suite_figure(
        shown(
            "mobilenets/grid",
            sample.result("mobilenet_v1_1.00_224_fp32", [12_000, 12_100, 12_200]),
            sample.result("mobilenet_v1_0.25_128_fp32", [200, 201, 202], job="other"),
        )
    )
    assert {(point.label, point.cost, point.accuracy, point.source) for point in figure.points} == {
        ("1.0-224", 12.1, 70.6, "printed in the paper"),
        ("0.25-128", 0.201, 41.3, "published checkpoint of 2017-06-14"),
    }
    assert figure.front
    assert figure.accuracy_title == "Top-1 (%) on ImageNet"


def test_an_accuracy_measured_on_another_data_set_never_stands_among_those_of_imagenet():
    result = scored.scored_result("mobilenet_v1_1.00_224_digits10_int8", 1)
    figure = suite_figure(shown("mobilenets/figure-4", result))
    assert {point.source for point in figure.points} == {"measured here, digits test, int8"}
    assert figure.accuracy_title == "Top-1 (%) on digits test"


def test_ways_of_running_are_told_apart_by_colour():
    results = [
        sample.result(f"mobilenet_v1_1.00_224_{quantization}", [1_000, 1_001, 1_002], job=quantization)
        for quantization in ("fp32", "int8")
    ]
    figure = suite_figure(shown("mobilenets/grid", *results))
    assert figure.colours == "Run as"
    assert {point.colour for point in figure.points} == {"host fp32 cpu ×1", "host int8 cpu ×1"}


def test_without_anything_known_there_is_no_figure():
    assert suite_figure(shown("mobilenets/grid")) is None


def test_a_table_has_no_pictures(tmp_path):
    with pytest.raises(UsageError, match="is no figure"):
        write_figure(shown("mobilenets/table-6"), tmp_path)


def test_a_figure_of_nothing_says_how_to_measure_it(tmp_path):
    with pytest.raises(UsageError, match="mbench run --suite mobilenets/grid"):
        write_figure(shown("mobilenets/grid"), tmp_path)
