"""What a user's builder is swept over, read from its source alone."""

from pathlib import Path

import pytest

from mbench.core.builds.own_recipes import OwnForm
from mbench.core.builds.own_variants import parse_own_variant
from mbench.core.builds.sweeps import Axis
from mbench.core.builds.variants import Head
from mbench.core.errors import UsageError
from mbench.workflows.build.own_networks import OwnSource
from mbench.workflows.build.own_recipes_of import own_recipes
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection, select

FILE = """
raise SystemExit("this file is never run here")
def net(width: float = 1.0, act: str = "relu", wide: bool = False, alpha=1.0, resolution: int = 64, classes: int = 10):
    pass
def needs(depth: int): pass
def vgg16(): pass
def free(thing=None): pass
"""


@pytest.fixture
def said(tmp_path: Path) -> str:
    (tmp_path / "nets.py").write_text(FILE)
    return f"{tmp_path / 'nets.py'}:net"


def chosen(said: str, *sweeps: str, **fields: object) -> tuple[Candidate, ...]:
    source = OwnSource(form=OwnForm.BUILDER, said=said)
    return select(Selection(own=(source,), sweeps=sweeps, **fields))  # type: ignore[arg-type]


def names(candidates: tuple[Candidate, ...]) -> list[str]:
    return [str(each.own.variant) for each in candidates if each.own]


def test_parameters_that_are_asked_for_stand_in_the_name_in_the_builders_order(said: str) -> None:
    found = chosen(said, "resolution=32,64", "width=0.5", lists={Axis.QUANTIZATION: "fp32,int8"})

    assert names(found) == [
        "net_width0.5_32_fp32",
        "net_width0.5_32_int8",
        "net_width0.5_64_fp32",
        "net_width0.5_64_int8",
    ]
    assert [str(parse_own_variant(name)) for name in names(found)] == names(found)
    assert found[0].own is not None
    assert dict(found[0].own.arguments) == {"resolution": 32, "width": 0.5}


def test_values_have_the_type_of_the_annotation(said: str) -> None:
    (found,) = chosen(said, "width=1", "act=relu6", "wide=true")

    assert found.own is not None
    assert dict(found.own.arguments) == {"width": 1.0, "act": "relu6", "wide": True}
    assert isinstance(dict(found.own.arguments)["width"], float)
    assert str(found.own.variant) == "net_width1.0_act=relu6_wide=true_int8"


CHOICES = """
import typing
from typing import Literal, Optional, Sequence
def net(act: Literal["relu", "gelu"] = "relu", size: "typing.Literal[1, 2]" = 1, kernels: list[int] = [3],
        pads: Optional[tuple] = None, strides: "Sequence[int] | None" = None, either: int | list[int] = 3,
        computed: Literal[NAMES] = None):
    pass
def plain(): pass
"""


@pytest.mark.parametrize(
    ("sweep", "reason"),
    [
        ("act=relu,swish", "act 'swish' is none of its 'relu', 'gelu'"),
        ("size=3", "size 3 is none of its 1, 2"),
        ("kernels=3", r"kernels takes list\[int\], which one value is not; leave it to its default"),
        ("pads=3", r"pads takes Optional\[tuple\], which one value is not"),
        ("strides=1,2", r"strides takes Sequence\[int\] \| None, which one value is not"),
    ],
)
def test_a_value_that_an_annotation_rules_out_is_refused_before_anything_is_built(
    tmp_path: Path, sweep: str, reason: str
) -> None:
    (tmp_path / "nets.py").write_text(CHOICES)
    with pytest.raises(UsageError, match=reason):
        chosen(f"{tmp_path / 'nets.py'}:net", sweep)


