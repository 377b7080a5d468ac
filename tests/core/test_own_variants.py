"""Names of a user's own networks: printed and parsed as inverses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.builds.own_variants import OwnVariant, network_name, parse_own_variant, quantization_of
from mbench.core.builds.variants import Quantization, Variant
from mbench.core.errors import UsageError

KEYS = st.from_regex(r"[A-Za-z]([A-Za-z0-9_]{0,8}[A-Za-z0-9])?", fullmatch=True)
VALUES = st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,3})?|[A-Za-z0-9.+-]{1,8}", fullmatch=True)
VARIANTS = st.builds(
    OwnVariant,
    network=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,12}", fullmatch=True),
    alpha=st.none() | st.sampled_from([0.5, 1.0, 0.125]),
    parameters=st.lists(st.tuples(KEYS, VALUES), max_size=3).map(tuple),
    resolution=st.none() | st.integers(1, 999_999_999),
    quantization=st.sampled_from(list(Quantization)),
)


@given(VARIANTS)
def test_a_name_is_parsed_to_the_variant_that_printed_it(variant: OwnVariant) -> None:
    assert parse_own_variant(str(variant)) == variant


def test_a_name_says_network_parameters_resolution_and_quantization() -> None:
    asked = OwnVariant(network="mynet", parameters=(("width", "0.5"),), resolution=160)

    assert str(asked) == "mynet_width0.5_160_int8"


def test_alpha_is_written_as_in_names_of_mbench() -> None:
    assert str(OwnVariant(network="mynet", alpha=0.5, resolution=160)) == "mynet_0.50_160_int8"


def test_a_value_that_is_not_a_number_stands_behind_an_equals_sign() -> None:
    asked = OwnVariant(network="n", parameters=(("last_act", "relu6"), ("dim1", "5"), ("shift", "-1")))

    assert str(asked) == "n_last-act=relu6_dim1=5_shift=-1_int8"


@pytest.mark.parametrize("name", ["mynet", "_int8", "my net_int8", "mynet__int8", "mynet_width_int8", "mynet_int9"])
def test_what_is_not_a_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        parse_own_variant(name)


@pytest.mark.parametrize("value", ["a_b", "", "a b", "a/b", "a=b"])
def test_a_value_that_a_name_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a variant's name"):
        OwnVariant(network="n", parameters=(("act", value),))


@pytest.mark.parametrize(
    ("text", "name"), [("my_net.v2", "my-net.v2"), ("Größe 2", "Gr-e-2"), ("__", "network"), ("x" * 90, "x" * 80)]
)
def test_a_files_stem_becomes_a_name_without_what_separates(text: str, name: str) -> None:
    assert network_name(text) == name


def test_the_quantization_of_any_built_file_is_in_its_name() -> None:
    assert quantization_of(str(Variant(quantization=Quantization.DRQ))) is Quantization.DRQ
    assert quantization_of("mynet_width0.5_160_int16x8") is Quantization.INT16X8
    assert quantization_of("file:mynet@0123456789ab") is None


def test_a_name_that_no_file_can_have_is_refused() -> None:
    longest = 160 - len("net_s=_fp32")
    asked = OwnVariant(network="net", parameters=(("s", "a" * longest),), quantization=Quantization.FP32)
    assert len(str(asked)) == 160

    with pytest.raises(UsageError, match=r"has 161 characters, and may have 160.*ask for shorter values"):
        OwnVariant(network="net", parameters=(("s", "a" * (longest + 1)),), quantization=Quantization.FP32)


@pytest.mark.parametrize("name", ["größe", "_c", ""])
def test_a_parameter_whose_own_name_cannot_stand_in_a_variants_is_called_that(name: str) -> None:
    with pytest.raises(
        UsageError, match=f"the parameter '{name}' cannot stand in a variant's name; call it by a letter"
    ):
        OwnVariant(network="net", parameters=((name, "4"),))
