"""`--keep-float`: its words and names, and the search, with the real runtime on a small classifier."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from linear_digits import _File, linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.artifacts.flatbuffer import read_model
from mbench.core.builds.own_recipes import EvaluatedOn, KeepFloat, OwnForm, OwnNetwork, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant, parse_own_variant
from mbench.core.builds.sweeps import Point
from mbench.core.builds.variants import Quantization
from mbench.core.errors import ArtifactError, UsageError
from mbench.models.own.kept_float import FloatSearch, Quantized, named_operators, scope_of
from mbench.workflows.build.float_files import MOST_BUILDS
from mbench.workflows.build.own_networks import OwnBuild, OwnSource, builds_of, parse_keep_float, refuse_unevaluated
from mbench.workflows.build.search_float import _least, search_float

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
        ("auto:acc", "auto-acc"),
        ("auto:acc:0.5", "auto-acc0.5"),
        ("auto:acc:0", "auto-acc0"),
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


def test_an_accuracy_is_told_from_a_ratio():
    assert parse_keep_float("auto:acc") == KeepFloat(accuracy=True)
    assert parse_keep_float("auto:acc:2") == KeepFloat(accuracy=True, most_lost=2.0)
    assert parse_keep_float("auto:2") == KeepFloat(least_db=2.0)


@pytest.mark.parametrize("said", ["auto:acc:", "auto:acc:x", "auto:acc:-0.1", "auto:acc:nan", "auto:acc:1000001"])
def test_what_says_no_loss_is_refused(said):
    with pytest.raises(UsageError, match="write auto:acc, or auto:acc:POINTS with what may be lost"):
        parse_keep_float(said)
    assert parse_keep_float("auto:acc:1000000").most_lost == 1e6


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


def test_what_a_search_by_accuracy_asks_is_part_of_the_files_identity():
    network = OwnNetwork(form=OwnForm.TFLITE, sha256="a" * 64, source="net.tflite")
    plain = OwnRecipe(variant=OwnVariant(network="net"), network=network, keep_float=KeepFloat())
    assert plain.as_json()["keep_float"] == {"names": [], "least_db": 30.0}  # as recipes of before have it
    assert "evaluated_on" not in plain.as_json()
    asks = EvaluatedOn(dataset="digits test", sha256="b" * 64, asked=300, seed=0)
    by_accuracy = replace(plain, keep_float=KeepFloat(accuracy=True), evaluated_on=asks)
    others = [
        plain,
        replace(by_accuracy, keep_float=KeepFloat(accuracy=True, most_lost=0.5)),
        replace(by_accuracy, evaluated_on=replace(asks, asked=301)),
        replace(by_accuracy, evaluated_on=replace(asks, sha256="c" * 64)),
        replace(by_accuracy, evaluated_on=replace(asks, asks=(("preprocessing", "unit"),))),
    ]
    assert len({by_accuracy.digest(), *(each.digest() for each in others)}) == 6


def test_an_accuracy_that_nothing_says_on_what_is_refused():
    build = OwnBuild(source=OwnSource(form=OwnForm.TFLITE, said="net.tflite"), variant=OwnVariant(network="net"))
    with pytest.raises(UsageError, match="nothing says on what: name a --dataset, of arrays with a --metric, or write"):
        refuse_unevaluated([build, replace(build, keep_float=KeepFloat(accuracy=True))])
    refuse_unevaluated([build, replace(build, keep_float=KeepFloat())])


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


def search(quantized: Quantized, least_db: float, source: bytes = SOURCE) -> FloatSearch:
    graph = read_model(source).main
    ends = [graph.tensors[index].name for index in (*graph.inputs, *graph.outputs)]
    rng = np.random.default_rng(0)
    examples = [{ends[0]: rng.uniform(0, 1, graph.tensors[graph.inputs[0]].shape).astype(np.float32)} for _ in range(4)]
    return FloatSearch(
        source=source,
        names={name: name for name in ends},
        examples=examples,
        quantized=quantized,
        asked=KeepFloat(least_db=least_db),
    )


def test_nothing_is_left_in_float_where_int8_is_close_enough():
    quantized = Coarse([99])
    (note,) = search_float(search(quantized, 1.0)).notes
    assert quantized.asked == [()]
    assert "nothing is left in float; 1 dB of signal to noise were asked for, which int8 reaches" in note


def test_a_search_that_nothing_helps_ends_and_says_so():
    quantized = Coarse([99])
    (note,) = search_float(search(quantized, 100.0)).notes
    assert len(quantized.asked) <= MOST_BUILDS
    assert "and none of the operators that were tried in float helps enough" in note
    assert len(set(quantized.asked)) == len(quantized.asked)  # none is built twice


def test_what_an_operator_brings_and_costs_is_said():
    first, second = search_float(search(Coarse([0]), 100.0)).notes
    before = re.search(r"([\d.]+) dB in int8 alone, 150.0 dB so; 100 dB of signal to noise were asked for", first)
    assert before is not None
    whole, coarse = len(SOURCE) / 1024, len(linear_digits(UNIT, dtype="uint8", quantization=(1 / 7, 0))) / 1024
    assert first.endswith(f"ms in fp32; {coarse:.1f}, {whole:.1f}, {whole:.1f} KiB")
    assert re.fullmatch(
        r"each of these in float instead of int8, the others as they are: FULLY_CONNECTED scores "
        rf"{re.escape(before[1])} to 150\.0 dB, {re.escape(f'{whole - coarse:+.1f}')} KiB, [-+][\d.e-]+ ms",
        second,
    )


class CoarseOutputs:
    """Builds a file whose scores are int8, whatever is kept."""

    def __call__(self, places: Sequence[int]) -> bytes:
        return linear_digits(UNIT, dtype="int8", quantization=(1 / 255, -128), int8_body=True)


@pytest.mark.parametrize(("least_db", "said"), [(20.0, False), (100.0, True)])
def test_outputs_that_are_too_coarse_for_the_ratio_are_named(least_db, said):
    (note,) = search_float(search(CoarseOutputs(), least_db)).notes
    assert ("bound by the steps of its inputs and outputs" in note) == said
    assert ("--io float leaves them real numbers" in note) == said


OPERATORS = 40
MANY = 0.1


def chain(noise: float) -> bytes:
    """Return forty layers that pass four numbers on, whose outputs are off by some noise."""
    file = _File()
    source = entry = file.tensor("x", (1, 4))
    for place in range(OPERATORS):
        off = np.full(4, noise if place == OPERATORS - 1 else 0.0)
        source = file.dense(source, np.eye(4), off, None, name=f"layer{place}")
    return file.packed(entry, [source], None, signed=False)


class ManySmall:
    """Builds a file to whose noise each operator adds as much, until it is left in float."""

    def __init__(self, able: int = OPERATORS) -> None:
        self.able = able

    def __call__(self, places: Sequence[int]) -> bytes:
        if len(places) > self.able:
            raise ArtifactError("the quantizer raised.")
        return chain(MANY * (OPERATORS - len(places)) / OPERATORS)


def int8_ratio() -> float:
    (note,) = search_float(search(ManySmall(), 1.0, chain(0.0))).notes
    found = re.search(r"which int8 reaches: ([\d.]+) dB", note)
    assert found is not None
    return float(found[1])


def test_where_many_small_losses_add_up_as_many_are_left_in_float_as_it_takes():
    # a quarter of the noise, 12.04 dB less, is not enough, so that 9 of 40 may stay in int8 and not 10
    found = search_float(search(ManySmall(), int8_ratio() + 12.1, chain(0.0)))

    assert found.data == chain(MANY * 9 / OPERATORS)
    (note,) = found.notes  # of so many, none is taken apart
    assert f"31 of {OPERATORS} operators are left in float (FULLY_CONNECTED layer" in note
    assert "and 19 more" in note
    assert "which was not reached" not in note


def test_what_was_not_reached_is_said_with_the_nearest_and_with_all_operators():
    (note,) = search_float(search(ManySmall(able=4), 100.0, chain(0.0))).notes

    found = re.search(r"enough: ([\d.]+) dB in int8 alone; the nearest was ([\d.]+) dB with (.+) in float; with", note)
    assert found is not None
    assert float(found[2]) == pytest.approx(float(found[1]) + 20 * np.log10(40 / 39), abs=0.1)
    assert found[3] == "FULLY_CONNECTED layer39"
    assert f"with all {OPERATORS} operators in float it cannot be built" in note


@pytest.mark.parametrize("most", [1, 2, 7, 8, 40])
def test_the_least_number_that_is_enough_is_found_by_halving(most):
    for least in range(1, most + 1):
        asked: list[int] = []

        def enough(count: int, least: int = least, asked: list[int] = asked) -> bool:
            asked.append(count)
            return count >= least

        assert _least(most, enough, until=lambda: False) == least
        assert len(asked) <= math.ceil(math.log2(most))
    assert _least(most, lambda _: True, until=lambda: True) == most
