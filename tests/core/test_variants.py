import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.builds.recipes import Calibration, Recipe, Weights
from mbench.core.builds.variants import Head, Quantization, Size, Variant, format_alpha, parse_variant
from mbench.core.errors import UsageError

alphas = st.integers(1, 9999).map(lambda thousandths: thousandths / 1000)
heads = st.builds(Head, name=st.from_regex(r"[a-z]{1,12}", fullmatch=True), classes=st.integers(1, 20000))
variants = st.builds(
    Variant,
    architecture=st.sampled_from(["mobilenet_v1", "vgg16", "ssd300_mobilenet_v1"]),
    size=st.builds(Size, alpha=alphas, resolution=st.integers(32, 1024)),
    head=heads,
    quantization=st.sampled_from(Quantization),
)


@given(variants)
def test_parsing_a_printed_name_gives_the_variant_back(variant):
    assert parse_variant(str(variant)) == variant


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v1_0.50_160_int8",
        "vgg16_1.00_224_fp32",
        "mobilenet_v1_1.00_224_dogs120_int8",
        "ssd300_mobilenet_v1_1.00_300_fp16",
        "mobilenet_v1_0.125_64_classes10_drq",
        "mobilenet_v1_0.25_32_fashion10_int8w4",
    ],
)
def test_printing_a_parsed_name_gives_the_name_back(name):
    assert str(parse_variant(name)) == name


@pytest.mark.parametrize("name", ["", "mobilenet", "mobilenet_v1_0.5_160_int8", "mobilenet_v1_0.50_160", "../x"])
def test_what_is_no_name_is_refused_with_an_example(name):
    with pytest.raises(UsageError, match="no variant name"):
        parse_variant(name)


def test_int4_is_refused_with_the_reason():
    with pytest.raises(UsageError, match="1 to 3 % top-1"):
        parse_variant("mobilenet_v1_1.00_224_int4")


def test_the_refusal_of_int4_names_what_takes_weights_trained_for_it():
    with pytest.raises(UsageError, match="int8w4 takes weights that were trained for 4 bits"):
        parse_variant("mobilenet_v1_1.00_224_w4a8")


@pytest.mark.parametrize("size", [{"alpha": 0.0}, {"alpha": 10.0}, {"resolution": 31}])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(UsageError, match="must"):
        Size(**size)


@pytest.mark.parametrize(("alpha", "text"), [(1.0, "1.00"), (0.5, "0.50"), (0.125, "0.125"), (1.25, "1.25")])
def test_alpha_has_two_decimals_or_as_many_as_it_needs(alpha, text):
    assert format_alpha(alpha) == text


def test_equal_recipes_have_equal_digests_whatever_their_source_is_called():
    one = Recipe(variant=Variant(), weights=Weights(source="a.h5"), calibration=Calibration(source="photos"))
    other = Recipe(variant=Variant(), weights=Weights(source="b.h5"), calibration=Calibration(source="pictures"))
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    "change",
    [
        {"variant": Variant(quantization=Quantization.FP32)},
        {"weights": Weights(seed=1)},
        {"calibration": Calibration(examples=1)},
        {"toolchain": (("tensorflow", "9"),)},
    ],
)
def test_whatever_decides_the_bytes_changes_the_digest(change):
    assert Recipe(**({"variant": Variant()} | change)).digest() != Recipe(variant=Variant()).digest()
