import re

import pytest
import sample_pages as pages
import sample_phones as phones
import sample_results as sample

from mbench.report.pages.accuracy_chart import accuracy_chart
from mbench.report.pages.axis_charts import axis_charts
from mbench.report.pages.charts import PlacedRow, by_device
from mbench.report.pages.delegated_share import delegated_share, share_of
from mbench.report.pages.dimensions import Dimension, hue_of, in_order, place_of
from mbench.report.pages.drawing import Panel, Point, Scale, Series, front_path, scale_over
from mbench.report.pages.operator_bars import profiles
from mbench.report.pages.run_chart import LEAST_SHOWN, MOST_SHOWN, clock_mhz, cores_of, run_charts
from mbench.report.results.rows.job_rows import rows_of


def placed(results) -> list[PlacedRow]:
    return [PlacedRow(number=number, row=row, place=place_of(row)) for number, row in enumerate(rows_of(results))]


def point(x: float, y: float, key: str = "0") -> Point:
    return Point(x=x, y=y, key=key)


def test_lines_of_a_series_are_one_path_and_those_of_others_another():
    panel = Panel(
        title="",
        summary="",
        width=10,
        height=10,
        x_title="",
        y_title="",
        x_ticks=(),
        y_ticks=(),
        series=(Series(label="a", number=2, mark=7, points=()),),
        lines=((1, "M0 0L1 1"), (0, "M2 2L3 3"), (1, "M4 4L5 5")),
    )
    assert panel.line_paths == ((1, "M0 0L1 1M4 4L5 5"), (0, "M2 2L3 3"))
    assert panel.series[0].form == 1  # the seventh of six marks, from 0 on


def test_a_scale_puts_its_ends_at_the_ends():
    scale = Scale(low=10, high=20, length=100)
    assert [scale(10), scale(15), scale(20), scale(25), scale(5)] == [0, 50, 100, 100, 0]
    assert Scale(low=10, high=20, length=100, upward=True)(10) == 100


def test_a_logarithmic_scale_gives_equal_ratios_equal_lengths():
    scale = Scale(low=1, high=100, length=100, logarithmic=True)
    assert scale(10) == pytest.approx(50)
    assert [tick.text for tick in scale.ticks(6)] == ["1", "3", "10", "30", "100"]


@pytest.mark.parametrize(("low", "high", "texts"), [(0, 10, "0 2 4 6 8 10"), (0, 1.1, "0 0.2 0.4 0.6 0.8 1")])
def test_ticks_are_round_numbers(low, high, texts):
    assert [tick.text for tick in Scale(low=low, high=high, length=10).ticks(6)] == texts.split()


def test_a_scale_over_one_value_has_room_on_both_sides():
    for logarithmic in (False, True):
        scale = scale_over([5.0], length=100, logarithmic=logarithmic)
        assert scale(5.0) == pytest.approx(50)
        assert scale.ticks()


def test_the_front_holds_what_nothing_beats():
    better = [point(10, 50), point(20, 30), point(30, 40), point(40, 10), point(40, 20)]
    assert front_path(better) == "M10 50H20V30H40V10"
    assert front_path(better[:1]) == ""


def test_a_points_interval_is_one_piece_of_the_path():
    series = Series(
        label="a",
        number=0,
        points=(
            Point(x=1, y=2, key="3", across=(0, 4), up=(5, 1)),
            Point(x=1, y=2, key="4", up=(5, 1)),
            Point(x=1, y=2, key="5"),
        ),
    )
    assert series.bounds == "M0 2H4H1V5V1M1 5V1M1 2V2"
    assert series.dots == "M1 2h0" * 3
    assert series.keys == "3 4 5"


def test_accuracy_is_drawn_against_latency_with_a_front():
    chart = accuracy_chart(placed(pages.session()[:4]))
    (panel,) = chart.panels
    assert panel.front
    assert sum(len(series.points) for series in panel.series) == 4
    assert chart.legend_title == "delegate"
    assert chart.legend == ((0, "cpu"), (1, "gpu"))


def test_a_faster_row_stands_further_left_and_a_better_one_higher():
    (panel,) = accuracy_chart(placed(pages.session()[:4])).panels
    points = {each.key: each for series in panel.series for each in series.points}
    assert points["1"].x < points["0"].x
    assert points["0"].y == points["1"].y  # one file


def test_small_multiples_join_what_differs_in_the_axis_alone():
    charts = {each.axis: each.chart for each in axis_charts(placed(pages.session()[:4]))}
    assert [*charts] == [Dimension.WIDTH, Dimension.DELEGATE]
    (panel,) = charts[Dimension.WIDTH].panels
    assert [tick.text for tick in panel.x_ticks] == ["0.50", "1.00"]
    assert len(panel.lines) == 2
    assert all(path.count("L") == 1 for _, path in panel.lines)


def test_each_device_has_a_panel_until_there_are_too_many_rows():
    rows = placed(phones.jobs([phones.phone(number) for number in range(3)]))  # four rows each
    shown, said = by_device(rows, most=12)
    assert (len(shown), said) == (3, ())
    shown, said = by_device(rows, most=11)
    assert len(shown) == 2
    assert "first 2 of 3 devices" in said[0]
    shown, said = by_device(rows, most=3)
    assert [len(members) for members in shown.values()] == [3]
    assert "first 3 rows" in said[1]


def test_numbers_are_ordered_by_size_and_quantizations_by_precision():
    assert in_order(["128", "32", None, "224"]) == ("32", "128", "224")
    assert in_order(["int8", "drq", "fp32", "fp16"]) == ("fp32", "fp16", "drq", "int8")


