"""Which examples flip between two files, and which are wrong with the highest scores."""

import json

import pytest
from sample_predictions import read, written

from mbench.core.errors import UsageError
from mbench.core.proportions import wilson_interval
from mbench.report.predictions.flip_tables import MOST_SHOWN, flip_tables, flipped_pairs, flips_json
from mbench.report.predictions.worst_tables import worst_json, worst_of, worst_tables
from mbench.workflows.answers import flips, worst

NETWORK = "mobilenet_v1_0.25_96_digits10"
FLOAT = [("a", 0, 0, 0.9), ("b", 0, 0, 0.8), ("c", 0, 1, 0.7), ("d", 1, 2, 0.6), ("e", 1, 1, 0.5), ("f", 2, None, 0)]
BYTE = [("a", 0, 0, 0.9), ("b", 0, 2, 0.4), ("c", 0, 0, 0.3), ("d", 1, 0, 0.2), ("e", 1, 1, 0.1), ("f", 2, None, 0)]


def pair_names(*files) -> list[tuple[str, str]]:
    return [(pair.first.label, pair.second.label) for pair in flipped_pairs(read(*files))]


def texts(table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_flips_are_counted_and_their_examples_named_with_both_answers_and_scores():
    summary, examples = flip_tables(flipped_pairs(read(written("one", FLOAT), written("two", BYTE))))
    (row,) = texts(summary)
    assert row[:7] == ["one", "two", "6", "40 [12, 77]", "1", "1", "1"]
    assert row[8] == "1"  # p of one against one
    assert texts(examples) == [
        ["b", "cat", "cat", "0.8", "emu", "0.4", "right to wrong"],
        ["c", "cat", "dog", "0.7", "cat", "0.3", "wrong to right"],
        ["d", "dog", "emu", "0.6", "cat", "0.2", "wrong to another wrong"],
    ]


def test_machines_read_the_same_flips():
    (pair,) = flips_json(flipped_pairs(read(written("one", FLOAT), written("two", BYTE, device="R5CT"))))
    assert (pair["first"]["name"], pair["second"]["device"]) == ("one", "R5CT")
    names = ("examples", "compared", "same_answer", "right_to_wrong", "wrong_to_right", "wrong_to_wrong", "drop", "p")
    assert [pair[name] for name in names] == [6, 5, 2 / 5, 1, 1, 1, 0, 1]
    interval = wilson_interval(2, 5)
    assert pair["same_answer_ci"] == [interval.low, interval.high]
    assert pair["flips"][0] == {
        "example": "b",
        "truth": 0,
        "truth_name": "cat",
        "change": "right_to_wrong",
        "first": {"class": 0, "name": "cat", "score": 0.8},
        "second": {"class": 2, "name": "emu", "score": 0.4},
    }


def test_an_answer_that_turns_into_none_is_a_flip_of_which_no_class_is_known():
    files = read(written("one", [("a", 0, 0, 0.5)] * 2), written("two", [("a", 0, None, 0.5), ("a", 0, -1, 0.5)]))
    (pair,) = flipped_pairs(files)
    assert [row[4:6] for row in texts(flip_tables([pair])[1])] == [["–", "–"], ["none of the classes", "0.5"]]
    assert flips_json([pair])[0]["flips"][0]["second"] == {"class": None, "name": None, "score": None}


def test_variants_of_one_network_are_compared_with_each_other_the_float_one_first():
    named = [written(f"{NETWORK}_{each}", FLOAT) for each in ("int8", "fp16", "fp32")]
    named += [written(f"{NETWORK.replace('0.25', '0.50')}_int8", FLOAT)]
    int8, fp16, fp32 = (file.name for file in named[:3])
    assert pair_names(*named) == [(fp32, int8), (fp32, fp16), (int8, fp16)]


def test_a_users_own_files_are_compared_with_the_first():
    named = [written(f"file:{each}@0123456789ab", FLOAT) for each in "abc"]
    assert pair_names(*named) == [(named[0].name, named[1].name), (named[0].name, named[2].name)]


def test_where_there_is_nothing_else_to_compare_all_are_compared_with_the_first():
    names = [f"mobilenet_v1_{alpha}_96_digits10_int8" for alpha in ("1.00", "0.50", "0.25")]
    assert pair_names(*(written(name, FLOAT) for name in names)) == [(names[0], names[1]), (names[0], names[2])]


def test_two_variants_are_compared_at_one_place_alone():
    names = [f"{NETWORK}_{each}" for each in ("fp32", "int8")]
    places = ({"place": "host"}, {"place": "device", "device": "R5CT"})
    fp32, int8 = names
    assert pair_names(*(written(name, FLOAT, **where) for where in places for name in names)) == [
        (f"{fp32} host cpu", f"{fp32} R5CT cpu"),
        (f"{fp32} host cpu", f"{int8} host cpu"),
        (f"{fp32} R5CT cpu", f"{int8} R5CT cpu"),
        (f"{int8} host cpu", f"{int8} R5CT cpu"),
    ]


def test_one_file_is_compared_at_two_places():
    host = written(f"{NETWORK}_int8", FLOAT)
    device = written(f"{NETWORK}_int8", BYTE, place="device", device="R5CT")
    assert pair_names(host, device) == [(f"{NETWORK}_int8 host cpu", f"{NETWORK}_int8 R5CT cpu")]


@pytest.mark.parametrize("other", [FLOAT[:5], [("z", *FLOAT[0][1:]), *FLOAT[1:]], [FLOAT[1], FLOAT[0], *FLOAT[2:]]])
def test_files_that_answered_other_examples_are_not_compared(other):
    with pytest.raises(UsageError, match="no two files here that answered the same examples"):
        flipped_pairs(read(written("one", FLOAT), written("two", other)))


def test_the_correction_counts_all_pairs_that_are_shown():
    right, wrong = [(str(n), 0, 0, 0.5) for n in range(7)], [(str(n), 0, 1, 0.5) for n in range(7)]
    alone = flipped_pairs(read(written("one", right), written("two", wrong)))
    both = flipped_pairs(read(written("one", right), written("two", wrong), written("three", wrong)))
    assert [pair.p for pair in alone] == pytest.approx([2 / 2**7])
    assert [pair.p for pair in both] == pytest.approx([4 / 2**7] * 2)


@pytest.mark.parametrize(
    ("count", "left"), [(MOST_SHOWN, ()), (MOST_SHOWN + 1, ("1 more; --format json has all of them.",))]
)
def test_a_table_names_so_many_examples_and_json_all(count, left):
    first, second = ([(str(n), 0, answer, 0.5) for n in range(count)] for answer in (0, 1))
    pairs = flipped_pairs(read(written("one", first), written("two", second)))
    table = flip_tables(pairs)[1]
    assert (len(table.rows), table.foot) == (MOST_SHOWN, left)
    assert len(flips_json(pairs)[0]["flips"]) == count


def test_the_worst_are_wrong_with_the_highest_scores():
    (file,) = read(written("one", [*FLOAT, ("g", 2, 0, 0.7), ("h", 2, -1, 5.0)]))
    assert [each.name for each in worst_of(file, 3)] == ["h", "c", "g"]
    (table,) = worst_tables([file], 2)
    assert texts(table) == [["h", "emu", "none of the classes", "5", "0.125"], ["c", "cat", "dog", "0.7", "0.125"]]
    assert table.foot[0] == "5 of 8 examples are wrong."
    (found,) = worst_json([file], 1)
    assert (found["wrong"], [each["example"] for each in found["worst"]]) == (5, ["h"])


def test_a_score_without_end_is_null_in_json():
    files = read(written("one", [("a", 0, 1, float("inf"))]), written("two", [("a", 0, 2, float("-inf"))]))
    for text in (worst(files, 3, as_json=True), flips(files, as_json=True)):
        assert "Infinity" not in text
        json.loads(text)


def test_names_are_shown_and_not_obeyed():
    named = [("\x1b[31m|red", 0, 1, 0.5)]
    files = read(written("one", named), written("two", [(named[0][0], 0, 0, 0.5)]))
    for text in (worst(files, 3, as_json=False), flips(files, as_json=False)):
        assert "\x1b" not in text
        assert "[31m\\|red" in text
