"""A verdict as text: its first line, its order, its 40 lines."""

from dataclasses import replace
from datetime import date

import pytest
from sample_verdicts import BEFORE, NIGHT, accepted, certain, finding, verdict

from mbench.core.nights.verdict_changes import changes_between
from mbench.core.nights.verdicts import Agreement, FindingClass, Rerun, Standing
from mbench.report.verdicts.commands import CommandPlace
from mbench.report.verdicts.text import MOST_LINES, verdict_text


def first(*findings, **changes):
    return verdict_text(verdict(*findings, **changes)).splitlines()[0]


def lines(*findings, **changes):
    return verdict_text(verdict(*findings, **changes)).splitlines()


def test_the_first_line_says_what_got_worse_by_how_much_where_and_since_when():
    old = finding(threads=None, nights=2, since=BEFORE, since_date=date(2026, 11, 29))
    assert first(old) == (
        "1 regression confirmed: detector gpu on Pixel 4 +10.2 % (4 of 5 Pixel 4), since 2026-11-29, 2 nights"
    )


def test_a_night_without_a_date_is_named_by_its_id():
    assert first(finding(nights=2, since=BEFORE, since_date=None)).endswith(f", since {BEFORE}, 2 nights")


def test_findings_of_one_model_are_one_regression_and_the_worst_is_shown():
    phones = [finding(serial=f"9A{number}", now=14_000.0 + number, agreement=None) for number in range(4)]
    assert first(*phones) == "1 regression confirmed: detector gpu ×4 on Pixel 4 +7.8 % (4 devices), new"
    assert any("figures are of 9A3" in line for line in lines(*phones))


def test_a_single_device_is_named():
    assert first(finding(agreement=None)) == "1 regression confirmed: detector gpu ×4 on Pixel 4 9A1 +10.2 %, new"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FindingClass.FALLBACK, "fallback of detector gpu ×4 on Pixel 4 9A1 33 to 12 nodes, new"),
        (FindingClass.ACCURACY, "accuracy of detector gpu ×4 on Pixel 4 9A1 -1.3 points, new"),
        (FindingClass.SIZE, "size of detector gpu ×4 on Pixel 4 9A1 +3.2 %, new"),
        (FindingClass.MEMORY, "memory of detector gpu ×4 on Pixel 4 9A1 +22.1 %, new"),
    ],
)
def test_each_class_has_its_own_unit(kind, said):
    assert first(certain(kind)) == f"1 regression confirmed: {said}"


def test_classes_come_in_their_order_and_then_the_worst_first():
    found = (
        finding(workload="small", now=13_700.0),
        finding(workload="large"),
        certain(FindingClass.SIZE, workload="s"),
        certain(FindingClass.FALLBACK, workload="f"),
    )
    summaries = [line for line in lines(*found) if line.startswith("  ") and line[2] != " "]
    assert [line.split()[1] for line in summaries] == ["f", "s", "large", "small"]
    assert first(*found).endswith("; and 3 more")


def test_a_finding_that_got_much_better_than_twice_as_bad_is_ordered_by_its_ratio():
    half, third = finding(workload="x", before=1.0, now=3.0), finding(workload="y", before=1.0, now=2.0)
    assert "x gpu" in first(third, half)


def test_what_is_suspected_is_no_regression():
    said = first(finding(standing=Standing.SUSPECT, rerun=None))
    assert said == "No regression confirmed; 1 suspect not measured again"


def test_a_phone_that_changed_is_said_and_is_no_regression():
    found = lines(finding(standing=Standing.PHONE_CHANGED))
    assert found[0].startswith("No regression: 1000 cells judged")
    assert "The phone changed, not the model:" in found


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FindingClass.FAILED, "No regression, but 1 cell failed: failed: detector gpu ×4 on 9A1: model: it refused"),
        (FindingClass.LAB, "No regression, but 1 cell without a number: lab: detector gpu ×4 on 9A1: transport: the"),
        (FindingClass.MISSING, "No regression, but 1 cell without a number: missing: detector gpu ×4 on 9A1: no docu"),
    ],
)
def test_without_a_regression_the_first_line_says_what_failed_or_has_no_number(kind, said):
    assert first(certain(kind)).startswith(said)


def test_cells_without_a_number_are_folded_by_their_reason():
    away = [certain(FindingClass.LAB, workload=f"w{number}", serial=f"S{number % 5}") for number in range(20)]
    assert any(
        "lab: 20 cells on S0, S1, S2 and 2 devices more: transport: the phone was lost" in line for line in lines(*away)
    )


def test_a_good_night_is_two_lines():
    assert lines() == [
        "No regression: 1000 cells judged",
        "Night of 2026-11-30, mobile main: 1000 judged, 990 as before, 3 too young.",
    ]
    assert first(certain(FindingClass.IMPROVED)) == "No regression: 1000 cells judged, 1 improvement"
    assert first(judged=0).startswith("Nothing judged")


