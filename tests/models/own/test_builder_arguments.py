"""What a builder is called with: members of Enums in the place of their names."""

from enum import Enum, IntEnum

import pytest

from mbench.core.errors import ArtifactError
from mbench.models.own.arguments import builder_arguments


class Act(Enum):
    RELU = "relu"
    relu = "another"
    SWISH = "swish"


class Size(IntEnum):
    SMALL = 1


def net(
    act: Act = Act.RELU,
    size: "Size | None" = None,
    other: Act | None = None,
    width: float = 1.0,
    free=None,
):
    return act, size, other, width, free


def test_members_stand_in_the_place_of_their_names_or_values():
    asked = (("act", "SWISH"), ("size", 1), ("other", "swish"), ("width", 0.5), ("free", "RELU"))
    given = builder_arguments(net, asked, what="nets.py:net")

    assert net(**given) == (Act.SWISH, Size.SMALL, Act.SWISH, 0.5, "RELU")


def test_a_name_comes_before_a_value():
    assert builder_arguments(net, (("act", "relu"),), what="n") == {"act": Act.relu}


def test_what_is_no_member_is_named_with_those_that_are():
    with pytest.raises(ArtifactError, match=r"^nets.py:net: act 'gelu' is none of Act's RELU, relu, SWISH\.$"):
        builder_arguments(net, (("act", "gelu"),), what="nets.py:net")


def test_annotations_that_cannot_be_evaluated_leave_values_as_they_are():
    def odd(act: "Gone" = None): ...  # type: ignore[name-defined]  # noqa: F821

    assert builder_arguments(odd, (("act", "relu"),), what="n") == {"act": "relu"}
