from dataclasses import dataclass

import pytest
import sample_results as sample

from mbench.core.reasons import PeakUnknown
from mbench.core.results import OperatorTime, Pass
from mbench.report.paper.compute_rate import OTHERS, Peak, rate_tables, rates_by_type

PEAK = Peak(gmacs=100.0, how="1 core")


@dataclass(frozen=True)
class LayerLike:
    type: str
    mult_adds: int | None
    index: int = 0
    op: str = "CONV_2D"
    input_shape: tuple[int, ...] | None = None
    output_shape: tuple[int, ...] | None = None
    kernel: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    parameters: int | None = None


LAYERS = (
    LayerLike("3×3 convolution", 1_000_000),
    LayerLike("depthwise 3×3", 500_000),
    LayerLike("1×1 convolution", 4_000_000),
    LayerLike("MEAN", 0),
    LayerLike("fully connected", 100_000),
    LayerLike("SOFTMAX", 0),
)
XNNPACK = (
    ("Convolution (NHWC, F32) IGEMM", 20.0),
    ("Convolution (NHWC, F32) DWConv", 50.0),
    ("Fully Connected (NC, F32) GEMM", 100.0),
    ("Mean (ND) Reduce2", 5.0),
    ("Fully Connected (NC, F32) GEMM", 20.0),
    ("Softmax (NC, F32)", 5.0),
)
BUILTIN = ("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "MEAN", "CONV_2D", "SOFTMAX")


def operators(times) -> tuple[OperatorTime, ...]:
    return tuple(
        OperatorTime(run_order=order, node_type=kind, name=f"{kind}:{order}", times_called=1, us_per_inference=time)
        for order, (kind, time) in enumerate(times)
    )


@pytest.mark.parametrize("times", [XNNPACK, tuple(zip(BUILTIN, (time for _, time in XNNPACK), strict=True))])
def test_operators_are_paired_with_layers_by_order_whatever_kernels_are_called(times):
    rates = {rate.type: rate for rate in rates_by_type(operators(times), LAYERS)}
    assert rates["1×1 convolution"].gmacs == pytest.approx(40.0)
    assert rates["depthwise 3×3"].share == pytest.approx(0.25)
    assert rates["fully connected"].time_us == pytest.approx(20.0)


def test_types_stand_by_their_work_and_all_time_is_accounted_for():
    rates = rates_by_type(operators(XNNPACK), LAYERS)
    assert [rate.type for rate in rates] == [
        "1×1 convolution",
        "3×3 convolution",
        "depthwise 3×3",
        "fully connected",
        OTHERS,
    ]
    assert sum(rate.share for rate in rates) == pytest.approx(1)
    assert rates[-1].gmacs is None


def test_kernels_that_were_added_are_left_to_others():
    times = (("Convert (NC)", 30.0), *XNNPACK)
    rates = rates_by_type(operators(times), LAYERS)
    assert (rates[0].type, rates[-1].time_us) == ("1×1 convolution", pytest.approx(40.0))


def test_operators_of_another_network_say_nothing():
    swapped = (XNNPACK[1], XNNPACK[0], *XNNPACK[2:])
    assert rates_by_type(operators(swapped), LAYERS) is None
    assert rates_by_type(operators(XNNPACK[:2]), LAYERS) is None


def test_jobs_and_layer_types_have_their_tables_beside_the_peak():
    profiled = sample.latency_run(None, purpose=Pass.OPS, operators=operators(XNNPACK))
    job = sample.result("mobilenet_v1_1.00_224_int8", runs=(*sample.runs([10_000, 10_000, 10_000]), profiled))
    networks, types = rate_tables([job], layers={"a" * 64: LAYERS}, peaks=[PEAK])
    assert [cell.text for cell in networks.rows[0]][3:] == ["56.9", "56.9"]
    assert networks.foot[-1] == "Peak, an estimate: 100 GMAC/s: 1 core."
    assert [cell.text for cell in types.rows[0]] == ["1×1 convolution", "4.00", "100.0", "50.0", "40.0", "40.0"]
    assert [cell.text for cell in types.rows[-1]] == [OTHERS, "–", "10.0", "5.0", "–", "–"]


def test_an_unknown_peak_says_why_and_leaves_its_column_unknown():
    job = sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_000, 10_000])
    (table,) = rate_tables([job], layers={}, peaks=[PeakUnknown("pixel-4 does not say")])
    assert table.rows[0][-1].text == "?"
    assert table.foot[-1] == "Peak unknown: pixel-4 does not say."


def test_a_peak_that_something_exceeds_is_none():
    job = sample.result("mobilenet_v1_1.00_224_int8", [10_000, 10_000, 10_000])
    (table,) = rate_tables([job], layers={}, peaks=[Peak(gmacs=50.0, how="1 core at 2.60 GHz")])
    assert table.rows[0][-1].text == "?"
    assert table.foot[-1] == (
        "Peak unknown: 56.9 GMAC/s were measured, more than the 50.0 estimated from 1 core at 2.60 GHz; "
        "the clock is higher than the system says."
    )