def test_colours_stand_for_the_first_that_differs_but_not_in_more_than_six():
    names = [f"mobilenet_v1_1.00_224_{each}" for each in ("fp32", "int8")]
    places = [each.place for each in placed([sample.result(name, [1000]) for name in names])]
    assert hue_of(places) is Dimension.QUANTIZATION
    assert hue_of(places, beside=Dimension.QUANTIZATION) is None
    sizes = [sample.result(f"mobilenet_v1_1.00_{32 * (1 + each)}_int8", [1000]) for each in range(7)]
    assert hue_of([each.place for each in placed(sizes[:6])]) is Dimension.RESOLUTION
    assert hue_of([each.place for each in placed(sizes)]) is None


def heated(percents) -> list:
    runs = [
        pages.warm(
            sample.latency_run(int(10_000 * (1 + each / 100)), place, position=place), 30 + place, 2000 - 10 * place
        )
        for place, each in enumerate(percents)
    ]
    return [(7, sample.result(runs=tuple(runs)))]


def test_every_run_has_a_dot_with_its_row_and_place():
    (device,), said = run_charts(heated([0, 1, -1, 2, -2]))
    (series,) = device.panels[0].series
    assert series.keys == "7.0 7.1 7.2 7.3 7.4"
    assert said == ()
    assert [each.x for each in series.points] == sorted(each.x for each in series.points)
    middle = series.points[0].y
    assert series.points[1].y < middle < series.points[2].y


def test_temperature_clocks_and_load_stand_below_on_the_same_axis():
    (device,), _ = run_charts(heated([0, 1, -1]))
    assert [panel.title for panel in device.panels[1:]] == [
        "Temperature (°C)",
        "Clock of the run's cores (MHz)",
        "Load by others (%)",
    ]
    assert {panel.width for panel in device.panels} == {device.panels[0].width}
    assert device.notes == ()


def test_conditions_that_no_run_has_are_said_to_be_unknown():
    (device,), _ = run_charts([(0, sample.result(medians_us=[1000, 1010, 1020]))])
    assert len(device.panels) == 1
    assert device.notes == ("Not known of this device: temperature, clocks, load.",)


@pytest.mark.parametrize(
    ("percents", "reach"), [([0, 0, 0], LEAST_SHOWN), ([0, 20, -20], 26.0), ([0, 300, -90], MOST_SHOWN)]
)
def test_the_axis_of_runs_reaches_as_far_as_they_do_within_bounds(percents, reach):
    (device,), _ = run_charts(heated(percents))
    (series,) = device.panels[0].series
    farthest = max(percents)
    height = device.panels[0].height
    expected = height / 2 * (1 - min(farthest / reach, 1))
    assert series.points[percents.index(farthest)].y == pytest.approx(expected, abs=0.05)
    assert bool([note for note in device.notes if "drawn at the edge" in note]) == (farthest > MOST_SHOWN)


@pytest.mark.parametrize(
    ("text", "cores"), [("2", (2,)), ("0-2,7", (0, 1, 2, 7)), (None, ()), ("", ()), ("x", ()), ("1-x", ())]
)
def test_cores_are_read_from_the_kernels_list(text, cores):
    assert cores_of(text) == cores


def test_a_clock_is_the_mean_of_the_runs_own_cores():
    state = pages.warm(sample.latency_run(1), 30).conditions_after
    assert state is not None
    state = state.model_copy(update={"frequency_khz": (1000_000, None, 2000_000, 3000_000)})
    assert clock_mhz(state, "2-3") == 2500
    assert clock_mhz(state, None) == 2000
    assert clock_mhz(state, "1") is None


def test_an_operator_profile_adds_up_kinds_the_slowest_first():
    result = pages.profiled(sample.result(medians_us=[1000]), [("CONV", 30), ("POOL", 0.4), ("CONV", 10)])
    (profile,) = profiles([(4, result)])
    assert profile.number == 4
    assert [(each.kind, each.operators, each.us, each.text) for each in profile.kinds] == [
        ("CONV", 2, 40.0, "40"),
        ("POOL", 1, 0.4, "<1"),
    ]
    assert [each.length for each in profile.kinds] == [100, 1]


def test_pictures_are_there_without_a_script():
    text = pages.page(pages.session())
    pictures = re.findall(r'<svg viewBox="[^"]*" role="img" aria-label="([^"]+)">', text)
    assert any("against latency" in each for each in pictures)
    assert any("over width multiplier" in each for each in pictures)
    assert any("runs on workstation in time" in each for each in pictures)
    assert text.count('<table class="bars profile">') == 2


def test_the_delegated_share_draws_graphs_in_part_the_least_first():
    results = [
        sample.result(
            medians_us=[1000],
            job=f"job{nodes}",
            runs=(sample.latency_run(1000, delegates=(sample.NODES[0].model_copy(update={"nodes": nodes}),)),),
        )
        for nodes in (33, 20, 10)
    ]
    found = delegated_share(placed([*results, phones.failed(sample.result(job="bad"))]))
    assert found is not None
    assert found.said == "Delegated whole: 1 row; in part: 2 rows; not known: 1 row."
    assert [(bar.number, bar.nodes) for bar in found.bars] == [(2, "10/33"), (1, "20/33")]
    assert [bar.percent for bar in found.bars] == [pytest.approx(1000 / 33), pytest.approx(2000 / 33)]


@pytest.mark.parametrize(("nodes", "share"), [("33/33", 1.0), ("0/4", 0.0), ("0/0", None), (None, None), ("?/3", None)])
def test_a_share_is_that_of_the_nodes_where_they_are_known(nodes, share):
    assert share_of(nodes) == share


def test_where_nothing_says_what_was_delegated_nothing_is_shown():
    assert delegated_share(placed([phones.failed(sample.result())])) is None
