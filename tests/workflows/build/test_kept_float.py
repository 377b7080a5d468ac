"""`--keep-float`: its words and names, and the search, with the real runtime on a small classifier."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.flatbuffer import read_model
from mbench.core.builds.own_recipes import KeepFloat, OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant, parse_own_variant
from mbench.core.builds.sweeps import Point
from mbench.core.builds.variants import Quantization
from mbench.core.errors import ArtifactError, UsageError
from mbench.models.own.kept_float import FloatSearch, named_operators, scope_of
from mbench.workflows.build.own_networks import OwnSource, builds_of, parse_keep_float
from mbench.workflows.build.search_float import MOST_BUILDS, search_float

UNIT = SCALINGS["unit"]
SOURCE = linear_digits(UNIT)


def point(quantization: Quantization) -> Point:
    return Point(quantization=quantization)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("auto", "auto"),
        ("auto:30", "auto"),
        ("auto:42.5", "auto42.5"),
        ("HARD_SWISH", "HARD-SWISH"),
        ("HARD_SWISH, a/b;c", "HARD-SWISH+a-b-c"),
    ],
)
def test_a_name_says_what_is_kept_and_is_read_back(said, text):
    keep = parse_keep_float(said)
    assert keep.text == text
    name = f"net_keep-float={text}_int8"
    assert str(parse_own_variant(name)) == name


def test_a_long_list_has_a_short_name_that_lasts():
    keep = parse_keep_float(",".join(f"tensor{place}" for place in range(9)))
    assert keep.text == parse_keep_float(",".join(f"tensor{place}" for place in range(9))).text
    assert keep.text.startswith("9-")
    assert len(keep.text) == 10


@pytest.mark.parametrize("said", ["auto:", "auto:x", "auto:0.9", "auto:121", "auto:nan", "", " , "])
def test_what_names_nothing_is_refused(said):
    with pytest.raises(UsageError, match="--keep-float"):
        parse_keep_float(said)


@pytest.mark.parametrize("said", ["auto:1", "auto:120"])
def test_ratios_reach_from_1_to_120_db(said):
    assert parse_keep_float(said).names == ()


def test_the_variant_stands_beside_the_plain_one_and_other_quantizations_have_none():
    source = OwnSource(form=OwnForm.TFLITE, said="net.tflite")
    points = [point(Quantization.FP32), point(Quantization.INT8)]
    builds = builds_of([source], points, keep=KeepFloat())
    assert [str(build.variant) for build, _ in builds] == ["net_fp32", "net_int8", "net_keep-float=auto_int8"]
    assert [build.keep_float for build, _ in builds] == [None, None, KeepFloat()]
    with pytest.raises(UsageError, match="add int8 to --quantization"):
        builds_of([source], points[:1], keep=KeepFloat())


def test_all_quantizations_of_a_network_are_known_as_such():
    kept = OwnVariant(network="net", parameters=(("width", "0.5"), ("keep_float", "auto")))
    assert str(kept.network_variant) == "net_width0.5_fp32"
    assert (kept.quantized_as, kept.network_variant.quantized_as) == ("keep-float=auto_int8", "fp32")


def test_recipes_without_it_are_those_of_before():
    network = OwnNetwork(form=OwnForm.TFLITE, sha256="a" * 64, source="net.tflite")
    recipe = OwnRecipe(variant=OwnVariant(network="net"), network=network)
    assert "keep_float" not in recipe.as_json()
    assert replace(recipe, keep_float=KeepFloat()).digest() != recipe.digest()
    assert (
        replace(recipe, keep_float=KeepFloat(least_db=31)).digest() != replace(recipe, keep_float=KeepFloat()).digest()
    )


def test_operators_are_named_by_kind_or_by_what_they_give():
    ((kind, scope),) = scope_of(SOURCE, named_operators(SOURCE, KeepFloat(names=("FULLY_CONNECTED",))))
    assert kind == "FULLY_CONNECTED"
    assert named_operators(SOURCE, KeepFloat(names=(scope.rstrip(";"),))) == named_operators(
        SOURCE, KeepFloat(names=("FULLY_CONNECTED",))
    )
    with pytest.raises(ArtifactError, match=r"no operator or tensor of that name; its operators are .*FULLY_CONNECTED"):
        named_operators(SOURCE, KeepFloat(names=("HARD_SWISH",)))


class Coarse:
    """Builds a file whose operators are coarse but where they are kept."""

    def __init__(self, enough: Sequence[int]) -> None:
        self.enough, self.asked = set(enough), list[tuple[int, ...]]()

    def __call__(self, places: Sequence[int]) -> bytes:
        self.asked.append(tuple(places))
        return SOURCE if self.enough <= set(places) else linear_digits(UNIT, dtype="uint8", quantization=(1 / 7, 0))


def search(quantized: Coarse, least_db: float) -> FloatSearch:
    graph = read_model(SOURCE).main
    ends = [graph.tensors[index].name for index in (*graph.inputs, *graph.outputs)]
    rng = np.random.default_rng(0)
    examples = [{ends[0]: rng.uniform(0, 1, (1, 8, 8, 3)).astype(np.float32)} for _ in range(4)]
    return FloatSearch(
        source=SOURCE, names={name: name for name in ends}, examples=examples, quantized=quantized, least_db=least_db
    )


def test_nothing_is_left_in_float_where_int8_is_close_enough():
    quantized = Coarse([99])
    found = search_float(search(quantized, 1.0))
    assert quantized.asked == [()]
    assert "nothing is left in float; 1 dB of signal to noise were asked for, which int8 reaches" in found.note


def test_a_search_that_nothing_helps_ends_and_says_so():
    quantized = Coarse([99])
    found = search_float(search(quantized, 100.0))
    assert len(quantized.asked) <= MOST_BUILDS
    assert "and no operator left in float brings it nearer" in found.note
    assert len(set(quantized.asked)) == len(quantized.asked)  # none is built twice


class CoarseOutputs:
    """Builds a file whose scores are int8, whatever is kept."""

    def __call__(self, places: Sequence[int]) -> bytes:
        return linear_digits(UNIT, dtype="int8", quantization=(1 / 255, -128), int8_body=True)


@pytest.mark.parametrize(("least_db", "said"), [(20.0, False), (100.0, True)])
def test_outputs_that_are_too_coarse_for_the_ratio_are_named(least_db, said):
    found = search_float(replace(search(Coarse([99]), least_db), quantized=CoarseOutputs()))
    assert ("the outputs' own steps allow" in found.note) == said
    assert ("--io float leaves them real numbers" in found.note) == said