def test_what_an_annotation_names_is_taken(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(CHOICES)
    found = chosen(f"{tmp_path / 'nets.py'}:net", "act=relu,gelu", "size=1,2", "either=5", "computed=a")

    assert len(found) == 4
    assert found[3].own is not None
    assert dict(found[3].own.arguments) == {"act": "gelu", "size": 2, "either": 5, "computed": "a"}


ENUMS = """
import enum
from enum import Enum, StrEnum, auto
from acts import Other
class Act(Enum):
    _ignore_ = []
    RELU = "relu"
    HARD_SWISH = "hard_swish"
class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2
class Way(StrEnum):
    UP = auto()
def net(act: Act = Act.RELU, size: "Size | None" = None, way: Way = Way.UP, other: Other = None): pass
"""


def test_members_of_an_enum_are_choices_by_name_or_value(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(ENUMS)
    said = f"{tmp_path / 'nets.py'}:net"
    found = chosen(said, "act=relu,HARD_SWISH", "size=2", "way=UP", "other=x")

    assert [dict(each.own.arguments)["act"] for each in found if each.own] == ["RELU", "HARD_SWISH"]
    assert names(found)[1] == "net_act=HARD-SWISH_size=LARGE_way=UP_other=x_int8"
    assert str(parse_own_variant(names(found)[1])) == names(found)[1]
    for same in ("hard_swish", "HARD-SWISH"):  # by value, and as names of variants have it
        assert names(chosen(said, f"act={same}")) == ["net_act=HARD-SWISH_int8"]
    with pytest.raises(UsageError, match=r"act 'gelu' is none of its RELU \(relu\), HARD_SWISH \(hard_swish\)\.$"):
        chosen(said, "act=gelu")
    with pytest.raises(UsageError, match=r"way 'up' is none of its UP\.$"):
        chosen(said, "way=up")
    with pytest.raises(UsageError, match="names a value twice"):
        chosen(said, "act=relu,RELU")


def test_a_builder_without_parameters_says_that_it_takes_none(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(CHOICES)
    with pytest.raises(UsageError, match=r"has no parameter 'depth'; it takes none\.$"):
        chosen(f"{tmp_path / 'nets.py'}:plain", "depth=1")


@pytest.mark.parametrize("axis", ["threads", "delegate", "quantization"])
def test_a_parameter_called_as_what_every_network_is_built_or_run_with_is_refused(axis: str, tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(f"def net({axis}=1, other=2): pass\n")
    value = {"threads": "1,2", "delegate": "cpu", "quantization": "fp32"}[axis]
    with pytest.raises(UsageError, match=f"^{axis} says how mbench .* call the parameter otherwise"):
        chosen(f"{tmp_path / 'nets.py'}:net", f"{axis}={value}")
    assert len(chosen(f"{tmp_path / 'nets.py'}:net", "other=3")) == 1


def test_alpha_and_resolution_have_their_published_values(said: str) -> None:
    assert names(chosen(said, "alpha")) == [f"net_{alpha}_int8" for alpha in ("1.00", "0.75", "0.50", "0.25")]
    assert len(chosen(said, "resolution")) == 4


def test_classes_and_the_resolution_of_a_data_set_are_given_where_the_builder_takes_them(said: str) -> None:
    with_both = chosen(said, head=Head(name="digits", classes=10), resolution=32)
    with_neither = chosen(said.replace(":net", ":free"), head=Head(name="digits", classes=10), resolution=32)

    assert names(with_both) == ["net_classes10_32_int8"]
    assert names(with_neither) == ["free_int8"]


def test_threads_and_delegates_multiply(said: str) -> None:
    found = chosen(said, "threads=1,2")

    assert [each.threads for each in found] == [1, 2]


@pytest.mark.parametrize(
    ("function", "sweeps", "reason"),
    [
        ("net", ("depth=1",), "has no parameter 'depth'; it takes width, act, wide, alpha, resolution, classes"),
        ("net", ("width",), "nobody published values of it"),
        ("net", ("width=",), "names no value"),
        ("net", ("width=big",), "width 'big' is not a number"),
        ("net", ("width=nan",), "width 'nan' is not a number"),
        ("net", ("wide=1",), "wide '1' is not true or false"),
        ("net", ("classes=2.5",), "classes '2.5' is not a whole number"),
        ("net", ("width=1,1.0",), "names a value twice"),
        ("net", ("width=1", "width=2"), "width is varied twice"),
        ("net", ("resolution=8",), "resolution must be at least 32"),
        ("net", ("act=a/b",), "cannot stand in a variant's name"),
        ("needs", (), "needs depth; name it: --sweep depth=VALUE"),
        ("vgg16", (), "vgg16 is a network of mbench's own"),
        ("gone", (), "defines no gate"),
    ],
)
def test_what_a_builder_cannot_be_asked_for_is_refused(
    said: str, function: str, sweeps: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason.replace("gate", "gone")):
        chosen(said.replace(":net", f":{function}"), *sweeps)


def test_a_recipe_changes_with_the_code_the_arguments_and_the_seed(said: str, tmp_path: Path) -> None:
    def digest(sweep: str = "width=0.5", **inputs: object) -> str:
        builds = [each.own for each in chosen(said, sweep) if each.own]
        (recipe,) = own_recipes(builds, BuildInputs(**inputs)).values()  # type: ignore[arg-type]
        return recipe.digest()

    first = digest()
    assert digest() == first
    different = {digest("width=0.25"), digest(seed=1)}
    (tmp_path / "nets.py").write_text(f"{FILE}# another\n")
    assert len(different | {first, digest()}) == 4


@pytest.mark.parametrize("weights", ["imagenet", "trained"])
def test_weights_of_mbenchs_networks_are_refused(said: str, weights: str) -> None:
    builds = [each.own for each in chosen(said) if each.own]

    with pytest.raises(UsageError, match=f"--weights {weights} is for mbench's networks"):
        own_recipes(builds, BuildInputs(weights=weights))