def test_what_is_accepted_is_counted_and_silent():
    text = "\n".join(lines(accepted(finding())))
    assert "detector" not in text
    assert "1 accepted" in text


def test_the_details_hold_the_evidence_what_changed_and_three_commands():
    text = verdict_text(verdict(finding(threads=None)))
    assert "measured again in turn: old 13.0, new 14.3 ms, +10.2 %, 2 and 2 runs, p = 0.004; 6.1 times its own" in text
    assert "changed then: artifact 1f3a… to 9c0d…" in text
    assert "mbench history detector gpu 9A1 --project mobile shows it" in text
    assert "measures it again" not in text, "no file of it is known here"
    place = CommandPlace(files={finding(threads=None).cell: "cache/1f3a.tflite"})
    text = verdict_text(verdict(finding(threads=None)), None, place)
    assert "mbench run --model cache/1f3a.tflite --as detector --device 9A1 --delegate gpu measures it again" in text
    assert "meant? mbench accept 'detector gpu on 9A1' --class latency --because TEXT" in text


def test_a_variant_is_measured_again_by_its_name_and_a_host_is_called_host():
    text = verdict_text(verdict(finding(workload="mobilenet_v1_0.50_160_int8", serial="host:desk", delegate="cpu")))
    assert "mbench run mobilenet_v1_0.50_160_int8 --device host --delegate cpu --threads 4 measures" in text


def test_a_rerun_without_the_old_files_says_so():
    rerun = Rerun(old_us=(), new_us=(14_300.0,), p_value=None, session=NIGHT)
    assert "measured again, without the old files: 14.3 ms; " in verdict_text(verdict(finding(rerun=rerun)))


def test_of_what_changed_three_are_named():
    changed = tuple(f"change {number}" for number in range(5))
    assert "changed then: change 0; change 1; change 2; and 2 more" in verdict_text(verdict(finding(changed=changed)))


def test_one_cause_of_many_cells_is_one_line():
    shared = [finding(workload=f"w{number}", common_cause="program 11aa… to 22bb…") for number in range(300)]
    found = lines(*shared)
    assert found[0].startswith(
        "1 regression confirmed: 300 cells with one cause, program 11aa… to 22bb…, at worst w0 gpu"
    )
    assert len(found) < 10


def test_what_is_still_bad_is_one_line_and_stands_below_what_is_new():
    old = finding(workload="old", nights=5, since=BEFORE, since_date=date(2026, 11, 25))
    found = lines(finding(workload="fresh"), old)
    assert found.index("New regressions:") < found.index("Still bad:")
    (line,) = [line for line in found if "old gpu" in line]
    assert line.endswith("since 2026-11-25, 5 nights")


def test_changes_say_what_is_new_and_what_recovered():
    last = verdict(finding(workload="gone"), finding(workload="stays"))
    tonight = verdict(finding(workload="stays", nights=1), finding(workload="fresh", nights=3))
    found = verdict_text(tonight, changes_between(last, tonight)).splitlines()
    places = {
        name: next(index for index, line in enumerate(found) if f"latency {name}" in line)
        for name in ("fresh", "stays", "gone")
    }
    assert found.index("New regressions:") < places["fresh"] < found.index("Still bad:") < places["stays"]
    assert places["stays"] < found.index("Recovered:") < places["gone"]


def test_near_misses_are_counted_and_not_listed():
    found = lines(near=(finding(workload="hidden", standing=Standing.WITHDRAWN),))
    assert found[-1] == "Near misses and withdrawn suspects: 1; verdict.json has them."
    assert "hidden" not in "\n".join(found)


def test_a_bad_night_has_40_lines_and_each_section_says_how_many_are_left_out():
    kinds = [FindingClass.FAILED, FindingClass.LAB, FindingClass.SIZE, FindingClass.IMPROVED]
    many = [certain(kind, workload=f"w{number}", because=f"b{number}") for kind in kinds for number in range(50)]
    many += [finding(workload=f"l{number}") for number in range(50)]
    many += [finding(workload=f"o{number}", nights=4) for number in range(50)]
    many += [finding(workload=f"p{number}", standing=Standing.PHONE_CHANGED) for number in range(50)]
    many += [finding(workload=f"s{number}", standing=Standing.SUSPECT) for number in range(50)]
    found = lines(*many, notes=tuple(f"note {number}" for number in range(50)), near=(finding(),))
    assert MOST_LINES == 40
    assert len(found) == MOST_LINES
    shown = sum(line.startswith("  ") and not line.startswith(("      ", "  and ")) for line in found)
    left_out = sum(int(line.split()[1]) for line in found if line.startswith("  and "))
    assert shown + left_out == 450  # 50 of each of nine sections, sizes and latencies being one
    assert sum(line.endswith(":") for line in found) == 8


def test_few_findings_keep_their_details():
    found = lines(*(finding(workload=f"l{number}", agreement=None) for number in range(3)))
    assert sum(line.startswith("      ") for line in found) == 12


