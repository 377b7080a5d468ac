from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.paper.comparing import Mark, compare, prints_as
from mbench.paper.counting import Counts, Rule, together
from mbench.paper.tables import Printed

MOBILENET = Counts(
    mult_adds=568_740_352,
    connected_mult_adds=1_024_000,
    weights=4_209_088,
    connected_weights=1_024_000,
    biases=11_944,
    connected_biases=1_000,
)


def printed(text: str, **fields) -> Printed:
    return Printed.model_validate({"printed": text} | fields)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("568.740352", printed("569")),
        ("149.497088", printed("149")),
        ("1.320648", printed("1.32")),
        ("0.463600", printed("0.5")),
        ("15346.63", printed("15300", digits=3)),
        ("724.41", printed("720", digits=2)),
        ("1722.68", printed("1700", digits=2)),
        ("0.5", printed("1")),
    ],
)
def test_a_count_that_rounds_to_what_is_printed_is_equal(value, cell):
    assert prints_as(Decimal(value), cell)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("567.716352", printed("569")),
        ("1.326120", printed("1.32")),
        ("15346.63", printed("15300")),
        ("1.9056", printed("1.19")),
        ("60.97", printed("60")),
    ],
)
def test_a_count_that_rounds_to_something_else_is_not(value, cell):
    assert not prints_as(Decimal(value), cell)


@given(st.integers(min_value=1, max_value=10**12), st.integers(min_value=0, max_value=3))
def test_whatever_is_printed_from_a_count_is_equal_to_it(count, decimals):
    value = Decimal(count) / 10**6
    text = f"{value:.{decimals + 2}f}"
    assert prints_as(Decimal(text), printed(text))


def test_the_tables_rule_comes_first():
    verdict = compare(printed("569", also=Rule.BODY), Rule.ALL, scale=10**6, count=MOBILENET.mult_adds_by)
    assert (verdict.mark, verdict.rule) == (Mark.EQUAL, Rule.ALL)


def test_another_rule_is_reported_with_both_counts():
    verdict = compare(printed("568", also=Rule.BODY), Rule.ALL, scale=10**6, count=MOBILENET.mult_adds_by)
    assert (verdict.mark, verdict.rule) == (Mark.OTHERWISE, Rule.BODY)
    assert (verdict.value, verdict.plain) == (Decimal("567.716352"), Decimal("568.740352"))


def test_another_rule_counts_only_where_the_cell_names_it():
    verdict = compare(printed("568"), Rule.ALL, scale=10**6, count=MOBILENET.mult_adds_by)
    assert (verdict.mark, verdict.value) == (Mark.DIFFERENT, Decimal("568.740352"))


def test_another_networks_count_is_reported_by_its_name():
    cell = printed("569", also_of="mobilenet_v1_1.00_224")
    verdict = compare(cell, Rule.ALL, scale=10**6, count=lambda rule: 567_839_232, count_of=lambda name: 568_740_352)
    assert (verdict.mark, verdict.of) == (Mark.OTHERWISE, "mobilenet_v1_1.00_224")


def test_a_network_that_was_not_counted_has_no_verdict():
    assert compare(printed("569"), Rule.ALL, scale=10**6, count=lambda rule: None) is None


def test_the_rules_give_the_published_counts_of_mobilenet():
    assert MOBILENET.mult_adds_by(Rule.BODY) == 567_716_352
    assert MOBILENET.mult_adds_by(Rule.FLOPS) == 2 * 568_740_352
    assert MOBILENET.parameters_by(Rule.UNFOLDED, batch_norm=True) == 4_210_088
    assert MOBILENET.parameters_by(Rule.ALL, batch_norm=True) == 4_221_032
    assert MOBILENET.parameters_by(Rule.BODY, batch_norm=True) == 3_185_088


def test_biases_of_a_network_without_batch_norm_are_parameters():
    assert MOBILENET.parameters_by(Rule.UNFOLDED, batch_norm=False) == 4_221_032


def test_networks_that_run_one_after_the_other_add_up():
    both = together([MOBILENET, MOBILENET])
    assert both.mult_adds == 2 * 568_740_352
    assert both.weights == 2 * 4_209_088


def test_what_one_part_does_not_know_nobody_knows():
    unknown = Counts(
        mult_adds=None, connected_mult_adds=None, weights=1, connected_weights=0, biases=0, connected_biases=0
    )
    assert together([MOBILENET, unknown]).mult_adds is None
