import pytest

from mbench.core.builds.sweeps import PUBLISHED, Axis, expand, parse_sweep
from mbench.core.builds.variants import Quantization
from mbench.core.errors import UsageError


def test_alpha_without_values_takes_the_papers():
    assert [point.alpha for point in expand([parse_sweep("alpha")])] == [1.0, 0.75, 0.5, 0.25]


@pytest.mark.parametrize("axis", Axis)
def test_every_axis_has_published_values_that_parse(axis):
    assert parse_sweep(axis).values == PUBLISHED[axis]


def test_a_sweep_of_all_quantizations_leaves_out_the_one_that_takes_weights_of_its_own():
    assert parse_sweep("quantization").values == ("fp32", "fp16", "drq", "int8", "int16x8")


def test_two_sweeps_multiply_with_the_first_varying_slowest():
    points = expand([parse_sweep("alpha=1.0,0.5"), parse_sweep("resolution=224,128")])
    assert [(point.alpha, point.resolution) for point in points] == [(1.0, 224), (1.0, 128), (0.5, 224), (0.5, 128)]


def test_what_does_not_vary_is_fixed_by_the_caller():
    points = list(expand([parse_sweep("alpha")], quantization=Quantization.FP16))
    assert {point.quantization for point in points} == {Quantization.FP16}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("alhpa", "Did you mean 'alpha'"),
        ("colour", "Choose from alpha, resolution"),
        ("alpha=", "names no value"),
        ("alpha=0.5,0.50", "twice"),
        ("alpha=wide", "no positive decimal number"),
        ("alpha=-1", "no positive decimal number"),
        ("alpha=0", "must lie in"),
        ("resolution=16", "at least 32"),
        ("resolution=1.5", "not a positive whole number"),
        ("quantization=int9", "Did you mean 'int8'"),
        ("quantization=int4", "int4 is not offered"),
        ("delegate=xnpack", "Did you mean 'xnnpack'"),
        ("threads=0", "at least 1"),
    ],
)
def test_a_bad_sweep_is_refused_with_what_to_do(text, reason):
    with pytest.raises(UsageError, match=reason):
        parse_sweep(text)


def test_an_axis_swept_twice_is_refused():
    with pytest.raises(UsageError, match="alpha is swept twice"):
        list(expand([parse_sweep("alpha=1.0"), parse_sweep("alpha=0.5")]))