def test_a_level_of_zero_is_shown_and_breaks_nothing():
    text = verdict_text(verdict(finding(before=0.0, now=5.0), finding(workload="n", before=None, now=None)))
    assert "?" in text
    assert replace(finding(), before=0.0).ratio is None


def test_the_most_phones_that_agree_are_shown():
    few = finding(serial="1", agreement=Agreement(model="Pixel 4", shifted=2, devices=5))
    assert "(4 of 5 Pixel 4)" in first(few, finding(serial="2"))


@pytest.mark.parametrize(
    ("many", "most"),
    [
        ([finding(workload=f"w{number}") for number in range(50)], 8),
        ([finding(workload=f"w{number}", nights=4) for number in range(50)], 6),
        ([certain(FindingClass.FAILED, because=f"b{number}") for number in range(50)], 4),
        ([certain(FindingClass.LAB, because=f"b{number}") for number in range(50)], 4),
        ([finding(workload=f"w{number}", standing=Standing.PHONE_CHANGED) for number in range(50)], 3),
        ([finding(workload=f"w{number}", standing=Standing.SUSPECT) for number in range(50)], 3),
        ([certain(FindingClass.IMPROVED, workload=f"w{number}") for number in range(50)], 3),
    ],
)
def test_a_section_shows_the_first_ones_and_says_how_many_are_left_out(many, most):
    found = lines(*many)
    assert sum(line.startswith("  ") and not line.startswith(("      ", "  and ")) for line in found) == most
    assert found[-1] == f"  and {50 - most} more"


def test_details_are_left_out_whole_where_lines_are_few():
    found = lines(*(finding(workload=f"w{number}") for number in range(50)))
    assert len(found) == 2 + 1 + 8 + 1 + 4 * 7  # head, title, eight of them, the rest, and details of seven
    assert len(found) == MOST_LINES


def test_of_many_devices_with_one_reason_three_are_named():
    away = [certain(FindingClass.LAB, serial=f"S{number}") for number in range(4)]
    assert "on S0, S1, S2 and 1 device more: " in "\n".join(lines(*away))
    assert "on S0, S1, S2: " in "\n".join(lines(*away[:3]))


def test_a_regression_whose_cell_has_no_number_tonight_is_not_forgotten():
    last = verdict(finding(workload="lost"), finding(workload="again"))
    tonight = verdict(certain(FindingClass.LAB, workload="lost"), finding(workload="again", standing=Standing.SUSPECT))
    found = verdict_text(tonight, changes_between(last, tonight)).splitlines()
    below = found[found.index("Bad the last time, and unknown tonight:") + 1 :]
    assert [line.split()[1] for line in below] == ["lost"]
    assert "Recovered:" not in found


def test_a_cell_of_another_branch_is_shown_of_that_branch():
    said = finding()
    own = replace(said, cell=replace(said.cell, branch="pull/7"))
    assert "mbench history detector gpu 9A1 --project mobile --branch pull/7 shows it" in verdict_text(verdict(own))
    assert "--branch" not in verdict_text(verdict(said))


def test_a_class_of_errors_is_named_once():
    def line(because: str) -> str:
        failed = finding(kind=FindingClass.FAILED, standing=Standing.CERTAIN, error_class="model", because=because)
        (found,) = [each for each in verdict_text(verdict(failed)).splitlines() if each.startswith("  failed: ")]
        return found

    assert line("model or program failed: model").endswith(": model or program failed: model, new")
    assert line("crashed").endswith(": model: crashed, new")


def test_a_failed_cell_says_what_its_document_says_once():
    def lines(*messages: str | None, because: str = "model or program failed: model") -> str:
        cells = [replace(finding().cell, workload=f"net{place}") for place in range(len(messages))]
        failed = [
            replace(
                finding(kind=FindingClass.FAILED, standing=Standing.CERTAIN, error_class="model", because=because),
                cell=cell,
                message=message,
            )
            for cell, message in zip(cells, messages, strict=True)
        ]
        (found,) = [each for each in verdict_text(verdict(*failed)).splitlines() if each.startswith("  failed: ")]
        return found

    assert lines("9A1: no kernel for op 7.").endswith(": model or program failed: model: 9A1: no kernel for op 7, new")
    assert "model, the first: no kernel for op 7, new" in lines("no kernel for op 7", "no kernel for op 8")
    assert lines(None).endswith(": model or program failed: model, new")
    assert lines("model").endswith(": model or program failed: model, new")


def test_a_suspect_whose_re_run_did_not_get_to_its_end_says_why():
    words = "only 3 pairs of old and new were measured again: too few (the phone did not come back)"
    said = finding(standing=Standing.SUSPECT, because=words)
    lines = verdict_text(verdict(said)).splitlines()
    place = lines.index("Suspects that nobody measured again:")
    assert lines[place + 2].endswith(f"; {words}")
    alone = verdict_text(verdict(replace(said, rerun=None))).splitlines()
    assert words not in "".join(alone)
