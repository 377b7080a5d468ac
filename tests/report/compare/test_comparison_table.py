"""The table of a comparison: what must not be missed stands first below it, and nothing of either side is dropped."""

import csv
import io

import pytest
import sample_phones as phones
import sample_results as sample
import sample_scores as scored
from compare_samples import compared, in_turn

from mbench.core.results import Status
from mbench.report.compare.cells import By
from mbench.report.compare.delimited import comparison_csv
from mbench.report.compare.table import comparison_table
from mbench.report.render.markdown import table_markdown
from mbench.report.render.short_feet import with_short_feet

STEADY = (10_000, 10_010, 9_990, 10_005, 9_995)


def net(name: str, factor: float = 1.0, **changes):
    return sample.result(name, [round(each * factor) for each in STEADY], **changes)


def test_a_row_shows_both_latencies_their_ratio_and_the_word():
    text = table_markdown(comparison_table(compared([net("a"), net("b")], [net("a", 1.2), net("b", 0.5)])))
    first, second = ([part.strip() for part in line.split("|")] for line in text.splitlines() if " 10.0 " in line)
    assert (first[1:4], first[5:7]) == (["b", "10.0", "5.00"], ["**faster**", "5"])
    assert first[4].startswith("0.500 [0.49")
    assert (second[1:4], second[5]) == (["a", "10.0", "12.0"], "slower")
    assert text.startswith("### session old → session new\n")


def test_what_differs_comes_first_below_the_table():
    other = net("a", binary=sample.BINARY.model_copy(update={"sha256": "c" * 64}))
    foot = comparison_table(compared([net("a")], [other])).foot
    assert foot[0] == "Differs: binary hostbench bbbbbbbbbbbb → hostbench cccccccccccc."
    assert comparison_table(compared([net("a")], [net("a")])).foot[0] == "Nothing else differs in the provenance."


def test_what_the_sides_were_chosen_by_is_no_difference():
    two = net("a", workload=sample.workload("a", sha256="a" * 64, threads=2))
    foot = comparison_table(compared([net("a")], [two], By.THREADS)).foot
    assert foot[0] == "Nothing else differs in the provenance."


def test_many_new_files_are_counted():
    new = [net(name, workload=sample.workload(name, sha256=name * 64)) for name in "bcde"]
    foot = comparison_table(compared([net(name) for name in "bcde"], new)).foot
    assert foot[0] == "Differs: artifact in 4 ways."


def test_the_mean_says_of_how_many_cells_it_is():
    foot = comparison_table(compared([net("a"), net("b"), net("c")], [net("a", 2), net("b", 2), net("d")])).foot
    assert foot[1].startswith("Geometric mean of new / old: 2.000 [")
    assert foot[1].endswith("] over the 2 cells that both sides have; 2 others not in it.")
    assert foot[2] == "Only in session old: c cpu ×1 on workstation."
    assert foot[3] == "Only in session new: d cpu ×1 on workstation."
    single = comparison_table(compared([net("a")], [net("a", 2)])).foot
    assert not any("Geometric" in line for line in single)


def test_another_phone_of_the_model_is_said():
    found = compared(phones.jobs([phones.phone(1)], ["1.00"]), phones.jobs([phones.phone(2)], ["1.00"]))
    lines = comparison_table(found).foot
    assert "Another phone of the same model: EMULATED01 → EMULATED02; phones of one model differ by some percent." in (
        lines
    )


def test_two_sessions_are_said_to_lie_apart_and_files_timed_in_turn_are_not():
    apart = comparison_table(compared([net("a")], [net("a")])).foot
    assert any("mbench run --against times old and new in turn" in line for line in apart)
    together = comparison_table(in_turn(net("a"), net("a"), [(1000.0, 1001.0)] * 8)).foot
    assert any("Wilcoxon's signed-rank test" in line for line in together)
    assert not any("--against" in line for line in together)


def test_why_a_cell_is_incomparable_stands_right_behind_what_differs():
    failing = net("a").model_copy(update={"status": Status.FAILED, "error_class": "timeout"})
    foot = comparison_table(compared([net("a"), net("b")], [failing, net("b")])).foot
    assert foot[1] == "Incomparable: a: the new one has no number (failed: timeout)."


def test_doubts_of_either_side_are_notes_each_said_once():
    noisy = [sample.result(name, (9_000, 10_000, 12_000, 20_000, 10_000, 9_500)) for name in "ab"]
    table = comparison_table(compared([*noisy, net("c")], [*noisy, net("c")]))
    notes = [line for line in table.foot if line.startswith("(")]
    assert [line.partition(": ")[0] for line in notes] == [
        "(1) outlying runs (old and new)",
        "(2) wide interval (old and new)",
    ]
    assert {row[0].text: row[-1].text for row in table.rows} == {"a": "1, 2", "b": "1, 2", "c": ""}
    one_sided = comparison_table(compared([noisy[0]], [net("a")]))
    assert any(line.startswith("(1) outlying runs (old): ") for line in one_sided.foot)


def test_a_brief_foot_names_doubts_early():
    noisy = sample.result("a", (9_000, 10_000, 12_000, 20_000, 10_000, 9_500))
    table = comparison_table(compared([noisy], [net("a")]), brief=True)
    assert table.foot[1] == "Doubts: outlying runs (old), wide interval (old)."
    assert not any(line.startswith("(") for line in table.foot)
    assert not any(line.startswith("Doubts") for line in comparison_table(compared([noisy], [noisy])).foot)


@pytest.mark.parametrize(("cells", "said"), [(10, False), (11, True)])
def test_of_many_cells_it_is_said_how_many_differ_by_chance(cells, said):
    sides = [net(f"net{number}") for number in range(cells)]
    lines = comparison_table(compared(sides, sides)).foot
    assert any("Of 11 unchanged cells about 1 would have an interval without 1." in line for line in lines) is said


def test_accuracy_has_a_column_where_it_is_compared():
    right = scored.scored_result("net", *range(30), sha256="1" * 64)
    wrong = scored.scored_result("net", *range(60), sha256="2" * 64)
    table = comparison_table(compared([right], [wrong]))
    place = [column.header for column in table.columns].index("Top-1 change (points)")
    assert table.rows[0][place].text.startswith("-8.3 [")
    assert table.rows[0][place].text.endswith("] worse")


def test_a_foot_in_a_terminal_has_four_lines():
    table = comparison_table(compared([net(name) for name in "abc"], [net("a", 2), net("b"), net("d")]))
    (short,) = with_short_feet([table], width=100, whole_foot=("mbench compare A B --format md",))
    assert len(short.foot) <= 4
    assert short.foot[-1].endswith("mbench compare A B --format md")


def test_csv_has_a_line_a_cell_with_the_names_of_json():
    lines = list(csv.DictReader(io.StringIO(comparison_csv(compared([net("a"), net("b")], [net("a", 2), net("b")])))))
    assert [line["variant"] for line in lines] == ["a", "b"]
    assert (lines[0]["verdict"], lines[0]["old_median_us"], lines[0]["new_median_us"]) == (
        "slower",
        "10000.0",
        "20000.0",
    )
    assert comparison_csv(compared([], [])) == "variant\n"
